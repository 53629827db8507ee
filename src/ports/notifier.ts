import type { Notice } from "../core/incident/notice.ts";

/** What is known of an incident's part in a notifier. */
export type Told = {
  /** What `tell` gave back when the incident was opened there; undefined when that never arrived. */
  readonly reference: string | undefined;
  /** Attempts at this notice that began, this one included: one that was cut off may have arrived. */
  readonly attempts: number;
};

/** One place outside of chat that is told of incidents: a mailbox, a pager, a tracker. */
export interface Notifier {
  readonly name: string;
  /** What it is, for people: "PagerDuty". */
  readonly kind: string;
  /** What is opened there stays until its end is told; so a test tells both. */
  readonly hasEnd: boolean;
  /**
   * Tells one thing. The same notice twice has the effect of one: by the target's own key where it has one, else it looks first whether
   * an earlier attempt arrived. Gives back what later notices of the incident need, "" for nothing. Throws `NotNowError` when it
   * should be tried again, and `NeverError` when that is of no use.
   */
  tell(notice: Notice, told: Told, signal: AbortSignal): Promise<string>;
  /** Asks whether it could be told, and sends nothing. Resolves with what was found, in words after its name; throws as `tell`. */
  check(signal: AbortSignal): Promise<string>;
}
