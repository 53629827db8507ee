import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { liveConfig } from "../../src/app/live-config.ts";
import { createReload, type Restartable } from "../../src/app/reload.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import type { Log } from "../../src/util/log.ts";

const folder = mkdtempSync(join(tmpdir(), "reload-"));
afterAll(() => rmSync(folder, { recursive: true }));
const nothing = () => {};
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };

function settings(series: number): Config {
  const readFile = () => `limits: { watched_series: ${series} }\n`;
  const env = { SMARTCLOUDOPS_DATA: folder, SMARTCLOUDOPS_CONFIG: "smartcloudops.yaml" };
  const loaded = loadConfig({ env, cwd: folder, readFile });
  assert.ok(loaded.ok, JSON.stringify(!loaded.ok && loaded.problems));
  return loaded.config;
}

/** A reload between two settings, with one part whose beginnings a test makes fail. */
function world() {
  const first = settings(1000);
  const live = liveConfig(first);
  const state = { next: settings(2000), runbooks: "old", begins: [] as (() => unknown)[], runs: true, began: 0 };
  const part: Restartable = {
    of: ({ detection }) => detection,
    runs: () => state.runs,
    async restart() {
      state.runs = false;
      await state.begins.shift()?.();
      state.began++;
      state.runs = true;
    },
  };
  const reload = createReload(first, {
    ...{ live, log, clock: () => 1_768_471_200, parts: [part], taken: nothing, told: nothing },
    read: async () => ({
      ...{ config: state.next, problems: [], warnings: [] },
      ...{ hindered: async () => [], where: () => "", extensions: [], changedExtensions: [] },
    }),
    runbooks: async () => () => {
      state.runbooks = "new";
      return () => {
        state.runbooks = "old";
      };
    },
  });
  return { live, state, reload };
}

const fails = () => {
  throw new Error("the store is away");
};

describe("taking settings anew", () => {
  it("puts rules and the runbooks that they are about in place at one moment", async () => {
    const { live, state, reload } = world();
    const seen: unknown[] = [];
    state.begins = [() => seen.push([live.config.detection.series, state.runbooks])];
    await reload.now();
    assert.deepEqual(seen, [[2000, "new"]]);
    assert.equal(reload.trouble(), undefined);
  });

  it("puts all of it back where a part cannot begin with it", async () => {
    const { live, state, reload } = world();
    state.begins = [fails];
    await reload.now();
    assert.deepEqual([live.config.detection.series, state.runbooks, state.runs], [1000, "old", true]);
    assert.match(reload.trouble() ?? "", /the store is away/);
  });

  it("begins a part again that could not be put back, though its settings are those from before", async () => {
    const { state, reload } = world();
    state.begins = [fails, fails];
    await reload.now();
    assert.equal(state.runs, false);
    state.next = settings(1000);
    await reload.now();
    assert.equal(state.runs, true);
    assert.equal(reload.trouble(), undefined);
  });

  it("begins nothing any more when the bot ends, which waits for what is under way", async () => {
    const { state, reload } = world();
    const held = Promise.withResolvers<void>();
    state.begins = [() => held.promise];
    const first = reload.now();
    const second = reload.now();
    const over = reload.end().then(() => state.began);
    held.resolve();
    assert.equal(await over, 1);
    state.next = settings(3000);
    await Promise.all([first, second, reload.now()]);
    assert.equal(state.began, 1);
  });
});
