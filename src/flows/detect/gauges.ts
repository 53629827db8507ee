import type { Anomaly } from "../../core/watch/anomaly.ts";
import { rankOf, subjectOf } from "../../core/watch.ts";
import type { Gauge } from "./deps.ts";
import type { WatchView } from "./share-look.ts";
import type { Thing, Together } from "./together.ts";

const MOST_GAUGES = 200;

/** How every watched series stands, those with something open first, then in the order in which watches matter. */
export function gaugesOf(
  states: Iterable<{ readonly kept: ReadonlyMap<string, WatchView>; readonly together?: Together | undefined }>,
  open: ReadonlyMap<string, Anomaly>,
): readonly Gauge[] {
  const sources = [...states];
  const bySeries = new Map([...open.values()].map((one) => [`${one.watch} ${one.series}`, one]));
  const ofThings = sources.flatMap(({ together }) =>
    together === undefined ? [] : [...together.things()].flatMap((thing) => gaugeOf(together.id, thing, bySeries)),
  );
  const single = sources.flatMap(({ kept }) =>
    [...kept.values()].flatMap(({ watch, series }) =>
      [...series].flatMap(([key, { labels, verdict, track }]) => {
        if (verdict === undefined || !Number.isFinite(verdict.value)) return [];
        const anomaly = bySeries.get(`${watch.id} ${key}`);
        const severity = anomaly === undefined ? 0 : ((rankOf(anomaly.severity) + 1) as 1 | 2 | 3);
        const { value, score } = verdict;
        // While something is open, what was usual before it: the detector learns from the anomaly itself.
        const usual = track.open?.usual ?? verdict.usual;
        const name = subjectOf(watch, labels);
        return [{ watch: watch.id, series: name, value, score, low: usual?.low, high: usual?.high, severity }] as const;
      }),
    ),
  );
  // Those with something open first, then in the order in which watches matter.
  return [...single, ...ofThings].sort((a, b) => Number(b.severity > 0) - Number(a.severity > 0)).slice(0, MOST_GAUGES);
}

/** How far several metrics of one thing are from going together: the forest's score. */
function gaugeOf(
  watch: string,
  { series, labels, verdict, track }: Thing,
  bySeries: ReadonlyMap<string, Anomaly>,
): readonly Gauge[] {
  if (verdict === undefined) return [];
  const anomaly = bySeries.get(`${watch} ${series}`);
  const severity = anomaly === undefined ? 0 : ((rankOf(anomaly.severity) + 1) as 1 | 2 | 3);
  const { low, high } = track.open?.usual ?? verdict.usual ?? {};
  return [{ watch, series: subjectOf({}, labels), value: verdict.value, score: verdict.score, low, high, severity }];
}
