import { describe, expect, it } from "vitest";
import type { Proposal, StepRun } from "../../../src/core/proposal.ts";
import {
  compareRecords,
  sayRecord,
  saySuspended,
  suspendedBy,
  type Tried,
  triedOn,
  wilsonLower,
} from "../../../src/core/runbook/record.ts";
import { aProposal, NOW } from "../../fakes/proposals.ts";

function ended(id: string, status: Proposal["status"], at: number, more: Partial<Proposal> = {}): Proposal {
  const steps: StepRun[] = [
    {
      name: "restart",
      state: status === "failed" ? "failed" : "succeeded",
      output: "",
      startedAt: at,
      endedAt: at + 10,
    },
  ];
  return aProposal({ id }, { status, startedAt: at, endedAt: at + 10, measuredAt: at + 180, steps, ...more });
}
const tried = (outcomes: string): readonly Tried[] =>
  [...outcomes].map((letter, at) => ({
    proposal: `p${at}`,
    helped: letter === "+",
    outcome: letter === "+" ? "helped" : letter === "f" ? "failed" : "no effect",
    took: 180,
    at: NOW - at,
    isForgiven: letter === "!",
  }));

describe("Wilson's lower bound", () => {
  // The last is the example of R. G. Newcombe, Stat. Med. 17 (1998), table I, method 3.
  it.each([
    [1, 1, 0.2065],
    [3, 3, 0.4385],
    [7, 9, 0.4526],
    [9, 10, 0.5958],
    [0, 3, 0],
    [0, 0, 0],
    [81, 263, 0.2553],
  ])("of %i in %i is %f", (helped, of, lower) => {
    expect(wilsonLower(helped, of)).toBeCloseTo(lower, 3);
  });

  it("never falls as more of them help, and never exceeds the share", () => {
    for (let of = 1; of <= 60; of++)
      for (let helped = 1; helped <= of; helped++) {
        expect(wilsonLower(helped, of)).toBeGreaterThan(wilsonLower(helped - 1, of));
        expect(wilsonLower(helped, of)).toBeLessThan(helped / of);
      }
  });
});

describe("a runbook's record", () => {
  it("counts what helped, had no effect, got worse or failed, on that kind of target and of that runbook alone", () => {
    const all = [
      ended("a", "verified", NOW),
      ended("b", "no_effect", NOW + 1000),
      ended("c", "worse", NOW + 2000),
      ended("d", "failed", NOW + 3000),
      // These tell nothing about it.
      ended("e", "unknown", NOW + 4000),
      ended("f", "rejected", NOW + 4000, { startedAt: undefined as never }),
      ended("g", "verified", NOW + 4000, {}),
    ].map((one) =>
      one.id === "g" ? { ...one, spec: { ...one.spec, target: { ...one.spec.target, kind: "host" } } } : one,
    );
    const other = ended("h", "failed", NOW + 5000);
    const rollback = { ...other, spec: { ...other.spec, cause: { kind: "rollback" as const, text: "" } } };
    const settled = ended("i", "failed", NOW + 6000, {
      steps: [{ name: "restart", state: "unknown", output: "", startedAt: NOW }],
    });
    const stopped = ended("j", "failed", NOW + 6000, {
      steps: [{ name: "restart", state: "failed", output: "", startedAt: NOW, notBegun: true }],
    });
    const found = triedOn([...all, rollback, settled, stopped], "restart-deployment", "deployment");
    expect(found.map(({ proposal, outcome }) => `${proposal} ${outcome}`)).toEqual([
      "d failed",
      "c worse",
      "b no effect",
      "a helped",
    ]);
    expect(triedOn(all, "restart-deployment", "host").map(({ proposal }) => proposal)).toEqual(["g"]);
    expect(sayRecord(found)).toBe("helped 1 of 4 times, median 3 min");
  });

  it("is said in words", () => {
    expect(sayRecord([])).toBe("not tried yet");
    expect(sayRecord(tried("-"))).toBe("helped 0 of 1 time");
    expect(sayRecord(tried("+++++++--"))).toBe("helped 7 of 9 times, median 3 min");
  });

  it("stands higher with more evidence, and what was never tried before what never helped", () => {
    const order = ["+++", "+++++++++-", "", "---", "-", "+-"].sort((a, b) => compareRecords(tried(a), tried(b)));
    expect(order).toEqual(["+++++++++-", "+++", "+-", "", "-", "---"]);
  });

  it.each([
    ["---", true],
    ["f-f", true],
    ["---+++", true],
    ["--", false],
    ["--+", false],
    ["+---", false],
    ["!--", false],
    ["--!", false],
    ["---!", true],
  ])("of %s, newest first, suspends it: %s", (outcomes, isOut) => {
    expect(suspendedBy(tried(outcomes)) !== undefined).toBe(isOut);
  });

  it("says what it is suspended for", () => {
    expect(saySuspended("restart-deployment", "deployment", tried("f--"))).toBe(
      "The runbook restart-deployment is suspended for targets of the kind deployment: its last 3 runs there did not help (p0 failed, p1 no effect, p2 no effect).",
    );
  });
});
