import { randomBytes } from "node:crypto";
import type { ActionDeps } from "../../src/actions/shared/deps.ts";
import type { Action, Arguments, Look, Ran, RunContext } from "../../src/ports/changes.ts";
import { secret } from "../../src/util/secret.ts";

export const SECRET = "s3cret-of-the-test";

export const deps: ActionDeps = {
  clock: () => Date.now() / 1000,
  secrets: [secret(SECRET)],
  // Tests of local commands have a folder of their own.
  dataDir: "/nonexistent",
  onStop: () => undefined,
};

/** A key as proposals make them: 32 hexadecimal digits. */
export const newKey = () => randomBytes(16).toString("hex");

export const never = () => new AbortController().signal;

/** How a step that was looked at runs. */
export function contextOf(look: Pick<Look, "identity" | "precondition">, more: Partial<RunContext> = {}): RunContext {
  return {
    key: newKey(),
    fence: 1,
    approvedAt: 1_700_000_000,
    identity: look.identity,
    precondition: look.precondition,
    timeoutMs: 20_000,
    signal: never(),
    progress: () => undefined,
    ...more,
  };
}

/** Looks and runs, as a proposal does that is approved at once. */
export async function lookAndRun(action: Action, args: Arguments, more: Partial<RunContext> = {}): Promise<Ran> {
  const look = await action.look(args, never());
  return await action.run(args, contextOf(look, more));
}

/** The action of that name, which has to be there. */
export function named(actions: readonly Action[], name: string): Action {
  const action = actions.find((one) => one.name === name);
  if (action === undefined) throw new Error(`there is no action ${name}`);
  return action;
}

/** Waits until it holds, looking again and again. Throws when it never does. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let n = 0; n < 600; n++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never: ${what}`);
}
