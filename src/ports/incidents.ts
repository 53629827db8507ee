import type { AuditEntry } from "../core/audit.ts";
import type { AlertEvent, AlertRecord, Incident, IncidentStatus } from "../core/incident.ts";

/** Incidents and the alerts in them. */
export interface Incidents {
  get(id: string): Promise<Incident | undefined>;
  /** Newest first, at most `limit`. */
  find(wanted: {
    readonly status?: readonly IncidentStatus[];
    /** Opened or ended since then, unix seconds. */
    readonly since?: number;
    /** Opened then or before, unix seconds. */
    readonly until?: number;
    readonly limit: number;
  }): Promise<readonly Incident[]>;
  /** When the first incident that is still kept was opened, unix seconds. */
  earliest(): Promise<number | undefined>;
  /** Counts what was saved: whoever decides by more than the incidents that they change says by which state. */
  generation(): Promise<number>;
  /** Every incident that is not resolved, oldest first. */
  live(): Promise<readonly Incident[]>;
  /** Those of these alerts that are known. */
  alerts(fingerprints: readonly string[]): Promise<readonly AlertRecord[]>;
  /** Alerts of an incident, firing ones first, then the newest, at most `limit` after `skip`. */
  alertsOf(incident: string, page: { readonly skip: number; readonly limit: number }): Promise<readonly AlertRecord[]>;
  /** Fingerprints of alerts that fire as far as is known, which nobody told of since then (unix seconds), at most `limit`. */
  unseenSince(at: number, limit: number): Promise<readonly AlertRecord[]>;
  /**
   * Stores all of it with its audit entries, or nothing. With entries it outlives a power cut, without a crash only: what is told again need not. False when one of the incidents is not exactly the revision after the stored
   * one, or something was saved since `generation`: somebody else was first.
   */
  save(change: {
    readonly incidents: readonly Incident[];
    readonly alerts: readonly AlertRecord[];
    readonly entries: readonly AuditEntry[];
    readonly generation?: number;
  }): Promise<boolean>;
  /** Those whose messages do not show their revision yet, the oldest change first. */
  unshown(limit: number): Promise<readonly Incident[]>;
  /** Never takes it back to an older revision, but for 0: then it is to be shown anew. */
  shown(id: string, revision: number): Promise<void>;
}

/** Takes alerts in. Resolves once what they mean is stored; rejects when it cannot be. May be told the same again. */
export type Take = (events: readonly AlertEvent[]) => Promise<void>;
