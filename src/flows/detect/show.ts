import { anomalyCard } from "../../cards/anomaly-card.ts";
import type { Place } from "../../core/chat.ts";
import { postOrEdit } from "../../core/posted.ts";
import type { Anomaly } from "../../core/watch/anomaly.ts";
import { anomalyMessage } from "../../core/watch/message.ts";
import { rankOf } from "../../core/watch.ts";
import type { WatchRecord } from "../../ports.ts";
import { sha256 } from "../../util/canonical.ts";
import type { DetectDeps } from "./deps.ts";

const RECORD_SECONDS = 30 * 86_400;
const MOST_UNSHOWN = 2000;
const MOST_MEMBERS = 500;

type ShowDeps = Pick<DetectDeps, "store" | "settings" | "clock" | "posted" | "report" | "sources">;

/**
 * Anomalies whose message is behind -> the outbox: one message for each group in each place, edited. What was over before anybody
 * was told, and what is quiet, is not said. A crash in between says the same again under the same id, which is once.
 */
export async function showAnomalies(deps: ShowDeps): Promise<void> {
  const { store, settings, clock, report } = deps;
  const unshown = await store.detection.unshown(MOST_UNSHOWN);
  if (unshown.length === 0) return;
  const records = await store.detection.records(clock() - RECORD_SECONDS);
  const opinions = await store.detection.opinions(clock() - RECORD_SECONDS);
  const open = await store.detection.anomalies({ status: "open", limit: MOST_MEMBERS });
  for (const group of new Set(unshown.map((one) => one.group))) {
    try {
      const members = await store.detection.anomalies({ group, limit: MOST_MEMBERS });
      const posted = await showGroup(deps, group, members, records, { opinions, open });
      for (const { id, revision } of members) await store.detection.shown(id, revision, posted);
    } catch (err) {
      // One that cannot be shown must not keep the others from it; it is tried again in the next round.
      report("error", "an anomaly could not be shown", { err, group });
    }
  }
  deps.posted();

  async function showGroup(
    { sources }: ShowDeps,
    id: string,
    members: readonly Anomaly[],
    known: ReadonlyMap<string, WatchRecord>,
    { opinions, open }: { opinions: Parameters<typeof anomalyCard>[1]["opinions"]; open: readonly Anomaly[] },
  ): Promise<boolean> {
    const wasPosted = await store.detection.wasPosted(id);
    const loud = members.filter(({ quiet }) => quiet === undefined);
    if (!wasPosted && !loud.some(({ status }) => status === "open")) return false;
    const places = await reachable(placesFor(loud, settings), deps);
    if (places.length === 0) return false;
    const card = anomalyCard(loud, {
      now: clock(),
      zone: settings.zone,
      // This very post counts, though it is noted only once it is on its way.
      record: withThis(known, loud[0]?.watch ?? "", wasPosted),
      opinions,
      near: open.filter((one) => one.group !== id && one.quiet === undefined),
      linkTo: (promql, source, window) => sources.find(({ name }) => name === source)?.linkTo(promql, window),
    });
    const looks = sha256(JSON.stringify(card)).slice(0, 8);
    const revision = members.reduce((sum, one) => sum + one.revision, 0);
    for (const place of places) {
      const message = anomalyMessage(id, place);
      await postOrEdit(store.outbox.put, { id: message, place, card, at: clock() }, `${revision}:${looks}`);
    }
    return true;
  }
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

/** Where it is said: at the watch's own places, or by the routes, where it was severe enough at its worst. */
function placesFor(members: readonly Anomaly[], { watches, routes }: ShowDeps["settings"]): readonly Place[] {
  const found = new Map<string, Place>();
  for (const one of members) {
    const own = watches.find(({ id }) => id === one.watch)?.post;
    const wanted = own ?? routes.filter(({ least }) => rankOf(one.severity) >= rankOf(least)).map(({ place }) => place);
    for (const place of wanted) found.set(JSON.stringify(place), place);
  }
  return [...found.values()];
}

function withThis(records: ReadonlyMap<string, WatchRecord>, watch: string, wasPosted: boolean): WatchRecord {
  const known = records.get(watch) ?? { posts: 0, useful: 0, notUseful: 0, expected: 0 };
  return wasPosted ? known : { ...known, posts: known.posts + 1 };
}
