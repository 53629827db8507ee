import assert from "node:assert/strict";
import { afterEach, describe, it } from "vitest";
import { lineOf } from "../../src/core/ci/run.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Retention } from "../../src/store/retention.ts";
import { aRun } from "../fakes/runs.ts";
import { DAY, RETENTION } from "./store.ts";

const NOW = 1_790_000_000;

/** What `Runs` does on every store. `open` gives an empty one each time. */
export function runsContract(name: string, open: (retention: Retention) => Store | Promise<Store>): void {
  describe(`${name}: runs of pipelines`, () => {
    const opened: Store[] = [];
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    async function empty(retention = RETENTION): Promise<Store> {
      const store = await open(retention);
      opened.push(store);
      return store;
    }

    it("keeps a run once, whole: the first one stays", async () => {
      const { runs } = await empty();
      const full = aRun({
        ...{ id: "a", endedAt: NOW, commit: "3f2a91c", committedAt: NOW - 900, pullRequest: 7 },
        url: "https://ci.example/1",
        numbers: { coverage: 0.81 },
        deploys: { service: "shop", environment: "production", version: "v2" },
      });
      assert.equal(await runs.keep(full), true);
      assert.equal(await runs.keep({ ...full, outcome: "failure" }), false);
      assert.deepEqual(await runs.since(0, 9), [full]);
      const tries = await Promise.all(Array.from({ length: 20 }, () => runs.keep(aRun({ id: "b" }))));
      assert.equal(tries.filter(Boolean).length, 1);
    });

    it("finds those of one line before a time, and all since one, newest first", async () => {
      const { runs } = await empty();
      for (const [i, at] of [40, 10, 30, 20].entries()) await runs.keep(aRun({ id: `m${i}`, endedAt: NOW + at }));
      await runs.keep(aRun({ id: "other", branch: "topic", endedAt: NOW + 15 }));
      await runs.keep(
        aRun({ id: "deploy", pipeline: "Deploy", endedAt: NOW + 35, deploys: { service: "shop", environment: "qa" } }),
      );
      const ids = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id);
      assert.deepEqual(ids(await runs.of(lineOf(aRun()), NOW + 40, 9)), ["m2", "m3", "m1"]);
      assert.deepEqual(ids(await runs.of(lineOf(aRun()), NOW + 99, 1)), ["m0"]);
      assert.deepEqual(ids(await runs.of(lineOf(aRun()), NOW + 99, 0)), []);
      assert.deepEqual(ids(await runs.since(NOW + 15, 9)), ["m0", "deploy", "m2", "m3", "other"]);
      assert.deepEqual(ids(await runs.since(0, 9, { deploying: true })), ["deploy"]);
      assert.deepEqual(ids(await runs.since(NOW + 36, 9, { deploying: true })), []);
    });

    it("forgets them with the changes", async () => {
      const store = await empty({ ...RETENTION, proposals: DAY });
      await store.runs.keep(aRun({ id: "old", endedAt: NOW - 2 * DAY }));
      await store.runs.keep(aRun({ id: "new", endedAt: NOW }));
      assert.equal((await store.prune(NOW))["runs"], 1);
      assert.deepEqual(
        (await store.runs.since(0, 9)).map(({ id }) => id),
        ["new"],
      );
    });
  });
}
