import { isNotifier } from "../core/incident/notice.ts";
import { type Similar, similarTo } from "../core/incident/similar.ts";
import type { Incident } from "../core/incident.ts";
import { isChangeOf } from "../core/pattern/pattern.ts";
import type { Proposal } from "../core/proposal.ts";
import { formatDuration } from "../core/units.ts";
import { sayMoment } from "../core/zone.ts";
import type { Store } from "../ports/store.ts";
import { inertName } from "../util/inert.ts";

/** What was like an incident before, and what helped then. */

export type SimilarDeps = {
  readonly store: Pick<Store, "proposals">;
  /** Those that were resolved since then (unix seconds), at most so many. */
  readonly resolved: (since: number, limit: number) => Promise<readonly Incident[]>;
  readonly now: number;
  readonly zone: string;
};

/** So far back, so many. */
const BACK = 90 * 86_400;
const MOST = 1000;
const SHOWN = 2;
/** More are looked at, so that one that something helped in is among them. */
const LOOKED_AT = 5;
const MOST_CHANGES = 2000;

/**
 * Sentences about past incidents like this one, the most alike first: when, how long, and what was run then that was verified to help. Only of those
 * that were told in one of its channels, or are of its environment: other channels' incidents stay there.
 */
export async function similarBefore(
  { store, resolved: read, now, zone }: SimilarDeps,
  incident: Incident,
): Promise<readonly string[]> {
  const since = now - BACK;
  const resolved = await read(since, MOST);
  const open = resolved.filter(({ startedAt, ...one }) => startedAt < incident.startedAt && isOpenTo(one, incident));
  const found = similarTo(incident, open, LOOKED_AT);
  if (found.length === 0) return [];
  const changes = await store.proposals.find({ status: ["verified"], since, limit: MOST_CHANGES });
  const helped = found.map((one) => ({ ...one, by: changes.filter((change) => isChangeOf(change, one.incident)) }));
  // What helped is worth more than a little more likeness.
  const shown = [...helped].sort((a, b) => Number(b.by.length > 0) - Number(a.by.length > 0)).slice(0, SHOWN);
  return shown.map((one) => say(one, now, zone));
}

function isOpenTo(
  past: Pick<Incident, "environment" | "places">,
  now: Pick<Incident, "environment" | "places">,
): boolean {
  if (past.environment !== undefined && past.environment === now.environment) return true;
  // Who is told by a notifier reads no channel.
  return past.places.some(
    (place) =>
      !isNotifier(place) &&
      now.places.some(({ platform, channel }) => platform === place.platform && channel === place.channel),
  );
}

function say(one: Similar & { readonly by: readonly Proposal[] }, now: number, zone: string): string {
  const { incident, sameAlert, isSameThing, by } = one;
  const lasted = formatDuration(Math.max(60, Math.round(((incident.endedAt ?? now) - incident.startedAt) / 60) * 60));
  const about =
    isSameThing || incident.subject === undefined ? "" : ` of ${inertName(incident.subject.name, { max: 80 })}`;
  const what = sameAlert ?? incident.names[0]?.name ?? "an alert";
  const how = [...new Set(by.map(({ spec }) => spec.runbook?.title ?? spec.action.type.replaceAll("_", " ")))];
  const help =
    how.length === 0
      ? "no change that helped is known"
      : `${how.map((title) => inertName(title, { max: 80 })).join(", ")} was run then and verified to help`;
  return `${isSameThing && sameAlert !== undefined ? "The same" : "Similar"} before: ${inertName(what, { max: 80 })}${about} ${sayMoment(incident.startedAt, now, zone)}, for ${lasted} (${incident.id}); ${help}.`;
}
