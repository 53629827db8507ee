import { safeZone } from "../zone.ts";
import { COMPARE_TALK, COMPARISONS, FUTURE_TALK, FUTURES, OFFSETS } from "./time/ahead.ts";
import { BLANK, fold } from "./time/fold.ts";
import { MOMENTS, PAST } from "./time/past.ts";
import { SCHEDULES } from "./time/schedule.ts";
import type { Rule, TimeExpression } from "./time/types.ts";

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
  for (const rule of COMPARE_TALK.test(rest) ? [...BEFORE_REST, ...COMPARISONS, ...REST] : ALL) {
    // Each match is blanked at once, so that nothing is read twice; most rules match nothing or once.
    for (let times = 0, from = 0; times < MOST && found.length < MOST; times++) {
      const pattern = sticky(rule);
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

const compiled = new Map<Rule, RegExp>();

/** The rule's pattern, able to go on from a place. */
function sticky(rule: Rule): RegExp {
  let pattern = compiled.get(rule);
  if (pattern === undefined) {
    pattern = new RegExp(rule.pattern.source, "g");
    compiled.set(rule, pattern);
  }
  return pattern;
}
