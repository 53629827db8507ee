import { type Effect, INCIDENTS, type Incident, strength } from "./incidents.ts";
import { drift, evenly, keyOf } from "./noise.ts";
import { createTrack, type Track } from "./track.ts";

export const HISTORY_SECONDS = 14 * 86_400;

export type TargetKey = { readonly job: string; readonly instance: string };

export type SeriesModel = {
  /** The sample's own name: with `_bucket`, `_sum` or `_count` for a histogram. */
  readonly name: string;
  /** Without `job` and `instance`, which belong to the target. */
  readonly labels: Readonly<Record<string, string>>;
  readonly target: TargetKey;
  /** The value at unix seconds `at`, or undefined while the series does not exist. */
  value(at: number): number | undefined;
};

export type Family = {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** Hardly ever changes, so history may hold it more rarely. */
  readonly steady: boolean;
  readonly series: SeriesModel[];
};

type Extra = { readonly steady?: boolean; readonly digits?: number };
type Labels = Readonly<Record<string, string>>;

/** What the families are written with. Every value in it depends on the seed, the end and the time, and on nothing else. */
export type Model = {
  /** Unix seconds: where history ends and the live exporter goes on. */
  readonly end: number;
  /** Unix seconds: where history begins. */
  readonly origin: number;
  readonly families: ReadonlyMap<string, Family>;
  readonly targets: ReadonlyMap<string, TargetKey>;
  /** A number in [0, 1) that belongs to a name. */
  share(name: string): number;
  /** Noise in [-1, 1] that belongs to a name and moves over about `period` seconds. */
  noise(name: string, at: number, period?: number): number;
  /** A named quantity, changed by every incident that names it. The first caller's `base` counts. */
  signal(name: string, base: (at: number) => number, bounds?: { readonly low?: number; readonly high?: number }): Track;
  /** Ends an incident that lasts at unix seconds `at`, not before `end`; its effects are gone `fall` seconds later. */
  mend(incident: string, at: number, fall: number): void;
  /** Whether any incident has to do with that name. */
  isEver(name: string): boolean;
  /** Whether an incident switches that name on right now. */
  isOn(name: string, at: number): boolean;
  gauge(
    target: TargetKey,
    name: string,
    help: string,
    labels: Labels,
    value: (at: number) => number | undefined,
    extra?: Extra,
  ): void;
  /** Sums `rate` (per second). Starts at zero again at each of `resets` (unix seconds, ascending). */
  counter(
    target: TargetKey,
    name: string,
    help: string,
    labels: Labels,
    rate: (at: number) => number,
    extra?: Extra & { readonly resets?: readonly number[] },
  ): void;
  /** `below(le, at)` is the share of observations not above `le`; `mean` is theirs in seconds. */
  histogram(target: TargetKey, name: string, help: string, labels: Labels, shape: HistogramShape): void;
};

export type HistogramShape = {
  readonly bounds: readonly number[];
  readonly rate: (at: number) => number;
  readonly below: (le: number, at: number) => number;
  readonly mean: (at: number) => number;
  readonly resets: readonly number[];
};

/** An empty model whose history ends at `end` (whole unix seconds). */
export function createModel(end: number, seed: number): Model {
  const origin = end - HISTORY_SECONDS;
  const families = new Map<string, Family>();
  const targets = new Map<string, TargetKey>();
  const signals = new Map<string, Track>();
  const keys = new Map<string, number>();

  function key(name: string): number {
    const known = keys.get(name);
    if (known !== undefined) return known;
    const made = keyOf(name, seed);
    keys.set(name, made);
    return made;
  }

  const effects = new Map<string, { readonly effect: Effect; readonly incident: Incident }[]>();
  for (const incident of INCIDENTS) {
    for (const effect of incident.effects)
      effects.set(effect.signal, [...(effects.get(effect.signal) ?? []), { effect, incident }]);
  }
  /** What people ended while the demo ran: since when, and how long its effects take to go. */
  const mended = new Map<string, { readonly end: number; readonly fall: number }>();
  /** Signals before what is summed of them, so that a turn reaches them first. */
  const tracks: Track[] = [];
  const effectsOn = (name: string) =>
    (effects.get(name) ?? []).map((one) => {
      const by = mended.get(one.incident.id);
      return by === undefined
        ? one
        : { effect: { ...one.effect, fall: by.fall }, incident: { ...one.incident, end: by.end } };
    });

  function trackOf(compute: (at: number) => number): Track {
    const track = createTrack(origin, compute);
    tracks.push(track);
    return track;
  }

  function add(
    target: TargetKey,
    family: Omit<Family, "series">,
    sample: string,
    labels: Labels,
    value: SeriesModel["value"],
  ): void {
    const here: TargetKey = targets.get(`${target.job} ${target.instance}`) ?? {
      job: target.job,
      instance: target.instance,
    };
    targets.set(`${here.job} ${here.instance}`, here);
    const known = families.get(family.name) ?? { ...family, series: [] };
    families.set(family.name, known);
    known.series.push({ name: sample, labels, target: here, value });
  }

  /** A counter's value: what the rate summed up to since the last reset, or since the process started before history. */
  function summed(
    target: TargetKey,
    rate: (at: number) => number,
    resets: readonly number[],
    digits: number,
  ): SeriesModel["value"] {
    const track = trackOf(rate);
    const age = (0.5 + 6 * evenly(key(`age/${target.instance}`), 0)) * 86_400;
    const scale = 10 ** digits;
    return (at) => {
      let reset: number | undefined;
      for (const time of resets) if (time <= at) reset = time;
      const total =
        reset === undefined ? track.total(at) + track.at(origin) * age : track.total(at) - track.total(reset);
      return Math.floor(total * scale) / scale;
    };
  }

  return {
    end,
    origin,
    families,
    targets,
    share: (name) => evenly(key(name), 1),
    noise: (name, at, period = 1500) => drift(key(name), at, period),
    signal(name, base, { low = 0, high = Number.POSITIVE_INFINITY } = {}) {
      const known = signals.get(name);
      if (known !== undefined) return known;
      const track = trackOf((at) => {
        let value = base(at);
        for (const { effect, incident } of effectsOn(name)) {
          const by = strength(effect, incident, end - at);
          if (by === 0) continue;
          value =
            value * (1 + ((effect.times ?? 1) - 1) * Math.min(1, by)) +
            ((effect.plus ?? 0) + (effect.perHour ?? 0)) * by;
        }
        return Math.min(high, Math.max(low, value));
      });
      signals.set(name, track);
      return track;
    },
    mend(incident, at, fall) {
      if (mended.has(incident)) return;
      mended.set(incident, { end: end - at, fall });
      for (const track of tracks) track.turn(at);
    },
    isEver: (name) => effects.has(name),
    isOn(name, at) {
      return effectsOn(name).some(({ effect, incident }) => strength(effect, incident, end - at) > 0.5);
    },
    gauge(target, name, help, labels, value, { steady = false, digits = 0 } = {}) {
      const scale = 10 ** digits;
      add(target, { name, type: "gauge", help, steady }, name, labels, (at) => {
        const exact = value(at);
        return exact === undefined ? undefined : Math.round(exact * scale) / scale;
      });
    },
    counter(target, name, help, labels, rate, { steady = false, digits = 0, resets = [] } = {}) {
      add(target, { name, type: "counter", help, steady }, name, labels, summed(target, rate, resets, digits));
    },
    histogram(target, name, help, labels, { bounds, rate, below, mean, resets }) {
      const family = { name, type: "histogram", help, steady: false } as const;
      for (const bound of bounds) {
        // A bound is written with its point ("1.0") because newer Prometheus normalises it so, and history must match.
        const le = Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
        add(
          target,
          family,
          `${name}_bucket`,
          { ...labels, le },
          summed(target, (at) => rate(at) * below(bound, at), resets, 0),
        );
      }
      const count = summed(target, rate, resets, 0);
      add(target, family, `${name}_bucket`, { ...labels, le: "+Inf" }, count);
      add(
        target,
        family,
        `${name}_sum`,
        labels,
        summed(target, (at) => rate(at) * mean(at), resets, 3),
      );
      add(target, family, `${name}_count`, labels, count);
    },
  };
}
