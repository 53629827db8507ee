import { type Answer, answerOf } from "../../core/answer.ts";
import { promDuration } from "../../core/language/duration.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatDuration } from "../../core/units.ts";
import { sayTime } from "../../core/zone.ts";
import { capitalFirst } from "../../util/capital.ts";
import { isSelector } from "./forecast-line.ts";
import {
  bandValues,
  breakWords,
  departureWords,
  type Foreseen,
  forecastChart,
  foresee,
  keepAndRecall,
  methodWords,
  reaches,
  valueAt,
} from "./foresee.ts";
import { couldNotAsk, listed, nameWithQuantile, placeWords } from "./measure.ts";
import { plan } from "./query.ts";
import { type Row, rowsOf, say, sorted, valuesOf } from "./rows.ts";
import type { Turn } from "./turn.ts";

/** What a value will be at a time ahead: by a forecast with its band, else by a straight line. */
export async function valueAhead(turn: Turn, subject: Subject): Promise<Answer> {
  const { ask, now, zone, read } = turn;
  const { bound } = subject;
  const seconds = Math.round(read.ahead?.seconds ?? 3600);
  const how = plan(read, subject, now, zone, { ignoreTime: true, form: "rate" });
  const lookBack = promDuration(Math.min(6 * 3600, Math.max(3600, seconds)));
  const inner = isSelector(how.series) ? `${how.series}[${lookBack}]` : `(${how.series})[${lookBack}:1m]`;
  const line = `predict_linear(${inner}, ${seconds})`;
  const [answer, current, forecasts] = await Promise.all([
    ask.instant(line, { background: true }),
    ask.instant(how.series),
    foresee(turn, bound, how.series, seconds),
  ]);
  if (!answer.ok) return couldNotAsk(subject, answer.reason);
  const rows = sorted(rowsOf(bound, answer.data).rows, "high");
  const currentRows = current.ok
    ? new Map(rowsOf(bound, current.data).rows.map((row) => [row.key, row.value]))
    : new Map<string, number>();
  const [top] = rows;
  const name = nameWithQuantile(subject, read.quantile);
  const place = placeWords(subject);
  if (top === undefined)
    return answerOf(`No recent data for ${name}${place}, so I cannot forecast it.`, { tone: "warning" });
  const when = `in ${formatDuration(seconds)} (${sayTime(now + seconds, now, zone)})`;
  const bounded = (value: number): number =>
    bound.concept.unit === "celsius"
      ? value
      : Math.max(0, bound.concept.unit === "ratio" && bound.concept.warn !== undefined ? Math.min(1, value) : value);
  const nowWords =
    currentRows.get(top.key) === undefined ? [] : [`Now it is ${say(bound, currentRows.get(top.key) ?? Number.NaN)}.`];
  const foretold = new Map(
    rows.flatMap((row): [string, Foreseen][] => {
      const found = forecasts?.get(row.key);
      return found?.kind === "told" && found.departed === undefined && reaches(found.forecast, now + seconds)
        ? [[row.key, found]]
        : [];
    }),
  );
  // Stated for those without a forecast, so its query is shown.
  if (foretold.size < rows.length) await ask.instant(line);
  const meanOf = (row: Row): number => {
    const found = foretold.get(row.key);
    return found === undefined ? bounded(row.value) : valueAt(found.forecast, found.forecast.mean, now + seconds);
  };
  if (rows.length > 1) {
    const ahead = sorted(
      rows.map((row) => ({ ...row, value: meanOf(row) })),
      "high",
    );
    const [highest = top] = ahead;
    const straight = `A straight line through the last ${lookBack}`;
    return answerOf(
      `Forecast of ${name}${place} ${when}: highest is ${highest.name} with ${say(bound, highest.value)}.`,
      {
        details: nowWords.length === 0 || highest.key !== top.key ? [] : nowWords,
        list: listed(ahead, (row) => {
          const found = foretold.get(row.key)?.forecast;
          const band = found === undefined ? "" : ` (${bandWords(bound, found, now + seconds)})`;
          return `${row.name}: ${say(bound, row.value)}${band}`;
        }),
        values: valuesOf(bound, ahead),
        notes:
          foretold.size === 0
            ? [`${straight}.`]
            : [
                "In brackets the 80 % band of a forecast from the history of each.",
                ...(foretold.size < rows.length ? [`${straight} where there is no band.`] : []),
              ],
      },
    );
  }
  const found = forecasts?.get(top.key);
  const foreseen = foretold.get(top.key);
  if (foreseen !== undefined) {
    const at = now + seconds;
    const chartName = `${capitalFirst(name)}${place}`;
    return answerOf(
      `${chartName} will be about ${say(bound, meanOf(top))} ${when}: four times of five ${bandWords(bound, foreseen.forecast, at)}.`,
      {
        details: [
          ...nowWords,
          ...breakWords(foreseen, bound, turn),
          ...(await keepAndRecall(turn, bound, how.series, top.labels, foreseen)),
        ],
        values: bandValues(bound, chartName, foreseen.forecast, at, top.labels),
        notes: [methodWords(foreseen, bound)],
        chart: forecastChart(foreseen, bound, chartName, at),
      },
    );
  }
  const without =
    found === undefined
      ? []
      : found.kind === "cannot"
        ? [`There is no forecast with a band: ${found.message}.`]
        : found.departed === undefined
          ? ["It is farther ahead than its history allows a forecast with a band for."]
          : [departureWords(found.departed, bound, turn)];
  return answerOf(
    `${capitalFirst(name)}${place} will be about ${say(bound, bounded(top.value))} ${when}, if the trend of the last ${lookBack.replace(/(\d)([hm])/g, "$1 $2")} holds.`,
    {
      details: [...nowWords, ...without],
      values: valuesOf(bound, rows),
      notes: ["A straight line through the recent past."],
    },
  );
}

/** "210 ms to 420 ms": the 80 % band at a moment. */
function bandWords(bound: Subject["bound"], told: Foreseen["forecast"], at: number): string {
  return `${say(bound, valueAt(told, told.lo80, at))} to ${say(bound, valueAt(told, told.hi80, at))}`;
}
