import { fitsGlob } from "../../util/glob.ts";
import type { Place } from "../chat.ts";
import { graverFirst, type Incident, type Severity } from "../incident.ts";

/** Where messages about incidents go, as the configuration lists it. */
export type Route = {
  readonly severities?: readonly Severity[];
  readonly environments?: readonly string[];
  /** Labels that one of its alerts has, each with one of these values; `*` stands for any letters. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  readonly to: readonly Place[];
  /** Routes after this one are looked at, too. */
  readonly goesOn: boolean;
};

/**
 * The places for an incident: those of the first route that matches, and of further ones as far as routes say so. What has a message
 * already keeps it. Empty where no route matches.
 */
export function placesFor(routes: readonly Route[], incident: Incident): readonly Place[] {
  const places = new Map(incident.places.map((place) => [keyOf(place), place]));
  for (const route of routes) {
    if (!matches(route, incident)) continue;
    for (const place of route.to) if (!places.has(keyOf(place))) places.set(keyOf(place), place);
    if (!route.goesOn) break;
  }
  return [...places.values()];
}

/** Whether an incident is one that the route is for. */
export function matches(
  { severities, environments, labels = {} }: Omit<Route, "to" | "goesOn">,
  incident: Incident,
): boolean {
  if (severities !== undefined && !severities.some((one) => graverFirst(one, incident.severity) === 0)) return false;
  if (environments !== undefined && !environments.includes(incident.environment ?? "")) return false;
  return Object.entries(labels).every(([label, values]) =>
    incident.lines.some((line) => values.some((value) => fitsGlob(value, line.labels[label] ?? ""))),
  );
}

function keyOf({ platform, channel, thread }: Place): string {
  return JSON.stringify([platform, channel, thread]);
}
