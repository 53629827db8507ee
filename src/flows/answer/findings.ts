import type { Entity } from "../../core/catalogue.ts";
import { type Bound, escapeRegex, type Filter, stateQuery } from "../../core/concept.ts";
import { shortName } from "../../core/names.ts";
import { inertName } from "../../util/inert.ts";
import { about, activeAlerts, isAbout, isHeartbeat, severityRank } from "./alerts.ts";
import { type Row, rowsOf, say } from "./rows.ts";
import type { Turn } from "./turn.ts";

/** One thing that is wrong, or may be. Rank 0 is worst. */
export type Finding = {
  readonly rank: number;
  readonly subject: string;
  readonly text: string;
  readonly bound?: Bound;
  readonly row?: Row;
};

/** What was looked at and could not be. */
export type Findings = {
  readonly found: readonly Finding[];
  readonly checked: number;
  /** Checks that came back without any series. */
  readonly empty: number;
  readonly failed: readonly string[];
  readonly alertsKnown: boolean;
};

/** Limits below which nobody need look; capacity and business measures have their own questions. */
const SKIPPED = new Set(["slo.burn", "hpa.usage.detail", "cronjob.last_success"]);

/** Everything beyond its limit, and every alert that fires; narrowed to `scope` when given. */
export async function findTrouble(turn: Turn, scope: readonly Entity[] = []): Promise<Findings> {
  const { ask, index } = turn;
  const at = turn.read.at?.at ?? ask.now;
  const checks = index.bound
    .map((one) => one.bound)
    .filter(
      ({ concept }) =>
        !SKIPPED.has(concept.id) &&
        (concept.warn !== undefined ||
          (concept.unit === "bool" && concept.worse === "down") ||
          concept.id === "pod.waiting" ||
          concept.id === "pod.pending"),
    );
  const failed: string[] = [];
  let checked = 0;
  let empty = 0;
  const [alerts, ...lists] = await Promise.all([
    activeAlerts(turn),
    ...checks.map(async (bound) => {
      const filters = filtersFor(bound, scope);
      if (filters === undefined) return [];
      const promql = stateQuery(bound, filters);
      const answer = await ask.instant(promql, { at, background: true });
      if (!answer.ok) {
        failed.push(bound.concept.name);
        return [];
      }
      // An empty answer is no clean bill, except where series exist only while something is wrong.
      if (answer.data.length > 0) checked += 1;
      else if (!/(?:==\s*1|>\s*0)\s*$/.test(bound.concept.promql)) empty += 1;
      return rowsOf(bound, answer.data).rows.flatMap((row) => findingOf(bound, row));
    }),
  ]);
  const found: Finding[] = lists.flat();
  if (alerts.ok) {
    for (const alert of alerts.alerts) {
      if (alert.state !== "firing" || isHeartbeat(alert)) continue;
      if (scope.length > 0 && !scope.some((entity) => isAbout(alert, entity))) continue;
      const subject = about(alert);
      found.push({
        rank: severityRank(alert) <= 3 ? 0 : severityRank(alert) <= 6 ? 2 : 4,
        subject,
        text: `${inertName(alert.name)} fires for ${subject}`,
      });
    }
  } else failed.push("alerts");
  return {
    found: [...found].sort((a, b) => a.rank - b.rank || a.subject.localeCompare(b.subject)),
    checked,
    empty,
    failed,
    alertsKnown: alerts.ok,
  };
}

/** Matchers that narrow a concept to a scope; undefined when it has no label for it. */
export function filtersFor(bound: Bound, scope: readonly Entity[]): readonly Filter[] | undefined {
  if (scope.length === 0) return [];
  const values = new Map<string, Set<string>>();
  const regexes: Filter[] = [];
  for (const entity of scope) {
    for (const { label, value } of entity.at) {
      if (!bound.metric.labels.get(label)?.includes(value)) continue;
      values.set(label, (values.get(label) ?? new Set()).add(value));
    }
    const pods = bound.metric.labels.get("pod");
    if (
      pods?.some((pod) => pod.startsWith(`${entity.name}-`)) &&
      ["deployment", "service", "container"].includes(entity.kind)
    ) {
      regexes.push({ label: "pod", values: [], regex: `${escapeRegex(entity.name)}-.+` });
    }
  }
  const self = bound.names["self"];
  const label = self !== undefined && values.has(self) ? self : [...values.keys()][0];
  if (label !== undefined) return [{ label, values: [...(values.get(label) ?? [])].sort() }];
  const [regex] = regexes;
  return regex === undefined ? undefined : [regex];
}

function findingOf(bound: Bound, row: Row): Finding[] {
  const { concept } = bound;
  const name = row.name === "" ? concept.name : row.name;
  if (concept.shows !== undefined) {
    const label = row.labels[concept.shows];
    return [{ rank: 1, subject: name, text: `${name}: ${inertName(label ?? concept.name)}`, bound, row }];
  }
  if (concept.unit === "bool") {
    const bad = concept.worse === "down" ? row.value === 0 : concept.worse === "up" && row.value !== 0;
    return bad
      ? [
          {
            rank: concept.id === "node.unschedulable" || concept.id === "pg.slots" ? 3 : 1,
            subject: concept.id === "target.up" ? shortName("instance", row.labels["instance"] ?? name) : name,
            text: `${name} is ${concept.id === "ci.status" ? "failing in CI" : concept.id === "pg.slots" ? "an inactive replication slot" : say(bound, row.value)}`,
            bound,
            row,
          },
        ]
      : [];
  }
  const beyond = (limit: number | undefined): boolean =>
    limit !== undefined && (concept.worse === "down" ? row.value <= limit : row.value >= limit);
  if (!beyond(concept.warn) && !beyond(concept.critical)) return [];
  return [
    {
      rank: beyond(concept.critical) ? 1 : 2,
      subject: name,
      text: `${concept.name} of ${name} is ${say(bound, row.value)}`,
      bound,
      row,
    },
  ];
}

/** One line per thing: its findings joined, worst first. */
export function linesOf(found: readonly Finding[]): string[] {
  const bySubject = new Map<string, Finding[]>();
  for (const one of found) bySubject.set(one.subject, [...(bySubject.get(one.subject) ?? []), one]);
  const groups = [...bySubject.values()].sort(
    (a, b) => Math.min(...a.map((one) => one.rank)) - Math.min(...b.map((one) => one.rank)),
  );
  return groups.map((group) => [...new Set(group.map((one) => one.text))].join("; "));
}
