import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatDuration } from "../../core/units.ts";
import { isSelector } from "./forecast-line.ts";
import type { EndOf, Outlook } from "./forecast-outlook.ts";
import { couldNotAsk, placeName, placeWords } from "./measure.ts";
import { type Row, rowsOf, say, sorted, valuesOf } from "./rows.ts";
import type { Turn } from "./turn.ts";

const DAY = 86_400;
/** A forecast that ends an hour before a week is over tells about the week. */
const NEARLY = 0.95;

/** Which of several reach a limit within the time that the question names. */
export async function withinHorizon(
  turn: Turn,
  original: Subject,
  limit: EndOf,
  base: string,
  outlooks: readonly Outlook[],
): Promise<Answer> {
  const { ask, now, read } = turn;
  const { bound } = limit.subject;
  const seconds = Math.round(read.ahead?.seconds ?? DAY);
  const past = seconds > 3 * DAY ? "24h" : "6h";
  const rows = outlooks.map(({ row }) => row);
  const inner = isSelector(base) ? `${base}[${past}]` : `(${base})[${past}:5m]`;
  const byForecast = outlooks.flatMap(({ row, crossing }) =>
    crossing === undefined ||
    (crossing.kind !== "already" && crossing.kind !== "crosses" && crossing.until < now + NEARLY * seconds)
      ? []
      : [
          {
            row,
            hits: crossing.kind === "already" || (crossing.kind === "crosses" && crossing.likely <= now + seconds),
          },
        ],
  );
  // A straight line is asked for only where a forecast does not tell.
  const answer =
    byForecast.length === rows.length ? undefined : await ask.instant(`predict_linear(${inner}, ${seconds})`);
  if (answer !== undefined && !answer.ok) return couldNotAsk(original, answer.reason);
  const foretold = new Set(byForecast.map(({ row }) => row.key));
  const byLine = (answer === undefined ? [] : rowsOf(bound, answer.data).rows).filter(({ key }) => !foretold.has(key));
  const hits = [
    ...byForecast.flatMap(({ row, hits: isHit }) => (isHit ? [row] : [])),
    ...byLine.filter(({ value }) => (limit.rising ? value >= limit.value : value <= limit.value)),
  ];
  const ahead = formatDuration(seconds);
  const known = new Map(rows.map((row) => [row.key, row]));
  const untold = rows.filter(({ key }) => !foretold.has(key) && !byLine.some((one) => one.key === key));
  if (byForecast.length + byLine.length === 0)
    return answerOf(
      `I cannot say what will be ${limit.words} within ${ahead}: there is too little history of ${bound.concept.name}${placeWords(original)} for a trend.`,
      { tone: "warning", values: valuesOf(bound, rows) },
    );
  const trend = `the trend of the last ${past === "6h" ? "6 h" : "24 h"}`;
  const how = byLine.length === 0 ? "the forecast" : foretold.size === 0 ? trend : `forecast and ${trend}`;
  const possible = outlooks.filter(
    ({ row, crossing }) =>
      !hits.some(({ key }) => key === row.key) &&
      crossing !== undefined &&
      (crossing.kind === "possible" || crossing.kind === "crosses") &&
      crossing.earliest <= now + seconds,
  );
  const notes = [
    ...(untold.length === 0
      ? []
      : [`Too little history for a trend of ${untold.map(({ name }) => name || placeName(original)).join(", ")}.`]),
    ...(possible.length === 0
      ? []
      : [
          `For ${possible.length} more it is possible: the 80 % band of ${possible.length === 1 ? "its forecast" : "their forecasts"} reaches it.`,
        ]),
    ...(foretold.size === 0 || byLine.length === 0
      ? []
      : [`For ${byLine.length} of ${rows.length} the trend counts, since history tells too little of them now.`]),
  ];
  function nameOf({ key, name }: Row): string {
    return (known.get(key)?.name ?? name) || placeName(original);
  }
  if (hits.length === 0)
    return answerOf(
      `${read.yesNo ? "No: none" : "None"} of ${foretold.size + byLine.length} will be ${limit.words} within ${ahead}, by ${how}.`,
      { tone: "good", values: valuesOf(bound, rows), notes },
    );
  const nowOf = (row: Row) => known.get(row.key)?.value ?? row.value;
  const names = sorted(
    hits.map((row) => ({ ...row, value: nowOf(row) })),
    limit.rising ? "high" : "low",
  );
  return answerOf(
    `${read.yesNo ? "Yes: " : ""}${names.map(nameOf).join(", ")} will be ${limit.words} within ${ahead}, by ${how}.`,
    {
      tone: "danger",
      notes,
      values: names
        .map((row) => ({
          name: `${bound.concept.name} of ${row.name} now`,
          value: known.get(row.key)?.value ?? Number.NaN,
          unit: bound.concept.unit,
          labels: row.labels,
          at: now,
        }))
        .filter((value) => Number.isFinite(value.value)),
      details: names.flatMap((row) => {
        const value = known.get(row.key)?.value;
        return value === undefined
          ? []
          : [`${row.name || "It"} has ${say(bound, value)} of ${bound.concept.name} now.`];
      }),
      next: [askButton("When exactly?", `when will ${names[0]?.name ?? ""} be full`)],
    },
  );
}
