import type { Place } from "../chat.ts";
import type { Limits } from "./rules.ts";

/** How much may be proposed: people who are asked too often stop reading what they approve. */

/** What counts of a proposal. `isOpen`: still to be decided or done. */
export type Counted = {
  readonly createdAt: number;
  readonly target: string;
  readonly places: readonly Place[];
  readonly isOpen: boolean;
};

const HOUR = 3600;

/**
 * Why one more proposal there would be too many, as a sentence; undefined when it would not. `recent` are those of the last
 * hour and every open one; `place` is undefined where it is shown nowhere. `now` is unix seconds.
 */
export function overLimit(
  limits: Limits,
  recent: readonly Counted[],
  place: Place | undefined,
  target: string,
  now: number,
): string | undefined {
  const isHere = (one: Counted) =>
    one.places.some(({ platform, channel }) => platform === place?.platform && channel === place.channel);
  const inThread = (one: Counted) => one.places.some((other) => place !== undefined && isSame(other, place));
  const open = recent.filter((one) => one.isOpen && inThread(one)).length;
  if (open >= limits.openPerThread)
    return `${said(open, "proposal")} of this thread ${open === 1 ? "waits" : "wait"} for a decision already, and ${limits.openPerThread} is the most. Decide about ${open === 1 ? "it" : "one"} first.`;
  // One that the clock puts ahead of now counts too.
  const young = recent.filter(({ createdAt }) => now - createdAt < HOUR);
  const onTarget = young.filter((one) => one.target === target);
  if (onTarget.length >= limits.perTargetHour)
    return `${said(onTarget.length, "change")} of this target ${onTarget.length === 1 ? "was" : "were"} proposed within the last hour, and ${limits.perTargetHour} is the most. ${again(onTarget, limits.perTargetHour, now)}`;
  const here = young.filter(isHere);
  if (here.length >= limits.perChannelHour)
    return `${said(here.length, "change")} ${here.length === 1 ? "was" : "were"} proposed in this channel within the last hour, and ${limits.perChannelHour} is the most. ${again(here, limits.perChannelHour, now)}`;
  return undefined;
}

/** Wishes that one person may have written down within an hour. */
export const WISHES_AN_HOUR = 5;

/**
 * Why one more wish that no runbook fulfils would be too many for that person, as a sentence. They are counted apart, by person:
 * what can never run must not keep others from proposing what can. `mine` are the times of that person's wishes, unix seconds.
 */
export function overWishes(mine: readonly number[], now: number): string | undefined {
  const young = mine.filter((createdAt) => now - createdAt < HOUR);
  if (young.length < WISHES_AN_HOUR) return undefined;
  const counted = young.map((createdAt) => ({ createdAt }));
  return `You asked for ${said(young.length, "change")} within the last hour that no runbook here can make, and ${WISHES_AN_HOUR} is the most. ${again(counted, WISHES_AN_HOUR, now)}`;
}

function again(counted: readonly Pick<Counted, "createdAt">[], most: number, now: number): string {
  const leaving = counted.map(({ createdAt }) => createdAt).sort((a, b) => a - b)[counted.length - most];
  const minutes = Math.max(1, Math.ceil(((leaving ?? now) + HOUR - now) / 60));
  return `Ask again in ${said(minutes, "minute")}.`;
}

function isSame(a: Place, b: Place): boolean {
  return a.platform === b.platform && a.channel === b.channel && a.thread === b.thread;
}

function said(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
