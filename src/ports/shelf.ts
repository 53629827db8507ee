import type { AuditEntry } from "../core/audit.ts";

/** What every thing on a shelf has. `revision` is 1 for a new one; times in unix seconds. */
export type Shelvable = {
  readonly id: string;
  readonly revision: number;
  readonly madeAt: number;
  /** Once it is over: retention counts from then. */
  readonly endedAt?: number;
};

/** Things of one kind that people make and that change a few times: silences, changes of who is on call. */
export interface Shelf<T extends Shelvable> {
  get(id: string): Promise<T | undefined>;
  /** Those that are not over, oldest first. */
  open(): Promise<readonly T[]>;
  /**
   * Stores all of them with their audit entries, or nothing. False when one is not exactly the revision after the stored one: somebody
   * else was first.
   */
  save(items: readonly T[], entries: readonly AuditEntry[]): Promise<boolean>;
  /** Those whose messages do not show their revision yet, oldest first. */
  unshown(limit: number): Promise<readonly T[]>;
  /** Never takes it back to an older revision. */
  shown(id: string, revision: number): Promise<void>;
}
