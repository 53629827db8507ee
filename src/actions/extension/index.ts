import { ENTRY, type ExtensionEntry, kindOf } from "../../core/extension/extension.ts";
import { checkFields } from "../../core/extension/fields.ts";
import type { Action, Arguments, Look } from "../../ports/changes.ts";
import type { Entry, Executor, Hands, LoadedExtension } from "../../ports/extension.ts";
import { canonicalJson, sha256 } from "../../util/canonical.ts";
import { RefusedError, UnreachableError, wholeReasonOf } from "../../util/errors.ts";
import { inertName } from "../../util/inert.ts";
import { choose } from "../shared/choose.ts";
import { untilAborted } from "../shared/deadline.ts";
import type { ActionDeps } from "../shared/deps.ts";
import { readLook, readProbed, readRan, readSimulated } from "./answers.ts";

/** Milliseconds that an extension may take to open an entry, look, try or be asked what became of something. */
const PATIENCE_MS = 20_000;
const CLOSE_MS = 2000;

type Opened = {
  readonly entry: ExtensionEntry;
  readonly hands: (signal: AbortSignal) => Promise<Readonly<Record<string, Hands>>>;
};

/**
 * The actions "x-NAME/…" of one extension on its configured entries. Its code is trusted with what it does, and with nothing else: arguments
 * fit their fields before it sees them, it works on copies, it is not waited for longer than its time, and what it gives back is
 * read as any input from outside is. What it throws is its target's trouble, but for `run`, where it means "unknown".
 */
export function createExtensionActions(
  extension: LoadedExtension & { readonly executor: Executor },
  entries: readonly ExtensionEntry[],
  deps: ActionDeps,
): readonly Action[] {
  const { executor } = extension;
  const opened = entries.map((entry): Opened & { readonly name: string } => ({
    name: entry.name,
    entry,
    hands: opener(executor, entry, deps),
  }));
  return Object.keys(executor.actions).map((name) => actionOf(extension, name, opened));
}

function actionOf(
  { name: extension, hash, executor }: LoadedExtension & { readonly executor: Executor },
  name: string,
  opened: readonly (Opened & { readonly name: string })[],
): Action {
  const { changes, arguments: fields, captures = [] } = executor.actions[name]!;
  const { what } = executor;

  function placed(args: Arguments): { readonly own: Arguments; readonly opened: Opened } | { readonly why: string } {
    const { [ENTRY]: entry, ...own } = args;
    if (entry !== undefined && typeof entry !== "string")
      return { why: `${ENTRY} must be the name of a configured ${what}.` };
    const chosen = choose(opened, entry, what);
    if (chosen.kind === "none") return { why: chosen.why };
    const wrong = checkFields(fields, own).map((one) => `${inertName(one.name, { max: 60 })} ${one.text}.`);
    return wrong.length > 0 ? { why: wrong.join(" ") } : { own, opened: chosen.entry };
  }

  /** Calls one of the hands, for at most its time. Throws `RefusedError` and `UnreachableError`. */
  async function ask<T>(
    args: Arguments,
    outer: AbortSignal,
    call: (hands: Hands, own: Arguments, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const at = placed(args);
    if ("why" in at) throw new RefusedError(what, 400, at.why);
    const { opened: one, own } = at;
    const service = `${what} ${one.entry.name}`;
    const signal = AbortSignal.any([outer, AbortSignal.timeout(PATIENCE_MS)]);
    try {
      return await untilAborted((async () => call(await handsOf(one, signal), structuredClone(own), signal))(), signal);
    } catch (problem) {
      if (signal.aborted || problem instanceof RefusedError || problem instanceof UnreachableError) throw problem;
      throw new UnreachableError(service, `the extension ${extension} failed: ${wholeReasonOf(problem)}`, {
        cause: problem,
      });
    }
  }

  async function handsOf(one: Opened, signal: AbortSignal): Promise<Hands> {
    const all = await one.hands(signal);
    const hands = Object.hasOwn(all, name) ? all[name] : undefined;
    if (hands === undefined) throw new Error(`it opened no ${name}`);
    return hands;
  }

  function seen(look: Look, { entry }: Opened): Look {
    const missing = captures.filter((one) => look.captured[one] === undefined);
    if (missing.length > 0) throw new Error(`it gave back no look at a target: captured.${missing[0]} is missing`);
    const written = JSON.stringify([look.identity, look.precondition, look.captured]);
    const isOpen = Object.values(entry.secrets).some((one) =>
      written.includes(JSON.stringify(one.reveal()).slice(1, -1)),
    );
    if (isOpen) throw new Error("it gave back a secret, which would stand in the store");
    return { ...look, identity: { ...look.identity, [ENTRY]: identityOf(entry) } };
  }

  return {
    name: `${kindOf(extension)}/${name}`,
    changes,
    extension: { name: extension, hash },
    check(args) {
      const at = placed(args);
      return "why" in at ? at.why : undefined;
    },
    look: (args, signal) =>
      ask(args, signal, async (hands, own, within) => {
        const at = placed(args);
        const look = readLook(await hands.look(own, within));
        return "why" in at ? look : seen(look, at.opened);
      }),
    simulate: (args, look, signal) =>
      ask(args, signal, async (hands, own, within) =>
        hands.simulate === undefined
          ? { kind: "cannot", why: `The extension ${extension} has no dry run of ${name}.` }
          : readSimulated(await hands.simulate(own, structuredClone(look), within)),
      ),
    async run(args, context) {
      const at = placed(args);
      if ("why" in at) return { outcome: "failed", output: `${at.why} Nothing was done.` };
      const { identity, precondition } = context;
      if (identity[ENTRY] !== identityOf(at.opened.entry))
        return {
          outcome: "failed",
          output: `Another ${what} is configured than the one that was shown. Nothing was done.`,
        };
      let hands: Hands;
      try {
        hands = await untilAborted(handsOf(at.opened, context.signal), context.signal);
      } catch (problem) {
        return {
          outcome: "failed",
          output: `The extension ${extension} could not begin: ${wholeReasonOf(problem)}. Nothing was done.`,
        };
      }
      let isOver = false;
      try {
        return readRan(
          await hands.run(structuredClone(at.own), {
            ...context,
            ...structuredClone({ identity, precondition }),
            // What it says after its end would stand in a result that is written already.
            progress: (line) => {
              if (!isOver) context.progress(String(line));
            },
          }),
        );
      } catch (problem) {
        return {
          outcome: "unknown",
          output: `The extension ${extension} failed: ${wholeReasonOf(problem)}. It may have happened.`,
        };
      } finally {
        isOver = true;
      }
    },
    async probe(args, { key, identity, precondition, signal: outer }) {
      if (!changes)
        return { found: "not_run", isSure: true, text: "It only reads: whether it ran makes no difference." };
      try {
        const at = placed(args);
        if ("why" in at) return { found: "unknown", text: at.why };
        if (identity[ENTRY] !== identityOf(at.opened.entry))
          return {
            found: "unknown",
            text: `Another ${what} is configured than the one that was shown, so it cannot be asked.`,
          };
        return await ask(args, outer, async (hands, own, signal) =>
          hands.probe === undefined
            ? { found: "unknown", text: `The extension ${extension} cannot tell whether ${name} ran.` }
            : readProbed(await hands.probe(own, { ...structuredClone({ key, identity, precondition }), signal })),
        );
      } catch (problem) {
        return { found: "unknown", text: wholeReasonOf(problem) };
      }
    },
  };
}

/** What tells an entry from another: of the same name, it is another one once its settings, such as an address, are others. */
function identityOf({ name, settings }: ExtensionEntry): string {
  return `${name} ${sha256(canonicalJson(settings)).slice(0, 12)}`;
}

/** Opens an entry when it is first needed, once; after a failure anew. */
function opener(executor: Executor, entry: ExtensionEntry, { clock, onStop }: ActionDeps): Opened["hands"] {
  const service = `${executor.what} ${entry.name}`;
  const given: Entry = structuredCloneOf(entry);
  const kit = {
    clock,
    // One that never closes keeps nobody from stopping.
    onStop: (close: () => void | Promise<void>) =>
      onStop(() => untilAborted((async () => close())(), AbortSignal.timeout(CLOSE_MS)).catch(() => {})),
    unreachable: (reason: string) => new UnreachableError(service, String(reason)),
    refused: (status: number, reason: string) => new RefusedError(service, Number(status), String(reason)),
  };
  let opening: Promise<Readonly<Record<string, Hands>>> | undefined;
  return (signal) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    opening ??= (async () => executor.open(given, kit))().then((hands) => {
      if (typeof hands !== "object" || hands === null) throw new Error("it opened nothing");
      return hands;
    });
    const mine = opening;
    return untilAborted(mine, limit).catch((problem: unknown) => {
      if (opening === mine) opening = undefined;
      throw problem;
    });
  };
}

function structuredCloneOf({ uses: _, secrets, ...entry }: ExtensionEntry): Entry {
  return { ...structuredClone(entry), secrets };
}
