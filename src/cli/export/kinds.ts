import { digestCard } from "../../cards/digest-card.ts";
import { COUNTS, type Period } from "../../core/digest/counts.ts";
import type { KeptDigest } from "../../core/digest/digest.ts";
import { TO_DO } from "../../core/digest/digest.ts";
import type { Incident } from "../../core/incident.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { rfc3339 } from "../../core/zone.ts";
import { digestJson } from "../digest.ts";
import { incidentJson } from "../incidents.ts";
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
        json: anomalyRow(one),
      }));
    },
  },
  digests: {
    title: "Digests",
    columns: ["id", "name", "kind", "planned_at", "from", "to", "verdict", "to_do", ...COUNTS, "missing"],
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

function incidentRow(one: Incident) {
  const { acknowledged, openedAt, endedAt } = one;
  return {
    ...incidentJson(one),
    acknowledged_at: acknowledged && rfc3339(acknowledged.at),
    seconds_to_acknowledge: acknowledged && Math.max(0, Math.round(acknowledged.at - openedAt)),
    seconds_to_resolve: endedAt === undefined ? undefined : Math.max(0, Math.round(endedAt - openedAt)),
  };
}

function anomalyRow(one: Anomaly) {
  const { id, kind, status, severity, watch, source, measure, subject, labels, value, unit, usual, score } = one;
  return {
    ...{ id, kind, status, severity, watch, source, measure, subject, labels, value, unit },
    ...{ usual_low: usual?.low, usual_high: usual?.high, score, direction: one.direction },
    ...{ since: rfc3339(one.since), opened_at: rfc3339(one.openedAt) },
    ended_at: one.endedAt === undefined ? undefined : rfc3339(one.endedAt),
    ...{ promql: one.promql, not_posted: one.quiet },
  };
}

/** A digest in one line of a table: its verdict and its numbers; JSON has its lines. */
function digestCells({ id, name, slot, digest, zone }: KeptDigest): Readonly<Record<string, unknown>> {
  const { kind, from, to, counts, sections, missing } = digest;
  return {
    ...{ id, name, kind, planned_at: rfc3339(slot), from: rfc3339(from), to: rfc3339(to) },
    verdict: digestCard(digest, { zone }).title,
    to_do: sections.reduce((sum, one) => sum + (TO_DO.has(one.name) ? one.total : 0), 0),
    ...Object.fromEntries(counts.map((one) => [one.name, one.now === undefined ? undefined : Math.round(one.now)])),
    missing: missing.join(" "),
  };
}
