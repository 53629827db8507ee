import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import { queryFor } from "../../core/concept.ts";
import { promDuration } from "../../core/language/duration.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatDuration, formatValue } from "../../core/units.ts";
import { sayTime } from "../../core/zone.ts";
import { capitalFirst } from "../../util/capital.ts";
import { couldNotAsk, listed, nameWithQuantile, placeName, placeWords } from "./measure.ts";
import { groupLabels, plan } from "./query.ts";
import { type Row, rowsOf, say, sorted, valuesOf } from "./rows.ts";
import type { Turn } from "./turn.ts";
import { hourlyHistory, usualAt } from "./usual.ts";

const DAY = 86_400;

/** When something runs out, or what it will be: a straight line through the recent past, and the usual value at that time. */
export async function forecast(turn: Turn, subject: Subject): Promise<Answer> {
  const limit = limitOf(turn, subject);
  const wantsWhen =
    /\b(?:when|how long|until|any|which|surviv\w*|make it|run(?:s|ning)? out|full|fill\w*|exhaust\w*|reach\w*|last|wann|voll|erschopft|cuando|llen[ao]\w*|agot\w*|quand|plein\w*|epuis\w*|quando|chei[ao]|encher|kab|bhar\w*)\b/i.test(
      turn.read.plain,
    );
  if (limit !== undefined && (wantsWhen || turn.read.ahead === undefined)) return whenReached(turn, subject, limit);
  return valueAhead(turn, subject);
}

type Limit = { readonly subject: Subject; readonly value: number; readonly words: string; readonly rising: boolean };

/** What counts as the end: empty for free space, 100 % for shares, a threshold that the question names. */
function limitOf(turn: Turn, subject: Subject): Limit | undefined {
  const { concept } = subject.bound;
  const named = turn.read.threshold?.valueIn(concept.unit);
  if (named !== undefined)
    return {
      subject,
      value: named,
      words: `at ${formatValue(named, concept.unit)}`,
      rising: turn.read.threshold?.op.startsWith("<") !== true,
    };
  const swap: Readonly<Record<string, string>> = {
    "host.disk": "host.disk_free",
    "host.disk_used": "host.disk_free",
    "host.memory": "host.memory_free",
    "volume.usage": "volume.free",
  };
  const other = turn.index.byId.get(swap[concept.id] ?? "");
  if (other !== undefined)
    return {
      subject: { ...subject, bound: other },
      value: 0,
      words: concept.id === "host.memory" ? "exhausted" : "full",
      rising: false,
    };
  if (["host.disk_free", "host.memory_free", "volume.free"].includes(concept.id))
    return { subject, value: 0, words: "full", rising: false };
  if (concept.unit === "ratio" && concept.worse === "up" && concept.warn !== undefined)
    return { subject, value: 1, words: "at 100 %", rising: true };
  if (concept.id === "slo.budget") return { subject, value: 0, words: "used up", rising: false };
  return undefined;
}

/** Slopes over two windows: the longer one is calmer, the shorter one knows what changed today. */
const TREND_WINDOWS = ["6h", "24h"] as const;

async function whenReached(turn: Turn, original: Subject, limit: Limit): Promise<Answer> {
  const { ask, now, zone, read } = turn;
  const { bound } = limit.subject;
  const by = groupLabels(bound, limit.subject, read);
  const base = queryFor(bound, {
    filters: limit.subject.filters,
    by,
    window: bound.concept.window ?? "5m",
    quantile: read.quantile ?? 0.95,
    form: "rate",
  });
  const [current, ...slopes] = await Promise.all([
    ask.instant(base),
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
  const etas = rows.map((row) => ({
    row,
    times: perWindow.map((slope) => eta(row.value, limit.value, slope.get(row.key), limit.rising)),
  }));
  if (read.ahead !== undefined && (rows.length > 1 || read.yesNo))
    return withinHorizon(turn, original, limit, base, rows);
  const soonest = [...etas].sort((a, b) => first(a.times) - first(b.times));
  const [top] = soonest;
  if (top === undefined) return answerOf(`No current data for ${bound.concept.name}.`, { tone: "warning" });
  const seconds = top.times.find((time) => time !== undefined);
  const name = top.row.name === "" ? placeName(original) : top.row.name;
  if (seconds === undefined) {
    return answerOf(
      `${name} is not heading there: ${bound.concept.name} is ${say(bound, top.row.value)} and the trend of the last 6 h and 24 h leads away from it.`,
      {
        tone: "good",
        values: valuesOf(bound, rows),
        list: rows.length > 1 ? listed(rows, (row) => `${row.name}: ${say(bound, row.value)}`) : [],
      },
    );
  }
  const moreRows = soonest.slice(1).filter((one) => first(one.times) < 30 * DAY);
  const others = top.times
    .slice(1)
    .flatMap((time, index) =>
      time === undefined
        ? []
        : [
            `By the trend of the last ${TREND_WINDOWS[index + 1]?.replace("h", " h")}: in ${formatDuration(Math.round(time))} (${sayTime(now + time, now, zone)}).`,
          ],
    );
  const used = top.times.findIndex((time) => time !== undefined);
  return answerOf(
    `${name} will be ${limit.words} in about ${formatDuration(Math.round(seconds))} (${sayTime(now + seconds, now, zone)}), by the trend of the last ${TREND_WINDOWS[used]?.replace("h", " h")}.`,
    {
      tone: seconds < 2 * DAY ? "danger" : seconds < 7 * DAY ? "warning" : "info",
      details: [`Now ${bound.concept.name} is ${say(bound, top.row.value)}.`, ...(used === 0 ? others : [])],
      list: moreRows
        .slice(0, 8)
        .map((one) => `${one.row.name}: ${limit.words} in ${formatDuration(Math.round(first(one.times)))}`),
      values: [
        { name: `time until ${limit.words}`, value: seconds, unit: "seconds", labels: top.row.labels, at: now },
        ...valuesOf(bound, [top.row]),
      ],
      notes: ["A straight line through the recent past; it knows nothing of clean-ups or growth to come."],
      next: [
        askButton(
          `Why? (${name})`,
          `why is the ${original.bound.concept.name} of ${placeName(original) || name} changing`,
        ),
        askButton("Which disks will be full in 7 days?"),
      ],
    },
  );
}

/** Bare selectors go straight to `deriv`; anything computed goes through a subquery. */
function slopeQuery(base: string, window: string): string {
  return isSelector(base) ? `deriv(${base}[${window}])` : `deriv((${base})[${window}:5m])`;
}

function isSelector(promql: string): boolean {
  return /^[a-zA-Z_:][\w:]*(?:\{[^{}]*\})?$/.test(promql);
}

function eta(value: number, limit: number, slope: number | undefined, rising: boolean): number | undefined {
  if (rising ? value >= limit : value <= limit) return 0;
  if (slope === undefined || !Number.isFinite(slope) || slope === 0) return undefined;
  const seconds = (limit - value) / slope;
  return seconds > 0 && seconds < 366 * DAY ? seconds : undefined;
}

function first(times: readonly (number | undefined)[]): number {
  return times.find((time) => time !== undefined) ?? Number.POSITIVE_INFINITY;
}

async function withinHorizon(
  turn: Turn,
  original: Subject,
  limit: Limit,
  base: string,
  rows: readonly Row[],
): Promise<Answer> {
  const { ask, now, read } = turn;
  const { bound } = limit.subject;
  const seconds = Math.round(read.ahead?.seconds ?? DAY);
  const past = seconds > 3 * DAY ? "24h" : "6h";
  const inner = isSelector(base) ? `${base}[${past}]` : `(${base})[${past}:5m]`;
  const answer = await ask.instant(`predict_linear(${inner}, ${seconds})`);
  if (!answer.ok) return couldNotAsk(original, answer.reason);
  const predicted = rowsOf(bound, answer.data).rows;
  const hits = predicted.filter(({ value }) => (limit.rising ? value >= limit.value : value <= limit.value));
  const ahead = formatDuration(seconds);
  const known = new Map(rows.map((row) => [row.key, row]));
  const untold = rows.filter(({ key }) => !predicted.some((one) => one.key === key));
  if (predicted.length === 0)
    return answerOf(
      `I cannot say what will be ${limit.words} within ${ahead}: there is too little history of ${bound.concept.name}${placeWords(original)} for a trend.`,
      { tone: "warning", values: valuesOf(bound, rows) },
    );
  const notes =
    untold.length === 0
      ? []
      : [`Too little history for a trend of ${untold.map(({ name }) => name || placeName(original)).join(", ")}.`];
  if (hits.length === 0)
    return answerOf(
      `${read.yesNo ? "No: none" : "None"} of ${predicted.length} will be ${limit.words} within ${ahead}, by the trend of the last ${past === "6h" ? "6 h" : "24 h"}.`,
      { tone: "good", values: valuesOf(bound, rows), notes },
    );
  const names = sorted(hits, limit.rising ? "high" : "low");
  return answerOf(
    `${read.yesNo ? "Yes: " : ""}${names.map(({ key, name }) => (known.get(key)?.name ?? name) || placeName(original)).join(", ")} will be ${limit.words} within ${ahead}, by the trend of the last ${past === "6h" ? "6 h" : "24 h"}.`,
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

async function valueAhead(turn: Turn, subject: Subject): Promise<Answer> {
  const { ask, now, zone, read } = turn;
  const { bound } = subject;
  const seconds = Math.round(read.ahead?.seconds ?? 3600);
  const how = plan(read, subject, now, zone, { ignoreTime: true, form: "rate" });
  const lookBack = promDuration(Math.min(6 * 3600, Math.max(3600, seconds)));
  const inner = isSelector(how.series) ? `${how.series}[${lookBack}]` : `(${how.series})[${lookBack}:1m]`;
  const [answer, current, history] = await Promise.all([
    ask.instant(`predict_linear(${inner}, ${seconds})`),
    ask.instant(how.series),
    seconds >= 2 * 3600 ? hourlyHistory(ask, how.series, now) : [],
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
  const usual = history.length === 1 ? usualAt(history[0]?.points ?? [], now + seconds, zone) : undefined;
  const details = [
    ...(currentRows.get(top.key) === undefined
      ? []
      : [`Now it is ${say(bound, currentRows.get(top.key) ?? Number.NaN)}.`]),
    ...(usual === undefined
      ? []
      : [`Usual at that hour: ${say(bound, usual.typical)} (${say(bound, usual.low)} to ${say(bound, usual.high)}).`]),
  ];
  if (rows.length > 1) {
    return answerOf(
      `Forecast of ${name}${place} ${when}: highest is ${top.name} with ${say(bound, bounded(top.value))}.`,
      {
        details,
        list: listed(rows, (row) => `${row.name}: ${say(bound, bounded(row.value))}`),
        values: valuesOf(bound, rows),
        notes: [`A straight line through the last ${lookBack}.`],
      },
    );
  }
  return answerOf(
    `${capitalFirst(name)}${place} will be about ${say(bound, bounded(top.value))} ${when}, if the trend of the last ${lookBack.replace(/(\d)([hm])/g, "$1 $2")} holds.`,
    { details, values: valuesOf(bound, rows), notes: ["A straight line through the recent past."] },
  );
}
