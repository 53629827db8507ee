import { digestCard } from "../../cards/digest-card.ts";
import { allLinesOf } from "../../cards/digest-lines.ts";
import { COUNTS, type Period } from "../../core/digest/counts.ts";
import type { KeptDigest } from "../../core/digest/digest.ts";
import { TO_DO } from "../../core/digest/digest.ts";
import { rfc3339 } from "../../core/zone.ts";
import { anomalyJson } from "../../wire/anomaly.ts";
import { digestJson } from "../../wire/digest.ts";
import { incidentRow } from "../../wire/incident.ts";
import type { Kind } from "./page.ts";

/** What can be exported: how it is read, and what stands in each column. Names of columns are a contract. */

export type KindName = "incidents" | "anomalies" | "digests";

/** The store has no more than fits into memory: retention bounds it. */
const ALL = 10_000_000;

export const KINDS: Readonly<Record<KindName, Kind>> = {
  incidents: {
    title: "Incidents",
    columns: [
      ...["id", "status", "severity", "subject", "environment", "names", "total", "firing", "started_at", "opened_at"],
      ...["acknowledged_at", "acknowledged_by", "ended_at", "seconds_to_acknowledge", "seconds_to_resolve"],
      ...["is_flapping", "is_storm", "previous", "anomalies"],
    ],
    group: "severity",
    async read(store, period) {
      const found = await store.incidents.find({ since: period.from, limit: ALL });
      return within(found, ({ openedAt }) => openedAt, period).map((one) => ({
        at: one.openedAt,
        json: incidentRow(one),
      }));
    },
  },
  anomalies: {
    title: "Anomalies",
    columns: [
      ...["id", "kind", "status", "severity", "watch", "source", "measure", "subject", "labels", "value", "unit"],
      ...["usual_low", "usual_high", "score", "direction", "since", "opened_at", "ended_at", "promql", "not_posted"],
    ],
    group: "severity",
    async read(store, period) {
      const found = await store.detection.anomalies({ since: period.from, limit: ALL });
      return within(found, ({ openedAt }) => openedAt, period).map((one) => ({
        at: one.openedAt,
        json: anomalyJson(one),
      }));
    },
  },
  digests: {
    title: "Digests",
    columns: ["id", "name", "kind", "planned_at", "from", "to", "verdict", "to_do", ...COUNTS, "lines", "missing"],
    group: "kind",
    async read(store, period) {
      const found = await store.digests.find({ since: period.from, limit: ALL });
      return within(found, ({ slot }) => slot, period).map((one) => ({
        at: one.slot,
        json: digestJson(one.digest, one),
        cells: digestCells(one),
      }));
    },
  },
};

function within<T>(found: readonly T[], atOf: (one: T) => number, { from, to }: Period): readonly T[] {
  return found.filter((one) => atOf(one) >= from && atOf(one) < to).sort((a, b) => atOf(a) - atOf(b));
}

/** A digest in one line of a table: its verdict, its numbers, and its lines in words. */
function digestCells({ id, name, slot, digest, zone }: KeptDigest): Readonly<Record<string, unknown>> {
  const { kind, from, to, counts, sections, missing } = digest;
  return {
    ...{ id, name, kind, planned_at: rfc3339(slot), from: rfc3339(from), to: rfc3339(to) },
    verdict: digestCard(digest, { zone }).title,
    to_do: sections.reduce((sum, one) => sum + (TO_DO.has(one.name) ? one.total : 0), 0),
    ...Object.fromEntries(counts.map((one) => [one.name, one.now === undefined ? undefined : Math.round(one.now)])),
    lines: allLinesOf(digest, zone).map(({ text }) => text),
    missing: missing.join(" "),
  };
}
