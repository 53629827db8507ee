import type { Verdict } from "../../core/anomaly/detector.ts";
import type { Labels } from "../../core/series.ts";
import type { Watch } from "../../core/watch.ts";
import type { RoundReport } from "./deps.ts";
import type { Followed } from "./follow.ts";
import type { Kept } from "./one-watch.ts";

/** What one look at one watch gave, as JSON keeps it. */
export type ShareLook = {
  readonly key: string;
  readonly watch: string;
  /** The process that looked. */
  readonly by: string;
  readonly report: RoundReport;
  /** New points: unix seconds. */
  readonly seen: readonly (readonly [series: string, at: number, value: number])[];
  readonly series: readonly SeriesView[];
};

type SeriesView = Pick<Followed, "labels"> & {
  readonly series: string;
  readonly value?: number | undefined;
  readonly score?: number | undefined;
  readonly usual?: Range | undefined;
};

type Range = { readonly low: number; readonly high: number };

/** How a watch stands, whoever looks at it. */
export type WatchView = {
  readonly watch: Watch;
  readonly series: ReadonlyMap<
    string,
    {
      readonly labels: Labels;
      readonly verdict: (Pick<Verdict, "value" | "score"> & { readonly usual?: Range | undefined }) | undefined;
      readonly track: { readonly open?: { readonly usual?: Range } };
    }
  >;
};

/** How the series of a watch stand. */
export function seriesOf(kept: Kept | undefined): readonly SeriesView[] {
  return [...(kept?.series ?? [])].map(([series, { labels, verdict, track }]) => {
    if (verdict === undefined || !Number.isFinite(verdict.value)) return { series, labels };
    const { value, score } = verdict;
    const { low, high } = track.open?.usual ?? verdict.usual ?? {};
    const usual = low === undefined || high === undefined ? undefined : { low, high };
    return { series, labels, value, score, usual };
  });
}

export function viewOfLook(watch: Watch, look: ShareLook): WatchView {
  const series = look.series.map(({ series, labels, value, score, usual }) => {
    const verdict = value === undefined || score === undefined ? undefined : { value, score, usual };
    return [series, { labels, verdict, track: {} }] as const;
  });
  return { watch, series: new Map(series) };
}
