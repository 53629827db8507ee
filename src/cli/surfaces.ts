import { setTimeout as sleep } from "node:timers/promises";
import type { App } from "../app.ts";
import type { ChartDrawer } from "../charts/index.ts";
import type { Config } from "../config.ts";
import { reachOf } from "../core/access.ts";
import { type Delivered, deliver } from "../flows/deliver.ts";
import { createLive } from "../flows/live.ts";
import { type Received, receive } from "../flows/receive.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import type { Surface, SurfaceDeps } from "../ports/chat.ts";
import type { Route } from "../ports/http.ts";
import { reasonOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";

/** The chat platforms and notifiers that are configured, with what carries messages to them. */
export type Surfaces = {
  /** For people: "slack (socket)", "teams". */
  readonly names: readonly string[];
  readonly routes: readonly Route[];
  /** Something new stands in the outbox. */
  readonly wake: () => void;
  /** Connects, and sends what was left unsaid. Throws with a sentence when a platform refuses the credentials. */
  readonly start: () => Promise<void>;
  /** Takes nothing new, lets what is under way end within `graceMs`. What is still unsaid stays in the outbox. */
  readonly stop: (graceMs: number) => Promise<void>;
  readonly checks: readonly { readonly name: string; readonly check: (signal: AbortSignal) => Promise<void> }[];
};

/** How often new messages are looked for while others are on their way. */
const PAUSE_MS = 250;
const RETRY_SECONDS = 5;

/** What was sent back, as metrics call it. */
const WHAT = { first: "decision", usual: "question" } as const;

type Deps = {
  readonly app: App;
  readonly clock: () => number;
  readonly log: Log;
  /** Messages are carried to that platform or notifier from now on. */
  readonly delivers: (platform: string) => void;
  readonly delivered: (event: Delivered) => void;
  /** Something was sent back because too much waits. */
  readonly refused: (event: { platform: string; what: string; why: "full" }) => void;
};

/** Makes the configured surfaces; loads only theirs. Without any, all of it is empty. */
export async function openSurfaces(config: Config, deps: Deps): Promise<Surfaces> {
  const { app, clock, log, refused } = deps;
  let drawing: Promise<ChartDrawer> | undefined;
  const drawer = () => {
    drawing ??= import("../charts/index.ts").then(({ createChartDrawer }) =>
      createChartDrawer((err) =>
        log.warn({ err }, "the thread that draws charts has ended: the next chart begins another"),
      ),
    );
    return drawing;
  };
  const loops = new Map<string, Loop>();
  const depsOf = (platform: string): SurfaceDeps => ({
    ask: app.ask,
    enough: app.enough,
    live: createLive({
      outbox: app.store.outbox,
      clock,
      wake: () => loops.get(platform)?.wake(),
      pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
      report: (problem) => log.info({ reason: reasonOf(problem) }, "an answer on its way is not shown any further"),
    }),
    decide: app.decide,
    proposal: app.remedy.view,
    proposalsFor: app.remedy.listsFor,
    mayRead: (visitor) => reachOf(config.access, visitor, app.sources),
    store: app.store,
    receive: (deal, urgencyOf) =>
      receive({
        ...{ platform, inbox: app.store.inbox, clock, deal, urgencyOf, report: reportTo(log) },
        shared: app.sharing?.inHand,
        refused: (urgency) => refused({ platform, what: WHAT[urgency], why: "full" }),
      }),
    wake: () => loops.get(platform)?.wake(),
    drawChart: async (chart, zone) => (await drawer()).draw(chart, zone),
    clock,
  });
  const opened: { readonly name: string; readonly surface: Surface }[] = [];
  if (config.slack !== undefined) {
    const { createSlack } = await import("../chat/slack/index.ts");
    const surface = createSlack(
      { ...config.slack, command: "/ops", zone: config.timezone },
      depsOf("slack"),
      log.child({ surface: "slack" }),
      app.dependencies,
    );
    opened.push({ name: `slack (${config.slack.mode})`, surface });
  }
  if (config.teams !== undefined) {
    const { createTeams } = await import("../chat/teams/index.ts");
    const surface = createTeams(
      { ...config.teams, zone: config.timezone },
      depsOf("teams"),
      log.child({ surface: "teams" }),
      app.dependencies,
    );
    opened.push({ name: config.teams.appId === undefined ? "teams (WITHOUT AUTHENTICATION)" : "teams", surface });
  }
  const senders = await Promise.all(
    config.notifiers.map(async (settings) => {
      const { createNotifier } = await import("../notifiers/index.ts");
      const { notifierSender } = await import("../notifiers/sender.ts");
      const late = (message: string, reason: string) => void app.incidents.undeliverable(message, reason);
      const extensions = settings.kind === "extension" ? await app.extensions() : [];
      return notifierSender(await createNotifier(settings, extensions), {
        clock,
        late,
        dependencies: app.dependencies,
      });
    }),
  );
  if (config.ci.github !== undefined) {
    const { pullSender } = await import("../notifiers/pulls.ts");
    senders.push(pullSender(config.ci.github, { clock }));
  }
  for (const [role, { groups }] of Object.entries(config.roles))
    for (const { surface } of opened)
      if (groups[surface.sender.platform] !== undefined && surface.groupsOf === undefined)
        // Entra tells who is in a group to apps with rights that this bot does not ask for.
        log.warn(
          { role },
          `groups of ${surface.sender.platform} cannot be asked for: nobody has this role by one, so list the accounts`,
        );
  for (const { surface } of opened) {
    if (surface.groupsOf !== undefined) app.remedy.askGroupsOf(surface.sender.platform, surface.groupsOf);
    if (surface.isIn !== undefined) app.remedy.askWhoIsIn(surface.sender.platform, surface.isIn);
  }
  return {
    names: [...opened.map(({ name }) => name), ...senders.map(({ platform }) => platform)],
    routes: opened.flatMap(({ surface }) => surface.routes),
    checks: [
      ...opened.map(({ name, surface }) => ({ name, check: surface.check })),
      // What became of the last notice, without asking anybody: a probe comes every few seconds.
      ...senders.map(({ platform, trouble }) => ({
        name: platform,
        check: async () => {
          const reason = trouble();
          if (reason !== undefined) throw new Error(reason);
        },
      })),
    ],
    wake() {
      for (const loop of loops.values()) loop.wake();
    },
    async start() {
      for (const { surface } of opened) {
        await surface.start();
        const { sender } = surface;
        loops.set(sender.platform, startDelivery(sender, deps));
        loops.get(sender.platform)?.wake();
      }
      for (const sender of senders) {
        const loop = startDelivery(sender, deps);
        loops.set(sender.platform, loop);
        loop.wake();
      }
    },
    async stop(graceMs) {
      // First those who say more, then those who carry it.
      await Promise.all(opened.map(({ surface }) => surface.stop(graceMs)));
      await Promise.all([...loops.values()].map((loop) => loop.stop(graceMs)));
      await (await drawing)?.close();
    },
  };
}

function reportTo(log: Log): (event: Received) => void {
  return ({ platform, outcome, problem }) => {
    const facts = { platform, ...(problem === undefined ? {} : { err: problem }) };
    if (outcome === "failed") log.error(facts, "something that came in could not be dealt with, and is tried again");
    if (outcome === "given up") log.error(facts, "something that came in failed or ended the bot each time: given up");
    if (outcome === "not noted") log.error(facts, "the inbox cannot be read or written");
    if (outcome === "full") log.error(facts, "too much waits to be dealt with: the platform is asked to send it again");
  };
}

function startDelivery(sender: Surface["sender"], { app, clock, log, delivers, delivered }: Deps): Loop {
  delivers(sender.platform);
  const report = (event: Delivered): void => {
    delivered(event);
    const { outcome, reason, ...facts } = event;
    if (outcome === "given up") log.error({ ...facts, reason }, "a message could not be delivered and was given up");
    if (outcome === "later") log.warn({ ...facts, reason }, "a message could not be delivered yet");
  };
  const round = deliver({
    outbox: app.store.outbox,
    sender,
    clock,
    pause: () => sleep(PAUSE_MS),
    chance: Math.random,
    report,
    hopeless: (message, reason) => app.incidents.undeliverable(message.id, reason, message),
    shared: app.sharing?.inHand,
  });
  const onProblem = (problem: unknown) =>
    log.error({ err: problem, platform: sender.platform }, `the outbox cannot be read: ${reasonOf(problem)}`);
  return startLoop(round, onProblem, RETRY_SECONDS, app.sharing?.lookEvery);
}
