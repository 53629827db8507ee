import type { Redis } from "ioredis";
import { formatValue } from "../../core/units.ts";
import type { Action, Look, Ran } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { isAllowed } from "../shared/glob.ts";
import { argumentsOf, entryName, integer } from "../shared/patterns.ts";
import { actionOf, type RedisWorld } from "./action.ts";
import { MARK_SECONDS, MARKS, markOf, type RedisServer, sent, serviceOf } from "./client.ts";
import { keyText } from "./keys.ts";

/** One step of the server: nothing comes between the mark, the check and the effect, and nothing of it is done twice. */
const PURGE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return {'marked', 0} end
local kind = redis.call('TYPE', KEYS[2]).ok
if kind ~= ARGV[1] then return {'kind:' .. kind, 0} end
local max = tonumber(ARGV[2])
local gone
if kind == 'list' then
  gone = math.min(max, redis.call('LLEN', KEYS[2]))
  redis.call('LTRIM', KEYS[2], gone, -1)
else
  gone = redis.call('XTRIM', KEYS[2], 'MAXLEN', '=', math.max(0, redis.call('XLEN', KEYS[2]) - max))
end
redis.call('SET', KEYS[1], 'ended ' .. string.format('%.0f', gone), 'EX', ARGV[3])
return {'done', gone}
`;

/** From the head of one list to the tail of the other, so that the order stays. */
const MOVE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return {'marked', 0} end
local kind = redis.call('TYPE', KEYS[2]).ok
if kind ~= 'list' then return {'kind:' .. kind, 0} end
local other = redis.call('TYPE', KEYS[3]).ok
if other ~= 'list' and other ~= 'none' then return {'kind:' .. other, 0} end
local moved = 0
while moved < tonumber(ARGV[1]) and redis.call('LMOVE', KEYS[2], KEYS[3], 'LEFT', 'RIGHT') do moved = moved + 1 end
redis.call('SET', KEYS[1], 'ended ' .. string.format('%.0f', moved), 'EX', ARGV[2])
return {'done', moved}
`;

/** A script keeps the server from everything else: 50,000 moves take some 30 ms. */
const MOST_MOVED = 50_000;

const purgeSchema = argumentsOf({ server: entryName.optional(), queue: keyText, max: integer(1, 10_000_000) });
const moveSchema = argumentsOf({
  server: entryName.optional(),
  from: keyText,
  to: keyText,
  max: integer(1, MOST_MOVED),
});

/** `redis/purge_queue`: removes the entries at the head of a list, or the oldest ones of a stream, up to a bound. */
export function purgeQueue(world: RedisWorld): Action {
  return actionOf<{ readonly queue: string; readonly max: number }>(
    {
      name: "redis/purge_queue",
      schema: purgeSchema,
      forbids: ({ queue }, server) => whyNotQueue(queue, server),
      async look({ queue, max }, server, redis) {
        const { kind, length } = await queueOf(server, redis, queue);
        const count = formatValue(Math.min(max, length), "count");
        return {
          precondition: { kind },
          captured: {},
          facts: [
            `${queue} on ${server.name} is a ${kind} with ${formatValue(length, "count")} entries; ${kind === "list" ? "those at its head" : "its oldest ones"} go, ${formatValue(max, "count")} at most.`,
            "Removed entries cannot be brought back.",
          ],
          blast: {
            kind: "known",
            text: `${count} of ${formatValue(length, "count")} entries of ${queue} on ${server.name}.`,
          },
        };
      },
      simulate: simulated,
      async run({ queue, max }, server, redis, { key, precondition }) {
        const kind = precondition["kind"] === "stream" ? "stream" : "list";
        const answer = await sent(server, redis.eval(PURGE, 2, markOf(key), queue, kind, max, MARK_SECONDS));
        return ranOf(answer, (count) => purged(queue, server, count));
      },
      say: ({ queue }, server, count) => purged(queue, server, count),
    },
    world,
  );
}

/** `redis/move_queue`: moves entries from the head of one list to the tail of another, up to a bound. */
export function moveQueue(world: RedisWorld): Action {
  return actionOf<{ readonly from: string; readonly to: string; readonly max: number }>(
    {
      name: "redis/move_queue",
      schema: moveSchema,
      forbids: ({ from, to }, server) =>
        from === to ? "A queue cannot be moved onto itself." : (whyNotQueue(from, server) ?? whyNotQueue(to, server)),
      async look({ from, to, max }, server, redis): Promise<Omit<Look, "identity">> {
        const source = await queueOf(server, redis, from);
        if (source.kind !== "list")
          throw new RefusedError(serviceOf(server), 409, `${from} is a ${source.kind}: only lists are moved`);
        const other = await redis.type(to);
        if (other !== "list" && other !== "none")
          throw new RefusedError(serviceOf(server), 409, `${to} is a ${other}: only lists are moved`);
        const there = other === "list" ? await redis.llen(to) : 0;
        const count = formatValue(Math.min(max, source.length), "count");
        return {
          precondition: { kind: "list" },
          captured: { from, to },
          facts: [
            `${from} has ${formatValue(source.length, "count")} entries and ${to} ${formatValue(there, "count")}; the order is kept.`,
          ],
          blast: {
            kind: "known",
            text: `${count} entries go from ${from} to ${to} on ${server.name}; whoever reads ${to} gets them.`,
          },
        };
      },
      simulate: simulated,
      async run({ from, to, max }, server, redis, { key }) {
        const answer = await sent(server, redis.eval(MOVE, 3, markOf(key), from, to, max, MARK_SECONDS));
        return ranOf(answer, (count) => moved(from, to, server, count));
      },
      say: ({ from, to }, server, count) => moved(from, to, server, count),
    },
    world,
  );
}

const simulated = (_: unknown, __: unknown, look: Look) => ({
  kind: "simulated" as const,
  text: `Would touch ${look.blast.text}`,
});
const purged = (queue: string, server: RedisServer, count: number) =>
  `${formatValue(count, "count")} entries of ${queue} on ${server.name} were removed.`;
const moved = (from: string, to: string, server: RedisServer, count: number) =>
  `${formatValue(count, "count")} entries were moved from ${from} to ${to} on ${server.name}.`;

function ranOf(answer: unknown, say: (count: number) => string): Ran {
  const [word, count] = Array.isArray(answer) ? answer : [];
  if (word === "done") return { outcome: "succeeded", output: say(Number(count)) };
  if (word === "marked")
    return { outcome: "unknown", output: "Another attempt at the same step began in the same moment." };
  return {
    outcome: "failed",
    output: `A queue is of another kind than it was (${String(word).slice(0, 40)}). Nothing was done.`,
  };
}

function whyNotQueue(queue: string, server: RedisServer): string | undefined {
  if (queue.startsWith(MARKS)) return `${queue} is one of the bot's own marks.`;
  return isAllowed(server.queues, queue)
    ? undefined
    : `${queue} is none of the queues that may be touched on ${server.name} (${server.queues.join(", ") || "none is configured"}).`;
}

async function queueOf(
  server: RedisServer,
  redis: Redis,
  queue: string,
): Promise<{ kind: "list" | "stream"; length: number }> {
  const kind = await redis.type(queue);
  if (kind === "list") return { kind, length: await redis.llen(queue) };
  if (kind === "stream") return { kind, length: await redis.xlen(queue) };
  throw new RefusedError(
    serviceOf(server),
    404,
    kind === "none" ? `there is no ${queue}` : `${queue} is a ${kind}, neither a list nor a stream`,
  );
}
