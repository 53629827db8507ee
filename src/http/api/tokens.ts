import type { HttpRequest } from "../../ports.ts";
import { budget } from "../../util/budget.ts";
import type { Secret } from "../../util/secret.ts";
import { HttpProblem } from "../route.ts";
import { bearerOf, equalInConstantTime } from "../trust.ts";
import type { Caller } from "./endpoint.ts";

export type Token = Caller & { readonly secret: Secret };

/** Tries with no valid token that one address has in a minute. */
const TRIES = 30;

/**
 * Whose request it is. Throws `HttpProblem` 401 for none or a wrong token, and 429 for one that called too often, or an address that tries
 * tokens. `now` is unix seconds.
 */
export function callers(tokens: readonly Token[]): (request: HttpRequest, now: number) => Caller {
  const limits = new Map(tokens.map(({ name, perMinute }) => [name, budget(perMinute, 60)]));
  const tries = budget(TRIES, 60);
  return (request, now) => {
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
    insist(limits.get(token.name)!(token.name, now), `${token.perMinute} calls`);
    return token;
  };
}

function insist(verdict: ReturnType<ReturnType<typeof budget>>, most: string): void {
  if (verdict.kind === "go") return;
  throw new HttpProblem(429, "too_many", `That was more than ${most} in a minute. Try again in ${verdict.seconds} s.`, {
    "retry-after": String(verdict.seconds),
  });
}
