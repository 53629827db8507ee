import { BREAKERS, type BreakerRules } from "../util/dependencies.ts";
import type { Deps } from "./sources.ts";
import { parseDuration } from "./values.ts";

/** When what the bot calls is left alone, and for how long. Rules of the file come before those that come with the bot. */
export function readBreakers({ file }: Pick<Deps, "file">): BreakerRules {
  const { failures, rest, only = [] } = file.settings.breakers ?? {};
  const own = only.map(({ dependency, ...one }) => ({ dependency, ...settings(one) }));
  return { ...BREAKERS, ...settings({ failures, rest }), only: [...own, ...BREAKERS.only] };
}

function settings({ failures, rest }: { failures?: number | undefined; rest?: string | undefined }) {
  const restMs = rest === undefined ? undefined : parseDuration(rest);
  return { ...(failures !== undefined && { failures }), ...(restMs !== undefined && { restMs }) };
}
