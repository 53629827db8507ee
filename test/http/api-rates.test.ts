import { describe, expect, it } from "vitest";
import { apiRoutes } from "../../src/http/api/index.ts";
import type { LimiterOf } from "../../src/http/api/tokens.ts";
import { localRateLimiter, sharedRateLimiters } from "../../src/jobs/rate-limiter.ts";
import type { HttpRequest } from "../../src/ports/http.ts";
import { secret } from "../../src/util/secret.ts";
import { startRedis } from "../fakes/programs/redis.ts";

const SECRET = "s".repeat(24);
const MOST = 5;

/** The API of one replica; resolves with the status that a call of `token` came to. */
function replica(limiterOf: LimiterOf) {
  const [route] = apiRoutes({
    endpoints: [],
    tokens: [{ name: "grafana", secret: secret(SECRET), scopes: ["incidents"], perMinute: MOST, sources: [] }],
    limiterOf,
    version: "1",
    clock: () => 1000,
    called: async () => undefined,
  });
  return async (token = SECRET): Promise<number> => {
    const request = {
      ...{ method: "GET", path: "/api/v1/openapi.json", query: new URLSearchParams(), body: Buffer.alloc(0) },
      ...{ remoteAddress: "127.0.0.1", signal: AbortSignal.timeout(10_000) },
      headers: { authorization: `Bearer ${token}` },
    } as unknown as HttpRequest;
    return await Promise.resolve(route!.handle(request)).then(
      ({ status }) => status,
      (problem: { status: number }) => problem.status,
    );
  };
}

const calls = async (count: number, ask: (at: number) => Promise<number>) => {
  const statuses = [];
  for (let at = 0; at < count; at++) statuses.push(await ask(at));
  return statuses;
};

describe("the calls that a token has in a minute", () => {
  it("are counted by several replicas together, on a real Redis", { timeout: 60_000 }, async ({ skip }) => {
    const server = await startRedis();
    if ("skipped" in server) return skip(server.skipped);
    const limiters = await Promise.all([1, 2].map(() => sharedRateLimiters(server.urlOf(0), () => undefined)));
    try {
      const all = limiters.map(({ of }) => replica(of));
      const statuses = await calls(MOST + 3, (at) => all[at % 2]!());
      expect(statuses).toEqual([...Array(MOST).fill(200), 429, 429, 429]);
    } finally {
      for (const one of limiters) one.close();
      await server.stop();
    }
  });

  it("are counted by one process for itself, and tries of wrong tokens apart from them", async () => {
    const ask = replica(localRateLimiter);
    expect(await calls(40, () => ask("wrong"))).toEqual([...Array(30).fill(401), ...Array(10).fill(429)]);
    expect(await calls(MOST + 1, () => ask())).toEqual([...Array(MOST).fill(200), 429]);
  });
});
