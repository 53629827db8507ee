import { closeSync, fsyncSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import type { AuditEntry } from "../core/audit.ts";
import type { Identity } from "../core/people.ts";
import type { Stopped, StopSwitch } from "../ports/store.ts";
import { reasonOf } from "../util/errors.ts";
import { storeError } from "./errors.ts";
import type { Ledger, SharedLedger } from "./seal.ts";

/** Seconds that a wish to resume counts. */
const WISH_SECONDS = 600;
const PEOPLE_NEEDED = 2;
const KEY = "stop";

type Wish = { readonly person: string; readonly name: string; readonly at: number };
type State = {
  readonly at: number | undefined;
  readonly by: string | undefined;
  readonly reason: string | undefined;
  readonly wishes: readonly Wish[];
};

/**
 * The emergency stop: a note in the store and a file beside it, `STOP`. Either one stops, so that a stop works with a
 * store that cannot be written, and `touch STOP` works without the bot. Both have to go for it to run again. Where replicas share
 * the store, each has a file of its own that nobody else could take away: it is made only when the store cannot be written.
 */
export function createStop(
  ledger: SharedLedger,
  file: string | undefined,
  { isShared = false }: { readonly isShared?: boolean } = {},
): StopSwitch {
  function stored(text: string | undefined): State | undefined {
    return text === undefined ? undefined : (readState(text) ?? NOBODY);
  }

  function found(text: string | undefined): State | undefined {
    const note = stored(text);
    if (note !== undefined) return note;
    if (file === undefined || !isThere(file)) return undefined;
    return readState(readFileSync(file, "utf8")) ?? NOBODY;
  }

  function note(inside: Ledger, by: Identity, [action, from, to]: Changed, reason: string): AuditEntry {
    return { actor: inside.actorOf(by), platform: by.platform, action, id: "stop", hash: "", from, to, reason };
  }

  return {
    async read() {
      try {
        const state = found(await ledger.metaOf(KEY));
        return state && shown(state, ledger.now());
      } catch (problem) {
        return {
          at: undefined,
          by: undefined,
          reason: `the stop switch cannot be read: ${reasonOf(problem)}`,
          resumeWanted: [],
        };
      }
    },

    async press(by, reason) {
      // The file first: it stops while the store does not answer.
      const onlyFile = attempt(() => found(undefined));
      const write = () => attempt(() => writeStop(file, { at: ledger.now(), by: by.name, reason, wishes: [] }));
      let written = isShared ? undefined : write();
      const noted = await attemptLater(() =>
        ledger.together(by, (inside) => {
          const before = stored(inside.meta.get(KEY)) ?? onlyFile.value;
          const first = before?.by === undefined ? { at: ledger.now(), by: by.name, reason } : before;
          // As far as it was recorded: whoever pressed may have made the file a moment before.
          const from = inside.meta.get(KEY) === undefined ? "running" : "stopped";
          inside.meta.set(KEY, JSON.stringify({ ...first, wishes: [] }));
          inside.seal([note(inside, by, ["stop", from, "stopped"], reason)]);
        }),
      );
      // One of the two is enough to stop, and whoever pressed must hear that it does.
      if (noted.failed === undefined) {
        // One that a command made a moment before: nobody could take it away from another replica.
        if (isShared) removeStop(file);
        return;
      }
      written ??= write();
      if (file === undefined || written.failed !== undefined) throw noted.failed;
    },

    async release(by) {
      const left = await ledger.together(by, (inside) => {
        const state = found(inside.meta.get(KEY));
        if (state === undefined) return 0;
        const now = ledger.now();
        const fresh = state.wishes.filter((wish) => isFresh(wish, now));
        const mine = { person: by.person, name: by.name, at: now };
        const wishes = by.isLinked ? [...fresh.filter(({ person }) => person !== by.person), mine] : fresh;
        const needed = Math.max(0, PEOPLE_NEEDED - wishes.length);
        inside.meta.set(KEY, needed === 0 ? undefined : JSON.stringify({ ...state, wishes }));
        const whose =
          state.by === undefined ? "stopped by the file STOP" : `stopped by ${state.by}: ${state.reason ?? ""}`;
        const text = by.isLinked ? whose : "the account is linked to nobody, so its wish does not count";
        const done: Changed = needed === 0 ? ["resume", "stopped", "running"] : ["resume_wish", "stopped", "stopped"];
        inside.seal([note(inside, by, done, text)]);
        return needed;
      });
      // Last: while anything before it fails, the file goes on stopping.
      if (left === 0) removeStop(file);
      return left;
    },
  };
}

/** Action, and from which state to which. */
type Changed = readonly [action: string, from: string, to: string];

const NOBODY: State = { at: undefined, by: undefined, reason: undefined, wishes: [] };

function isFresh(wish: Wish, now: number): boolean {
  return now >= wish.at && now < wish.at + WISH_SECONDS;
}

function shown({ at, by, reason, wishes }: State, now: number): Stopped {
  return { at, by, reason, resumeWanted: wishes.filter((wish) => isFresh(wish, now)).map(({ name }) => name) };
}

/** Undefined for text that is none of ours: a file made by hand holds what it likes. */
function readState(text: string): State | undefined {
  try {
    const { at, by, reason, wishes } = JSON.parse(text) as Partial<Record<keyof State, unknown>>;
    return {
      at: typeof at === "number" ? at : undefined,
      by: typeof by === "string" ? by : undefined,
      reason: typeof reason === "string" ? reason : undefined,
      wishes: Array.isArray(wishes) ? wishes.filter(isWish) : [],
    };
  } catch {
    return undefined;
  }
}

function isWish(value: unknown): value is Wish {
  const { person, name, at } = (value ?? {}) as Partial<Record<keyof Wish, unknown>>;
  return typeof person === "string" && typeof name === "string" && typeof at === "number";
}

function writeStop(file: string | undefined, state: State): void {
  if (file === undefined) return;
  try {
    if (isThere(file)) return;
    const handle = openSync(file, "a", 0o600);
    try {
      writeSync(handle, `${JSON.stringify(state)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (cause) {
    throw storeError(file, cause);
  }
}

function removeStop(file: string | undefined): void {
  if (file === undefined) return;
  try {
    rmSync(file, { force: true });
  } catch (cause) {
    throw storeError(file, cause);
  }
}

/** Throws where it cannot be told, which `existsSync` would take for "no". */
function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

function attempt<T>(work: () => T): { readonly value?: T; readonly failed?: unknown } {
  try {
    return { value: work() };
  } catch (failed) {
    return { failed: failed ?? new Error("it failed without a reason") };
  }
}

async function attemptLater<T>(work: () => Promise<T>): Promise<{ readonly value?: T; readonly failed?: unknown }> {
  try {
    return { value: await work() };
  } catch (failed) {
    return { failed: failed ?? new Error("it failed without a reason") };
  }
}
