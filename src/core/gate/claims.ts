import { plainOf } from "./clean.ts";
import { blankNames } from "./names.ts";
import { type Quantity, UNIT_SOURCE, unitCalled } from "./quantity.ts";
import { FACTOR_WORDS, NUMBER_WORDS, PART_WORDS, valueOfWords } from "./words.ts";

/**
 * One number that a sentence states. It may be read in several ways ("5m" is minutes, millions or thousandths of a core):
 * one of them has to be true.
 */
export type Claim = {
  /** As it stands in the plain text, unit included. */
  readonly text: string;
  /** Offsets in the plain text. */
  readonly start: number;
  readonly end: number;
  readonly readings: readonly (Quantity & {
    /** How far the true value may be from it: half of the last digit that is stated. */
    readonly within: number;
  })[];
  /** "about", "over", "under": how the number is meant to round. */
  readonly hedge: "about" | "over" | "under" | undefined;
};

type Found = {
  readonly start: number;
  readonly end: number;
  readonly value: number;
  /** The worth of its last stated digit. */
  readonly digit: number;
  readonly unit: string;
};

const COUNTED = "(?:k|thousand|million|bn|billion)";
const NUMBER = `(?:\\d{1,3}(?:[,'](?=\\d{3}(?!\\d))\\d{3})+(?:\\.\\d+)?|\\d{1,3}(?: (?=\\d{3}(?!\\d))\\d{3})+(?:\\.\\d+)?|\\d+(?:[.,]\\d+)?|\\.\\d+)(?:e[+-]?\\d{1,3})?`;
const STATED = new RegExp(
  `(?<sign>(?<![\\w)])[-+±]? ?)(?<before>[€$£×]|\\bx(?=\\d))? ?(?<number>${NUMBER})(?: ?(?<counted>${COUNTED})(?![a-z]))?(?: ?(?<unit>${UNIT_SOURCE}))?`,
  "gi",
);
const IN_WORDS = new RegExp(`\\b(?<number>${NUMBER_WORDS})\\b(?:[- ](?<unit>${UNIT_SOURCE}))?`, "gi");

/**
 * The numbers that a text states, in order. `plain` comes from `plainOf`, with what is no number (names, times, versions)
 * blanked out. Numbers in words and "twice", "half", "an hour" are numbers too.
 */
export function claimsIn(plain: string): readonly Claim[] {
  const found = [...inDigits(plain), ...inWords(plain)].sort((a, b) => a.start - b.start);
  const merged = lengthsOfTime(found, plain);
  const claims = merged.map((one, at) => claimOf(one, sharedUnit(merged, at, plain), plain));
  return [...claims, ...factorsIn(plain), ...partsIn(plain), ...singleTimes(plain)];
}

/** The numbers of a question, in every way that they can be read. */
export function quantitiesIn(text: string): readonly Quantity[] {
  return claimsIn(blankNames(plainOf(text), () => true).text).flatMap(({ readings }) =>
    readings.map(({ value, family }) => ({ value, family })),
  );
}

function inDigits(plain: string): Found[] {
  return [...plain.matchAll(STATED)].map((match) => {
    const { sign = "", before = "", number = "", counted = "", unit = "" } = match.groups!;
    const times = countedBy(counted);
    const size = sizeOf(number);
    const skipped = match[0].length - match[0].trimStart().length;
    return {
      start: match.index + skipped,
      end: match.index + match[0].trimEnd().length,
      value: (sign.trim() === "-" ? -1 : 1) * size.value * times,
      digit: size.digit * times,
      unit: unit.trim() === "" ? before : unit.trim(),
    };
  });
}

function inWords(plain: string): Found[] {
  return [...plain.matchAll(IN_WORDS)].flatMap((match) => {
    const { number = "", unit = "" } = match.groups!;
    const value = valueOfWords(number);
    // "this one", "one of them": no number unless it has a unit
    if (/^one$/i.test(number) && unit === "") return [];
    return [{ start: match.index, end: match.index + match[0].length, value, digit: 1, unit: unit.trim() }];
  });
}

/** "1,468", "1 468", "2.43", "2,43", "1e3" with the worth of the last digit. */
function sizeOf(number: string): { readonly value: number; readonly digit: number } {
  const [mantissa = "", exponent = "0"] = number.toLowerCase().split("e");
  const isGrouped = /^\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?$/.test(mantissa);
  const digits = isGrouped ? mantissa.replace(/[,' ]/g, "") : mantissa.replace(",", ".");
  const decimals = digits.split(".")[1]?.length ?? 0;
  const power = Number(exponent);
  return { value: Number(digits) * 10 ** power, digit: 10 ** (power - decimals) };
}

function countedBy(word: string): number {
  if (word === "") return 1;
  if (/^(?:k|thousand)$/i.test(word)) return 1e3;
  return /^million$/i.test(word) ? 1e6 : 1e9;
}

/** "2 d 4 h", "1 h and 5 min": one length of time. */
function lengthsOfTime(found: readonly Found[], plain: string): Found[] {
  const merged: Found[] = [];
  for (const one of found) {
    const last = merged.at(-1);
    const own = timeScale(one.unit);
    const before = last === undefined ? undefined : timeScale(last.unit);
    if (
      last !== undefined &&
      own !== undefined &&
      before !== undefined &&
      own < before &&
      one.value >= 0 &&
      /^(?:,? |, and | and )?$/.test(plain.slice(last.end, one.start))
    )
      merged[merged.length - 1] = {
        start: last.start,
        end: one.end,
        value: last.value * before + one.value * own,
        digit: one.digit * own,
        unit: "s",
      };
    else merged.push(one);
  }
  return merged;
}

function timeScale(unit: string): number | undefined {
  const scale = unitCalled(unit);
  return scale?.family === "time" ? scale.factors[0] : undefined;
}

/** "from 0.4 to 2.43 s", "5-10 ms": the unit of the second is that of the first too. */
function sharedUnit(found: readonly Found[], at: number, plain: string): string {
  const own = found[at]!;
  const next = found[at + 1];
  if (own.unit !== "" || next === undefined || next.unit === "") return "";
  return /^ ?(?:-|to|and|or|vs\.?|versus|,|\/|->|→|up to|, then) ?$/.test(plain.slice(own.end, next.start))
    ? next.unit
    : "";
}

/** What is counted follows: "9 replicas", "4 slow queries". */
const COUNTED_THING =
  /^ (?:(?!(?:is|was|as|has|vs|of|to|and|or|in|on|at|for|this|times)\b)[a-z-]+ )?(?!(?:is|was|as|has|its|this|vs|times)\b)[a-z-]{2,}s\b/i;

function claimOf(one: Found, borrowed: string, plain: string): Claim {
  const { start, end, value, digit } = one;
  const hedge = hedgeBefore(plain.slice(Math.max(0, start - 24), start));
  // "about 1,500": the zeros only hold the place
  const place =
    hedge === undefined || value === 0 || !Number.isInteger(value / digit) ? digit : wholePlace(value, digit);
  const within = hedge === "over" || hedge === "under" ? place : place / 2;
  const counts = one.unit === "" && COUNTED_THING.test(plain.slice(end));
  const own = counts ? [{ family: "count" as const, factors: [1] }] : scalesOf(one.unit);
  const readings = [...own, ...(borrowed === "" ? [] : scalesOf(borrowed))].flatMap(({ family, factors }) =>
    factors.map((factor) => ({ value: value * factor, family, within: within * factor })),
  );
  return { text: plain.slice(start, end), start, end, readings, hedge };
}

function scalesOf(
  unit: string,
): readonly { readonly family: Quantity["family"]; readonly factors: readonly number[] }[] {
  if (unit === "") return [{ family: "plain", factors: [1] }];
  // minutes, millions, thousandths of a core
  if (/^m$/.test(unit))
    return [
      { family: "time", factors: [60] },
      { family: "plain", factors: [1e6] },
      { family: "cores", factors: [1e-3] },
    ];
  // "6 times the usual", "restarted 6 times"
  if (/^times$/i.test(unit))
    return [
      { family: "factor", factors: [1] },
      { family: "count", factors: [1] },
    ];
  const scale = unitCalled(unit);
  return [scale ?? { family: "plain", factors: [1] }];
}

/** The worth of the last digit that is no zero: 100 in 1,500. */
function wholePlace(value: number, digit: number): number {
  let place = digit;
  while (Math.round(Math.abs(value) / place) % 10 === 0) place *= 10;
  return place;
}

function hedgeBefore(before: string): Claim["hedge"] {
  const found =
    /(?:^|[\s(])(about|around|roughly|approximately|approx\.?|circa|some|~|≈|over|above|more than|at least|exceed(?:s|ed|ing)?|beyond|under|below|less than|fewer than|nearly|almost|close to|up to|just under|just over) ?(?:the )?[-+]?$/i.exec(
      before,
    )?.[1];
  if (found === undefined) return undefined;
  if (/^(?:over|above|more than|at least|exceed\w*|beyond|just over)$/i.test(found)) return "over";
  if (/^(?:under|below|less than|fewer than|nearly|almost|up to|just under)$/i.test(found)) return "under";
  return "about";
}

function factorsIn(plain: string): Claim[] {
  const words = new RegExp(`\\b(${Object.keys(FACTOR_WORDS).join("|")})\\b`, "gi");
  return [...plain.matchAll(words)].map((match) => roughly(match, FACTOR_WORDS[match[1]!.toLowerCase()]!, "factor"));
}

function partsIn(plain: string): Claim[] {
  const claims: Claim[] = [];
  for (const [pattern, value] of PART_WORDS) {
    for (const match of plain.matchAll(new RegExp(pattern, "gi"))) {
      if (/^half$/i.test(match[0]) && /^ an hour\b/i.test(plain.slice(match.index + 4)))
        claims.push(roughly(match, 1800, "time"));
      else {
        const claim = roughly(match, value, "ratio");
        claims.push({ ...claim, readings: [...claim.readings, { value, family: "factor", within: value / 10 }] });
      }
    }
  }
  return claims;
}

const SINGLE_TIME =
  /\b(?:for|past|last|previous|next|within|in|after|over) (?:about |around |almost |nearly |over )?(?:an? )?(hour|day|week|minute|month)\b|\ban? (hour|day|week|minute|month) (?:ago|later|earlier|before)\b/gi;

/** "an hour ago", "in the last day": one of that length. */
function singleTimes(plain: string): Claim[] {
  return [...plain.matchAll(SINGLE_TIME)].map((match) =>
    roughly(match, unitCalled(match[1] ?? match[2] ?? "")?.factors[0] ?? 0, "time"),
  );
}

function roughly(match: RegExpExecArray, value: number, family: Quantity["family"]): Claim {
  return {
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
    readings: [{ value, family, within: value / 10 }],
    hedge: "about",
  };
}
