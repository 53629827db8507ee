import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rolloutCard } from "../../src/cards/rollout-card.ts";
import { type Card, plainText } from "../../src/core/card.ts";
import type { ConceptPacks } from "../../src/core/concept.ts";
import type { Need, Suggested } from "../../src/core/need.ts";
import { compareRollouts, type RolloutDeps } from "../../src/flows/rollout.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { type FakeSeries, fakeMetrics } from "../fakes/metrics.ts";
import { aRun } from "../fakes/runs.ts";
import { noise } from "../fakes/watched.ts";
import { shippedPacks } from "../fakes/world.ts";

const T = 1_790_000_040; // a whole minute
const PLACE = { platform: "slack", channel: "C1", thread: "" };
const MINUTE = 60;

/** Which values a service has under both versions; `beside`: the old version goes on beside the new one. */
type Play = { readonly latency: readonly [old: number, young: number]; readonly beside?: boolean };

describe("a deployment", () => {
  let packs: ConceptPacks;
  let store: Store;
  let now = T;
  let needs: Need[] = [];
  let answer: Suggested = { kind: "refused", reason: "No runbook here can do it." };
  beforeAll(async () => {
    packs = await shippedPacks();
  });
  beforeEach(() => {
    store = createMemoryStore({ retention: RETENTION });
    [now, needs] = [T, []];
    answer = { kind: "refused", reason: "No runbook here can do it." };
  });

  function world({ latency: [old, young], beside }: Play) {
    const wobble = (value: number) => (at: number) => value * (1 + 0.05 * noise(at, 3));
    const build = (version: string, value: (at: number) => number): FakeSeries => ({
      metric: "app_build_info",
      labels: { service: "shop", version },
      value,
    });
    const latency = (labels: Record<string, string>, value: (at: number) => number): FakeSeries => ({
      metric: "http_request_duration_seconds",
      labels: { service: "shop", ...labels },
      value,
    });
    const isOld = (at: number) => at < T || beside === true;
    return fakeMetrics({
      series: [
        build("v1", (at) => (isOld(at) ? 1 : Number.NaN)),
        build("v2", (at) => (at >= T ? 1 : Number.NaN)),
        { metric: "app_build_info", labels: { service: "cart", version: "v7" }, value: 1 },
        ...(beside === true
          ? [
              latency({ version: "v1" }, wobble(old)),
              latency({ version: "v2" }, (at) => (at >= T ? wobble(young)(at) : Number.NaN)),
            ]
          : [latency({}, (at) => wobble(at < T ? old : young)(at))]),
      ],
      types: { http_request_duration_seconds: "histogram" },
      ...{ clock: () => now, environment: "production", cluster: "prod" },
    });
  }

  function deps(play: Play, more: Partial<RolloutDeps> = {}): RolloutDeps {
    return {
      ...{ store, sources: [world(play)], packs, clock: () => now, zone: "UTC", places: [PLACE] },
      ...{ posted: () => {}, report: () => {} },
      suggest: async (need) => {
        needs.push(need);
        return answer;
      },
      ...more,
    };
  }
  async function roundsUntil(end: number, on: RolloutDeps): Promise<void> {
    for (; now <= end; now += MINUTE) await compareRollouts(on, new AbortController().signal);
  }
  const cards = async (): Promise<readonly Card[]> =>
    (await store.outbox.due("slack", now, 99)).map(({ card }) => card);
  const deployed = (service: string, version = "v9") => ({ deploys: { service, environment: "production", version } });

  it("that made it slower is said to be worse within minutes, with a way back proposed once, in one message", async () => {
    answer = { kind: "proposed", proposal: { id: "prop-1" } as never, isNew: true };
    const on = deps({ latency: [0.2, 0.5] });
    await roundsUntil(T + 6 * MINUTE, on);
    expect(await cards()).toEqual([]);
    await roundsUntil(T + 9 * MINUTE, on);
    const [card] = await cards();
    expect(card?.title).toMatch(
      /^shop v1 → v2 is worse than before: p95 latency (?:4|5)\d\d ms, (?:19|20|21)\d ms before$/,
    );
    expect(plainText(card!)).toContain("proposed as prop-1: nothing is changed until it is approved");
    expect(needs).toMatchObject([
      {
        action: { type: "rollback", target: "shop" },
        ...{ environment: "production", places: [PLACE], requester: undefined },
        values: { name: { value: "shop" }, cluster: { value: "prod" } },
        cause: { kind: "anomaly", trigger: { expect: { op: ">" }, none: "fail" } },
      },
    ]);
    await roundsUntil(T + 70 * MINUTE, on);
    expect(needs).toHaveLength(1);
    expect(await store.rollouts.open()).toEqual([]);
    await roundsUntil(T + 90 * MINUTE, on);
    expect(await store.rollouts.open()).toEqual([]);
  });

  it("beside the old version is compared with it, at the same time", async () => {
    await roundsUntil(T + 17 * MINUTE, deps({ latency: [0.4, 0.2], beside: true }));
    const [one] = await store.rollouts.open();
    expect(one).toMatchObject({ how: "versions", verdict: "better", from: "v1", to: "v2", looks: 3 });
    const text = plainText(rolloutCard(one!, { now, zone: "UTC" }));
    expect(text).toContain("shop v1 → v2 is better than the version beside it");
    expect(text).toContain('version="v1"');
    expect(text).toContain('version="v2"');
    expect(needs).toEqual([]);
  });

  it("that changed nothing does as well as before", async () => {
    await roundsUntil(T + 12 * MINUTE, deps({ latency: [0.2, 0.2] }));
    const [one] = await store.rollouts.open();
    expect(one).toMatchObject({ how: "time", verdict: "same" });
    expect((await cards())[0]?.title).toBe("shop v1 → v2 does as well as before");
  });

  it("that a pipeline told of is one with what was measured", async () => {
    await store.runs.keep(aRun({ endedAt: T + 90, ...deployed("shop", "v2") }));
    await roundsUntil(T + 12 * MINUTE, deps({ latency: [0.2, 0.2] }));
    expect(await store.rollouts.open()).toHaveLength(1);
  });

  it("follows the version before it, not an older one that was there as well", async () => {
    const build = (version: string, from: number, to: number): FakeSeries => ({
      ...{ metric: "app_build_info", labels: { service: "shop", version } },
      value: (at) => (at >= from && at < to ? 1 : Number.NaN),
    });
    const world = fakeMetrics({
      series: [
        build("v1", 0, T),
        build("v2", T, T + 15 * MINUTE),
        build("v3", T + 15 * MINUTE, Number.POSITIVE_INFINITY),
      ],
      clock: () => now,
    });
    now = T + 20 * MINUTE;
    await roundsUntil(now, deps({ latency: [0, 0] }, { sources: [world] }));
    const found = (await store.rollouts.open()).map(({ from, to }) => `${from} ${to}`).sort();
    expect(found).toEqual(["v1 v2", "v2 v3"]);
  });

  it("that was taken back is still said to have been worse, whatever is there now", async () => {
    const isBad = (at: number) => at >= T && at < T + 9 * MINUTE;
    const build = (version: string, isThere: (at: number) => boolean): FakeSeries => ({
      ...{ metric: "app_build_info", labels: { service: "shop", version } },
      value: (at) => (isThere(at) ? 1 : Number.NaN),
    });
    const back = fakeMetrics({
      series: [
        build("v1", (at) => !isBad(at)),
        build("v2", isBad),
        {
          ...{ metric: "http_request_duration_seconds", labels: { service: "shop" } },
          value: (at) => (isBad(at) ? 0.5 : 0.2) * (1 + 0.05 * noise(at, 3)),
        },
      ],
      types: { http_request_duration_seconds: "histogram" },
      clock: () => now,
    });
    await roundsUntil(T + 32 * MINUTE, deps({ latency: [0, 0] }, { sources: [back] }));
    expect((await cards()).map(({ title }) => title)).toEqual([
      expect.stringContaining("v1 → v2 is worse than before"),
    ]);
  });

  it("to another environment says nothing of this one", async () => {
    const run = aRun({ endedAt: T, deploys: { service: "cart", environment: "staging", version: "v9" } });
    await store.runs.keep(run);
    await roundsUntil(T + 40 * MINUTE, deps({ latency: [0.2, 0.2] }));
    expect((await store.rollouts.open()).map(({ service }) => service)).toEqual(["shop"]);
  });

  it("of which nothing is measured is said so once, at the end", async () => {
    await store.runs.keep(aRun({ endedAt: T, ...deployed("mailer") }));
    const bare = fakeMetrics({ series: [{ metric: "up", labels: { job: "x" }, value: 1 }], clock: () => now });
    const on = deps({ latency: [0.2, 0.2] }, { sources: [bare] });
    await roundsUntil(T + 20 * MINUTE, on);
    expect(await cards()).toEqual([]);
    await roundsUntil(T + 32 * MINUTE, on);
    const [card] = await cards();
    expect(card?.title).toMatch(/^mailer v9, deployed .*, cannot be compared with what was before$/);
    expect(plainText(card!)).toContain("No measure of this service is known to me.");
  });

  it("is found and compared after Prometheus was away, and nothing is said of one that is long past", async () => {
    const source = world({ latency: [0.2, 0.5] });
    const on = deps({ latency: [0, 0] }, { sources: [source] });
    source.fail("unreachable");
    await roundsUntil(T + 10 * MINUTE, on);
    expect(await store.rollouts.open()).toEqual([]);
    source.fail(undefined);
    await roundsUntil(T + 13 * MINUTE, on);
    expect(await store.rollouts.open()).toMatchObject([
      { verdict: "worse", back: { why: "No runbook here can do it." } },
    ]);
    store = createMemoryStore({ retention: RETENTION });
    now = T + 60 * MINUTE;
    await roundsUntil(T + 62 * MINUTE, { ...on, store });
    expect(await store.rollouts.open()).toEqual([]);
  });

  it("of several at once: each has its own", async () => {
    for (const service of ["a", "b", "c"])
      await store.runs.keep(aRun({ id: service, endedAt: T, ...deployed(service) }));
    await roundsUntil(T + 2 * MINUTE, deps({ latency: [0.2, 0.2] }));
    expect((await store.rollouts.open()).map(({ service }) => service).sort()).toEqual(["a", "b", "c", "shop"]);
  });
});
