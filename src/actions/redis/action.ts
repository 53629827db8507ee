import type { Redis } from "ioredis";
import type { z } from "zod";
import type { Action, Arguments, Look, Ran, RunContext, Simulated } from "../../ports/changes.ts";
import { RefusedError, reasonOf } from "../../util/errors.ts";
import { choose } from "../shared/choose.ts";
import { outputOf, type Redact } from "../shared/output.ts";
import { checkWith, readWith } from "../shared/patterns.ts";
import {
  failure,
  infoOf,
  LostError,
  MARK_SECONDS,
  markOf,
  type RedisServer,
  sent,
  serviceOf,
  withRedis,
} from "./client.ts";

export type RedisWorld = { readonly servers: readonly RedisServer[]; readonly redact: Redact };

/** What an execution came to, as its mark tells: "began", "void" (given up), or "ended" with how many things it touched. */
export type Mark = { readonly state: "began" | "void" | "ended"; readonly count: number };

/** What one change does. */
export type Change<A> = {
  readonly name: string;
  readonly schema: z.ZodType<A & { readonly server?: string | undefined }>;
  readonly forbids: (args: A, server: RedisServer) => string | undefined;
  readonly look: (args: A, server: RedisServer, redis: Redis) => Promise<Omit<Look, "identity">>;
  readonly simulate: (args: A, server: RedisServer, look: Look) => Simulated;
  /** Has to take the mark itself, before or in the same step as its effect. */
  readonly run: (args: A, server: RedisServer, redis: Redis, context: RunContext) => Promise<Ran>;
  /** What a count in an ended mark means. */
  readonly say: (args: A, server: RedisServer, count: number) => string;
};

const LOOK_MS = 20_000;

export function actionOf<A>(change: Change<A>, { servers, redact }: RedisWorld): Action {
  function known(args: Arguments): { readonly read: A; readonly server: RedisServer } {
    const read = readWith(change.schema, args);
    const chosen = choose(servers, read.server, "Redis server");
    if (chosen.kind === "none") throw new Error(chosen.why);
    const forbidden = change.forbids(read, chosen.entry);
    if (forbidden !== undefined) throw new Error(forbidden);
    return { read, server: chosen.entry };
  }
  const clean = (ran: Ran): Ran => ({ ...ran, output: outputOf(ran.output, redact) });

  return {
    name: change.name,
    changes: true,
    check(args) {
      const wrong = checkWith(change.schema, args);
      if (wrong !== undefined) return wrong;
      try {
        known(args);
        return undefined;
      } catch (problem) {
        return reasonOf(problem);
      }
    },
    async look(args, signal) {
      const { read, server } = known(args);
      return await withRedis(server, { timeoutMs: LOOK_MS, signal }, async (redis) => {
        try {
          const identity = await identityOf(server, redis);
          return { identity, ...(await change.look(read, server, redis)) };
        } catch (problem) {
          throw problem instanceof RefusedError ? problem : failure(server, problem);
        }
      });
    },
    async simulate(args, look) {
      const { read, server } = known(args);
      return change.simulate(read, server, look);
    },
    async run(args, context) {
      let began = false;
      try {
        const { read, server } = known(args);
        const ran = await withRedis(server, context, async (redis): Promise<Ran> => {
          const identity = await identityOf(server, redis);
          if (isOther(identity, context.identity))
            return {
              outcome: "failed",
              output: `${serviceOf(server)} is another server than the one that was shown, or was restarted. Nothing was done.`,
            };
          const mark = await readMark(redis, context.key);
          if (mark !== undefined) return ofMark(read, server, mark);
          began = true;
          return await change.run(read, server, redis, context);
        });
        return clean(ran);
      } catch (problem) {
        const isDoubtful = began && problem instanceof LostError;
        const text = isDoubtful
          ? `The connection was lost before the answer came (${reasonOf(problem)}).`
          : `${reasonOf(problem)}. Nothing was done.`;
        return clean({ outcome: isDoubtful ? "unknown" : "failed", output: text });
      }
    },
    async probe(args, { key, identity, signal }) {
      try {
        const { read, server } = known(args);
        return await withRedis(server, { timeoutMs: LOOK_MS, signal }, async (redis) => {
          if (isOther(await identityOf(server, redis), identity))
            return {
              found: "unknown" as const,
              text: `${serviceOf(server)} is another server than the one that was shown, or was restarted.`,
            };
          // Taking the key keeps an attempt that comes late from running.
          const isOurs = await redis.set(markOf(key), "void 0", "EX", MARK_SECONDS, "NX");
          const mark = isOurs === "OK" ? undefined : await readMark(redis, key);
          if (isOurs === "OK" || mark?.state === "void") {
            const { maxmemory_policy: policy = "", evicted_keys: evicted = "0" } = await infoOf(redis);
            // A server that throws keys away when it is full may have thrown the mark away.
            if (policy !== "noeviction" && evicted !== "0")
              return {
                found: "unknown" as const,
                text: `${serviceOf(server)} has no mark of it, but evicts keys (${policy}), and may have evicted that.`,
              };
            return {
              found: "not_run" as const,
              isSure: true as const,
              text: `${serviceOf(server)} has no mark of it, and will refuse it from now on.`,
            };
          }
          if (mark?.state === "ended") return { found: "ran" as const, text: change.say(read, server, mark.count) };
          return {
            found: "unknown" as const,
            text: `It began, and its end was not noted. ${change.say(read, server, mark?.count ?? 0)}`,
          };
        });
      } catch (problem) {
        return { found: "unknown", text: outputOf(reasonOf(problem), redact) };
      }
    },
  };

  function ofMark(read: A, server: RedisServer, mark: Mark): Ran {
    switch (mark.state) {
      case "ended":
        return {
          outcome: "succeeded",
          output: `${change.say(read, server, mark.count)} An earlier attempt at the same step did it; it was not begun a second time.`,
        };
      case "void":
        return { outcome: "failed", output: "This key was given up before. Nothing was done." };
      default:
        return {
          outcome: "unknown",
          output: `An earlier attempt at the same step began, and its end was not noted. ${change.say(read, server, mark.count)}`,
        };
    }
  }
}

/** Takes the key for an execution. False when it was taken before. */
export async function takeMark(server: RedisServer, redis: Redis, key: string): Promise<boolean> {
  return (await sent(server, redis.set(markOf(key), "began 0", "EX", MARK_SECONDS, "NX"))) === "OK";
}

/** Notes how far it is, in a mark that is ours. */
export async function noteMark(
  server: RedisServer,
  redis: Redis,
  key: string,
  state: "began" | "ended",
  count: number,
): Promise<void> {
  await sent(server, redis.set(markOf(key), `${state} ${count}`, "EX", MARK_SECONDS, "XX"));
}

async function readMark(redis: Redis, key: string): Promise<Mark | undefined> {
  const text = await redis.get(markOf(key));
  const [, state, count] = /^(began|void|ended) (\d+)$/.exec(text ?? "") ?? [];
  if (text === null) return undefined;
  return { state: (state as Mark["state"] | undefined) ?? "began", count: Number(count ?? 0) };
}

/** Redis makes a run id at each start: with another one, keys may be others too. Writes go to masters alone. */
async function identityOf(server: RedisServer, redis: Redis): Promise<Readonly<Record<string, string>>> {
  const info = await infoOf(redis);
  if (info["role"] !== "master")
    throw new RefusedError(
      serviceOf(server),
      409,
      `it is a ${info["role"] ?? "server of unknown role"}, which takes no writes`,
    );
  if (info["cluster_enabled"] === "1")
    throw new RefusedError(serviceOf(server), 400, "it is a cluster: only single servers are supported");
  return { run_id: info["run_id"] ?? "", db: String(redis.options.db ?? 0) };
}

function isOther(now: Readonly<Record<string, string>>, shown: Readonly<Record<string, string>>): boolean {
  return Object.entries(now).some(([name, value]) => Object.hasOwn(shown, name) && shown[name] !== value);
}
