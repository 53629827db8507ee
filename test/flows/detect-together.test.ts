import { describe, expect, it } from "vitest";
import { plainText } from "../../src/core/card.ts";
import { anAnomaly } from "../contracts/detection.ts";
import { aWatch, EVERY, noise, Watched } from "../fakes/watched.ts";

const HOUR = 3600;

/** What traffic does, by hours of its own: the same waves for the same host. */
function wave(at: number, seed: number): number {
  return [2.1, 3.7, 5.3, 11.9].reduce((sum, hours, i) => sum + Math.sin(at / (hours * 600) + seed * (i + 1)), 0) / 3;
}

/** Hosts whose cpu and load follow their traffic; those of web-1 go the other way than its traffic from then on, within an hour. */
function hosts(from: () => number, to: () => number) {
  return ["web-1", "web-2"].flatMap((instance, seed) => {
    const labels = { instance };
    const led = (at: number) => {
      const other = instance !== "web-1" || at < from() || at >= to() ? 0 : Math.min(1, (at - from()) / HOUR);
      return 100 + 30 * ((1 - other) * wave(at, seed) + other * -wave(at, seed));
    };
    return [
      { metric: "traffic", labels, value: (at: number) => 100 + 30 * wave(at, seed) + 2 * noise(at, seed) },
      { metric: "cpu", labels, value: (at: number) => 0.05 + 0.003 * led(at) + 0.008 * noise(at, seed + 10) },
      { metric: "load", labels, value: (at: number) => 0.2 + 0.02 * led(at) + 0.06 * noise(at, seed + 20) },
    ];
  });
}

const watches = [
  aWatch({ id: "traffic", name: "requests", promql: "traffic", unit: "per_s", noun: "req", direction: "both" }),
  aWatch({ id: "cpu", name: "CPU usage", promql: "cpu", unit: "ratio", sensitivity: "low" }),
  aWatch({ id: "load", name: "load", promql: "load", unit: "none", sensitivity: "low" }),
];
const forest = { trees: 100, contamination: 0.01 };

async function parting(more: Record<string, unknown> = {}) {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.POSITIVE_INFINITY;
  const settings = { watches: watches.map((one) => ({ ...one, sensitivity: "low" as const })), forest, ...more };
  const bot = await new Watched(
    hosts(
      () => from,
      () => to,
    ),
    { settings },
  ).start();
  return {
    bot,
    part: () => {
      from = bot.now;
    },
    join: () => {
      to = bot.now;
    },
  };
}

describe("several metrics of one thing", () => {
  it("are posted as one message when they part while each is as usual, and it ends when they go together again", async () => {
    const { bot, part, join } = await parting();
    await bot.wait(2 * HOUR);
    expect(await bot.posts()).toEqual([]);
    part();
    await bot.wait(2 * HOUR);
    const [post, ...others] = await bot.posts();
    expect(others).toEqual([]);
    expect(post?.card.title).toMatch(
      /^(CPU usage of web-1: [\d.]+ %|Load of web-1: [\d.]+), where its other metrics suggest [\d.]+ to [\d.]+( %)?, since \d\d:\d\d UTC$/,
    );
    const text = plainText(post!.card);
    expect(text).toContain("No single one of its 3 metrics was unusual by itself: together they were.");
    expect(text).toMatch(/equests: [\d.]+\/s then, where the others suggest [\d.]+ to [\d.]+\/s/);
    expect(text).toContain("Watch together: 1 post");
    expect(post?.card.blocks.find(({ kind }) => kind === "chart")).toMatchObject({ chart: { band: {} } });
    const all = await bot.store.detection.anomalies({ limit: 9 });
    expect(all.map(({ watch, subject, severity }) => [watch, subject, severity])).toEqual([
      ["together", "web-1", "warning"],
    ]);
    join();
    await bot.wait(2 * HOUR);
    const last = (await bot.posts()).at(-1);
    expect(last?.edits).toBe(post?.id);
    expect(last?.card.title).toMatch(/^Over since \d\d:\d\d UTC: (CPU usage|load) of web-1 was /);
  });

  it("go on after a restart where they were, and say nothing twice", async () => {
    const { bot, part } = await parting();
    await bot.wait(2 * HOUR);
    part();
    await bot.wait(2 * HOUR);
    expect((await bot.posts()).length).toBe(1);
    await bot.detect.flush();
    await bot.start();
    const asked = bot.metrics.sent.length;
    const report = await bot.wait(HOUR);
    expect(report.problems).toEqual([]);
    const windows = bot.metrics.sent.slice(asked).flatMap(({ window }) => window ?? []);
    // Nothing is read back: what is wide is for the second look at what is open.
    expect(windows.every(({ start, end }) => end - start < 12 * HOUR)).toBe(true);
    expect((await bot.posts()).filter(({ edits }) => edits === undefined)).toEqual([]);
    expect(await bot.store.detection.anomalies({ limit: 9 })).toHaveLength(1);
  });

  it("drop a state that cannot be read, and say so", async () => {
    const { bot } = await parting();
    await bot.round();
    await bot.detect.flush();
    const round = (await bot.store.detection.rounds()).find(({ watch }) => watch.startsWith("together@"));
    const states = await bot.store.detection.states(round!.watch);
    expect(states.map(({ series }) => series)).toEqual(['[["instance","web-1"]]', '[["instance","web-2"]]']);
    const [state] = states;
    if (state === undefined || "broken" in state) throw new Error("no state");
    await bot.store.detection.commit({
      watch: round!,
      states: [{ ...state, detector: new Uint8Array([0, 0, 0, 9, 1]) }],
    });
    await bot.start();
    bot.now += EVERY;
    expect((await bot.round()).problems).toEqual(["together: 1 stored state could not be read and begin anew."]);
    bot.now += EVERY;
    expect((await bot.round()).problems).toEqual([]);
  });

  it("are a sentence in the message about a single one of them that is unusual", async () => {
    const { bot, part } = await parting();
    await bot.wait(2 * HOUR);
    const [open] = [
      anAnomaly("single", {
        source: "harbour",
        watch: "cpu",
        measure: "CPU usage",
        labels: { instance: "web-1" },
        series: "s",
        subject: "web-1",
        promql: "cpu",
        group: "single",
      }),
    ];
    await bot.detect.flush();
    await bot.store.detection.commit({ anomalies: [open!] });
    await bot.start();
    part();
    await bot.wait(2 * HOUR);
    const all = await bot.store.detection.anomalies({ limit: 9 });
    expect(all.map(({ id }) => id)).toEqual(["single"]);
    expect(all[0]?.because.join()).toMatch(
      /Its metrics do not go together as they use to: .*, where the others suggest /,
    );
  });

  it("are not looked at where that is switched off", async () => {
    const { bot, part } = await parting({ forest: undefined });
    await bot.wait(HOUR);
    part();
    await bot.wait(2 * HOUR);
    expect(await bot.posts()).toEqual([]);
    expect((await bot.store.detection.rounds()).length).toBe(3);
  });
});
