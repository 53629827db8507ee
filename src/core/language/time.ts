import { safeZone } from "../zone.ts";
import { COMPARE_TALK, COMPARISONS, FUTURE_TALK, FUTURES, OFFSETS } from "./time/ahead.ts";
import { BLANK, fold } from "./time/fold.ts";
import { DAY, DAY_SIGN } from "./time/moment.ts";
import { MOMENTS, PAST } from "./time/past.ts";
import { SCHEDULES } from "./time/schedule.ts";
import type { Rule, TimeExpression } from "./time/types.ts";
import { LENGTH, LENGTH_SIGN } from "./time/words.ts";

export type { TimeExpression } from "./time/types.ts";

/**
 * Every mention of time in a question, in six languages, in order and without overlap. `now` is unix seconds, `zone` the
 * asker's IANA zone (UTC when Intl doesn't know it). Never throws. Only rules of our own: chrono-node reads English "since
 * Monday" as the coming one and "last night" as one moment, and costs 0.3 s to load.
 */
export function readTimes(text: string, now: number, zone: string): TimeExpression[] {
  if (!Number.isFinite(now)) return [];
  const folded = fold(text);
  const context = { now, zone: safeZone(zone), future: FUTURE_TALK.test(folded.text), text: folded.text };
  let rest = folded.text;
  // German "hier" is a place, French "hier" a day.
  if (GERMAN.test(rest)) rest = rest.replace(/\bhier\b/g, BLANK.repeat(4));
  const found: TimeExpression[] = [];
  const stands = signsIn(rest);
  const absent = PARTS.filter(({ sign }) => !stands(sign));
  for (const rule of COMPARE_TALK.test(rest) ? [...BEFORE_REST, ...COMPARISONS, ...REST] : ALL) {
    if (rule.signs?.every(stands) === false) continue;
    // Each match is blanked at once, so that nothing is read twice; most rules match nothing or once.
    for (let times = 0, from = 0; times < MOST && found.length < MOST; times++) {
      const pattern = sticky(rule, absent);
      pattern.lastIndex = from;
      const match = pattern.exec(rest);
      if (match === null) break;
      from = match.index + match[0].length;
      const meaning = rule.read(match, context);
      if (meaning === undefined) continue;
      const start = folded.origin(match.index);
      const end = folded.origin(match.index + match[0].length);
      found.push({ ...meaning, start, end, words: text.slice(start, end) } as TimeExpression);
      rest = rest.slice(0, match.index) + BLANK.repeat(match[0].length) + rest.slice(from);
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** No question has more; a text of nothing but times must not take for ever. */
const MOST = 50;

const GERMAN =
  /\b(?:ist|sind|der|die|das|und|wie|was|warum|bei|nicht|gibt|heute|gestern|seit|los|lauft|uhr|letzten?)\b/;

const BEFORE_REST: readonly Rule[] = [...SCHEDULES, ...OFFSETS];
const REST: readonly Rule[] = [...PAST, ...FUTURES, ...MOMENTS];
const ALL: readonly Rule[] = [...BEFORE_REST, ...REST];

/** Most of what V8 has to compile for the patterns, 0.3 s over all of them, and what must stand in a text for each. */
const PARTS = [
  { name: "length", pattern: LENGTH, sign: LENGTH_SIGN },
  { name: "day", pattern: DAY, sign: DAY_SIGN },
] as const;
type Part = (typeof PARTS)[number];
const NEVER = "(?:(?!))";

/** Asks each sign of the text once, whichever rules share it. */
function signsIn(text: string): (sign: RegExp) => boolean {
  const known = new Map<RegExp, boolean>();
  return (sign) => {
    const stands = known.get(sign) ?? sign.test(text);
    known.set(sign, stands);
    return stands;
  };
}

/** At most four patterns for a rule: with and without each part. */
const compiled = new Map<Rule, Map<string, RegExp>>();

/** The rule's pattern, able to go on from a place, for a text in which the `absent` parts match nothing. */
function sticky(rule: Rule, absent: readonly Part[]): RegExp {
  let patterns = compiled.get(rule);
  if (patterns === undefined) {
    patterns = new Map();
    compiled.set(rule, patterns);
  }
  const leftOut = absent.filter(({ pattern }) => rule.pattern.includes(pattern));
  const key = leftOut.map(({ name }) => name).join();
  let pattern = patterns.get(key);
  if (pattern === undefined) {
    pattern = new RegExp(
      leftOut.reduce((text, part) => text.replaceAll(part.pattern, NEVER), rule.pattern),
      "g",
    );
    patterns.set(key, pattern);
  }
  return pattern;
}
