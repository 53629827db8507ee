import { describe, expect, it } from "vitest";
import { readTimes, type TimeExpression } from "../../../src/core/language/time.ts";
import { NOW } from "./mill.ts";

const minute = (at: number): string => new Date(at * 1000).toISOString().slice(0, 16);

/** "window 2026-06-02T10:00 2026-06-02T11:00", "offset 86400", "schedule 0 9 * * *". */
function said(time: TimeExpression | undefined): string {
  switch (time?.kind) {
    case "window":
      return `window ${minute(time.from)} ${minute(time.to)}`;
    case "at":
      return `at ${minute(time.at)}`;
    case "future":
      return `future ${minute(NOW + time.seconds)}`;
    case "offset":
      return `offset ${time.seconds}`;
    case "schedule":
      return `schedule ${time.cron}`;
    default:
      return "";
  }
}

describe("a time, asked on Wednesday 3 June 2026 at 14:30 UTC", () => {
  it.each([
    ["from yesterday 10:00 to 11:00", "window 2026-06-02T10:00 2026-06-02T11:00"],
    ["between 9 and 11 am", "window 2026-06-03T09:00 2026-06-03T11:00"],
    ["between 3pm and 1pm", "window 2026-06-02T15:00 2026-06-03T13:00"],
    ["this month", "window 2026-06-01T00:00 2026-06-03T14:30"],
    ["diesen Monat", "window 2026-06-01T00:00 2026-06-03T14:30"],
    ["this year", "window 2026-01-01T00:00 2026-06-03T14:30"],
    ["this week", "window 2026-06-01T00:00 2026-06-03T14:30"],
    ["last month", "window 2026-05-01T00:00 2026-06-01T00:00"],
    ["la semana pasada", "window 2026-05-25T00:00 2026-06-01T00:00"],
    ["hier soir", "window 2026-06-02T18:00 2026-06-03T00:00"],
    ["this afternoon", "window 2026-06-03T12:00 2026-06-03T14:30"],
    ["from 2026-05-01 to 2026-05-03", "window 2026-05-01T00:00 2026-05-04T00:00"],
    ["since the 1st of May", "window 2026-05-01T00:00 2026-06-03T14:30"],
    ["since yesterday noon", "window 2026-06-02T12:00 2026-06-03T14:30"],
    ["since 10 minutes", "window 2026-06-03T14:20 2026-06-03T14:30"],
    ["in den letzten 3 Tagen", "window 2026-05-31T14:30 2026-06-03T14:30"],
    ["by the end of the month", "future 2026-07-01T00:00"],
    ["by end of week", "future 2026-06-08T00:00"],
    ["by end of day", "future 2026-06-04T00:00"],
    ["next minute", "future 2026-06-03T14:31"],
    ["next day", "future 2026-06-04T14:30"],
    ["next hour", "future 2026-06-03T15:30"],
    ["until tomorrow", "future 2026-06-05T00:00"],
    ["at 14:00 +02:00", "at 2026-06-03T12:00"],
    ["at 3pm", "at 2026-06-02T15:00"],
    ["at noon", "at 2026-06-03T12:00"],
    ["at 12am Europe/Berlin", "at 2026-06-02T22:00"],
    ["on 3 May at 10:00", "at 2026-05-03T10:00"],
    ["at 1700000000", "at 2023-11-14T22:13"],
    ["compared to last month", "offset 2592000"],
    ["compared to last tuesday", "offset 86400"],
    ["compared to a week ago", "offset 604800"],
    ["compared to a month ago", "offset 2592000"],
    ["compared to 3 hours ago", "offset 10800"],
    ["compared to the last hour", "offset 3600"],
    ["every minute", "schedule * * * * *"],
    ["every 10 minutes", "schedule */10 * * * *"],
    ["hourly", "schedule 0 * * * *"],
    ["every 2 hours", "schedule 0 */2 * * *"],
    ["every day", "schedule 0 9 * * *"],
    ["every night", "schedule 0 22 * * *"],
    ["every evening", "schedule 0 18 * * *"],
    ["every monday", "schedule 0 9 * * 1"],
    ["weekly on friday at 8", "schedule 0 8 * * 5"],
    ["on 31 February", ""],
    ["at 25:00", ""],
  ])("%s: %s", (text, expected) => {
    expect(said(readTimes(text, NOW, "UTC")[0])).toBe(expected);
  });

  it.each([
    ["yesterday", "Asia/Tokyo", "window 2026-06-01T15:00 2026-06-02T15:00"],
    ["today", "America/New_York", "window 2026-06-03T04:00 2026-06-03T14:30"],
    ["at 9:00", "Europe/Berlin", "at 2026-06-03T07:00"],
  ])("%s is the asker's own in %s: %s", (text, zone, expected) => {
    expect(said(readTimes(text, NOW, zone)[0])).toBe(expected);
  });
});
