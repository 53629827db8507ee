import type { Log } from "./log.ts";
import { seldom } from "./seldom.ts";

/** Milliseconds for which what follows a line is one line. */
const TOGETHER_MS = 10_000;

/**
 * Logs what strangers are refused, who send as much as they like: the first at once, and those that follow as one line with their number (`times`)
 * and the facts of the last of them.
 */
export function refusals(log: Log, level: "info" | "warn", message: string, togetherMs = TOGETHER_MS) {
  let times = 0;
  let newest: Readonly<Record<string, unknown>> = {};
  const say = seldom(togetherMs, () => {
    log[level]({ ...newest, ...(times > 1 && { times }) }, message);
    times = 0;
  });
  return (facts: Readonly<Record<string, unknown>>): void => {
    times++;
    newest = facts;
    say();
  };
}
