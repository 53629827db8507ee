import { describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import { guard } from "../../src/metrics/guard.ts";
import type { FakeSeries } from "../fakes/metrics.ts";
import { EVERY, noise, Watched } from "../fakes/watched.ts";

const HOUR = 3600;
const GB = 1e9;
/** Every second time that it would look. */
const LOOKS = 1200;

/** Free space of one disk: about 60 GB for weeks, and from `at` on so many bytes less a second. */
function disk(
  host: string,
  at: () => number,
  pace = (2 * GB) / HOUR,
  end = () => Number.POSITIVE_INFINITY,
): FakeSeries {
  return {
    metric: "node_filesystem_avail_bytes",
    labels: { instance: host, mountpoint: "/var", fstype: "ext4" },
    value: (now) =>
      Math.max(0, 60 * GB + 0.2 * GB * noise(now, host.length) - pace * Math.max(0, Math.min(now, end()) - at())),
  };
}

const never = () => Number.POSITIVE_INFINITY;

async function watched(series: readonly FakeSeries[], more: ConstructorParameters<typeof Watched>[1] = {}) {
  return new Watched(series, { ...more, settings: { watches: [], automatic: true, ...more.settings } }).start();
}

describe("what will run out", () => {
  it("is said hours before, once, with the time, its band and the query", async () => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await watched([disk("pg-1", () => at), disk("pg-2", never)]);
    await bot.wait(2 * HOUR, LOOKS);
    expect(await bot.posts()).toEqual([]);
    at = bot.now;
    await bot.wait(10 * HOUR, LOOKS);
    const posts = await bot.posts();
    const [first] = posts;
    expect(first?.card.title).toMatch(
      /^Disk of pg-1 \/var will be full about (tomorrow )?\d\d:\d\d UTC, in about \d+ h/,
    );
    expect(first?.card.tone).toBe("warning");
    const text = plainText(first!.card);
    expect(text).toMatch(/Now it is \d+(\.\d)? GiB\./);
    expect(text).toMatch(/between .*UTC and .*, four times of five\./);
    expect(text).toContain('instance="pg-1"');
    expect(first?.card.blocks.find(({ kind }) => kind === "chart")).toMatchObject({
      chart: { threshold: 0, series: [{ name: "pg-1 /var" }, { name: "pg-1 /var, ahead" }] },
    });
    // Anything later is an edit of that one message.
    expect(posts.filter(({ edits }) => edits === undefined)).toHaveLength(1);
    const [anomaly] = await bot.store.detection.anomalies({ limit: 9 });
    const truth = at + (60 * GB) / ((2 * GB) / HOUR);
    expect(Math.abs(anomaly!.reaches!.at - truth)).toBeLessThan(2 * HOUR);
    expect(anomaly!.openedAt).toBeLessThan(truth - HOUR / 2);
  });

  it("is critical when little time is left, and over when the trend ends", async () => {
    let at = Number.POSITIVE_INFINITY;
    let end = Number.POSITIVE_INFINITY;
    const bot = await watched([
      disk(
        "pg-1",
        () => at,
        (8 * GB) / HOUR,
        () => end,
      ),
    ]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    await bot.wait(6 * HOUR, LOOKS);
    const before = await bot.posts();
    expect(before.at(-1)?.card.tone).toBe("danger");
    end = bot.now;
    await bot.wait(9 * HOUR, LOOKS);
    const last = (await bot.posts()).at(-1);
    expect(last?.card.title).toMatch(/^Over since \d\d:\d\d UTC: disk of pg-1 \/var was about to be full$/);
    expect(last?.card.tone).toBe("good");
    expect(plainText(last!.card)).toContain("it is not to be expected any more");
  });

  it("goes on after a restart without saying it again", async () => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await watched([disk("pg-1", () => at)]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    await bot.wait(10 * HOUR, LOOKS);
    expect(await bot.store.detection.anomalies({ status: "open", limit: 9 })).toHaveLength(1);
    await bot.posts();
    await bot.start();
    await bot.wait(HOUR / 2, LOOKS);
    expect(await bot.posts()).toEqual([]);
    expect(await bot.store.detection.anomalies({ limit: 9 })).toHaveLength(1);
  });

  it("outlasts a gap in its data, and ends where there is none any more", async () => {
    let at = Number.POSITIVE_INFINITY;
    const one = { ...disk("pg-1", () => at), until: Number.POSITIVE_INFINITY };
    const bot = await watched([one]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    await bot.wait(10 * HOUR, LOOKS);
    await bot.posts();
    const [before] = await bot.store.detection.anomalies({ status: "open", limit: 9 });
    const { id } = before!;
    // Longer than Prometheus looks back for a sample, and shorter than three looks.
    one.until = bot.now - 600;
    await bot.wait(2 * 600, 600);
    one.until = Number.POSITIVE_INFINITY;
    await bot.wait(HOUR, LOOKS);
    expect((await bot.store.detection.anomalies({ status: "open", limit: 9 })).map((each) => each.id)).toEqual([id]);
    one.until = bot.now - 600;
    await bot.wait(4 * 600, 600);
    const [last] = await bot.store.detection.anomalies({ limit: 9 });
    expect(last).toMatchObject({ id, status: "over", because: ["It has no data any more."] });
  });

  it("asks little: two queries for each kind of end every ten minutes while nothing nears it", async () => {
    const bot = await watched([disk("pg-1", never)]);
    await bot.round();
    const asked = bot.metrics.sent.length;
    bot.now += EVERY;
    await bot.round();
    const about = () => bot.metrics.sent.slice(asked).filter(({ promql }) => promql.includes("avail_bytes"));
    expect(about()).toEqual([]);
    bot.now += EVERY;
    await bot.round();
    expect(about()).toHaveLength(2);
  });

  it("tells of a certificate by its date, from two weeks before", async () => {
    const expires = { at: 0 };
    const certificate: FakeSeries = {
      metric: "probe_ssl_earliest_cert_expiry",
      labels: { instance: "https://pay.example" },
      value: (now) => expires.at - now,
    };
    const bot = await watched([certificate]);
    expires.at = bot.now + 20 * 86_400;
    await bot.wait(HOUR, LOOKS);
    expect(await bot.posts()).toEqual([]);
    expires.at = bot.now + 10 * 86_400;
    await bot.wait(HOUR, LOOKS);
    const [post, ...others] = await bot.posts();
    expect(post?.card.title).toMatch(/^Certificate of .*pay\.example expires on 21 Mar \d\d:\d\d UTC, in 10 d/);
    expect(others).toEqual([]);
    // It was renewed.
    expires.at = bot.now + 90 * 86_400;
    await bot.wait(HOUR, LOOKS);
    expect((await bot.posts()).at(-1)?.card.title).toMatch(/^Over since .* was about to expire$/);
    const [anomaly] = await bot.store.detection.anomalies({ limit: 9 });
    expect(anomaly?.because).toEqual(["It has another date."]);
  });

  it("is said of one though another cannot be asked", async () => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await watched([disk("pg-1", () => at), disk("pg-2", () => at, (3 * GB) / HOUR)]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    bot.metrics.fail((promql) => (promql.includes('instance="pg-2"') ? "refused" : undefined));
    await bot.wait(10 * HOUR, LOOKS);
    const open = await bot.store.detection.anomalies({ status: "open", limit: 9 });
    expect(open.map(({ subject }) => subject)).toEqual(["pg-1 /var"]);
    bot.metrics.fail(undefined);
    await bot.wait(HOUR, LOOKS);
    expect(await bot.store.detection.anomalies({ status: "open", limit: 9 })).toHaveLength(2);
  });

  it("is said though it could not be written at first", async () => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await watched([disk("pg-1", () => at)]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    const { commit } = bot.store.detection;
    let lost = 0;
    bot.store.detection.commit = async (change) => {
      if (change.anomalies?.some(({ kind }) => kind === "ahead") && lost++ === 0) throw new Error("disk full (test)");
      return commit.call(bot.store.detection, change);
    };
    for (const end = bot.now + 10 * HOUR; bot.now < end; bot.now += LOOKS) await bot.round().catch(() => {});
    expect(lost).toBeGreaterThan(1);
    expect(await bot.store.detection.anomalies({ status: "open", limit: 9 })).toHaveLength(1);
  });

  it("never says a time that is over while it is open", async () => {
    let at = Number.POSITIVE_INFINITY;
    // What is left shrinks by a share of itself, so its end is always as far away.
    const slowing: FakeSeries = {
      ...disk("pg-1", never),
      value: (now) => 60 * GB * Math.exp(-Math.max(0, now - at) / (10 * HOUR)) + 0.01 * GB * noise(now, 3),
    };
    const bot = await watched([slowing]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    for (const end = bot.now + 30 * HOUR; bot.now < end; ) {
      await bot.wait(LOOKS, LOOKS);
      for (const { reaches, status } of await bot.store.detection.anomalies({ limit: 9 }))
        if (status === "open") expect(reaches!.at).toBeGreaterThan(bot.now);
    }
    expect(await bot.store.detection.anomalies({ limit: 9 })).not.toEqual([]);
  });

  it("is no good end when it came to that", async () => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await watched([disk("pg-1", () => at, (8 * GB) / HOUR)]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    await bot.wait(9 * HOUR, LOOKS);
    const last = (await bot.posts()).at(-1);
    expect(last?.card.title).toMatch(/^It came to that at \d\d:\d\d UTC: disk of pg-1 \/var was about to be full$/);
    expect(last?.card.tone).toBe("danger");
  });

  it("ends when nothing measures it any more", async () => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await watched([disk("pg-1", () => at)]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    await bot.wait(10 * HOUR, LOOKS);
    expect(await bot.store.detection.anomalies({ status: "open", limit: 9 })).toHaveLength(1);
    const other = await watched([{ metric: "node_load1", labels: { instance: "pg-1" }, value: 1 }], {
      store: bot.store,
    });
    other.now = bot.now + HOUR;
    await other.round();
    const [one] = await bot.store.detection.anomalies({ limit: 9 });
    expect(one).toMatchObject({ status: "over", because: ["It is not watched any more."] });
  });

  it("tells things apart whose names begin alike", async () => {
    let at = Number.POSITIVE_INFINITY;
    const host = (last: string) => `${"x".repeat(150)}-${last}`;
    const bot = await watched([disk(host("a"), () => at), disk(host("b"), () => at)]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    await bot.wait(10 * HOUR, LOOKS);
    expect(await bot.store.detection.anomalies({ status: "open", limit: 9 })).toHaveLength(2);
  });

  it("asks nothing that the guard refuses, of an error budget neither", async () => {
    let at = Number.POSITIVE_INFINITY;
    const left = (now: number) => 0.6 + 0.002 * noise(now, 5) - Math.max(0, now - at) / (20 * HOUR);
    const labels = { service: "orders", code: "500" };
    const bot = await watched([
      { metric: "http_requests_total", labels, value: left },
      { metric: "slo_objective_ratio", labels: { service: "orders" }, value: 0.99 },
    ]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    await bot.wait(6 * HOUR, LOOKS);
    const [one] = await bot.store.detection.anomalies({ status: "open", limit: 9 });
    expect(one).toMatchObject({ kind: "ahead", measure: "error budget", subject: "orders" });
    const asked = bot.metrics.sent.filter(({ promql }) => promql === one!.promql);
    expect(asked.length).toBeGreaterThan(0);
    for (const { promql, window } of asked)
      if (window !== undefined) expect(guard(promql, { kind: "range", ...window })).toMatchObject({ ok: true });
  });

  it("is said of one on its way, however many stand near their end and stay there", async () => {
    let at = Number.POSITIVE_INFINITY;
    const pod = (name: string, value: (now: number) => number): FakeSeries => ({
      metric: "redis_memory_used_bytes",
      labels: { instance: name },
      value,
    });
    const steady = Array.from({ length: 25 }, (_, n) => pod(`full-${n}`, (now) => 0.95 + 0.001 * noise(now, n)));
    const leaking = pod("leaking", (now) => 0.4 + 0.001 * noise(now, 77) + Math.max(0, now - at) / (20 * HOUR));
    const most: FakeSeries = { metric: "redis_memory_max_bytes", labels: { instance: "leaking" }, value: 1 };
    const bot = await watched([...steady, leaking, most]);
    await bot.wait(HOUR, LOOKS);
    at = bot.now;
    await bot.wait(7 * HOUR, LOOKS);
    const open = await bot.store.detection.anomalies({ status: "open", limit: 99 });
    expect(open.flatMap(({ kind, subject }) => (kind === "ahead" ? [subject] : []))).toContain("leaking");
  });
});
