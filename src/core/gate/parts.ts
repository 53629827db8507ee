import type { Claim, Found } from "./claims.ts";
import { type Quantity, unitCalled } from "./quantity.ts";
import {
  EVERY_NTH,
  FACTOR_WORDS,
  MAGNITUDES,
  NINES,
  PART_WORDS,
  smallNumber,
  valueOfNth,
  valueOfPart,
  valueOfWords,
} from "./words.ts";

/** Numbers that are said as a part or a multiple of something, and the words before a number that tell how it is rounded. */

/** How the number after this text is meant to round. */
export function hedgeBefore(before: string): Claim["hedge"] {
  const found =
    /(?:^|[\s(])(about|around|roughly|approximately|approx\.?|circa|some|~|≈|over|above|more than|greater than|higher than|longer than|at least|exceed(?:s|ed|ing)?|in excess of|upwards of|north of|beyond|under|below|less than|fewer than|lower than|nearly|almost|not quite|(?:just )?shy of|close to|near|effectively|practically|virtually|essentially|up to) ?(?:the |an? )?[-+]?$/i.exec(
      before,
    )?.[1];
  if (found === undefined) return undefined;
  if (
    /^(?:over|above|(?:more|greater|higher|longer) than|at least|exceed\w*|in excess of|upwards of|north of|beyond)$/i.test(
      found,
    )
  )
    return "over";
  if (/^(?:under|below|(?:less|fewer|lower) than|nearly|almost|not quite|(?:just )?shy of|up to)$/i.test(found))
    return "under";
  return "about";
}

const TIME = "second|minute|hour|day|week|month|year";
const PART_OF_UNIT = new RegExp(
  `\\b(?<part>${PART_WORDS})(?: of)?(?: an? |[- ])(?<unit>${TIME}|core|percent|degree|(?:kilo|mega|giga|tera)byte|thousand|million|billion)\\b`,
  "gi",
);
const UNIT_AND_PART = new RegExp(
  `\\b(?:an?|one) (?<unit>${TIME}) and (?<part>a half|a quarter|three quarters)\\b`,
  "gi",
);
const SINGLE_TIME =
  /\b(?:for|past|last|previous|next|within|in|after|over) (?:about |around |almost |nearly |over )?(?:an? )?(hour|day|week|fortnight|minute|month|year)\b|\ban? (hour|day|week|fortnight|minute|month|year) (?:ago|later|earlier|before)\b/gi;

type Reading = Claim["readings"][number];

/** The numbers in "half", "three quarters of an hour", "twice", "an order of magnitude", "three nines", "an hour ago". */
export function partsIn(plain: string): Claim[] {
  const claims: Claim[] = [];
  const add = (match: RegExpExecArray, readings: readonly Reading[], own?: Claim["hedge"]) => {
    const [start, end] = [match.index, match.index + match[0].length];
    if (claims.some((one) => one.start < end && start < one.end)) return;
    claims.push({
      text: match[0],
      start,
      end,
      readings,
      hedge: own ?? hedgeBefore(plain.slice(Math.max(0, start - 24), start)) ?? "about",
    });
  };
  for (const match of plain.matchAll(UNIT_AND_PART)) {
    const { unit = "", part = "" } = match.groups!;
    const more = /half/i.test(part) ? 0.5 : valueOfPart(part);
    add(match, [rough((1 + more) * (unitCalled(unit)?.factors[0] ?? 0), "time")]);
  }
  for (const match of plain.matchAll(PART_OF_UNIT)) {
    const { unit = "", part = "" } = match.groups!;
    const { family, factors } = unitCalled(unit) ?? { family: "plain" as const, factors: [valueOfWords(unit)] };
    add(
      match,
      factors.map((factor) => rough(valueOfPart(part) * factor, family)),
    );
  }
  for (const match of plain.matchAll(NINES)) {
    const off = 10 ** -smallNumber(match[1]!);
    add(match, [{ value: 1 - off, family: "ratio", within: isBound(plain, match.index) ? off : off * 1e-6 }]);
  }
  for (const match of plain.matchAll(MAGNITUDES))
    add(match, [rough(10 ** (/^an?$/i.test(match[1]!) ? 1 : smallNumber(match[1]!)), "factor")]);
  for (const match of plain.matchAll(EVERY_NTH)) add(match, [rough(1 / valueOfNth(match[1]!), "ratio")]);
  for (const match of plain.matchAll(new RegExp(`\\b${PART_WORDS}\\b`, "gi"))) {
    const value = valueOfPart(match[0]);
    // "more than half" says less than a number does
    const within = isBound(plain, match.index) ? BOUND_OF_PART : PART_WITHIN * value;
    add(match, [{ value, family: "ratio", within }, rough(value, "factor")]);
  }
  for (const match of plain.matchAll(new RegExp(`\\b(${Object.keys(FACTOR_WORDS).join("|")})\\b`, "gi")))
    add(match, [rough(FACTOR_WORDS[match[1]!.toLowerCase()]!, "factor")]);
  for (const match of plain.matchAll(SINGLE_TIME)) {
    const value = unitCalled(match[1] ?? match[2] ?? "")?.factors[0] ?? 0;
    const isLimit = /^within/i.test(match[0]);
    add(match, [{ value, family: "time", within: value / (isLimit ? 3 : 10) }], isLimit ? "under" : undefined);
  }
  return claims;
}

/** "Half" is 46 % to 54 %. */
const PART_WITHIN = 0.08;
/** "More than half" is no more than 60 %. */
const BOUND_OF_PART = 0.1;

function isBound(plain: string, start: number): boolean {
  const hedge = hedgeBefore(plain.slice(Math.max(0, start - 24), start));
  return hedge === "over" || hedge === "under";
}

function rough(value: number, family: Quantity["family"]): Reading {
  return { value, family, within: value / 10 };
}

const IN_SO_MANY = /^ (?:out of|in|of|per)(?: every| each)? $|^\/$/;
/** What is counted so often that a share says it. How many hosts or replicas there are, a query has to tell. */
const EVENTS =
  "(?:requests?|calls?|quer(?:y|ies)|lookups?|responses?|messages?|attempts?|users?|packets?|logins?|orders?|jobs?|transactions?|operations?|reads?|writes?|commands?|visits?|views?|sessions?|builds?|events?|checks?|tests?|e?mails?|samples?)";
const SO_MANY_OF = new RegExp(`^ (?:[a-z]+ )?${EVENTS},? (?:only |about |around |roughly |some |~ ?)?$`, "i");
const OF_EVENTS = new RegExp(
  `^ (?:[a-z]+ )?(?:${EVENTS}|fails?|failed|succeeds?|misses|errors?)\\b|^ ?[.,;:!)]|^$`,
  "i",
);

/** "7 of 8", "one in ten", "of 1,000 requests about 37": each of the two may be said because the share is true. */
export function sharesOf(
  found: readonly Found[],
  plain: string,
): readonly (Pick<Claim, "readings" | "hedge"> | undefined)[] {
  const shares: (Pick<Claim, "readings" | "hedge"> | undefined)[] = found.map(() => undefined);
  for (const [at, one] of found.entries()) {
    const next = found[at + 1];
    if (next === undefined || one.unit !== "" || next.unit !== "") continue;
    const between = plain.slice(one.end, next.start);
    const isAhead =
      isPowerOfTen(one.value) && /\bof (?:every )?$/i.test(plain.slice(0, one.start)) && SO_MANY_OF.test(between);
    const [part, whole] = isAhead ? [next, one] : [one, next];
    if (!isAhead && !(IN_SO_MANY.test(between) && OF_EVENTS.test(plain.slice(next.end)))) continue;
    if (part.value <= 0 || whole.value < 2 || part.value > whole.value) continue;
    const value = part.value / whole.value;
    const hedge = hedgeBefore(plain.slice(Math.max(0, part.start - 24), part.start));
    const precise = isPowerOfTen(whole.value) ? part.digit / 2 / whole.value : value / 20;
    const within = hedge === "over" || hedge === "under" ? value / 5 : precise;
    const share = { readings: [{ value, family: "ratio" as const, within }], hedge };
    shares[at] = share;
    shares[at + 1] = share;
  }
  return shares;
}

function isPowerOfTen(value: number): boolean {
  return value >= 10 && Number.isInteger(Math.log10(value));
}
