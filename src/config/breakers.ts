import { BREAKERS, type BreakerRules } from "../util/dependencies.ts";
import type { Deps } from "./sources.ts";
import { parseDuration } from "./values.ts";

/** When what the bot calls is left alone, and for how long. Rules of the file come before those that come with the bot. */
export function readBreakers({ file }: Pick<Deps, "file">): BreakerRules {
  const { failures, rest, only = [] } = file.settings.breakers ?? {};
  const own = only.map(({ dependency, ...one }) => ({ dependency, ...settings(one) }));
  return { ...BREAKERS, ...settings({ failures, rest }), only: [...own, ...BREAKERS.only] };
}

type Written = { failures?: number | undefined; rest?: string | undefined; timeout?: string | undefined };

function settings({ failures, rest, timeout }: Written) {
  const restMs = rest === undefined ? undefined : parseDuration(rest);
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
  return {
    ...(failures !== undefined && { failures }),
    ...(restMs !== undefined && { restMs }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}
