import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEnough } from "../../src/core/policy.ts";
import {
  advance,
  type Event,
  hashOf,
  type Proposal,
  type Status,
  shortHash,
  stepKey,
} from "../../src/core/proposal.ts";
import { ann, aProposal, aRule, aVote, bob, cleo, NOW, stranger } from "../fakes/proposals.ts";

const LATE = NOW + 100_000;
const STATUSES: readonly Status[] = [
  "pending",
  "approved",
  "claimed",
  "started",
  "unknown",
  "succeeded",
  "failed",
  "partial",
  "verifying",
  "verified",
  "no_effect",
  "worse",
  "rejected",
  "expired",
  "superseded",
  "withdrawn",
];

/** In that state, with everything that such a one has; its lease and its times are over at `LATE`. */
function inState(status: Status): Proposal {
  const base = aProposal();
  return {
    ...base,
    status,
    votes: [aVote(base)],
    approvedAt: NOW,
    executeBy: NOW + 300,
    epoch: "e1",
    fence: 1,
    startedAt: NOW,
    endedAt: NOW,
    lease: { owner: "w1", until: NOW + 60 },
  };
}

const finish = (outcome: "succeeded" | "failed" | "partial" | "unknown"): Event => ({
  kind: "finish",
  fence: 1,
  outcome,
  steps: [],
  reason: "so it was",
});

/** Every event, by a name. Those about time happen late. */
function events(proposal: Proposal): Readonly<Record<string, { readonly event: Event; readonly now: number }>> {
  const soon = NOW + 20;
  const rule = aRule();
  const vote = (decision: "approve" | "reject", who = cleo): Event => ({
    kind: "vote",
    vote: aVote(proposal, who, { decision }),
    rule,
    epoch: "e1",
  });
  return {
    approve: { event: vote("approve"), now: soon },
    reject: { event: vote("reject"), now: soon },
    expire: { event: { kind: "expire" }, now: LATE },
    withdraw: { event: { kind: "withdraw", reason: "gone" }, now: soon },
    supersede: { event: { kind: "supersede", reason: "moved" }, now: soon },
    reopen: { event: { kind: "reopen", reason: "again" }, now: soon },
    claim: {
      event: { kind: "claim", owner: "w2", until: NOW + 200, epoch: "e1", rule, votes: proposal.votes, requester: ann },
      now: NOW + 70,
    },
    start: { event: { kind: "start", fence: 1, until: NOW + 80 }, now: soon },
    progress: { event: { kind: "progress", fence: 1, steps: [], until: NOW + 80 }, now: soon },
    succeed: { event: finish("succeeded"), now: soon },
    fail: { event: finish("failed"), now: soon },
    part: { event: finish("partial"), now: soon },
    doubt: { event: finish("unknown"), now: soon },
    lose: { event: { kind: "lose", reason: "cut off" }, now: LATE },
    settle: { event: { kind: "settle", outcome: "succeeded", reason: "seen" }, now: soon },
    verify: { event: { kind: "verify" }, now: soon },
    measure: { event: { kind: "measure", verdict: "worse", measured: [], reason: "worse" }, now: soon },
  };
}

describe("the life of a proposal", () => {
  it("has these moves and no others", () => {
    const moves = STATUSES.flatMap((status) => {
      const proposal = inState(status);
      return Object.entries(events(proposal)).flatMap(([name, { event, now }]) => {
        const next = advance(proposal, event, now);
        return next.ok ? [`${status} --${name}--> ${next.proposal.status}`] : [];
      });
    });
    expect(moves).toEqual([
      "pending --approve--> approved",
      "pending --reject--> rejected",
      "pending --expire--> expired",
      "pending --withdraw--> withdrawn",
      "pending --supersede--> superseded",
      "approved --reject--> rejected",
      "approved --expire--> expired",
      "approved --withdraw--> withdrawn",
      "approved --supersede--> superseded",
      "approved --reopen--> pending",
      "approved --claim--> claimed",
      "claimed --reject--> rejected",
      "claimed --expire--> expired",
      "claimed --withdraw--> withdrawn",
      "claimed --supersede--> superseded",
      "claimed --reopen--> pending",
      "claimed --claim--> claimed",
      "claimed --start--> started",
      "started --progress--> started",
      "started --succeed--> succeeded",
      "started --fail--> failed",
      "started --part--> partial",
      "started --doubt--> unknown",
      "started --lose--> unknown",
      "unknown --succeed--> succeeded",
      "unknown --fail--> failed",
      "unknown --part--> partial",
      "unknown --settle--> succeeded",
      "succeeded --verify--> verifying",
      "partial --verify--> verifying",
      "verifying --measure--> worse",
    ]);
  });

  it("says each move for the audit, with the hash it was about", () => {
    const proposal = aProposal();
    const { event, now } = events(proposal)["approve"]!;
    expect(advance(proposal, event, now)).toMatchObject({
      ok: true,
      proposal: { revision: 2 },
      entry: { action: "approve", id: proposal.id, hash: proposal.hash, from: "pending", to: "approved" },
    });
  });

  it("refuses everything about a spec that was changed behind its back", () => {
    for (const status of STATUSES) {
      const whole = inState(status);
      const changed = { ...whole, spec: { ...whole.spec, environment: "staging" } };
      for (const { event, now } of Object.values(events(changed)))
        expect(advance(changed, event, now)).toMatchObject({ ok: false, code: "hash" });
    }
  });

  it("refuses a decision at the very moment of expiry, about another hash, and twice by one person", () => {
    const proposal = aProposal();
    const { approve } = events(proposal);
    expect(advance(proposal, approve!.event, proposal.spec.approveBy)).toMatchObject({ ok: false, code: "expired" });
    const other: Event = {
      kind: "vote",
      vote: { ...aVote(proposal), hash: "0".repeat(64) },
      rule: aRule(),
      epoch: "e1",
    };
    expect(advance(proposal, other, NOW + 1)).toMatchObject({ ok: false, code: "hash" });
    const two = aProposal({ rule: aRule({ approvals: 2 }) });
    const first = advance(two, { kind: "vote", vote: aVote(two), rule: two.spec.rule, epoch: "e1" }, NOW + 1);
    if (!first.ok) throw new Error(first.reason);
    expect(first.proposal.status).toBe("pending");
    const again = { kind: "vote", vote: aVote(two), rule: two.spec.rule, epoch: "e1" } as const;
    expect(advance(first.proposal, again, NOW + 2)).toMatchObject({ ok: false, code: "twice" });
  });

  it("takes no vote of the requester, of a stranger to the roles, or of an account that may be anybody's where two are needed", () => {
    const one = aProposal();
    const two = aProposal({ rule: aRule({ approvals: 2 }) });
    for (const [proposal, vote] of [
      [one, aVote(one, ann)],
      [one, aVote(one, bob, { roles: ["guests"] })],
      [two, aVote(two, stranger)],
    ] as const)
      expect(advance(proposal, { kind: "vote", vote, rule: proposal.spec.rule, epoch: "e1" }, NOW + 1)).toMatchObject({
        ok: false,
        code: "votes",
      });
  });

  it("lets somebody else have the claim only when the lease is over, and then refuses the one before", () => {
    const proposal = inState("claimed");
    const { votes } = proposal;
    const claim: Event = {
      kind: "claim",
      owner: "w2",
      until: NOW + 200,
      epoch: "e1",
      rule: aRule(),
      votes,
      requester: ann,
    };
    expect(advance(proposal, claim, NOW + 59)).toMatchObject({ ok: false, code: "too-late" });
    const taken = advance(proposal, claim, NOW + 60);
    if (!taken.ok) throw new Error(taken.reason);
    expect(taken.proposal.fence).toBe(2);
    const start: Event = { kind: "start", fence: 1, until: NOW + 100 };
    expect(advance(taken.proposal, start, NOW + 61)).toMatchObject({ ok: false, code: "fence" });
  });

  it("starts nothing in another incarnation of the store, after its time, within the delay, or under a policy that became stricter", () => {
    const approved = inState("approved");
    const claim = (more: object): Event => ({
      kind: "claim",
      owner: "w",
      until: NOW + 99,
      epoch: "e1",
      rule: aRule(),
      votes: approved.votes,
      requester: ann,
      ...more,
    });
    expect(advance(approved, claim({ epoch: "e2" }), NOW + 1)).toMatchObject({ ok: false, code: "epoch" });
    expect(advance(approved, claim({}), NOW + 300)).toMatchObject({ ok: false, code: "expired" });
    expect(advance(approved, claim({ rule: aRule({ executeDelay: 30 }) }), NOW + 29)).toMatchObject({ code: "early" });
    expect(advance(approved, claim({ rule: aRule({ approvals: 2 }) }), NOW + 1)).toMatchObject({ code: "votes" });
  });

  it("is never run twice, nor without enough votes, whatever happens in whatever order", () => {
    const people = [ann, bob, cleo, stranger];
    const step = fc.record({
      name: fc.constantFrom(...Object.keys(events(aProposal()))),
      who: fc.integer({ min: 0, max: 3 }),
      wait: fc.integer({ min: 0, max: 400 }),
      fence: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 2 }), (steps, approvals) => {
        let proposal = aProposal({ rule: aRule({ approvals }) });
        let now = NOW;
        let starts = 0;
        for (const { name, who, wait, fence } of steps) {
          now += wait;
          let { event } = events(proposal)[name]!;
          if (event.kind === "vote")
            event = {
              ...event,
              rule: proposal.spec.rule,
              vote: { ...aVote(proposal, people[who]), decision: event.vote.decision, at: now },
            };
          if (event.kind === "claim")
            event = { ...event, rule: proposal.spec.rule, until: now + 60, votes: proposal.votes };
          if ("fence" in event) event = { ...event, fence };
          const next = advance(proposal, event, now);
          if (!next.ok) continue;
          if (event.kind === "start") {
            starts++;
            expect(isEnough(proposal.spec.rule, proposal.votes, proposal.hash, ann)).toBe(true);
          }
          expect(next.proposal.revision).toBe(proposal.revision + 1);
          expect(next.proposal.hash).toBe(hashOf(next.proposal.spec));
          proposal = next.proposal;
        }
        expect(starts).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("hash and keys", () => {
  it("do not depend on the order of members, and on everything else", () => {
    const { spec } = aProposal();
    const turned = Object.fromEntries(Object.entries(spec).reverse()) as typeof spec;
    expect(hashOf(turned)).toBe(hashOf(spec));
    for (const name of Object.keys(spec))
      expect(hashOf({ ...spec, [name]: "something else" } as never), name).not.toBe(hashOf(spec));
  });

  it("of buttons are the first 16 bytes; of steps differ by step and proposal", () => {
    const proposal = aProposal();
    expect(Buffer.from(shortHash(proposal.hash), "base64url").toString("hex")).toBe(proposal.hash.slice(0, 32));
    expect(stepKey(proposal, 0)).toMatch(/^[0-9a-f]{32}$/);
    const keys = [stepKey(proposal, 0), stepKey(proposal, 1), stepKey({ ...proposal, id: "p2" }, 0)];
    expect(new Set(keys).size).toBe(3);
  });
});
