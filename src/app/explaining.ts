import type { IncidentContext } from "../cards/incident-card.ts";
import type { Config } from "../config.ts";
import type { Place } from "../core/chat.ts";
import { STORM_SECONDS } from "../core/incident/absorb.ts";
import { fixFor } from "../core/incident/fixes.ts";
import type { Incident } from "../core/incident.ts";
import type { Graph } from "../core/topology/graph.ts";
import type { Enriched } from "../flows/enrich.ts";
import type { IncidentOptions } from "./incidents.ts";

/** What is known of incidents beyond their alerts: asked a while after they began, and again while they go on. */
export type Explaining = {
  /** What a message shows beside the incident itself. */
  readonly contextOf: (incident: Incident) => IncidentContext;
  /** One round. Resolves with the seconds until the next one; undefined while nothing goes on. */
  readonly explain: (signal: AbortSignal) => Promise<number | undefined>;
};

type Desk = {
  readonly placesOf: (incident: Incident) => readonly Place[];
  readonly graph: () => Graph;
  /** The store has another impact of an incident. */
  readonly changed: () => void;
  /** A message is to be drawn anew. */
  readonly redraw: () => void;
};

/** What is known about an incident is asked anew after this long, in seconds. */
const ASK_AGAIN = 300;
/** Incidents that are explained at once, and how long each may take. */
const EXPLAINED_AT_ONCE = 4;
const EXPLAIN_MS = 15_000;
/** Impacts are measured anew after this long, in seconds: of so many incidents in one round, those that wait longest first. */
const WEIGH_AGAIN = 600;
const MOST_WEIGHED = 20;
export function createExplaining(
  config: Config,
  options: Pick<IncidentOptions, "store" | "sources" | "packs" | "clock" | "log" | "runbooks" | "silences" | "onCall">,
  { placesOf, graph, changed, redraw }: Desk,
): Explaining {
  const { store, clock, log } = options;
  /** When the impact of each was measured last. */
  const weighed = new Map<string, number>();
  /** What was found of each. `revision`: of the incident as it was then. */
  const known = new Map<string, { enriched: Enriched; edition: number; revision: number; at: number }>();
  function contextOf(incident: Incident): IncidentContext {
    const found = known.get(incident.id);
    const canSilence = options.silences.isThere;
    const { called } = options.onCall;
    return {
      now: clock(),
      zone: config.timezone,
      edition: found?.edition ?? 0,
      canSilence,
      called,
      linkTo: (promql, source) => {
        const window = { start: incident.startedAt - 3600, end: incident.endedAt ?? clock(), step: 60 };
        return options.sources.find(({ name }) => name === source)?.linkTo(promql, window);
      },
      ...found?.enriched,
    };
  }

  /** What is behind the newest incidents, a few at once; each is shown again once it is known. */
  async function explain(signal: AbortSignal): Promise<number | undefined> {
    const live = await store.incidents.live();
    const alive = new Set(live.map(({ id }) => id));
    for (const kept of [known, weighed]) for (const id of kept.keys()) if (!alive.has(id)) kept.delete(id);
    const due = live
      .filter((one) => one.places.length > 0 && !one.isStorm)
      .filter(({ id, revision }) => {
        const found = known.get(id);
        return found === undefined || (found.revision !== revision && clock() - found.at > ASK_AGAIN);
      });
    for (let at = 0; at < due.length && !signal.aborted; at += EXPLAINED_AT_ONCE)
      await Promise.all(due.slice(at, at + EXPLAINED_AT_ONCE).map((one) => explainOne(one, signal, isStormy(live))));
    const since = (id: string) => weighed.get(id) ?? 0;
    const again = live
      .filter(({ id }) => known.has(id) && clock() - since(id) > WEIGH_AGAIN)
      .sort((a, b) => since(a.id) - since(b.id))
      .slice(0, MOST_WEIGHED);
    for (const one of signal.aborted || isStormy(live) ? [] : again) {
      const impactMissing = await weighOne(one, signal);
      const shown = known.get(one.id);
      if (shown === undefined || shown.enriched.impactMissing === impactMissing) continue;
      const { impactMissing: _, ...enriched } = shown.enriched;
      const now = impactMissing === undefined ? enriched : { ...enriched, impactMissing };
      known.set(one.id, { ...shown, enriched: now, edition: shown.edition + 1 });
      await store.incidents.shown(one.id, 0);
      redraw();
    }
    return live.length > 0 ? ASK_AGAIN : undefined;
  }

  let past: { readonly at: number; readonly read: Promise<readonly Incident[]> } | undefined;

  /** Read once a minute at most: in a storm, many are explained. */
  async function resolved(since: number, limit: number): Promise<readonly Incident[]> {
    if (past === undefined || Math.abs(clock() - past.at) > 60)
      past = { at: clock(), read: store.incidents.find({ status: ["resolved"], since, limit }) };
    past.read.catch(() => {
      past = undefined;
    });
    return past.read;
  }

  /** Too much comes in: what is written beside it would make whoever takes it in read everything anew. */
  function isStormy(live: readonly Incident[]): boolean {
    return live.some(({ isStorm, changedAt }) => isStorm && clock() - changedAt < STORM_SECONDS);
  }

  /** Why its impact could not be measured; undefined where it was, or where nothing is to be measured. What was measured stands in the store. */
  async function weighOne(incident: Incident, stopping: AbortSignal): Promise<string | undefined> {
    weighed.set(incident.id, clock());
    const { impact: how } = config.incidents;
    if (how === "off") return undefined;
    const { age, weigh } = await import("../flows/impact.ts");
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(EXPLAIN_MS)]);
    const { sources, packs } = options;
    const deps = { store, sources, packs, clock, placesOf, graph, isRouted: how === "both" };
    const { isChanged, missing } = await weigh(deps, incident, signal).catch((problem: unknown) => {
      if (!signal.aborted) log.warn({ err: problem, incident: incident.id }, "an impact could not be measured");
      return { isChanged: false, missing: "Impact not measured: Prometheus did not answer in time." };
    });
    if (isChanged || (await age(deps, incident.id))) changed();
    return missing;
  }

  async function explainOne(incident: Incident, stopping: AbortSignal, isLater: boolean): Promise<void> {
    const [{ enrich }, { changesBefore, withChanges }, { similarBefore }] = await Promise.all([
      import("../flows/enrich.ts"),
      import("../flows/enrich/changes.ts"),
      import("../flows/similar.ts"),
    ]);
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(EXPLAIN_MS)]);
    const shown = known.get(incident.id);
    const near = { sources: options.sources, packs: options.packs, runs: store.runs, clock, zone: config.timezone };
    const [enriched, changes, impactMissing] = await Promise.all([
      enrich({ sources: options.sources, clock }, incident, signal).catch((problem: unknown): Enriched => {
        if (!signal.aborted) log.warn({ err: problem, incident: incident.id }, "an incident could not be explained");
        return { missing: "What is behind it could not be asked in time." };
      }),
      changesBefore(near, incident, signal).catch(() => undefined),
      isLater ? undefined : weighOne(incident, stopping),
    ]);
    if (stopping.aborted) return;
    const before = { store, resolved, now: clock(), zone: config.timezone };
    const similar = await similarBefore(before, incident).catch((err: unknown) => {
      log.warn({ err, incident: incident.id }, "incidents like one could not be looked for");
      return [];
    });
    const explained = changes === undefined ? enriched : withChanges(enriched, changes);
    // A catalogue that cannot be read is told of by whoever carries out changes.
    const runbooks = await options.runbooks().catch(() => undefined);
    const canFix = runbooks !== undefined && fixFor(incident, runbooks.all()) !== undefined;
    known.set(incident.id, {
      enriched: {
        ...explained,
        facts: [...(explained.facts ?? []), ...similar],
        canFix,
        ...(impactMissing !== undefined && { impactMissing }),
      },
      edition: (shown?.edition ?? 0) + 1,
      revision: incident.revision,
      at: clock(),
    });
    await store.incidents.shown(incident.id, 0);
    redraw();
  }

  return { contextOf, explain };
}
