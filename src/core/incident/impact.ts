import { BURNS, BURNS_FAST } from "../anomaly/severity.ts";
import { graverFirst, type Incident, type Severity } from "../incident.ts";

/**
 * How grave an incident is by what it does, besides what the author of its rule wrote: the same scale and, for error budgets, the same bounds as anomalies
 * have (`core/anomaly/severity.ts`).
 */

/** What was measured. What could not be, or what no metric tells, is missing. */
export type ImpactFacts = {
  /** Of the requests to the thing, the share that fails, and the bounds of the concept that it was asked by; requests in a second. */
  readonly failed?: { readonly share: number; readonly warn: number; readonly critical: number; readonly rate: number };
  /** How many times faster than it lasts its error budget is used. */
  readonly burn?: number;
  /** Of all its instances, those that alerts are about, and those that do not answer. `isWhole`: every critical alert is about an instance. */
  readonly instances?: {
    readonly all: number;
    readonly alerting: number;
    readonly down: number;
    readonly isWhole: boolean;
  };
  /** What calls it, the busiest first, and how many do. */
  readonly callers?: { readonly names: readonly string[]; readonly all: number };
  /** No request came within a day. */
  readonly isUnused?: true;
  /** "staging": people do not live on it. */
  readonly rehearsal?: string;
  readonly lastedSeconds: number;
};

/** What was measured of an incident, stored with it. Times in unix seconds. */
export type Impact = {
  readonly at: number;
  readonly facts: ImpactFacts;
  /** Its rule's severity then: a graver one since is not made milder by what was measured before it. */
  readonly of: Severity;
  /** At least, and at most, so grave. */
  readonly least?: Severity;
  readonly most?: Severity;
  /** The gravest that it made of the incident so far: reaching it again is no news. */
  readonly worst?: Severity;
  /** Whether routes and escalations take the milder severity, too. */
  readonly isRouted: boolean;
  /** What was asked, of which source. */
  readonly asked: readonly { readonly promql: string; readonly source: string }[];
};

/** So long and no longer may a few instances make a critical alert milder: then somebody has to look all the same. */
const STANDS_SECONDS = 3600;
/** At most a quarter of at least three are a few. Half of at least two are many. */
const FEW = 0.25;
const FEW_OF = 3;
const MANY = 0.5;
const MANY_OF = 2;

const REHEARSALS =
  /^(?:dev|devel|development|test|testing|qa|uat|ci|stag|stage|staging|sandbox|preview|demo|int|integration|preprod|pre-prod|non-?prod)(?:[-_./\d].*)?$/i;

/** The environment as it is called, where that says that it is not production. */
export function rehearsalOf(environment: string | undefined): string | undefined {
  return environment !== undefined && REHEARSALS.test(environment) ? environment : undefined;
}

/**
 * Between which severities the measured impact leaves an incident. It is at least critical where requests fail beyond the concept's critical bound, a budget burns at a pace that wakes people, or
 * half of the instances that somebody uses are down; at least a warning where requests fail beyond the lower bound or an objective is missed. It is at most a
 * warning, where nothing of that is so, in an environment that is no production, for what nobody has used within a day, and where alerts are about a few of many instances and requests are known not to fail,
 * for an hour.
 */
export function boundsOf(facts: ImpactFacts): { readonly least?: Severity; readonly most?: Severity } {
  const least = leastOf(facts);
  if (facts.rehearsal !== undefined) return { ...(least !== undefined && { least: "warning" }), most: "warning" };
  if (least !== undefined) return { least };
  const { failed, instances, isUnused, callers, lastedSeconds } = facts;
  const isFew =
    instances?.isWhole === true &&
    instances.all >= FEW_OF &&
    Math.max(instances.alerting, instances.down) <= FEW * instances.all;
  const fails = failed === undefined || failed.share >= failed.warn;
  if (isUnused && (callers?.all ?? 0) === 0) return { most: "warning" };
  return isFew && !fails && lastedSeconds < STANDS_SECONDS ? { most: "warning" } : {};
}

function leastOf({ failed, burn = 0, instances, callers, isUnused }: ImpactFacts): Severity | undefined {
  const isDown = instances !== undefined && instances.all >= MANY_OF && instances.down >= MANY * instances.all;
  const isUsed = !isUnused && ((callers?.all ?? 0) > 0 || (failed?.rate ?? 0) > 0);
  const share = failed !== undefined && failed.rate > 0 ? failed.share : 0;
  if (failed !== undefined && share >= failed.critical) return "critical";
  if (burn >= BURNS_FAST || (isDown && isUsed)) return "critical";
  if (failed !== undefined && share >= failed.warn) return "warning";
  return burn >= BURNS || isDown ? "warning" : undefined;
}

type Weighed = Pick<Incident, "severity" | "impact">;

/** As grave as its message says: its rule's severity, within what the impact leaves. */
export function shownSeverity({ severity, impact }: Weighed): Severity {
  if (impact === undefined) return severity;
  const isNewer = graverFirst(severity, impact.of) < 0;
  const most = isNewer ? undefined : impact.most;
  const lowered = most !== undefined && graverFirst(severity, most) < 0 ? most : severity;
  return impact.least !== undefined && graverFirst(impact.least, lowered) < 0 ? impact.least : lowered;
}

/** As grave as routes, escalations and notifiers take it: never milder than its rule says, unless the settings want that. */
export function routedSeverity(incident: Weighed): Severity {
  const shown = shownSeverity(incident);
  return incident.impact?.isRouted || graverFirst(shown, incident.severity) < 0 ? shown : incident.severity;
}

/** Measured anew, is it worth another edit? Figures move all the time: what they come to, or an hour, is news. */
export function isNewImpact(incident: Weighed, next: Impact): boolean {
  const { impact } = incident;
  if (impact === undefined) return true;
  const isOther = shownSeverity(incident) !== shownSeverity({ ...incident, impact: next });
  const sides = ({ facts: { instances } }: Impact) =>
    JSON.stringify([instances?.alerting, instances?.down, instances?.all]);
  return isOther || impact.isRouted !== next.isRouted || sides(impact) !== sides(next) || next.at - impact.at >= 3600;
}

/**
 * The incident with what was measured, one revision further. One that is graver for it than it was is open again, as one that got worse: nobody acknowledged or
 * snoozed that.
 */
export function withImpact(incident: Incident, impact: Impact): Incident {
  const { status, snoozed } = incident;
  // Whoever snoozes it does so as grave as it is then, whatever it was before.
  const taken = status === "snoozed" ? snoozed?.severity : undefined;
  const known = graver(routedSeverity(incident), taken ?? incident.impact?.worst ?? "info");
  const now = routedSeverity({ ...incident, impact });
  const worst = graver(graver(known, incident.impact?.worst ?? "info"), now);
  const next = { ...incident, impact: { ...impact, worst }, revision: incident.revision + 1 };
  const isWorse = graverFirst(now, known) < 0;
  if (!isWorse || snoozed?.window !== undefined) return next;
  // Escalations whose steps were all made begin anew for what gets worse.
  if (status === "open")
    return { ...next, escalated: { steps: 0, at: incident.openedAt, ...incident.escalated, worse: impact.at } };
  if (status === "acknowledged") return { ...next, status: "open", escalated: { steps: 0, at: impact.at } };
  if (status !== "snoozed" || snoozed === undefined) return next;
  const { snoozed: _, ...woken } = next;
  return {
    ...woken,
    status: "open",
    escalated: { steps: 0, at: impact.at },
    woken: { at: impact.at, because: "worse", snoozed },
  };
}

/**
 * The incident with what its impact comes to by now, where that could not be measured anew: what makes a critical alert milder for an hour does so no longer.
 * One revision further; undefined where nothing is another.
 */
export function withOlderImpact(incident: Incident, now: number): Incident | undefined {
  const { impact } = incident;
  if (impact === undefined) return undefined;
  const { most, ...rest } = impact;
  const lastedSeconds = impact.facts.lastedSeconds + Math.max(0, now - impact.at);
  const isSo = most === undefined || boundsOf({ ...impact.facts, lastedSeconds }).most === most;
  return isSo ? undefined : withImpact(incident, rest);
}

function graver(a: Severity, b: Severity): Severity {
  return graverFirst(a, b) <= 0 ? a : b;
}
