import { describe, expect, it } from "vitest";
import { versionsCard } from "../../src/cards/watch-versions-card.ts";
import { plainText } from "../../src/core/card.ts";
import { activeOf, type WatchModel } from "../../src/core/watch/model.ts";
import { readWatchWish } from "../../src/core/watch/wish.ts";
import { versionOf } from "../../src/flows/detect/follow.ts";
import { type Train, train } from "../../src/flows/detect/train.ts";
import { watching } from "../../src/flows/watching.ts";
import { lookAtQuery } from "../../src/metrics/look.ts";
import type { FakeSeries } from "../fakes/metrics.ts";
import { aWatch, course, Watched } from "../fakes/watched.ts";
import { shippedPacks } from "../fakes/world.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const EVERY = 900;
const never = () => Number.POSITIVE_INFINITY;
const ana = { person: "ana", name: "Ana", platform: "terminal", account: "ana", isLinked: true };
const signal = new AbortController().signal;

/** Two services; `change` is what becomes of both. */
function services(change: (at: number, value: number, service: string) => number): readonly FakeSeries[] {
  return ["orders", "billing"].map((service) =>
    course("latency_seconds", { service }, 0.3, (at, value) => change(at, value, service)),
  );
}

async function trainer(bot: Watched): Promise<Train & { readonly logged: string[] }> {
  const logged: string[] = [];
  const made = train({
    store: bot.store,
    sources: [bot.metrics],
    packs: await shippedPacks(),
    settings: bot.settings,
    look: lookAtQuery,
    clock: () => bot.now,
    owner: "trainer",
    pause: async () => {},
    report: (level, message) => logged.push(`${level}: ${message}`),
  });
  return Object.assign(made, { logged });
}

const key = versionOf(aWatch(), EVERY);
const modelOf = async (bot: Watched): Promise<WatchModel> => (await bot.store.models.get(key))!;
const said = (bot: Watched, model: WatchModel) => plainText(versionsCard(model, { now: bot.now, zone: "UTC" }));

/** Watched for a week, with a version that was learnt then and runs beside the first. */
async function aWeekOn(series: readonly FakeSeries[]) {
  const bot = await new Watched(series, { settings: { everySeconds: EVERY } }).start();
  const trains = await trainer(bot);
  await bot.round();
  await trains.visit(bot.now, signal);
  bot.now += 7 * DAY;
  await bot.round();
  await bot.detect.flush();
  return { bot, trains };
}

describe("a watch that is learnt anew", () => {
  it("gets a version every week that runs beside the old one for a day and takes its place, through a restart", async () => {
    const { bot, trains } = await aWeekOn(services((_, value) => value));
    const report = await trains.visit(bot.now, signal);
    expect(report).toMatchObject({ outcome: "done", learnt: [{ watch: "latency", outcome: "shadow" }], problems: [] });
    const shadowed = await modelOf(bot);
    expect(shadowed.versions.map(({ number, status, why }) => [number, status, why])).toEqual([
      [1, "active", "first"],
      [2, "shadow", "weekly"],
    ]);
    const { gate, learnt } = shadowed.versions[1]!;
    expect(gate?.passed).toBe(true);
    expect(gate!.candidate.f1).toBeGreaterThanOrEqual(0.7);
    expect(learnt).toMatchObject({ series: 2, tried: 2, from: learnt!.to - 14 * DAY });
    // One is enough: nothing is learnt anew while a version runs as a shadow, and not twice a week.
    expect((await trains.visit(bot.now + 600, signal)).learnt).toEqual([]);

    await bot.wait(12 * HOUR, HOUR);
    await bot.detect.flush();
    await bot.start();
    await bot.wait(11 * HOUR, HOUR);
    expect(activeOf(await modelOf(bot)).number).toBe(1);
    await bot.wait(3 * HOUR, HOUR);
    const model = await modelOf(bot);
    expect(model.versions.map(({ number, status }) => [number, status])).toEqual([
      [1, "retired"],
      [2, "active"],
    ]);
    expect(model.versions[1]!.shadow).toMatchObject({ alerts: 0, activeAlerts: 0 });
    expect(await bot.posts()).toEqual([]);
    expect(bot.logged).toContain("info: a watch is judged by another version");
    expect(said(bot, model)).toMatch(
      /v2 in force since .*: learnt from 14 d of 2 series, as every week.* Gate passed: F1 [\d.]+, precision [\d.]+, recall [\d.]+/,
    );
    const deps = {
      store: bot.store,
      clock: () => bot.now,
      zone: "UTC",
      nameOf: String,
      scan: undefined,
      redraw: async () => {},
    };
    const ask = async (text: string, sources?: readonly string[]) => {
      const question = { user: { platform: "slack", id: "U1", name: "Ana" }, at: bot.now };
      const wish = readWatchWish(text)!;
      return plainText(await watching(deps, { ...question, ...(sources && { sources }) }, wish, signal));
    };
    expect(await ask("versions of watch Latency")).toContain("Watch latency is judged by version 2.");
    expect(await ask("watch versions latency", ["elsewhere"])).toContain('No watch is called "latency".');
    // Versions that do not judge are not counted.
    expect(await ask("anomalies")).toContain("2 series of 1 watch are followed");
    await bot.detect.flush();
    const states = await bot.store.detection.states(`${key}.v2`);
    expect(states).toHaveLength(2);
    // After a restart it goes on with that version, without reading back.
    const asked = bot.metrics.sent.length;
    await bot.start();
    bot.now += EVERY;
    await bot.round();
    const windows = bot.metrics.sent.slice(asked).flatMap(({ window }) => window ?? []);
    expect(windows.map(({ start, end }) => end - start)).toEqual([0]);
  });

  it("goes back to an earlier version by a command, which is recorded, with what is open as it stands", async () => {
    let [at, end] = [never(), never()];
    const { bot, trains } = await aWeekOn(
      services((now, value, service) => (service === "orders" && now >= at && now < end ? value * 6 : value)),
    );
    await trains.visit(bot.now, signal);
    await bot.wait(26 * HOUR, HOUR);
    expect(activeOf(await modelOf(bot)).number).toBe(2);
    at = bot.now;
    bot.now += EVERY;
    await bot.round();
    const [post] = await bot.posts();
    expect(post?.card.title).toContain("Latency of orders");

    const model = await trains.rollBack("latency", 1, ana);
    expect(said(bot, model)).toContain("v1 in force since");
    expect(said(bot, model)).toContain("(by Ana)");
    const record = await bot.store.audit.head();
    expect(record).toMatchObject({
      action: "roll back watch",
      id: "latency",
      from: "v2",
      to: "v1",
      platform: "terminal",
    });
    await bot.wait(HOUR);
    end = bot.now;
    await bot.wait(2 * HOUR, EVERY);
    const later = await bot.posts();
    expect(later.every(({ edits }) => edits === post?.id)).toBe(true);
    expect(later.at(-1)?.card.title).toMatch(/^Over since/);
    await expect(trains.rollBack("latency", 1, ana)).rejects.toThrow(
      "Version 1 of latency is in force already. You can go back to v2.",
    );
    await expect(trains.rollBack("latency", 7, ana)).rejects.toThrow(
      "latency has no version 7. You can go back to v2.",
    );
    await expect(trains.rollBack("nothing", 1, ana)).rejects.toThrow('No watch "nothing" has versions.');
  });

  it("is said not to be possible with too little history, and is tried again a week later", async () => {
    const bot = await new Watched(
      services((_, value) => value),
      {
        settings: { watches: [aWatch({ promql: "latency_seconds > 0" })] },
        fake: { answers: [[/latency_seconds > 0/, []]] },
      },
    ).start();
    const trains = await trainer(bot);
    await bot.round();
    await trains.visit(bot.now, signal);
    await expect(trains.learnNow("latency", () => {}, signal)).rejects.toThrow(
      "latency follows no series yet: it can be learnt anew once some rounds were made.",
    );
    await expect(trains.learnNow("nothing", () => {}, signal)).rejects.toThrow('No watch is called "nothing".');
    const [model] = await bot.store.models.open();
    expect(model?.tried?.problem).toContain("follows no series yet");
    expect((await trains.visit(bot.now + DAY, signal)).learnt).toEqual([]);
  });

  it("tells how far it is, asks few queries, and lets others have their turn", async () => {
    const { bot, trains } = await aWeekOn(services((_, value) => value));
    const heard: number[] = [];
    let turns = 0;
    const turn = setInterval(() => turns++, 1);
    const asked = bot.metrics.sent.length;
    await trains.learnNow("latency", (share) => heard.push(share), signal);
    clearInterval(turn);
    expect(heard.at(-1)).toBe(1);
    expect(heard).toEqual(heard.toSorted((a, b) => a - b));
    expect(turns).toBeGreaterThan(10);
    expect(bot.metrics.sent.slice(asked).filter(({ window }) => window !== undefined)).toHaveLength(1);
  });

  it("ends its model when the watch is gone, and takes it up again when it is back", async () => {
    const bot = await new Watched(
      services((_, value) => value),
      { settings: { everySeconds: EVERY } },
    ).start();
    await (await trainer(bot)).visit(bot.now, signal);
    const without = new Watched([], { store: bot.store, settings: { everySeconds: EVERY, watches: [] } });
    without.now = bot.now + 600;
    await (await trainer(without)).visit(without.now, signal);
    expect(await bot.store.models.open()).toEqual([]);
    bot.now += 1200;
    await (await trainer(bot)).visit(bot.now, signal);
    expect((await bot.store.models.open()).map(({ id }) => id)).toEqual([key]);
  });
});

describe("drift", () => {
  it("of the series is measured once a day, against the same day of the week before, and leads to a new version", async () => {
    let at = never();
    const { bot, trains } = await aWeekOn(services((now, value) => (now >= at ? value * 1.5 : value)));
    expect((await trains.visit(bot.now, signal)).drifted).toEqual([]);
    expect((await modelOf(bot)).drift).toMatchObject({ compared: 2, drifted: 0, isDrift: false });
    await bot.wait(26 * HOUR, HOUR);
    at = bot.now;
    bot.now += DAY + HOUR;
    await bot.round();
    await bot.detect.flush();
    const report = await trains.visit(bot.now, signal);
    expect(report.drifted).toEqual(["latency"]);
    expect(report.learnt).toHaveLength(1);
    const model = await modelOf(bot);
    expect(model.versions.at(-1)?.why).toBe("drift");
    expect(said(bot, model)).toMatch(/It drifted: 2 of 2 series differ from the same day a week before, at most by/);
  });
});

describe("what is stored of versions and broken", () => {
  it("is dropped, begun anew and said, without a round that fails", async () => {
    const { bot, trains } = await aWeekOn(services((_, value) => value));
    await trains.visit(bot.now, signal);
    const model = await modelOf(bot);
    const [state] = await bot.store.detection.states(`${key}.v2`);
    if (state === undefined || "broken" in state) throw new Error("no state");
    await bot.store.detection.commit({
      watch: { watch: `${key}.v2`, at: bot.now - 10, series: 2, matched: 2 },
      states: [{ ...state, detector: new Uint8Array([9]) }],
    });
    await bot.wait(HOUR, HOUR);
    expect(bot.logged.join()).toContain("stored states of a version could not be read: dropped, and learnt anew");
    const newest = await modelOf(bot);
    const broken = { ...newest, revision: newest.revision + 1, versions: "?" } as unknown as WatchModel;
    await bot.store.models.save([broken], []);
    bot.now += EVERY;
    expect((await bot.round()).outcome).toBe("done");
    expect(bot.logged.join()).toContain("stored versions of watches made no sense: dropped, and begun anew");
    expect((await modelOf(bot)).versions).toMatchObject([{ number: 1, status: "active" }]);
    expect(model.versions).toHaveLength(2);
  });
});
