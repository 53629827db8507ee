import type { Redis } from "ioredis";
import { formatValue } from "../../core/units.ts";
import type { Action, Ran, RunContext } from "../../ports/changes.ts";
import { argumentsOf, entryName, integer } from "../shared/patterns.ts";
import { actionOf, noteMark, type RedisWorld, takeMark } from "./action.ts";
import { LostError, MARKS, type RedisServer, sent } from "./client.ts";
import { keyText } from "./keys.ts";

const schema = argumentsOf({ server: entryName.optional(), prefix: keyText, max_keys: integer(1, 1_000_000) });
type Args = { readonly prefix: string; readonly max_keys: number };

/** Keys that one SCAN looks at, and that one UNLINK takes at most. */
const BATCH = 500;
/** How many a look counts before it says "more than". */
const MOST_COUNTED = 100_000;

/** `redis/flush_prefix`: unlinks keys that begin with an allowed prefix, in small batches, up to a bound. */
export function flushPrefix(world: RedisWorld): Action {
  return actionOf<Args>(
    {
      name: "redis/flush_prefix",
      schema,
      forbids({ prefix }, server) {
        if (MARKS.startsWith(prefix) || prefix.startsWith(MARKS))
          return `Keys with the prefix ${prefix} hold the bot's own marks.`;
        return server.prefixes.some((allowed) => prefix.startsWith(allowed))
          ? undefined
          : `${JSON.stringify(prefix)} is none of the prefixes that may be flushed on ${server.name} (${server.prefixes.join(", ") || "none is configured"}).`;
      },
      async look({ prefix, max_keys }, server, redis) {
        const total = await redis.dbsize();
        const limit = Math.min(max_keys, MOST_COUNTED);
        const found = await countKeys(redis, prefix, limit);
        const isMore = found > limit;
        const count = formatValue(Math.min(found, limit), "count");
        const says = isMore ? `more than ${count}` : count;
        return {
          precondition: {},
          captured: {},
          facts: [
            `${says} of the ${formatValue(total, "count")} keys on ${server.name} begin with ${JSON.stringify(prefix)}; at most ${formatValue(max_keys, "count")} are removed.`,
            "Removed keys cannot be brought back; whatever fills this cache has to do so anew.",
          ],
          blast: { kind: "known", text: `${says} keys that begin with ${JSON.stringify(prefix)} on ${server.name}.` },
        };
      },
      simulate: (_, __, look) => ({ kind: "simulated", text: `Would remove ${look.blast.text}` }),
      run: flush,
      say: ({ prefix }, server, count) =>
        `${formatValue(count, "count")} keys that begin with ${JSON.stringify(prefix)} were removed on ${server.name}.`,
    },
    world,
  );
}

async function flush(
  { prefix, max_keys }: Args,
  server: RedisServer,
  redis: Redis,
  { key, signal, progress }: RunContext,
): Promise<Ran> {
  if (!(await takeMark(server, redis, key)))
    return { outcome: "unknown", output: "Another attempt at the same step began in the same moment." };
  let count = 0;
  let isMore = false;
  const say = () =>
    `${formatValue(count, "count")} keys that begin with ${JSON.stringify(prefix)} were removed on ${server.name}.`;
  try {
    let cursor = "0";
    do {
      const [next, keys] = await sent(server, redis.scanBuffer(cursor, "MATCH", patternOf(prefix), "COUNT", BATCH));
      cursor = next.toString();
      for (let at = 0; at < keys.length && !isMore; at += BATCH) {
        const room = max_keys - count;
        const batch = keys.slice(at, at + Math.min(BATCH, room));
        isMore = batch.length < Math.min(BATCH, keys.length - at);
        if (batch.length > 0) count += await sent(server, redis.unlink(...batch));
      }
      progress(say());
    } while (cursor !== "0" && !isMore && !signal.aborted);
    const isCut = cursor !== "0" && !isMore;
    if (!isCut) await noteMark(server, redis, key, "ended", count);
    if (isCut) return { outcome: "partial", output: `It was cut off. ${say()}` };
    if (isMore) return { outcome: "partial", output: `The bound was reached, and more keys are there. ${say()}` };
    return { outcome: "succeeded", output: say() };
  } catch (problem) {
    if (!(problem instanceof LostError) && count > 0)
      return { outcome: "partial", output: `${(problem as Error).message}. ${say()}` };
    if (problem instanceof LostError)
      return { outcome: "unknown", output: `The connection was lost (${problem.message}). At least ${say()}` };
    throw problem;
  }
}

/** Counts up to one more than `limit`. SCAN may give a key twice while the table grows, so keys are told apart. */
async function countKeys(redis: Redis, prefix: string, limit: number): Promise<number> {
  const seen = new Set<string>();
  let cursor = "0";
  do {
    const [next, keys] = await redis.scanBuffer(cursor, "MATCH", patternOf(prefix), "COUNT", BATCH);
    for (const key of keys) seen.add(key.toString("latin1"));
    cursor = next.toString();
  } while (cursor !== "0" && seen.size <= limit);
  return seen.size;
}

/** The prefix as text and nothing else: what MATCH would read as a pattern is escaped. */
export function patternOf(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]^-]/g, "\\$&")}*`;
}
