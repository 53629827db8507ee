import { ANY_WEEKDAY, CLOCK, CLOCK_SIGN, clockOf, LOOSE_CLOCK, WEEKDAY, weekdayIn, ZONE, zoneOf } from "./moment.ts";
import type { Meaning, Rule } from "./types.ts";
import { AFTER, BEFORE, LENGTH, LONG_UNIT, lengthOf } from "./words.ts";

/** "every day at 9", "weekdays at 17:30", "alle 15 Minuten": as five cron fields. */

const EVERY =
  "(?:every|each|jede[nrms]?|alle|cada|tous les|toutes les|chaque|todos los|todas las|todos? os|todas? as|todo|toda|har|a cada)";
const DAILY =
  "(?:every ?day|each day|daily|taglich|jeden tag|cada dia|todos los dias|diariamente|tous les jours|chaque jour|quotidiennement|todos? os dias|todo dia|har (?:roz|din)|roz|rozana)";
const WORKDAYS =
  "(?:every weekday|(?:on )?weekdays|(?:on )?(?:work|business)(?:ing)? ?days|werktags|wochentags|an werktagen|entre semana|(?:los )?dias (?:laborables|uteis|habiles)|en semaine|(?:les )?jours ouvr(?:es|ables))";
const WEEKENDS =
  "(?:(?:every|on) weekends?|weekends|am wochenende|los fines de semana|le week-?end|nos fins de semana)";
const LIST = `${ANY_WEEKDAY}(?:(?:, ?| and | und | y | et | e )(?:(?:on|le|el|los) )?${ANY_WEEKDAY}){0,6}`;
const ON_DAYS = `(?:${EVERY} ${LIST}|(?:weekly )?(?:on |los |les |am )?(?:mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|montags|dienstags|mittwochs|donnerstags|freitags|samstags|sonntags)(?: and ${WEEKDAY})?|weekly on ${ANY_WEEKDAY})`;
const WEEKLY = "(?:every week|weekly|jede woche|wochentlich|cada semana|chaque semaine|toda semana|har hafte)";
const MONTHLY =
  "(?:(?:on the (?:1st|first) of )?every month|monthly|jeden monat|monatlich|cada mes|chaque mois|tous les mois|todo mes)";
const PART = "(?: in the morning| morgens| (?:por|de) la manana| du matin| da manha| subah| shaam)?";
const AT = `(?:,? (?:(?:at|@|um|gegen|a las?|as|a|vers|ko) )?${LOOSE_CLOCK}${ZONE}?${PART})`;
const DAYPARTS =
  "(?:every (?:morning|evening|night)|jeden (?:morgen|abend)|cada (?:manana|noche)|chaque (?:matin|soir)|toda (?:manha|noite))";
const WHICH = `${DAYPARTS}|${WORKDAYS}|${WEEKENDS}|${ON_DAYS}|${DAILY}|${WEEKLY}|${MONTHLY}`;

/** Stands somewhere in every text that `WHICH` matches a part of. */
const WHICH_SIGN =
  /every|each|jede|alle|cada|tous|toutes|chaque|tod[oa]|\bhar\b|daily|taglich|diariamente|quotidien|\broz|week|wochen|mittwochs|werktag|laborables|uteis|habiles|semaine|semana|ouvr|(?:days|tags|abends)\b|month|monat/;

export const SCHEDULES: readonly Rule[] = [
  {
    pattern: `${BEFORE}(?:${EVERY} (?:${LENGTH}|(?:minute|hour|stunde|hora|heure|minuto|ghant[ea]))|hourly|stundlich)${AFTER}`,
    read: (match) => interval(match[0]),
  },
  {
    pattern: `${BEFORE}(?:${WHICH})(?:${PART}${AT}|(?: [a-z]{2,15}){0,2} (?:at|um|a las?|as|a) ${CLOCK}${ZONE}?)${AFTER}`,
    signs: [WHICH_SIGN, CLOCK_SIGN],
    read: (match) => timed(match[0]),
  },
  {
    pattern: `${BEFORE}(?:(?:at|um|a las?|as|a) )?${CLOCK}${ZONE}? (?:on )?(?:${WHICH})${AFTER}`,
    signs: [WHICH_SIGN, CLOCK_SIGN],
    read: (match) => timed(match[0]),
  },
  // Without a time: nine in the morning, except for words that are more often an adjective ("daily users").
  {
    pattern: `${BEFORE}(?!(?:daily|weekly|monthly|taglich|roz|weekdays|weekends|(?:on |am )?(?:wochenende|mondays?))${AFTER})(?:${WHICH})${AFTER}`,
    signs: [WHICH_SIGN],
    read: (match) => timed(match[0]),
  },
];

function interval(text: string): Meaning | undefined {
  if (/^(?:hourly|stundlich)$/.test(text)) return { kind: "schedule", cron: "0 * * * *" };
  const length = new RegExp(`${LENGTH}$`).exec(text)?.[0] ?? new RegExp(`${LONG_UNIT}$`).exec(text)?.[0];
  const seconds = length === undefined ? undefined : lengthOf(length);
  if (seconds === undefined) return undefined;
  // Cron starts its steps anew every hour and every day: what doesn't divide them would come unevenly, so it isn't read.
  if (seconds >= 60 && seconds < 3600 && 3600 % seconds === 0)
    return { kind: "schedule", cron: seconds === 60 ? "* * * * *" : `*/${seconds / 60} * * * *` };
  if (seconds >= 3600 && seconds < 86_400 && 86_400 % seconds === 0 && seconds % 3600 === 0)
    return { kind: "schedule", cron: seconds === 3600 ? "0 * * * *" : `0 */${seconds / 3600} * * *` };
  return seconds === 86_400 ? { kind: "schedule", cron: "0 9 * * *" } : undefined;
}

function timed(text: string): Meaning | undefined {
  const named = zoneOf(text);
  const clock = clockOf(text.replace(/(?:on the )?(?:1st|first) of/, ""), true) ?? usualHour(text);
  return {
    kind: "schedule",
    cron: `${clock.minute} ${clock.hour} ${daysOf(text)}`,
    ...(named === undefined ? {} : { zone: named.zone }),
  };
}

function usualHour(text: string): { readonly hour: number; readonly minute: number } {
  return {
    hour: /\b(?:night|noche|noite)\b/.test(text) ? 22 : /\b(?:evening|abend|soir)\b/.test(text) ? 18 : 9,
    minute: 0,
  };
}

const isWork = new RegExp(WORKDAYS);
const isWeekend = new RegExp(WEEKENDS);
const isMonthly = new RegExp(MONTHLY);
const isWeekly = new RegExp(`^(?:.* )?${WEEKLY}`);
const eachWeekday = new RegExp(`\\b${ANY_WEEKDAY}\\b`, "g");

function daysOf(text: string): string {
  if (isWork.test(text)) return "* * 1-5";
  if (isWeekend.test(text)) return "* * 0,6";
  const days = [...text.matchAll(eachWeekday)].map(([word]) => (weekdayIn(word) ?? 7) % 7);
  if (days.length > 0) return `* * ${[...new Set(days)].sort((a, b) => a - b).join(",")}`;
  if (isMonthly.test(text)) return "1 * *";
  return isWeekly.test(text) ? "* * 1" : "* * *";
}
