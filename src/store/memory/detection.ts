import type { Anomaly, Opinion } from "../../core/watch/anomaly.ts";
import type { Detection, SeriesState, WatchRecord, WatchRound } from "../../ports/detection.ts";
import { copy } from "./copy.ts";

type KeptAnomaly = { readonly anomaly: Anomaly; readonly shown: number; readonly posted: boolean };

/** Tables of the scheduled detector in memory, for `prune` to look through. */
export type DetectionTables = {
  readonly series: Map<string, { watch: string; state: SeriesState; at: number }>;
  readonly rounds: Map<string, WatchRound>;
  readonly anomalies: Map<string, KeptAnomaly>;
  readonly opinions: Map<string, Opinion>;
};

/** What the scheduled detector keeps, in memory. */
export function memoryDetection(use: <T>(work: () => T) => Promise<T>): {
  readonly detection: Detection;
  readonly tables: DetectionTables;
} {
  const jobs = new Map<string, { slot: number; owner: string; until: number }>();
  const tables: DetectionTables = {
    series: new Map(),
    rounds: new Map(),
    anomalies: new Map(),
    opinions: new Map(),
  };
  const { series, rounds, anomalies, opinions } = tables;
  const newestFirst = () => [...anomalies.values()].reverse().sort((a, b) => b.anomaly.openedAt - a.anomaly.openedAt);

  const detection: Detection = {
    claim: (job, slot, owner, now, until) =>
      use(() => {
        const held = jobs.get(job);
        if (held !== undefined && (held.slot >= slot || (held.owner !== owner && held.until > now))) return "lost";
        jobs.set(job, { slot, owner, until });
        return held?.owner === owner ? "won" : "anew";
      }),
    release: (job, owner) =>
      use(() => {
        const held = jobs.get(job);
        if (held?.owner === owner) jobs.set(job, { ...held, until: 0 });
      }),
    states: (watch) =>
      use(() =>
        [...series.values()]
          .filter((one) => one.watch === watch)
          .map(({ state }) => copyState(state))
          .sort((a, b) => (a.series < b.series ? -1 : 1)),
      ),
    commit: ({ watch, states = [], dropped = [], anomalies: found = [] }) =>
      use(() => {
        if (watch !== undefined) {
          rounds.set(watch.watch, structuredClone(watch));
          for (const one of dropped) series.delete(keyOf(watch.watch, one));
          for (const state of states)
            series.set(keyOf(watch.watch, state.series), {
              watch: watch.watch,
              state: copyState(state),
              at: watch.at,
            });
        }
        for (const anomaly of found) {
          const before = anomalies.get(anomaly.id);
          if (before !== undefined && before.anomaly.revision >= anomaly.revision) continue;
          const { shown, posted } = before ?? { shown: 0, posted: false };
          anomalies.set(anomaly.id, { anomaly: copy(anomaly), shown, posted });
        }
      }),
    rounds: () => use(() => [...rounds.values()].map(copy).sort((a, b) => (a.watch < b.watch ? -1 : 1))),
    anomaly: (id) =>
      use(() => {
        const found = anomalies.get(id);
        return found && copy(found.anomaly);
      }),
    anomalies: ({ status, since, until = Number.POSITIVE_INFINITY, group, limit }) =>
      use(() =>
        newestFirst()
          .map(({ anomaly }) => anomaly)
          .filter((one) => status === undefined || one.status === status)
          .filter((one) => group === undefined || one.group === group)
          .filter(({ openedAt }) => openedAt <= until)
          .filter(
            (one) =>
              since === undefined || one.status === "open" || one.openedAt >= since || (one.endedAt ?? 0) >= since,
          )
          .slice(0, Math.max(0, limit))
          .map(copy),
      ),
    unshown: (limit) =>
      use(() =>
        [...anomalies.values()]
          .filter(({ anomaly, shown }) => anomaly.revision > shown)
          .slice(0, Math.max(0, limit))
          .map(({ anomaly }) => copy(anomaly)),
      ),
    shown: (id, revision, posted) =>
      use(() => {
        const one = anomalies.get(id);
        if (one !== undefined)
          anomalies.set(id, { ...one, shown: Math.max(one.shown, revision), posted: one.posted || posted });
      }),
    postedOf: (group) =>
      use(() =>
        [...anomalies.values()]
          .filter((one) => one.anomaly.group === group && one.posted)
          .map(({ anomaly }) => anomaly.id),
      ),
    judge: (opinion) =>
      use(() => {
        const key = keyOf(opinion.anomaly, opinion.by);
        const before = opinions.get(key);
        opinions.set(key, before === undefined ? copy(opinion) : { ...before, kind: opinion.kind, at: opinion.at });
      }),
    opinions: (since) =>
      use(() =>
        [...opinions.values()]
          .filter(({ at }) => at >= since)
          .sort((a, b) => a.at - b.at)
          .map(copy),
      ),
    records: (since) =>
      use(() => {
        const records = new Map<string, WatchRecord>();
        const posted = [...anomalies.values()].filter((one) => one.posted && one.anomaly.openedAt >= since);
        for (const [watch, list] of Map.groupBy(posted, ({ anomaly }) => anomaly.watch)) {
          const groupsWith = (kind: Opinion["kind"] | undefined) =>
            new Set(
              list
                .filter(({ anomaly }) =>
                  kind === undefined
                    ? true
                    : [...opinions.values()].some((one) => one.anomaly === anomaly.id && one.kind === kind),
                )
                .map(({ anomaly }) => anomaly.group),
            ).size;
          records.set(watch, {
            posts: groupsWith(undefined),
            useful: groupsWith("useful"),
            notUseful: groupsWith("not useful"),
            expected: groupsWith("expected"),
          });
        }
        return records;
      }),
  };
  return { detection, tables };
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

function copyState(state: SeriesState): SeriesState {
  return structuredClone(state);
}
