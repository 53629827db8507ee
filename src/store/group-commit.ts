import { AsyncLocalStorage } from "node:async_hooks";

/** Writes that share their wait for the disk. */
export type GroupCommit = {
  /** Resolves with what `write` returned, once that is on the disk. Rejects with what `write` threw, or the disk. */
  add<T>(write: () => T): Promise<T>;
  /**
   * The same without a wait for the disk: it outlives the process, and is on the disk with the next write that waits. For
   * what may be forgotten when the power fails.
   */
  note<T>(write: () => T): Promise<T>;
  /** Resolves when all that was added is on the disk, or was rejected. */
  settled(): Promise<void>;
};

type Waiting = {
  readonly write: () => unknown;
  readonly isNote: boolean;
  settle(result: unknown): void;
  fail(cause: unknown): void;
};
type Stored = { readonly one: Waiting; readonly result: unknown };

/**
 * Group commit: what is asked for in one turn of the event loop, or while an earlier group is on its way to the disk,
 * becomes one transaction with one wait for the disk, during which the process goes on. When one write of a group fails,
 * each is stored by itself, so that nobody fails for another's trouble. `together` runs its work in a transaction, all or
 * nothing, and throws when that failed; `sync` resolves when what was written is on the disk.
 */
export function groupCommit(together: <T>(work: () => T) => T, sync: () => Promise<void>): GroupCommit {
  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;

  function store(group: readonly Waiting[]): readonly Stored[] {
    let isBegun = false;
    try {
      return together(() => {
        isBegun = true;
        return group.map((one) => ({ one, result: one.write() }));
      });
    } catch (cause) {
      // A file that is locked or closed is so for each of them.
      if (isBegun && group.length > 1) return group.flatMap((one) => store([one]));
      for (const { fail } of group) fail(cause);
      return [];
    }
  }

  async function run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      const stored = store(group);
      try {
        if (stored.some(({ one }) => !one.isNote)) await sync();
        for (const { one, result } of stored) one.settle(result);
      } catch (cause) {
        for (const { one } of stored) one.fail(cause);
      }
    }
    running = undefined;
  }

  function enter<T>(write: () => T, isNote: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // It is carried out among others': what is under way now stays with it.
      waiting.push({
        write: AsyncLocalStorage.bind(write),
        isNote,
        settle: (result) => resolve(result as T),
        fail: reject,
      });
      running ??= run();
    });
  }

  return {
    add: (write) => enter(write, false),
    note: (write) => enter(write, true),
    settled: async () => running,
  };
}
