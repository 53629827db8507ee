import assert from "node:assert/strict";
import { describe, it } from "vitest";
import type { AuditRecord } from "../../src/core/audit.ts";
import { auditReport } from "../../src/core/audit-report.ts";
import type { Proposal, Spec } from "../../src/core/proposal.ts";
import { anEntry, ann, aProposal, aRule, aVote, bob, cleo, NOW } from "../fakes/proposals.ts";

const PERIOD = { from: NOW, to: NOW + 1000 };
const runbook = (more: object = {}) => ({
  ...{ id: "restart-deployment", version: "a".repeat(64), title: "Restart", readOnly: false, minutesByHand: 12 },
  ...more,
});

/** One that ran and was approved after `waited` seconds. */
function ran(id: string, more: Partial<Spec> = {}, changed: Partial<Proposal> = {}, waited = 60): Proposal {
  const proposal = aProposal({ id, runbook: runbook(), ...more });
  const { createdAt } = proposal.spec;
  const at = { approvedAt: createdAt + waited, startedAt: createdAt + waited + 1 };
  return { ...proposal, status: "verified", votes: [aVote(proposal, bob)], ...at, ...changed };
}

const report = (proposals: readonly Proposal[], records: readonly Partial<AuditRecord>[] = []) =>
  auditReport(
    proposals,
    records.map((more) => ({ ...anEntry(), seq: 1, at: NOW, prev: "", record_hash: "", ...more })),
    PERIOD,
  );

describe("the report", () => {
  it("is about its period alone", () => {
    const made = [NOW - 1, NOW, NOW + 999, NOW + 1000].map((createdAt) => ran(`p${createdAt}`, { createdAt }));
    assert.equal(report(made).proposed, 2);
    const stops = [NOW - 1, NOW, NOW + 1000].map((at) => ({ at, action: "stop" }));
    const { stops: found, refused } = report([], [...stops, { action: "refused approve" }]);
    assert.deepEqual([found, refused], [1, 1]);
  });

  it("counts what became of changes, and who asked and approved, the busiest first", () => {
    const rejected = aProposal({ id: "p4", requester: cleo });
    const vote = aVote(rejected, ann, { decision: "reject" });
    const found = report([
      ran("p1"),
      ran("p2", {}, { status: "worse" }),
      ran("p3", { requester: undefined }),
      { ...rejected, status: "rejected", votes: [vote] },
    ]);
    assert.deepEqual(found.byStatus, { verified: 2, worse: 1, rejected: 1 });
    assert.equal(found.ran, 3);
    assert.deepEqual(found.requesters, [
      { person: "ann", name: "Ann", count: 2 },
      { person: "bot", name: "the bot itself", count: 1 },
      { person: "cleo", name: "Cleo", count: 1 },
    ]);
    assert.deepEqual(found.approvers, [{ person: "bob", name: "Bob", count: 3 }]);
  });

  it("says where four eyes were not kept, and who approved alone", () => {
    const kept = ran("kept");
    const own = ran("own");
    const alone = aVote(own, ann, { breakGlass: true, reason: "all is down" });
    const found = report([
      kept,
      { ...own, votes: [alone] },
      ran("bot", { requester: undefined }),
      ran("not asked", { rule: aRule({ fourEyes: false }) }, { votes: [] }),
      { ...ran("other hash"), votes: [aVote({ hash: "0".repeat(64) }, bob)] },
      ran("reads", { runbook: runbook({ readOnly: true }) }, { votes: [] }),
    ]);
    assert.deepEqual(found.fourEyes, { asked: 4, kept: 2, broken: ["own", "other hash"] });
    assert.deepEqual(found.breakGlass, [{ id: "own", by: "Ann", reason: "all is down" }]);
  });

  it("adds up the minutes of what helped, and says of how many it does not know", () => {
    const found = report([
      ran("a"),
      ran("b", {}, { status: "verifying" }),
      ran("c", {}, { status: "failed" }),
      ran("d", { runbook: runbook({ minutesByHand: undefined }) }),
    ]);
    assert.deepEqual(found.minutesSaved, { minutes: 24, changes: 2, unknown: 1 });
  });

  it("tells how long approvals took", () => {
    const found = report([10, 20, 300].map((waited) => ran(`w${waited}`, {}, {}, waited)));
    assert.deepEqual([found.approvalSeconds.count, found.approvalSeconds.median], [3, 20]);
    assert.equal(found.approvalSeconds.p90, 244); // between the second and the third
    assert.equal(report([]).approvalSeconds.median, undefined);
  });

  describe("would have automated", () => {
    const five = (more: Partial<Spec> = {}) => [1, 2, 3, 4, 5].map((n) => ran(`r${n}`, more));
    it("a kind of change that helped five times out of five", () => {
      assert.deepEqual(report(five()).safeToAutomate, [
        { runbook: "restart-deployment", kind: "deployment", environment: "production", runs: 5, waited: 300 },
      ]);
    });

    it.each([
      ["four times only", five().slice(1)],
      ["once without effect", [...five(), ran("bad", {}, { status: "no_effect" })]],
      [
        "once rejected",
        [...five(), { ...aProposal({ id: "no", runbook: runbook() }), votes: [] }].map((one, at) =>
          at === 5
            ? { ...one, status: "rejected" as const, votes: [aVote(one, cleo, { decision: "reject" as const })] }
            : one,
        ),
      ],
      ["in two environments", [...five().slice(2), ...five({ environment: "staging" }).slice(2)]],
      ["only reading", five({ runbook: runbook({ readOnly: true }) })],
    ])("but not one that %s", (_, proposals) => {
      assert.deepEqual(report(proposals).safeToAutomate, []);
    });
  });
});
