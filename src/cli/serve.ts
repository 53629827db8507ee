import { createApi, readingParts } from "../app/api.ts";
import { loadedExtensions } from "../app/extensions.ts";
import { liveConfig } from "../app/live-config.ts";
import { openStore } from "../app/outside.ts";
import { createReload, type Reload } from "../app/reload.ts";
import type { WholeConfig } from "../app/whole-config.ts";
import { type App, createApp, type Observer, type Overrides } from "../app.ts";
import { serveSocket } from "../chat/socket/serve.ts";
import { visitorHere } from "../chat/terminal/visitor.ts";
import { type Config, secretsOf } from "../config.ts";
import type { Draft } from "../core/draft.ts";
import type { Delivered } from "../flows/deliver.ts";
import { createHttpServer } from "../http/server.ts";
import type { LoadedExtension } from "../ports/extension.ts";
import type { Route } from "../ports/http.ts";
import { acquireStart } from "../store/lock.ts";
import { createTelemetry, type Telemetry } from "../telemetry/telemetry.ts";
import type { Traces } from "../telemetry/traces.ts";
import { reasonOf } from "../util/errors.ts";
import { type EventLoop, watchEventLoop } from "../util/event-loop.ts";
import { createLog, type Log } from "../util/log.ts";
import { never } from "../util/never.ts";
import { ownVersion } from "./help.ts";
import { openSurfaces, type Surfaces } from "./surfaces.ts";

export type Serving = {
  readonly app: App;
  readonly port: number;
  /** The chat platforms it serves. */
  readonly surfaces: readonly string[];
  /** Takes the settings anew that can be, while it runs. Never rejects: what is wrong is in the log, and the old ones go on. */
  readonly reload: () => Promise<void>;
  /** Takes nothing new, lets what is under way end within the grace, then closes everything. */
  stop(graceMs?: number): Promise<void>;
};

export type ServeDeps = {
  readonly log?: Log;
  readonly overrides?: Overrides;
  /** Hears of each round of watching, besides the metrics. */
  readonly watched?: NonNullable<Observer["watched"]>;
  /** Reads the settings again, for `reload`. Without it they stay as they are. */
  readonly reread?: () => Promise<WholeConfig>;
  /** Extensions that were loaded with these settings. Without them they are loaded here. */
  readonly extensions?: readonly LoadedExtension[];
  /** Called when the store cannot be written any more: the process should end, and be started again. */
  readonly onBrokenStore: (problem: unknown) => void;
};

/** The bot cannot start here. `message` is a sentence with the cure. */
export class StartError extends Error {
  override readonly name = "StartError";
}

function cannotStart(cause: unknown): never {
  throw new StartError(reasonOf(cause), { cause });
}

const PRUNE_EVERY_MS = 3_600_000;
/** How far back the usefulness of posts is counted. */
const USE_SECONDS = 30 * 86_400;
const STORE_CHECK_EVERY_MS = 60_000;
/** A store that refuses twice in a row is broken; once may be a moment of a full disk or a slow backup. */
const STORE_STRIKES = 2;

/**
 * Starts the bot on its data folder: lock, store, sources, HTTP server, socket for commands, clean-up. Throws when
 * another bot runs there, the store cannot be opened or the port is taken, and leaves nothing behind then.
 */
export async function serve(
  settings: Config,
  {
    log = createLog({ level: settings.log.level, secrets: secretsOf(settings) }),
    overrides = {},
    watched,
    reread,
    extensions: known,
    onBrokenStore,
  }: ServeDeps,
): Promise<Serving> {
  const live = liveConfig(settings);
  const { config } = live;
  let reload: Reload | undefined;
  const undo: (() => Promise<unknown> | unknown)[] = [];
  const stop = async (): Promise<void> => {
    // Last made, first ended: the store outlives everybody who writes to it.
    for (const step of undo.splice(0).reverse())
      await Promise.resolve(step()).catch((err: unknown) => log.error({ err }, "something did not stop cleanly"));
  };
  try {
    const clock = overrides.clock ?? (() => Date.now() / 1000);
    const lock = acquireStart(config.dataDir);
    undo.push(() => lock.release());
    const telemetry = createTelemetry({ version: ownVersion() });
    const store = overrides.store ?? (await openStore(config, clock, { log }));
    undo.push(() => store.close());
    const traces = await openTraces(config);
    if (traces !== undefined) undo.push(traces.stop);
    const observer: Observer = {
      ...telemetry,
      ...(traces !== undefined && tracing(telemetry, traces)),
      watched(report, gauges) {
        telemetry.watched(report, gauges);
        watched?.(report, gauges);
      },
    };
    const eventLoop = overrides.eventLoop ?? watchLoop(undo);
    const delivered = (event: Delivered) => {
      telemetry.delivered(event);
      traces?.delivered(event);
    };
    const extensions = known ?? (await loadedExtensions(config).catch(cannotStart));
    const app = await createApp(config, {
      extensions,
      observer,
      log,
      trouble: () => reload?.trouble(),
      ...overrides,
      eventLoop,
      store,
    });
    undo.push(app.stop);
    await store.check();
    let graceMs = 10_000;
    const api = await openApi(config, app, { clock, log, observer, overrides: { ...overrides, eventLoop } });
    const { delivers, turnedAway: refused } = telemetry;
    const surfaces = await openSurfaces(config, { app, clock, log, delivers, delivered, refused }).catch(cannotStart);
    const http = createHttpServer({
      host: config.http.host,
      port: config.http.port,
      metricsToken: config.http.metricsToken,
      log,
      routes: [...surfaces.routes, ...app.incidents.routes, ...app.ci.routes, ...api],
      readiness: () => readiness(app, surfaces),
      metrics: async () => {
        telemetry.eventLoopWait(eventLoop.wait());
        telemetry.incidentsOpen(await app.store.incidents.live().catch(() => []));
        telemetry.watchUse(await app.store.detection.records(clock() - USE_SECONDS).catch(() => new Map()));
        telemetry.audited(await app.store.audit.head().catch(() => undefined));
        return { contentType: telemetry.contentType, body: await telemetry.text() };
      },
    });
    const { port } = await http.start().catch(cannotStart);
    undo.push(() => http.stop(graceMs));
    const socket = await serveSocket({
      dataDir: config.dataDir,
      log,
      handle: (request, signal, draft) => handle(app, clock, request, signal, draft),
    }).catch(cannotStart);
    undo.push(() => socket.stop(graceMs));
    undo.push(() => surfaces.stop(graceMs));
    await surfaces.start().catch(cannotStart);
    // Questions do not wait for the catalogue of runbooks; what is wrong with it stands in the way of changes only.
    const beginRemedy = (): Promise<Ending | undefined> =>
      app.remedy.start(surfaces.wake).catch((err: unknown) => {
        log.error({ err }, `no change can be proposed or run: ${reasonOf(err)}`);
        return undefined;
      });
    let remedy = beginRemedy();
    undo.push(async () => (await remedy)?.(graceMs));
    const endIncidents = await app.incidents.start(surfaces.wake);
    undo.push(() => endIncidents(graceMs));
    const digests = await restartable(() => app.digests.start(surfaces.wake)).catch(cannotStart);
    undo.push(() => digests.end(graceMs));
    const endRollouts = app.rollouts.start(surfaces.wake);
    undo.push(() => endRollouts(graceMs));
    const watching = await restartable(() => app.detection.start(surfaces.wake)).catch(cannotStart);
    undo.push(() => watching.end(graceMs));
    reload =
      reread &&
      createReload(settings, {
        ...{ live, read: reread, clock, log, runbooks: app.remedy.readAnew, told: telemetry.reloaded },
        parts: [
          { of: ({ detection }) => detection, ...watching },
          { of: ({ digests: plans }) => plans, ...digests },
        ],
        taken: () => {
          app.incidents.wake();
          // Where runbooks were wrong at the start, changes begin now.
          remedy = remedy.then((end) => end ?? beginRemedy());
        },
      });
    // Else a part that is begun again meanwhile would outlive the store.
    undo.push(() => reload?.end());
    undo.push(every(PRUNE_EVERY_MS, () => prune(app, clock(), telemetry.pruned)));
    undo.push(every(STORE_CHECK_EVERY_MS, watchStore(app, config.redis !== undefined, onBrokenStore)));
    void app.ci
      .start(surfaces.wake)
      .catch((err: unknown) => log.warn({ err }, "runs of pipelines that are known could not be read"));
    app.start();
    telemetry.load().catch((err: unknown) => log.warn({ err }, "the bot's own metrics cannot be measured"));
    return {
      app,
      port,
      surfaces: surfaces.names,
      reload: async () => reload?.now(),
      async stop(grace = graceMs) {
        graceMs = grace;
        await stop();
      },
    };
  } catch (problem) {
    await stop();
    throw problem;
  }
}

/** How busy this process is; what ends that goes to the others. */
function watchLoop(undo: (() => unknown)[]): EventLoop {
  const loop = watchEventLoop();
  undo.push(loop.stop);
  return loop;
}

type Ending = (graceMs: number) => Promise<void>;

/** Rounds that are under way when settings are taken anew may end for so long. */
const RESTART_GRACE_MS = 5000;

/** Something that is begun now, and ended and begun again on wish. */
async function restartable(
  start: () => Promise<Ending>,
): Promise<{ end: Ending; restart: () => Promise<void>; runs: () => boolean }> {
  let end: Ending | undefined = await start();
  return {
    end: async (graceMs) => end?.(graceMs),
    runs: () => end !== undefined,
    async restart() {
      const before = end;
      end = undefined;
      await before?.(RESTART_GRACE_MS);
      end = await start();
    },
  };
}

/** The HTTP API, on a bot of its own that only reads; nothing of it is built where no token is configured. */
async function openApi(
  config: Config,
  { store, sources, alertmanager, dependencies, limiterOf }: App,
  { clock, log, observer, overrides }: { clock: () => number; log: Log; observer: Observer; overrides: Overrides },
): Promise<readonly Route[]> {
  if (config.api.tokens.length === 0) return [];
  const reader = await createApp(config, {
    ...{ observer, log, ...overrides, sources, dependencies },
    ...readingParts(store, alertmanager),
    // Tokens have a limit of their own.
    limitPerPerson: false,
  });
  return createApi(config, { store, sources, ask: reader.ask, clock, version: ownVersion(), log, limiterOf });
}

/** Where spans go, if anywhere: the SDK is loaded only then. */
async function openTraces({ traces }: Config): Promise<Traces | undefined> {
  if (traces === undefined) return undefined;
  const { createTraces } = await import("../telemetry/traces.ts");
  return createTraces(traces, ownVersion());
}

/** What is counted and told as spans as well. */
function tracing(telemetry: Telemetry, traces: Traces): Partial<Observer> & Pick<Observer, "answered" | "asked"> {
  return {
    answered(event) {
      telemetry.answered(event);
      const { intent, platform, outcome, seconds } = event;
      const attributes = { "smartcloudops.intent": intent, "smartcloudops.platform": platform };
      traces.ended("question", seconds, { ...attributes, "smartcloudops.outcome": outcome }, outcome === "failed");
    },
    asked(event) {
      telemetry.asked(event);
      traces.asked(event);
    },
    clicked(event) {
      telemetry.clicked(event);
      traces.ended("click", event.seconds, { "smartcloudops.decision": event.decision }, event.outcome === "failed");
    },
  };
}

/** How far learning a watch anew is, 0 to 1. */
type Learning = { readonly share: number; readonly what: string };

type Request = Parameters<Parameters<typeof serveSocket>[0]["handle"]>[0];

/** What a command on this machine asks of the running bot. The caller is the socket's owner, so the name is believed. */
async function handle(
  app: App,
  clock: () => number,
  request: Request,
  signal: AbortSignal,
  draft: (draft: Draft | Learning) => void,
): Promise<unknown> {
  switch (request.kind) {
    case "ping":
      return { version: ownVersion() };
    case "ask": {
      const { text, thread, at = clock(), id = crypto.randomUUID() } = request;
      const user = { platform: "terminal", id: request.user, name: request.user };
      const place = { platform: "terminal", channel: user.id, thread };
      return app.ask({ id, place, user, text, at }, signal, request.live === true ? { show: draft } : undefined);
    }
    case "enough":
      return app.enough(request.id, { platform: "terminal", channel: request.user }, request.user);
    case "proposal":
      return (await app.remedy.view(request.id)) ?? null;
    case "decide": {
      const { kind: _, ...click } = request;
      return app.decide({ ...click, visitor: visitorHere(), message: undefined });
    }
    case "stop":
      return app.remedy.stop(visitorHere().user, request.reason);
    case "resume":
      return app.remedy.resume(visitorHere());
    case "learn watch":
      return app.detection.learn(request.watch, (share, what) => draft({ share, what }), signal);
    case "roll back watch":
      return app.detection.rollBack(request.watch, request.version, visitorHere().user);
    default:
      return never(request);
  }
}

/** Each dependency by itself. A Prometheus that is down degrades the bot; only its own store takes it down. */
async function readiness(app: App, surfaces: Surfaces) {
  const signal = AbortSignal.timeout(4000);
  const tooLate = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("no answer within 4 s")), { once: true });
  });
  tooLate.catch(() => {}); // mostly nobody waits for it
  const look = async (name: string, whenBroken: "degraded" | "down", check: () => Promise<unknown>) =>
    Promise.race([check(), tooLate]).then(
      () => ({ name, state: "ok" as const }),
      (problem: unknown) => ({
        name,
        state: whenBroken,
        detail: reasonOf(problem),
      }),
    );
  const { alertmanager } = app;
  return Promise.all([
    look("store", "down", () => app.store.check()),
    ...app.sources.map((source) => look(`prometheus/${source.name}`, "degraded", () => source.check(signal))),
    alertmanager === undefined
      ? { name: "alertmanager", state: "off" as const }
      : look("alertmanager", "degraded", () => alertmanager.check(signal)),
    ...surfaces.checks.map(({ name, check }) => look(name, "degraded", () => check(signal))),
  ]);
}

async function prune(app: App, now: number, count: (table: string, rows: number) => void): Promise<void> {
  const gone = await app.store.prune(now);
  for (const [table, rows] of Object.entries(gone)) if (rows > 0) count(table, rows);
}

function watchStore(app: App, isShared: boolean, onBroken: (problem: unknown) => void): () => Promise<void> {
  let strikes = 0;
  return async () => {
    try {
      await app.store.check();
      strikes = 0;
    } catch (problem) {
      strikes++;
      app.log.error({ err: problem, strikes }, "the store cannot be written");
      // A Redis comes back by itself, and a new process could do no more than wait for it, too.
      if (strikes >= STORE_STRIKES && !isShared) onBroken(problem);
    }
  };
}

/** Repeats the work, never twice at once, without keeping the process alive. Returns what ends it. */
function every(ms: number, work: () => Promise<void>): () => Promise<void> {
  let running = Promise.resolve();
  let isRunning = false;
  const timer = setInterval(() => {
    if (isRunning) return;
    isRunning = true;
    running = work()
      .catch(() => {}) // the work logs what matters; the next round tries again
      .finally(() => {
        isRunning = false;
      });
  }, ms);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
