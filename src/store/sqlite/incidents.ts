import type { SQLInputValue } from "node:sqlite";
import { LIVE } from "../../core/incident.ts";
import type { Incidents } from "../../ports/incidents.ts";
import { AlertRow, IncidentRow, RevisionRow } from "../rows.ts";
import type { Ledger } from "../seal.ts";
import { atMost, type Statements } from "./statements.ts";

const GENERATION = "incidents_saved";

/** Live ones, for a statement. */
export const LIVE_SQL = LIVE.map((status) => `'${status}'`).join(", ");

/** `Incidents` on SQLite. Each change is one transaction together with its records. */
export function sqliteIncidents(sql: Statements, ledger: Ledger): Incidents {
  const generation = () => Number(ledger.meta.get(GENERATION) ?? 0);
  return {
    async get(id) {
      return sql.all(IncidentRow, "SELECT body FROM incidents WHERE id = ?", [id])[0];
    },
    async find({ status, since, until, limit }) {
      const wanted: readonly (readonly [string, SQLInputValue | undefined])[] = [
        ["status IN (SELECT value FROM json_each(?))", status && JSON.stringify(status)],
        ["max(at, coalesce(ended, 0)) >= ?", since],
        ["at <= ?", until],
      ];
      const asked = wanted.filter((pair): pair is [string, SQLInputValue] => pair[1] !== undefined);
      const where = asked.length === 0 ? "" : `WHERE ${asked.map(([text]) => text).join(" AND ")}`;
      return sql.all(IncidentRow, `SELECT body FROM incidents ${where} ORDER BY at DESC, seq DESC LIMIT ?`, [
        ...asked.map(([, value]) => value),
        atMost(limit),
      ]);
    },
    async earliest() {
      return sql.all(IncidentRow, "SELECT body FROM incidents ORDER BY at, seq LIMIT 1", [])[0]?.openedAt;
    },
    async live() {
      return sql.all(IncidentRow, `SELECT body FROM incidents WHERE status IN (${LIVE_SQL}) ORDER BY at, seq`, []);
    },
    async alerts(fingerprints) {
      return sql.all(AlertRow, "SELECT body FROM alerts WHERE fingerprint IN (SELECT value FROM json_each(?))", [
        JSON.stringify(fingerprints),
      ]);
    },
    async alertsOf(incident, { skip, limit }) {
      return sql.all(
        AlertRow,
        `SELECT body FROM alerts WHERE incident = ?
         ORDER BY ended IS NOT NULL, began DESC, fingerprint LIMIT ? OFFSET ?`,
        [incident, atMost(limit), atMost(skip)],
      );
    },
    async unseenSince(at, limit) {
      return sql.all(
        AlertRow,
        "SELECT body FROM alerts WHERE ended IS NULL AND incident IS NOT NULL AND at < ? ORDER BY at, seq LIMIT ?",
        [at, atMost(limit)],
      );
    },
    async generation() {
      return generation();
    },
    async save({ incidents, alerts, entries, generation: seen }) {
      // What alerts tell stands in the inbox until it is noted as done, which is written after this: a power cut takes both or neither.
      const withinReach = entries.length === 0 ? sql.unsynced : <T>(work: () => T) => work();
      return withinReach(() =>
        ledger.together(() => {
          const now = generation();
          if (seen !== undefined && seen !== now) return false;
          const known = new Map(
            sql
              .all(RevisionRow, "SELECT id, revision FROM incidents WHERE id IN (SELECT value FROM json_each(?))", [
                JSON.stringify(incidents.map(({ id }) => id)),
              ])
              .map(({ id, revision }) => [id, revision]),
          );
          if (incidents.some(({ id, revision }) => revision !== (known.get(id) ?? 0) + 1)) return false;
          if (entries.length > 0) ledger.seal(entries);
          ledger.meta.set(GENERATION, String(now + 1));
          for (const one of incidents)
            sql.run(
              `INSERT INTO incidents (id, at, revision, status, ended, changed, shown, body) VALUES (?, ?, ?, ?, ?, ?, 0, ?)
             ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, status = excluded.status,
               ended = excluded.ended, changed = excluded.changed, body = excluded.body`,
              [
                ...[one.id, one.openedAt, one.revision, one.status, one.endedAt ?? null, one.changedAt],
                JSON.stringify(one),
              ],
            );
          for (const one of alerts)
            sql.run(
              `INSERT INTO alerts (fingerprint, at, incident, began, ended, body) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (fingerprint) DO UPDATE SET at = excluded.at, incident = excluded.incident,
               began = excluded.began, ended = excluded.ended, body = excluded.body`,
              [
                ...[one.fingerprint, one.seenAt, one.incident ?? null, one.startsAt, one.endsAt ?? null],
                JSON.stringify(one),
              ],
            );
          return true;
        }),
      );
    },
    async unshown(limit) {
      return sql.all(IncidentRow, "SELECT body FROM incidents WHERE shown < revision ORDER BY changed, seq LIMIT ?", [
        atMost(limit),
      ]);
    },
    async shown(id, revision) {
      sql.run("UPDATE incidents SET shown = ?1 WHERE id = ?2 AND (?1 = 0 OR shown < ?1)", [revision, id]);
    },
  };
}
