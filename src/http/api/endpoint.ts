import type * as z from "zod";
import type { Scope } from "../../core/access.ts";

/** What the API is made of: each address with what it takes and gives, as schemas. Requests are checked by them, and the document is made of them. */

/** A program that calls, as its token says. */
export type Caller = {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Names of the sources that are open to it; undefined for all. */
  readonly sources: readonly string[] | undefined;
  /** Calls in a minute. */
  readonly perMinute: number;
};

export type Asked<Q, B> = {
  /** Of this call, on its lines of the log and in the audit. */
  readonly id: string;
  readonly caller: Caller;
  /** Values of the path, by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  /** Fires when the caller goes away. */
  readonly signal: AbortSignal;
};

export type Endpoint<Q = unknown, B = unknown> = {
  readonly method: "GET" | "POST";
  /** Below /api/v1; "/incidents/{id}". */
  readonly path: string;
  readonly scope: Scope;
  /** Name of the operation in the document. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: () => z.ZodType<Q>;
  readonly body?: () => z.ZodType<B>;
  readonly answer: () => z.ZodType;
  /** Throws `HttpProblem` for a refusal. */
  readonly handle: (asked: Asked<Q, B>) => Promise<unknown>;
  /** What is noted of the call beside its name, from the checked body. */
  readonly noted?: (body: B) => string;
};

/** Keeps the types of query and body together with the function that is given them. */
export function endpoint<Q, B>(one: Endpoint<Q, B>): Endpoint {
  return one as unknown as Endpoint;
}

/** Where all of it is. */
export const BASE = "/api/v1";
