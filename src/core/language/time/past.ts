import { fromLocal, localTime, startOfDay } from "../../zone.ts";
import {
  AGO_PATTERN,
  ANY_WEEKDAY,
  CLOCK,
  CLOCK_SIGN,
  clockOf,
  DATE,
  DAY,
  DAY_SIGN,
  dayOf,
  LOOSE_CLOCK,
  MOMENT,
  momentOf,
  onDay,
  STAMP,
  TODAY,
  ZONE,
} from "./moment.ts";
import type { Context, Meaning, Rule } from "./types.ts";
import { AFTER, BEFORE, LENGTH, LENGTH_SIGN, LONG_UNIT, lengthOf } from "./words.ts";

/** Windows and moments of the past. */

const MAX_SECONDS = 31 * 86_400;

/** A window that ends now at the latest. Undefined when none of it has happened yet. */
export function window(from: number, to: number, { now }: Context): Meaning | undefined {
  const end = Math.min(to, now);
  if (!(from < end)) return undefined;
  return {
    kind: "window",
    from,
    to: end,
    seconds: end - from,
    ...(end - from > MAX_SECONDS ? { tooLong: true as const } : {}),
  };
}

const back = (text: string, context: Context): Meaning | undefined => {
  const seconds = lengthOf(text);
  return seconds === undefined || seconds <= 0 ? undefined : window(context.now - seconds, context.now, context);
};

const PRE =
  "(?:(?:in|over|during|for|within|from|on|wahrend|uber|innerhalb|en|durante|de|na|no|nas|nos|dans|sur|pendant|durant|au cours) )?";
const THE = "(?:the |these |der |den |die |das |dem |las? |los |el |les? |des? |ces |cette |l'|as |os |a |o )?";
const LAST_WORD =
  "(?:last|past|previous|prior|recent|trailing|letzte[nrms]?|vergangene[nrms]?|vorige[nrms]?|ultim[oa]s?|pasad[oa]s?|dernier(?:e?s)?|derniere|pichhl[aei]|pichl[aei]|gaye)";
const UNIT_EN =
  "(?:second|minute|hour|day|week|month|year|sekunde|minute|stunde|woche|monat|tage?s|jahr|minuto|hora|dia|semana|mes|minute|heure|jour|semaine|mois|ghant[ea]|din|haft[ae]|mahin[ae])";
const AFTERWARDS = "(?: (?:mein|me|ka|ke|ki))?";

/** Rolling: "last 3 hours", "in the last day", "les 24 dernières heures". */
const ROLLING: readonly Rule[] = [
  {
    pattern: `${BEFORE}${PRE}${THE}${LAST_WORD} (?!an? )(${LENGTH})${AFTERWARDS}${AFTER}`,
    signs: [LENGTH_SIGN],
    read: (match, context) => back(match[1]!, context),
  },
  {
    pattern: `${BEFORE}${PRE}${THE}(\\d{1,4}|[a-z]{2,8}) ${LAST_WORD} (${LONG_UNIT})${AFTER}`,
    read: (match, context) => back(`${match[1]} ${match[2]}`, context),
  },
  {
    pattern: `${BEFORE}(${PRE}${THE})${LAST_WORD} (${UNIT_EN})${AFTERWARDS}${AFTER}`,
    // "last week" is the calendar's; "the last week" and "past week" are seven days back from now.
    read: (match, context) =>
      /^(?:last|letzte|vorige|vergangene|pichh?l[ae]) ?/.test(match[0]) &&
      /^(?:week|month|woche|monat|haft|mahin)/.test(match[2]!)
        ? calendar(match[2]!, context)
        : back(match[2]!, context),
  },
  {
    pattern: `${BEFORE}${PRE}(?:la |l'|le |el |a |o )?(semana|semaine|mes|mois|hora|heure|dia|jour) (?:pasad[oa]|passe?e?|passad[oa]|dernier|derniere)${AFTER}`,
    read: (match, context) => (/^(?:sem|m)/.test(match[1]!) ? calendar(match[1]!, context) : back(match[1]!, context)),
  },
];

/** The whole calendar week or month before this one. */
function calendar(unit: string, context: Context): Meaning | undefined {
  const { year, month, day, weekday } = localTime(context.now, context.zone);
  const date = (y: number, m: number, d: number): number => fromLocal(y, m, d, 0, 0, 0, context.zone);
  if (/^m/.test(unit)) return window(date(year, month - 1, 1), date(year, month, 1), context);
  return window(date(year, month, day - weekday + 1 - 7), date(year, month, day - weekday + 1), context);
}

const SINCE = "(?:ever since|since|seit|desde|depuis)";
const THIS_WEEK = "(?:this week|diese[rn]? woche|esta semana|cette semaine|is hafte)";
const THIS_YEAR = "(?:this year|dieses jahr|este ano|cette annee|is saal)";
const THIS_MONTH = "(?:this month|diese[nrm]? monat|este mes|ce mois(?:-ci)?|is mahine)";
const LAST_NIGHT =
  "(?:last night|overnight|over night|(?:during|in) the night|letzte nacht|uber nacht|heute nacht|anoche|la nuit derniere|cette nuit|ontem a noite|durante a noite|kal raat|pichhli raat|raat bhar)";
const THIS_MORNING =
  "(?:this morning|heute (?:morgen|fruh|vormittag)|esta manana|ce matin|esta manha|hoje de manha|aaj subah)";
const THIS_AFTERNOON = "(?:this afternoon|heute nachmittag|esta tarde|cet apres-midi|aaj dopahar)";
const TONIGHT = "(?:tonight|this evening|heute abend|esta noche|ce soir|esta noite|hoje a noite|aaj (?:raat|shaam))";
const WEEKEND =
  "(?:(?:(?:over|on|at|during) )?(?:the |this |last )?weekend|(?:am |letztes |dieses )?wochenende|(?:el |este )?fin de semana|(?:le |ce )?week-end|fim de semana)";

const SINCE_SIGN = /since|seit|desde|depuis/;

const SINCE_RULES: readonly Rule[] = [
  // Before the clock times: "depuis 2 heures" is a length, and only "seit 9 Uhr" a time.
  {
    pattern: `${BEFORE}(?:seit|since|depuis|desde hace|desde) (${LENGTH})${AFTER}`,
    signs: [SINCE_SIGN, LENGTH_SIGN],
    read: (match, context) => back(match[1]!, context),
  },
  {
    pattern: `${BEFORE}${SINCE} (?:the |las? |les? |el |o )?(${LAST_NIGHT}|${THIS_MORNING}|${THIS_WEEK}|${THIS_MONTH}|${THIS_YEAR}|${THIS_AFTERNOON}|${WEEKEND})${AFTER}`,
    signs: [SINCE_SIGN],
    read: (match, context) => {
      const meaning = named(match[1]!, context);
      return meaning?.kind === "window" ? window(meaning.from, context.now, context) : undefined;
    },
  },
  {
    pattern: `${BEFORE}${SINCE} (?:the )?(?:last |letzter |vergangener )?(week|month|woche|monat|la semana pasada|la semaine derniere|a semana passada)${AFTER}`,
    signs: [SINCE_SIGN],
    read: (match, context) => {
      const meaning = calendar(match[1]!.replace(/^l?a /, ""), context);
      return meaning?.kind === "window" ? window(meaning.from, context.now, context) : undefined;
    },
  },
  {
    pattern: `${BEFORE}${SINCE} (?:the |las |les |el |as )?(${MOMENT}|${LOOSE_CLOCK}${ZONE}?(?=[?!.,;)]|$| (?:on )?${DAY}))${AFTER}`,
    // A length stands in "since 2 hours ago".
    signs: [SINCE_SIGN, new RegExp(`${CLOCK_SIGN.source}|${LENGTH_SIGN.source}`)],
    read: (match, context) => until(momentOf(match[1]!, past(context)), context),
  },
  {
    pattern: `${BEFORE}${SINCE} (?:the |el |le |o )?(${DAY}|${ANY_WEEKDAY})${AFTER}`,
    signs: [SINCE_SIGN, DAY_SIGN],
    read: (match, context) => until(dayOf(match[1]!, past(context)), context),
  },
  {
    pattern: `${BEFORE}(${LENGTH}|kal|parson) se${AFTER}`,
    signs: [/ se\b/],
    read: (match, context) => back(match[1]!, context) ?? until(dayOf(match[1]!, past(context)), context),
  },
];

const past = (context: Context): Context => ({ ...context, future: false });
const until = (from: number | undefined, context: Context): Meaning | undefined =>
  from === undefined ? undefined : window(from, context.now, context);

const SEPARATOR = "(?: ?- ?| and | to | until | till | und | bis | y | a | hasta | et | e | ate | as )";
const STAMP_OR_DATE = `(?:${STAMP}|${DATE}(?: (?:at |um )?${CLOCK})?)`;

const SEPARATOR_SIGN = new RegExp(SEPARATOR);

const RANGES: readonly Rule[] = [
  {
    pattern: `${BEFORE}(?:(?:between|from|zwischen|von|vom|entre|desde|de|du) )?(${STAMP_OR_DATE})${SEPARATOR}(?:le |el |zum )?(${STAMP_OR_DATE})${AFTER}`,
    signs: [CLOCK_SIGN, SEPARATOR_SIGN],
    read: (match, context) => {
      const from = momentOf(match[1]!, past(context), false) ?? dayOf(match[1]!, past(context));
      const end = momentOf(match[2]!, past(context), false) ?? dayOf(match[2]!, past(context));
      if (from === undefined || end === undefined) return undefined;
      const wholeDay = clockOf(match[2]!) === undefined && !/^\d{10}/.test(match[2]!);
      return window(from, wholeDay ? startOfDay(end, context.zone, 1) : end, context);
    },
  },
  {
    pattern: `${BEFORE}(?:(${DAY}),? )?(?:(?:between|from|zwischen|von|entre|desde|de) )?(?:(${DAY}),? )?(?:at |um |las |a las |as )?(${LOOSE_CLOCK})(?: (${DAY}))?${SEPARATOR}(?:(${DAY}),? )?(?:at |um |las |a las |as )?(${LOOSE_CLOCK})(${ZONE})?(?:,? (${DAY}))?${AFTER}`,
    signs: [CLOCK_SIGN, SEPARATOR_SIGN],
    read: clockRange,
  },
];

function clockRange(match: RegExpExecArray, context: Context): Meaning | undefined {
  const [, day1, day2, first, day3, day4, second, zone, day5] = match;
  // Two bare numbers may be anything; one real time makes the other a time as well.
  if (clockOf(first!) === undefined && clockOf(second!) === undefined) return undefined;
  const half = /[ap]\.?m/.exec(second!)?.[0];
  const start = half !== undefined && /^\d{1,2}(?::\d\d)?$/.test(first!) ? `${first} ${half}` : first!;
  const startDay = day1 ?? day2 ?? day3 ?? day5 ?? "";
  const behind = past(context);
  let from = momentOf(`${startDay} ${start}${zone ?? ""}`, behind);
  let to = momentOf(`${day4 ?? day5 ?? startDay} ${second}${zone ?? ""}`, behind);
  if (from === undefined || to === undefined) return undefined;
  const saidDay = startDay !== "" || day4 !== undefined;
  // "from 22:00 to 02:00" goes over midnight; without a day it is the latest such stretch that has begun.
  if (to <= from && !saidDay) from = momentOf(start + (zone ?? ""), { ...behind, now: to - 1 }) ?? from;
  else if (to <= from) to += 86_400;
  if (!saidDay && to - from > 86_400) from += 86_400;
  return window(from, to, context);
}

const todayOnly = new RegExp(`^${TODAY}$`);
const lastNight = new RegExp(`^${LAST_NIGHT}$`);
const thisMorning = new RegExp(`^${THIS_MORNING}$`);
const thisAfternoon = new RegExp(`^${THIS_AFTERNOON}$`);
const tonight = new RegExp(`^${TONIGHT}$`);
const thisWeek = new RegExp(`^${THIS_WEEK}$`);
const thisYear = new RegExp(`^${THIS_YEAR}$`);
const thisMonth = new RegExp(`^${THIS_MONTH}$`);

/** Stretches with a name of their own. Ahead of now they are a future. */
function named(text: string, context: Context): Meaning | undefined {
  const { now, zone } = context;
  const hour = (h: number, days = 0): number => onDay(now, { hour: h, minute: 0, second: 0 }, zone, days);
  const today = localTime(now, zone);
  const monday = startOfDay(now, zone, 1 - today.weekday);
  const span = (from: number, to: number): Meaning | undefined =>
    from < now && !(context.future && to > now) ? window(from, to, context) : ahead(to, context);
  if (lastNight.test(text)) {
    // German and French say "tonight" and "last night" alike: in the evening it is the one that has begun.
    if (/^(?:heute nacht|cette nuit)$/.test(text) && today.hour >= 20) return span(hour(20), hour(6, 1));
    return window(hour(20, -1), hour(6), context);
  }
  if (thisMorning.test(text))
    return today.hour < 6 ? window(startOfDay(now, zone), now, context) : span(hour(6), hour(12));
  if (thisAfternoon.test(text)) return span(hour(12), hour(18));
  if (tonight.test(text)) return span(hour(18), hour(0, 1));
  if (thisWeek.test(text)) return span(monday, context.future ? startOfDay(monday, zone, 7) : now);
  if (thisMonth.test(text))
    return span(
      fromLocal(today.year, today.month, 1, 0, 0, 0, zone),
      context.future ? fromLocal(today.year, today.month + 1, 1, 0, 0, 0, zone) : now,
    );
  if (thisYear.test(text))
    return span(
      fromLocal(today.year, 1, 1, 0, 0, 0, zone),
      context.future ? fromLocal(today.year + 1, 1, 1, 0, 0, 0, zone) : now,
    );
  // From Wednesday on "this weekend" is the coming one.
  if (
    /^(?:this weekend|dieses wochenende|este fin de semana|ce week-?end)$/.test(
      text.replace(/^(?:over|on|at|during) /, ""),
    ) &&
    today.weekday >= 3 &&
    today.weekday <= 5
  )
    return ahead(startOfDay(monday, zone, 7), context);
  // The weekend: the one that has begun, else the one before.
  const saturday = startOfDay(monday, zone, today.weekday >= 6 && !/\blast\b|letztes/.test(text) ? 5 : -2);
  if (context.future && today.weekday < 6) return ahead(startOfDay(monday, zone, 7), context);
  return window(saturday, startOfDay(saturday, zone, 2), context);
}

export function ahead(to: number, { now }: Context): Meaning | undefined {
  return to > now ? { kind: "future", seconds: to - now, to } : undefined;
}

const PARTS: readonly (readonly [RegExp, number, number])[] = [
  [/\b(?:morning|fruh|morgen|vormittag|manana|matin|manha|subah)$/, 6, 12],
  [/\b(?:afternoon|nachmittag|tarde|apres-midi|dopahar|mittag)$/, 12, 18],
  [/\b(?:evening|abend|soir|shaam|sham)$/, 18, 24],
  [/\b(?:night|nacht|noche|nuit|noite|raat)$/, 20, 30],
];

/** A whole day, or the part of it that is said. */
function wholeDay(text: string, context: Context): Meaning | undefined {
  const start = dayOf(text, context);
  if (start === undefined) return undefined;
  const end = startOfDay(start, context.zone, 1);
  if (start >= context.now) return ahead(end, context);
  const part = PARTS.find(([pattern]) => pattern.test(text));
  if (part !== undefined) {
    const hour = (h: number): number =>
      onDay(start, { hour: h % 24, minute: 0, second: 0 }, context.zone, h >= 24 ? 1 : 0);
    return window(hour(part[1]), hour(part[2]), context);
  }
  return context.future && end > context.now && todayOnly.test(text)
    ? ahead(end, context)
    : window(start, end, context);
}

const atMoment = (text: string, context: Context): Meaning | undefined => {
  const at = momentOf(text, context);
  if (at === undefined) return undefined;
  return at > context.now ? ahead(at, context) : { kind: "at", at };
};

export const PAST: readonly Rule[] = [
  ...RANGES,
  ...SINCE_RULES,
  ...ROLLING,
  {
    pattern: `${BEFORE}(${LAST_NIGHT}|${THIS_MORNING}|${THIS_AFTERNOON}|${TONIGHT}|${THIS_WEEK}|${THIS_MONTH}|${THIS_YEAR}|${WEEKEND})${AFTER}`,
    read: (match, context) => named(match[1]!, context),
  },
];

export const MOMENTS: readonly Rule[] = [
  {
    pattern: `${BEFORE}(?:at |on |um )?(?:${STAMP})${AFTER}`,
    signs: [/\d{4}/],
    read: (match, context) => atMoment(match[0], context),
  },
  {
    pattern: `${BEFORE}(?:${AGO_PATTERN})(?: (?:at|um|a las?|as|a) ${LOOSE_CLOCK}${ZONE}?)?${AFTER}`,
    signs: [LENGTH_SIGN],
    read: (match, context) => atMoment(match[0], context),
  },
  {
    pattern: `${BEFORE}(?:${DAY},? (?:(?:at|@|around|about|um|gegen|a las?|as|a|vers) ${LOOSE_CLOCK}|${CLOCK})|(?:(?:at|@|around|about|um|gegen|a las?|as|a|vers) )?${CLOCK})${ZONE}?(?:,? (?:on )?${DAY})?${AFTER}`,
    signs: [CLOCK_SIGN],
    read: (match, context) => atMoment(match[0], context),
  },
  // A bare hour needs a word before it and the end of a clause after it: "at 3?", "a las 15", "um 9".
  {
    pattern: `${BEFORE}(?:at|@|um|gegen|a las?|as|a) (?:${LOOSE_CLOCK})(?:${ZONE})?(?=[?!.,;)]|$| (?:on )?${DAY})(?:,? (?:on )?${DAY})?${AFTER}`,
    signs: [CLOCK_SIGN],
    read: (match, context) => (/^a \d{1,2}$/.test(match[0]) ? undefined : atMoment(match[0], context)),
  },
  {
    pattern: `${BEFORE}(?<!\\b(?:a|any|for|normal) )(?:${DAY}|(?:on |last )(?:${ANY_WEEKDAY}))${AFTER}`,
    signs: [DAY_SIGN],
    read: (match, context) => wholeDay(match[0], context),
  },
  // Terse: "p99 checkout 1h", "errors (15m)", "cpu for 2 hours".
  {
    pattern: `${BEFORE}(?:for |for the |over |across |fur |uber |durante |pendant |sur )(${LENGTH})${AFTER}`,
    signs: [LENGTH_SIGN],
    read: (match, context) =>
      (lengthOf(match[1]!) ?? 0) < 60 ||
      /\b(?:running|taking|takes|took|firing|older|longer) $/.test(match.input.slice(0, match.index).slice(-12))
        ? undefined
        : back(match[1]!, context),
  },
  {
    pattern: `(?<=[ (,]|^)(${LENGTH})(?=\\)?[ ?!.]*$)`,
    signs: [LENGTH_SIGN],
    read: (match, context) => (isWindow(match) ? back(match[1]!, context) : undefined),
  },
];

/** "older than 5 minutes", "every 45 minutes", "p99 > 2s": a limit or a rhythm, not a window. Nor is "once a day", nor anything under a minute. */
function isWindow(match: RegExpExecArray): boolean {
  const before = match.input.slice(Math.max(0, match.index - 30), match.index);
  return (
    !/^(?:an?|un[ae]?|eine?|uma?) /.test(match[1]!) &&
    (lengthOf(match[1]!) ?? 0) >= 60 &&
    !/(?:[<>=]|\b(?:every|each|alle|cada|chaque|les|har|than|als|que|de|above|below|under|over|uber|unter|exceed\w{0,3}|least|most|threshold|limit|timeout|to|by|of|is|was|takes?|took|only|about)) ?$/.test(
      before,
    )
  );
}
