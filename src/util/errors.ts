/** What was thrown, as words: an error's message, or the thing itself as text. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The same, with what caused it where that is an error too: "fetch failed: connect ECONNREFUSED 127.0.0.1:9". */
export function wholeReasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error && cause.message !== "" ? `${reasonOf(thrown)}: ${cause.message}` : reasonOf(thrown);
}

/** The world could not be reached: refused, timed out, cut off, name not found. Asking again later may help. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
  readonly service: string;
  constructor(service: string, reason: string, options?: ErrorOptions) {
    super(`${service}: ${reason}`, options);
    this.service = service;
  }
}

/** It answered, and said no. `status` is its HTTP status, or 200 for a refusal inside the body. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly service: string;
  readonly status: number;
  constructor(service: string, status: number, reason: string, options?: ErrorOptions) {
    super(`${service}: ${reason}`, options);
    this.service = service;
    this.status = status;
  }
  get retryable(): boolean {
    return this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** Our own guard refused a query before it left. `message` is a sentence for the person who asked. */
export class QueryRefusedError extends Error {
  override readonly name = "QueryRefusedError";
}

/** The world, or our own guard, said no to a question: that is told, where a mistake of ours is thrown. */
export function isNo(problem: unknown): problem is UnreachableError | RefusedError | QueryRefusedError {
  return problem instanceof UnreachableError || problem instanceof RefusedError || problem instanceof QueryRefusedError;
}

/**
 * A message could not be delivered now: try again after `seconds`. `scope` says what else has to wait as long. `answered`: the other
 * side is there, and asks to wait or refuses the credentials, which is no failure of it.
 */
export class NotNowError extends Error {
  override readonly name = "NotNowError";
  readonly seconds: number;
  readonly scope: "channel" | "platform";
  readonly answered: boolean;
  constructor(
    reason: string,
    seconds: number,
    scope: "channel" | "platform",
    options?: ErrorOptions & { readonly answered?: boolean },
  ) {
    super(reason, options);
    this.seconds = seconds;
    this.scope = scope;
    this.answered = options?.answered === true;
  }
}

/** A message can never be delivered: the channel is gone, the bot was removed, or the platform calls it malformed. */
export class NeverError extends Error {
  override readonly name = "NeverError";
}

/** Somebody who reads what is being written wants no more of it. `message` says who or how, as the beginning of a sentence. */
export class EnoughError extends Error {
  override readonly name = "EnoughError";
}

/** Whoever asks may only read. `message` is a sentence for them. */
export class ReadOnlyError extends Error {
  override readonly name = "ReadOnlyError";
  constructor() {
    super(
      "Programs only read here, so nothing was changed. People ask for changes in chat, and decide about them there.",
    );
  }
}
