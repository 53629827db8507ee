import { readExecutors } from "./executors.ts";
import type { Deps } from "./sources.ts";
import type { RunbooksConfig } from "./types.ts";

/** Which runbooks there are, and what they may act on. */
export function readRunbooks(deps: Deps): RunbooksConfig {
  const written = deps.file.settings.runbooks;
  return {
    builtin: written?.builtin ?? true,
    folders: (written?.folders ?? []).map((path, index) => deps.file.resolvePath(["runbooks", "folders", index], path)),
    executors: readExecutors(deps),
  };
}
