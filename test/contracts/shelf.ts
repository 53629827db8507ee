import assert from "node:assert/strict";
import { afterEach, describe, it } from "vitest";
import type { SilenceDraft } from "../../src/core/silence.ts";
import { newModel } from "../../src/core/watch/model.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Retention } from "../../src/store/retention.ts";
import { T } from "../fakes/incidents.ts";
import { anEntry } from "../fakes/proposals.ts";
import { DAY, RETENTION } from "./store.ts";

/** What a `Shelf` does on every store, shown on that of silences. `open` gives an empty store each time. */
export function shelfContract(name: string, open: (retention: Retention) => Store | Promise<Store>): void {
  describe(`${name}: shelves`, () => {
    const opened: Store[] = [];
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    async function empty(retention = RETENTION): Promise<Store> {
      const store = await open(retention);
      opened.push(store);
      return store;
    }
    const one = (id: string, more: Partial<SilenceDraft> = {}): SilenceDraft => ({
      id,
      revision: 1,
      status: "asked",
      matchers: [{ name: "alertname", value: "Ünïcode \u0000", isRegex: false, isEqual: true }],
      seconds: 60,
      reason: "",
      isForAll: false,
      matched: { total: 0, names: [] },
      asked: { person: "ann", name: "Ann", at: T },
      madeAt: T,
      places: [],
      ...more,
    });
    const ids = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id);

    it("keep a thing whole, and list what is not over in the order in which it came", async () => {
      const { silences } = await empty();
      assert.equal(await silences.get("a"), undefined);
      assert.equal(await silences.save([one("b"), one("a")], [anEntry()]), true);
      assert.deepEqual(await silences.get("a"), one("a"));
      assert.deepEqual(ids(await silences.open()), ["b", "a"]);
      await silences.save([one("b", { revision: 2, status: "dropped", endedAt: T + 1 })], [anEntry()]);
      assert.deepEqual(ids(await silences.open()), ["a"]);
      assert.equal((await silences.get("b"))?.status, "dropped");
    });

    it("take a change only onto the revision that it was made from, with its records, or nothing", async () => {
      const { silences, audit } = await empty();
      await silences.save([one("a"), one("b")], [anEntry({ action: "first" })]);
      assert.equal(await silences.save([one("a", { revision: 2 }), one("b", { revision: 3 })], [anEntry()]), false);
      assert.equal(await silences.save([one("a")], [anEntry()]), false);
      assert.equal((await silences.get("a"))?.revision, 1);
      assert.equal(await silences.save([one("a", { revision: 2 })], []), true);
      assert.deepEqual(
        (await audit.range(0, 10)).map(({ action }) => action),
        ["first"],
      );
    });

    it("say what was not shown yet, and never go back", async () => {
      const { silences } = await empty();
      await silences.save([one("a"), one("b")], []);
      assert.deepEqual(ids(await silences.unshown(1)), ["a"]);
      await silences.shown("a", 1);
      await silences.shown("b", 1);
      await silences.save([one("a", { revision: 2 })], []);
      assert.deepEqual(ids(await silences.unshown(9)), ["a"]);
      await silences.shown("a", 2);
      await silences.shown("a", 1);
      assert.deepEqual(await silences.unshown(9), []);
    });

    it("are apart: the same id on another one is another thing", async () => {
      const { silences, models, waste } = await empty();
      const model = newModel("a", { id: "latency", source: "default" }, T);
      const none = { sum: { count: 0, asked: 0, used: 0.1 + 0.2, idle: 0 }, items: [] };
      const wasted = {
        ...{ id: "a", revision: 1, madeAt: T, at: T, days: 14 },
        found: { cpu: none, memory: none },
        promql: ["up"],
      };
      assert.equal(await models.save([model], []), true);
      assert.equal(await waste.save([wasted], []), true);
      assert.equal(await silences.get("a"), undefined);
      assert.deepEqual([await models.open(), await waste.open()], [[model], [wasted]]);
      await models.save([{ ...model, revision: 2, endedAt: T + 1 }], []);
      assert.deepEqual([await models.open(), ids(await waste.open())], [[], ["a"]]);
      // A watch that is there again goes on with what is known of it.
      await models.save([{ ...model, revision: 3 }], []);
      assert.deepEqual(await models.open(), [{ ...model, revision: 3 }]);
    });

    it("forget what has long been over, and nothing else", async () => {
      const store = await empty({ ...RETENTION, proposals: DAY });
      await store.silences.save([one("old", { endedAt: T + 5 }), one("new", { endedAt: T + DAY }), one("open")], []);
      assert.equal((await store.prune(T + DAY + 10))["shelves"], 1);
      assert.deepEqual([await store.silences.get("old"), (await store.silences.get("new"))?.id], [undefined, "new"]);
      assert.deepEqual(ids(await store.silences.open()), ["open"]);
    });
  });
}
