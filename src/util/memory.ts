import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Gives memory that is not used any more back to the system, which V8 by itself puts off while there is plenty: some 40 MB
 * once a process has started. Holds everything up for about 0.1 s, so it is for one quiet moment, not for every day.
 */
export function giveBackMemory(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { type: string; execution: string; flavor: string }) => void;
  // Any other flavour keeps the empty pages for later.
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
