import type { Card } from "./card.ts";
import type { Place } from "./chat.ts";
import { isAccount } from "./people.ts";

/** Messages that stand for a stored thing, one in each of its places, for as long as there is one. */

type Message = {
  readonly id: string;
  readonly place: Place;
  readonly card: Card;
  readonly at: number;
  readonly edits?: string;
  /** Of the stored thing: an edit that shows an older one than was put for that message is not put. */
  readonly revision?: number;
  /** Id of the message in whose thread it stands. */
  readonly under?: string;
  readonly hint?: string;
};

/**
 * The first message is posted under its plain id; one that is there already is edited. `edition` is part of the edit's own id: the
 * same one twice is the same edit. `put` says whether an id was new.
 */
export async function postOrEdit(
  put: (message: Message) => Promise<boolean>,
  message: Omit<Message, "edits">,
  edition: string,
): Promise<void> {
  const { id } = message;
  if (!(await put(message))) await put({ ...message, id: `${id}:${edition}`, edits: id });
}

/**
 * True when a click came from a message that the thing was posted as. `referenceOf` gives the reference of its message in the nth of
 * `places`. The terminal has no messages: it asks on the spot.
 */
export async function isPosted(
  places: readonly Place[],
  { place, message, user }: { readonly place: Place; readonly message: string | undefined; readonly user?: string },
  referenceOf: (at: number) => Promise<string | undefined>,
): Promise<boolean> {
  if (place.platform === "terminal") return message === undefined;
  if (message === undefined) return false;
  for (const [at, { platform, channel }] of places.entries()) {
    // A chat of two is named by the person until the bot has written there.
    const isThere = channel === place.channel || (user !== undefined && isAccount(channel, user));
    if (platform !== place.platform || !isThere) continue;
    if ((await referenceOf(at)) === message) return true;
  }
  return false;
}
