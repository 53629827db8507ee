import type { SQLInputValue } from "node:sqlite";
import type { Detection, DetectionChange, WatchRecord } from "../../ports/detection.ts";
import type { GroupCommit } from "../group-commit.ts";
import { AnomalyRow, IdRow, OpinionRow, RecordRow, SeriesStateRow, SlotRow, WatchRoundRow } from "../rows-detection.ts";
import { atMost, type Statements } from "./statements.ts";

/** What the scheduled detector keeps, in the store's file. Writes of one `commit` are one transaction. */
export function sqliteDetection(sql: Statements, group: GroupCommit): Detection {
  const run = (text: string, values: readonly SQLInputValue[]) => group.add(() => sql.run(text, values));
  return {
    claim: (job, slot, owner, now, until) =>
      group.add(() => {
        const [held] = sql.all(SlotRow, "SELECT slot, owner, until FROM jobs WHERE job = ?", [job]);
        if (held !== undefined && (held.slot >= slot || (held.owner !== owner && held.until > now))) return "lost";
        sql.run(
          `INSERT INTO jobs (job, slot, owner, until) VALUES (?, ?, ?, ?)
           ON CONFLICT (job) DO UPDATE SET slot = excluded.slot, owner = excluded.owner, until = excluded.until`,
          [job, slot, owner, until],
        );
        return held?.owner === owner ? "won" : "anew";
      }),
    async release(job, owner) {
      await run("UPDATE jobs SET until = 0 WHERE job = ? AND owner = ?", [job, owner]);
    },
    async states(watch) {
      return sql.all(
        SeriesStateRow,
        "SELECT series, labels, track, detector FROM watched_series WHERE watch = ? ORDER BY series",
        [watch],
      );
    },
    async commit(change) {
      await group.add(() => write(sql, change));
    },
    async rounds() {
      return sql.all(WatchRoundRow, "SELECT watch, at, series, matched, problem FROM watch_rounds ORDER BY watch", []);
    },
    async anomaly(id) {
      return sql.all(AnomalyRow, "SELECT body FROM anomalies WHERE id = ?", [id])[0];
    },
    async anomalies({ status, since, until, group: message, limit }) {
      return sql.all(
        AnomalyRow,
        `SELECT body FROM anomalies WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR message = ?2)
         AND (?3 IS NULL OR status = 'open' OR at >= ?3 OR ended >= ?3) AND (?4 IS NULL OR at <= ?4) ORDER BY at DESC, seq DESC LIMIT ?5`,
        [status ?? null, message ?? null, since ?? null, until ?? null, atMost(limit)],
      );
    },
    async unshown(limit) {
      return sql.all(AnomalyRow, "SELECT body FROM anomalies WHERE revision > shown ORDER BY seq LIMIT ?", [
        atMost(limit),
      ]);
    },
    async shown(id, revision, posted) {
      await run("UPDATE anomalies SET shown = max(shown, ?), posted = max(posted, ?) WHERE id = ?", [
        revision,
        posted ? 1 : 0,
        id,
      ]);
    },
    async postedOf(message) {
      const found = sql.all(IdRow, "SELECT id FROM anomalies WHERE message = ? AND posted = 1 ORDER BY seq", [message]);
      return found.map(({ id }) => id);
    },
    async judge({ anomaly, watch, series, by, kind, at, since }) {
      await run(
        `INSERT INTO opinions (anomaly, watch, series, person, kind, at, since) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (anomaly, person) DO UPDATE SET kind = excluded.kind, at = excluded.at`,
        [anomaly, watch, series, by, kind, at, since],
      );
    },
    async opinions(since) {
      return sql.all(
        OpinionRow,
        "SELECT anomaly, watch, series, person, kind, at, since FROM opinions WHERE at >= ? ORDER BY at, seq",
        [since],
      );
    },
    async records(since) {
      const rows = sql.all(
        RecordRow,
        `SELECT watch, count(DISTINCT message) AS posts, count(DISTINCT CASE WHEN kind = 'useful' THEN message END) AS useful,
           count(DISTINCT CASE WHEN kind = 'not useful' THEN message END) AS not_useful,
           count(DISTINCT CASE WHEN kind = 'expected' THEN message END) AS expected
         FROM (SELECT anomalies.watch, message, kind FROM anomalies LEFT JOIN opinions ON opinions.anomaly = anomalies.id
           WHERE posted = 1 AND anomalies.at >= ?) GROUP BY watch`,
        [since],
      );
      return new Map(rows.map(({ watch, ...record }): [string, WatchRecord] => [watch, record]));
    },
  };
}

function write(sql: Statements, { watch, states = [], dropped = [], anomalies = [] }: DetectionChange): void {
  if (watch !== undefined) {
    sql.run(
      `INSERT INTO watch_rounds (watch, at, series, matched, problem) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (watch) DO UPDATE SET at = excluded.at, series = excluded.series, matched = excluded.matched,
         problem = excluded.problem`,
      [watch.watch, watch.at, watch.series, watch.matched, watch.problem ?? null],
    );
    for (const series of dropped)
      sql.run("DELETE FROM watched_series WHERE watch = ? AND series = ?", [watch.watch, series]);
    for (const { series, labels, track, detector } of states)
      sql.run(
        `INSERT INTO watched_series (watch, series, at, labels, track, detector) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (watch, series) DO UPDATE SET at = excluded.at, track = excluded.track, detector = excluded.detector`,
        [watch.watch, series, watch.at, JSON.stringify(labels), JSON.stringify(track), detector],
      );
  }
  for (const one of anomalies)
    sql.run(
      `INSERT INTO anomalies (id, at, ended, watch, message, status, revision, shown, posted, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?)
       ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, message = excluded.message, status = excluded.status,
         revision = excluded.revision, body = excluded.body WHERE excluded.revision > anomalies.revision`,
      [one.id, one.openedAt, one.endedAt ?? null, one.watch, one.group, one.status, one.revision, JSON.stringify(one)],
    );
}
