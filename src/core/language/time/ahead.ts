import { fromLocal, localTime, startOfDay } from "../../zone.ts";
import {
  ANY_WEEKDAY,
  CLOCK,
  CLOCK_SIGN,
  clockOf,
  DAY,
  DAY_SIGN,
  dayOf,
  LOOSE_CLOCK,
  momentOf,
  STAMP,
  TOMORROW,
  WEEKDAY,
  weekdayIn,
  YESTERDAY,
  ZONE,
} from "./moment.ts";
import { ahead } from "./past.ts";
import type { Context, Meaning, Rule } from "./types.ts";
import { AFTER, BEFORE, LENGTH, LENGTH_SIGN, lengthOf } from "./words.ts";

/** What is ahead of now, and what a comparison is made with. */

/** Words that make a time of day the coming one. */
export const FUTURE_TALK =
  /\b(?:will|won't|going to|gonna|forecasts?|predict\w{0,5}|projected|projection|run out|runs out|fill up|fills up|remind|wird|werden|vorhersage|prognose|va a|van a|habra|sera|prevision\w{0,2}|va-t-il|va-t-elle|vont|vai|vao|hoga|hogi|honge|tomorrow|until|till|snooze)\b/;

const SILENCING = /\b(?:snooze|silence|mute|ack|acknowledge|pause|stumm\w{0,8}|silencia\w{0,2}|suspend\w{0,3})\b/;

const forward = (length: string, context: Context): Meaning | undefined => {
  const seconds = lengthOf(length);
  return seconds === undefined || seconds <= 0 ? undefined : { kind: "future", seconds, to: context.now + seconds };
};
const looking = (context: Context): Context => ({ ...context, future: true });

const NEXT = "(?:next|coming|following|nachste[nrms]?|kommende[nrms]?|proxim[oa]s?|prochaine?s?|agl[aei])";
const IN_NEXT = `(?:(?:in|within|over|for|during|innerhalb|en|durante|nas?|nos?|dans|pour|sur|d'ici|au cours) )?(?:the |der |den |die |das |las? |los |el |les? |des |as |os |a |o )?`;
const UNTIL = "(?:by|until|till|bis(?: zum)?|hasta(?: el)?|para el|jusqu'(?:a|au)|d'ici(?: a| le)?|ate(?: o| a)?)";

const NEXT_SIGN = /next|coming|following|nachste|kommende|proxim|prochain|agl[aei]/;
const UNTIL_SIGN = /\bby\b|until|till|bis|hasta|para|jusqu'|d'ici|\bate\b/;

export const FUTURES: readonly Rule[] = [
  {
    pattern: `${BEFORE}${IN_NEXT}${NEXT} (${LENGTH})${AFTER}`,
    signs: [NEXT_SIGN, LENGTH_SIGN],
    read: (match, context) => forward(match[1]!, context),
  },
  {
    pattern: `${BEFORE}${IN_NEXT}(\\d{1,4}|[a-z]{2,8}) ${NEXT} ([a-z]{3,9})${AFTER}`,
    signs: [NEXT_SIGN],
    read: (match, context) => forward(`${match[1]} ${match[2]}`, context),
  },
  {
    pattern: `${BEFORE}(?:(?:in|within|innerhalb von|innerhalb|binnen|en|dentro de|em|dans|d'ici) )(?:a )?(${LENGTH})(?:'? time)?(?! (?:ago|earlier))${AFTER}`,
    signs: [LENGTH_SIGN],
    read: (match, context) => forward(match[1]!, context),
  },
  {
    pattern: `${BEFORE}(${LENGTH}) (?:from now|later|ahead|mein|baad|me)${AFTER}`,
    signs: [LENGTH_SIGN],
    read: (match, context) => forward(match[1]!, context),
  },
  {
    pattern: `${BEFORE}(?:for|fur|por|pendant|durante) (${LENGTH})${AFTER}`,
    signs: [LENGTH_SIGN],
    // "silence web-1 for 2 hours" looks ahead; "above 80 % for 2 hours" looks back.
    read: (match, context) =>
      SILENCING.test(match.input.slice(Math.max(0, match.index - 80), match.index))
        ? forward(match[1]!, context)
        : undefined,
  },
  {
    pattern: `${BEFORE}(?:(?:${UNTIL}|in|within|over|during|for) )?(?:the |der |den )?(?:(?:la |el |le |a |o )?(?:semana que vem|proxima semana|semaine prochaine|mes que vem|proximo mes|mois prochain)|${NEXT} (?:week|woche|month|monat|hafte|mahine|hour|stunde|day|minute))${AFTER}`,
    read: (match, context) => nextUnit(match[0], context),
  },
  {
    pattern: `${BEFORE}${UNTIL} (?:the )?end of (?:the |this )?(day|week|month)${AFTER}`,
    read: (match, context) => endOf(match[1]!, context),
  },
  {
    pattern: `${BEFORE}(?:${UNTIL} )(?:(?:las? |les? |el |as )?(?:${STAMP}|(?:${DAY}|${ANY_WEEKDAY}),? (?:(?:at|um|a las?|as|a) )?${LOOSE_CLOCK}${ZONE}?|${CLOCK}${ZONE}?(?: (?:on )?${DAY})?|${LOOSE_CLOCK}${ZONE}?(?=[?!.,;)]|$)))${AFTER}`,
    signs: [UNTIL_SIGN, CLOCK_SIGN],
    read: (match, context) => toMoment(match[0], context),
  },
  {
    pattern: `${BEFORE}(?:${UNTIL} (?:the )?(?:${DAY}|${ANY_WEEKDAY})|${NEXT} ${ANY_WEEKDAY}|(?:on )?(?:the )?${WEEKDAY} next week)${AFTER}`,
    signs: [DAY_SIGN, new RegExp(`${UNTIL_SIGN.source}|${NEXT_SIGN.source}`)],
    read: (match, context) => {
      const day = dayOf(match[0], looking(context));
      return day === undefined ? undefined : ahead(startOfDay(day, context.zone, 1), context);
    },
  },
  {
    pattern: `${BEFORE}(?:(?:(?:at|um|a las?|a|as) )?${CLOCK}${ZONE}? )?(?:on )?${TOMORROW}(?:,? (?:(?:at|um|a las?|as|a) ${LOOSE_CLOCK}|${CLOCK})${ZONE}?)?${AFTER}`,
    signs: [new RegExp(TOMORROW)],
    read: (match, context) => {
      const clock = clockOf(match[0], true);
      return clock === undefined
        ? ahead(startOfDay(context.now, context.zone, 2), context)
        : toMoment(match[0], context);
    },
  },
];

function toMoment(text: string, context: Context): Meaning | undefined {
  const at = momentOf(text, looking(context));
  return at === undefined ? undefined : ahead(at, context);
}

function nextUnit(text: string, context: Context): Meaning | undefined {
  const { year, month, weekday } = localTime(context.now, context.zone);
  if (/(?:hour|stunde)/.test(text)) return forward("hour", context);
  if (/minute/.test(text)) return forward("minute", context);
  if (/\bday/.test(text)) return forward("day", context);
  if (/(?:month|monat|mes|mois|mahine)/.test(text))
    return ahead(fromLocal(year, month + 2, 1, 0, 0, 0, context.zone), context);
  return ahead(startOfDay(context.now, context.zone, 15 - weekday), context);
}

function endOf(unit: string, context: Context): Meaning | undefined {
  const { year, month, weekday } = localTime(context.now, context.zone);
  if (unit === "month") return ahead(fromLocal(year, month + 1, 1, 0, 0, 0, context.zone), context);
  return ahead(startOfDay(context.now, context.zone, unit === "week" ? 8 - weekday : 1), context);
}

const VERSUS =
  "(?:(?:as )?compared? (?:to|with|against)|comparad[oa]s? (?:con|com|a)|comparee? (?:a|avec)|vs\\.?|versus|than|against|relative to|gegenuber|gegen|im vergleich (?:zu[mr]?|mit)|verglichen mit|als|que|qu'|par rapport a(?:u)?|(?:en comparacion|em comparacao) (?:con|com|a)|frente a|contra|em relacao a|contre)";
const SAME =
  "(?:the )?(?:same (?:time|hour|day|period)(?: of day)?|this time|(?:zur )?(?:gleichen|selben) zeit|(?:la |a )?mism[oa] hora|(?:a )?(?:la )?meme heure|(?:a )?mesma hora)";
const TO = `(?:(?:the |die |der |den |dem |las? |le |el |a |o )?(?:${SAME} )?(?:on |of |de |at )?(?:the )?)`;
const WEEK_AGO =
  "(?:last week|(?:the )?(?:week before|previous week|prior week)|(?:letzte[nrm]?|vorige[nrm]?) woche|vorwoche|(?:la )?semana pasada|(?:la )?semaine derniere|(?:a )?semana passada|pichh?le hafte)";
const MONTH_AGO =
  "(?:last month|(?:the )?(?:month before|previous month)|(?:letzten|vorigen) monat|(?:el )?mes pasado|(?:le )?mois dernier|(?:o )?mes passado|pichh?le mahine)";
const DAY_AGO = `(?:${YESTERDAY}|(?:the )?(?:day before|previous day)|vortag)`;
const HOUR_AGO = "(?:last hour|(?:the )?(?:hour before|previous hour))";
const AGO = `(?:${LENGTH} (?:ago|earlier|before|atras|pehle)|(?:vor|hace|il y a|ha) ${LENGTH})`;
const THEN = `(?:${DAY_AGO}|${WEEK_AGO}|${MONTH_AGO}|${HOUR_AGO}|${AGO}|last ${ANY_WEEKDAY})(?:'s)?`;

/** Stand somewhere in every text that `THEN` and `VERSUS` match a part of. */
const THEN_SIGN = new RegExp(
  `before|previous|prior|last|letzte|vor|derniere?|passad|pichh?le|pasad|hace|il y a|ha |ago|earlier|atras|pehle|${YESTERDAY}`,
);
const VERSUS_SIGN =
  /compar|vs|versus|than|against|relative|gegen|vergl|als|que|qu'|rapport|frente|contra|contre|relacao/;

export const OFFSETS: readonly Rule[] = [
  {
    pattern: `${BEFORE}${VERSUS} ?${TO}${THEN}(?:,? (?:at )?(?:the )?${SAME})?${AFTER}`,
    signs: [VERSUS_SIGN, THEN_SIGN],
    read: (match, context) => offsetOf(match[0], context),
  },
  {
    pattern: `${BEFORE}(?:at |um )?${SAME} (?:on |of |de |as |wie )?${THEN}${AFTER}`,
    signs: [/same|time|zeit|mism|meme|mesma/, THEN_SIGN],
    read: (match, context) => offsetOf(match[0], context),
  },
  {
    pattern: `${BEFORE}${THEN} (?:se (?:zyada|jyada|kam)|ki tulna mein|ke mukable)${AFTER}`,
    signs: [/ se | ki tulna| ke mukable/],
    read: (match, context) => offsetOf(match[0], context),
  },
  {
    pattern: `${BEFORE}(hour|day|week|month)[ -](?:over|on|by|to)[ -]\\1${AFTER}`,
    read: (match, context) => offsetOf(`vs last ${match[1]}`, context),
  },
];

/** "compare … with yesterday": the verb stands apart from what it compares with. */
export const COMPARISONS: readonly Rule[] = [
  {
    pattern: `${BEFORE}(?:with|to|and|mit|und|zu|con|y|a|avec|et|com|e) ${TO}${THEN}${AFTER}`,
    read: (match, context) => offsetOf(match[0], context),
  },
];
export const COMPARE_TALK = /\b(?:compar\w{1,9}|vergleich\w{0,3}|difference between|unterschied)\b/;

const isWeek = new RegExp(WEEK_AGO);
const isMonth = new RegExp(MONTH_AGO);
const isDay = new RegExp(`\\b${DAY_AGO}`);
const someLength = new RegExp(`${LENGTH}${AFTER}`);
const isAgo = new RegExp(`${AGO}${AFTER}`);

function offsetOf(text: string, context: Context): Meaning | undefined {
  const ago = isAgo.exec(text);
  const seconds = ago === null ? undefined : lengthOf(someLength.exec(ago[0])?.[0] ?? "");
  if (seconds !== undefined && seconds > 0) {
    const calendar =
      seconds === 86_400 ? "day" : seconds === 604_800 ? "week" : seconds === 2_592_000 ? "month" : undefined;
    return { kind: "offset", seconds, ...(calendar === undefined ? {} : { calendar }) };
  }
  if (isWeek.test(text)) return { kind: "offset", seconds: 604_800, calendar: "week" };
  if (isMonth.test(text)) return { kind: "offset", seconds: 2_592_000, calendar: "month" };
  if (isDay.test(text) || /last day/.test(text)) return { kind: "offset", seconds: 86_400, calendar: "day" };
  const day = weekdayIn(text);
  if (day !== undefined) {
    const days = (localTime(context.now, context.zone).weekday - day + 7) % 7 || 7;
    return { kind: "offset", seconds: days * 86_400, calendar: days === 7 ? "week" : "day" };
  }
  return /hour/.test(text) ? { kind: "offset", seconds: 3600 } : undefined;
}
