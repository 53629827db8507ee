import { RefusedError } from "../../util/errors.ts";
import type { Rights } from "../shared/rights.ts";
import { failure, type RedisServer, withRedis } from "./client.ts";

/** What the user may do, by Redis' own list (ACL, since Redis 6). Throws `UnreachableError` and `RefusedError`. */
export async function redisRights(server: RedisServer, signal: AbortSignal): Promise<Rights> {
  return await withRedis(server, { timeoutMs: 10_000, signal }, async (redis) => {
    try {
      const name = String(await redis.call("ACL", "WHOAMI"));
      const told = (await redis.call("ACL", "GETUSER", name)) as unknown[];
      const [commands, keys] = [fieldOf(told, "commands"), fieldOf(told, "keys")];
      return {
        who: `the user ${name}`,
        excess: [
          ...(/(?:^|\s)(?:\+@all|allcommands)\b/.test(commands) && !/-@(?:dangerous|admin)\b/.test(commands)
            ? ["may give every command, FLUSHALL, CONFIG and ACL among them"]
            : []),
          ...(/(?:^|[\s,])(?:~\*|allkeys)(?:$|[\s,])/.test(keys) ? ["may touch every key"] : []),
        ],
      };
    } catch (problem) {
      const said = failure(server, problem);
      // Who may not even ask has not got everything.
      if (said instanceof RefusedError && said.status === 403) return { who: "a user without ACL", excess: [] };
      throw said;
    }
  });
}

/** A field of the flat list that GETUSER gives; its value is a text, or a list of texts. */
function fieldOf(told: readonly unknown[], name: string): string {
  const value = told[told.indexOf(name) + 1];
  return Array.isArray(value) ? value.join(" ") : String(value ?? "");
}
