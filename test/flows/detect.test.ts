import { describe, expect, it } from "vitest";
import { type Card, plainText } from "../../src/core/card.ts";
import { thresholdFor } from "../../src/core/watch/threshold.ts";
import { readWatchWish } from "../../src/core/watch/wish.ts";
import { watching } from "../../src/flows/watching.ts";
import { anAnomaly } from "../contracts/detection.ts";
import { aWatch, course, EVERY, Watched } from "../fakes/watched.ts";

const HOUR = 3600;
const services = ["orders", "billing", "suggest"];

/** Latency of three services; that of orders is six times as long from `at` on, until `end`. */
function slowOrders(at: () => number, end: () => number = () => Number.POSITIVE_INFINITY) {
  return services.map((service) =>
    course("latency_seconds", { service }, 0.3, (now, value) =>
      service === "orders" && now >= at() && now < end() ? value * 6 : value,
    ),
  );
}

describe("a round of watching", () => {
  it("reads back once, and then asks one range query of what is new for each watch", async () => {
    const bot = await new Watched(slowOrders(() => Number.POSITIVE_INFINITY)).start();
    const first = await bot.round();
    expect(first).toMatchObject({ outcome: "done", watches: 1, series: 3, opened: 0 });
    const ranges = () => bot.metrics.sent.filter(({ window }) => window !== undefined);
    expect(ranges().map(({ window }) => window!.end - window!.start)).toEqual([3 * 86_400]);
    bot.now += EVERY;
    await bot.round();
    bot.now += 20;
    await bot.round();
    expect(
      ranges()
        .slice(1)
        .map(({ window }) => window),
    ).toEqual([{ start: bot.now - 30, end: bot.now - 30, step: EVERY }]);
  });

  it("posts what is unusual in the round that sees it, and edits the message when it is over", async () => {
    let at = Number.POSITIVE_INFINITY;
    let end = Number.POSITIVE_INFINITY;
    const bot = await new Watched(
      slowOrders(
        () => at,
        () => end,
      ),
    ).start();
    await bot.wait(HOUR);
    expect(await bot.posts()).toEqual([]);
    at = bot.now;
    bot.now += EVERY;
    await bot.round();
    const [post, ...others] = await bot.posts();
    expect(others).toEqual([]);
    expect(post?.edits).toBeUndefined();
    expect(post?.card.title).toMatch(
      /^Latency of orders: 1\.\d+ s, [56](\.\d)? times its usual \d+ to \d+ ms, since \d\d:\d\d UTC$/,
    );
    expect(post?.card.tone).toBe("warning");
    const labels = post?.card.blocks
      .flatMap((block) => (block.kind === "buttons" ? block.buttons : []))
      .map(({ label }) => label);
    expect(labels).toEqual(["Useful", "Not useful", "Expected every week", "Why?"]);
    expect(post?.card.blocks.find(({ kind }) => kind === "chart")).toMatchObject({
      chart: { band: {}, unit: "seconds" },
    });
    expect(plainText(post!.card)).toContain("Watch latency: 1 post, 0 useful in 30 days.");
    await bot.wait(HOUR);
    end = bot.now;
    await bot.posts();
    await bot.wait(HOUR);
    const last = (await bot.posts()).at(-1);
    expect(last?.edits).toBe(post?.id);
    expect(last?.card.title).toMatch(/^Over since \d\d:\d\d UTC: latency of orders was 1\.\d+ s, .* for 1 h/);
    expect(last?.card.tone).toBe("good");
    expect((await bot.store.detection.anomalies({ limit: 9 })).map(({ status }) => status)).toEqual(["over"]);
  });

  it("tells a storm of one watch in one message with a list", async () => {
    let at = Number.POSITIVE_INFINITY;
    const many = Array.from({ length: 24 }, (_, i) =>
      course("latency_seconds", { service: `s${i}` }, 0.2 + i / 100, (now, value) => (now >= at ? value * 5 : value)),
    );
    const bot = await new Watched(many).start();
    await bot.wait(HOUR);
    at = bot.now;
    bot.now += EVERY;
    await bot.round();
    const cards = await bot.cards();
    expect(cards).toHaveLength(1);
    expect(cards[0]?.title).toMatch(
      /^Latency of 24 series is unusual: s\d+, s\d+, s\d+ and 21 more, since \d\d:\d\d UTC$/,
    );
    expect(cards[0]?.blocks.find(({ kind }) => kind === "list")).toMatchObject({ items: { length: 11 } });
  });

  it("goes on after a restart without reading back, and without saying anything again", async () => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await new Watched(slowOrders(() => at)).start();
    await bot.wait(HOUR);
    at = bot.now;
    await bot.wait(HOUR);
    expect((await bot.posts()).length).toBeGreaterThan(0);
    await bot.detect.flush();
    const asked = bot.metrics.sent.length;
    await bot.start();
    bot.now += EVERY;
    await bot.round();
    const windows = bot.metrics.sent.slice(asked).flatMap(({ window }) => window ?? []);
    expect(windows.map(({ start, end }) => end - start)).toEqual([0]);
    expect(await bot.posts()).toEqual([]);
    expect((await bot.store.detection.anomalies({ limit: 9 })).length).toBe(1);
  });

  it("drops a state that cannot be read, reads back once for it, and says so", async () => {
    const bot = await new Watched(slowOrders(() => Number.POSITIVE_INFINITY)).start();
    await bot.round();
    await bot.detect.flush();
    const [round] = await bot.store.detection.rounds();
    const [state] = await bot.store.detection.states(round!.watch);
    if (state === undefined || "broken" in state) throw new Error("no state");
    await bot.store.detection.commit({ watch: round!, states: [{ ...state, detector: new Uint8Array([9, 9, 9]) }] });
    await bot.start();
    bot.now += EVERY;
    const asked = bot.metrics.sent.length;
    const report = await bot.round();
    expect(report.outcome).toBe("partly");
    expect(report.problems).toEqual(["latency: 1 stored state could not be read and begin anew."]);
    expect(bot.logged.join()).toContain("stored states of a detector could not be read");
    const windows = bot.metrics.sent.slice(asked).flatMap(({ window }) => window ?? []);
    expect(windows.map(({ start, end }) => end - start)).toEqual([3 * 86_400]);
    await bot.detect.flush();
    const after = await bot.store.detection.states(round!.watch);
    expect(after.every((one) => "detector" in one && one.detector.length > 100)).toBe(true);
  });

  it("gives a slot to one of two processes", async () => {
    const bot = await new Watched(slowOrders(() => Number.POSITIVE_INFINITY)).start();
    const first = bot.detect;
    await bot.start();
    expect((await first.round(bot.now, new AbortController().signal)).outcome).toBe("done");
    expect((await bot.detect.round(bot.now, new AbortController().signal)).outcome).toBe("taken");
    bot.now += EVERY;
    expect((await bot.round()).outcome).toBe("done");
  });
});

describe("what is no value", () => {
  it("says once that Prometheus is away, judges nothing meanwhile, and catches up", async () => {
    const bot = await new Watched(slowOrders(() => Number.POSITIVE_INFINITY)).start();
    await bot.wait(HOUR);
    bot.metrics.fail("unreachable");
    await bot.wait(HOUR);
    const [said, ...others] = await bot.cards();
    expect(others).toEqual([]);
    expect(said?.title).toMatch(/^Prometheus harbour cannot be asked, since \d\d:\d\d UTC$/);
    const from = bot.metrics.sent.length;
    bot.metrics.fail(undefined);
    bot.now += EVERY;
    await bot.round();
    const [window] = bot.metrics.sent.slice(from).flatMap((one) => one.window ?? []);
    expect(window!.end - window!.start).toBe(HOUR);
    const after = await bot.cards();
    expect(after.map(({ title }) => title)).toEqual([
      expect.stringMatching(/^Over since .*: Prometheus harbour could not be asked, for/),
    ]);
    await bot.wait(HOUR);
    expect(await bot.posts()).toEqual([]);
  });

  it("calls a target that does not answer just that, and no drop of what it measured", async () => {
    let gone = Number.POSITIVE_INFINITY;
    const requests = services.map((service) =>
      course("requests_per_second", { service, job: "shop" }, 100, (now, value) =>
        now >= gone && service === "orders" ? value / 50 : value,
      ),
    );
    const watch = aWatch({
      id: "requests",
      name: "requests",
      promql: "requests_per_second",
      unit: "per_s",
      direction: "both",
    });
    const bot = await new Watched(requests, { settings: { watches: [watch] } }).start();
    await bot.wait(HOUR);
    gone = bot.now;
    bot.down.push({ labels: { job: "shop", instance: "orders-1:8080" }, at: bot.now, value: 0 });
    await bot.wait(3 * EVERY);
    const titles = (await bot.cards()).map(({ title }) => title);
    expect(titles).toEqual([expect.stringMatching(/^Target orders-1 does not answer/)]);
    const kept = await bot.store.detection.anomalies({ limit: 9 });
    expect(kept.find(({ kind }) => kind === "unusual")?.quiet).toContain("did not answer meanwhile");
  });

  it("calls a watch that returns nothing any more silent, and one series that ended gone", async () => {
    let until = Number.POSITIVE_INFINITY;
    const bot = await new Watched(
      services.map((service) =>
        course("latency_seconds", { service }, 0.3, (now, value) =>
          now > until && service === "orders" ? Number.NaN : value,
        ),
      ),
    ).start();
    await bot.round();
    until = bot.now;
    // The fake leaves nothing out, so the query is answered without the series.
    const all = bot.metrics.range;
    bot.metrics.range = async (...args) => (await all(...args)).filter(({ labels }) => labels["service"] !== "orders");
    await bot.wait(HOUR);
    const [gone] = await bot.store.detection.anomalies({ limit: 9 });
    expect(gone).toMatchObject({ kind: "gone", subject: "orders", severity: "info", status: "open" });
    expect(await bot.posts()).toEqual([]);
    bot.metrics.range = async () => [];
    await bot.wait(HOUR);
    expect((await bot.cards()).map(({ title }) => title)).toEqual([
      expect.stringMatching(/^Latency has no data: the query returns nothing any more, since/),
    ]);
    bot.metrics.range = all;
    until = Number.POSITIVE_INFINITY;
    await bot.wait(HOUR);
    expect(await bot.store.detection.anomalies({ status: "open", limit: 9 })).toEqual([]);
  });

  it("opens nothing for what a gap makes of values, unless it lasts", async () => {
    let back = Number.POSITIVE_INFINITY;
    const bot = await new Watched(
      services.map((service) =>
        course("latency_seconds", { service }, 0.3, (now, value) =>
          now >= back && now < back + EVERY ? value * 8 : value,
        ),
      ),
    ).start();
    await bot.wait(HOUR);
    bot.now += 2 * HOUR;
    back = Math.floor(bot.now / EVERY) * EVERY;
    const all = bot.metrics.range;
    bot.metrics.range = async (promql, window, signal) =>
      (await all(promql, window, signal)).map(({ labels, points }) => ({
        labels,
        points: points.filter(([at]) => at >= back),
      }));
    await bot.wait(HOUR);
    expect(await bot.posts()).toEqual([]);
  });
});

describe("bounds", () => {
  it("follows a part of too many series, and says so", async () => {
    const many = Array.from({ length: 30 }, (_, i) => course("latency_seconds", { service: `s${i}` }, 1));
    const bot = await new Watched(many, { settings: { seriesPerWatch: 10 } }).start();
    const report = await bot.round();
    expect(report.series).toBe(10);
    expect(report.problems).toEqual([
      "latency: It matches 30 series; 10 are followed (limits.series_per_watch). Narrow the query with matchers, or split it by fewer labels.",
    ]);
    bot.now += EVERY;
    expect((await bot.round()).series).toBe(10);
  });

  it("does not ask for a million series", async () => {
    const bot = await new Watched(
      slowOrders(() => 0),
      { fake: { answers: [[/^count\(/, 1_000_000]] } },
    ).start();
    const report = await bot.round();
    expect(report.problems[0]).toMatch(
      /^latency: It matches 1,000,000 series; up to 5,000 can be asked for, so none is followed/,
    );
    expect(bot.metrics.sent.every(({ window }) => window === undefined)).toBe(true);
  });

  it("gives the budget of all watches to those that matter most", async () => {
    const series = ["a", "b"].flatMap((metric) =>
      Array.from({ length: 6 }, (_, i) => course(metric, { service: `s${i}` }, 1)),
    );
    const watches = [aWatch({ id: "a", promql: "a" }), aWatch({ id: "b", promql: "b" })];
    const bot = await new Watched(series, { settings: { watches, series: 8 } }).start();
    const report = await bot.round();
    expect(report.series).toBe(8);
    expect(report.problems).toEqual(["b: It matches 6 series, and 2 of limits.watched_series are left for it."]);
  });

  it("goes on with other watches when one query is refused", async () => {
    const watches = [aWatch({ id: "bad", promql: "bad" }), aWatch()];
    const bot = await new Watched(
      slowOrders(() => Number.POSITIVE_INFINITY),
      { settings: { watches } },
    ).start();
    bot.metrics.fail((promql) => (promql.includes("bad") ? "refused" : undefined));
    const report = await bot.round();
    expect(report).toMatchObject({ outcome: "partly", watches: 1, series: 3 });
    expect(report.problems).toEqual([expect.stringMatching(/^bad: .*too many queries/)]);
  });
});

describe("gauges", () => {
  it("tell each watched series' value and usual range, those that are unusual first", async () => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await new Watched(slowOrders(() => at)).start();
    await bot.wait(HOUR);
    at = bot.now;
    bot.now += EVERY;
    await bot.round();
    expect(bot.gauges.map(({ watch, series, severity }) => [watch, series, severity])).toEqual([
      ["latency", "orders", 2],
      ["latency", "billing", 0],
      ["latency", "suggest", 0],
    ]);
    expect(bot.gauges[0]!.value).toBeGreaterThan(bot.gauges[0]!.high!);
  });
});

describe("what people say of it", () => {
  const user = { platform: "slack", id: "U1", name: "Ana" };
  const tell = (bot: Watched, text: string, sources?: readonly string[]) => {
    const wish = readWatchWish(text);
    if (wish === undefined) throw new Error(`no wish: ${text}`);
    const scan = () => bot.detect.round(bot.now, new AbortController().signal);
    const nameOf = (concept: string) => concept;
    const deps = { store: bot.store, clock: () => bot.now, zone: "UTC", nameOf, scan, redraw: bot.detect.redraw };
    const question = { user, at: bot.now, ...(sources !== undefined && { sources }) };
    return watching(deps, question, wish, new AbortController().signal);
  };
  const clicks = (card: Card) =>
    card.blocks
      .flatMap((block) => (block.kind === "buttons" ? block.buttons : []))
      .map(({ action }) => (action.kind === "ask" ? action.text : ""));

  it("promises nothing of what has no threshold", async () => {
    const bot = await new Watched(slowOrders(() => Number.POSITIVE_INFINITY)).start();
    await bot.store.detection.commit({
      anomalies: [anAnomaly("x1", { kind: "ahead", source: "harbour", group: "x1" })],
    });
    const answer = await tell(bot, "anomaly x1 not useful");
    expect(answer.title).toBe("Noted as not useful. What is posted of this kind stays the same.");
  });

  it("counts, moves the threshold of the series, and is shown on the same message", async () => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await new Watched(slowOrders(() => at)).start();
    await bot.wait(HOUR);
    at = bot.now;
    bot.now += EVERY;
    await bot.round();
    const [post] = await bot.posts();
    const [, notUseful] = clicks(post!.card);
    const answer = await tell(bot, notUseful!);
    expect(answer.title).toMatch(/^Noted as not useful/);
    expect(plainText(answer)).toContain("Watch latency: 1 post, 0 useful, 1 not useful in 30 days.");
    const [edit] = await bot.posts();
    expect(edit?.edits).toBe(post?.id);
    expect(plainText(edit!.card)).toContain("Of this one, 1 said “not useful”.");
    const opinions = await bot.store.detection.opinions(0);
    const series = '[["service","orders"]]';
    expect(thresholdFor(opinions, "latency", series, bot.now)).toBeCloseTo(1.1);
    expect(thresholdFor(opinions, "latency", "another", bot.now)).toBeCloseTo(1.02);
    expect(thresholdFor(opinions, "errors", series, bot.now)).toBe(1);
  });

  it("keeps what is expected every week out of the channel at that time of the week", async () => {
    const from = 9 * HOUR;
    const weekly = services.map((service) =>
      course("latency_seconds", { service }, 0.3, (now, value) =>
        now % 86_400 >= from && now % 86_400 < from + HOUR && late(now) ? value * 6 : value,
      ),
    );
    let first = Number.POSITIVE_INFINITY;
    const late = (now: number) => now >= first && Math.floor((now - first) / 86_400) % 7 === 0;
    const bot = await new Watched(weekly).start();
    bot.now = Math.floor(bot.now / 86_400) * 86_400 + from - 2 * HOUR + 10;
    await bot.round();
    first = bot.now;
    await bot.wait(4 * HOUR);
    const posts = await bot.posts();
    expect(posts.length).toBeGreaterThan(0);
    await tell(bot, clicks(posts[0]!.card)[2]!);
    await bot.posts();
    bot.now += 7 * 86_400 - 5 * HOUR;
    await bot.wait(4 * HOUR);
    expect(await bot.posts()).toEqual([]);
    const [newest] = await bot.store.detection.anomalies({ limit: 1 });
    expect(newest?.quiet).toBe("somebody said that it is expected every week");
  });

  it("lists what is open and what was, and makes a round when asked, of open sources alone", async () => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await new Watched(slowOrders(() => at)).start();
    expect((await tell(bot, "anomalies")).title).toBe("Nothing is unusual now; 0 were in the last 24 h.");
    await bot.wait(HOUR);
    at = bot.now;
    bot.now += EVERY;
    const scanned = await tell(bot, "scan");
    expect(scanned.title).toBe("One thing is unusual now; 0 were in the last 24 h.");
    expect(plainText(scanned)).toMatch(/Looked just now at 3 series of 1 watch, in .*: 1 new, 0 over\./);
    expect(plainText(await tell(bot, "anomalies"))).toMatch(/Latency of orders: 1\.\d+ s/);
    expect((await tell(bot, "anomalies", ["elsewhere"])).title).toBe(
      "Nothing is unusual now; 0 were in the last 24 h.",
    );
    const [post] = await bot.posts();
    expect((await tell(bot, clicks(post!.card)[0]!, ["elsewhere"])).title).toBe("That anomaly is not known any more.");
  });
});
