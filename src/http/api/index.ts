import { randomUUID } from "node:crypto";
import type * as z from "zod";
import type { Clock } from "../../ports/clock.ts";
import type { HttpRequest, HttpResponse, Route } from "../../ports/http.ts";
import { loggedWith } from "../../util/log.ts";
import { HttpProblem, jsonResponse } from "../route.ts";
import { BASE, type Caller, type Endpoint } from "./endpoint.ts";
import { openApi } from "./openapi.ts";
import { problemResponse } from "./problem.ts";
import { callers, type LimiterOf, type Token } from "./tokens.ts";

/** A question with its thread. */
const LONGEST_BODY = 64 * 1024;

export type ApiSettings = {
  readonly endpoints: readonly Endpoint[];
  readonly tokens: readonly Token[];
  readonly limiterOf: LimiterOf;
  readonly version: string;
  readonly clock: Clock;
  /** Notes a call that is let in, before it is answered: one that cannot be noted is not answered. */
  readonly called: (caller: Caller, endpoint: Endpoint, noted: string) => Promise<void>;
};

/** The addresses of the API: empty without tokens. Whatever goes wrong is answered as application/problem+json. */
export function apiRoutes({ endpoints, tokens, limiterOf, version, clock, called }: ApiSettings): readonly Route[] {
  if (tokens.length === 0) return [];
  const callerOf = callers(tokens, limiterOf);
  let document: string | undefined;

  async function answer(request: HttpRequest, id: string): Promise<HttpResponse> {
    const caller = await callerOf(request, clock());
    const path = request.path.slice(BASE.length);
    if (path === "/openapi.json" && request.method === "GET") {
      document ??= JSON.stringify(openApi(endpoints, version));
      return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, body: document };
    }
    const here = endpoints.flatMap((one) => {
      const params = matched(one.path, path);
      return params === undefined ? [] : [{ one, params }];
    });
    const found = here.find(({ one }) => one.method === request.method);
    if (found === undefined) throw here.length === 0 ? nothingAt(path) : wrongMethod(here.map(({ one }) => one.method));
    const { one, params } = found;
    if (!caller.scopes.includes(one.scope))
      throw new HttpProblem(
        403,
        "forbidden",
        `The token ${caller.name} has no scope ${one.scope}: it has ${caller.scopes.join(", ")}. Add it under api.tokens in the file.`,
      );
    const query = one.query === undefined ? noQuery(request) : checked(one.query(), queryOf(request), "query");
    const body = one.body === undefined ? undefined : checked(one.body(), bodyOf(request), "body");
    await called(caller, one, one.noted?.(body) ?? "").catch((cause: unknown) => {
      const message = "The call could not be noted, so it is not answered. The store of the bot cannot be written now.";
      throw Object.assign(new HttpProblem(503, "busy", message, { "retry-after": "5" }), { cause });
    });
    return jsonResponse(200, await one.handle({ id, caller, params, query, body, signal: request.signal }));
  }

  const route: Omit<Route, "path"> = {
    method: "*",
    bodyBytes: LONGEST_BODY,
    handle(request) {
      const id = randomUUID();
      return loggedWith({ call: id }, () => answer(request, id));
    },
    refuse: problemResponse,
  };
  return [
    { ...route, path: BASE },
    { ...route, path: `${BASE}/*` },
  ];
}

/** Values of the path by the names in its pattern, or undefined when it is another one. */
function matched(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at] ?? "";
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== value : value === "") return undefined;
    if (name !== undefined) params[name] = value;
  }
  return params;
}

function nothingAt(path: string): HttpProblem {
  return new HttpProblem(
    404,
    "not_found",
    `There is nothing at ${JSON.stringify(path.slice(0, 100))}. ${BASE}/openapi.json lists what there is.`,
  );
}

function wrongMethod(methods: readonly string[]): HttpProblem {
  const allow = [...new Set(methods)].flatMap((one) => (one === "GET" ? ["GET", "HEAD"] : [one])).join(", ");
  const message = `This address takes ${allow}. The API only reads: changes are decided by people in chat.`;
  return new HttpProblem(405, "method_not_allowed", message, { allow });
}

function queryOf({ query }: HttpRequest): Readonly<Record<string, string>> {
  const twice = [...query.keys()].find((name) => query.getAll(name).length > 1);
  if (twice !== undefined)
    throw new HttpProblem(400, "bad_request", `${JSON.stringify(twice.slice(0, 60))} must be given once in the query.`);
  return Object.fromEntries(query);
}

function noQuery({ query }: HttpRequest): undefined {
  if (query.size > 0) throw new HttpProblem(400, "bad_request", "This address takes no query.");
  return undefined;
}

function bodyOf({ body, headers }: HttpRequest): unknown {
  if (!/^application\/json\b/i.test(String(headers["content-type"] ?? "")))
    throw new HttpProblem(415, "bad_request", "The body must be JSON, with the header Content-Type: application/json.");
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new HttpProblem(400, "bad_request", "The body is not JSON.");
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const wrong = read.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join(".") || `the ${what}`}: ${message}`);
  throw new HttpProblem(400, "bad_request", `${wrong.join("; ")}.`);
}
