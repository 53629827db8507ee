import type { Reach, Visitor } from "../core/access.ts";
import type { Card, Chart, ClickMeaning } from "../core/card.ts";
import type { Place, Question } from "../core/chat.ts";
import type { Draft } from "../core/draft.ts";
import type { Need, Suggested } from "../core/need.ts";
import type { Urgency } from "../core/urgency.ts";
import type { Clock } from "./clock.ts";
import type { Route } from "./http.ts";
import type { Outgoing, Queued } from "./outbox.ts";
import type { Shelvable } from "./shelf.ts";
import type { Store } from "./store.ts";

/** Chat platforms, and what comes in and goes out there. */

/**
 * What a question came to. `failed`: it could not be asked. `repeated`: said already, so a surface stays silent.
 * `isPrivate`: it concerns nobody but the person who asked: a refusal, or a list of theirs.
 */
export type Said = {
  readonly card: Card;
  readonly failed?: true;
  readonly repeated?: true;
  readonly isPrivate?: true;
  /** Its proposals are shown by messages of their own, which the bot posts and edits: a chat surface adds nothing. */
  readonly shownApart?: true;
};

/** A click on a button of a proposal's card or of an incident's message, as the platform vouches for it. */
export type Click = {
  /** The same for a click that is delivered twice. */
  readonly id: string;
  readonly visitor: Visitor;
  readonly decision: ClickMeaning;
  readonly proposal: string;
  /** As the button carried it. */
  readonly code: string;
  readonly fields: Readonly<Record<string, string>>;
  /** The message clicked on, as its sender's reference; undefined in the terminal. */
  readonly message: string | undefined;
};

/** Makes a proposal of a need. Never throws for what the world says: that is a refusal in words. */
export type Suggester = (need: Need, signal: AbortSignal) => Promise<Suggested>;

/** Decides. Never throws: a refusal is a card for the person who clicked alone. */
export type Decider = (click: Click) => Promise<Card>;

/** A proposal as it stands. `isMoving`: it goes on by itself, so it is worth looking at again soon. */
export type ProposalView = { readonly card: Card; readonly isMoving: boolean };

/** A proposal in a list. `message` is the reference of the message that shows it on the platform that asks. */
export type ProposalLine = { readonly title: string; readonly text: string; readonly message: string | undefined };

/** What one person has to do with proposals, newest first. */
export type ProposalLists = {
  readonly waiting: readonly ProposalLine[];
  readonly own: readonly ProposalLine[];
  readonly decided: readonly ProposalLine[];
};

/** Somebody who looks on while a question is answered. */
export type Onlooker = {
  /** The answer as it stands. Not called for what is answered at once. Returns at once, and does not throw. */
  readonly show: (draft: Draft) => void;
  /** Fires when they want no further look; its reason is a sentence that says who. What is known by then is the answer. */
  readonly enough?: AbortSignal;
};

/** Answers a question. Never throws: what goes wrong becomes a card that says so. */
export type Asker = (question: Question, signal?: AbortSignal, onlooker?: Onlooker) => Promise<Said>;

/**
 * Ends the further look into a question, for that person, whichever replica does it. `over`: there is none under way, or not in that channel.
 * `unknown`: the store could not be asked. Never rejects.
 */
export type Enough = (
  question: string,
  channel: Pick<Place, "platform" | "channel">,
  by: string,
) => Promise<"stopping" | "over" | "unknown">;

/** A further look into a question, by the question's id, for the replicas that do not do it. `endedAt` is when it began: it is for the moment. */
export type FurtherLook = Shelvable & {
  readonly platform: string;
  readonly channel: string;
  readonly state: "looking" | "enough" | "over";
  /** Who wants no more, until it is over. */
  readonly by?: string;
};

/**
 * Deals with one thing that a platform sent; `body` is what `offer` was given, or after a restart its JSON read. `late`: it waited too long,
 * or cut the bot off more than once, so whoever asked is only told to ask again. Once `signal` has fired, the bot stops:
 * what is not done by then comes again after the restart, and nothing needs to be said about it.
 */
export type Deal = (body: unknown, how: DealHow) => Promise<void>;
export type DealHow = { readonly late: boolean; readonly signal: AbortSignal };

/** Takes in what one platform sends, each thing once, and has it dealt with after it was acknowledged. */
export interface Reception {
  /**
   * `taken`: it outlives a crash from now on, so it may be acknowledged. `repeated`: it was here before. `full`: too much
   * waits already, so the platform has to send it again. Rejects when the store cannot be written. `json` is `body` as text.
   */
  offer(id: string, body: unknown, json: string): Promise<"taken" | "repeated" | "full">;
  /** Begins with what an earlier run left, and goes on with what was taken since. Until then everything waits. */
  start(): Promise<void>;
  /** Takes nothing more, and deals with what waits for at most `graceMs`. The rest is left for the next run. */
  stop(graceMs: number): Promise<void>;
}

/**
 * An answer on its way, as a chat shows it: as a message of its own, which the answer takes the place of. Nothing is said before the
 * first draft.
 */
export type Live = {
  readonly onlooker: Onlooker;
  /**
   * Nothing more is shown from now on. Gives back the id of the message whose place the answer takes, also where an earlier run was cut off
   * in the middle; undefined when there is none.
   */
  readonly end: () => Promise<string | undefined>;
};

/** Shows the answer that `message` will be. Its hint is what the sender needs to show a draft. */
export type LiveOn = (sender: Sender, message: Pick<Outgoing, "id" | "place" | "hint">) => Live;

/** Posts and edits messages on one platform. */
export interface Sender {
  readonly platform: string;
  /**
   * Posts the message, or edits the one that `edited` refers to. When `attempts` says that an earlier attempt began, it
   * looks first whether that one arrived, where the platform lets it. Returns what it needs to edit the message later.
   * Throws `NotNowError` when it should be tried again, and `NeverError` when that is of no use.
   */
  send(message: Queued, edited: string | undefined, signal: AbortSignal): Promise<string>;
  /** How many messages may be on their way at once just now: 0 while the platform is left alone, 1 to try it. Absent: many. */
  readonly room?: () => number;
  /** The thread under the message with that reference. Absent where there are none. */
  readonly under?: (place: Place, reference: string) => Place;
  /** Absent where the platform shows no answers on their way. */
  readonly drafts?: {
    /**
     * Shows a newer draft in the message with that reference, which shows `before`. Tried once. Throws `NotNowError` with the time
     * after which the next draft may be shown, `EnoughError` when somebody who reads it wants no more, and anything else when
     * no draft can be shown there any more.
     */
    redraw(reference: string, draft: Draft, before: Draft, signal: AbortSignal): Promise<void>;
    /** Milliseconds between two drafts of one message, at least. */
    readonly paceMs: number;
  };
}

/** One chat platform as the bot meets it. */
export interface Surface {
  readonly sender: Sender;
  /** Addresses that the platform calls, on the bot's own server. */
  readonly routes: readonly Route[];
  /** Which of these groups of the platform an account is in now. Absent where the platform does not tell. Never rejects. */
  readonly groupsOf?: (account: string, groups: readonly string[]) => Promise<readonly string[]>;
  /**
   * Whether an account is in a channel now; undefined where the platform does not tell. Absent where it tells with the account
   * itself, as Teams does. Rejects when it cannot be asked just now.
   */
  readonly isIn?: (account: string, channel: string) => Promise<boolean | undefined>;
  /** Connects. Throws with a sentence when the platform refuses the credentials; other trouble is tried again. */
  start(): Promise<void>;
  /** Takes nothing new, lets what is under way end within `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** Throws with the reason when the platform cannot be reached at present. */
  check(signal: AbortSignal): Promise<void>;
}

/** What every surface is given. */
export type SurfaceDeps = {
  readonly ask: Asker;
  readonly enough: Enough;
  readonly live: LiveOn;
  readonly decide: Decider;
  /** A proposal as it stands, or undefined when there is none of that id. */
  readonly proposal: (id: string) => Promise<ProposalView | undefined>;
  /** Proposals for one person: what waits for their decision, what they asked for, what was decided lately. */
  readonly proposalsFor: (visitor: Visitor) => Promise<ProposalLists>;
  readonly mayRead: (visitor: Visitor) => Reach;
  readonly store: Pick<Store, "places" | "outbox" | "feedback">;
  readonly receive: (deal: Deal, urgencyOf: (body: unknown) => Urgency) => Reception;
  /** Something new stands in the outbox. */
  readonly wake: () => void;
  /** PNG of a chart, for platforms and messages that cannot carry it as data. */
  readonly drawChart: (chart: Chart, zone: string) => Promise<Uint8Array>;
  readonly clock: Clock;
};
