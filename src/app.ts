import { randomUUID } from "node:crypto";
import { couldNotAsk, holdBack, notYet, orAborted, overheard } from "./app/around-question.ts";
import { createGuard } from "./app/busy.ts";
import { type CiDesk, createCi } from "./app/ci.ts";
import { closedSource, NOTHING_OPEN, notOpen } from "./app/closed.ts";
import { createDependencyDesk } from "./app/dependencies.ts";
import { createDetection, type Detection } from "./app/detection.ts";
import { createDigests, type DigestDesk } from "./app/digests.ts";
import { extensionBlocks, loadedExtensions } from "./app/extensions.ts";
import { createFairness, type Fairness } from "./app/fairness.ts";
import { createIncidents, type IncidentDesk } from "./app/incidents.ts";
import { createInvestigators, loadSoon } from "./app/model.ts";
import { createOnCall } from "./app/oncall.ts";
import { createAlerts, createSources, openStore, withoutRefresh } from "./app/outside.ts";
import { noDigestForPrograms, notForPrograms } from "./app/programs.ts";
import { createRemedy, type Remedy, type RemedyOptions } from "./app/remedy.ts";
import {
  type Asked,
  CANCELLED,
  explainFailure,
  failure,
  NO_SOURCE,
  said,
  tooMany,
  tooSlow,
  withBlocks,
  withDegraded,
} from "./app/replies.ts";
import { createRollouts, type RolloutDesk } from "./app/rollouts.ts";
import { createRunning } from "./app/running.ts";
import { type Sharing, sharingOf } from "./app/sharing.ts";
import { createSilences } from "./app/silences.ts";
import type { Config } from "./config.ts";
import { secretsOf } from "./config.ts";
import { mayReadIncident } from "./core/access.ts";
import { isResponse } from "./core/card.ts";
import { readListWish } from "./core/change/lists.ts";
import { readStop } from "./core/change/stop.ts";
import { isOfProgram, type Question } from "./core/chat.ts";
import type { Run } from "./core/ci/run.ts";
import type { ConceptPacks } from "./core/concept.ts";
import { asksForDependencies } from "./core/dependencies-wish.ts";
import type { DigestKind } from "./core/digest/schedule.ts";
import { readIncidentWish, readTestRoute } from "./core/incident/wish.ts";
import { readOnCallWish } from "./core/oncall/wish.ts";
import type { Proposal } from "./core/proposal.ts";
import { readSilenceWish } from "./core/silence.ts";
import { readWatchWish } from "./core/watch/wish.ts";
import type { answer as answerFlow } from "./flows/answer.ts";
import type { Gauge, RoundReport } from "./flows/detect/deps.ts";
import type { TrainReport } from "./flows/detect/train.ts";
import type { ScoreReport } from "./flows/score-forecasts.ts";
import { localRateLimiter } from "./jobs/rate-limiter.ts";
import type { Decider, Enough, Onlooker, Suggester } from "./ports/chat.ts";
import type { Clock } from "./ports/clock.ts";
import type { LoadedExtension } from "./ports/extension.ts";
import type { AlertRouter, Metrics } from "./ports/metrics.ts";
import type { ModelUse } from "./ports/model.ts";
import type { Store } from "./ports/store.ts";
import { deadlineIn } from "./util/deadline.ts";
import type { BreakerState, Dependencies, DependencyView } from "./util/dependencies.ts";
import type { EventLoop } from "./util/event-loop.ts";
import { createLog, type Log, loggedWith } from "./util/log.ts";
import { turns } from "./util/turns.ts";

export type { Asked } from "./app/replies.ts";

export type Ask = (question: Question, signal?: AbortSignal, onlooker?: Onlooker) => Promise<Asked>;

export type App = {
  /** Never throws: what goes wrong becomes a card that says so. */
  readonly ask: Ask;
  /** Ends the model's part of a question that is being answered. */
  readonly enough: Enough;
  /** Counts by all replicas together, where there are several. */
  readonly limiterOf: Fairness["limiterOf"];
  /** The same bot on a new, empty store in memory that nobody else sees, without a limit per person. */
  readonly aside: () => Ask;
  readonly sources: readonly Metrics[];
  readonly alertmanager: AlertRouter | undefined;
  /** What the bot calls, each with its breaker. */
  readonly dependencies: Dependencies;
  readonly store: Store;
  /** Undefined where no other process works on the same store. */
  readonly sharing: Sharing | undefined;
  readonly remedy: Remedy;
  /** Executors and notifiers of the user's own. */
  readonly extensions: () => Promise<readonly LoadedExtension[]>;
  readonly incidents: IncidentDesk;
  readonly digests: DigestDesk;
  readonly ci: CiDesk;
  readonly rollouts: RolloutDesk;
  /** A click on any message of the bot. Never throws. */
  readonly decide: Decider;
  readonly detection: Detection;
  readonly log: Log;
  /** Lets the sources read anew, now and regularly, what exists. Without it they do so when first asked. */
  readonly start: () => void;
  /** Ends the sources' refreshing and closes the store. Does nothing the second time. */
  readonly stop: () => Promise<void>;
};

/** Telemetry as the app and its surfaces use it. */
export type Observer = {
  answered(event: { intent: string; platform: string; outcome: string; seconds: number }): void;
  understood(seconds: number): void;
  modelUsed?: (event: ModelUse) => void;
  asked(event: { source: string; api: string; outcome: string; seconds: number }): void;
  incident?: (event: { kind: "acknowledged" | "resolved"; severity: string; seconds: number }) => void;
  watched?: (report: RoundReport, gauges: readonly Gauge[]) => void;
  trained?: (report: TrainReport) => void;
  forecastsScored?: (scores: ScoreReport["scores"]) => void;
  alerted?: (severity: string, count: number) => void;
  digested?: (kind: DigestKind, lateSeconds: number) => void;
  ran?: (run: Run, isNew: boolean) => void;
  moved?: (proposal: Proposal) => void;
  clicked?: (event: { decision: string; outcome: "answered" | "failed"; seconds: number }) => void;
  dependency?: (view: DependencyView, from: BreakerState | undefined) => void;
  turnedAway?: (event: { platform: string; what: string; why: "busy" | "full" }) => void;
};

/** Parts that tests and special commands bring themselves. Everything left out is built from the configuration. */
export type Overrides = {
  readonly clock?: Clock;
  readonly newId?: () => string;
  readonly store?: Store;
  readonly sources?: readonly Metrics[];
  readonly alertmanager?: AlertRouter;
  /** Breakers of a bot that this one stands beside. */
  readonly dependencies?: Dependencies;
  readonly packs?: ConceptPacks;
  /** Those that were loaded already. */
  readonly extensions?: readonly LoadedExtension[];
  readonly answer?: typeof answerFlow;
  readonly log?: Log;
  readonly observer?: Observer;
  readonly remedy?: Pick<RemedyOptions, "runbooks" | "actions" | "journal" | "point">;
  /** Instead of making proposals of wishes. */
  readonly suggest?: Suggester;
  /** Off for one person's own terminal, where nobody else is kept waiting. */
  readonly limitPerPerson?: boolean;
  /** Of this process, where others wait for it: questions are turned away while it lags. */
  readonly eventLoop?: Pick<EventLoop, "wait">;
  /** A sentence that the status carries: the settings could not be taken anew. */
  readonly trouble?: () => string | undefined;
  /** Sentences that every reply carries: what works only in part, and why. */
  readonly degraded?: readonly string[];
};

/** More of them at once would only make all of them slower: they share one processor and a few queries at a time. */
const QUESTIONS_AT_ONCE = 16;

/** What somebody says of an anomaly, and is told alone. */
const ABOUT_ONE: ReadonlySet<string> = new Set(["rate", "judge"]);

/**
 * The composition root: builds ports, flows and adapters out of the configuration. Loads only what answering needs.
 * Throws `StoreError` when the data folder cannot be used and `PackError` when a concept pack is wrong.
 */
export async function createApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const clock = overrides.clock ?? (() => Date.now() / 1000);
  const newId = overrides.newId ?? randomUUID;
  const log = overrides.log ?? createLog({ level: config.log.level, secrets: secretsOf(config) });
  const observer = overrides.observer;
  const desk = createDependencyDesk(config, {
    ...{ clock, log, changed: observer?.dependency, known: overrides.dependencies },
    store: { check: async () => store.check() },
  });
  const { dependencies } = desk;
  const [metrics, packs, memory, flow, store] = await Promise.all([
    overrides.sources === undefined
      ? createSources(config, clock, log, observer, config.dataDir, dependencies)
      : withoutRefresh(overrides.sources),
    overrides.packs ?? import("./metrics/packs.ts").then(({ loadPacks }) => loadPacks(config.packs)),
    import("./store/memory.ts"),
    overrides.answer ?? import("./flows/answer.ts").then(({ answer }) => answer),
    overrides.store ?? openStore(config, clock, { log }),
  ]);
  const ownAlerts =
    overrides.alertmanager === undefined ? await createAlerts(config, clock, observer, dependencies) : undefined;
  const alertmanager = overrides.alertmanager ?? ownAlerts;
  const retention = config.limits.retentionSeconds;
  const limit = overrides.limitPerPerson === false ? undefined : await createFairness(config, { clock, log });

  const guard =
    overrides.eventLoop &&
    createGuard({
      loop: overrides.eventLoop,
      limitMs: config.limits.eventLoopWaitMs,
      refused: (platform) => observer?.turnedAway?.({ platform, what: "question", why: "busy" }),
    });

  let extending: Promise<readonly LoadedExtension[]> | undefined;
  const extensions = () => {
    extending ??= overrides.extensions === undefined ? loadedExtensions(config) : Promise.resolve(overrides.extensions);
    return extending;
  };
  const sharing = sharingOf(config, store, clock);
  const remedyOn = (on: Store): Remedy => ({
    ...createRemedy(config, {
      ...{ store: on, sources: metrics.sources, clock, newId, log, dependencies, extensions },
      limitPerPerson: overrides.limitPerPerson,
      ...(overrides.clock === undefined && { elapsed: () => performance.now() / 1000 }),
      moved: (proposal) => observer?.moved?.(proposal),
      ...overrides.remedy,
    }),
    ...(overrides.suggest !== undefined && { suggest: overrides.suggest }),
  });
  const remedy = remedyOn(store);
  const onCall = createOnCall(config, { store, clock, log, askerOf: remedy.askerOf, dependencies });
  const silences = createSilences(config, {
    ...{ store, alertmanager, clock, log },
    voterOf: remedy.voterOf,
    askerOf: remedy.askerOf,
    whyClosed: remedy.whyClosed,
    onCall: onCall.now,
  });
  const incidents = createIncidents(config, {
    ...{ store, sources: metrics.sources, packs, alertmanager, clock, log },
    identify: ({ user }) => remedy.identify(user),
    whyClosed: remedy.whyClosed,
    runbooks: remedy.runbooks,
    observe: (event) => observer?.incident?.(event),
    alerted: (severity, count) => observer?.alerted?.(severity, count),
    refused: () => observer?.turnedAway?.({ platform: "alertmanager", what: "alerts", why: "full" }),
    suggest: remedy.suggest,
    showProposal: remedy.showIn,
    lists: metrics.lists,
    silences,
    onCall,
    sharing,
    askerOf: remedy.askerOf,
  });
  const digests = createDigests(config, {
    ...{ store, sources: metrics.sources, clock, log },
    identify: ({ user }) => remedy.identify(user),
    ...{ packs, alertmanager, onCall, runbooks: remedy.runbooks },
    mayReadIncident: (question, incident) => mayReadIncident(question, incident, metrics.sources),
    told: (kind, late) => observer?.digested?.(kind, late),
  });
  const running = createRunning(
    sharing && {
      ...{ looks: store.looks, clock, everyMs: sharing.lookEvery * 1000 },
      report: (err) => log.info({ err }, "whether a look is to end cannot be told to the other replicas"),
    },
  );
  const detectionOn = (on: Store) =>
    createDetection(config, {
      ...{ store: on, sources: metrics.sources, packs, clock, log, observer },
      ...(on === store && { sharing, raising: incidents.raising }),
    });
  const detection = detectionOn(store);
  const ci = createCi(config, {
    ...{ store, clock, log },
    show: detection.show,
    told: (run, isNew) => observer?.ran?.(run, isNew),
  });
  const rollouts = createRollouts(config, {
    ...{ store, sources: metrics.sources, packs, clock, log, sharing },
    suggest: remedy.suggest,
  });
  const inTurn = turns(QUESTIONS_AT_ONCE);
  const investigatorOn = await createInvestigators(config, { clock, log, observer, aside: inTurn.aside, dependencies });

  /** The flow on one store, with everything around it that no question may escape. */
  function askOn(on: Store, limited: typeof limit, changes: Remedy, watched: Detection): Ask {
    return (question, signal, onlooker) =>
      loggedWith({ question: question.id }, () => answered(question, signal, onlooker));

    async function answered(...[question, signal, onlooker]: Parameters<Ask>): Promise<Asked> {
      const started = performance.now();
      const asked = await running.during(question, onlooker, (onlooking) =>
        askSafely(on, limited, changes, watched, question, signal, onlooking),
      );
      const outcome = asked.repeated ? "limited" : asked.failed ? "failed" : "answered";
      const seconds = (performance.now() - started) / 1000;
      const { intent, answer_id: answer } = asked.reply;
      observer?.answered({ intent, platform: question.place.platform, outcome, seconds });
      log.info({ answer, intent, outcome, seconds, platform: question.place.platform }, "a question was dealt with");
      // Also where Prometheus is away, and the word was not understood as more than a name.
      const isStatus = intent === "status_overview" || /^\W*status\W*$/i.test(question.text);
      const trouble = isStatus ? overrides.trouble?.() : undefined;
      return withDegraded(asked, [...(overrides.degraded ?? []), ...(trouble === undefined ? [] : [trouble])]);
    }
  }

  async function askSafely(
    on: Store,
    limited: typeof limit,
    changes: Remedy,
    watched: Detection,
    question: Question,
    signal: AbortSignal | undefined,
    onlooker: Onlooker | undefined,
  ): Promise<Asked> {
    // Before everything that could keep it waiting: limits, turns, Prometheus.
    const stop = readStop(question.text);
    if (stop !== undefined) return said(await changes.stop(question.user, stop.reason), "stop");
    const busy = guard?.(question, clock());
    if (busy !== undefined) return busy;
    const over = await limited?.tooMany(question);
    if (over !== undefined) return tooMany(over);
    try {
      const own = await askedOwn(changes, watched, question, signal);
      if (own !== undefined) return own;
    } catch (problem) {
      return failure(explainFailure(problem, question, log));
    }
    if (metrics.sources.length === 0) return failure(NO_SOURCE);
    try {
      // The time that it may take begins with its turn: in a crowd everybody is answered, only later.
      const answering = inTurn(() => answerNow(on, changes, question, signal, onlooker));
      const answered = await (signal === undefined ? answering : orAborted(answering, signal));
      const isOfAll = answered.reply.intent === "status_overview" && Object.keys(answered.reply.slots).length === 0;
      if (!isOfAll) return answered;
      return withBlocks(answered, [...desk.blocks(question), ...extensionBlocks(await extensions().catch(() => []))]);
    } catch (problem) {
      if (signal?.aborted) return failure(CANCELLED);
      return failure(explainFailure(problem, question, log));
    }
  }

  /** What has words of its own, and is asked of the bot and not of Prometheus; undefined for anything else. */
  async function askedOwn(
    changes: Remedy,
    watched: Detection,
    question: Question,
    signal: AbortSignal | undefined,
  ): Promise<Asked | undefined> {
    if (asksForDependencies(question.text)) return said(await desk.card(question), "dependencies");
    const isProgram = isOfProgram(question);
    const notTheirs = isProgram ? notForPrograms(question.text) : undefined;
    if (notTheirs !== undefined) return said(notTheirs, "refused");
    const wish = readListWish(question.text);
    if (wish !== undefined) return { ...said(await changes.listFor(question, wish), wish.kind), isPrivate: true };
    const aboutIncidents = readIncidentWish(question.text);
    if (aboutIncidents !== undefined) return said(await incidents.list(question, aboutIncidents), "incidents");
    const testing = readTestRoute(question.text);
    if (testing !== undefined) return said(await incidents.test(question, testing), "routes");
    const aboutOnCall = readOnCallWish(question.text);
    if (aboutOnCall !== undefined) return said(await onCall.ask(question, aboutOnCall), "oncall");
    const silencing = alertmanager === undefined ? undefined : readSilenceWish(question.text);
    if (silencing !== undefined) {
      const { card, isApart, isPrivate } = await silences.ask(question, silencing, signal);
      const shownApart = isApart === true && question.place.platform !== "terminal";
      return { ...said(card, "silence"), ...(shownApart && { shownApart }), ...(isPrivate && { isPrivate }) };
    }
    if (rollouts.isAsked(question)) return said(await rollouts.list(question), "deploy_status");
    const aboutRuns = await ci.wishOf(question);
    if (aboutRuns !== undefined) return said(await ci.list(question, aboutRuns), "ci_status");
    const aboutDigests = await digests.wishOf(question);
    if (aboutDigests !== undefined) {
      const notPlanned = isProgram ? noDigestForPrograms(aboutDigests) : undefined;
      if (notPlanned !== undefined) return said(notPlanned, "refused");
      const isPlain = aboutDigests.kind === "show" && aboutDigests.isPlain === true;
      return said(await digests.answer(question, aboutDigests), isPlain ? "status_overview" : "digest");
    }
    const watching = readWatchWish(question.text);
    if (watching !== undefined) {
      const card = await watched.answer(question, watching, signal ?? new AbortController().signal);
      return { ...said(card, watching.kind), ...(ABOUT_ONE.has(watching.kind) && { isPrivate: true }) };
    }
    return undefined;
  }

  async function answerNow(
    on: Store,
    changes: Remedy,
    question: Question,
    signal: AbortSignal | undefined,
    onlooker: Onlooker | undefined,
  ): Promise<Asked> {
    signal?.throwIfAborted();
    const deadline = deadlineIn(config.limits.answerTimeoutMs);
    const both = signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
    const seen = { unreachable: false };
    const open = metrics.sources.filter(({ name }) => question.sources?.includes(name) !== false);
    if (open.length === 0) return { ...failure(NOTHING_OPEN), isPrivate: true };
    const named = closedSource(metrics.sources, open, question.text);
    if (named !== undefined) return { ...failure(notOpen(named)), isPrivate: true };
    const deps = {
      sources: open.map((source) => overheard(source, seen, log)),
      // It does not divide its silences by source: whoever may not read all sources is not told of any.
      alertmanager:
        open.length === metrics.sources.length || alertmanager === undefined ? alertmanager : ("closed" as const),
      store: on,
      packs,
      clock,
      newId,
      suggest: changes.suggest,
      identify: changes.identify,
      timezone: config.timezone,
      limits: config.limits,
      fixedTime: Math.abs(clock() - Date.now() / 1000) > 5,
      ...(observer === undefined ? {} : { telemetry: observer }),
      ...(onlooker !== undefined && { onlooker }),
      ...investigatorOn?.(on, changes, deadline),
    };
    try {
      const answered = await orAborted(answerSurely(deps, question, both), both);
      if (!couldNotAsk(answered.reply, seen.unreachable)) return answered;
      const degraded = answered.reply.degraded ?? ["Prometheus could not be asked."];
      return { ...answered, reply: { ...answered.reply, degraded }, failed: true };
    } catch (problem) {
      if (signal?.aborted) return failure(CANCELLED);
      if (deadline.signal.aborted) return failure(tooSlow(config.limits.answerTimeoutMs));
      return failure(explainFailure(problem, question, log));
    } finally {
      deadline.end();
    }
  }

  /**
   * Before it says that it does not know a name, it looks again, where what it knows is a snapshot over a minute old.
   * Only the second answer is kept then.
   */
  async function answerSurely(deps: Parameters<typeof flow>[0], question: Question, both: AbortSignal) {
    if (!(await metrics.mayLackNew())) return flow(deps, question, both);
    const held = holdBack(deps.store);
    // The model is not asked about a snapshot, and not twice.
    let wantsModel = false;
    const later = { investigator: notYet(() => (wantsModel = true)) };
    const first = await flow(
      { ...deps, store: held.store, ...(deps.investigator !== undefined && later) },
      question,
      both,
    );
    const isSure = first.reply.slots["unknown"] === undefined && first.reply.intent !== "discovery";
    if (((!isSure || wantsModel) && (await looked(both))) || wantsModel) return flow(deps, question, both);
    await held.release().catch((err: unknown) => log.error({ err }, "an answer could not be kept"));
    return first;
  }

  async function looked(signal: AbortSignal): Promise<boolean> {
    return metrics.refresh(signal).then(
      () => true,
      () => false, // the answer from the snapshot stands
    );
  }

  const decide: Decider = async (click) => {
    const began = performance.now();
    const done = (outcome: "answered" | "failed") =>
      observer?.clicked?.({ decision: click.decision, outcome, seconds: (performance.now() - began) / 1000 });
    return loggedWith({ click: click.id, about: click.proposal }, async () => {
      try {
        const card = await (isResponse(click.decision) ? incidents.respond(click) : remedy.decide(click));
        done("answered");
        return card;
      } catch (problem) {
        done("failed");
        throw problem;
      }
    });
  };

  let stopped: Promise<void> | undefined;
  return {
    ask: askOn(store, limit, remedy, detection),
    enough: running.enough,
    limiterOf: limit?.limiterOf ?? localRateLimiter,
    aside: () => {
      const own = memory.createMemoryStore({ retention });
      return askOn(own, undefined, remedyOn(own), detectionOn(own));
    },
    sources: metrics.sources,
    alertmanager,
    dependencies,
    store,
    sharing,
    remedy,
    extensions,
    incidents,
    digests,
    ci,
    rollouts,
    decide,
    detection,
    log,
    start() {
      metrics.start();
      loadSoon(config);
    },
    stop() {
      stopped ??= (async () => {
        await Promise.all([metrics.stop(), ownAlerts?.stop()]);
        limit?.close();
        await store.close();
      })();
      return stopped;
    },
  };
}
