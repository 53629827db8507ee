import assert from "node:assert/strict";
import { afterEach, describe, it } from "vitest";
import { type AuditRecord, verifyChain } from "../../src/core/audit.ts";
import type { Proposal, Status } from "../../src/core/proposal.ts";
import type { Store } from "../../src/ports/store.ts";
import { advanced, anEntry, ann, aProposal, approvedBy, aVote, bob, claimed, NOW } from "../fakes/proposals.ts";

const PROPOSED = [anEntry()];

/** What `Proposals` does on every store, together with the records it writes. `open` gives an empty store each time. */
export function proposalsContract(name: string, open: () => Store | Promise<Store>, { clicks = 100 } = {}): void {
  describe(`${name}: proposals`, () => {
    const opened: Store[] = [];
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    async function empty(): Promise<Store> {
      const store = await open();
      opened.push(store);
      return store;
    }
    const chain = (store: Store): Promise<readonly AuditRecord[]> => store.audit.range(0, 100_000);

    /** Stores the proposal as it would come to be in that state. */
    async function stored(store: Store, id: string, more: Partial<Proposal["spec"]> = {}): Promise<Proposal> {
      const proposal = aProposal({ id, target: targetOf(id), ...more });
      assert.deepEqual(await store.proposals.insert(proposal, [anEntry({ id })]), { kind: "inserted" });
      return proposal;
    }

    it("keeps the first of two under one id, whole", async () => {
      const store = await empty();
      const first = await stored(store, "p1");
      const second = aProposal({ id: "p1", target: targetOf("elsewhere"), createdAt: NOW + 9 });
      const found = await store.proposals.insert(second, PROPOSED);
      assert.deepEqual(found, { kind: "exists", proposal: asJson(first) });
      assert.deepEqual(await store.proposals.get("p1"), asJson(first));
      assert.equal(await store.proposals.get("p2"), undefined);
      assert.equal((await chain(store)).length, 1);
    });

    it("merges a proposal with an open one of the same thing, whoever asked and in whatever words", async () => {
      const store = await empty();
      const first = aProposal({ id: "p1" });
      await store.proposals.insert(first, PROPOSED);
      const again = aProposal({
        id: "p2",
        requester: bob,
        cause: { kind: "alert", text: "CheckoutDown" },
        risk: "high",
      });
      assert.deepEqual(await store.proposals.insert(again, PROPOSED), { kind: "same", proposal: asJson(first) });
      assert.equal(await store.proposals.get("p2"), undefined);
      assert.equal((await chain(store)).length, 1);
    });

    it.each([
      ["another value", { params: { name: { value: "cart", origin: "user" as const } } }],
      ["another runbook", { runbook: { id: "scale", version: "c".repeat(64), title: "Scale", readOnly: false } }],
      ["another version of the runbook", { runbook: { ...aProposal().spec.runbook!, version: "c".repeat(64) } }],
      ["another source", { source: "staging" }],
      ["another target", { target: targetOf("another") }],
      ["a change that takes another back", { cause: { kind: "rollback" as const, text: "", undoes: "p0" } }],
    ])("keeps %s apart", async (_, more) => {
      const store = await empty();
      await store.proposals.insert(aProposal({ id: "p1" }), PROPOSED);
      assert.deepEqual(await store.proposals.insert(aProposal({ id: "p2", ...more }), PROPOSED), { kind: "inserted" });
    });

    it("tells wishes that no runbook can fulfil apart by what is wished for", async () => {
      const store = await empty();
      const wish = { runbook: undefined, params: {}, steps: [], looks: [] };
      const scale = (target: string, replicas: number) => ({ type: "scale", target, params: { replicas } });
      const kinds = [];
      for (const [at, action] of [scale("api", 3), scale("api", 3), scale("api", 4), scale("web", 3)].entries())
        kinds.push((await store.proposals.insert(aProposal({ id: `w${at}`, ...wish, action }), PROPOSED)).kind);
      assert.deepEqual(kinds, ["inserted", "same", "inserted", "inserted"]);
    });

    it("takes the same thing again once the earlier one has ended", async () => {
      const store = await empty();
      const first = aProposal({ id: "p1" });
      await store.proposals.insert(first, PROPOSED);
      const { proposal, entry } = advanced(first, { kind: "withdraw", reason: "the alert cleared" });
      assert.equal(await store.proposals.replace(proposal, [entry]), "done");
      assert.deepEqual(await store.proposals.insert(aProposal({ id: "p2" }), PROPOSED), { kind: "inserted" });
    });

    it("finds by state, target, runbook and time, newest first", async () => {
      const store = await empty();
      const a = await stored(store, "a", { createdAt: NOW + 1 });
      await stored(store, "b", { createdAt: NOW + 3 });
      await stored(store, "c", { createdAt: NOW + 2, runbook: undefined });
      await stored(store, "d", { createdAt: NOW + 3 });
      const { proposal, entry } = advanced(a, { kind: "withdraw", reason: "" });
      await store.proposals.replace(proposal, [entry]);
      const ids = async (wanted: Partial<Parameters<Store["proposals"]["find"]>[0]>) =>
        (await store.proposals.find({ limit: 10, ...wanted })).map(({ id }) => id);
      assert.deepEqual(await ids({}), ["d", "b", "c", "a"]);
      assert.deepEqual(await ids({ limit: 2 }), ["d", "b"]);
      assert.deepEqual(await ids({ limit: 0 }), []);
      assert.deepEqual(await ids({ status: ["withdrawn"] }), ["a"]);
      assert.deepEqual(await ids({ status: ["pending", "withdrawn"], limit: 1 }), ["d"]);
      assert.deepEqual(await ids({ status: [] }), []);
      assert.deepEqual(await ids({ target: targetOf("b").key }), ["b"]);
      assert.deepEqual(await ids({ runbook: "restart-deployment" }), ["d", "b", "a"]);
      assert.deepEqual(await ids({ since: NOW + 2, status: ["pending"] }), ["d", "b", "c"]);
      assert.deepEqual(await ids({ until: NOW + 2 }), ["c", "a"]);
      assert.deepEqual(await ids({ until: NOW + 2, status: ["pending"] }), ["c"]);
      const oldestFirst = true;
      assert.deepEqual(await ids({ oldestFirst }), ["a", "c", "b", "d"]);
      assert.deepEqual(await ids({ oldestFirst, skip: 1, limit: 2 }), ["c", "b"]);
      assert.deepEqual(await ids({ oldestFirst, status: ["pending"], skip: 1, limit: 1 }), ["b"]);
      assert.deepEqual(await ids({ oldestFirst, status: ["pending", "withdrawn"], skip: 1, limit: 2 }), ["c", "b"]);
      assert.deepEqual(await ids({ status: ["pending"], skip: 2 }), ["c"]);
      assert.deepEqual(await ids({ skip: 9 }), []);
      assert.deepEqual(await ids({ since: NOW + 2, oldestFirst, target: targetOf("b").key }), ["b"]);
    });

    it("writes the next revision together with its record, and no other one", async () => {
      const store = await empty();
      const first = await stored(store, "p1");
      const { proposal: next, entry } = vote(first);
      assert.equal(await store.proposals.replace({ ...next, revision: 3 }, [entry]), "stale");
      assert.equal(await store.proposals.replace({ ...next, revision: 1 }, [entry]), "stale");
      assert.equal(await store.proposals.replace({ ...next, id: "p9" }, [entry]), "stale");
      assert.equal(await store.proposals.replace({ ...next, hash: "0".repeat(64) }, [entry]), "stale");
      assert.equal((await chain(store)).length, 1);
      assert.equal(await store.proposals.replace(next, [entry]), "done");
      assert.equal(await store.proposals.replace(next, [entry]), "stale");
      assert.deepEqual(await store.proposals.get("p1"), asJson(next));
      const records = await chain(store);
      assert.deepEqual(
        records.map(({ seq, action, from, to, hash }) => ({ seq, action, from, to, hash })),
        [
          { seq: 1, action: "propose", from: "", to: "pending", hash: "" },
          { seq: 2, action: "approve", from: "pending", to: "approved", hash: first.hash },
        ],
      );
      assert.equal(verifyChain(records).kind, "whole");
    });

    it(`lets one of ${clicks} clicks at once win, with one record`, async () => {
      const store = await empty();
      const first = await stored(store, "p1");
      const results = await Promise.all(
        Array.from({ length: clicks }, (_, n) => {
          const { proposal, entry } = vote(first, { ...bob, person: `person-${n}` });
          return store.proposals.replace(proposal, [{ ...entry, actor: `a${n}` }]);
        }),
      );
      assert.equal(results.filter((result) => result === "done").length, 1);
      assert.equal(results.filter((result) => result === "stale").length, clicks - 1);
      const records = await chain(store);
      assert.equal(records.length, 2);
      const [winner] = (await store.proposals.get("p1"))!.votes;
      assert.equal(`a${winner!.person.slice("person-".length)}`, records[1]!.actor);
    });

    it("lets one proposal at a time hold a target, until it knows what became of it", async () => {
      const store = await empty();
      const target = targetOf("shared");
      const epoch = await store.proposals.epoch();
      const one = approvedBy(await stored(store, "p1", { target }), bob, epoch);
      const other = approvedBy(await stored(store, "p2", { target, params: {} }), bob, epoch);
      const elsewhere = approvedBy(await stored(store, "p3"), bob, epoch);
      for (const approved of [one, other, elsewhere]) await store.proposals.replace(approved, PROPOSED);
      const results = await Promise.all([one, other].map((it) => store.proposals.replace(claimed(it), PROPOSED)));
      assert.deepEqual(results, ["done", "held"]);
      assert.equal(await store.proposals.replace(claimed(elsewhere), PROPOSED), "done");
      assert.deepEqual(await store.proposals.get("p2"), asJson(other));
      assert.equal((await chain(store)).length, 8);

      const started = advanced(claimed(one), { kind: "start", fence: 1, until: NOW + 60 }, { now: NOW + 12 }).proposal;
      const lost = advanced(started, { kind: "lose", reason: "gone" }, { now: NOW + 61 }).proposal;
      for (const next of [started, lost]) {
        assert.equal(await store.proposals.replace(next, PROPOSED), "done");
        assert.equal(await store.proposals.replace(claimed(other), PROPOSED), "held");
      }
      const settled = advanced(lost, { kind: "settle", outcome: "failed", reason: "it did not" }).proposal;
      assert.equal(await store.proposals.replace(settled, PROPOSED), "done");
      assert.equal(await store.proposals.replace(claimed(other), PROPOSED), "done");
    });

    it("knows which messages do not show their proposal yet, oldest change first", async () => {
      const store = await empty();
      const a = await stored(store, "a");
      const b = await stored(store, "b");
      const ids = async (limit = 10) => (await store.proposals.unshown(limit)).map(({ id }) => id);
      assert.deepEqual(await ids(), ["a", "b"]);
      assert.deepEqual(await ids(1), ["a"]);
      assert.deepEqual(await ids(0), []);
      await store.proposals.shown("a", 1);
      await store.proposals.shown("b", 1);
      await store.proposals.shown("nobody", 1);
      assert.deepEqual(await ids(), []);
      await store.proposals.replace(vote(b).proposal, PROPOSED);
      await store.proposals.replace(vote(a).proposal, PROPOSED);
      assert.deepEqual(await ids(), ["b", "a"]);
      await store.proposals.shown("b", 1); // an older one, said late
      await store.proposals.shown("a", 2);
      assert.deepEqual(await store.proposals.unshown(10), [asJson(vote(b).proposal)]);
      await store.proposals.shown("b", 2);
      assert.deepEqual(await ids(), []);
      await store.proposals.shown("a", 0); // to be shown anew: an emergency stop came or went
      assert.deepEqual(await ids(), ["a"]);
    });

    it("changes nothing when its record cannot be made", async () => {
      const store = await empty();
      const first = await stored(store, "p1");
      const bad = Object.defineProperty(anEntry(), "reason", {
        get: () => {
          throw new Error("no record");
        },
      });
      const next = vote(first).proposal;
      await assert.rejects(store.proposals.replace(next, [anEntry(), bad]), /no record/);
      await assert.rejects(store.proposals.insert(aProposal({ id: "p2", target: targetOf("x") }), [bad]), /no record/);
      await assert.rejects(store.audit.append([anEntry(), bad]), /no record/);
      for (const none of [store.proposals.replace(next, []), store.proposals.insert(aProposal({ id: "p3" }), [])])
        await assert.rejects(none, /needs an audit entry/);
      assert.deepEqual(await store.proposals.get("p1"), asJson(first));
      assert.equal(await store.proposals.get("p2"), undefined);
      assert.equal((await chain(store)).length, 1);
      assert.equal(await store.proposals.replace(next, PROPOSED), "done");
    });

    it("cannot be changed through what was handed in or out", async () => {
      const store = await empty();
      const given = JSON.parse(JSON.stringify(aProposal({ id: "p1" }))) as { facts: string[] } & Proposal;
      await store.proposals.insert(given, PROPOSED);
      given.facts.push("changed");
      const read = (await store.proposals.get("p1")) as { facts: string[] } & Proposal;
      read.facts.push("changed too");
      assert.deepEqual((await store.proposals.get("p1"))?.facts, aProposal().facts);
    });

    it("keeps one epoch, and knows of no restore, while nothing was put back", async () => {
      const store = await empty();
      const epoch = await store.proposals.epoch();
      assert.match(epoch, /^[0-9a-f-]{32,80}$/);
      await stored(store, "p1");
      assert.equal(await store.proposals.epoch(), epoch);
      assert.notEqual(await (await empty()).proposals.epoch(), epoch);
      assert.equal(await store.proposals.restored(), undefined);
      assert.equal(await store.proposals.acceptRestored(ann), false);
    });

    it("never forgets a change that is still to be decided, done or looked at", async () => {
      const store = await empty();
      const states: readonly Status[] = ["pending", "approved", "claimed", "started", "unknown", "verifying"];
      const over: readonly Status[] = ["verified", "failed", "expired", "rejected"];
      for (const status of [...states, ...over])
        await store.proposals.insert(aProposal({ id: status, target: targetOf(status) }, { status }), PROPOSED);
      assert.equal((await store.prune(NOW + 4000 * 86_400)).proposals, over.length);
      assert.deepEqual(
        (await store.proposals.find({ limit: 100 })).map(({ status }) => status).sort(),
        [...states].sort(),
      );
    });

    it("keeps the message of a change as long as the change, so that its buttons count and its end is shown", async () => {
      const store = await empty();
      const [year, card] = [366 * 86_400, { title: "", tone: "info" as const, blocks: [] }];
      const put = (id: string, edits?: string) =>
        store.outbox.put({ id, place: aProposal().places[0]!, card, at: NOW, ...(edits !== undefined && { edits }) });
      const lost = aProposal({ id: "p1" }, { status: "unknown", fence: 1 });
      await store.proposals.insert(lost, PROPOSED);
      for (const id of ["proposal:p1:0", "proposal:p1:1", "proposal:p9:0"]) {
        await put(id);
        await store.outbox.sent(id, `C1/${id}`, NOW);
      }
      await put("proposal:p1:0:2:aaaa", "proposal:p1:0");
      await store.outbox.sent("proposal:p1:0:2:aaaa", "C1/1", NOW);
      await put("proposal:p1:0:3:bbbb", "proposal:p1:0");
      assert.equal((await store.prune(NOW + year)).outbox, 2);
      assert.equal(await store.outbox.referenceOf("proposal:p1:0"), "C1/proposal:p1:0");
      assert.equal(await store.outbox.referenceOf("proposal:p1:1"), "C1/proposal:p1:1");
      assert.equal(await store.outbox.referenceOf("proposal:p9:0"), undefined);
      assert.equal((await store.outbox.due("slack", NOW + year, 9)).length, 1);
      const event = { kind: "settle", outcome: "failed", reason: "it did not run" } as const;
      const { proposal, entry } = advanced(lost, event, { now: NOW + year });
      assert.equal(await store.proposals.replace(proposal, [entry]), "done");
      assert.deepEqual(await kept(NOW + year + 86_400), { proposal: true, message: true });
      assert.deepEqual(await kept(NOW + 2 * year), { proposal: false, message: false });

      async function kept(now: number) {
        await store.prune(now);
        const [found, reference] = [await store.proposals.get("p1"), await store.outbox.referenceOf("proposal:p1:0")];
        return { proposal: found !== undefined, message: reference !== undefined };
      }
    });
  });
}

function targetOf(name: string): Proposal["spec"]["target"] {
  return { kind: "deployment", name: `shop/${name}`, key: `kubernetes:prod/shop/deployment/${name}` };
}

function vote(proposal: Proposal, who = bob) {
  return advanced(proposal, { kind: "vote", vote: aVote(proposal, who), rule: proposal.spec.rule, epoch: "e1" });
}

/** As it comes out of a store: without what JSON leaves out. */
function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
