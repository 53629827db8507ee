import { describe, expect, it } from "vitest";
import { rolloutTitle } from "../../src/cards/rollout-card.ts";
import type { Run } from "../../src/core/ci/run.ts";
import type { Rollout } from "../../src/core/rollout/rollout.ts";
import { DEPLOYS } from "../../src/demo/incidents.ts";
import { compareRollouts } from "../../src/flows/rollout.ts";
import { loadPacks } from "../../src/metrics/packs.ts";
import { createPrometheus } from "../../src/metrics/prometheus.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { aRun } from "../fakes/runs.ts";
import { realServers } from "./real.ts";

const { servers } = realServers();

describe("deployments in a real Prometheus", () => {
  it("are called worse where they broke something, and nowhere else", { timeout: 120_000 }, async ({ skip }) => {
    const real = servers(skip);
    const packs = await loadPacks([]);
    const { end } = real.world;
    let now = end;
    const settings = { name: "demo", url: real.url, default: true, timeoutMs: 10_000, maxConcurrent: 4 };
    const source = createPrometheus({ ...settings, refreshMs: 300_000, headers: {} } as never, {
      clock: () => now,
      log: () => {},
    });
    const follow = async (at: number, runs: readonly Run[] = []): Promise<readonly Rollout[]> => {
      const store = createMemoryStore({ retention: RETENTION });
      for (const run of runs) await store.runs.keep(run);
      for (const minutes of [3, 8, 16, 31]) {
        now = Math.min(end, at + minutes * 60);
        await compareRollouts(
          {
            ...{ store, sources: [source], packs, clock: () => now, zone: "UTC", places: [], posted: () => {} },
            ...{ report: () => {}, suggest: async () => ({ kind: "refused" as const, reason: "" }) },
          },
          new AbortController().signal,
        );
      }
      return store.rollouts.open();
    };
    const bad = DEPLOYS.at(-1)!;
    const [one, ...others] = await follow(end - bad.ago);
    expect(others).toEqual([]);
    expect(one).toMatchObject({ service: "orders", from: "4.11.1", to: "4.12.0", verdict: "worse", how: "time" });
    expect(rolloutTitle(one!, { now, zone: "UTC" })).toMatch(
      /^orders 4\.11\.1 → 4\.12\.0 is worse than before: error ratio \d.* %, .* before, p95 latency .* s, \d+ ms before$/,
    );
    // Deployments that changed nothing, as pipelines tell of them, while nothing was wrong.
    const quiet = end - bad.ago - 2400;
    const names = ["storefront", "basket", "orders", "billing", "inventory", "accounts"];
    const told = names.map((service) =>
      aRun({ id: service, endedAt: quiet, deploys: { service, environment: "production", version: "same" } }),
    );
    const same = await follow(quiet, told);
    expect(same.map(({ service }) => service).sort()).toEqual([...names].sort());
    expect(same.filter(({ verdict }) => verdict === "worse" || verdict === "better")).toEqual([]);
    expect(same.filter(({ verdict }) => verdict === "same").length).toBeGreaterThan(4);
    await source.stop();
  });
});
