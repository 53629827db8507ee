import { describe, expect, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { plainText } from "../../../src/core/card.ts";
import { judge, measure } from "../../../src/core/effect.ts";
import type { Measured } from "../../../src/core/proposal.ts";
import { triedOn } from "../../../src/core/runbook/record.ts";
import type { Check } from "../../../src/core/runbook.ts";
import { aProposal, NOW } from "../../fakes/proposals.ts";

const errors: Check = { name: "errors", promql: "errors", unit: "per_s", better: "down" };
const blind = measure(errors, [1, 1, 1], []);
const same = measure(errors, [1, 1, 1], [1, 1, 1]);
const ran = { status: "no_effect", startedAt: NOW, endedAt: NOW + 5, measuredAt: NOW + 300, fence: 1 } as const;
const CONTEXT = { now: NOW + 400, zone: "UTC", mode: "act", isStopped: false } as const;

describe("a change of which nothing could be measured", () => {
  it("is not said to have had no effect", () => {
    const verdict = judge([errors], [blind], true);
    expect(verdict?.reason).toBe("Whether it helped is not known. Not measured: errors.");
    const card = proposalCard(aProposal({}, { ...ran, measured: [blind], note: verdict?.reason ?? "" }), CONTEXT);
    expect(card.title).toContain("Done, and whether it helped is not known");
    expect(plainText(card)).not.toMatch(/without effect|no effect/);
  });

  it("tells nothing about its runbook, whichever way: three of them do not suspend it", () => {
    const { spec } = aProposal();
    const unmeasured = aProposal({}, { ...ran, measured: [blind] });
    expect(triedOn([unmeasured], spec.runbook?.id ?? "", spec.target.kind)).toEqual([]);
    const without = aProposal({}, { ...ran, measured: [blind, same] });
    expect(triedOn([without], spec.runbook?.id ?? "", spec.target.kind)).toMatchObject([{ outcome: "no effect" }]);
  });
});

describe("a change that met nothing wrong", () => {
  const capped: Check = { ...errors, until: { op: "<", value: 5 } };
  const fine = measure(capped, [1, 1, 1], [1, 1, 1]);
  const whole = { ...ran, status: "verified" } as const;

  it("is not said to have helped", () => {
    const verdict = judge([capped], [fine], true);
    const card = proposalCard(aProposal({}, { ...whole, measured: [fine], note: verdict?.reason ?? "" }), CONTEXT);
    expect(card.title).toContain("Done, and every check is fine, as it was before");
    expect(plainText(card)).not.toMatch(/helped/);
  });

  it("is not said to have left all as well where a check got worse and is still fine", () => {
    const before = Array.from({ length: 20 }, (_, n) => 1 + n / 100);
    const slower = measure(
      { ...capped, better: "down" },
      before,
      before.map((value) => value + 2),
    );
    expect(slower.verdict).toBe("worse");
    const card = proposalCard(aProposal({}, { ...whole, measured: [slower] }), CONTEXT);
    expect(card.title).not.toContain("as well as before");
  });

  it("tells nothing about its runbook", () => {
    const { spec } = aProposal();
    const tried = (measured: readonly Measured[]) =>
      triedOn([aProposal({}, { ...whole, measured })], spec.runbook?.id ?? "", spec.target.kind);
    expect(tried([fine])).toEqual([]);
    expect(tried([fine, measure(capped, [9, 9, 9], [1, 1, 1])])).toMatchObject([{ outcome: "helped" }]);
  });
});
