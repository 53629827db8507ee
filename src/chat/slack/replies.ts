import type { Place } from "../../core/chat.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Queued } from "../../ports/outbox.ts";
import { NotNowError, reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { commandHint, type Hint, isUsable, readHint, writeHint } from "./hint.ts";
import { type Api, QUIET, threadOf } from "./message.ts";
import type { Rendered } from "./render.ts";

const TIMEOUT_MS = 10_000;
/** Seconds until the next answer to the same address, by how many were sent: they are few, and have to outlast a trouble. */
const PAUSES = [5, 5, 30, 120, 300];

/** Words for one person, and answers to commands in channels that the bot is no member of. */
export type Replies = {
  /** What is to be kept with the answer to a command, for `public` to give it. */
  hintOf(user: string, responseUrl: string | undefined): string;
  /**
   * Shows an answer to everybody in the channel of its command, in the first of the forms that Slack can read. False when
   * Slack takes no more answers to that command. Throws `NotNowError` when Slack did not take it this time.
   */
  public(message: Queued, forms: readonly (() => Rendered)[], signal: AbortSignal): Promise<boolean>;
  /** Shows something to the person who typed the command or clicked. Never throws. */
  private(responseUrl: string | undefined, place: Place, user: string, rendered: Rendered): Promise<void>;
  /** Shows something to one person where they clicked: in the thread, else through the click's own address. */
  aside(place: Place, user: string, rendered: Rendered, responseUrl: string | undefined): Promise<void>;
  /** Shows something to one person in a channel. Never throws. */
  ephemeral(place: Place, user: string, rendered: Rendered): Promise<void>;
};

/** `apiUrl` is where Slack's API is; addresses for answers elsewhere than at Slack or there are never used. */
export function createReplies(deps: {
  readonly api: () => Promise<Api>;
  readonly apiUrl: string | undefined;
  /** Keeps the hint of a message that waits. */
  readonly keepHint: (id: string, hint: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}): Replies {
  const isSafe = (url: string | undefined): url is string => url !== undefined && isResponseUrl(url, deps.apiUrl);
  const whisper = async (place: Place, user: string, rendered: Rendered): Promise<void> => {
    const thread = threadOf(place);
    const where = { channel: place.channel, user, ...(thread !== undefined && { thread_ts: thread }) };
    await (await deps.api()).apiCall("chat.postEphemeral", { ...where, ...QUIET, ...rendered });
  };
  const keep = (id: string, hint: Hint) => deps.keepHint(id, writeHint(hint));
  const replies: Replies = {
    hintOf: (user, url) => commandHint(user, isSafe(url) ? url : undefined, deps.clock()),
    async public({ id, hint: text }, forms, signal) {
      let hint = readHint(text);
      for (const form of forms) {
        if (hint === undefined || !isUsable(hint, deps.clock()) || !isSafe(hint.url)) return false;
        const used: Hint = { ...hint, uses: hint.uses + 1 };
        // Noted before it leaves: one that a crash cuts off may have been shown.
        await keep(id, { ...used, unsure: hint.unsure + 1 });
        const reply = await respond(hint.url, { response_type: "in_channel", ...QUIET, ...form() }, signal);
        if (reply.kind === "taken") return true;
        deps.log.warn({ id, reason: reply.reason }, "Slack did not take the answer to a command");
        switch (reply.kind) {
          case "not reached":
            await keep(id, hint);
            throw new NotNowError(reply.reason, 10, "channel");
          case "busy":
            await keep(id, used);
            throw new NotNowError(reply.reason, pauseAfter(used), "channel");
          case "unknown":
            throw new NotNowError(reply.reason, pauseAfter(used), "channel");
          case "unreadable":
            await keep(id, used);
            hint = used;
            break;
          default:
            await keep(id, { ...used, url: undefined });
            return false;
        }
      }
      return false;
    },
    async private(url, place, user, rendered) {
      const body = { response_type: "ephemeral", replace_original: false, ...QUIET, ...rendered };
      if (isSafe(url)) {
        const reply = await respond(url, body, AbortSignal.timeout(TIMEOUT_MS));
        if (reply.kind === "taken") return;
        deps.log.warn({ reason: reply.reason }, "Slack did not take a private answer to a command");
      }
      await replies.ephemeral(place, user, rendered);
    },
    async aside(place, user, rendered, url) {
      try {
        await whisper(place, user, rendered);
      } catch (err) {
        deps.log.info({ reason: reasonOf(err) }, "a private word could not be said in its thread");
        const body = { response_type: "ephemeral", replace_original: false, ...QUIET, ...rendered };
        if (isSafe(url)) await respond(url, body, AbortSignal.timeout(TIMEOUT_MS));
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

function pauseAfter({ uses }: Hint): number {
  return PAUSES[uses] ?? PAUSES.at(-1)!;
}

/** `busy`: Slack said so, and showed nothing. `refused`: it takes no more of them. `unknown`: it may have been shown. */
type Reply =
  | { readonly kind: "taken" }
  | { readonly kind: "not reached" | "busy" | "unreadable" | "refused" | "unknown"; readonly reason: string };

/** Never throws. The reasons do not hold the address. */
async function respond(url: string, body: Record<string, unknown>, signal: AbortSignal): Promise<Reply> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    const { status } = response;
    if (response.ok) return { kind: "taken" };
    const reason = `Slack answered an answer to a command with status ${status}`;
    if (status === 408 || status === 429 || status >= 500) return { kind: "busy", reason };
    return { kind: status === 400 ? "unreadable" : "refused", reason };
  } catch (err) {
    const code = codeOf(err);
    const reason = `the answer to a command did not reach Slack: ${code ?? (err instanceof Error ? err.name : "")}`;
    return { kind: NEVER_LEFT.has(code ?? "") ? "not reached" : "unknown", reason };
  }
}

/** Where no connection came about, nothing can have been shown. */
const NEVER_LEFT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

function codeOf(err: unknown): string | undefined {
  const { cause } = err as { cause?: unknown };
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : undefined;
}

function isResponseUrl(url: string, apiUrl: string | undefined): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, origin } = new URL(url);
  if (apiUrl !== undefined && origin === new URL(apiUrl).origin) return true;
  return protocol === "https:" && (hostname === "hooks.slack.com" || hostname === "hooks.slack-gov.com");
}
