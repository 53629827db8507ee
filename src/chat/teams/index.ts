import type { HttpRequest, HttpResponse, Surface, SurfaceDeps } from "../../ports.ts";
import { reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { recent } from "../../util/recent.ts";
import { type Bot, loadBot } from "./adapter.ts";
import { TokenError } from "./errors.ts";
import { createGate, MAX_BODY, type Verdict } from "./gate.ts";
import { MICROSOFT_HOSTS } from "./hosts.ts";
import { createChannelKeys } from "./keys.ts";
import { createListeners, type Listeners } from "./listeners.ts";
import { createReferences } from "./places.ts";
import { createSender } from "./sender.ts";
import { checkSettings, cloudOf, type TeamsSettings, tenantsOf } from "./settings.ts";
import { createZones } from "./zones.ts";

/** Strangers may ask whether Teams is there as often as they like: the login server is asked once in a while. */
const CHECK = { keepMs: 45_000, keepFailureMs: 15_000, patienceMs: 2000 };
/** More questions at once than this are refused with 503, which the channel may try again. */
const MOST_AT_ONCE = 1000;

/**
 * Microsoft Teams through the Bot Framework: `POST /api/messages` on the bot's own server, answers over the connector.
 * Throws with a sentence when the settings do not fit together.
 */
export function createTeams(given: TeamsSettings, deps: SurfaceDeps, log: Log): Surface {
  const settings = given.serviceUrls.length > 0 ? given : { ...given, serviceUrls: MICROSOFT_HOSTS };
  checkSettings(settings);
  const cloud = cloudOf(settings);
  const { appId, insecureDev, serviceUrls } = settings;
  const keys = createChannelKeys(cloud.openIdMetadata, deps.clock);
  const token = appId === undefined ? undefined : { appId, issuer: cloud.tokenIssuer, keys };
  const gate = createGate({ token, tenants: tenantsOf(settings), serviceUrls, insecureDev, clock: deps.clock });
  const references = createReferences(deps.store.places);
  const zones = createZones();
  let bot: Bot | undefined;
  let listeners: Listeners | undefined;
  let stopped = false;

  const sender = createSender({
    bot: () => bot,
    references,
    zones,
    zone: settings.zone ?? "UTC",
    drawChart: deps.drawChart,
    charts: settings.charts ?? "native",
    chance: Math.random,
    log,
  });

  // A token that is still good must do.
  const authenticated = recent(
    async () => await bot?.authenticate(false),
    `the login server has not answered within ${CHECK.patienceMs / 1000} s`,
    CHECK,
    () => deps.clock() * 1000,
  );

  async function handle(request: HttpRequest): Promise<HttpResponse> {
    const verdict = await gate.check(request);
    if (!verdict.ok) {
      log.info({ status: verdict.status, reason: verdict.reason }, "a request to /api/messages was refused");
      return refusal(verdict);
    }
    if (bot === undefined || listeners === undefined || stopped || listeners.busy() >= MOST_AT_ONCE)
      return unavailable();
    const taker = listeners;
    const { status, body } = await bot.process(verdict.body, request.headers, () => taker.take(verdict.activity));
    // The gate has let it in: a refusal by the SDK is its trouble, and the channel may try again.
    if (status === 500 || status === 401) return unavailable();
    return body === undefined ? { status } : json(status, body);
  }

  return {
    sender,
    routes: [{ method: "POST", path: "/api/messages", bodyBytes: MAX_BODY, handle }],
    async start() {
      if (token === undefined)
        log.warn("TEAMS AUTHENTICATION IS OFF: whoever reaches this port on this machine can speak as anybody");
      const loaded = await loadBot(settings, log);
      await authenticate(loaded, log);
      const anonymous = token === undefined;
      listeners = createListeners({ ...deps, bot: loaded, references, zones, anonymous, log });
      bot = loaded;
    },
    async stop(graceMs) {
      stopped = true;
      await listeners?.stop(graceMs);
    },
    async check(signal) {
      if (bot === undefined) throw new Error("Teams is not connected yet");
      await aborted(authenticated(), signal);
    },
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

const CODES: Readonly<Record<(Verdict & { ok: false })["status"], string>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  413: "too_large",
  503: "unavailable",
};

/** Why is for the log: whoever forges requests learns only that it did not work. */
function refusal({ status }: Verdict & { ok: false }): HttpResponse {
  return json(status, { error: CODES[status] });
}

function unavailable(): HttpResponse {
  return { ...json(503, { error: CODES[503] }), headers: { ...JSON_TYPE, "retry-after": "2" } };
}

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };

function json(status: number, body: unknown): HttpResponse {
  return { status, headers: JSON_TYPE, body: JSON.stringify(body) };
}
