import { fromLocal, localTime, safeZone } from "../../zone.ts";
import type { Context } from "./types.ts";
import { AFTER, BEFORE, LENGTH, lengthOf } from "./words.ts";

/** Clock times, days and zones as people say them, and the moment they make together. Texts are folded. */

export const TODAY = "(?:today|heute|hoy|aujourd'hui|hoje|aaj)";
export const YESTERDAY = "(?:yesterday|gestern|ayer|hier|ontem|kal)";
const BEFORE_YESTERDAY = "(?:(?:the )?day before yesterday|vorgestern|anteayer|antier|avant-hier|anteontem|parson)";
export const TOMORROW = "(?:tomorrow|morgen|manana|demain|amanha)";

const WEEKDAYS = [
  "mondays?|montags?|lunes|lundis?|segunda-feira|som(?:va+r|wa+r)",
  "tuesdays?|dienstags?|martes|mardis?|terca-feira|mangal(?:va+r|wa+r)",
  "wednesdays?|mittwochs?|miercoles|mercredis?|quarta-feira|budh(?:va+r|wa+r)",
  "thursdays?|donnerstags?|jueves|jeudis?|quinta-feira|guru(?:va+r|wa+r)",
  "fridays?|freitags?|viernes|vendredis?|sexta-feira|shukra(?:va+r|wa+r)",
  "saturdays?|samstags?|sonnabends?|sabados?|samedis?|shani(?:va+r|wa+r)",
  "sundays?|sonntags?|domingos?|dimanches?|ravi(?:va+r|wa+r)",
];
const SHORT_WEEKDAYS = ["mon", "tues?|segunda", "wed|terca", "thu(?:rs?)?", "fri", "sat", "sun"];
export const WEEKDAY = `(?:${WEEKDAYS.join("|")})`;
/** Also "mon", "tue": only for places where a weekday must follow, since "sat" and "sun" are words. */
export const ANY_WEEKDAY = `(?:${WEEKDAYS.join("|")}|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)`;

const MONTHS = [
  "january?|januar|enero|janvier|janeiro|jan|ene|janv",
  "february?|februar|febrero|fevrier|fevereiro|feb|fev",
  "march|marz|maerz|marzo|mars|marco|mar",
  "april|abril|avril|apr|abr|avr",
  "may(?! (?!at|on|and|to|until)[a-z])|mai|mayo|maio",
  "june|juni|junio|juin|junho|jun",
  "july|juli|julio|juillet|julho|jul|juil",
  "august|agosto|aout|aug",
  "september|septiembre|septembre|setembro|sept|sep",
  "october|oktober|octubre|octobre|outubro|oct|okt",
  "november|noviembre|novembre|novembro|nov",
  "december|dezember|diciembre|decembre|dezembro|dec|dez|dic",
];
const MONTH = `(?:${MONTHS.join("|")})\\.?`;
const YEAR = "(?:,? (?:de |del )?20\\d\\d)?";
/** "18 Nov", "Nov 18th", "18. November 2026", "18 de noviembre", "18.11.2026", "18.11." */
export const DATE = `(?:[0-3]?\\d(?:st|nd|rd|th|er|\\.)?(?: of)?(?: de)? ?${MONTH}${YEAR}|${MONTH} [0-3]?\\d(?:st|nd|rd|th)?(?![\\d:])${YEAR}|[0-3]?\\d\\.[01]?\\d\\.20\\d\\d|(?<=^|\\b(?:am|vom|den|seit|bis|zum|ab|on|since|until|the) )[0-3]?\\d\\.[01]?\\d\\.(?!\\d)|20\\d\\d-[01]\\d-[0-3]\\d)`;

const PART =
  "(?:morning|afternoon|evening|night|fruh|morgen|vormittag|nachmittag|mittag|abend|nacht|matin|apres-midi|soir|nuit|subah|dopahar|shaam|sham|raat)";
const OF_DAY = `(?: ${PART}| (?:por|de|en|a|pela|de|da) (?:la )?(?:manana|tarde|noche|manha|noite))`;
const LAST = "(?:last|past|this|letzte[nrms]?|vergangene[nrms]?|diese[nrms]?|pichle|pichla)";
const LAST_AFTER = "(?: (?:pasad[oa]|dernier|derniere|passad[oa]))?";
/** A day: "yesterday", "on Tuesday", "last Monday", "18 Nov", "two days ago"; with its part where one is said. */
export const DAY = `(?:(?:on |am |vom |le |el |em |na |the )?(?:${TODAY}|${YESTERDAY}|${BEFORE_YESTERDAY}|${TOMORROW}|(?:${LAST} )?${WEEKDAY}${LAST_AFTER}|${LAST} ${ANY_WEEKDAY}|${DATE})${OF_DAY}?)`;

/** Stands somewhere in every text that `DAY` matches a part of. */
export const DAY_SIGN = new RegExp(
  `${TODAY}|${YESTERDAY}|${BEFORE_YESTERDAY}|${TOMORROW}|${ANY_WEEKDAY}|(?:${MONTHS.join("|")})|\\d[.-]\\d`,
);

const ZONES: Readonly<Record<string, string>> = {
  ...{
    utc: "UTC",
    gmt: "UTC",
    z: "UTC",
    wet: "UTC",
    cet: "+01:00",
    mez: "+01:00",
    cest: "+02:00",
    mesz: "+02:00",
    eet: "+02:00",
    eest: "+03:00",
    msk: "+03:00",
  },
  ...{
    bst: "+01:00",
    est: "-05:00",
    edt: "-04:00",
    cst: "-06:00",
    cdt: "-05:00",
    mst: "-07:00",
    mdt: "-06:00",
    pst: "-08:00",
    pdt: "-07:00",
  },
  ...{ et: "America/New_York", ct: "America/Chicago", mt: "America/Denver", pt: "America/Los_Angeles" },
  ...{
    ist: "+05:30",
    jst: "+09:00",
    kst: "+09:00",
    sgt: "+08:00",
    hkt: "+08:00",
    aest: "+10:00",
    aedt: "+11:00",
    nzst: "+12:00",
    nzdt: "+13:00",
    brt: "-03:00",
  },
};
export const ZONE = `(?: ?(?:utc|gmt)(?:[+-]\\d{1,2}(?::?\\d\\d)?)?|(?<=\\d) ?z| (?:${Object.keys(ZONES).join("|")})| ?[+-]\\d\\d:?\\d\\d| (?:europe|america|asia|africa|australia|pacific|atlantic)/[a-z_]{2,30}(?:/[a-z_]{2,30})?| [a-z]{3,20}(?: [a-z]{3,20})? time)`;

const HM = "(?:[01]?\\d|2[0-4])(?::[0-5]\\d(?::[0-5]\\d)?|h[0-5]\\d)(?: ?[ap]\\.?m\\b\\.?| uhr)?";
const NOON = "(?:noon|midday|mittags|mediodia|midi|meio-?dia)";
const MIDNIGHT = "(?:midnight|mitternacht|medianoche|minuit|meia-?noite)";
/** "3 in the morning", "3 Uhr nachmittags", "3 de la tarde": which half of the day. */
const HALF =
  "(?: in the (?:morning|afternoon|evening)| at night| (?:nach)?mittags| morgens| abends| nachts| de la (?:manana|tarde|noche)| du matin| de l'apres-midi| du soir| da (?:manha|tarde|noite))";
const HINDI = "(?:(?:subah|dopahar|shaam|sham|raat) )?\\d{1,2} baje";
/** A time of day that can't be anything else: "14:00", "3pm", "15h30", "3 Uhr 15", "noon", "9 baje". */
export const CLOCK = `(?:(?:1[0-2]|0?[1-9])(?::[0-5]\\d)?(?: uhr| ?h(?:eures?)?)?${HALF}|${HM}|(?:1[0-2]|0?\\d) ?[ap]\\.?m\\b\\.?|(?:[01]?\\d|2[0-4])(?:\\.[0-5]\\d)? uhr(?: [0-5]\\d)?|${NOON}|${MIDNIGHT}|${HINDI})`;
/** Stands somewhere in every text that `CLOCK` or `LOOSE_CLOCK` matches a part of. */
export const CLOCK_SIGN = new RegExp(`(?<![a-z\\d])\\d|${NOON}|${MIDNIGHT}`);
/** After "at" and the like: also "15h" and a bare hour. */
export const LOOSE_CLOCK = `(?:${CLOCK}|(?:[01]?\\d|2[0-4])(?: ?h(?:eures?|oras)?\\b)?)`;

/** ISO 8601 with a time, and unix seconds or milliseconds. */
export const STAMP =
  "(?:20\\d\\d-[01]\\d-[0-3]\\d[t ][0-2]\\d:[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?(?: ?(?:z|utc|[+-]\\d\\d:?\\d\\d))?|1[4-9]\\d{8}(?:\\d{3})?)";

const AGO = `(?:${LENGTH} (?:ago|earlier|back|before now|atras|pehle)|(?:vor|hace|il y a|ha) ${LENGTH})`;
export const AGO_PATTERN = AGO;
const AT = "(?:at|@|around|about|um|gegen|ab|a las?|a|as|vers|de)";
/** A moment: a stamp, a day and a time in either order, or so long ago. */
export const MOMENT = `(?:${STAMP}|(?:${DAY},? (?:${AT} )?)${LOOSE_CLOCK}${ZONE}?|(?:${AT} )?${CLOCK}${ZONE}?(?:,? (?:on )?${DAY})?|${AT} ${LOOSE_CLOCK}${ZONE}?(?:,? (?:on )?${DAY})?|${AGO}(?: ${AT} ${LOOSE_CLOCK}${ZONE}?)?)`;

type Clock = { readonly hour: number; readonly minute: number; readonly second: number };

const patterns = {
  stamp: new RegExp(`${BEFORE}${STAMP}`),
  ago: new RegExp(`${BEFORE}${AGO}${AFTER}`),
  length: new RegExp(`${LENGTH}${AFTER}`),
  hm: /(?<![\d-])(\d{1,2})[:h.]([0-5]\d)(?::([0-5]\d))?(?: ?([ap])\.?m)?/,
  ampm: /(?<![\d-])(\d{1,2}) ?([ap])\.?m\b/,
  hour: /(?<![\d-])(\d{1,2}) ?(?:uhr(?: ([0-5]\d))?|h\b|heures?|horas|baje)/,
  bare: /(?:^| )(\d{1,2})(?![\d.-])/g,
  half: new RegExp(HALF),
  noon: new RegExp(`\\b${NOON}\\b`),
  midnight: new RegExp(`\\b${MIDNIGHT}\\b`),
  date: new RegExp(`${BEFORE}(?:${DATE}|[0-3]?\\d\\.[01]?\\d\\.)`),
  zone: new RegExp(`${ZONE}${AFTER}`, "g"),
  beforeYesterday: new RegExp(`\\b${BEFORE_YESTERDAY}\\b`),
  yesterday: new RegExp(`\\b${YESTERDAY}\\b`),
  today: new RegExp(`\\b${TODAY}\\b`),
  tomorrow: new RegExp(`\\b${TOMORROW}\\b`),
  weekday: WEEKDAYS.map((words, i) => new RegExp(`\\b(?:${words}|${SHORT_WEEKDAYS[i]})\\b`)),
  month: MONTHS.map((words) => new RegExp(`(?<![a-z])(?:${words})(?![a-z])`)),
};

/** The time of day in a text, or undefined. "3" alone counts only with `bare`. */
export function clockOf(text: string, bare = false): Clock | undefined {
  const hm = patterns.hm.exec(text);
  if (hm !== null) return clock(Number(hm[1]), Number(hm[2]), Number(hm[3] ?? 0), hm[4], text);
  const ampm = patterns.ampm.exec(text);
  if (ampm !== null) return clock(Number(ampm[1]), 0, 0, ampm[2], text);
  const hour = patterns.hour.exec(text);
  if (hour !== null) return clock(Number(hour[1]), Number(hour[2] ?? 0), 0, undefined, text);
  if (patterns.noon.test(text)) return { hour: 12, minute: 0, second: 0 };
  if (patterns.midnight.test(text)) return { hour: 0, minute: 0, second: 0 };
  if (!bare) return undefined;
  const alone = [...text.matchAll(patterns.bare)].at(-1);
  return alone === undefined ? undefined : clock(Number(alone[1]), 0, 0, undefined, text);
}

function clock(
  hour: number,
  minute: number,
  second: number,
  half: string | undefined,
  text: string,
): Clock | undefined {
  let h = hour;
  const afternoon =
    half === "p" ||
    (half === undefined &&
      h < 12 &&
      /\b(?:afternoon|evening|nachmittag|abends?|tarde|soir|nachmittags|shaam|sham|dopahar)\b/.test(text));
  if (afternoon && h < 12) h += 12;
  else if (half === "a" && h === 12) h = 0;
  if (h === 24 && minute === 0) h = 0;
  return h > 23 ? undefined : { hour: h, minute, second };
}

/** The zone named in a text and where that piece of it starts, or undefined. */
export function zoneOf(text: string): { readonly zone: string; readonly index: number } | undefined {
  for (const found of text.matchAll(patterns.zone)) {
    const zone = readZone(found[0].trim());
    if (zone !== undefined) return { zone, index: found.index };
  }
  return undefined;
}

function readZone(said: string): string | undefined {
  const known = ZONES[said];
  if (known !== undefined) return known;
  const offset = /^(?:utc|gmt)?([+-])(\d{1,2}):?(\d\d)?$/.exec(said);
  if (offset !== null) {
    const zone = `${offset[1]}${offset[2]!.padStart(2, "0")}:${offset[3] ?? "00"}`;
    return safeZone(zone) === "UTC" && !/^[+-]00:00$/.test(zone) ? undefined : zone;
  }
  if (said.includes("/")) {
    const zone = said.replace(/(^|[/_])([a-z])/g, (_, mark: string, letter: string) => mark + letter.toUpperCase());
    return safeZone(zone) === "UTC" ? undefined : zone;
  }
  const city = said.replace(/ time$/, "");
  return cities().get(city) ?? cities().get(city.split(" ").at(-1)!);
}

let cityZones: Map<string, string> | undefined;

/** "berlin" -> Europe/Berlin, from the zones Intl knows; made when somebody first says "Berlin time". */
function cities(): Map<string, string> {
  cityZones ??= new Map(
    Intl.supportedValuesOf("timeZone").map((zone) => [
      zone.split("/").at(-1)!.toLowerCase().replaceAll("_", " "),
      zone,
    ]),
  );
  return cityZones;
}

/** 1 to 7 for the weekday named in a text, or undefined. */
export function weekdayIn(text: string): number | undefined {
  const i = patterns.weekday.findIndex((pattern) => pattern.test(text));
  return i < 0 ? undefined : i + 1;
}

/** Unix seconds of the local 00:00 of the day a text names, or undefined when it names none (or no real one). */
export function dayOf(text: string, context: Context): number | undefined {
  const { now, zone } = context;
  const today = localTime(now, zone);
  const daysFromToday = (days: number): number => fromLocal(today.year, today.month, today.day + days, 0, 0, 0, zone);
  if (patterns.beforeYesterday.test(text)) return daysFromToday(-2);
  if (patterns.yesterday.test(text)) return daysFromToday(-1);
  if (patterns.today.test(text)) return daysFromToday(0);
  const date = patterns.date.exec(text);
  if (date !== null) return dateOf(date[0], context);
  const named = weekdayIn(text);
  if (named !== undefined) {
    const back = (today.weekday - named + 7) % 7;
    if (context.future && !/\b(?:last|past|letzte\w?)\b/.test(text)) return daysFromToday(back === 0 ? 7 : 7 - back);
    return daysFromToday(
      back === 0 && /\b(?:last|past|letzte\w?|vergangene\w?|pasado|dernier|passad[oa]|pichle)\b/.test(text)
        ? -7
        : -back,
    );
  }
  return patterns.tomorrow.test(text) ? daysFromToday(1) : undefined;
}

function dateOf(text: string, { now, zone, future }: Context): number | undefined {
  const iso = /(20\d\d)-(\d\d)-(\d\d)/.exec(text);
  const dotted = /(\d{1,2})\.(\d{1,2})\.(20\d\d)?/.exec(text);
  const month =
    iso !== null
      ? Number(iso[2])
      : dotted !== null
        ? Number(dotted[2])
        : patterns.month.findIndex((pattern) => pattern.test(text)) + 1;
  const day = Number(iso?.[3] ?? dotted?.[1] ?? /(?<!\d)(\d{1,2})(?!\d)/.exec(text)?.[1]);
  const year = iso?.[1] ?? dotted?.[3] ?? /20\d\d/.exec(text)?.[0];
  const real = (y: number): number | undefined =>
    month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(y, month, 0)).getUTCDate()
      ? fromLocal(y, month, day, 0, 0, 0, zone)
      : undefined;
  if (year !== undefined) return real(Number(year));
  const thisYear = localTime(now, zone).year;
  const at = real(thisYear);
  if (at === undefined) return real(thisYear - 1);
  if (!future && at > now) return real(thisYear - 1);
  return future && at + 86_400 < now ? real(thisYear + 1) : at;
}

/**
 * The moment a text names: unix seconds, or undefined. A time of day without a day is its latest occurrence before now,
 * or the next one when the question looks ahead.
 */
export function momentOf(text: string, context: Context, bare = true): number | undefined {
  const stamp = patterns.stamp.exec(text);
  if (stamp !== null) return stampOf(stamp[0], context);
  const named = zoneOf(text);
  const zone = named?.zone ?? context.zone;
  const local = { ...context, zone };
  const ago = patterns.ago.exec(text);
  const length = ago === null ? undefined : lengthOf(patterns.length.exec(ago[0])?.[0] ?? "");
  const rest = (
    named === undefined ? text : text.slice(0, named.index) + text.slice(named.index).replace(/[+-]\d\d:?\d\d/, "")
  ).replace(ago?.[0] ?? "\0", "");
  const day = dayOf(rest.replace(patterns.half, " "), local); // "de la mañana" is not tomorrow
  const withoutDate = day === undefined ? rest : rest.replace(patterns.date, " ");
  const clock = clockOf(withoutDate, bare);
  if (length !== undefined) {
    const then = context.now - length;
    return clock === undefined ? then : onDay(then, clock, zone);
  }
  if (clock === undefined) return undefined;
  if (day !== undefined) return onDay(day, clock, zone);
  const today = onDay(context.now, clock, zone);
  if (context.future) return today > context.now ? today : onDay(context.now, clock, zone, 1);
  return today <= context.now ? today : onDay(context.now, clock, zone, -1);
}

/** That time of day on the local day of `at`, or `addDays` later. */
export function onDay(at: number, clock: Clock, zone: string, addDays = 0): number {
  const { year, month, day } = localTime(at, zone);
  return fromLocal(year, month, day + addDays, clock.hour, clock.minute, clock.second, zone);
}

function stampOf(text: string, { zone }: Context): number | undefined {
  if (/^\d+$/.test(text)) return text.length > 11 ? Number(text) / 1000 : Number(text);
  const found = /^(\d{4})-(\d\d)-(\d\d)[t ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)? ?(.*)$/.exec(text);
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate() || hour > 23)
    return undefined;
  const named = found[8] === "" ? zone : (readZone(found[8]!) ?? zone);
  return fromLocal(year, month, day, hour, minute, second, named) + Number(found[7] ?? 0);
}
