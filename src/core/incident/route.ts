import { fitsGlob } from "../../util/glob.ts";
import type { Place } from "../chat.ts";
import type { Incident, IncidentPart, Severity } from "../incident.ts";
import { type DayHours, isWithin } from "../oncall/schedule.ts";
import { isNotifier } from "./notice.ts";
import { goingParts, gravestOf, partsOf } from "./parts.ts";

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
 * The places for an incident: for each part of it those of the first route that is for it, and of further ones as far as routes say so, as if
 * it were alone. What has a message already keeps it. Hours count by when the part became as grave as it is. Empty where no route matches.
 */
export function placesFor(routes: readonly Route[], incident: Incident): readonly Place[] {
  const places = new Map(incident.places.map((place) => [keyOf(place), place]));
  for (const part of goingParts(incident))
    for (const route of routes) {
      const { hours, severities } = route;
      if (route.isFallback || !isAbout(route, part, incident)) continue;
      if (severities !== undefined && !severities.includes(part.severity)) continue;
      if (hours !== undefined && !isWithin(hours, hours.zone, part.since)) continue;
      for (const place of route.to) if (!places.has(keyOf(place))) places.set(keyOf(place), place);
      if (!route.goesOn) break;
    }
  return [...places.values()];
}

/** Where something critical is told that no route is for, by its environment, labels or hours: the fallbacks, else wherever critical things go. */
export function placesOfLastResort(routes: readonly Route[]): readonly Place[] {
  const fallbacks = routes.filter(({ isFallback }) => isFallback === true);
  const critical = routes.filter(({ severities }) => severities?.includes("critical") ?? true);
  const places = (fallbacks.length > 0 ? fallbacks : critical).flatMap(({ to }) => to);
  return [...new Map(places.map((place) => [keyOf(place), place])).values()];
}

/** True where all of it is for what goes on in the incident: the severity is the highest of those that have the labels. */
export function matches(filter: Filter, incident: Incident): boolean {
  return hasSeverity(
    filter,
    goingParts(incident).filter((part) => isAbout(filter, part, incident)),
  );
}

/** True where all of it is, or was, for something in the incident. */
export function concerns(filter: Filter, incident: Incident): boolean {
  const own = partsOf(incident).filter((part) => isAbout(filter, part, incident));
  const firing = own.filter((part) => part.firing > 0);
  return hasSeverity(filter, firing.length > 0 ? firing : own);
}

function hasSeverity({ severities }: Filter, parts: readonly IncidentPart[]): boolean {
  const gravest = gravestOf(parts);
  return gravest !== undefined && (severities === undefined || severities.includes(gravest));
}

/** Whether alerts of the part have the environment and all the labels. One that says no environment is in that of its incident. */
export function isAbout(
  { environments, labels = {} }: Filter,
  part: Pick<IncidentPart, "labels" | "environment">,
  { environment = "" }: Pick<Incident, "environment">,
): boolean {
  if (environments !== undefined && !environments.includes(part.environment ?? environment)) return false;
  return Object.entries(labels).every(([label, values]) =>
    values.some((value) => fitsGlob(value, part.labels[label] ?? "")),
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
