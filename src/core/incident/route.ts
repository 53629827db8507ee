import { fitsGlob } from "../../util/glob.ts";
import type { Place } from "../chat.ts";
import { graverFirst, type Incident, type Severity } from "../incident.ts";
import { type DayHours, isWithin } from "../oncall/schedule.ts";
import { isNotifier } from "./notice.ts";

/** Which incidents something is for. */
export type Filter = {
  readonly severities?: readonly Severity[];
  readonly environments?: readonly string[];
  /** Labels that one of its alerts has, each with one of these values; `*` stands for any letters. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
};

/** Where messages about incidents go, as the configuration lists it. */
export type Route = Filter & {
  /** How people call it, for `test route`. */
  readonly name: string;
  /** Only within these hours of these days, in this zone. */
  readonly hours?: DayHours & { readonly zone: string };
  /** Only for what could not arrive where it should. */
  readonly isFallback?: true;
  readonly to: readonly Place[];
  /** Routes after this one are looked at, too. */
  readonly goesOn: boolean;
};

/**
 * The places for an incident: those of the first route that matches, and of further ones as far as routes say so. What has a message
 * already keeps it. Hours count by when it was opened. Empty where no route matches.
 */
export function placesFor(routes: readonly Route[], incident: Incident): readonly Place[] {
  const places = new Map(incident.places.map((place) => [keyOf(place), place]));
  for (const route of routes) {
    if (route.isFallback || !matches(route, incident)) continue;
    if (route.hours !== undefined && !isWithin(route.hours, route.hours.zone, incident.openedAt)) continue;
    for (const place of route.to) if (!places.has(keyOf(place))) places.set(keyOf(place), place);
    if (!route.goesOn) break;
  }
  return [...places.values()];
}

/** True for an incident that all of it is for. */
export function matches({ severities, environments, labels = {} }: Filter, incident: Incident): boolean {
  if (severities !== undefined && !severities.some((one) => graverFirst(one, incident.severity) === 0)) return false;
  if (environments !== undefined && !environments.includes(incident.environment ?? "")) return false;
  return Object.entries(labels).every(([label, values]) =>
    incident.lines.some((line) => values.some((value) => fitsGlob(value, line.labels[label] ?? ""))),
  );
}

/** True for a filter that leaves nothing out. */
export function isForAll({ severities, environments, labels = {} }: Filter): boolean {
  return severities === undefined && environments === undefined && Object.keys(labels).length === 0;
}

/** The incident where a message of it can never arrive: shown by the fallback from then on, one revision further. Undefined where that is known, or nothing is for it. */
export function rerouted(
  routes: readonly Route[],
  incident: Incident,
  at: number,
  reason: string,
): Incident | undefined {
  const place = incident.places[at];
  const { missed = [] } = incident;
  if (place === undefined || missed.some((one) => keyOf(one.place) === keyOf(place))) return undefined;
  const known = incident.places.map(keyOf);
  const added = routes
    .filter((route) => route.isFallback === true && matches(route, incident))
    .flatMap(({ to }) => to)
    .filter((one) => !known.includes(keyOf(one)));
  // A notifier has no other message to say it, so it is noted without a fallback, too.
  if (added.length === 0 && !isNotifier(place)) return undefined;
  const places = [...incident.places, ...added];
  return {
    ...incident,
    revision: incident.revision + 1,
    places,
    missed: [...missed, { place, reason: reason.slice(0, 200) }],
  };
}

function keyOf({ platform, channel, thread }: Place): string {
  return JSON.stringify([platform, channel, thread]);
}
