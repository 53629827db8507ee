import { drawSvg } from "../../charts/index.ts";
import type { Chart } from "../../core/card.ts";
import type { Point } from "../../core/series.ts";
import { mean } from "../../core/stats.ts";
import { startOfDay } from "../../core/zone.ts";
import { htmlText } from "../../util/html.ts";
import type { Page, Row } from "./page.ts";

/** Pictures in an exported page: they are drawn here and stand in it whole. */

/** Numbers of a row that a mean is taken of, and what that is called. */
const MEANS: Readonly<Record<string, string>> = {
  seconds_to_acknowledge: "Time to acknowledge",
  seconds_to_resolve: "Time to resolve",
};
/** More days than these would be a line nobody can read. */
const MOST_DAYS = 400;

/** How many there were each day, and how long they took. Empty where there is nothing to draw. */
export function chartsOf(page: Page, rows: readonly Row[]): string {
  const days = daysOf(page);
  if (rows.length === 0 || days.length < 2 || days.length > MOST_DAYS) return "";
  const byDay = Map.groupBy(rows, ({ at }) => startOfDay(at, page.zone));
  const of = (day: number) => byDay.get(day) ?? [];
  const groups = [...new Set(rows.map((row) => String(row.json[page.group] ?? "")))].sort();
  const counts: Chart = {
    title: `${page.title} each day`,
    unit: "count",
    series: groups.map((name) => ({
      name,
      points: days.map(
        (day): Point => [day, of(day).filter(({ json }) => String(json[page.group] ?? "") === name).length],
      ),
    })),
  };
  const times: Chart = {
    title: `${page.title}: mean times by day of their beginning`,
    unit: "seconds",
    series: Object.entries(MEANS).map(([column, name]) => ({
      name,
      points: days.flatMap((day): Point[] => {
        const values = of(day).flatMap(({ json }) => (typeof json[column] === "number" ? [json[column]] : []));
        return values.length === 0 ? [] : [[day, mean(values)!]];
      }),
    })),
  };
  const shown = [counts, { ...times, series: times.series.filter(({ points }) => points.length > 0) }];
  return shown
    .filter(({ series }) => series.length > 0)
    .map((chart) => figure(chart, page.zone))
    .join("");
}

/** Local midnights within the period. */
function daysOf({ period, zone }: Page): readonly number[] {
  const days: number[] = [];
  for (
    let day = startOfDay(period.from, zone);
    day < period.to && days.length <= MOST_DAYS;
    day = startOfDay(day, zone, 1)
  )
    days.push(day);
  return days;
}

/** The words that a screen reader says in place of the picture are those of its title; the table has the numbers. */
function figure(chart: Chart, zone: string): string {
  const { svg } = drawSvg(chart, zone);
  return `<figure>${svg.replace("<svg ", `<svg role="img" aria-label="${htmlText(chart.title)}" `)}</figure>\n`;
}
