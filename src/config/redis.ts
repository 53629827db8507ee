import { type Secret, secret } from "../util/secret.ts";
import type { Deps } from "./sources.ts";
import type { Config } from "./types.ts";

/** The Redis that replicas share; undefined where the store is a file of this one's own. */
export function readRedis({ env, file, report }: Deps): Config["redis"] {
  const url = env.secret("REDIS_URL");
  const allowVolatile = file.settings.redis?.allow_volatile ?? false;
  if (url === undefined) return undefined;
  const why = whyNotRedisUrl(url.reveal());
  if (why === undefined) return { url, allowVolatile };
  report("REDIS_URL", `must be the address of a Redis, like redis://user:password@host:6379/0: it ${why}.`);
  return undefined;
}

/** Never repeats the text, which may hold a password. */
function whyNotRedisUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^rediss?:$/.test(url.protocol)) return "does not begin with redis:// or rediss:// (TLS)";
  if (url.hostname === "") return "names no host";
  if (!/^\/?(?:\d{1,5})?$/.test(url.pathname)) return "names a database that is no number";
  if (url.search !== "" || url.hash !== "") return "goes on after the number of the database";
  return undefined;
}

/** An address with a password in it, and that password, as it is written there and as it is. */
export function secretsInUrl(url: Secret | undefined): readonly Secret[] {
  if (url === undefined) return [];
  const password = URL.parse(url.reveal())?.password ?? "";
  return [url, ...(password === "" ? [] : [...new Set([password, decoded(password)])].map(secret))];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
