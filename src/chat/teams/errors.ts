import { RestingError, type Verdict } from "../../util/dependencies.ts";
import { NeverError, NotNowError, reasonOf } from "../../util/errors.ts";

/** The connector answered with another status than success. */
export class ConnectorError extends Error {
  override readonly name = "ConnectorError";
  readonly status: number;
  /** Seconds to wait, when it said so. */
  readonly retryAfter: number | undefined;
  constructor(status: number, reason: string, retryAfter: number | undefined) {
    super(`Teams answered with status ${status}${reason === "" ? "" : `: ${reason}`}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** The bot was told to send to a host that it may not talk to. */
export class ForeignHostError extends Error {
  override readonly name = "ForeignHostError";
}

/** Longest wait taken from a Retry-After, in seconds: a typing error over there must not silence the bot for a day. */
const LONGEST_WAIT = 600;

/**
 * What went wrong while sending -> `NotNowError` or `NeverError`. `attempts` (from 1) and `chance` (0 to 1) spread the
 * next tries of many messages: Microsoft asks for growing pauses with jitter after 412, 429, 502 and 504.
 */
export function sendProblem(thrown: unknown, attempts: number, chance: number): NotNowError | NeverError {
  if (thrown instanceof NotNowError || thrown instanceof NeverError) return thrown;
  const cause = { cause: thrown };
  if (thrown instanceof RestingError) return new NotNowError(thrown.message, thrown.seconds, "platform", cause);
  const pause = Math.min(120, 2 ** Math.min(attempts, 7)) * (0.5 + chance / 2);
  if (thrown instanceof ForeignHostError) return new NeverError(thrown.message, cause);
  if (!(thrown instanceof ConnectorError)) return new NotNowError(reasonOf(thrown), pause, scopeOf(thrown), cause);
  const { status, message, retryAfter } = thrown;
  if (status === 401) return new NotNowError(message, Math.max(30, pause), "platform", cause);
  if (status === 408 || status === 412 || status === 429 || status >= 500) {
    const wait = retryAfter === undefined ? pause : Math.min(LONGEST_WAIT, retryAfter) + chance;
    return new NotNowError(message, wait, "channel", cause);
  }
  return new NeverError(message, cause);
}

/** What a failed call says about Teams and its login server: a refusal is an answer, and so is a wish to wait. */
export function teamsVerdict(thrown: unknown): Verdict {
  if (thrown instanceof ForeignHostError) return "unknown";
  if (thrown instanceof ConnectorError) return thrown.status >= 500 ? "failure" : "alive";
  if (thrown instanceof TokenError) return thrown.refused ? "alive" : "failure";
  return thrown instanceof Error ? "failure" : "unknown";
}

/** No token means that no message of any channel can leave. */
function scopeOf(thrown: unknown): "channel" | "platform" {
  return thrown instanceof TokenError ? "platform" : "channel";
}

/** No token for the connector could be had. `refused`: the credentials are wrong. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  readonly refused: boolean;
  constructor(reason: string, refused: boolean, options?: ErrorOptions) {
    super(`no token for Teams could be had: ${reason}`, options);
    this.refused = refused;
  }
}
