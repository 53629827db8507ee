import type { Place } from "../../core/chat.ts";
import type { Deal, Surface, SurfaceDeps } from "../../ports/chat.ts";
import type { Route } from "../../ports/http.ts";
import { createDependencies, type Dependencies, type Dependency } from "../../util/dependencies.ts";
import { NotNowError, reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { newest } from "../../util/newest.ts";
import { recent } from "../../util/recent.ts";
import type { Secret } from "../../util/secret.ts";
import { isAccountError, platformError, sentenceOf, slackVerdict } from "./errors.ts";
import { slackRoute } from "./front.ts";
import { createGroups } from "./groups.ts";
import { createIntake, type Home, type Intake } from "./intake.ts";
import { listen } from "./listeners.ts";
import { boltLogger } from "./logger.ts";
import { createMembers } from "./members.ts";
import type { Api } from "./message.ts";
import { createPeople } from "./people.ts";
import { createReplies } from "./replies.ts";
import { AuthTest, BotInfo } from "./schema.ts";
import { createSender } from "./sender.ts";
import { openSocket, type SocketLink } from "./socket.ts";
import { urgencyOf } from "./urgency.ts";

export type SlackSettings = {
  readonly mode: "socket" | "http";
  readonly botToken: Secret;
  /** For Socket Mode. */
  readonly appToken?: Secret;
  /** For requests over HTTP. */
  readonly signingSecret?: Secret;
  /** Ends in `/api/`. Slack's own when undefined. */
  readonly apiUrl?: string;
  /** Ids of the workspaces that are served. Empty for the bot's own. */
  readonly teams: readonly string[];
  /** Begins with a slash. */
  readonly command: string;
  /** IANA zone of times in charts where nobody's zone is known. Default: UTC. */
  readonly zone?: string;
};

const CALL_MS = 10_000;
const UPLOAD_MS = 30_000;
const LONGEST_WAIT_MS = 60_000;
const MOST_ZONES = 5000;
/** Strangers may ask whether Slack is there as often as they like: Slack is asked once in a while. */
const CHECK = { keepMs: 45_000, keepFailureMs: 15_000, patienceMs: 2000 };

/** What is there once Slack said who we are. */
type Connected = {
  readonly api: Api;
  readonly botId: string | undefined;
  readonly home: Home;
  readonly deal: Deal;
  readonly socket: SocketLink | undefined;
};

/**
 * The bot in Slack: bolt behind our own gate. Throws with a sentence when a setting that its mode needs is missing;
 * nothing is loaded or connected before `start`.
 */
export function createSlack(
  settings: SlackSettings,
  deps: SurfaceDeps,
  log: Log,
  dependencies: Dependencies = createDependencies(),
): Surface {
  const { mode, signingSecret } = settings;
  const dependency = dependencies.of("slack", { service: "Slack", verdict: slackVerdict });
  if (mode === "socket" && settings.appToken === undefined)
    throw new Error("Slack in Socket Mode needs SLACK_APP_TOKEN: an app-level token (xapp-…) with connections:write.");
  if (mode === "http" && signingSecret === undefined)
    throw new Error("Slack over HTTP needs SLACK_SIGNING_SECRET, from the app's page Basic Information.");

  let connected: Connected | undefined;
  let trouble = "it was not started";
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const zones = newest<string>(MOST_ZONES);

  const api = async () => {
    if (connected === undefined) throw new NotNowError(`Slack is not connected: ${trouble}`, 5, "platform");
    return connected.api;
  };
  const replies = createReplies({
    api,
    apiUrl: settings.apiUrl,
    keepHint: (id, hint) => deps.store.outbox.hint(id, hint),
    clock: deps.clock,
    log,
  });
  const people = createPeople({ api, teams: () => connected?.home.teams ?? new Set(), clock: deps.clock, log });
  const groups = createGroups({ api, clock: deps.clock, log });
  const members = createMembers({ api, clock: deps.clock, log });
  const reception = deps.receive(async (body, how) => await connected?.deal(body, how), urgencyOf);
  const intake = createIntake({ reception, home: () => connected?.home, log });
  const noteZone = (place: Place, zone: string | undefined) => {
    if (zone !== undefined) zones.set(keyOf(place), zone);
  };
  const sender = createSender({
    api,
    room: dependency.room,
    botId: () => connected?.botId,
    zoneOf: (place) => zones.get(keyOf(place)) ?? settings.zone ?? "UTC",
    viaCommand: replies.public,
    drawChart: deps.drawChart,
    upload,
    clock: deps.clock,
    log,
  });

  const connect = async () => {
    const made = await connectTo(settings, intake, log, dependency, (app, client, { user_id: botUserId, url: site }) =>
      listen(app, {
        ...{ ...deps, api: client, people, replies, command: settings.command, botUserId, site, noteZone, log },
        liveIn: (message) => deps.live(sender, message),
      }),
    );
    connected = made; // before the socket opens: the first event may come with its hello
    try {
      await made.socket?.connect();
    } catch (err) {
      connected = undefined;
      made.socket?.stop();
      throw err;
    }
    await reception.start();
    log.info({ mode }, "connected to Slack");
  };
  const retry = (waitMs: number) => {
    if (stopped) return;
    timer = setTimeout(() => {
      connect().catch((err: unknown) => {
        trouble = sentenceOf(err);
        log[isAccountError(platformError(err)) ? "error" : "warn"]({ reason: trouble }, "Slack cannot be connected");
        retry(Math.min(LONGEST_WAIT_MS, waitMs * 2));
      });
    }, waitMs);
    timer.unref();
  };

  const authTest = recent(
    async () => await (await api()).apiCall("auth.test"),
    `Slack has not answered within ${CHECK.patienceMs / 1000} s`,
    CHECK,
    () => deps.clock() * 1000,
  );
  const routes: readonly Route[] =
    signingSecret !== undefined && mode === "http"
      ? [slackRoute({ signingSecret, intake, clock: deps.clock, log })]
      : [];
  return {
    sender,
    routes,
    groupsOf: groups,
    isIn: members,
    async start() {
      try {
        await connect();
      } catch (err) {
        trouble = sentenceOf(err);
        if (isAccountError(platformError(err))) throw new Error(trouble, { cause: err });
        log.warn({ reason: trouble }, "Slack cannot be connected yet, and is tried again");
        retry(1000);
      }
    },
    async stop(graceMs) {
      stopped = true;
      clearTimeout(timer);
      await reception.stop(graceMs);
      connected?.socket?.stop();
    },
    async check(signal) {
      if (connected === undefined) throw new Error(trouble);
      if (connected.socket?.isConnected() === false) throw new Error("Slack's Socket Mode is not connected at present");
      signal.throwIfAborted();
      await authTest().catch((err: unknown) => {
        throw new Error(sentenceOf(err), { cause: err });
      });
    },
  };
}

type Listening = (app: import("@slack/bolt").App, api: Api, self: AuthTest) => void;

async function connectTo(
  settings: SlackSettings,
  intake: Intake,
  log: Log,
  dependency: Dependency,
  listening: Listening,
): Promise<Connected> {
  const [bolt, { WebClient }] = await Promise.all([import("@slack/bolt"), import("@slack/web-api")]);
  const logger = boltLogger(log);
  // Rate limits and retries are the outbox's: a client that waits or repeats by itself could say things twice.
  const clientOptions = {
    ...(settings.apiUrl !== undefined && { slackApiUrl: settings.apiUrl }),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: CALL_MS,
    logger,
  };
  const token = settings.botToken.reveal();
  const client = new WebClient(token, clientOptions);
  const api: Api = { apiCall: (method, options) => dependency.ask(() => client.apiCall(method, options)) };
  const self = AuthTest.parse(await client.auth.test());
  const app = new bolt.App({
    token,
    botId: self.bot_id,
    botUserId: self.user_id,
    // The ids are known already; asked again for each event it would be a call more.
    tokenVerificationEnabled: false,
    ignoreSelf: true,
    convoStore: false,
    logger,
    clientOptions,
    receiver: { init() {}, start: async () => {}, stop: async () => {} },
  });
  listening(app, api, self);
  const { mode, appToken } = settings;
  return {
    api,
    botId: self.bot_id,
    home: {
      teams: new Set(settings.teams.length > 0 ? settings.teams : [self.team_id]),
      app: await appIdOf(self.bot_id, api, log),
    },
    deal: (body, how) =>
      app.processEvent({ body: body as Record<string, unknown>, ack: async () => {}, customProperties: how }),
    socket:
      mode === "socket" && appToken !== undefined
        ? openSocket(bolt.SocketModeReceiver, { appToken, clientOptions: { ...clientOptions } }, intake, logger, log)
        : undefined,
  };
}

/** The app that the token belongs to. Undefined when Slack does not tell: then the first event does. */
async function appIdOf(botId: string | undefined, api: Api, log: Log): Promise<string | undefined> {
  if (botId === undefined) return undefined;
  try {
    return BotInfo.parse(await api.apiCall("bots.info", { bot: botId })).bot.app_id;
  } catch (err) {
    log.info({ reason: reasonOf(err) }, "Slack did not tell the app's id");
    return undefined;
  }
}

async function upload(url: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: Buffer.from(bytes),
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_MS)]),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`Slack did not take the picture (status ${response.status})`);
}

function keyOf(place: Place): string {
  return `${place.channel}/${place.thread}`;
}
