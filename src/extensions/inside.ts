import { AsyncLocalStorage } from "node:async_hooks";
import type { Entry, Extension, Hands } from "../ports/extension.ts";
import { reasonOf } from "../util/errors.ts";

/** Whose code runs: what an extension begins, and throws later when nobody waits for it, is told apart from mistakes of the bot itself. */

const inside = new AsyncLocalStorage<string>();
let isGuarded = false;

/** The extension whose code runs now, or threw just now; undefined for the bot's own. */
export function extensionInside(): string | undefined {
  return inside.getStore();
}

/** Does work of an extension. From the first time on, what one throws out of turn does not end the process. */
export function runInside<T>(name: string, work: () => T): T {
  if (!isGuarded) process.on("uncaughtException", guard);
  isGuarded = true;
  return inside.run(name, work);
}

/** The same extension, each of whose functions knows whose it is. */
export function marked(name: string, { contract, executor, notifier }: Extension): Extension {
  const mark = <A extends readonly unknown[], R>(work: (...args: A) => R) => {
    return (...args: A): R => runInside(name, () => work(...args));
  };
  const markAll = <T extends object>(hands: T): T =>
    Object.fromEntries(
      Object.entries(hands).map(([key, one]) => [key, typeof one === "function" ? mark(one.bind(hands)) : one]),
    ) as T;
  const isGroup = (value: unknown): value is object => typeof value === "object" && value !== null;
  return {
    contract,
    ...(executor !== undefined && {
      executor: {
        ...executor,
        open: mark(async (entry: Entry, kit: Parameters<typeof executor.open>[1]) => {
          const opened: Readonly<Record<string, Hands>> = await executor.open(entry, kit);
          if (!isGroup(opened)) return opened;
          const hands = Object.entries(opened).map(([action, one]) => [action, isGroup(one) ? markAll(one) : one]);
          return Object.fromEntries(hands) as typeof opened;
        }),
      },
    }),
    ...(notifier !== undefined && {
      notifier: {
        ...notifier,
        open: mark(async (entry: Entry, kit: Parameters<typeof notifier.open>[1]) => {
          const opened = await notifier.open(entry, kit);
          return isGroup(opened) ? markAll(opened) : opened;
        }),
      },
    }),
  };
}

/** Whoever listens besides is told as well, and has it in the log. A mistake of the bot itself ends a command as it would without this. */
function guard(problem: unknown): void {
  if (process.listenerCount("uncaughtException") > 1) return;
  const name = extensionInside();
  if (name !== undefined) {
    process.stderr.write(`smartcloudops: the extension ${name} threw out of turn: ${reasonOf(problem)}\n`);
    return;
  }
  process.stderr.write(`${problem instanceof Error ? problem.stack : String(problem)}\n`);
  process.exit(1);
}
