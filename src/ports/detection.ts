import type { ForecastScore, KeptForecast } from "../core/forecast/score.ts";
import type { Labels } from "../core/series.ts";
import type { Anomaly, Opinion } from "../core/watch/anomaly.ts";
import type { Track } from "../core/watch/track.ts";

/** What is kept of watching and forecasts. */

/** Forecasts, kept until what they spoke of has come, and how they turned out. */
export interface Forecasts {
  /** False when one with that id is there; the first one stays. */
  keep(forecast: KeptForecast): Promise<boolean>;
  /** Those without a score whose last step has come by then (unix seconds), oldest first; only those of that series, where one is given. */
  due(
    now: number,
    limit: number,
    of?: Pick<KeptForecast, "source" | "promql" | "series">,
  ): Promise<readonly KeptForecast[]>;
  /** Those made since then (unix seconds), scored or not, newest first, at most `limit`. */
  made(since: number, limit: number): Promise<readonly KeptForecast[]>;
  /** How it turned out. False when there is no such forecast or it has a score; the first one stays. */
  score(id: string, score: ForecastScore): Promise<boolean>;
  /** Scores of forecasts about that, the one made last first. */
  scores(about: string, limit: number): Promise<readonly ForecastScore[]>;
}

/** What is kept of one watched series between rounds. `detector` is the detector's own bytes. */
export type SeriesState = {
  readonly series: string;
  readonly labels: Labels;
  readonly track: Track;
  readonly detector: Uint8Array;
};

/** How one watch stands. `watch` is its key: id and version. */
export type WatchRound = {
  readonly watch: string;
  /** Unix seconds: up to where its points were read, by the states that are kept. */
  readonly at: number;
  /** Series that are followed, and those that the query returns. */
  readonly series: number;
  readonly matched: number;
  /** Why it could not be asked or is not followed whole. */
  readonly problem?: string;
};

/** What belongs together: all of it is kept, or nothing. */
export type DetectionChange = {
  readonly watch?: WatchRound;
  readonly states?: readonly SeriesState[];
  /** Series of that watch whose states go. */
  readonly dropped?: readonly string[];
  readonly anomalies?: readonly Anomaly[];
};

/** How often something of a watch was posted lately, and what people said of it. Each post counts once. */
export type WatchRecord = {
  readonly posts: number;
  readonly useful: number;
  readonly notUseful: number;
  readonly expected: number;
};

/** What the scheduled detector keeps: states of series, anomalies, what people said of them, and who runs it. */
export interface Detection {
  /**
   * Takes the slot of a job (unix seconds when it was planned) until `until`. `won`: it is ours, and so was the slot before. `anew`: it is ours, and
   * somebody else had the one before, or nobody. `lost`: somebody has that slot or a later one, or is still at work on an earlier one.
   */
  claim(job: string, slot: number, owner: string, now: number, until: number): Promise<"won" | "anew" | "lost">;
  /** The work on the slot has ended. Does nothing for anybody but its owner. */
  release(job: string, owner: string): Promise<void>;
  /** States of one watch. One that cannot be read comes with why. */
  states(watch: string): Promise<readonly (SeriesState | { readonly series: string; readonly broken: string })[]>;
  /** Once it resolves, all of it outlives a crash. An anomaly replaces the one of its id when its revision is higher. */
  commit(change: DetectionChange): Promise<void>;
  rounds(): Promise<readonly WatchRound[]>;
  anomaly(id: string): Promise<Anomaly | undefined>;
  /** Newest first, at most `limit`. `since`: open, or ended or opened since then (unix seconds); `until`: opened then or before. */
  anomalies(wanted: {
    readonly status?: Anomaly["status"];
    readonly since?: number;
    readonly until?: number;
    readonly group?: string;
    readonly limit: number;
  }): Promise<readonly Anomaly[]>;
  /** Those whose message does not show their revision yet, oldest first. */
  unshown(limit: number): Promise<readonly Anomaly[]>;
  /** `posted`: a message of it went out. Never takes it back to an older revision. */
  shown(id: string, revision: number, posted: boolean): Promise<void>;
  /** Ids of the anomalies of a group that people were told of. */
  postedOf(group: string): Promise<readonly string[]>;
  /** The last word of each person about an anomaly counts. */
  judge(opinion: Opinion): Promise<void>;
  /** Last words about anomalies since then (unix seconds). */
  opinions(since: number): Promise<readonly Opinion[]>;
  /** By id of the watch, since then (unix seconds). */
  records(since: number): Promise<ReadonlyMap<string, WatchRecord>>;
}
