import type { Action, Arguments, Look, RunContext } from "../../src/ports/changes.ts";
import { secret } from "../../src/util/secret.ts";

/** What executors get in tests: a clock that stands, and a secret of some other part of the configuration. */
export const OTHER_SECRET = "another-parts-s3cret";
export const deps = {
  clock: () => 1_700_000_000,
  secrets: [secret(OTHER_SECRET)],
  dataDir: "/nonexistent",
  onStop: () => {},
};

export const KEY = "0123456789abcdef0123456789abcdef";

/** How a step may run, from what was looked at. `progress` is what was said. */
export function contextOf(
  look: Pick<Look, "identity" | "precondition">,
  more: Partial<RunContext> = {},
): RunContext & { readonly said: string[] } {
  const said: string[] = [];
  return {
    key: KEY,
    fence: 1,
    identity: look.identity,
    precondition: look.precondition,
    approvedAt: 1_700_000_000,
    timeoutMs: 20_000,
    signal: AbortSignal.timeout(20_000),
    progress: (line) => said.push(line),
    said,
    ...more,
  };
}

/** Looks, then runs, as an approved step does when nothing happens in between. */
export async function lookAndRun(action: Action, args: Arguments, more: Partial<RunContext> = {}) {
  const look = await action.look(args, AbortSignal.timeout(20_000));
  const context = contextOf(look, more);
  return { look, context, ran: await action.run(args, context) };
}

export const soon = () => AbortSignal.timeout(20_000);
