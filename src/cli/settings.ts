import { accountHere } from "../chat/terminal/visitor.ts";
import { type Config, explain, loadConfig } from "../config.ts";
import type { Place, User } from "../core/chat.ts";
import { type Call, ConfigError, flag } from "./command.ts";

/** The configuration of this call's surroundings. Throws `ConfigError` with every problem. */
export function readConfig(call: Call): Config {
  const loaded = loadConfig({ env: call.env, cwd: call.cwd });
  if (loaded.ok) return loaded.config;
  throw new ConfigError(explain(loaded.problems));
}

/** Who asks: `--user`, else the account of the operating system. */
export function readUser(call: Call): User {
  const id = flag(call, "user")?.trim() || accountHere();
  return { platform: "terminal", id, name: id };
}

/** The conversation of one person under a thread's name. */
export function placeOf(user: User, thread: string): Place {
  return { platform: "terminal", channel: user.id, thread };
}
