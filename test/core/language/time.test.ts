import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMPARISONS, FUTURES, OFFSETS } from "../../../src/core/language/time/ahead.ts";
import { MOMENTS, PAST } from "../../../src/core/language/time/past.ts";
import { SCHEDULES } from "../../../src/core/language/time/schedule.ts";
import { readTimes, type TimeExpression } from "../../../src/core/language/time.ts";

/** A Wednesday. */
const NOW = Date.UTC(2026, 10, 18, 14, 2) / 1000;
const iso = (at: number): string => new Date(at * 1000).toISOString().slice(5, 16);

/** One line per expression, short enough for a table. */
function say(e: TimeExpression): string {
  switch (e.kind) {
    case "window":
      return `${iso(e.from)}..${iso(e.to)}${e.tooLong ? " long" : ""}`;
    case "at":
      return `at ${iso(e.at)}`;
    case "offset":
      return `offset ${e.seconds}${e.calendar === undefined ? "" : ` ${e.calendar}`}`;
    case "future":
      return `until ${iso(e.to)}`;
    case "schedule":
      return `cron ${e.cron}${e.zone === undefined ? "" : ` ${e.zone}`}`;
  }
}
const read = (text: string, zone = "UTC", now = NOW): string => readTimes(text, now, zone).map(say).join(" + ");

const HOURS_2 = "11-18T12:02..11-18T14:02";
const HOUR = "11-18T13:02..11-18T14:02";
const DAY = "11-17T14:02..11-18T14:02";
const TODAY = "11-18T00:00..11-18T14:02";
const YESTERDAY = "11-17T00:00..11-18T00:00";
const SINCE_YESTERDAY = "11-17T00:00..11-18T14:02";
const SINCE_MONDAY = "11-16T00:00..11-18T14:02";
const LAST_WEEK = "11-09T00:00..11-16T00:00";
const LAST_NIGHT = "11-17T20:00..11-18T06:00";
const TWO_TO_HALF_PAST_THREE = "11-17T14:00..11-17T15:30";

describe("windows of the past", () => {
  const table: [string, string][] = [
    ["error rate in the last 3 hours", "11-18T11:02..11-18T14:02"],
    ["past 24h", DAY],
    ["over the last hour", HOUR],
    ["in the last day", DAY],
    ["last 15m", "11-18T13:47..11-18T14:02"],
    ["in the last half hour", "11-18T13:32..11-18T14:02"],
    ["last couple of hours", HOURS_2],
    ["in the past week", "11-11T14:02..11-18T14:02"],
    ["p99 checkout 1h", HOUR],
    ["slowest endpoints over 24 hours", DAY],
    ["cpu above 80% for 10m", "11-18T13:52..11-18T14:02"],
    ["last 90 days", "08-20T14:02..11-18T14:02 long"],
    ["letzte 2 Stunden", HOURS_2],
    ["in den letzten 24 Stunden", DAY],
    ["Latenz von checkout in der letzten Stunde", HOUR],
    ["seit 2 Stunden", HOURS_2],
    ["la última hora", HOUR],
    ["las 2 últimas horas", HOURS_2],
    ["desde hace 2 horas", HOURS_2],
    ["ces 3 dernières heures", "11-18T11:02..11-18T14:02"],
    ["les 24 dernières heures", DAY],
    ["depuis 2 heures", HOURS_2],
    ["na última hora", HOUR],
    ["nas últimas 2 horas", HOURS_2],
    ["pichle 2 ghante", HOURS_2],
    ["pichle ek ghante mein kitne errors aaye", HOUR],
    ["today", TODAY],
    ["heute", TODAY],
    ["hoy", TODAY],
    ["aujourd'hui", TODAY],
    ["aujourd’hui", TODAY],
    ["hoje", TODAY],
    ["aaj", TODAY],
    ["what happened yesterday?", YESTERDAY],
    ["gestern", YESTERDAY],
    ["ayer", YESTERDAY],
    ["erreurs hier", YESTERDAY],
    ["ontem", YESTERDAY],
    ["kal", YESTERDAY],
    ["yesterday morning", "11-17T06:00..11-17T12:00"],
    ["gestern Abend", "11-17T18:00..11-18T00:00"],
    ["ayer por la tarde", "11-17T12:00..11-17T18:00"],
    ["hier soir", "11-17T18:00..11-18T00:00"],
    ["this week", SINCE_MONDAY],
    ["last week", LAST_WEEK],
    ["letzte Woche", LAST_WEEK],
    ["la semana pasada", LAST_WEEK],
    ["la semaine dernière", LAST_WEEK],
    ["a semana passada", LAST_WEEK],
    ["last month", "10-01T00:00..11-01T00:00"],
    ["since yesterday", SINCE_YESTERDAY],
    ["seit gestern", SINCE_YESTERDAY],
    ["desde ayer", SINCE_YESTERDAY],
    ["depuis hier", SINCE_YESTERDAY],
    ["since 9:00", "11-18T09:00..11-18T14:02"],
    ["since Monday", SINCE_MONDAY],
    ["seit Montag", SINCE_MONDAY],
    ["desde el lunes", SINCE_MONDAY],
    ["depuis lundi", SINCE_MONDAY],
    ["since 3h ago", "11-18T11:02..11-18T14:02"],
    ["since this morning", "11-18T06:00..11-18T14:02"],
    ["overnight", LAST_NIGHT],
    ["last night", LAST_NIGHT],
    ["heute Nacht", LAST_NIGHT],
    ["qué pasó anoche", LAST_NIGHT],
    ["this morning", "11-18T06:00..11-18T12:00"],
    ["between 2pm and 4pm", "11-17T14:00..11-17T16:00"],
    ["between 11:00 and 12:30", "11-18T11:00..11-18T12:30"],
    ["between 22:00 and 02:00", "11-17T22:00..11-18T02:00"],
    ["from 14:00 to 15:30 yesterday", TWO_TO_HALF_PAST_THREE],
    ["yesterday 14:00 to 15:30", TWO_TO_HALF_PAST_THREE],
    ["gestern zwischen 14 und 15 Uhr", "11-17T14:00..11-17T15:00"],
    ["entre las 14:00 y las 15:30", TWO_TO_HALF_PAST_THREE],
    ["entre 14h et 15h30", TWO_TO_HALF_PAST_THREE],
    ["from 2026-11-17T14:00Z to 2026-11-17T15:30Z", TWO_TO_HALF_PAST_THREE],
    ["errors between yesterday 14:00 and today 09:00", "11-17T14:00..11-18T09:00"],
    ["on Tuesday", YESTERDAY],
    ["over the weekend", "11-14T00:00..11-16T00:00"],
    ["2026-11-17", YESTERDAY],
    ["am 17.11.", YESTERDAY],
    ["Nov 17", YESTERDAY],
    ["17 Nov", YESTERDAY],
    ["17 de noviembre", YESTERDAY],
    ["on 24 December", "12-24T00:00..12-25T00:00"],
  ];
  it.each(table)("%s", (text, expected) => expect(read(text)).toBe(expected));

  it("last Wednesday, asked on a Wednesday, was a week ago", () => {
    expect(read("last wednesday")).toBe("11-11T00:00..11-12T00:00");
  });

  it("a day in Berlin starts at Berlin's midnight and has 25 hours when the clocks go back", () => {
    expect(read("today", "Europe/Berlin")).toBe("11-17T23:00..11-18T14:02");
    const [sunday] = readTimes("yesterday", Date.UTC(2026, 9, 26, 12) / 1000, "Europe/Berlin");
    expect(sunday).toMatchObject({ kind: "window", seconds: 25 * 3600 });
  });

  it("an unknown zone is read as UTC", () => {
    expect(read("today", "Mars/Base")).toBe(TODAY);
  });
});

describe("moments, comparisons, what is ahead, and schedules", () => {
  const table: [string, string][] = [
    ["at 03:00", "at 11-18T03:00"],
    ["what happened at 3?", "at 11-18T03:00"],
    ["yesterday at 14:00", "at 11-17T14:00"],
    ["p95 um 14:30 gestern", "at 11-17T14:30"],
    ["3h ago", "at 11-18T11:02"],
    ["an hour ago", "at 11-18T13:02"],
    ["vor 2 Stunden", "at 11-18T12:02"],
    ["vor einer Woche", "at 11-11T14:02"],
    ["hace 2 horas", "at 11-18T12:02"],
    ["il y a 2 heures", "at 11-18T12:02"],
    ["há 2 horas", "at 11-18T12:02"],
    ["2 ghante pehle", "at 11-18T12:02"],
    ["3 days ago at 14:00", "at 11-15T14:00"],
    ["um 3 Uhr", "at 11-18T03:00"],
    ["um 3 Uhr nachmittags", "at 11-17T15:00"],
    ["a las 15:00", "at 11-17T15:00"],
    ["a las 3 de la tarde", "at 11-17T15:00"],
    ["à 15h", "at 11-17T15:00"],
    ["15h30", "at 11-17T15:30"],
    ["3 p.m.", "at 11-17T15:00"],
    ["am 17.11. um 9 Uhr", "at 11-17T09:00"],
    ["2026-11-18T10:00:00Z", "at 11-18T10:00"],
    ["2026-11-18T10:00:00+02:00", "at 11-18T08:00"],
    ["2026-11-18 10:00", "at 11-18T10:00"],
    ["1763647200", "at 11-20T14:00"],
    ["1763647200000", "at 11-20T14:00"],
    ["3pm CET", "at 11-18T14:00"],
    ["09:00 UTC", "at 11-18T09:00"],
    ["14:00 Berlin time", "at 11-18T13:00"],
    ["8am PST", "at 11-17T16:00"],
    ["compared to yesterday", "offset 86400 day"],
    ["vs last week", "offset 604800 week"],
    ["slower than yesterday", "offset 86400 day"],
    ["same time yesterday", "offset 86400 day"],
    ["against one day ago", "offset 86400 day"],
    ["gegenüber gestern", "offset 86400 day"],
    ["als letzte Woche", "offset 604800 week"],
    ["más que ayer", "offset 86400 day"],
    ["par rapport à hier", "offset 86400 day"],
    ["kal se zyada", "offset 86400 day"],
    ["week over week", "offset 604800 week"],
    ["day over day", "offset 86400 day"],
    ["vs an hour ago", "offset 3600"],
    ["vs last monday", "offset 172800 day"],
    ["compare today with yesterday", `${TODAY} + offset 86400 day`],
    ["orders today vs yesterday", `${TODAY} + offset 86400 day`],
    ["last 2 hours vs the same time last week", `${HOURS_2} + offset 604800 week`],
    ["in two hours", "until 11-18T16:02"],
    ["in 1h", "until 11-18T15:02"],
    ["in the next hour", "until 11-18T15:02"],
    ["in the next 48 hours", "until 11-20T14:02"],
    ["within 2 weeks", "until 12-02T14:02"],
    ["next week", "until 11-30T00:00"],
    ["tomorrow", "until 11-20T00:00"],
    ["by tomorrow 9:00", "until 11-19T09:00"],
    ["who is on call this weekend", "until 11-23T00:00"],
    ["errors before 14:00", "at 11-18T14:00"],
    ["full by Friday", "until 11-21T00:00"],
    ["for the next 3 days", "until 11-21T14:02"],
    ["in 30 days", "until 12-18T14:02"],
    ["in zwei Stunden", "until 11-18T16:02"],
    ["morgen um 9 Uhr", "until 11-19T09:00"],
    ["dans 2 heures", "until 11-18T16:02"],
    ["dans les 48 prochaines heures", "until 11-20T14:02"],
    ["en 3 días", "until 11-21T14:02"],
    ["mañana a las 9", "until 11-19T09:00"],
    ["em 2 horas", "until 11-18T16:02"],
    ["agle 2 ghante mein", "until 11-18T16:02"],
    ["will the disk be full at 18:00", "until 11-18T18:00"],
    ["will it fill up this week", "until 11-23T00:00"],
    ["silence web-1 for 2 hours", "until 11-18T16:02"],
    ["snooze until tomorrow 9am", "until 11-19T09:00"],
    ["every day at 9", "cron 0 9 * * *"],
    ["daily at 9:00", "cron 0 9 * * *"],
    ["every day at 9:00 UTC", "cron 0 9 * * * UTC"],
    ["every monday 8am", "cron 0 8 * * 1"],
    ["every monday and thursday at 8:30", "cron 30 8 * * 1,4"],
    ["every morning at 8", "cron 0 8 * * *"],
    ["hourly", "cron 0 * * * *"],
    ["every 15 minutes", "cron */15 * * * *"],
    ["every 2 hours", "cron 0 */2 * * *"],
    ["weekdays at 17:30", "cron 30 17 * * 1-5"],
    ["jeden Tag um 9", "cron 0 9 * * *"],
    ["jeden Montag um 8 Uhr", "cron 0 8 * * 1"],
    ["werktags um 8:30", "cron 30 8 * * 1-5"],
    ["cada día a las 9", "cron 0 9 * * *"],
    ["todos los lunes a las 9", "cron 0 9 * * 1"],
    ["tous les jours à 9h", "cron 0 9 * * *"],
    ["todos os dias às 9", "cron 0 9 * * *"],
    ["har roz subah 9 baje", "cron 0 9 * * *"],
  ];
  it.each(table)("%s", (text, expected) => expect(read(text)).toBe(expected));

  it.each([
    "since the deploy",
    "p95 5xx top 5 v2.3.0 db-1 3 services /var/lib/x 10 replicas web-1",
    "rate(http_requests_total[5m])",
    "`last 3 hours`",
    'alert "down since yesterday"',
    "ist hier alles ok?",
    "jobs running over 5 minutes",
    "between 2 and 4 services",
    "scale web to 3 replicas",
    "requests slower than 5 minutes",
    "latency above 2s",
    "is it normal for a Tuesday",
    "since 3 deploys",
    "every 45 minutes",
    "which 5 may fail",
    "will it last a day",
    "10.0.0.1:9090 at 99.9",
    "daily active users",
    "how long has db-1 been down",
    "",
  ])("no time in: %s", (text) => expect(read(text)).toBe(""));

  it("says which piece of the original text it read, accents, wide spaces and all", () => {
    const text = "Größe über  der  letzten   Stunde, bitte";
    const [found] = readTimes("p95 für été: las  últimas 2  horas?", NOW, "UTC");
    expect(found!.words).toBe("las  últimas 2  horas");
    const [hour] = readTimes(text, NOW, "UTC");
    expect(text.slice(hour!.start, hour!.end)).toBe(hour!.words);
    expect(hour!.words).toContain("letzten   Stunde");
  });
});

describe("any text at all", () => {
  const pieces = fc.constantFrom(
    ..."last|3|hours|1h30m|since|yesterday|vs|week|every|day|at|9:00|between|2pm|and|4pm|gestern|um|Uhr|última|hora|tomorrow|until|CET|Berlin time|18|Nov|17.11.|2026-02-31|24:00|99|in|ago|the|same|`|\"|'|é|ß|\u0301|😀|\ud800|  |\n|,|-|monday|next|1763647200|2026-11-18T25:61Z|this morning|tonight|weekend".split(
      "|",
    ),
  );
  const zones = fc.constantFrom(
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "America/St_Johns",
    "Pacific/Kiritimati",
    "nonsense",
  );

  it("gives spans inside the text that don't overlap, and windows that begin before they end, by now", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(pieces, fc.string({ unit: "binary", maxLength: 5 })), { maxLength: 15 }),
        zones,
        fc.integer({ min: 1_500_000_000, max: 1_900_000_000 }),
        (words, zone, now) => {
          const text = words.join(" ");
          let last = 0;
          for (const found of readTimes(text, now, zone)) {
            expect(found.start).toBeGreaterThanOrEqual(last);
            expect(found.end).toBeGreaterThan(found.start);
            expect(found.end).toBeLessThanOrEqual(text.length);
            expect(text.slice(found.start, found.end)).toBe(found.words);
            last = found.end;
            if (found.kind === "window") {
              expect(found.from).toBeLessThan(found.to);
              expect(found.to).toBeLessThanOrEqual(now);
              expect(found.seconds).toBeCloseTo(found.to - found.from, 6);
              expect(found.tooLong === true).toBe(found.seconds > 31 * 86_400);
            }
            if (found.kind === "at") expect(found.at).toBeLessThanOrEqual(now);
            if (found.kind === "future") expect(found.to).toBeCloseTo(now + found.seconds, 6);
            if (found.kind === "future" || found.kind === "offset") expect(found.seconds).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("reads 50,000 characters of the worst kinds and still ends", () => {
    for (const piece of [
      "last ",
      "1h ",
      "a ",
      "between 2pm and ",
      "1",
      "on 18 ",
      "from 14:00 to ",
      "mon, ",
      " ",
      "`",
      "every day at ",
    ]) {
      expect(Array.isArray(readTimes(piece.repeat(50_000 / piece.length), NOW, "UTC"))).toBe(true);
    }
  });
});

describe("the signs of a rule", () => {
  /** A pattern's source without what looks around, which no text can be made from. */
  function withoutLooking(source: string): string {
    let rest = source;
    for (let at = rest.search(LOOKING); at !== -1; at = rest.search(LOOKING)) {
      let depth = 0;
      let isClass = false;
      let end = at;
      do {
        const letter = rest[end]!;
        if (letter === "\\") end++;
        else if (isClass) isClass = letter !== "]";
        else if (letter === "[") isClass = true;
        else if (letter === "(") depth++;
        else if (letter === ")") depth--;
        end++;
      } while (depth > 0);
      rest = rest.slice(0, at) + rest.slice(end);
    }
    return rest.replaceAll("\\b", "");
  }
  const LOOKING = /\(\?<?[=!]/;

  const rules = Object.entries({ SCHEDULES, OFFSETS, COMPARISONS, PAST, FUTURES, MOMENTS }).flatMap(([name, list]) =>
    list.map((rule, i) => [`${name}[${i}]`, rule] as const).filter(([, { signs }]) => signs !== undefined),
  );
  it.each(rules)("stand in whatever %s matches", (_name, { pattern, signs = [] }) => {
    const matching = fc.stringMatching(new RegExp(`^(?:${withoutLooking(pattern)})$`));
    const whole = new RegExp(pattern);
    let matched = 0;
    fc.assert(
      fc.property(matching, (text) => {
        if (!whole.test(text)) return; // made without the conditions around it
        matched++;
        for (const sign of signs) expect(text).toMatch(sign);
      }),
      { numRuns: 2000 },
    );
    expect(matched).toBeGreaterThan(20);
  });
});
