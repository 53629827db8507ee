import { beforeEach, describe, expect, it } from "vitest";
import { anomalyCard } from "../../src/cards/anomaly-card.ts";
import { plainText } from "../../src/core/card.ts";
import type { Run } from "../../src/core/ci/run.ts";
import { takesRuns } from "../../src/flows/ci.ts";
import { ciList } from "../../src/flows/ci-list.ts";
import type { Store } from "../../src/ports/store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { RETENTION } from "../contracts/store.ts";
import { aRun } from "../fakes/runs.ts";

const START = 1_790_000_000;
const HOUR = 3600;

describe("runs that are told of", () => {
  let store: Store;
  let now = START;
  let changes = 0;
  let count = 0;
  let take: ReturnType<typeof takesRuns>;
  beforeEach(() => {
    store = createMemoryStore({ retention: RETENTION });
    [now, changes, count] = [START, 0, 0];
    take = takesRuns({ store, clock: () => now, troubleOf: () => "both", changed: () => changes++ });
  });

  /** The next run, an hour after the one before. */
  function next(seconds = 300, more: Partial<Run> = {}): Promise<Awaited<ReturnType<typeof take>>> {
    now += HOUR;
    return take(aRun({ id: `run-${++count}`, startedAt: now - seconds, endedAt: now, commit: `c${count}`, ...more }));
  }
  const usual = async (runs = 20): Promise<void> => {
    for (let i = 0; i < runs; i++) await next(300 + (i % 5) * 4);
  };
  const anomalies = () => store.detection.anomalies({ since: 0, limit: 99 });
  const titles = async () =>
    (await anomalies()).map(
      (one) =>
        plainText(anomalyCard([one], { now, zone: "UTC", record: RECORD, opinions: [], near: [] })).split("\n")[0],
    );
  const RECORD = { posts: 0, useful: 0, notUseful: 0, expected: 0 };

  it("are kept and, where they are as usual, pass", async () => {
    await usual();
    expect(await next()).toMatchObject({ status: "taken", verdict: "pass", findings: [], compared_with: 20 });
    expect(await anomalies()).toEqual([]);
    expect(changes).toBe(0);
  });

  it("that take far longer are one anomaly that goes on and ends, and let a pipeline stop", async () => {
    await usual();
    const slow = await next(900, { url: "https://ci.example/21" });
    expect(slow).toMatchObject({ verdict: "fail", findings: [expect.stringContaining("duration 15 min, usually")] });
    await next(960);
    expect(await titles()).toEqual([
      "Duration of acme/shop Tests on main: 16 min, 3.1 times its usual 4 min 46 s to 5 min 30 s, since 10:58 UTC",
    ]);
    await next();
    const [one] = await anomalies();
    expect(one).toMatchObject({ status: "over", severity: "warning", endedAt: now, revision: 3 });
    expect(one?.points.at(-1)).toEqual([now - HOUR, 960]);
    expect(await titles()).toEqual([
      expect.stringContaining("Over since 13:13 UTC: duration of acme/shop Tests on main was 16 min"),
    ]);
    expect(changes).toBe(3);
  });

  it("of a branch are judged by those of the branch that it is to be merged into", async () => {
    await usual();
    const topic = { branch: "topic", isMain: false, base: "main", pullRequest: 12 };
    const slow = await next(900, topic);
    expect(slow).toMatchObject({
      ...{ verdict: "fail", compared_with: 20, compared_branch: "main" },
      findings: [expect.stringMatching(/^acme\/shop Tests on topic: duration 15 min, usually .* on main\.$/)],
      numbers: { duration_seconds: { value: 900, is_unusual: true, usual: { typical: 308 } } },
    });
    expect(slow.reason).toMatch(/^Unlike earlier runs on main: duration 15 min, usually .*\.$/);
    for (let i = 0; i < 9; i++) await next(900, topic);
    expect((await next(900, topic)).verdict).toBe("fail"); // its own are no yardstick
    expect(await next(310, topic)).toMatchObject({ verdict: "pass", reason: "As usual on main: duration." });
    const other = await next(900, { ...topic, base: "release-1" });
    expect(other).toMatchObject({ verdict: "pass", compared_branch: "topic" });
  });

  it("that fail without need are one anomaly, until one ends well", async () => {
    await usual();
    await next(300, { outcome: "failure" });
    expect(await anomalies()).toEqual([]);
    const failed = await next(300, { outcome: "failure" });
    expect(failed).toMatchObject({ verdict: "not judged", reason: "The run failed, so that its numbers say nothing." });
    expect(failed.findings[0]).toMatch(/^2 of the last 2 runs failed; 0 of the 20 before did\.$/);
    expect(failed.next_failure_probability).toBeGreaterThan(0.15);
    await next(300, { outcome: "failure" });
    expect(await titles()).toEqual([
      expect.stringMatching(
        /^Pipeline acme\/shop Tests on main fails: 3 of its last 3 runs, none of the 20 before, since 1\d:\d\d UTC$/,
      ),
    ]);
    await next(5, { outcome: "cancelled" });
    expect((await anomalies())[0]?.status).toBe("open");
    await next();
    expect(await titles()).toEqual([
      expect.stringMatching(/^Over since .*: pipeline acme\/shop Tests on main failed: 3 of/),
    ]);
  });

  it("that do not tell when they began have no duration to be judged by, nor to be said", async () => {
    for (let i = 0; i < 10; i++) await next(0);
    expect(await next(300)).toMatchObject({
      verdict: "not judged",
      reason: "Too few earlier successful runs on main to compare with: 0, and 8 are needed.",
      numbers: { duration_seconds: { value: 300, usual: null, is_unusual: false } },
    });
    for (let i = 0; i < 3; i++) await next(0, { outcome: "failure" });
    expect((await anomalies())[0]?.because).toEqual(["The run of c14 failed."]);
    const deps = { store, now, zone: "UTC", teamOf: () => undefined };
    expect(plainText(await ciList(deps, { kind: "pipelines", project: undefined }))).toContain("5 min");
  });

  it("of a branch in work are listed and not posted, those that deploy are", async () => {
    const topic = { branch: "topic", isMain: false };
    for (let i = 0; i < 10; i++) await next(300, topic);
    await next(900, topic);
    expect(await anomalies()).toMatchObject([{ severity: "info", quiet: "it is not the main branch" }]);
  });

  it("of a branch that is gone leave nothing open, also over a restart", async () => {
    const topic = { branch: "topic", isMain: false };
    for (let i = 0; i < 10; i++) await next(300, topic);
    await next(900, topic);
    await usual(10);
    await next(900);
    now += 10 * 86_400;
    await next(900);
    now += 5 * 86_400;
    take = takesRuns({ store, clock: () => now, troubleOf: () => "both", changed: () => changes++ });
    await next(900);
    expect(await anomalies()).toMatchObject([
      { status: "open", labels: { branch: "main" } },
      { status: "over", labels: { branch: "topic" }, because: ["Its pipeline told of no run for 14 d."] },
    ]);
    await next();
    expect((await store.detection.anomalies({ status: "open", limit: 9 })).length).toBe(0);
  });

  it("of a history that is told of afterwards are kept, and nobody is told of what was unusual then", async () => {
    const later = START + 60 * 86_400;
    const tellAll = takesRuns({ store, clock: () => later, troubleOf: () => "both", changed: () => changes++ });
    for (let i = 0; i < 10; i++) await tellAll(aRun({ id: `m${i}`, endedAt: START + i * HOUR }));
    const slow = aRun({ id: "slow", startedAt: START + 20 * HOUR, endedAt: START + 21 * HOUR });
    expect(await tellAll(slow)).toMatchObject({ verdict: "fail" });
    expect(await anomalies()).toMatchObject([{ quiet: "the run ended more than a day before it was told of" }]);
  });

  it("are one anomaly where two replicas judge two of them at the same moment", async () => {
    await usual();
    const deps = { store, clock: () => now, troubleOf: () => "both" as const, changed: () => changes++ };
    const [here, there] = [takesRuns(deps), takesRuns(deps)];
    const slow = (id: string) => aRun({ id, startedAt: now + 60, endedAt: now + 960 });
    now += 1000;
    await Promise.all([here(slow("one")), there(slow("other"))]);
    expect(await anomalies()).toHaveLength(1);
    take = there;
    await next();
    expect(await anomalies()).toMatchObject([{ status: "over" }]);
  });

  it("end what another replica opened", async () => {
    await usual();
    const here = take;
    take = takesRuns({ store, clock: () => now, troubleOf: () => "both", changed: () => changes++ });
    await next(900);
    take = here;
    await next();
    expect(await anomalies()).toMatchObject([{ status: "over" }]);
  });

  it("change nothing when they are told again, or late", async () => {
    await usual();
    const slow = aRun({ id: "slow", startedAt: now, endedAt: now + 900 });
    now += 1000;
    expect((await take(slow)).status).toBe("taken");
    const before = await anomalies();
    expect(await take(slow)).toMatchObject({ status: "known", verdict: "fail" });
    const late = aRun({ id: "late", startedAt: START - HOUR, endedAt: START - 60 });
    expect(await take(late)).toMatchObject({ status: "taken", compared_with: 0 });
    expect(await anomalies()).toEqual(before);
  });

  it("are judged again when a crash kept a judged one from being kept", async () => {
    await usual();
    const slow = aRun({ id: "slow", startedAt: now, endedAt: now + 900 });
    const broken = takesRuns({
      store: { ...store, runs: { ...store.runs, keep: async () => Promise.reject(new Error("cut off")) } },
      ...{ clock: () => now, troubleOf: () => "both", changed: () => {} },
    });
    await expect(broken(slow)).rejects.toThrow("cut off");
    expect(await take(slow)).toMatchObject({ status: "taken", verdict: "fail" });
    expect(await anomalies()).toHaveLength(1);
  });

  it("come one after the other, also when many are told at once", async () => {
    const runs = Array.from({ length: 30 }, (_, i) => aRun({ id: `m${i}`, endedAt: START + i * HOUR }));
    const taken = await Promise.all(runs.map(take));
    expect(taken.map((one) => one.compared_with)).toEqual(runs.map((_, i) => i));
  });

  it("are listed with how they did and what is to be expected, the failing ones first", async () => {
    await usual(12);
    await next(300, { pipeline: "Lint" });
    await next(300, { pipeline: "Lint", outcome: "failure" });
    const deps = { store, now, zone: "UTC", teamOf: () => undefined };
    const text = plainText(await ciList(deps, { kind: "pipelines", project: undefined }));
    expect(text).toContain("1 of 2 pipelines of main branches fails.");
    expect(text.indexOf("acme/shop Lint")).toBeLessThan(text.indexOf("acme/shop Tests"));
    expect(text).toMatch(/Brier score 0\.0\d\d over 7 runs, against 0\.0\d\d/);
    const other = await ciList(deps, { kind: "pipelines", project: "cart" });
    expect(other.title).toBe("No pipeline of cart told of a run in 30 days.");
  });

  it("that deploy make the four figures, by project and team", async () => {
    const to = (environment: string, version: string) => ({ deploys: { service: "shop", environment, version } });
    await next(300, { ...to("production", "v1"), committedAt: now });
    await next(300, to("staging", "v9"));
    await next(300, { ...to("production", "v2"), project: "acme/cart" });
    const deps = {
      store,
      now,
      zone: "UTC",
      teamOf: (project: string) => (project === "acme/cart" ? "payments" : undefined),
    };
    const text = plainText(await ciList(deps, { kind: "dora", days: 7 }));
    expect(text).toContain("In 7 days: 2 deployments (2 a week), 0 % of them failed.");
    for (const part of ["acme/shop", "acme/cart", "team payments", "1 h", "Deployments to production."])
      expect(text).toContain(part);
    expect(text).toContain("The first of them was 2 h ago.");
    await next(300, { ...to("production", "v3"), outcome: "failure" });
    expect((await ciList({ ...deps, now }, { kind: "dora", days: 7 })).title).toBe(
      "In 7 days: 2 deployments (2 a week); 33.3 % of 3 tries failed.",
    );
    expect(plainText(await ciList({ ...deps, now: now + 99 * 86_400 }, { kind: "dora", days: 7 }))).toContain(
      "No deployment was told of",
    );
  });
});
