import assert from "node:assert/strict";
import { afterEach, describe, it } from "vitest";
import type { KeptDigest } from "../../src/core/digest/digest.ts";
import { digestId, type PlanRecord } from "../../src/core/digest/schedule.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Retention } from "../../src/store/retention.ts";
import { anEntry } from "../fakes/proposals.ts";
import { DAY, RETENTION } from "./store.ts";

const NOW = 1_790_000_000;

export function aKeptDigest(name = "morning", slot = NOW, more: Partial<KeptDigest> = {}): KeptDigest {
  return {
    ...{ id: digestId(name, slot), name, slot, revision: 1, missed: 0, zone: "UTC" },
    places: [{ platform: "slack", channel: "C1", thread: "" }],
    digest: {
      ...{ kind: "daily", from: slot - DAY, to: slot, madeAt: slot + 1 },
      sections: [{ name: "watches", total: 1, items: [] }],
      done: [],
      counts: [{ name: "mtta", now: 60, before: 120 }],
      isCompared: true,
      missing: [],
    },
    ...more,
  };
}

const plan = (name: string, more: Partial<PlanRecord> = {}): PlanRecord => ({
  ...{ name, revision: 1, state: "active", since: NOW },
  plan: {
    ...{ name, kind: "daily", cron: "0 8 * * *", zone: "Europe/Berlin" },
    to: [{ platform: "teams", channel: "19:x", thread: "" }],
    only: { labels: { team: ["pay*"] } },
  },
  by: { person: "ann", name: "Ann", at: NOW },
  ...more,
});

/** What `Digests` does on every store. `open` gives an empty one each time. */
export function digestsContract(name: string, open: (retention: Retention) => Store | Promise<Store>): void {
  describe(`${name}: digests`, () => {
    const opened: Store[] = [];
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    async function empty(retention = RETENTION): Promise<Store> {
      const store = await open(retention);
      opened.push(store);
      return store;
    }

    it("keeps what was told at a time once, whole: the first one stays", async () => {
      const { digests } = await empty();
      assert.equal(await digests.keep(aKeptDigest()), true);
      assert.equal(await digests.keep(aKeptDigest("morning", NOW, { missed: 7 })), false);
      assert.deepEqual(await digests.newest("morning"), aKeptDigest());
      assert.equal(await digests.newest("evening"), undefined);
      const tries = await Promise.all(Array.from({ length: 20 }, () => digests.keep(aKeptDigest("morning", NOW + 60))));
      assert.equal(tries.filter(Boolean).length, 1);
    });

    it("finds the newest first, and since a time", async () => {
      const { digests } = await empty();
      await digests.keep(aKeptDigest("b", NOW + 20));
      await digests.keep(aKeptDigest("a", NOW + 10));
      await digests.keep(aKeptDigest("a", NOW + 30));
      const ids = (found: readonly KeptDigest[]) => found.map(({ id }) => id);
      assert.deepEqual(ids(await digests.find({ limit: 9 })), [
        digestId("a", NOW + 30),
        digestId("b", NOW + 20),
        digestId("a", NOW + 10),
      ]);
      assert.deepEqual(ids(await digests.find({ since: NOW + 20, limit: 1 })), [digestId("a", NOW + 30)]);
      assert.deepEqual(ids(await digests.find({ until: NOW + 20, limit: 1 })), [digestId("b", NOW + 20)]);
      assert.equal((await digests.newest("a"))?.slot, NOW + 30);
    });

    it("takes an edit only onto the revision that it was made from", async () => {
      const { digests } = await empty();
      await digests.keep(aKeptDigest());
      const edited = aKeptDigest("morning", NOW, { revision: 2, missed: 3 });
      assert.equal(await digests.revise({ ...edited, revision: 3 }), false);
      assert.equal(await digests.revise(edited), true);
      assert.equal(await digests.revise(edited), false);
      assert.equal(await digests.revise(aKeptDigest("nobody", NOW, { revision: 2 })), false);
      assert.equal((await digests.newest("morning"))?.missed, 3);
    });

    it("keeps plans with their records, or neither", async () => {
      const { digests, audit } = await empty();
      assert.equal(await digests.plan(plan("b"), [anEntry()]), true);
      assert.equal(await digests.plan(plan("b"), [anEntry()]), false);
      assert.equal(await digests.plan(plan("a", { revision: 2 }), [anEntry()]), false);
      const noted: PlanRecord = { name: "a", revision: 1, state: "active", since: NOW };
      assert.equal(await digests.plan(noted, []), true);
      assert.equal(await digests.plan(plan("b", { revision: 2, state: "removed" }), [anEntry()]), true);
      assert.deepEqual(await digests.plans(), [noted, plan("b", { revision: 2, state: "removed" })]);
      assert.equal((await audit.range(0, 10)).length, 2);
    });

    it("forgets what is past its retention", async () => {
      const store = await empty();
      await store.digests.keep(aKeptDigest());
      assert.equal((await store.prune(NOW + RETENTION.evidence - 1))["digests"], 0);
      assert.equal((await store.prune(NOW + RETENTION.evidence + 1))["digests"], 1);
      assert.deepEqual(await store.digests.find({ limit: 9 }), []);
    });
  });
}
