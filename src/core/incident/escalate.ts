import type { Place } from "../chat.ts";
import type { Incident } from "../incident.ts";
import { isNotifier } from "./notice.ts";
import { type Filter, matches } from "./route.ts";

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

/** How far it is: steps made, all rounds together; and when the last one was, or when it began. */
export type Escalated = { readonly steps: number; readonly at: number };

export type Due =
  | { readonly kind: "nothing" }
  | { readonly kind: "wait"; readonly seconds: number }
  /** The clock was set back: counted from now on. */
  | { readonly kind: "anchor" }
  | { readonly kind: "step"; readonly step: Step }
  | { readonly kind: "idle" };

/** Clocks of machines differ by less. */
const SKEW = 60;

/** The first escalation that is for the incident. */
export function escalationFor(all: readonly Escalation[], incident: Incident): Escalation | undefined {
  return incident.isStorm && incident.places.length === 0 ? undefined : all.find((one) => matches(one, incident));
}

/**
 * What is due for an incident at `now`. One step at a time, each counted from when the one before was made: a bot that was down, or a clock
 * that jumped, makes none of them twice and no flood of those that it missed.
 */
export function dueFor({ steps, repeat, idle }: Escalation, incident: Incident, now: number): Due {
  if (incident.status === "acknowledged") {
    if (idle === undefined) return { kind: "nothing" };
    const moved = Math.max(incident.changedAt, incident.acknowledged?.at ?? 0);
    if (moved > now + SKEW) return { kind: "wait", seconds: idle };
    const left = moved + idle - now;
    return left <= 0 ? { kind: "idle" } : { kind: "wait", seconds: left };
  }
  if (incident.status !== "open" || steps.length === 0) return { kind: "nothing" };
  const { steps: made, at } = incident.escalated ?? { steps: 0, at: incident.openedAt };
  if (made >= steps.length * (repeat + 1)) return { kind: "nothing" };
  if (at > now + SKEW) return { kind: "anchor" };
  const step = steps[made % steps.length]!;
  const left = at + step.after - now;
  return left <= 0 ? { kind: "step", step } : { kind: "wait", seconds: left };
}

/** Calls that an incident keeps: what is older was said long ago. */
const CALLS_KEPT = 5;

/** The incident once a step was made, one revision further. `people` are ids. */
export function escalated(
  incident: Incident,
  { steps }: Pick<Escalation, "steps">,
  step: Step,
  people: readonly string[],
  now: number,
): Incident {
  const added = step.to.filter((place) => !incident.places.some((one) => isSame(one, place)));
  // Channels that another step brought in are not told of this one.
  const own = incident.places.filter((place) => !steps.some(({ to }) => to.some((one) => isSame(one, place))));
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
  return {
    ...withCall(incident, call),
    places: [...incident.places, ...added],
    escalated: { steps: (incident.escalated?.steps ?? 0) + 1, at: now },
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

/** Counted from now on, where the clock was ahead before. */
export function anchored(incident: Incident, now: number): Incident {
  const steps = incident.escalated?.steps ?? 0;
  return { ...incident, revision: incident.revision + 1, escalated: { steps, at: now } };
}

function withCall(incident: Incident, call: Call): Incident {
  const calls = [...(incident.calls ?? []), call].slice(-CALLS_KEPT);
  return { ...incident, revision: incident.revision + 1, calls };
}

function isSame(a: Place, b: Place): boolean {
  return a.platform === b.platform && a.channel === b.channel && a.thread === b.thread;
}
