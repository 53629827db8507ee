import type { AuditEntry } from "../core/audit.ts";
import type { KeptDigest } from "../core/digest/digest.ts";
import type { PlanRecord } from "../core/digest/schedule.ts";

/** Digests that were told, and the plans by which they come. */
export interface Digests {
  /** False when one of that id (plan and time) is there; the first one stays. What it confirms outlives a crash. */
  keep(digest: KeptDigest): Promise<boolean>;
  /** Replaces it when the stored one is exactly the revision before it. False otherwise: somebody else was first, or it is gone. */
  revise(digest: KeptDigest): Promise<boolean>;
  /** The one of that plan with the latest time. */
  newest(name: string): Promise<KeptDigest | undefined>;
  /** Those planned since then, and `until` then or before (unix seconds), newest first, at most `limit`. */
  find(wanted: {
    readonly since?: number;
    readonly until?: number;
    readonly limit: number;
  }): Promise<readonly KeptDigest[]>;
  /** What is known of plans, removed ones too, by name. */
  plans(): Promise<readonly PlanRecord[]>;
  /** Stores it with its audit entries, or nothing. False when it is not exactly the revision after the stored one. */
  plan(record: PlanRecord, entries: readonly AuditEntry[]): Promise<boolean>;
}
