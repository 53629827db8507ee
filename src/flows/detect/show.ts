import { anomalyCard } from "../../cards/anomaly-card.ts";
import type { Place } from "../../core/chat.ts";
import { postOrEdit } from "../../core/posted.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { anomalyMessage } from "../../core/watch/message.ts";
import { postPlaces } from "../../core/watch/post.ts";
import type { WatchRecord } from "../../ports/detection.ts";
import { sha256 } from "../../util/canonical.ts";
import type { DetectDeps } from "./deps.ts";
import { incidentsOf, type Raised, raise } from "./raise.ts";

const RECORD_SECONDS = 30 * 86_400;
const MOST_UNSHOWN = 2000;
const MOST_MEMBERS = 500;

type ShowDeps = Pick<DetectDeps, "store" | "settings" | "clock" | "posted" | "report" | "sources" | "raising">;

/**
 * Anomalies whose message is behind -> incidents where they are for one, else the outbox: one message for each group in each place, edited. What was
 * over before anybody was told, and what is quiet, is not said. A crash in between says the same again under the same id, which is once; what is left when
 * `signal` fires is shown by the next round.
 */
export async function showAnomalies(deps: ShowDeps, signal?: AbortSignal): Promise<void> {
  const { store, clock, report } = deps;
  const unshown = await store.detection.unshown(MOST_UNSHOWN);
  if (unshown.length === 0) return;
  const { incidents, muted } = await raised(deps, unshown);
  const rest = unshown.filter(({ id }) => !muted.has(id));
  const records = await store.detection.records(clock() - RECORD_SECONDS);
  const opinions = await store.detection.opinions(clock() - RECORD_SECONDS);
  const open = await store.detection.anomalies({ status: "open", limit: MOST_MEMBERS });
  for (const group of new Set(rest.map((one) => one.group))) {
    if (signal?.aborted === true) break;
    try {
      const all = await store.detection.anomalies({ group, limit: MOST_MEMBERS });
      const members = all.filter(({ id }) => !muted.has(id));
      const posted = await showGroup(deps, group, members, records, { opinions, open });
      // What is in an incident counts as shown once that was told of it, which is noted there.
      const elsewhere = deps.raising === undefined ? new Map() : await incidentsOf(deps, members);
      for (const { id, revision } of members)
        if (!elsewhere.has(id)) await store.detection.shown(id, revision, posted || incidents.has(id));
    } catch (err) {
      // One that cannot be shown must not keep the others from it; it is tried again in the next round.
      report("error", "an anomaly could not be shown", { err, group });
    }
  }
  deps.posted();
}

/** What becomes of these as incidents. Where that cannot be stored, all of them wait for the next round. */
async function raised(deps: ShowDeps, unshown: readonly Anomaly[]): Promise<Raised> {
  const { store, raising, report } = deps;
  if (raising === undefined) return { incidents: await incidentsOf(deps, unshown), muted: new Set() };
  const posted = new Map<string, readonly string[]>();
  const hasOwn = async ({ id, group }: Anomaly) => {
    const told = posted.get(group) ?? (await store.detection.postedOf(group));
    posted.set(group, told);
    return told.includes(id);
  };
  try {
    return await raise(deps, raising, unshown, hasOwn);
  } catch (err) {
    report("error", "anomalies could not be made incidents", { err });
    return { incidents: new Map(), muted: new Set(unshown.map(({ id }) => id)) };
  }
}

/** The message of those of a group that are in no incident, or that it keeps. Whether there is one. */
async function showGroup(
  deps: ShowDeps,
  id: string,
  members: readonly Anomaly[],
  known: ReadonlyMap<string, WatchRecord>,
  { opinions, open }: { opinions: Parameters<typeof anomalyCard>[1]["opinions"]; open: readonly Anomaly[] },
): Promise<boolean> {
  const { store, settings, clock, sources } = deps;
  const loud = members.filter(({ quiet }) => quiet === undefined);
  const places = await reachable(postPlaces(loud, settings), deps);
  const fates = await Promise.all(places.map((place) => store.outbox.fateOf(anomalyMessage(id, place))));
  const isThere = fates.some((fate) => fate !== undefined);
  const incidents = await incidentsOf(deps, loud);
  const alone = loud.filter((one) => !incidents.has(one.id));
  if (places.length === 0 || (!isThere && !alone.some(({ status }) => status === "open"))) return false;
  const shown = alone.length > 0 ? alone : loud;
  const [wentOn] = alone.length > 0 ? [] : [...incidents.values()];
  const card = anomalyCard(shown, {
    now: clock(),
    zone: settings.zone,
    // This very post counts, though it is noted only once it is on its way.
    record: withThis(known, shown[0]?.watch ?? "", isThere),
    opinions,
    near: open.filter((one) => one.group !== id && one.quiet === undefined),
    linkTo: (promql, source, window) => sources.find(({ name }) => name === source)?.linkTo(promql, window),
    ...(wentOn !== undefined && { wentOn }),
  });
  const looks = sha256(JSON.stringify(card)).slice(0, 8);
  const revision = members.reduce((sum, one) => sum + one.revision, 0);
  for (const place of places) {
    const message = anomalyMessage(id, place);
    await postOrEdit(store.outbox.put, { id: message, place, card, at: clock() }, `${revision}:${looks}`);
  }
  return true;
}

/** Teams can be written to only where somebody added the bot or spoke to it; until then, there is nobody to tell. */
async function reachable(places: readonly Place[], { store, report }: ShowDeps): Promise<readonly Place[]> {
  const known = await Promise.all(
    places.map(async (place) => place.platform !== "teams" || (await store.places.get(place)) !== undefined),
  );
  const missing = places.filter((_, at) => known[at] === false).map(({ channel }) => channel);
  if (missing.length > 0)
    report("warn", "anomalies cannot be posted to a conversation of Teams that the bot was not added to yet", {
      missing,
    });
  return places.filter((_, at) => known[at]);
}

function withThis(records: ReadonlyMap<string, WatchRecord>, watch: string, wasPosted: boolean): WatchRecord {
  const known = records.get(watch) ?? { posts: 0, useful: 0, notUseful: 0, expected: 0 };
  return wasPosted ? known : { ...known, posts: known.posts + 1 };
}
