import { z } from "zod";
import { RestingError, type Verdict } from "../../util/dependencies.ts";
import { NeverError, NotNowError, reasonOf } from "../../util/errors.ts";
import { networkReason, WEB_PAGE } from "../../util/exchange.ts";

/** Errors of Slack's Web API, told by their shape: the SDK is loaded only once a bot talks to Slack. */

const Thrown = z.object({
  code: z.string(),
  message: z.string().default(""),
  retryAfter: z.number().optional(),
  statusCode: z.number().optional(),
  data: z.object({ error: z.string() }).optional(),
});

/** The SDK puts an answer that is no JSON, such as a proxy's page, where a code stands. */
const CODE = /^[a-z0-9_]{1,100}$/i;

/** The error code inside Slack's answer, such as `channel_not_found`. Undefined when Slack did not answer so. */
export function platformError(thrown: unknown): string | undefined {
  const error = Thrown.safeParse(thrown).data?.data?.error;
  return error !== undefined && CODE.test(error) ? error : undefined;
}

/** What a failed call says about Slack: a refusal is an answer, and so is a wish to wait. */
export function slackVerdict(thrown: unknown): Verdict {
  const { data: read } = Thrown.safeParse(thrown);
  if (read === undefined) return thrown instanceof Error ? "failure" : "unknown";
  if (read.code === "slack_webapi_rate_limited_error") return "alive";
  const error = platformError(thrown);
  if (error !== undefined) return PASSING.has(error) ? "failure" : "alive";
  return read.statusCode !== undefined && read.statusCode < 500 ? "alive" : "failure";
}

// The credentials, or what they may do: nothing at all can be sent until a person mends it.
const ACCOUNT = new Set([
  "account_inactive",
  "ekm_access_denied",
  "enterprise_is_restricted",
  "invalid_auth",
  "missing_scope",
  "not_allowed_token_type",
  "not_authed",
  "team_access_not_granted",
  "token_expired",
  "token_revoked",
]);

const PASSING = new Set([
  "fatal_error",
  "internal_error",
  "request_timeout",
  "service_unavailable",
  "team_added_to_org",
]);

const LIMITED = new Set(["ratelimited", "rate_limited", "message_limit_exceeded"]);

/** Whether these credentials are refused, which no further try cures. */
export function isAccountError(error: string | undefined): boolean {
  return error !== undefined && ACCOUNT.has(error);
}

/** Whether Slack could not read the blocks of a message. */
export function isBlocksError(error: string | undefined): boolean {
  return error === "invalid_blocks" || error === "invalid_blocks_format" || error === "msg_blocks_too_long";
}

/** What was thrown by a call, as the outbox understands it: `NotNowError` or `NeverError`, with Slack's word in it. */
export function deliveryError(thrown: unknown): NotNowError | NeverError {
  if (thrown instanceof NotNowError || thrown instanceof NeverError) return thrown;
  const options = { cause: thrown };
  if (thrown instanceof RestingError) return new NotNowError(thrown.message, thrown.seconds, "platform", options);
  const read = Thrown.safeParse(thrown).data;
  if (read?.code === "slack_webapi_rate_limited_error")
    return new NotNowError("Slack asks to wait", Math.max(1, read.retryAfter ?? 30), "channel", options);
  const error = platformError(thrown);
  if (error === undefined) {
    if (read?.data !== undefined)
      return new NotNowError(`Slack cannot be reached: ${WEB_PAGE}`, 10, "platform", options);
    const seconds = read?.statusCode !== undefined && read.statusCode < 500 ? 60 : 10;
    // One slow call says nothing about other channels; no connection does.
    const scope = /timed? ?out|abort|no answer within/i.test(reasonOf(thrown)) ? "channel" : "platform";
    return new NotNowError(
      `Slack cannot be reached: ${networkReason(thrown).replace(/^Slack: /, "")}`,
      seconds,
      scope,
      options,
    );
  }
  if (LIMITED.has(error)) return new NotNowError(`Slack asks to wait (${error})`, 30, "channel", options);
  if (PASSING.has(error)) return new NotNowError(`Slack has trouble (${error})`, 10, "platform", options);
  if (isAccountError(error)) return new NotNowError(`${cureOf(error)}`, 300, "platform", options);
  return new NeverError(`Slack refuses the message: ${error}`, options);
}

/** What a person has to do about an account error, as a sentence. */
export function cureOf(error: string): string {
  switch (error) {
    case "missing_scope":
      return "Slack: the bot token lacks a scope (missing_scope). Compare the app with manifests/slack and install it again.";
    case "token_revoked":
    case "account_inactive":
      return `Slack: the app was removed from the workspace (${error}). Install it again and set SLACK_BOT_TOKEN to its new bot token.`;
    default:
      return `Slack refuses the token (${error}). Copy the Bot User OAuth Token, which begins with xoxb-, from the app's page OAuth & Permissions into SLACK_BOT_TOKEN.`;
  }
}

/** What went wrong with a call, for people: the cure where the credentials are refused. */
export function sentenceOf(err: unknown): string {
  const error = platformError(err);
  return isAccountError(error) ? cureOf(error!) : `Slack cannot be reached: ${networkReason(err)}`;
}
