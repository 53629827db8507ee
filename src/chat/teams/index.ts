import type { Surface, SurfaceDeps } from "../../ports/chat.ts";
import { createDependencies, type Dependencies, type Dependency } from "../../util/dependencies.ts";
import { reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { recent } from "../../util/recent.ts";
import { type Bot, loadBot } from "./adapter.ts";
import { createAnswers } from "./answers.ts";
import { TokenError, teamsVerdict } from "./errors.ts";
import { teamsRoute } from "./front.ts";
import { createGate } from "./gate.ts";
import { MICROSOFT_HOSTS } from "./hosts.ts";
import { urgencyOf } from "./intake.ts";
import { createChannelKeys } from "./keys.ts";
import { createListeners, type Listeners } from "./listeners.ts";
import { createReferences } from "./places.ts";

import { createSender } from "./sender.ts";
import { checkSettings, cloudOf, type TeamsSettings, tenantsOf } from "./settings.ts";
import { createTokens } from "./tokens.ts";
import { createZones } from "./zones.ts";

/** Strangers may ask whether Teams is there as often as they like: the login server is asked once in a while. */
const CHECK = { keepMs: 45_000, keepFailureMs: 15_000, patienceMs: 2000 };

/**
 * Microsoft Teams through the Bot Framework: `POST /api/messages` on the bot's own server, answers over the connector.
 * Throws with a sentence when the settings do not fit together.
 */
export function createTeams(
  given: TeamsSettings,
  deps: SurfaceDeps,
  log: Log,
  dependencies: Dependencies = createDependencies(),
): Surface {
  const settings = given.serviceUrls.length > 0 ? given : { ...given, serviceUrls: MICROSOFT_HOSTS };
  checkSettings(settings);
  const cloud = cloudOf(settings);
  const { appId, insecureDev, serviceUrls } = settings;
  const dependency = dependencies.of("teams", { service: "Microsoft Teams", verdict: teamsVerdict });
  const keys = createChannelKeys(cloud.openIdMetadata, deps.clock, dependencies);
  const tokens =
    appId === undefined ? undefined : createTokens({ appId, issuer: cloud.tokenIssuer, keys, clock: deps.clock });
  const gate = createGate({ tokens, tenants: tenantsOf(settings), serviceUrls, insecureDev });
  const references = createReferences(deps.store.places);
  const zones = createZones();
  let bot: Bot | undefined;
  let listeners: Listeners | undefined;

  const sender = createSender({
    bot: () => bot,
    room: dependency.room,
    references,
    zones,
    zone: settings.zone ?? "UTC",
    drawChart: deps.drawChart,
    charts: settings.charts ?? "native",
    chance: Math.random,
    clock: deps.clock,
    log,
  });

  // A token that is still good must do.
  const authenticated = recent(
    async () => await bot?.authenticate(false),
    `the login server has not answered within ${CHECK.patienceMs / 1000} s`,
    CHECK,
    () => deps.clock() * 1000,
  );

  const reception = deps.receive(async (body, how) => await listeners?.deal(body, how), urgencyOf);
  const answers = createAnswers();
  const isReady = () => listeners !== undefined;

  return {
    sender,
    routes: [teamsRoute({ gate, reception, mayRead: deps.mayRead, answers, isReady, log })],
    async start() {
      if (tokens === undefined)
        log.warn("TEAMS AUTHENTICATION IS OFF: whoever reaches this port on this machine can speak as anybody");
      const loaded = guarded(await loadBot(settings), dependency);
      await authenticate(loaded, log);
      bot = loaded;
      const anonymous = tokens === undefined;
      listeners = createListeners({
        ...{ ...deps, bot: loaded, references, zones, answers, anonymous, log },
        liveIn: (message) => deps.live(sender, message),
      });
      await reception.start();
    },
    stop: (graceMs) => reception.stop(graceMs),
    async check(signal) {
      if (bot === undefined) throw new Error("Teams is not connected yet");
      await aborted(authenticated(), signal);
    },
  };
}

/** The same bot, whose calls of the connector pass the breaker. */
function guarded(bot: Bot, { ask }: Dependency): Bot {
  return {
    ...bot,
    send: (target, activity) => ask(() => bot.send(target, activity)),
    update: (target, id, activity) => ask(() => bot.update(target, id, activity)),
    memberOf: (target, user) => ask(() => bot.memberOf(target, user)),
  };
}

/** Throws when the credentials are refused. Other trouble passes: each message asks for a token anew. */
async function authenticate(bot: Bot, log: Log): Promise<void> {
  try {
    await aborted(bot.authenticate(true), AbortSignal.timeout(10_000));
  } catch (problem) {
    if (problem instanceof TokenError && problem.refused)
      throw new Error(`Teams does not accept the app id and its password: ${problem.message}`, { cause: problem });
    log.warn({ reason: reasonOf(problem) }, "Teams cannot be reached yet: messages wait in the outbox");
  }
}

function aborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("Teams did not answer in time")), { once: true });
    work.then(resolve, reject);
  });
}
