import type { HttpRequest } from "../../ports/http.ts";
import { type Budgeted, budget } from "../../util/budget.ts";
import type { Secret } from "../../util/secret.ts";
import { HttpProblem } from "../route.ts";
import { bearerOf, equalInConstantTime } from "../trust.ts";
import type { Caller } from "./endpoint.ts";

export type Token = Caller & { readonly secret: Secret };

/** Counts how often a token is used: `most` times in `seconds`, of all replicas together where they can. Never rejects. */
export type LimiterOf = (settings: { readonly name: string; readonly most: number; readonly seconds: number }) => {
  readonly take: (who: string, now: number) => Budgeted | Promise<Budgeted>;
};

/** Tries with no valid token that one address has in a minute. */
const TRIES = 30;

/**
 * Whose request it is. Rejects with `HttpProblem` 401 for none or a wrong token, and 429 for one that called too often, or an address that tries
 * tokens: those are counted by each replica for itself, so that a flood of them costs nothing elsewhere. `now` is unix seconds.
 */
export function callers(
  tokens: readonly Token[],
  limiterOf: LimiterOf,
): (request: HttpRequest, now: number) => Promise<Caller> {
  const limits = new Map(
    tokens.map(({ name, perMinute }) => [name, limiterOf({ name: `api/${name}`, most: perMinute, seconds: 60 })]),
  );
  const tries = budget(TRIES, 60);
  return async (request, now) => {
    const sent = bearerOf(request) ?? "";
    // All of them are compared, so that the time does not tell which was near.
    const [token] = tokens.filter(({ secret }) => equalInConstantTime(sent, secret.reveal()));
    if (token === undefined) {
      insist(tries(request.remoteAddress, now), `${TRIES} tries without a valid token`);
      throw new HttpProblem(
        401,
        "unauthorized",
        "The API wants one of the tokens of API_TOKENS in the header: Authorization: Bearer <token>.",
        { "www-authenticate": "Bearer" },
      );
    }
    insist(await limits.get(token.name)!.take(token.name, now), `${token.perMinute} calls`);
    return token;
  };
}

function insist(verdict: Budgeted, most: string): void {
  if (verdict.kind === "go") return;
  throw new HttpProblem(429, "too_many", `That was more than ${most} in a minute. Try again in ${verdict.seconds} s.`, {
    "retry-after": String(verdict.seconds),
  });
}
