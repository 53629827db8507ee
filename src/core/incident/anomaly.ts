import type { Place } from "../chat.ts";
import type { AlertEvent, Incident } from "../incident.ts";
import type { Anomaly, AnomalyKind } from "../watch/anomaly.ts";
import { ownPlaces, type Posting, postPlaces } from "../watch/post.ts";
import { rankOf, type Severity } from "../watch.ts";
import { environmentOf } from "./subject.ts";

/** Anomalies as incidents take them in: beside alerts, by the same rules. */

/** What needs somebody once it is severe enough. The others tell of what will be, or of what happened once. */
const KINDS: ReadonlySet<AnomalyKind> = new Set([
  "unusual",
  "failing",
  "down",
  "gone",
  "restarting",
  "silent",
  "unreachable",
]);

/** Whether an anomaly becomes an incident, rather than a message of its own. `least`: the setting; undefined: none does. */
export function isForIncident(one: Anomaly, least: Severity | undefined): boolean {
  const isSevere = least !== undefined && rankOf(one.severity) >= rankOf(least);
  return KINDS.has(one.kind) && one.status === "open" && one.quiet === undefined && isSevere;
}

/** Of a severity that it had when it was posted by itself, and has no longer. */
export function gotWorse({ was, severity }: Anomaly, least: Severity | undefined): boolean {
  return least !== undefined && was !== undefined && rankOf(was) < rankOf(least) && rankOf(severity) >= rankOf(least);
}

/** No alert has such a one. */
export function fingerprintOf({ id }: Pick<Anomaly, "id">): string {
  return `anomaly ${id}`;
}

/** What an incident is told of an anomaly. `sentence`: what is so, or was. `source`: where it was found, as far as its labels leave that open. */
export function eventOf(
  one: Anomaly,
  sentence: string,
  source: { readonly environment: string | undefined; readonly cluster: string | undefined } | undefined,
  at: number,
): AlertEvent {
  return {
    fingerprint: fingerprintOf(one),
    status: one.status === "open" ? "firing" : "resolved",
    labels: labelsOf(one, source),
    annotations: { summary: sentence },
    startsAt: one.since,
    ...(one.endedAt !== undefined && { endsAt: one.endedAt }),
    // What shared a message by itself shares one as an incident, too.
    group: `anomalies ${one.group}`,
    at,
    anomaly: one.id,
    revision: one.revision,
  };
}

/** What silences, routes and escalations choose by: the series' labels, and what kind of anomaly of which watch it is. */
export function labelsOf(
  one: Pick<Anomaly, "labels" | "kind" | "watch" | "severity" | "measure">,
  source: { readonly environment: string | undefined; readonly cluster: string | undefined } | undefined,
): Readonly<Record<string, string>> {
  const { __name__: _, ...labels } = one.labels;
  const { environment, cluster } = source ?? {};
  return {
    ...(environment !== undefined && environmentOf(labels) === undefined && { environment }),
    ...(cluster !== undefined && { cluster }),
    ...labels,
    ...{ alertname: nameOfAnomaly(one), severity: one.severity, anomaly: one.kind, watch: one.watch },
  };
}

/** "p95 latency unusual": stands where an alert has its rule's name. */
export function nameOfAnomaly({ kind, measure }: Pick<Anomaly, "kind" | "measure">): string {
  switch (kind) {
    case "down":
      return "target down";
    case "gone":
      return `${measure} gone`;
    case "restarting":
      return "restarts again and again";
    case "silent":
      return `no data of ${measure}`;
    case "unreachable":
      return `${measure} unreachable`;
    case "failing":
      return `${measure} failing`;
    default:
      return `${measure} unusual`;
  }
}

/**
 * Where an incident's messages belong, with the anomalies in it. `routed`: by the routes, with the places that it has. Anomalies of a watch with
 * places of its own go there; others by the routes, and where none is for them, to where anomalies are posted.
 */
export function placesWith(
  incident: Pick<Incident, "lines" | "places" | "total" | "anomalies">,
  routed: readonly Place[],
  posting: Posting,
): readonly Place[] {
  const anomalies = incident.lines
    .filter(({ anomaly }) => anomaly !== undefined)
    .map(({ labels, severity }) => ({ watch: labels["watch"] ?? "", severity }));
  if (anomalies.length === 0) return routed;
  const isOwn = ({ watch }: { readonly watch: string }) => ownPlaces(watch, posting) !== undefined;
  const others = anomalies.filter((one) => !isOwn(one));
  const hasAlerts = incident.total > (incident.anomalies?.total ?? 0);
  const byRoutes = hasAlerts || others.length > 0 ? routed : incident.places;
  const all = [
    ...byRoutes,
    ...postPlaces(anomalies.filter(isOwn), posting),
    ...(byRoutes.length === 0 ? postPlaces(others, posting) : []),
  ];
  return [...new Map(all.map((place) => [JSON.stringify(place), place])).values()];
}
