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
  /** Added after the factor: a degree Fahrenheit has another zero. */
  readonly offset?: number;
};

const scale = (family: Family, ...factors: readonly number[]): Scale => ({ family, factors });

const SIZES = ["k", "m", "g", "t", "p"];

/** "MB" is 1000² to some and 1024² to others: both are meant. A bit is an eighth of a byte. */
const BYTES: readonly (readonly [RegExp, Scale])[] = SIZES.flatMap((size, at) => [
  [new RegExp(`^${size}ib?$`, "i"), scale("bytes", 1024 ** (at + 1))] as const,
  [new RegExp(`^${size}b$`, "i"), scale("bytes", 1000 ** (at + 1), 1024 ** (at + 1))] as const,
  [new RegExp(`^${size}bits?$`, "i"), scale("bytes", 1000 ** (at + 1) / 8)] as const,
]);

const NAMED_SIZES: readonly (readonly [RegExp, Scale])[] = ["ki", "me", "gi", "te", "pe"].flatMap((name, at) => [
  [new RegExp(`^${name}bibytes?$`, "i"), scale("bytes", 1024 ** (at + 1))] as const,
  [new RegExp(`^${name}(?:lo|ga|ra|ta)bytes?$`, "i"), scale("bytes", 1000 ** (at + 1), 1024 ** (at + 1))] as const,
  [new RegExp(`^${name}(?:lo|ga|ra|ta)bits?$`, "i"), scale("bytes", 1000 ** (at + 1) / 8)] as const,
]);

const PER = "(?:(?<!\\b(?:in|within|for|over|after|about|once|than)) (?:per|an?|each|every) | ?/ ?)";
const PERIODS: readonly (readonly [source: string, seconds: number])[] = [
  ["(?:s|sec|second)", 1],
  ["(?:min|minute)", 60],
  ["(?:h|hr|hour)", 3600],
  ["(?:d|day)", 86_400],
];

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
  [/^fortnights?$/i, scale("time", 1_209_600)],
  [/^months?$/i, scale("time", 30 * 86_400, 30.44 * 86_400)],
  [/^years?$/i, scale("time", 365 * 86_400, 365.25 * 86_400)],
  [/^(?:b|bytes?)$/i, scale("bytes", 1)],
  [/^bits?$/i, scale("bytes", 1 / 8)],
  ...BYTES,
  ...NAMED_SIZES,
  [/^m$/i, scale("time", 60)],
  [/^(?:cores?|v?cpus?)$/i, scale("cores", 1)],
  [/^millicores?$/i, scale("cores", 1e-3)],
  [/^(?:°\s?c|celsius|degrees?(?: celsius)?|°)$/i, scale("celsius", 1)],
  [/^(?:°\s?f|(?:degrees? )?fahrenheit)$/i, { ...scale("celsius", 5 / 9), offset: -160 / 9 }],
  [/^(?:€|\$|£|euros?|dollars?|pounds?|usd|eur|gbp)$/i, scale("money", 1)],
  [/^(?:×|x|times|[- ]?fold)$/i, scale("factor", 1)],
  [/^(?:r|q|t|p|e|io)ps$/i, scale("rate", 1)],
  [/^[rt]pm$/i, scale("rate", 1 / 60)],
];

/** Mbps and Gb/s are bits, MB/s is bytes; mbps can be both. */
const BITS = /^[KMGTP]b(?:ps|\/s)$/;
const BITS_OR_BYTES = /^[kmgtp]bps$/;

/** What a unit as it is written means. Undefined for a word that is none. `text` without spaces around it. */
export function unitCalled(text: string): Scale | undefined {
  return UNITS.find(([pattern]) => pattern.test(text))?.[1] ?? rateCalled(text.replace(/(?<=b)ps$/i, "/s"), text);
}

/** "req/s", "messages per minute", "GB an hour", "Mbps". */
function rateCalled(text: string, written: string): Scale | undefined {
  for (const [source, seconds] of PERIODS) {
    const match = new RegExp(`^(?<what>.*?)${PER}${source}$`, "i").exec(` ${text}`);
    if (match === null) continue;
    const what = match.groups!.what!.trim();
    const size = what === "" ? undefined : UNITS.find(([pattern]) => pattern.test(what))?.[1];
    if (size?.family !== "bytes") return scale("rate", 1 / seconds);
    const bytes = size.factors.map((factor) => factor / seconds);
    if (BITS.test(written)) return scale("bytes/s", bytes[0]! / 8);
    return scale("bytes/s", ...bytes, ...(BITS_OR_BYTES.test(written) ? [bytes[0]! / 8] : []));
  }
  return undefined;
}

/** All that may follow a number as its unit, for a larger pattern; the longest first. */
export const UNIT_SOURCE = [
  `(?:(?:[a-z]{1,20} ){0,2}[a-z]{1,20})?${PER}(?:${PERIODS.map(([source]) => source).join("|")})(?![a-z]| (?:ago|later|earlier|before)\\b)`,
  "(?:percentage points?|percent|per cent|pct)(?![a-z])",
  "[%‰]",
  "(?:nanoseconds?|microseconds?|milliseconds?|millis|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|fortnights?|months?|years?)(?![a-z])",
  "(?:kilo|mega|giga|tera|peta|kibi|mebi|gibi|tebi|pebi)?(?:bytes?|bits?)(?![a-z])",
  "(?:[kmgtp]i?)?b(?:its?|ps)?(?![a-z])",
  "(?:ns|us|µs|μs|ms|[rqtpe]ps|iops|[rt]pm|pp|s|h|d|w|m|[gt]|[kmgtp]i)(?![a-z])",
  "(?:millicores?|cores?|v?cpus?)(?![a-z])",
  "(?:°\\s?[cf]|celsius|(?:degrees? )?fahrenheit|degrees?(?: celsius)?|°)(?![a-z])",
  "(?:×|x(?![a-z])|times(?![a-z])|[- ]?fold(?![a-z]))",
  "(?:€|\\$|£|(?:euros?|dollars?|pounds?|usd|eur|gbp)(?![a-z]))",
].join("|");
