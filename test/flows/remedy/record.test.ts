import { describe, expect, it } from "vitest";
import { proposalCard } from "../../../src/cards/proposal-card.ts";
import { type Card, plainText } from "../../../src/core/card.ts";
import type { Need } from "../../../src/core/need.ts";
import type { Voter } from "../../../src/core/people.ts";
import { type Proposal, shortHash } from "../../../src/core/proposal.ts";
import { decide } from "../../../src/flows/remedy/decide.ts";
import { execute } from "../../../src/flows/remedy/execute.ts";
import { propose } from "../../../src/flows/remedy/propose.ts";
import { suspension } from "../../../src/flows/remedy/record.ts";
import type { Click } from "../../../src/ports/chat.ts";
import { aLook } from "../../fakes/actions.ts";
import { ann, aProposal, aRule, aVoter, bob, THREAD } from "../../fakes/proposals.ts";
import { aClick, aRunbook, Clinic } from "../../fakes/remedy.ts";

const SIGNAL = new AbortController().signal;
const NEED: Need = {
  action: { type: "restart", target: "checkout", params: {} },
  kinds: ["deployment"],
  values: { name: { value: "checkout", origin: "user" }, namespace: { value: "shop", origin: "label" } },
  environment: "production",
  source: undefined,
  requester: ann,
  places: [THREAD],
  cause: { kind: "ask", text: "restart checkout" },
  facts: [],
};

/** Runs of a runbook that ended: `+` helped, `-` had no effect, `f` failed; in the order in which they were. */
async function ran(clinic: Clinic, outcomes: string, runbook = "restart-deployment", first = 0): Promise<void> {
  for (const [index, outcome] of [...outcomes].entries()) {
    const at = first + index;
    const id = `${runbook}-${at}`;
    const spec = {
      ...{ id, createdAt: clinic.now - 90_000 + at * 1000 },
      runbook: { id: runbook, version: "a".repeat(64), title: "It", readOnly: false },
      target: { kind: "deployment", name: `shop/other-${at}`, key: id },
    };
    const began = spec.createdAt + 60;
    const status = outcome === "+" ? "verified" : outcome === "f" ? "failed" : "no_effect";
    const more: Partial<Proposal> = {
      ...{ status, startedAt: began, endedAt: began + 5, measuredAt: began + 180 },
      steps: [{ name: "it", state: outcome === "f" ? "failed" : "succeeded", output: "", startedAt: began }],
    };
    await clinic.put(aProposal(spec, more));
  }
}

async function click(clinic: Clinic, proposal: Proposal, who: Voter, more: Partial<Click>): Promise<Card> {
  const deps = {
    ...clinic.deps,
    cardOf: () => ({ now: clinic.now, zone: "UTC", mode: "act" as const, isStopped: false }),
    voterOf: async () => who,
    whyClosed: async () => undefined,
    again: async () => ({ reason: "not in this test" }),
  };
  return decide(deps, aClick(proposal, shortHash(proposal.hash), { voter: who, ...more }));
}

describe("runbooks that fit equally well", () => {
  it("are ranked by how often each one helped, and the card and the text say so", async () => {
    const clinic = new Clinic();
    clinic.runbooks.push(aRunbook({ id: "bounce", title: "Bounce a deployment" }));
    await ran(clinic, "+-");
    await ran(clinic, "+++++++--", "bounce");
    const made = await propose(clinic.deps, NEED, SIGNAL);
    if (made.kind !== "proposed") throw new Error(JSON.stringify(made));
    expect(made.proposal.spec.runbook?.id).toBe("bounce");
    const said = [
      "On targets of the kind deployment, the runbook bounce helped 7 of 9 times, median 3 min.",
      "It comes before restart-deployment (helped 1 of 2 times, median 3 min).",
    ];
    expect(made.because).toEqual(said);
    const card = proposalCard(made.proposal, { now: clinic.now, zone: "UTC", mode: "act", isStopped: false });
    for (const sentence of said) expect(plainText(card)).toContain(sentence);
  });

  it("give way to one that is not suspended", async () => {
    const clinic = new Clinic();
    clinic.runbooks.push(aRunbook({ id: "bounce", title: "Bounce a deployment" }));
    await ran(clinic, "++++++---");
    const made = await propose(clinic.deps, NEED, SIGNAL);
    if (made.kind !== "proposed") throw new Error(JSON.stringify(made));
    expect(made.proposal.spec.runbook?.id).toBe("bounce");
    expect(made.because?.[1]).toContain("restart-deployment (suspended, helped 6 of 9 times");
  });
});

describe("a runbook whose last three runs did not help", () => {
  it("is not proposed for that kind of target, and the refusal says why and how it goes on", async () => {
    const clinic = new Clinic();
    await ran(clinic, "+-f-");
    expect(await propose(clinic.deps, NEED, SIGNAL)).toEqual({
      kind: "refused",
      reason:
        "The runbook restart-deployment is suspended for targets of the kind deployment: its last 3 runs there did not help (restart-deployment-3 no effect, restart-deployment-2 failed, restart-deployment-1 no effect). " +
        'Somebody who may approve it lets it go on with "Re-enable runbook" on the card of proposal restart-deployment-3, or with `smartcloudops proposals re-enable restart-deployment-3`; break-glass does not.',
    });
    const explicit = await propose(clinic.deps, { ...NEED, runbook: "restart-deployment" }, SIGNAL);
    expect(explicit.kind).toBe("refused");
    clinic.runbooks[0] = aRunbook({ target: { ...aRunbook().target, kind: "service" } });
    expect((await propose(clinic.deps, NEED, SIGNAL)).kind).toBe("proposed");
  });

  it("is approved by nobody, by break-glass neither, and what was approved before does not start", async () => {
    const clinic = new Clinic();
    const { identity, precondition } = aLook();
    const looks = [{ identity, precondition }];
    const rule = aRule({ approvals: 2, breakGlass: { roles: ["oncall"], own: false } });
    const waiting = await clinic.put(
      aProposal({ id: "w", looks, rule, target: { kind: "deployment", name: "w", key: "w" } }),
    );
    const approved = await clinic.approved(aProposal({ id: "a", looks }));
    await ran(clinic, "---");
    for (const decision of ["approve", "break_glass"] as const) {
      const said = await click(clinic, waiting, aVoter(bob), { decision, fields: { reason: "now" } });
      expect(said.title).toContain("is suspended for targets of the kind deployment");
    }
    expect((await clinic.get("w")).status).toBe("pending");
    const executing = execute(clinic.deps);
    await executing.round(SIGNAL);
    await executing.idle();
    expect(clinic.hands.effects).toEqual([]);
    expect(await clinic.get(approved.id)).toMatchObject({
      status: "superseded",
      note: expect.stringContaining("suspended"),
    });
  });

  it("goes on once somebody who may approve it says what is different, which is in the audit and on the card", async () => {
    const clinic = new Clinic();
    await ran(clinic, "---");
    const [oldest, newest] = [await clinic.get("restart-deployment-0"), await clinic.get("restart-deployment-2")];
    const reason = "the readiness probe is mended";
    const asked = (who: Voter, fields: Record<string, string>, on = oldest) =>
      click(clinic, on, who, { decision: "re_enable", fields }).then(({ title }) => title);
    expect(await asked(aVoter(bob, { roles: ["web"] }), { reason })).toBe(
      "Only people with the role oncall may decide this.",
    );
    expect(await asked(aVoter(bob), {})).toBe("Please say why it may go on: what is different now?");
    expect((await propose(clinic.deps, NEED, SIGNAL)).kind).toBe("refused");
    const state = await suspension(clinic.deps, newest.spec);
    const card = proposalCard(newest, {
      ...{ now: clinic.now, zone: "UTC", mode: "act", isStopped: false },
      suspended: state?.reason ?? "",
    });
    expect(plainText(card)).toMatch(/is suspended for targets of the kind deployment.*Next: Re-enable runbook/s);
    // Also from the card of an older one of the three.
    expect(await asked(aVoter(bob), { reason })).toBe(
      "Re-enabled: restart-deployment may be proposed again for targets of the kind deployment.",
    );
    expect(await clinic.get("restart-deployment-2")).toMatchObject({ reenabled: { by: "Bob", reason } });
    expect((await clinic.store.audit.range(0, 100)).at(-1)).toMatchObject({
      ...{ action: "re_enable", id: "restart-deployment-2", from: "no_effect", to: "no_effect", reason },
    });
    expect(await asked(aVoter(bob), { reason })).toContain("is not suspended");
    expect((await propose(clinic.deps, NEED, SIGNAL)).kind).toBe("proposed");
    await ran(clinic, "--", "restart-deployment", 10);
    expect(await suspension(clinic.deps, newest.spec)).toBeUndefined();
    // Three more, and it is suspended anew.
    await ran(clinic, "-", "restart-deployment", 20);
    expect(await suspension(clinic.deps, newest.spec)).toMatchObject({ newest: "restart-deployment-20" });
  });
});
