import type { Card } from "../../src/core/card.ts";
import { seriesKey } from "../../src/core/series.ts";
import type { Watch } from "../../src/core/watch.ts";
import type { DetectDeps, DetectSettings, Gauge, RoundReport } from "../../src/flows/detect/deps.ts";
import type { Raising } from "../../src/flows/detect/raise.ts";
import { type Detect, detect } from "../../src/flows/detect.ts";
import { lookAtQuery } from "../../src/metrics/look.ts";
import { splitQuery } from "../../src/metrics/split.ts";
import type { Queued } from "../../src/ports/outbox.ts";
import type { Store } from "../../src/ports/store.ts";
import { type FakeMetrics, type FakeOptions, type FakeSeries, fakeMetrics } from "./metrics.ts";
import { NOW, newStore, shippedPacks } from "./world.ts";

/** Noise that is the same for the same moment and seed, from -1 to 1. */
export function noise(at: number, seed: number): number {
  const x = Math.sin(at * 12.9898 + seed * 78.233) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

/** A series that goes its way by a daily rhythm, and `change` from then on. */
export function course(
  metric: string,
  labels: Readonly<Record<string, string>>,
  level: number,
  change: (at: number, value: number) => number = (_, value) => value,
): FakeSeries {
  const seed = seriesKey(labels).length + level;
  return {
    metric,
    labels,
    value: (at) => change(at, level * (1 + 0.1 * Math.sin((at / 86_400) * 2 * Math.PI) + 0.05 * noise(at, seed))),
  };
}

export const EVERY = 300;

export function aWatch(more: Partial<Watch> = {}): Watch {
  return {
    id: "latency",
    name: "latency",
    source: "harbour",
    promql: "latency_seconds",
    unit: "seconds",
    direction: "up",
    sensitivity: "normal",
    most: "critical",
    origin: "file",
    rank: 0,
    ...more,
  };
}

/** The scheduled detector on a Prometheus and a store in memory, with a clock that the test turns. */
export class Watched {
  now = Math.floor(NOW / EVERY) * EVERY + 10;
  readonly metrics: FakeMetrics;
  readonly store: Store;
  /** Targets that do not answer. */
  readonly down: { labels: Record<string, string>; at: number; value: number }[] = [];
  readonly logged: string[] = [];
  gauges: readonly Gauge[] = [];
  detect!: Detect;
  #owner = 0;
  #jobs: DetectDeps["jobs"];
  readonly settings: DetectSettings;
  raising: Raising | undefined;

  constructor(
    series: readonly FakeSeries[],
    options: {
      settings?: Partial<DetectSettings>;
      store?: Store;
      fake?: Partial<FakeOptions>;
      jobs?: DetectDeps["jobs"];
    } = {},
  ) {
    this.#jobs = options.jobs;
    this.metrics = fakeMetrics({
      series,
      clock: () => this.now,
      ...options.fake,
      answers: [[/^up == 0/, this.down], [/timestamp\(up/, []], ...(options.fake?.answers ?? [])],
    });
    this.store = options.store ?? newStore();
    this.settings = {
      everySeconds: EVERY,
      historySeconds: 3 * 86_400,
      series: 1000,
      seriesPerWatch: 200,
      automatic: false,
      watches: [aWatch()],
      routes: [{ place: { platform: "slack", channel: "C1", thread: "" }, least: "warning" }],
      zone: "UTC",
      ...options.settings,
    };
  }

  /** As after a restart: nothing is known but what is stored. */
  async start(): Promise<this> {
    this.detect = detect({
      store: this.store,
      sources: [this.metrics],
      packs: await shippedPacks(),
      settings: this.settings,
      look: lookAtQuery,
      split: splitQuery,
      clock: () => this.now,
      elapsed: () => this.now,
      owner: `process ${++this.#owner}`,
      posted: () => {},
      raising: this.raising,
      ...(this.#jobs !== undefined && { jobs: this.#jobs }),
      observe: (_, gauges) => {
        this.gauges = gauges;
      },
      report: (level, message) => this.logged.push(`${level}: ${message}`),
    });
    return this;
  }

  round(): Promise<RoundReport> {
    return this.detect.round(this.now, new AbortController().signal);
  }

  /** Rounds at the usual distance or another, for so many seconds. */
  async wait(seconds: number, every = EVERY): Promise<RoundReport> {
    let last = await this.round();
    for (const end = this.now + seconds; this.now < end; ) {
      this.now += every;
      last = await this.round();
    }
    return last;
  }

  /** Messages as they were handed to the outbox and not taken from it yet, oldest first. */
  async posts(): Promise<readonly Queued[]> {
    const all: Queued[] = [];
    for (;;) {
      const due = await this.store.outbox.due("slack", this.now, 100);
      if (due.length === 0) return all;
      for (const one of due) {
        all.push(one);
        await this.store.outbox.sent(one.id, `ref of ${one.id}`, this.now);
      }
    }
  }

  async cards(): Promise<readonly Card[]> {
    return (await this.posts()).map(({ card }) => card);
  }
}
