import { BusyError, RestingError } from "../util/dependencies.ts";
import { RefusedError, reasonOf, UnreachableError } from "../util/errors.ts";

/** How messages name the other side: never an address. */
export const SERVICE = "The language model";

/** It does not stop calling tools, or says nothing. Trying again would be of no use. */
export class GaveUpError extends RefusedError {
  constructor(reason: string) {
    super(SERVICE, 200, reason);
  }
}

/** The request never left, so nobody was paid for it. */
export class NotSentError extends UnreachableError {}

/** Whether a failed call took no tokens: it was refused, or never arrived. Of one that was cut off nobody knows, so it counts. */
export function isUnpaid(problem: unknown): boolean {
  if (problem instanceof NotSentError || problem instanceof RestingError || problem instanceof BusyError) return true;
  return problem instanceof RefusedError && !(problem instanceof GaveUpError);
}

/**
 * What an SDK threw, as one of our errors. Text of the other side does not enter it: it may repeat the key. Our own errors
 * come back from the SDKs as causes.
 */
export function failureOf(thrown: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  for (let one = thrown, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++) {
    if (one instanceof UnreachableError || one instanceof RefusedError) return one;
    if (one.name === "TimeoutError") return new UnreachableError(SERVICE, "it took too long", { cause: thrown });
    const status = (one as { status?: unknown }).status;
    if (typeof status === "number") return new RefusedError(SERVICE, status, sayStatus(status), { cause: thrown });
  }
  return new UnreachableError(SERVICE, `its answer could not be read (${kindOf(thrown)})`, { cause: thrown });
}

/** What an HTTP status of such an API means. */
export function sayStatus(status: number): string {
  if (status === 401 || status === 403) return `it does not accept the key (HTTP ${status})`;
  if (status === 404) return "it knows no such model or address (HTTP 404)";
  if (status === 429) return "it takes no more requests for now (HTTP 429)";
  if (status >= 500) return `it failed (HTTP ${status})`;
  return `it refused the request (HTTP ${status})`;
}

/** The kind of an error, which is a word of the SDK and not of the other side. */
function kindOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.constructor.name : reasonOf(typeof thrown);
}
