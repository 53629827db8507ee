import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config.ts";
import { mayReadIncident, type Visitor } from "../core/access.ts";
import type { Card, ClickMeaning } from "../core/card.ts";
import type { Place, Question } from "../core/chat.ts";
import type { ConceptPacks } from "../core/concept.ts";
import { placesWith } from "../core/incident/anomaly.ts";
import { isAboutSilence, NO_SIGN_OF_LIFE } from "../core/incident/heartbeat.ts";
import { keptBackBy } from "../core/incident/maintenance.ts";
import { type Sorter, sorterFor } from "../core/incident/parts.ts";
import { placesFor, placesOfLastResort } from "../core/incident/route.ts";
import type { IncidentWish, TestWish } from "../core/incident/wish.ts";
import type { AlertEvent, Incident } from "../core/incident.ts";
import type { Identity, Voter } from "../core/people.ts";
import { whyNoResponder } from "../core/responders.ts";
import { NO_GRAPH } from "../core/topology/graph.ts";
import type { Raising } from "../flows/detect/raise.ts";
import { type Ingest, ingest } from "../flows/ingest.ts";
import { receive } from "../flows/receive.ts";
import { learnTopology } from "../flows/topology.ts";
import { readDelivery } from "../http/alertmanager.ts";
import { alertmanagerRoute } from "../http/webhooks.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import type { Runbooks } from "../ports/changes.ts";
import type { Decider, Suggester } from "../ports/chat.ts";
import type { Clock } from "../ports/clock.ts";
import type { Route } from "../ports/http.ts";
import type { AlertList, AlertRouter, Metrics } from "../ports/metrics.ts";
import type { Outgoing } from "../ports/outbox.ts";
import type { Store } from "../ports/store.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { restWhenBusy } from "../util/rest.ts";
import { seldom } from "../util/seldom.ts";
import { createExplaining } from "./explaining.ts";
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
/** Whether calls are to be learnt is looked at again after this, where they are not. Seconds. */
const ASK_AGAIN = 300;

const RETRY_SECONDS = 5;
/** Seconds after which a process that does not lead looks whether it does by now. */
const LEAD_AGAIN = 4;

/** In milliseconds, while alerts come in. */
const LOOK_AGAIN_MS = 1000;

/** Nothing is loaded or written before the first alert comes. */
export function createIncidents(config: Config, options: IncidentOptions): IncidentDesk {
  const { store, clock, log } = options;
  const loops = new Map<string, Loop>();
  let wakeOutbox: (() => void) | undefined;
  const newId = () => `inc-${randomUUID().slice(0, 8)}`;
  const changed = (): void => {
    // Lists of alerts have their own pace: what changed here is not news to them.
    for (const [name, loop] of loops) if (!name.startsWith("list ")) loop.wake();
  };
  /** Whoever looks at all that is live looks once for many deliveries: each look reads all of it. */
  const changedByAlerts = seldom(LOOK_AGAIN_MS, changed);
  const placesOf = (incident: Incident) => {
    const places = placesWith(incident, placesFor(config.routes, incident), config.detection);
    return places.length === 0 && isAboutSilence(incident) ? placesOfLastResort(config.routes) : places;
  };
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
    // Planned work is no reason why alerts do not arrive.
    keptBackBy: (event) => (event.fingerprint === NO_SIGN_OF_LIFE ? undefined : keptBackBy(config.maintenance, event)),
    graph: () => (config.incidents.dependencies ? topology.graph() : NO_GRAPH),
    isWatched: () => config.incidents.watchdog !== undefined,
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
    shared: options.sharing?.inHand,
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

  const { contextOf, explain } = createExplaining(config, options, {
    ...{ placesOf, changed: changedElsewhere },
    graph: topology.graph,
    redraw: () => loops.get("show")?.wake(),
  });

  const anomaliesOf = async (incident: Incident) => {
    if (incident.anomalies === undefined) return undefined;
    const { anomaliesIn } = await import("../flows/incident-anomalies.ts");
    return anomaliesIn({ store, sources: options.sources, clock }, incident);
  };

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
      const [
        { notify },
        { endSnoozes },
        { escalate },
        { endOverrides, aboveOf },
        { roundsOfLists },
        { watchForSigns },
      ] = await Promise.all([
        import("../flows/notify.ts"),
        import("../flows/respond.ts"),
        import("../flows/escalate.ts"),
        import("../flows/oncall.ts"),
        import("./alert-lists.ts"),
        import("../flows/sign-of-life.ts"),
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
        signs: watchForSigns({ store, clock, take: ingesting.take, within: () => config.incidents.watchdog }),
        overrides: () => endOverrides({ store, clock }),
        calendars: refresh,
        calls: async (signal: AbortSignal) => (config.incidents.dependencies ? topology.look(signal) : ASK_AGAIN),
      };
      const lead = options.sharing?.lead("incidents");
      const looking = roundsOfLists(options, config.alertmanager?.receivers, ingesting.take);
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
