import { plainOf } from "./clean.ts";
import { blankNames } from "./names.ts";
import { hedgeBefore, partsIn, sharesOf } from "./parts.ts";
import { type Quantity, UNIT_SOURCE, unitCalled } from "./quantity.ts";
import { NUMBER_WORDS, valueOfWords } from "./words.ts";

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
  /** The number without its unit, for a value whose unit nobody told. */
  readonly bare?: { readonly value: number; readonly within: number };
  /** "about", "over", "under": how the number is meant to round. */
  readonly hedge: "about" | "over" | "under" | undefined;
};

/** A number with its unit as it is written. */
export type Found = {
  readonly start: number;
  readonly end: number;
  readonly value: number;
  /** The worth of its last stated digit. */
  readonly digit: number;
  readonly unit: string;
};

const COUNTED = "(?:k|m(?=/)|mio|thousand|million|bn|billion)";
const NUMBER = `(?:\\d{1,3}(?:[,'](?=\\d{3}(?!\\d))\\d{3})+(?:\\.\\d+)?|\\d{1,3}(?: (?=\\d{3}(?!\\d))\\d{3})+(?:\\.\\d+)?|\\d+(?:[.,]\\d+)?|\\.\\d+)(?:e[+-]?\\d{1,3})?`;
const STATED = new RegExp(
  `(?<sign>(?<![\\w)])[-+±]?|(?<=\\d(?:w|d|h|m|min)))(?:(?<before>[€$£×]|\\bx(?=\\d)) ?)?(?<number>${NUMBER})(?: ?(?<counted>${COUNTED})(?![a-z]))?(?<half> and a half)?(?:[ -]?(?<unit>${UNIT_SOURCE}))?`,
  "gi",
);
const IN_WORDS = new RegExp(`\\b(?<number>${NUMBER_WORDS})\\b(?:[- ](?<unit>${UNIT_SOURCE}))?`, "gi");

/**
 * The numbers that a text states, in order. `plain` comes from `plainOf`, with what is no number (names, times, versions)
 * blanked out. Numbers in words and "twice", "half", "an hour" are numbers too.
 */
export function claimsIn(plain: string): readonly Claim[] {
  const digits = inDigits(plain);
  // not the half of "14 and a half minutes"
  const parts = partsIn(plain).filter(({ start }) => !digits.some((one) => one.start < start && start < one.end));
  const taken = [...parts, ...digits];
  const words = inWords(plain).filter((one) => !taken.some(({ start, end }) => start < one.end && one.start < end));
  const found = [...digits, ...words]
    .filter((one) => !parts.some(({ start, end }) => start <= one.start && one.end <= end))
    .sort((a, b) => a.start - b.start);
  const merged = lengthsOfTime(found, plain);
  const shares = sharesOf(merged, plain);
  const claims = merged.map((one, at) => {
    const claim = claimOf(one, sharedUnits(merged, at, plain), plain);
    const { readings = [], hedge } = shares[at] ?? {};
    return { ...claim, readings: [...claim.readings, ...readings], hedge: claim.hedge ?? hedge };
  });
  return [...claims, ...parts];
}

/** The numbers of a question, in every way that they can be read. */
export function quantitiesIn(text: string): readonly Quantity[] {
  return claimsIn(blankNames(plainOf(text), () => true).text).flatMap(({ readings }) =>
    readings.map(({ value, family }) => ({ value, family })),
  );
}

/** Numbers of one sentence. What has more is no sentence; the rest counts as digits that cannot be checked. */
const MOST_NUMBERS = 100;

function inDigits(plain: string): Found[] {
  return [...plain.matchAll(STATED).take(MOST_NUMBERS)].map((match) => {
    const { sign = "", before = "", number = "", counted = "", half, unit = "" } = match.groups!;
    const isKelvin = counted === "K" && unit === "" && /\d K$/.test(match[0]);
    const times = isKelvin ? 1 : countedBy(counted);
    const size = sizeOf(number);
    const skipped = match[0].length - match[0].trimStart().length;
    return {
      start: match.index + skipped,
      end: match.index + match[0].trimEnd().length,
      value: (sign.trim() === "-" ? -1 : 1) * (size.value + (half === undefined ? 0 : 0.5)) * times,
      digit: (half === undefined ? size.digit : 0.5) * times,
      unit: isKelvin ? "K" : unit.trim() === "" ? before : unit.trim(),
    };
  });
}

function inWords(plain: string): Found[] {
  return [...plain.matchAll(IN_WORDS).take(MOST_NUMBERS)].flatMap((match) => {
    const { number = "", unit = "" } = match.groups!;
    const value = valueOfWords(number);
    // "this one", "one of them": no number unless it has a unit, or is one in so many
    if (/^one$/i.test(number) && unit === "" && !ONE_IN.test(plain.slice(match.index))) return [];
    return [{ start: match.index, end: match.index + match[0].length, value, digit: 1, unit: unit.trim() }];
  });
}

const ONE_IN = new RegExp(`^one (?:in|out of) (?:every )?(?:\\d|(?:${NUMBER_WORDS})\\b)`, "i");

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
  return /^m(?:io|illion)?$/i.test(word) ? 1e6 : 1e9;
}

/** "2 d 4 h", "1 h and 5 min": one length of time. */
function lengthsOfTime(found: readonly Found[], plain: string): Found[] {
  const merged: Found[] = [];
  let before: number | undefined;
  for (const one of found) {
    const last = merged.at(-1);
    const own = timeScale(one.unit);
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
        value: last.value * (timeScale(last.unit) ?? 1) + one.value * own,
        digit: one.digit * own,
        unit: "s",
      };
    else merged.push(one);
    before = own;
  }
  return merged;
}

function timeScale(unit: string): number | undefined {
  const scale = unitCalled(unit);
  return scale?.family === "time" ? scale.factors[0] : undefined;
}

const CONNECTED =
  /^ ?(?:-|to|and|or|of(?: the)?|out of(?: the)?|against|vs\.?|versus|,|\/|->|→|up to|up from|down from|, then) ?$/;

/** "from 0.4 to 2.43 s", "5-10 ms", "55 minutes; 43 were allowed": a number without a unit may have that of its neighbours. */
function sharedUnits(found: readonly Found[], at: number, plain: string): readonly string[] {
  const own = found[at]!;
  if (own.unit !== "") return [];
  let after = at;
  while (found[after + 1] !== undefined && found[after]!.unit === "") {
    if (!CONNECTED.test(plain.slice(found[after]!.end, found[after + 1]!.start))) break;
    after++;
  }
  const before = found.slice(0, at).findLast(({ unit }) => unit !== "")?.unit;
  return [found[after]!.unit, before ?? ""].filter((unit) => unit !== "");
}

/** What is counted follows: "9 replicas", "4 slow queries". */
const COUNTED_THING =
  /^ (?:(?!(?:is|was|as|has|vs|of|to|and|or|in|on|at|for|this|times)\b)[a-z-]+ )?(?!(?:is|was|as|has|its|this|vs|times)\b)[a-z-]{2,}s\b/i;

function claimOf(one: Found, borrowed: readonly string[], plain: string): Claim {
  const { start, end, value, digit } = one;
  const hedge = hedgeBefore(plain.slice(Math.max(0, start - 24), start));
  // "about 1,500": the zeros only hold the place
  const place =
    hedge === undefined || value === 0 || !Number.isInteger(value / digit) ? digit : wholePlace(value, digit);
  const within = hedge === "over" || hedge === "under" ? place : place / 2;
  const counts = one.unit === "" && COUNTED_THING.test(plain.slice(end));
  const own = counts ? [{ family: "count" as const, factors: [1] }] : scalesOf(one.unit, plain.slice(end));
  const shared = counts ? [] : borrowed.flatMap((unit) => scalesOf(unit, ""));
  const readings = [...own, ...shared].flatMap(({ family, factors, offset = 0 }) =>
    factors.map((factor) => ({ value: value * factor + offset, family, within: within * factor })),
  );
  return { text: plain.slice(start, end), start, end, readings, bare: { value, within }, hedge };
}

type Reading = {
  readonly family: Quantity["family"];
  readonly factors: readonly number[];
  readonly offset?: number;
};

/** "5 × HighLatency", its name blanked out or not, and not "5 × the usual". */
const COUNTED_BY_TIMES =
  /^(?: {3}| ?(?!(?:the|as|more|less|higher|lower|slower|faster|worse|better|larger|smaller|bigger|longer|what|its|that|their|usual|normal|baseline|in|on|at|since|over|than|and|or|to|of|increase|rise)\b)[a-z])/i;

/** What a unit may mean, with what follows it. */
function scalesOf(unit: string, after: string): readonly Reading[] {
  if (unit === "") return [{ family: "plain", factors: [1] }];
  // minutes, millions, thousandths of a core
  if (unit === "m")
    return [
      { family: "time", factors: [60] },
      { family: "plain", factors: [1e6] },
      { family: "cores", factors: [1e-3] },
    ];
  // "1.25M messages", "512M of memory"
  const large = ["M", "G", "T"].indexOf(unit);
  if (large >= 0)
    return [
      { family: "plain", factors: [1000 ** (large + 2)] },
      { family: "bytes", factors: [1000 ** (large + 2), 1024 ** (large + 2)] },
    ];
  // a difference of 15 kelvin, or thousands
  if (unit === "K")
    return [
      { family: "celsius", factors: [1] },
      { family: "plain", factors: [1000] },
    ];
  // "6 times the usual", "restarted 6 times"
  if (/^times$/i.test(unit) || (/^[×x]$/i.test(unit) && COUNTED_BY_TIMES.test(after)))
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
