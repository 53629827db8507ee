import type { Card } from "../core/card.ts";
import type { Place } from "../core/chat.ts";
import type { Lease } from "./store.ts";

/** Messages on their way to chat platforms and notifiers. */

/** Something to be said in a chat. */
export type Outgoing = {
  /** Chosen by whoever says it: a second one with the same id is the same message. */
  readonly id: string;
  readonly place: Place;
  readonly card: Card;
  /** Id of an earlier message that this one takes the place of, by editing it. Undefined for a new message. */
  readonly edits?: string;
  /** Of the thing that it shows, which counts up: for those who draw it at the same moment, so that the newest stays. */
  readonly revision?: number;
  /** Id of an earlier message in whose thread it stands, where the platform has threads; beside it where that one never arrived. */
  readonly under?: string;
  /** The answer it shows, which people may call helpful or not. */
  readonly answer?: string;
  /** What the platform's adapter alone needs to deliver it. Private: never logged, and forgotten once it was sent or given up. */
  readonly hint?: string;
  /** Unix seconds. */
  readonly at: number;
};

/** An outgoing message that waits. `attempts` counts those that began: one that was cut off may have arrived. */
export type Queued = Outgoing & { readonly attempts: number };

/** What is still to be said, kept so that a restart loses nothing. Order is kept within a channel. */
export interface Outbox {
  /**
   * False when a message with that id is there already, waiting or sent; the first one stays. So is one that edits a message for which a newer `revision`
   * was put already.
   */
  put(message: Outgoing): Promise<boolean>;
  /**
   * The oldest waiting message of each channel, where its time has come (unix seconds) and no attempt holds it, oldest first, at
   * most `limit`.
   */
  due(platform: string, now: number, limit: number): Promise<readonly Queued[]>;
  /** An attempt begins: its number, from 1. Undefined when the message waits no more, or another one's attempt holds it. */
  begin(id: string, lease?: Lease): Promise<number | undefined>;
  /** The attempt of `lease.owner` goes on: it holds the message for longer. Does nothing where it holds it no more. */
  hold(id: string, lease: Lease): Promise<void>;
  /** Replaces the hint of a message that waits. */
  hint(id: string, hint: string): Promise<void>;
  /** It did not arrive, and is tried again from then on (unix seconds). */
  postpone(id: string, until: number, reason: string): Promise<void>;
  /** It arrived. `reference` is what the platform's adapter needs to edit it. */
  sent(id: string, reference: string, at: number): Promise<void>;
  /** It can never arrive. It stays for people to see why, until retention forgets it. */
  gaveUp(id: string, reason: string, at: number): Promise<void>;
  /** What became of that message; `reason` why it waits or was given up. Undefined for one that is not there. */
  fateOf(
    id: string,
  ): Promise<{ readonly state: "waiting" | "sent" | "given up"; readonly reason?: string } | undefined>;
  /** What `sent` was given for that id. */
  referenceOf(id: string): Promise<string | undefined>;
  /** The answer that the message with that reference shows, the newest when it was edited. */
  answerOf(
    channel: { readonly platform: string; readonly channel: string },
    reference: string,
  ): Promise<string | undefined>;
  /** How many wait, and the time of the oldest. */
  waiting(platform: string): Promise<{ readonly count: number; readonly oldest: number | undefined }>;
}
