import type { Action, Arguments } from "../../ports/changes.ts";
import { reasonOf } from "../../util/errors.ts";
import { choose } from "../shared/choose.ts";
import type { ActionDeps } from "../shared/deps.ts";
import { outputOf, redactLines } from "../shared/output.ts";
import { argumentsOf, checkWith, entryName, readWith } from "../shared/patterns.ts";
import type { RedisWorld } from "./action.ts";
import { infoOf, type RedisServer, withRedis } from "./client.ts";
import { flushPrefix } from "./flush.ts";
import { moveQueue, purgeQueue } from "./queues.ts";

export type { RedisServer } from "./client.ts";

/** What can be done to Redis, over a connection of its own for each piece of work. The driver is loaded at the first one. */
export function createRedisActions(servers: readonly RedisServer[], deps: ActionDeps): readonly Action[] {
  const secrets = servers.flatMap(({ url, password }) => [url, password].filter((one) => one !== undefined));
  const world: RedisWorld = { servers, redact: redactLines([...deps.secrets, ...secrets]) };
  return [flushPrefix(world), purgeQueue(world), moveQueue(world), info(world)];
}

const infoSchema = argumentsOf({ server: entryName.optional() });
const SHOWN = [
  "redis_version role uptime_in_seconds connected_clients blocked_clients",
  "used_memory_human maxmemory_human maxmemory_policy mem_fragmentation_ratio",
  "instantaneous_ops_per_sec keyspace_hits keyspace_misses evicted_keys expired_keys rejected_connections",
  "rdb_last_bgsave_status aof_last_write_status connected_slaves master_link_status",
].flatMap((line) => line.split(" "));

/** `redis/info`: how a server is, by its own numbers. */
function info({ servers, redact }: RedisWorld): Action {
  const serverOf = (args: Arguments) => {
    const chosen = choose(servers, readWith(infoSchema, args).server, "Redis server");
    if (chosen.kind === "none") throw new Error(chosen.why);
    return chosen.entry;
  };
  return {
    name: "redis/info",
    changes: false,
    check(args) {
      const wrong = checkWith(infoSchema, args);
      if (wrong !== undefined) return wrong;
      const chosen = choose(servers, readWith(infoSchema, args).server, "Redis server");
      return chosen.kind === "none" ? chosen.why : undefined;
    },
    look: async (args) => ({
      identity: { server: serverOf(args).name },
      precondition: {},
      captured: {},
      facts: [],
      blast: { kind: "known", text: "Nothing: it only reads." },
    }),
    simulate: async () => ({ kind: "simulated", text: "It only reads: running it changes nothing." }),
    async run(args, context) {
      try {
        const found = await withRedis(serverOf(args), context, infoOf);
        const lines = [...SHOWN, ...Object.keys(found).filter((name) => /^db\d+$/.test(name))]
          .filter((name) => found[name] !== undefined)
          .map((name) => `${name}: ${found[name]}`);
        return { outcome: "succeeded", output: outputOf(lines.join("\n"), redact) };
      } catch (problem) {
        return { outcome: "failed", output: outputOf(reasonOf(problem), redact) };
      }
    },
    probe: async () => ({ found: "not_run", isSure: true, text: "It only reads: running it again harms nothing." }),
  };
}
