import type { Place } from "../../core/chat.ts";
import type { Clock } from "../../ports.ts";
import { NotNowError, reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { Rendered } from "./render.ts";
import { type Api, threadOf } from "./sender.ts";

/** Slack takes answers to a command for half an hour. */
/** Slack takes five answers to one command; some are kept for private words. */
const TRIES = 3;
const KEPT_SECONDS = 25 * 60;
const MOST = 2000;
const TIMEOUT_MS = 10_000;

/** Words for one person, and answers to commands in channels that the bot is no member of. Nothing here throws. */
export type Replies = {
  /** Keeps the address that Slack gave for answers to that command, under the id of the message to come. */
  remember(id: string, responseUrl: string | undefined): void;
  /** Shows an answer to everybody in the channel of its command. False when Slack gave no address, or not any more. Throws `NotNowError` when Slack did not take it this time. */
  public(id: string, rendered: Rendered): Promise<boolean>;
  /** Shows something to the person who typed the command or clicked. */
  private(responseUrl: string | undefined, place: Place, user: string, rendered: Rendered): Promise<void>;
  /** Shows something to one person where they clicked: in the thread, else through the click's own address. */
  aside(place: Place, user: string, rendered: Rendered, responseUrl: string | undefined): Promise<void>;
  /** Shows something to one person in a channel. */
  ephemeral(place: Place, user: string, rendered: Rendered): Promise<void>;
};

/** `apiUrl` is where Slack's API is; addresses for answers elsewhere than at Slack or there are never used. */
export function createReplies(deps: {
  readonly api: () => Promise<Api>;
  readonly apiUrl: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}): Replies {
  const urls = new Map<string, { readonly url: string; readonly at: number; readonly tries: number }>();
  const isSafe = (url: string | undefined): url is string => url !== undefined && isResponseUrl(url, deps.apiUrl);
  const whisper = async (place: Place, user: string, rendered: Rendered): Promise<void> => {
    const thread = threadOf(place);
    const where = { channel: place.channel, user, ...(thread !== undefined && { thread_ts: thread }) };
    await (await deps.api()).apiCall("chat.postEphemeral", { ...where, ...rendered });
  };
  const replies: Replies = {
    remember(id, url) {
      if (!isSafe(url)) return;
      if (urls.size >= MOST) urls.delete(urls.keys().next().value!);
      urls.set(id, { url, at: deps.clock(), tries: TRIES });
    },
    async public(id, rendered) {
      const held = urls.get(id);
      if (held === undefined) return false;
      const isThere = deps.clock() - held.at <= KEPT_SECONDS && held.tries > 0;
      if (isThere && !(await respond(held.url, { response_type: "in_channel", ...rendered }, deps.log))) {
        urls.set(id, { ...held, tries: held.tries - 1 });
        throw new NotNowError("Slack did not take the answer to a command", 5, "channel");
      }
      urls.delete(id);
      return isThere;
    },
    async private(url, place, user, rendered) {
      const body = { response_type: "ephemeral", replace_original: false, ...rendered };
      if (isSafe(url) && (await respond(url, body, deps.log))) return;
      await replies.ephemeral(place, user, rendered);
    },
    async aside(place, user, rendered, url) {
      try {
        await whisper(place, user, rendered);
      } catch (err) {
        deps.log.info({ reason: reasonOf(err) }, "a private word could not be said in its thread");
        const body = { response_type: "ephemeral", replace_original: false, ...rendered };
        if (isSafe(url)) await respond(url, body, deps.log);
      }
    },
    async ephemeral(place, user, rendered) {
      try {
        await whisper(place, user, rendered);
      } catch (err) {
        deps.log.warn({ reason: reasonOf(err) }, "a private word could not be said in Slack");
      }
    },
  };
  return replies;
}

async function respond(url: string, body: Record<string, unknown>, log: Log): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (!response.ok) log.warn({ status: response.status }, "Slack did not take the answer to a command");
    return response.ok;
  } catch (err) {
    log.warn({ reason: reasonOf(err) }, "the answer to a command did not reach Slack");
    return false;
  }
}

function isResponseUrl(url: string, apiUrl: string | undefined): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, origin } = new URL(url);
  if (apiUrl !== undefined && origin === new URL(apiUrl).origin) return true;
  return protocol === "https:" && (hostname === "hooks.slack.com" || hostname === "hooks.slack-gov.com");
}
