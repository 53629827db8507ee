import type { Place } from "../../core/chat.ts";
import { isAccount } from "../../core/people.ts";
import type { SurfaceDeps } from "../../ports/chat.ts";
import { channelOf, wholeOf } from "./intake.ts";
import { Reference } from "./schema.ts";

/** How to reach conversations, kept in the store so that a restarted bot can still answer in them. */
export type References = {
  /** Keeps what is needed to reach that conversation. Writes when something changed. */
  remember(channel: string, reference: Reference, at: number): Promise<void>;
  get(place: Place): Promise<Reference | undefined>;
  /** Where that person talks to the bot alone. Undefined when they never did, or removed it. */
  personal(person: string): Promise<Place | undefined>;
  /** Forgets that conversation, and with a team's every conversation of that team. */
  forget(channel: string, team: string | undefined): Promise<void>;
};

/** As many as are looked up without the store. */
const MOST = 5000;

export function createReferences(places: SurfaceDeps["store"]["places"]): References {
  const known = new Map<string, Reference>();
  /** Person -> channel. Read from the store when it is first asked for. */
  let chats: Map<string, string> | undefined;

  async function allChats(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const { place, reference } of await places.all("teams")) {
      const person = Reference.safeParse(reference).data?.person;
      if (person !== undefined) found.set(person, place.channel);
    }
    return found;
  }

  function keep(channel: string, reference: Reference): void {
    known.delete(channel);
    known.set(channel, reference);
    if (known.size > MOST) known.delete(known.keys().next().value!);
  }

  async function load(channel: string): Promise<Reference | undefined> {
    const kept = known.get(channel);
    if (kept !== undefined) return kept;
    const read = Reference.safeParse((await places.get(wholeOf(channel)))?.reference);
    if (!read.success) return undefined;
    keep(channel, read.data);
    return read.data;
  }

  return {
    async remember(channel, reference, at) {
      const before = await load(channel);
      if (before !== undefined && isSame(before, reference)) return;
      await places.save(wholeOf(channel), reference, at);
      keep(channel, reference);
      if (reference.person !== undefined) chats?.set(reference.person, channel);
    },
    get: ({ channel }) => load(channelOf(channel)),
    async personal(person) {
      chats ??= await allChats();
      // The configuration may name the object id alone, without the tenant before it.
      const key = chats.has(person) ? person : [...chats.keys()].find((one) => isAccount(person, one));
      const channel = key === undefined ? undefined : chats.get(key);
      // It may have been forgotten since.
      return channel !== undefined && (await load(channel))?.person === key ? wholeOf(channel) : undefined;
    },
    async forget(channel, team) {
      known.delete(channel);
      await places.remove(wholeOf(channel));
      if (team === undefined) return;
      for (const { place, reference } of await places.all("teams")) {
        const read = Reference.safeParse(reference);
        if (!read.success || read.data.team !== team) continue;
        known.delete(place.channel);
        await places.remove(place);
      }
    },
  };
}

function isSame(a: Reference, b: Reference): boolean {
  return JSON.stringify(Reference.parse(a)) === JSON.stringify(Reference.parse(b));
}
