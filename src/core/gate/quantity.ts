import type { Unit } from "../units.ts";

/** What a number counts: only numbers of one family can be the same. Values are in the family's base unit. */
export type Family =
  | "ratio"
  | "time"
  | "bytes"
  | "bytes/s"
  | "rate"
  | "cores"
  | "celsius"
  | "money"
  /** How many times as much: "×6", "twice". */
  | "factor"
  /** How many of something. */
  | "count"
  /** A number whose unit nobody told. */
  | "plain";

/** `value` is in seconds, bytes, bytes a second, events a second, cores, °C, 0–1 (ratio), or as it is. */
export type Quantity = { readonly value: number; readonly family: Family };

/** A value of a unit as a quantity. Undefined for a moment in time, which is no number here. */
export function quantityOf(value: number, unit: Unit): Quantity | undefined {
  switch (unit) {
    case "ratio":
      return { value, family: "ratio" };
    case "seconds":
      return { value, family: "time" };
    case "milliseconds":
      return { value: value / 1000, family: "time" };
    case "bytes":
      return { value, family: "bytes" };
    case "bytes/s":
      return { value, family: "bytes/s" };
    case "per_s":
      return { value, family: "rate" };
    case "per_min":
      return { value: value / 60, family: "rate" };
    case "per_hour":
      return { value: value / 3600, family: "rate" };
    case "cores":
      return { value, family: "cores" };
    case "celsius":
      return { value, family: "celsius" };
    case "money":
      return { value, family: "money" };
    case "count":
    case "bool":
      return { value, family: "count" };
    case "none":
      return { value, family: "plain" };
    case "timestamp":
      return undefined;
  }
}

type Scale = {
  readonly family: Family /** To the base unit. More than one where the unit is ambiguous. */;
  readonly factors: readonly number[];
};

const scale = (family: Family, ...factors: readonly number[]): Scale => ({ family, factors });

const SIZES = ["k", "m", "g", "t", "p"];

/** "MB" is 1000² to some and 1024² to others: both are meant. */
function sizes(family: Family, tail: string): readonly (readonly [RegExp, Scale])[] {
  return SIZES.flatMap((size, at) => [
    [new RegExp(`^${size}i${tail}$`, "i"), scale(family, 1024 ** (at + 1))] as const,
    [new RegExp(`^${size}${tail}$`, "i"), scale(family, 1000 ** (at + 1), 1024 ** (at + 1))] as const,
  ]);
}

const NAMED_SIZES: readonly (readonly [RegExp, Scale])[] = ["kilo", "mega", "giga", "tera", "peta"].map(
  (name, at) => [new RegExp(`^${name}bytes?$`, "i"), scale("bytes", 1000 ** (at + 1), 1024 ** (at + 1))] as const,
);

const PER_SECOND = "(?:/ ?s(?:ec(?:ond)?)?|ps| (?:per|a|each|every) second)";
const PER_MINUTE = "(?:/ ?min(?:ute)?|pm| (?:per|a|each|every) minute)";
const PER_HOUR = "(?:/ ?h(?:our)?| (?:per|an|each|every) hour)";
const PER_DAY = "(?:/ ?d(?:ay)?| (?:per|a|each|every) day)";

/** Units as they follow a number, the more telling first. */
const UNITS: readonly (readonly [RegExp, Scale])[] = [
  [/^(?:%|percent|per cent|pct|percentage points?|pp)$/i, scale("ratio", 0.01)],
  [/^‰$/, scale("ratio", 0.001)],
  [/^(?:ns|nanoseconds?)$/i, scale("time", 1e-9)],
  [/^(?:us|µs|μs|microseconds?)$/i, scale("time", 1e-6)],
  [/^(?:ms|millis|milliseconds?)$/i, scale("time", 1e-3)],
  [/^(?:s|secs?|seconds?)$/i, scale("time", 1)],
  [/^(?:mins?|minutes?)$/i, scale("time", 60)],
  [/^(?:h|hrs?|hours?)$/i, scale("time", 3600)],
  [/^(?:d|days?)$/i, scale("time", 86_400)],
  [/^(?:w|weeks?)$/i, scale("time", 604_800)],
  [/^months?$/i, scale("time", 30 * 86_400, 30.44 * 86_400)],
  [/^years?$/i, scale("time", 365 * 86_400, 365.25 * 86_400)],
  [/^(?:b|bytes?)$/i, scale("bytes", 1)],
  ...sizes("bytes", "b"),
  ...NAMED_SIZES,
  [/^(?:b|bytes?)(?:\/s|ps| per second)$/i, scale("bytes/s", 1)],
  ...sizes("bytes/s", "b(?:\\/s|ps| per second)"),
  [/^m$/i, scale("time", 60)],
  [/^(?:cores?|v?cpus?)$/i, scale("cores", 1)],
  [/^millicores?$/i, scale("cores", 1e-3)],
  [/^(?:°\s?c|celsius|degrees?(?: celsius)?|°)$/i, scale("celsius", 1)],
  [/^(?:€|\$|£|euros?|dollars?|pounds?|usd|eur|gbp)$/i, scale("money", 1)],
  [/^(?:×|x|times|[- ]?fold)$/i, scale("factor", 1)],
  [new RegExp(`^(?:[a-z]+ ?)?${PER_SECOND}$|^(?:rps|qps)$`, "i"), scale("rate", 1)],
  [new RegExp(`^(?:[a-z]+ ?)?${PER_MINUTE}$`, "i"), scale("rate", 1 / 60)],
  [new RegExp(`^(?:[a-z]+ ?)?${PER_HOUR}$`, "i"), scale("rate", 1 / 3600)],
  [new RegExp(`^(?:[a-z]+ ?)?${PER_DAY}$`, "i"), scale("rate", 1 / 86_400)],
];

/** What a unit as it is written means. Undefined for a word that is none. `text` without spaces around it. */
export function unitCalled(text: string): Scale | undefined {
  return UNITS.find(([pattern]) => pattern.test(text))?.[1];
}

/** All that may follow a number as its unit, for a larger pattern; the longest first. */
export const UNIT_SOURCE = [
  `(?:[a-z]{1,20} ?)?(?:${PER_SECOND}|${PER_MINUTE}|${PER_HOUR}|${PER_DAY})(?![a-z])`,
  "(?:percentage points?|percent|per cent|pct)(?![a-z])",
  "[%‰]",
  "(?:nanoseconds?|microseconds?|milliseconds?|millis|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)(?![a-z])",
  "(?:kilo|mega|giga|tera|peta)?bytes?(?: per second)?(?![a-z])",
  "(?:[kmgtp]i?)?b(?:/s|ps)?(?![a-z])",
  "(?:ns|us|µs|μs|ms|rps|qps|pp|s|h|d|w|m)(?![a-z])",
  "(?:millicores?|cores?|v?cpus?)(?![a-z])",
  "(?:°\\s?c|celsius|degrees?(?: celsius)?|°)(?![a-z])",
  "(?:×|x(?![a-z])|times(?![a-z])|[- ]?fold(?![a-z]))",
  "(?:€|\\$|£|(?:euros?|dollars?|pounds?|usd|eur|gbp)(?![a-z]))",
].join("|");
