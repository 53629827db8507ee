import type { RateLimiterRes } from "rate-limiter-flexible";
import { type Budgeted, budget } from "../util/budget.ts";
import type { Secret } from "../util/secret.ts";
import { outage } from "./outage.ts";

export type RateLimiterSettings = {
  /** How often in so many seconds. */
  readonly most: number;
  readonly seconds: number;
  /** Of what: tells its counts in Redis from those of others. */
  readonly name: string;
};

export type RateLimiter = {
  /** One more time of whoever that is. `now` is unix seconds; where replicas share the counts, Redis's clock counts instead. Never rejects. */
  readonly take: (who: string, now: number) => Budgeted | Promise<Budgeted>;
};

/** Counts of this process alone. */
export function localRateLimiter({ most, seconds }: RateLimiterSettings): RateLimiter {
  return { take: budget(most, seconds) };
}

/** All keys begin so; the braces put them into the store's slot. */
const PREFIX = "{smartcloudops}:rate";
/** A question does not wait longer for a count: then this process counts for itself. */
const COMMAND_MS = 500;

/**
 * Rate limiters whose counts all replicas on one Redis share, by rate-limiter-flexible, on a connection of their own. While Redis does not answer, each
 * process counts for itself. Resolves when it is connected, or half a second later without.
 */
export async function sharedRateLimiters(
  url: Secret,
  warn: (problem: unknown, message: string) => void,
): Promise<{ readonly of: (settings: RateLimiterSettings) => RateLimiter; readonly close: () => void }> {
  const [{ Redis }, { RateLimiterRedis, RateLimiterRes }] = await Promise.all([
    import("ioredis"),
    import("rate-limiter-flexible"),
  ]);
  const redis = new Redis(url.reveal(), {
    connectionName: "smartcloudops-rates",
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS,
  });
  const { noticed, over } = outage((problem) =>
    warn(
      problem,
      "questions and calls of the API are counted by each replica for itself: Redis cannot be reached for it",
    ),
  );
  redis.on("error", noticed);
  redis.on("ready", over);
  await new Promise<void>((resolve) => {
    redis.once("ready", resolve);
    redis.once("error", () => resolve());
    setTimeout(resolve, COMMAND_MS).unref();
  });
  return {
    of({ most, seconds, name }) {
      const own = budget(most, seconds);
      const limiter = new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: `${PREFIX}:${name}`,
        points: most,
        duration: seconds,
      });
      return {
        async take(who, now) {
          try {
            await limiter.consume(who);
            return { kind: "go" };
          } catch (problem) {
            return problem instanceof RateLimiterRes ? refusal(problem, most) : own(who, now);
          }
        },
      };
    },
    close: () => redis.disconnect(),
  };
}

function refusal({ msBeforeNext, consumedPoints }: RateLimiterRes, most: number): Budgeted {
  return { kind: "wait", seconds: Math.max(1, Math.ceil(msBeforeNext / 1000)), isFirst: consumedPoints === most + 1 };
}
