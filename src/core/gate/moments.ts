import type { Fact } from "../gate.ts";

/** When a value was: "now", "at 14:02", "at its peak". Only facts that know their time can be contradicted. */

/** A value of the last minutes is one of now. */
const NOW_SECONDS = 600;
/** "At 14:02" is near enough to the point of a trend. */
const NEAR_SECONDS = 600;
const DAY = 86_400;

const NOW = /(?<![\w-])(?:now|currently|at the moment|at present|as of now)(?![\w-])/gi;
const CLOCK = /(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?/;
const AT_FIRST = new RegExp(`^\\W*(?:at|around) (${CLOCK.source})( ?(?:UTC|GMT|Z)\\b)?`, "i");
const AT_AFTER = new RegExp(`^[a-z ]{0,40}? (?:at|around) (${CLOCK.source})( ?(?:UTC|GMT|Z)\\b)?`, "i");
/** Each with what may also be said of one among several. */
const EXTREMES = [
  { said: /(?<![\w-])(?:peak(?:s|ed|ing)?|maximum)(?![\w-])/i, sign: 1, isOfLine: true },
  { said: /(?<![\w-])highest(?![\w-])/i, sign: 1, isOfLine: false },
  { said: /(?<![\w-])minimum(?![\w-])/i, sign: -1, isOfLine: true },
  { said: /(?<![\w-])lowest(?![\w-])/i, sign: -1, isOfLine: false },
] as const;

export type When = {
  /** Unix seconds of the turn. */
  readonly now: number;
  /** Seconds that the zone of the person is ahead of UTC. */
  readonly ahead: number;
};

/**
 * Whether a clause says another time of a claim than the value is of. `clause` has the claim at `at` (offsets in the clause), and
 * `others` where its other claims begin. `facts` are all of the turn.
 */
export function isOfAnotherTime(
  fact: Fact,
  clause: string,
  at: { readonly start: number; readonly end: number },
  others: readonly number[],
  facts: readonly Fact[],
  when: When | undefined,
): boolean {
  if (fact.at === undefined || when === undefined) return false;
  if (isSaidOfNow(clause, at, others) && when.now - fact.at > NOW_SECONDS) return true;
  const [, clock, zone] =
    (others.some((start) => start < at.start) ? null : AT_FIRST.exec(clause)) ??
    AT_AFTER.exec(clause.slice(at.end)) ??
    [];
  if (clock !== undefined && !isNear(fact.at, clock, zone === undefined ? when.ahead : 0)) return true;
  const line = facts.filter((one) => isOfSameLine(one, fact));
  const isTop = (list: readonly Fact[], sign: 1 | -1) =>
    !list.some(({ value }) => sign * value > sign * fact.value + 0.02 * Math.abs(fact.value));
  const moment = facts.filter((one) => one.query === fact.query && one.at === fact.at && one.family === fact.family);
  for (const { said, sign, isOfLine } of EXTREMES) {
    if (others.length > 0 || !said.test(clause) || isTop(line, sign)) continue;
    if (isOfLine || moment.length === 1 || !isTop(moment, sign)) return true;
  }
  return false;
}

function isOfSameLine(one: Fact, fact: Fact): boolean {
  return one.query === fact.query && one.labels === fact.labels && one.at !== undefined;
}

/** "Now" is said of the number before it, or of the first one where it stands ahead of all. */
function isSaidOfNow(clause: string, at: { readonly start: number }, others: readonly number[]): boolean {
  return [...clause.matchAll(NOW)].some(({ index }) => {
    const starts = [...others, at.start].sort((a, b) => a - b);
    return (starts.findLast((start) => start < index) ?? starts[0]) === at.start;
  });
}

/** Whether a moment is near a time of day, in UTC or in a zone so many seconds ahead of it. */
function isNear(at: number, clock: string, ahead: number): boolean {
  const [hours = 0, minutes = 0] = clock.split(":").map(Number);
  const said = hours * 3600 + minutes * 60;
  return [0, ahead].some((zone) => {
    const off = Math.abs(((((at + zone) % DAY) + DAY) % DAY) - said);
    return Math.min(off, DAY - off) <= NEAR_SECONDS;
  });
}
