import { describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import { aWatch, course, EVERY, Watched } from "../fakes/watched.ts";

const HOUR = 3600;
const watches = [
  aWatch(),
  aWatch({ id: "queue", name: "queue length", promql: "queue_length", unit: "none" }),
  aWatch({ id: "cpu", name: "CPU usage", promql: "cpu", unit: "ratio" }),
];

/** Latency of orders is six times as long from then on; the queue of billing, of which no alert is made, goes up a little with it. */
function shop(at: () => number) {
  return [
    course("latency_seconds", { service: "orders" }, 0.3, (now, value) => (now >= at() ? value * 6 : value)),
    course("latency_seconds", { service: "suggest" }, 0.2),
    course("queue_length", { service: "billing" }, 40, (now, value) => (now >= at() ? value * 1.12 : value)),
    course("cpu", { instance: "web-1" }, 0.31),
    course("cpu", { instance: "web-2" }, 0.42),
    { metric: "http_requests_total", labels: { service: "orders", code: "500" }, value: 1 },
    { metric: "slo_objective_ratio", labels: { service: "orders" }, value: 0.999 },
  ];
}

async function slow(burn: () => number) {
  let at = Number.POSITIVE_INFINITY;
  const answer = [{ labels: { service: "orders" }, at: 0, value: 0 }];
  const bot = await new Watched(
    shop(() => at),
    { settings: { watches }, fake: { answers: [[/slo_objective_ratio/, answer]] } },
  ).start();
  await bot.wait(HOUR);
  at = bot.now;
  answer[0]!.value = burn();
  bot.now += EVERY;
  await bot.round();
  return { bot, answer };
}

describe("a second look at what goes on", () => {
  it("says what moved with it, with the figure, in few queries and once", async () => {
    const { bot } = await slow(() => 0);
    const [post] = await bot.posts();
    expect(plainText(post!.card)).not.toContain("Moved with it");
    const asked = bot.metrics.sent.length;
    await bot.wait(2 * HOUR);
    const wide = bot.metrics.sent
      .slice(asked)
      .filter(({ window }) => window !== undefined && window.end - window.start > 5 * HOUR);
    expect(wide.map(({ promql }) => promql).sort()).toEqual(["cpu", "latency_seconds", "queue_length"]);
    const last = (await bot.posts()).at(-1);
    expect(last?.edits).toBe(post?.id);
    const text = plainText(last!.card);
    expect(text).toMatch(
      /Moved with it: queue length of billing \(rank correlation 0\.\d\d over 2 h\); together in time, which is no proof\./,
    );
    expect(text).not.toMatch(/CPU usage/);
    expect(text.match(/Moved with it/g)).toHaveLength(1);
  });

  it("makes it critical when the error budget burns at a pace that wakes people, and says so", async () => {
    const { bot, answer } = await slow(() => 0.2);
    const [post] = await bot.posts();
    expect(post?.card.tone).toBe("warning");
    expect(plainText(post!.card)).not.toContain("error budget");
    answer[0]!.value = 20;
    await bot.wait(2 * HOUR);
    const last = (await bot.posts()).at(-1);
    expect(last?.card.tone).toBe("danger");
    expect(plainText(last!.card)).toMatch(
      /Critical: [56](\.\d)? times its usual for 1 h( \d+ min)?; its error budget burns 20 times too fast\./,
    );
  });
});

describe("a watch of one's own", () => {
  const parts = (at: () => number) =>
    ["/pay", "/cart", "/list"].map((route) =>
      course("latency_seconds", { service: "orders", route }, 0.1, (now, value) =>
        route === "/pay" && now >= at() ? value * 12 : value,
      ),
    );
  const first = async (promql: string) => {
    let at = Number.POSITIVE_INFINITY;
    const bot = await new Watched(
      parts(() => at),
      { settings: { watches: [aWatch({ promql })] } },
    ).start();
    await bot.wait(HOUR);
    at = bot.now;
    bot.now += EVERY;
    await bot.round();
    return { bot, card: plainText((await bot.cards())[0]!) };
  };

  it("says which label value carries it, where its query keeps fewer labels than its metrics have", async () => {
    const { bot, card } = await first("sum by (service) (latency_seconds)");
    expect(card).toMatch(/Latency of orders: .* times its usual/);
    expect(card).toMatch(
      /latency of orders: route \/pay carries \d+ % of the change \(\d+ ms before, 1\.\d+ s now\)\./,
    );
    expect(bot.metrics.sent.map(({ promql }) => promql)).toContain(
      'sum by (service, route) (latency_seconds{service="orders"})',
    );
  });

  it("says nothing of that where its query cannot be asked for parts", async () => {
    const { card } = await first("quantile by (service) (0.99, latency_seconds)");
    expect(card).not.toContain("carries");
  });
});

describe("what comes back soon after it was over", () => {
  it("goes on as the same message", async () => {
    let level = 0.3;
    const wave = course("latency_seconds", { service: "orders" }, 1);
    const value = (now: number) => level * (wave.value as (at: number) => number)(now);
    const bot = await new Watched([{ ...wave, value }]).start();
    await bot.wait(HOUR);
    level = 0.37;
    await bot.wait(HOUR / 2);
    level = 0.3;
    await bot.wait(7 * EVERY);
    const [first] = await bot.posts();
    expect((await bot.store.detection.anomalies({ limit: 9 })).map(({ status }) => status)).toEqual(["over"]);
    // Worse than before: what was said is not said again.
    level = 6;
    bot.now += EVERY;
    await bot.round();
    const all = await bot.store.detection.anomalies({ limit: 9 });
    expect(all.map(({ status }) => status)).toEqual(["open"]);
    const again = await bot.posts();
    expect(again.map(({ edits }) => edits)).toEqual([first?.id]);
    expect(again[0]?.card.title).toMatch(/^Latency of orders: [56](\.\d+)? s/);
  });
});
