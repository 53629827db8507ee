import type { Place } from "../chat.ts";
import { graverFirst, type Incident, type IncidentPart, type Severity } from "../incident.ts";
import { isNotifier } from "./notice.ts";
import { goingParts } from "./parts.ts";
import { type Filter, isAbout } from "./route.ts";

/** What happens while nobody acknowledges an incident. All of it pure; times in unix seconds. */

export type Step = {
  /** Seconds after the step before, or after it was opened. */
  readonly after: number;
  /** Schedules whose person on call is called, and people by id. */
  readonly schedules: readonly string[];
  readonly people: readonly string[];
  /** Channels that get the incident's message from then on; empty for those it is in. */
  readonly to: readonly Place[];
};

export type Escalation = Filter & {
  readonly name: string;
  readonly steps: readonly Step[];
  /** How often all steps are gone through again. */
  readonly repeat: number;
  /** Seconds without any change after which an acknowledgement no longer counts; undefined for never. */
  readonly idle?: number;
};

/** Somebody was called. `places` are those whose thread says so. */
export type Call = {
  readonly at: number;
  readonly because: "unacknowledged" | "idle";
  readonly people: readonly string[];
  readonly places: readonly Place[];
};

/** How far one escalation is. */
export type Progress = {
  /** Its name. */
  readonly of: string;
  /** Steps made, all rounds together. */
  readonly steps: number;
  /** When the last one was, or since when it is for the incident. */
  readonly at: number;
  /** How grave the incident was then. */
  readonly severity: Severity;
};

/** How far all of it is, since the incident needs somebody: steps made, and when the last one was, or when it began. */
export type Escalated = {
  readonly steps: number;
  readonly at: number;
  /** When it last became graver while nobody had it. */
  readonly worse?: number;
  /** Each escalation that made a step, or began to be for it after another did. Undefined of one stored before there could be several. */
  readonly by?: readonly Progress[];
};

export type Due =
  | { readonly kind: "nothing" }
  | { readonly kind: "wait"; readonly seconds: number }
  /** The clock was set back, or it is for the incident only now: counted from now on. */
  | { readonly kind: "anchor"; readonly escalation: Escalation }
  | { readonly kind: "step"; readonly step: Step; readonly escalation: Escalation }
  | { readonly kind: "idle" };

/** Clocks of machines differ by less. */
const SKEW = 60;
/** What was gone through to its end begins anew for an incident that is as grave again only after this, in seconds: severities flap, too. */
const ANEW_SECONDS = 1800;

/** The first escalation that is for each part of the incident, each once: the one for the gravest part first. */
export function escalationsFor(all: readonly Escalation[], incident: Incident): readonly Escalation[] {
  if (incident.isStorm && incident.places.length === 0) return [];
  const isFor = ({ severities, ...filter }: Escalation, part: IncidentPart) =>
    isAbout(filter, part, incident) && (severities === undefined || severities.includes(part.severity));
  const found = goingParts(incident).flatMap((part) => all.find((one) => isFor(one, part)) ?? []);
  return [...new Set(found)];
}

/**
 * What is due for an incident at `now`, by the escalations that are for it. One step at a time, each counted from when the one before was
 * made: a bot that was down, or a clock that jumped, makes none of them twice and no flood of those that it missed. Each escalation makes its own
 * steps; one that is for the incident only later begins with its first. What gets worse goes on where it is, and begins anew where all steps were made.
 */
export function dueFor(escalations: readonly Escalation[], incident: Incident, now: number): Due {
  if (incident.status === "acknowledged") return idleDue(escalations, incident, now);
  if (incident.status !== "open") return NOTHING;
  const dues = escalations.map((one): Due => {
    const { steps, repeat } = one;
    const progress = progressOf(one, escalations, incident);
    if (progress === undefined) return { kind: "anchor", escalation: one };
    if (steps.length === 0 || progress.steps >= steps.length * (repeat + 1)) return NOTHING;
    if (progress.at > now + SKEW) return { kind: "anchor", escalation: one };
    const step = steps[progress.steps % steps.length]!;
    const left = progress.at + step.after - now;
    return left <= 0 ? { kind: "step", step, escalation: one } : { kind: "wait", seconds: left };
  });
  const act = dues.find(({ kind }) => kind === "step" || kind === "anchor");
  if (act !== undefined) return act;
  return dues.reduce((soonest, due) => (secondsOf(due) < secondsOf(soonest) ? due : soonest), NOTHING);
}

const NOTHING: Due = { kind: "nothing" };

function secondsOf(due: Due): number {
  return due.kind === "wait" ? due.seconds : Number.POSITIVE_INFINITY;
}

function idleDue(escalations: readonly Escalation[], incident: Incident, now: number): Due {
  const idle = Math.min(...escalations.map((one) => one.idle ?? Number.POSITIVE_INFINITY));
  if (!Number.isFinite(idle)) return NOTHING;
  const moved = Math.max(incident.changedAt, incident.acknowledged?.at ?? 0);
  if (moved > now + SKEW) return { kind: "wait", seconds: idle };
  const left = moved + idle - now;
  return left <= 0 ? { kind: "idle" } : { kind: "wait", seconds: left };
}

/** How far an escalation is; undefined where another made steps and this one is not counted yet. */
function progressOf(
  { name, steps, repeat }: Escalation,
  escalations: readonly Escalation[],
  { escalated, openedAt, severity }: Incident,
): Progress | undefined {
  const { by = [], worse, at = openedAt } = escalated ?? {};
  const known = by.find(({ of }) => of === name);
  if (known === undefined) {
    if (by.length > 0) return undefined;
    // Steps that were stored without a name were made by the one that was for it.
    const made = escalations[0]?.name === name ? (escalated?.steps ?? 0) : 0;
    return { of: name, steps: made, at, severity };
  }
  const isThrough = known.steps >= steps.length * (repeat + 1);
  if (!isThrough || worse === undefined || worse <= known.at) return known;
  const isGraver = graverFirst(severity, known.severity) < 0;
  return isGraver || worse - known.at >= ANEW_SECONDS ? { of: name, steps: 0, at: worse, severity } : known;
}

/** Calls that an incident keeps: what is older was said long ago. */
const CALLS_KEPT = 5;

/** The incident once a step of an escalation was made, one revision further. `escalations` are all that are for it, `people` are ids. */
export function escalated(
  incident: Incident,
  { escalation, step }: Extract<Due, { kind: "step" }>,
  escalations: readonly Escalation[],
  people: readonly string[],
  now: number,
): Incident {
  const all = escalations.flatMap(({ steps }) => steps);
  const added = step.to.filter((place) => !incident.places.some((one) => isSame(one, place)));
  // Channels that another step brought in are not told of this one.
  const own = incident.places.filter((place) => !all.some(({ to }) => to.some((one) => isSame(one, place))));
  const usual = own.length > 0 ? own : incident.places;
  // A notifier stands beside the thread, where people are called by their accounts, and not in place of it.
  const isBeside = step.to.every(isNotifier);
  const beside = step.to.filter((place) => !usual.some((one) => isSame(one, place)));
  const call: Call = {
    at: now,
    because: "unacknowledged",
    people,
    places: isBeside ? [...usual, ...beside] : step.to,
  };
  const made = (progressOf(escalation, escalations, incident)?.steps ?? 0) + 1;
  return {
    ...withCall(incident, call),
    places: [...incident.places, ...added],
    escalated: {
      ...counted(incident, escalation, escalations, made, now),
      steps: (incident.escalated?.steps ?? 0) + 1,
    },
  };
}

/** The steps of an escalation that were made, the one that is being made among them. */
export function stepsOf({ name }: Escalation, { escalated }: Incident): number {
  return escalated?.by?.find(({ of }) => of === name)?.steps ?? 0;
}

/** How far all of them are once this one has made so many steps, the others as they are. */
function counted(
  incident: Incident,
  { name }: Escalation,
  escalations: readonly Escalation[],
  steps: number,
  now: number,
): Escalated {
  const { by = [], worse, steps: all = 0 } = incident.escalated ?? {};
  const begun = escalations.flatMap((one) => (by.length === 0 ? (progressOf(one, escalations, incident) ?? []) : []));
  const others = [...by, ...begun].filter(({ of }) => of !== name);
  return {
    steps: all,
    at: now,
    ...(worse !== undefined && { worse }),
    by: [...others, { of: name, steps, at: now, severity: incident.severity }],
  };
}

/** The incident once its acknowledgement no longer counts: open again, escalated from the start. */
export function handedBack(incident: Incident, now: number): Incident {
  const { acknowledged, ...rest } = incident;
  const people = acknowledged === undefined ? [] : [acknowledged.person];
  return {
    ...withCall(rest, { at: now, because: "idle", people, places: incident.places }),
    status: "open",
    escalated: { steps: 0, at: now },
  };
}

/** An escalation is counted from now on: the clock was ahead before, or it is for the incident only now. */
export function anchored(
  incident: Incident,
  { escalation }: Extract<Due, { kind: "anchor" }>,
  escalations: readonly Escalation[],
  now: number,
): Incident {
  const made = progressOf(escalation, escalations, incident)?.steps ?? 0;
  const escalated = counted(incident, escalation, escalations, made, now);
  return { ...incident, revision: incident.revision + 1, escalated };
}

function withCall(incident: Incident, call: Call): Incident {
  const calls = [...(incident.calls ?? []), call].slice(-CALLS_KEPT);
  return { ...incident, revision: incident.revision + 1, calls };
}

function isSame(a: Place, b: Place): boolean {
  return a.platform === b.platform && a.channel === b.channel && a.thread === b.thread;
}
