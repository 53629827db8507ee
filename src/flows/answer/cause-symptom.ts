import { autoConcept } from "../../core/auto-concept.ts";
import type { Contrast } from "../../core/cause/contrast.ts";
import { type Onset, onsetOf, withoutRhythm, worstMoment } from "../../core/cause/onset.ts";
import type { Bound, Filter } from "../../core/concept.ts";
import { escapeRegex } from "../../core/concept.ts";
import type { Subject } from "../../core/language/subject.ts";
import type { Labels } from "../../core/series.ts";
import type { Focus } from "./cause-focus.ts";
import { daily, type Family, familyOf, history, promqlOf, stepFor } from "./cause-signals.ts";
import { filtersFor } from "./findings.ts";
import { rowsOf } from "./rows.ts";
import type { Turn } from "./turn.ts";

/** What is off: one measure of one thing, at one moment, against its usual value. */
export type Symptom = {
  readonly bound: Bound;
  readonly filters: readonly Filter[];
  readonly promql: string;
  readonly family: Family;
  readonly labels: Labels;
  readonly name: string;
  readonly at: number;
  readonly before: number;
  readonly after: number;
  /** It is off in the direction that is worse, by enough to speak of. */
  readonly off: boolean;
  readonly onset: Onset | undefined;
  /** It was asked about, rather than found by looking. */
  readonly asked: boolean;
  readonly strength: number;
};

export type Symptoms = {
  readonly main: Symptom | undefined;
  readonly others: readonly Symptom[];
  readonly couldAsk: boolean;
};

const HOUR = 3600;
const DAY = 24 * HOUR;
/** With the day before it, to compare with, as far as a query may reach. */
const LONGEST = 30 * DAY;
/** From here on a change is worth explaining: about half as much again. */
const OFF = 0.18;

const BY_KIND: Readonly<Record<string, readonly string[]>> = {
  service: ["service.latency", "service.errors", "service.requests"],
  deployment: [
    "service.errors",
    "service.latency",
    "deployment.unavailable",
    "pod.waiting",
    "pod.restarts",
    "pod.pending",
    "pod.memory_of_limit",
  ],
  container: ["pod.waiting", "pod.restarts", "pod.memory_of_limit"],
  pod: ["pod.waiting", "pod.restarts", "pod.memory_of_limit", "pod.pending", "pod.throttling"],
  host: [
    "host.cpu",
    "host.disk",
    "host.memory",
    "target.up",
    "pg.replication_lag",
    "pg.connections_ratio",
    "redis.hit_ratio",
  ],
  node: ["host.cpu", "host.memory", "node.unschedulable", "node.not_ready"],
  queue: ["queue.depth", "queue.consumers"],
  domain: ["probe.up", "probe.flaps", "cert.expiry", "probe.duration"],
  project: ["ci.status", "ci.duration"],
  database: ["pg.connections", "pg.longest_tx"],
  namespace: ["pod.waiting", "pod.pending", "pod.restarts"],
};

/** Words that say which measure is meant, in the languages the reader normalises to and some of their own words. */
const SAID: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /\b(?:slow\w*|sluggish|latency|laggy|slower|response time|langsam\w*|lent[oae]s?|lentes?|dheema)\b/i,
    ["service.latency", "ci.duration"],
  ],
  [
    /\b(?:errors?|5\d\ds?|fail\w*|broken|fehler\w*|errores|erreurs?|erros?|falh\w*|fall(?:a|an|ó)\b)/i,
    ["service.errors", "ci.status"],
  ],
  [/\b(?:traffic|requests?|visitors?|verkehr|trafic|trafico|tráfico)\b/i, ["service.requests"]],
  [
    /\b(?:crash\w*|restart\w*|backoff|neustart\w*|st[uü]rzt|redemarr\w*|reinici\w*)\b/i,
    ["pod.waiting", "pod.restarts"],
  ],
  [/\b(?:oom\w*|leak\w*|memory|speicher|memoria|mémoire|memória)\b/i, ["pod.memory_of_limit", "host.memory"]],
  [/\b(?:pending|not start\w*|unschedul\w*|waiting|startet nicht)\b/i, ["pod.pending"]],
  [/\b(?:disk|full|filling|space|platte|disco|disque)\b/i, ["host.disk"]],
  [/\b(?:lag|lags|lagging|behind|replica\w*)\b/i, ["pg.replication_lag"]],
  [/\b(?:flap\w*|up and down|unstable)\b/i, ["probe.flaps"]],
  [/\b(?:certificate|cert|ssl|tls|expir\w*)\b/i, ["cert.expiry"]],
  [/\b(?:cpu|load)\b/i, ["host.cpu", "pod.cpu"]],
  [/\b(?:connections?)\b/i, ["pg.connections"]],
  [/\b(?:queue|queu\w+|backlog)\b/i, ["queue.depth", "ci.queued"]],
];

const CI_TALK = /\b(?:ci|builds?|pipelines?|branch|jobs?|runners?)\b/i;

/** Concepts that count things rather than tell how one is: a "why" about them means something else. */
const NO_SYMPTOM = new Set([
  "pod.terminated",
  "pod.count",
  "pod.info",
  "deployment.replicas",
  "pod.memory_limit",
  "pod.cpu_limit",
  "alerts.active",
  "deploy.version",
  "deploy.last",
  "deploy.count",
  "ci.runs",
  "service.error_count",
]);

/** Says the same more exactly: asked about X, look at Y first. */
const BETTER: Readonly<Record<string, readonly string[]>> = {
  "pod.terminated": ["pod.memory_of_limit", "pod.restarts"],
  "pod.memory": ["pod.memory_of_limit"],
  "ci.failures": ["ci.status"],
  "ci.failure_rate": ["ci.status"],
  "host.disk_free": ["host.disk"],
  "host.disk_used": ["host.disk"],
  "redis.miss_ratio": ["redis.hit_ratio"],
  "deployment.available": ["deployment.unavailable"],
  "probe.availability": ["probe.up"],
  "probe.status": ["probe.up"],
  "queue.publish": ["queue.depth"],
  "service.latency_avg": ["service.latency"],
};

type Candidate = {
  readonly bound: Bound;
  readonly filters: readonly Filter[];
  readonly weight: number;
  readonly asked: boolean;
};

function candidates(turn: Turn, subject: Subject | undefined, focus: Focus): Candidate[] {
  const { index } = turn;
  const found = new Map<string, Candidate>();
  const add = (bound: Bound | undefined, weight: number, asked: boolean, given?: readonly Filter[]): void => {
    if (bound === undefined || found.has(bound.concept.id) || found.size >= 12) return;
    // A series that only carries facts (which node, which version) is always there and never off.
    if (bound.metric.name.endsWith("_info")) return;
    const scope = focus.entities;
    const filters =
      given ??
      filtersFor(bound, scope) ??
      podFilters(bound, focus) ??
      (bound.concept.about === "" && scope.length === 0 ? [] : undefined);
    if (filters === undefined || (scope.length > 0 && filters.length === 0 && bound.concept.about !== "")) return;
    found.set(bound.concept.id, { bound, filters, weight, asked });
  };
  const text = `${turn.read.plain} ${focus.alert === undefined ? "" : focus.alert.name.replace(/([a-z])([A-Z])/g, "$1 $2")}`;
  if (subject !== undefined && subject.score >= 0.4) {
    const better = (BETTER[subject.bound.concept.id] ?? []).map((id) => index.byId.get(id));
    for (const bound of better) add(bound, 1, true);
    if (NO_SYMPTOM.has(subject.bound.concept.id)) {
      // What counts things says nothing by itself; the words and the thing named decide.
    } else if (focus.entities.length === 0 || subject.mentions.length > 0 || subject.bound.concept.about === "")
      add(subject.bound, better.some((one) => one !== undefined) ? 0.9 : 1, true, subject.filters);
  }
  const wordless = focus.entities.length > 0 || found.size === 0;
  for (const [pattern, ids] of SAID)
    if (wordless && pattern.test(text))
      for (const id of ids)
        if (!id.startsWith("ci.") || !focus.kinds.has("service") || CI_TALK.test(text))
          add(index.byId.get(id), 0.85, focus.entities.length > 0);
  const fromKinds = focus.entities.flatMap((entity) => BY_KIND[entity.kind] ?? []);
  for (const id of fromKinds) add(index.byId.get(id), 0.5, false);
  // A thing of a kind of its own (a payment provider, a site): the measures that carry its name as a label.
  for (const { label, value } of focus.entities
    .filter((entity) => BY_KIND[entity.kind] === undefined)
    .flatMap((entity) => entity.at)) {
    const own = [...turn.catalogue.metrics.values()].filter(
      (metric) => !/_info$|^ALERTS|timestamp/.test(metric.name) && metric.labels.get(label)?.includes(value),
    );
    for (const metric of own.slice(0, 6)) add(autoConcept(metric), 0.6, false, [{ label, values: [value] }]);
  }
  return [...found.values()];
}

/** Pods of the workloads when the name itself is no label of the metric (service "x" runs as deployment "x-api"). */
function podFilters(bound: Bound, focus: Focus): readonly Filter[] | undefined {
  if (focus.workloads.length === 0) return undefined;
  for (const label of ["deployment", "container"]) {
    const values = focus.workloads.filter((one) => bound.metric.labels.get(label)?.includes(one));
    if (values.length > 0) return [{ label, values }];
  }
  const pods = bound.metric.labels.get("pod");
  const escaped = focus.workloads.map((one) => escapeRegex(one));
  return pods?.some((pod) => focus.workloads.some((one) => pod.startsWith(`${one}-`)))
    ? [{ label: "pod", values: [], regex: `(${escaped.join("|")})-[a-z0-9]+(-[a-z0-9]+)?` }]
    : undefined;
}

/** The stretch of time the question is about, when it isn't now: a day that was named is taken with its neighbours' halves. */
export function askedTime(turn: Turn): { readonly from: number; readonly to: number } | undefined {
  const { window, at } = turn.read;
  if (window !== undefined) {
    const to = Math.min(window.to, turn.ask.now);
    return { from: Math.max(window.from, to - LONGEST), to };
  }
  if (at === undefined) return undefined;
  const back = turn.ask.now - at.at;
  const inDays =
    back > DAY / 2 &&
    /\b(?:days?|yesterday|tag(?:e|en)?|gestern|d[ií]as?|ayer|jours?|hier|ontem|week\w*)\b/i.test(at.words) &&
    !/:|\b(?:am|pm|uhr|o'?clock)\b/i.test(at.words);
  const around = inDays ? DAY / 2 : Math.max(HOUR / 2, Math.min(2 * HOUR, back / 10));
  return { from: at.at - around, to: Math.min(at.at + around, turn.ask.now) };
}

/** Measures what was asked about, at its worst moment when a past time is meant, and finds since when it is off. */
export async function findSymptoms(turn: Turn, subject: Subject | undefined, focus: Focus): Promise<Symptoms> {
  const { now } = turn.ask;
  const time = askedTime(turn);
  const list = candidates(turn, subject, focus);
  if (list.length === 0) return { main: undefined, others: [], couldAsk: true };
  const past = time !== undefined && time.to < now - 120;
  const here = past ? [] : await measured(turn, list, now);
  let symptoms = here.flatMap((one) => one.symptoms);
  let couldAsk = past || here.some((one) => one.ok);
  const isOff = (list: readonly Symptom[]): boolean =>
    list.some((one) => one.off && (one.asked || !list.some((other) => other.asked)));
  if (!isOff(symptoms) && (past || couldAsk)) {
    // Not off now: perhaps it was in the time that was named, or in the last day.
    const span = time ?? { from: now - DAY, to: now };
    const back = await Promise.all(
      list
        .filter((one) => one.weight >= 0.85 || past)
        .slice(0, 6)
        .map(async (candidate) => {
          const promql = promqlOf(candidate.bound, candidate.filters);
          const step = Math.max(120, stepFor(span.to - span.from));
          const answer = await turn.ask.range(
            promql,
            { start: span.from - DAY, end: span.to, step },
            { background: true },
          );
          if (!answer.ok) return [];
          couldAsk = true;
          return answer.data
            .flatMap(
              (series) =>
                worstMoment(
                  series.points,
                  span.from,
                  span.to,
                  candidate.bound.concept.worse === "none" && candidate.bound.concept.id === "service.requests"
                    ? "none"
                    : candidate.bound.concept.worse,
                ) ?? [],
            )
            .map((worst) => ({ candidate, worst }));
        }),
    );
    const moments = back
      .flat()
      .sort((a, b) => ratioOf(b.worst) * b.candidate.weight - ratioOf(a.worst) * a.candidate.weight)
      .slice(0, 3);
    const found = (
      await Promise.all(moments.map(({ candidate, worst }) => measured(turn, [candidate], worst.at)))
    ).flat();
    const then = found.flatMap((one) => one.symptoms);
    if (past || isOff(then)) symptoms = then.length > 0 ? then : symptoms;
  }
  const ordered = [...symptoms].sort(
    (a, b) => Number(b.off) - Number(a.off) || b.strength * weigh(list, b) - a.strength * weigh(list, a),
  );
  const [first] = ordered;
  if (first === undefined) return { main: undefined, others: [], couldAsk };
  return { main: await withOnset(turn, first), others: ordered.slice(1).filter((one) => one.off), couldAsk };
}

function ratioOf({ value, before }: { readonly value: number; readonly before: number }): number {
  return Math.abs(Math.log((Math.abs(value) + 1e-4) / (Math.abs(before) + 1e-4)));
}

function weigh(list: readonly Candidate[], symptom: Symptom): number {
  return (list.find((one) => one.bound.concept.id === symptom.bound.concept.id)?.weight ?? 0.5) ** 3;
}

/** Every candidate's series at one moment, each as a symptom or as not off. */
async function measured(
  turn: Turn,
  list: readonly Candidate[],
  at: number,
): Promise<{ readonly ok: boolean; readonly symptoms: readonly Symptom[] }[]> {
  return Promise.all(
    list.map(async ({ bound, filters, asked }) => {
      const promql = promqlOf(bound, filters);
      const found = await daily(turn, bound, promql, at);
      if (found === undefined) return { ok: false, symptoms: [] };
      const rows = rowsOf(
        bound,
        found.map((one) => ({ labels: one.labels, at, value: one.after })),
      ).rows;
      const symptoms = found.flatMap((one, index): Symptom[] => {
        const row = rows[index];
        if (row === undefined) return [];
        const off = isOff(bound, one);
        const isState =
          bound.concept.unit === "bool" || bound.concept.shows !== undefined || bound.concept.id === "pod.pending";
        const strength = off ? (isState ? 1 : Math.max(one.strength, beyondLimit(bound, one.after) ? 0.5 : 0)) : 0;
        return [
          {
            bound,
            filters,
            promql,
            family: filters.some((one) => one.values.length > 0 && one.values.every((value) => /^5\d\d$/.test(value)))
              ? "errors"
              : familyOf(bound.concept.id),
            labels: one.labels,
            name: row.name,
            at,
            before: one.before,
            after: one.after,
            off,
            onset: undefined,
            asked,
            strength,
          },
        ];
      });
      return { ok: true, symptoms };
    }),
  );
}

function isOff({ concept }: Bound, { up, strength, after, before, known }: Contrast): boolean {
  if (concept.unit === "bool")
    return concept.worse === "down" ? after === 0 : concept.worse === "up" ? after !== 0 : after !== before;
  if (concept.shows !== undefined || concept.id === "pod.pending") return after === 1;
  // A pod that did not exist on earlier days has no usual value.
  if (!known && concept.about === "pod" && (concept.unit === "ratio" || concept.unit === "bytes"))
    return beyondLimit({ concept } as Bound, after);
  if (concept.worse === "up" && !up && after < before) return false;
  if (concept.worse === "down" && up) return false;
  return strength >= OFF || beyondLimit({ concept } as Bound, after);
}

function beyondLimit({ concept }: Bound, value: number): boolean {
  if (concept.warn === undefined || concept.unit === "bool") return false;
  return concept.worse === "down" ? value <= concept.warn : value >= concept.warn;
}

/** Looks back a day, then two weeks when it is off all day. A disk or a leak grows slowly, so it is looked at in the long run. */
async function withOnset(turn: Turn, symptom: Symptom): Promise<Symptom> {
  if (!symptom.off) return symptom;
  const past = history(turn);
  const { promql, labels, at, bound } = symptom;
  // A state is on or off: what was usual over the days before may be the trouble itself, when it lasts.
  const isState =
    bound.concept.unit === "bool" || bound.concept.shows !== undefined || bound.concept.id === "pod.pending";
  const before = isState ? (symptom.after === 0 ? 1 : 0) : symptom.before;
  const departed = symptom.family === "queue" ? 0.02 : undefined;
  const slow = symptom.family === "memory" || symptom.family === "disk";
  const rhythmic = symptom.family === "traffic";
  const raw = await past(promql, labels, rhythmic ? at - 2 * DAY : at - DAY, at, true);
  const recent = rhythmic ? withoutRhythm(raw, before) : raw;
  const near = slow ? undefined : onsetOf(recent, before, at, departed);
  const [born] = recent;
  if (near !== undefined && !rhythmic && born !== undefined && born[0] > at - DAY + 3 * stepFor(DAY))
    return { ...symptom, onset: { ...near, whole: false } };
  if (near !== undefined && !near.whole) return { ...symptom, onset: near };
  const long = await past(
    slow && symptom.family === "memory" ? `max(max_over_time((${promql})[12h:30m]))` : promql,
    slow && symptom.family === "memory" ? {} : labels,
    at - 13 * DAY,
    at,
  );
  const far = onsetOf(long, slow ? (long[0]?.[1] ?? before) : before, at);
  const [begin] = long;
  // A series that exists only while something is wrong (a waiting reason, a pending pod) began with its first point.
  const bornLater = begin !== undefined && begin[0] > at - 12.9 * DAY;
  return { ...symptom, onset: far === undefined ? near : { since: far.since, whole: far.whole && !bornLater } };
}
