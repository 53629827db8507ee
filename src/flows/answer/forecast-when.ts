import { type Answer, answerOf, askButton, type Value } from "../../core/answer.ts";
import type { Button } from "../../core/card.ts";
import { queryFor } from "../../core/concept.ts";
import { type Crossing, crossingOf } from "../../core/forecast/crossing.ts";
import type { KeptForecast } from "../../core/forecast/score.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatDuration } from "../../core/units.ts";
import { sayTime } from "../../core/zone.ts";
import { capitalFirst } from "../../util/capital.ts";
import { never } from "../../util/never.ts";
import { eta, firstOf, slopeQuery } from "./forecast-line.ts";
import { type EndOf, type Outlook, untilOf } from "./forecast-outlook.ts";
import { withinHorizon } from "./forecast-within.ts";
import {
  breakWords,
  departureWords,
  type Foreseen,
  forecastChart,
  foresee,
  keepAndRecall,
  methodWords,
} from "./foresee.ts";
import { couldNotAsk, listed, placeName, placeWords } from "./measure.ts";
import { groupLabels } from "./query.ts";
import { rowsOf, say, valuesOf } from "./rows.ts";
import type { Turn } from "./turn.ts";

const DAY = 86_400;

/** Slopes over two windows: the longer one is calmer, the shorter one knows what changed today. */
const TREND_WINDOWS = ["6h", "24h"] as const;

/** When a limit is reached: by a forecast with its band, else by a straight line. */
export async function whenReached(turn: Turn, original: Subject, limit: EndOf): Promise<Answer> {
  const { ask, read } = turn;
  const { bound } = limit.subject;
  const by = groupLabels(bound, limit.subject, read);
  const base = queryFor(bound, {
    filters: limit.subject.filters,
    by,
    window: bound.concept.window ?? "5m",
    quantile: read.quantile ?? 0.95,
    form: "rate",
  });
  const ahead = Math.max(read.ahead?.seconds ?? 0, 7 * DAY);
  const [current, forecasts, ...slopes] = await Promise.all([
    ask.instant(base),
    foresee(turn, bound, base, ahead, limit),
    ...TREND_WINDOWS.map((window) => ask.instant(slopeQuery(base, window))),
  ]);
  if (!current.ok) return couldNotAsk(original, current.reason);
  const failedSlope = slopes.find((slope) => !slope.ok);
  if (failedSlope !== undefined && !failedSlope.ok && slopes.every((slope) => !slope.ok))
    return couldNotAsk(original, failedSlope.reason);
  const rows = rowsOf(bound, current.data).rows;
  const perWindow = slopes.map((slope) =>
    slope.ok ? new Map(rowsOf(bound, slope.data).rows.map((row) => [row.key, row.value])) : new Map<string, number>(),
  );
  if (rows.length === 0)
    return answerOf(`No current data for ${bound.concept.name}${placeWords(original)}, so I cannot forecast it.`, {
      tone: "warning",
    });
  const outlooks = rows.map((row): Outlook => {
    const found = forecasts?.get(row.key);
    const foreseen = found?.kind === "told" && found.departed === undefined ? found : undefined;
    return {
      row,
      lines: perWindow.map((slope) => eta(row.value, limit, slope.get(row.key))),
      foreseen,
      crossing: foreseen && crossingOf(foreseen.forecast, limit, row.value),
      without:
        found === undefined
          ? undefined
          : found.kind === "cannot"
            ? `There is no forecast with a band: ${found.message}.`
            : found.departed && departureWords(found.departed, bound, turn),
    };
  });
  if (read.ahead !== undefined && (rows.length > 1 || read.yesNo))
    return withinHorizon(turn, original, limit, base, outlooks);
  const soonest = [...outlooks].sort((a, b) => untilOf(a, turn.now) - untilOf(b, turn.now));
  const [top] = soonest;
  if (top === undefined) return answerOf(`No current data for ${bound.concept.name}.`, { tone: "warning" });
  const answer =
    top.foreseen === undefined || top.crossing === undefined
      ? byLine(turn, original, limit, top)
      : byForecast(turn, original, limit, top, top.foreseen, top.crossing);
  const record =
    top.foreseen === undefined
      ? []
      : await keepAndRecall(turn, bound, base, top.row.labels, top.foreseen, reachesOf(limit, original, top));
  const others = soonest.slice(1).filter((one) => untilOf(one, turn.now) < 30 * DAY);
  return {
    ...answer,
    details: [...answer.details, ...record],
    list:
      untilOf(top, turn.now) < Number.POSITIVE_INFINITY
        ? others
            .slice(0, 8)
            .map((one) => `${one.row.name}: ${limit.words} in ${formatDuration(Math.round(untilOf(one, turn.now)))}`)
        : rows.length > 1
          ? listed(rows, (row) => `${row.name}: ${say(bound, row.value)}`)
          : [],
  };
}

/** What a digest tells of it later. */
function reachesOf(limit: EndOf, original: Subject, { row, crossing }: Outlook): KeptForecast["reaches"] {
  if (crossing?.kind !== "crosses") return undefined;
  const name = row.name === "" ? placeName(original) : row.name;
  return {
    at: crossing.likely,
    what: `${name} will be ${limit.words}`,
    ask: `forecast ${limit.subject.bound.concept.name} of ${name}`,
  };
}

function byForecast(
  turn: Turn,
  original: Subject,
  limit: EndOf,
  { row, lines }: Outlook,
  foreseen: Foreseen,
  crossing: Crossing,
): Answer {
  const { now, zone } = turn;
  const { bound } = limit.subject;
  const name = row.name === "" ? placeName(original) : row.name;
  const nowWords = `Now ${bound.concept.name} is ${say(bound, row.value)}.`;
  const rest = {
    details: [nowWords, ...lineWords(turn, limit, lines), ...breakWords(foreseen, bound, turn)],
    notes: [
      methodWords(foreseen, bound),
      "It goes by how the series went on before; it knows nothing of clean-ups or growth to come.",
    ],
    next: nextOf(original, name),
  };
  const chartTo = (until: number) =>
    forecastChart(foreseen, bound, `${capitalFirst(bound.concept.name)} of ${name}`, until, limit.value);
  const values = valuesOf(bound, [row]);
  const time = (what: string, at: number): Value => ({
    name: what,
    value: Math.max(0, at - now),
    unit: "seconds",
    labels: row.labels,
    at: now,
  });
  switch (crossing.kind) {
    case "already":
      return answerOf(`${name} is ${limit.words} already: ${bound.concept.name} is ${say(bound, row.value)}.`, {
        ...rest,
        tone: "danger",
        details: [],
        values,
      });
    case "crosses": {
      const { earliest, likely, latest } = crossing;
      const seconds = Math.max(0, likely - now);
      const end = latest === undefined ? "or later" : `to ${sayTime(latest, now, zone)}`;
      const band =
        latest === undefined ? `${sayTime(earliest, now, zone)} ${end}` : `${sayTime(earliest, now, zone)} ${end}`;
      return answerOf(
        `${name} will be ${limit.words} in about ${formatDuration(Math.round(seconds))} (${sayTime(likely, now, zone)}; four times of five from ${band}).`,
        {
          ...rest,
          tone: seconds < 2 * DAY ? "danger" : seconds < 7 * DAY ? "warning" : "info",
          chart: chartTo(latest ?? likely + 0.5 * seconds),
          values: [
            time(`time until ${limit.words}`, likely),
            time(`time until ${limit.words}, earliest`, earliest),
            ...(latest === undefined ? [] : [time(`time until ${limit.words}, latest`, latest)]),
            ...values,
          ],
        },
      );
    }
    case "possible":
    case "clear": {
      const far = formatDuration(Math.round((crossing.until - now) / 3600) * 3600, { parts: 1 });
      const line = firstOf(lines);
      const beyond = now + line > crossing.until && Number.isFinite(line);
      const verdict = beyond
        ? `${name} will be ${limit.words} in about ${formatDuration(Math.round(line))} (${sayTime(now + line, now, zone)}), by a straight line: the forecast ends before that.`
        : `${name} will not be ${limit.words} within ${far}, by the forecast${crossing.kind === "possible" ? `; its band reaches it ${sayTime(crossing.earliest, now, zone)} at the earliest` : ""}.`;
      return answerOf(verdict, {
        ...rest,
        tone: crossing.kind === "possible" ? "warning" : beyond ? "info" : "good",
        chart: chartTo(crossing.until),
        values: [...(beyond ? [time(`time until ${limit.words}`, now + line)] : []), ...values],
      });
    }
    default:
      return never(crossing);
  }
}

/** What a straight line through the last hours would say, for comparison. */
function lineWords({ now, zone }: Turn, limit: EndOf, lines: Outlook["lines"]): readonly string[] {
  const at = lines.findIndex((time) => time !== undefined);
  const line = lines[at];
  if (line === undefined || line === 0) return [];
  return [
    `A straight line through the last ${said(TREND_WINDOWS[at])} would be ${limit.words} in ${formatDuration(Math.round(line))} (${sayTime(now + line, now, zone)}).`,
  ];
}

function said(window = ""): string {
  return window.replace("h", " h");
}

function nextOf(original: Subject, name: string): readonly Button[] {
  return [
    askButton(`Why? (${name})`, `why is the ${original.bound.concept.name} of ${placeName(original) || name} changing`),
    askButton("Which disks will be full in 7 days?"),
  ];
}

/** By the trend of the last hours: where there is too little history for a forecast, or an incident is under way. */
function byLine(turn: Turn, original: Subject, limit: EndOf, top: Outlook): Answer {
  const { now, zone } = turn;
  const { bound } = limit.subject;
  const name = top.row.name === "" ? placeName(original) : top.row.name;
  const without = top.without === undefined ? [] : [top.without];
  const seconds = top.lines.find((time) => time !== undefined);
  if (seconds === undefined)
    return answerOf(
      `${name} is not heading there: ${bound.concept.name} is ${say(bound, top.row.value)} and the trend of the last 6 h and 24 h leads away from it.`,
      { tone: "good", values: valuesOf(bound, [top.row]), details: without },
    );
  const others = top.lines
    .slice(1)
    .flatMap((time, index) =>
      time === undefined
        ? []
        : [
            `By the trend of the last ${said(TREND_WINDOWS[index + 1])}: in ${formatDuration(Math.round(time))} (${sayTime(now + time, now, zone)}).`,
          ],
    );
  const used = top.lines.findIndex((time) => time !== undefined);
  return answerOf(
    `${name} will be ${limit.words} in about ${formatDuration(Math.round(seconds))} (${sayTime(now + seconds, now, zone)}), by the trend of the last ${TREND_WINDOWS[used]?.replace("h", " h")}.`,
    {
      tone: seconds < 2 * DAY ? "danger" : seconds < 7 * DAY ? "warning" : "info",
      details: [
        `Now ${bound.concept.name} is ${say(bound, top.row.value)}.`,
        ...(used === 0 ? others : []),
        ...without,
      ],
      values: [
        { name: `time until ${limit.words}`, value: seconds, unit: "seconds", labels: top.row.labels, at: now },
        ...valuesOf(bound, [top.row]),
      ],
      notes: ["A straight line through the recent past; it knows nothing of clean-ups or growth to come."],
      next: nextOf(original, name),
    },
  );
}
