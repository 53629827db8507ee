import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { IncidentContext } from "../cards/incident-card.ts";
import type { Config } from "../config.ts";
import { mayReadIncident, type Visitor } from "../core/access.ts";
import type { Card, ClickMeaning } from "../core/card.ts";
import type { Place, Question } from "../core/chat.ts";
import type { ConceptPacks } from "../core/concept.ts";
import { STORM_SECONDS } from "../core/incident/absorb.ts";
import { placesWith } from "../core/incident/anomaly.ts";
import { fixFor } from "../core/incident/fixes.ts";
import { keptBackBy } from "../core/incident/maintenance.ts";
import { type Sorter, sorterFor } from "../core/incident/parts.ts";
import { placesFor } from "../core/incident/route.ts";
import type { IncidentWish, TestWish } from "../core/incident/wish.ts";
import type { AlertEvent, Incident } from "../core/incident.ts";
import type { Identity, Voter } from "../core/people.ts";
import { whyNoResponder } from "../core/responders.ts";
import { NO_GRAPH } from "../core/topology/graph.ts";
import type { Raising } from "../flows/detect/raise.ts";
import type { Enriched } from "../flows/enrich.ts";
import { type Ingest, ingest } from "../flows/ingest.ts";
import { receive } from "../flows/receive.ts";
import { learnTopology } from "../flows/topology.ts";
import { readDelivery } from "../http/alertmanager.ts";
import { alertmanagerRoute } from "../http/webhooks.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import type {
  AlertList,
  AlertRouter,
  Clock,
  Decider,
  Metrics,
  Outgoing,
  Route,
  Runbooks,
  Store,
  Suggester,
} from "../ports.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { restWhenBusy } from "../util/rest.ts";
import { seldom } from "../util/seldom.ts";
import type { OnCallDesk } from "./oncall.ts";
import type { Sharing } from "./sharing.ts";
import type { Silences } from "./silences.ts";

/** Alerts that come in, the incidents they make, and what people do about them, put together. */
export type IncidentDesk = {
  /** Addresses that alerts are sent to. */
  readonly routes: readonly Route[];
  /** A click on an incident's message. Never throws. */
  readonly respond: Decider;
  /** What goes on, or one incident whole, of what is open to whoever asks. */
  readonly list: (question: Question, wish: IncidentWish) => Promise<Card>;
  /** Settings were taken anew: whoever sleeps looks again. */
  readonly wake: () => void;
  /** A message can never arrive: the fallback shows what it was about. Never throws. */
  readonly undeliverable: (id: string, reason: string, message?: Outgoing) => Promise<void>;
  /** Anomalies that need somebody are taken in as alerts are. */
  readonly raising: Pick<Raising, "take" | "silences" | "redrawn">;
  /** Sends a test through every route, or the one of that name. */
  readonly test: (question: Question, wish: TestWish) => Promise<Card>;
  /**
   * Begins to take in, show and explain; only one process of a data folder may. `posted`: a message stands in the outbox. Resolves with
   * what ends it.
   */
  readonly start: (posted: () => void) => Promise<(graceMs: number) => Promise<void>>;
};

export type IncidentOptions = {
  readonly store: Store;
  readonly sources: readonly Metrics[];
  readonly packs: ConceptPacks;
  readonly alertmanager: AlertRouter | undefined;
  /** Where alerts are listed besides. */
  readonly lists: readonly AlertList[];
  readonly clock: Clock;
  readonly log: Log;
  readonly identify: (visitor: Visitor) => Identity;
  readonly runbooks: () => Promise<Runbooks>;
  readonly suggest: Suggester;
  readonly observe: (event: { kind: "acknowledged" | "resolved"; severity: string; seconds: number }) => void;
  /** So many alerts of that severity began. */
  readonly alerted?: (severity: string, count: number) => void;
  /** A delivery of alerts was sent back because too many wait. */
  readonly refused?: () => void;
  /** Why somebody may not read the channel they clicked in: a sentence. */
  readonly whyClosed: (visitor: Visitor) => Promise<string | undefined>;
  /** Shows a proposal in that place, too. False where it is decided already. */
  readonly showProposal: (id: string, place: Place) => Promise<boolean>;
  readonly silences: Silences;
  readonly onCall: Pick<OnCallDesk, "called" | "now" | "calendar" | "refresh">;
  readonly askerOf: (question: Question) => Promise<Voter>;
  readonly sharing?: Sharing | undefined;
};

/** While so many deliveries come within so many milliseconds, they wait for each other for as long: each step writes whole incidents. */
const REST_MS = 100;
const MANY = 16;
/** Clicks on the message of a silence. */
const SILENCING: ReadonlySet<ClickMeaning> = new Set(["silence_write", "silence_drop", "silence_end"]);
/** What is known about an incident is asked anew after this long, in seconds. */
const ASK_AGAIN = 300;
/** Incidents that are explained at once, and how long each may take. */
const EXPLAINED_AT_ONCE = 4;
const EXPLAIN_MS = 15_000;
/** Impacts are measured anew after this long, in seconds: of so many incidents in one round, those that wait longest first. */
const WEIGH_AGAIN = 600;
const MOST_WEIGHED = 20;
/** Between two looks at Alertmanager's own list, in seconds. */
const LIST_EVERY = 60;

const RETRY_SECONDS = 5;
/** Seconds after which a process that does not lead looks whether it does by now. */
const LEAD_AGAIN = 4;

/** In milliseconds, while alerts come in. */
const LOOK_AGAIN_MS = 1000;

/** Nothing is loaded or written before the first alert comes. */
export function createIncidents(config: Config, options: IncidentOptions): IncidentDesk {
  const { store, clock, log } = options;
  const loops = new Map<string, Loop>();
  /** When the impact of each was measured last. */
  const weighed = new Map<string, number>();
  const known = new Map<string, { enriched: Enriched; edition: number; revision: number; at: number }>();
  let wakeOutbox: (() => void) | undefined;
  const newId = () => `inc-${randomUUID().slice(0, 8)}`;
  const changed = (): void => {
    for (const loop of loops.values()) loop.wake();
  };
  /** Whoever looks at all that is live looks once for many deliveries: each look reads all of it. */
  const changedByAlerts = seldom(LOOK_AGAIN_MS, changed);
  const placesOf = (incident: Incident) => placesWith(incident, placesFor(config.routes, incident), config.detection);
  const topology = learnTopology({
    sources: options.sources,
    clock,
    report: (level, message, data) => log[level](data, message),
  });
  const sorter = sorterOf(config);
  const ingesting: Ingest = ingest({
    store,
    newId,
    placesOf,
    sorter,
    keptBackBy: (event) => keptBackBy(config.maintenance, event),
    graph: () => (config.incidents.dependencies ? topology.graph() : NO_GRAPH),
    windows: () => config.maintenance.map(({ name }) => name),
    rest: restWhenBusy(REST_MS, MANY),
    began: (alerts) => {
      const told = alerts.filter(({ anomaly }) => anomaly === undefined);
      const bySeverity = Map.groupBy(told, ({ severity }) => severity);
      for (const [severity, all] of bySeverity) options.alerted?.(severity, all.length);
    },
    changed: (incidents) => {
      for (const { status, severity, endedAt = clock(), openedAt } of incidents)
        if (status === "resolved") options.observe({ kind: "resolved", severity, seconds: endedAt - openedAt });
      loops.get("show")?.wake();
      changedByAlerts();
    },
  });

  /** Something other than an alert changed incidents in the store. */
  const changedElsewhere = (): void => {
    ingesting.forget();
    loops.get("show")?.wake();
  };

  const reception = receive({
    platform: "alertmanager",
    inbox: store.inbox,
    clock,
    shared: options.sharing?.inbox,
    isPatient: true,
    refused: () => options.refused?.(),
    deal: async (body) => {
      await ingesting.take((body as { events: readonly AlertEvent[] }).events);
    },
    report: ({ outcome, problem }) => {
      const facts = problem === undefined ? {} : { err: problem };
      if (outcome === "full")
        log.error(facts, "too many alerts wait to be dealt with: Alertmanager is asked to send them again");
      else log.error(facts, "alerts that came in could not be dealt with: that is tried until it works");
    },
  });

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

  const anomaliesOf = async (incident: Incident) => {
    if (incident.anomalies === undefined) return undefined;
    const { anomaliesIn } = await import("../flows/incident-anomalies.ts");
    return anomaliesIn({ store, sources: options.sources, clock }, incident);
  };

  /** Whether a list can be read is said once, each time that it changes. */
  function listing(list: string, look: (signal: AbortSignal) => Promise<void>) {
    let isWell = true;
    return async (signal: AbortSignal): Promise<number> => {
      try {
        await look(signal);
        if (!isWell) log.info({ list }, "a list of alerts can be read again");
        isWell = true;
      } catch (err) {
        if (isWell && !signal.aborted)
          log.warn(
            { err, list },
            "a list of alerts cannot be read: until then they come by Alertmanager's webhook only",
          );
        isWell = false;
      }
      return LIST_EVERY;
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
      loops.get("show")?.wake();
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
    const deps = { store, sources, packs, clock, placesOf, graph: topology.graph, isRouted: how === "both" };
    const { isChanged, missing } = await weigh(deps, incident, signal).catch((problem: unknown) => {
      if (!signal.aborted) log.warn({ err: problem, incident: incident.id }, "an impact could not be measured");
      return { isChanged: false, missing: "Impact not measured: Prometheus did not answer in time." };
    });
    if (isChanged || (await age(deps, incident.id))) changedElsewhere();
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
    loops.get("show")?.wake();
  }

  return {
    routes: [
      alertmanagerRoute({
        token: config.http.alertsToken,
        offer: (events) => reception.offer(randomUUID(), { events }, JSON.stringify({ events })),
        read: (delivery) => readDelivery(delivery, clock()),
      }),
    ],
    respond: async (click) => {
      try {
        if (SILENCING.has(click.decision)) return await options.silences.decide(click);
        const { respond } = await import("../flows/respond.ts");
        return await respond(
          {
            store,
            clock,
            zone: config.timezone,
            identify: options.identify,
            whyClosed: options.whyClosed,
            fix: async (incident, by, place) => {
              const { fix } = await import("../flows/fix.ts");
              const runbooks = (await options.runbooks()).all();
              return fix({ sources: options.sources, runbooks, suggest: options.suggest }, incident, by, place);
            },
            silence: options.silences.fromIncident,
            changed: (incident, response) => {
              const { severity, openedAt } = incident;
              if (response === "acknowledge")
                options.observe({ kind: "acknowledged", severity, seconds: clock() - openedAt });
              ingesting.forget();
              changed();
            },
          },
          click,
        );
      } catch (err) {
        log.error({ err, click: click.id }, "a click on an incident could not be dealt with");
        return { title: "That could not be done just now. Please try again.", tone: "warning", blocks: [] };
      }
    },
    async list(question, { id }) {
      const { incidentDetails, incidentsCard } = await import("../flows/incident-list.ts");
      const zone = question.user.zone ?? config.timezone;
      const deps = {
        ...{ store, now: clock(), zone },
        contextOf: async (incident: Incident) => {
          const anomalies = await anomaliesOf(incident);
          return { ...contextOf(incident), zone, ...(anomalies !== undefined && { anomalies }) };
        },
        mayRead: (incident: Incident) => mayReadIncident(question, incident, options.sources),
      };
      return id === undefined ? incidentsCard(deps) : incidentDetails(deps, id);
    },
    raising: {
      take: ingesting.take,
      silences: async () => (await options.alertmanager?.silences()) ?? [],
      redrawn: () => loops.get("show")?.wake(),
    },
    wake: changed,
    async undeliverable(id, reason, message) {
      try {
        const { routes } = config;
        const [{ reroute }, { move }] = await Promise.all([import("../flows/reroute.ts"), import("../flows/move.ts")]);
        await reroute({ store, routes, changed: changedElsewhere }, id, reason);
        const { showProposal } = options;
        const wake = () => wakeOutbox?.();
        if (message !== undefined) await move({ store, routes, clock, showProposal, wake }, message, reason);
      } catch (err) {
        log.error({ err, message: id }, "a message that cannot arrive could not be sent elsewhere");
      }
    },
    async test(question, wish) {
      const { testRoutes } = await import("../flows/test-route.ts");
      const by = await options.askerOf(question);
      const why = whyNoResponder(by, config.responders, await options.onCall.now(), "test the routes");
      if (why !== undefined) return { title: why, tone: "warning", blocks: [] };
      const deps = {
        outbox: store.outbox,
        clock,
        routes: config.routes,
        wake: () => wakeOutbox?.(),
        pause: () => sleep(200),
        suggest: options.suggest,
      };
      return testRoutes(deps, wish, question.id, by);
    },
    async start(posted) {
      wakeOutbox = posted;
      const [{ notify }, { endSnoozes }, { reconcile }, { escalate }, { endOverrides, aboveOf }] = await Promise.all([
        import("../flows/notify.ts"),
        import("../flows/respond.ts"),
        import("../flows/reconcile.ts"),
        import("../flows/escalate.ts"),
        import("../flows/oncall.ts"),
      ]);
      const report = (level: "error", message: string, data: Readonly<Record<string, unknown>>) =>
        log[level](data, message);
      const rounds = {
        show: notify({ store, clock, contextOf, anomaliesIn: anomaliesOf, report, wake: posted }),
        explain,
        wake: () =>
          endSnoozes({
            store,
            clock,
            changed: changedElsewhere,
            placesOf,
          }),
      };
      const { calendar, refresh } = options.onCall;
      // All of them run always: schedules and escalations may be taken anew.
      const calling = {
        escalate: () =>
          escalate({
            ...{ store, clock, ...config.oncall },
            above: () => aboveOf({ store, calendar }),
            changed: changedElsewhere,
          }),
        overrides: () => endOverrides({ store, clock }),
        calendars: refresh,
        calls: async (signal: AbortSignal) => (config.incidents.dependencies ? topology.look(signal) : LIST_EVERY),
      };
      const lists = listsOf(options);
      const lead = options.sharing?.lead("incidents");
      const looking = Object.fromEntries(
        lists.map((list) => [
          `list ${list.name}`,
          listing(
            list.name,
            reconcile({
              ...{ list, lists: lists.map(({ name }) => name), store, clock, take: ingesting.take },
              receivers: config.alertmanager?.receivers,
            }),
          ),
        ]),
      );
      for (const [name, round] of Object.entries({ ...rounds, ...looking, ...calling })) {
        const onProblem = (err: unknown) =>
          log.error({ err, round: name }, `a round of looking after incidents failed: ${reasonOf(err)}`);
        // One process draws a message: each knows other things of what is behind an incident. Calendars and calls are read by each for itself.
        const isOwn = name === "calendars" || name === "calls";
        const led = async (signal: AbortSignal) =>
          lead === undefined || isOwn || (await lead.leads()) ? round(signal) : LEAD_AGAIN;
        // What others changed wakes nobody here; calendars and lists of alerts are another matter.
        const longest = name.startsWith("list ") || isOwn ? undefined : options.sharing?.lookEvery;
        const loop = startLoop(led, onProblem, RETRY_SECONDS, longest);
        loops.set(name, loop);
        loop.wake();
      }
      await reception.start();
      const endSilences = await options.silences.start(posted);
      return async (graceMs) => {
        await reception.stop(graceMs);
        await Promise.all([endSilences(graceMs), ...[...loops.values()].map((loop) => loop.stop(graceMs))]);
        await lead?.release().catch(() => {});
      };
    },
  };
}

/** Alertmanager's own list of alerts, where there is one, and the others. */
function listsOf({ alertmanager, lists }: IncidentOptions): readonly AlertList[] {
  return alertmanager === undefined ? lists : [{ name: "alertmanager", read: alertmanager.alerts }, ...lists];
}

/** What tells alerts apart by all that the settings ask of their labels, as these are now. */
function sorterOf(config: Config): () => Sorter {
  let made: { readonly by: readonly unknown[]; readonly sorter: Sorter } | undefined;
  return () => {
    const { routes, oncall, digests } = config;
    const by = [routes, oncall, digests];
    if (made === undefined || by.some((one, at) => one !== made?.by[at])) {
      const filters = [...routes, ...oncall.escalations, ...digests.flatMap(({ only }) => only ?? [])];
      made = { by, sorter: sorterFor(filters) };
    }
    return made.sorter;
  };
}
