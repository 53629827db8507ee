import type { Config } from "../config.ts";
import type { Question } from "../core/chat.ts";
import {
  localRateLimiter,
  type RateLimiter,
  type RateLimiterSettings,
  sharedRateLimiters,
} from "../jobs/rate-limiter.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../util/log.ts";

/** Whether a question is one too many: of whom, how many a minute are taken, and whether that was said within this minute. */
export type TooMany = { readonly of: "person" | "channel"; readonly most: number; readonly isFirst: boolean };

export type Fairness = {
  /** Counts a question, and says when it is one too many. Never rejects. */
  readonly tooMany: (question: Pick<Question, "user" | "place">) => Promise<TooMany | undefined>;
  /** Counts something else in the same way: by all replicas together, where there are several. */
  readonly limiterOf: (settings: RateLimiterSettings) => RateLimiter;
  readonly close: () => void;
};

const MINUTE = 60;

/** Nobody keeps the others waiting: so many questions a minute are taken of one person, and of one channel, by all replicas together. */
export async function createFairness(
  { limits, redis }: Pick<Config, "limits" | "redis">,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<Fairness> {
  const shared =
    redis === undefined ? undefined : await sharedRateLimiters(redis.url, (err, message) => log.warn({ err }, message));
  const limiterOf = shared?.of ?? localRateLimiter;
  const of = (settings: Omit<RateLimiterSettings, "seconds">) => limiterOf({ ...settings, seconds: MINUTE });
  const person = of({ name: "person", most: limits.questionsPerMinute });
  const channel = of({ name: "channel", most: limits.channelQuestionsPerMinute });
  return {
    limiterOf,
    async tooMany({ user, place }) {
      const now = clock();
      const mine = await person.take(`${user.platform}/${user.id}`, now);
      if (mine.kind === "wait") return { of: "person", most: limits.questionsPerMinute, isFirst: mine.isFirst };
      // What one person has too much of does not count against the others there.
      const ours = await channel.take(`${place.platform}/${place.channel}`, now);
      if (ours.kind === "go") return undefined;
      return { of: "channel", most: limits.channelQuestionsPerMinute, isFirst: ours.isFirst };
    },
    close: () => shared?.close(),
  };
}
