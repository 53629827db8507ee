import { type Answer, answerOf, askButton, type Value } from "../../core/answer.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatDuration } from "../../core/units.ts";
import { sayTime, startOfDay } from "../../core/zone.ts";
import { askAgain, capital, couldNotAsk, listed, nameWithQuantile, placeWords, sayChange } from "./measure.ts";
import { plan } from "./query.ts";
import { type Row, rowsOf, say, sorted, unitIn, valuesOf } from "./rows.ts";
import type { Turn } from "./turn.ts";

const DAY = 86_400;

/** One subject now against an earlier time, or two things of one subject against each other. */
export async function compare(turn: Turn, subject: Subject): Promise<Answer> {
  const things = new Set(subject.filters.flatMap((filter) => filter.values));
  if (turn.read.offset === undefined && things.size >= 2) return compareThings(turn, subject);
  return compareTimes(turn, subject);
}

async function compareTimes(turn: Turn, subject: Subject): Promise<Answer> {
  const { read, ask, now, zone } = turn;
  const since = read.offset === undefined && read.window !== undefined && Math.abs(read.window.to - now) < 90;
  const back = read.offset?.seconds ?? (since ? backTo(read.window?.from ?? now - DAY, now, zone) : DAY);
  const how = plan(read, subject, now, zone, {
    ignoreTime: since || /^(?:today|heute|hoy|aujourd.?hui|hoje|aaj)$/i.test(read.window?.words ?? ""),
  });
  const [current, before] = await Promise.all([
    ask.instant(how.promql, { at: how.at }),
    ask.instant(how.promql, { at: how.at - back }),
  ]);
  if (!current.ok) return couldNotAsk(subject, current.reason);
  if (!before.ok) return couldNotAsk(subject, before.reason);
  const then = sayTime(how.at - back, now, zone);
  const rows = rowsOf(subject.bound, current.data).rows;
  const old = rowsOf(subject.bound, before.data).rows;
  const name = capital(nameWithQuantile(subject, read.quantile, how.form));
  const place = placeWords(subject);
  const fold = (list: readonly Row[]): number | undefined => {
    if (list.length === 1) return list[0]?.value;
    return subject.bound.concept.fold === "sum" && list.length > 0
      ? list.reduce((sum, row) => sum + row.value, 0)
      : undefined;
  };
  const [to, from] = [fold(rows), fold(old)];
  const unit = unitIn(subject.bound, how.form);
  const values: Value[] = [
    ...valuesOf(subject.bound, rows, how.form),
    ...old.map((row) => ({
      name: `${name} of ${row.name}, ${formatDuration(back)} earlier`,
      value: row.value,
      unit,
      labels: row.labels,
      at: row.at,
    })),
  ];
  if (rows.length === 0)
    return answerOf(`No data for ${name}${place} ${how.when}, so there is nothing to compare.`, { tone: "warning" });
  if (to !== undefined && from !== undefined) {
    const change = sayRelative(subject, from, to, how.form);
    const lead = read.yesNo && !/\b(?:or|oder|ou|o)\b/i.test(read.plain) ? `${answerTo(read.plain, from, to)}: ` : "";
    return answerOf(
      `${lead}${lead === "" ? name : lower(name)}${place} is ${change} against ${formatDuration(back)} earlier (${then}).`,
      {
        values,
        tone: toneOf(subject, from, to),
        details: [`Now ${say(subject.bound, to, how.form)}, then ${say(subject.bound, from, how.form)}.`],
        next: [
          askButton("What is usual?", `is ${askAgain(subject, read.quantile)} normal`),
          askButton("What changed?", `what changed in the last ${formatDuration(Math.min(back, DAY))}`),
        ],
      },
    );
  }
  if (old.length === 0)
    return answerOf(`${name}${place} had no data ${formatDuration(back)} earlier (${then}), so I cannot compare.`, {
      tone: "warning",
      values,
      details: rows.slice(0, 5).map((row) => `Now: ${row.name} ${say(subject.bound, row.value, how.form)}.`),
    });
  const byKey = new Map(old.map((row) => [row.key, row]));
  const paired = sorted(rows, "high").flatMap((row) => {
    const other = byKey.get(row.key);
    return other === undefined ? [] : [{ row, other }];
  });
  const moved = [...paired].sort((a, b) => movement(b) - movement(a));
  const [most] = moved;
  return answerOf(
    most === undefined
      ? `${name}${place} has other series than ${formatDuration(back)} earlier.`
      : `${name}${place} against ${formatDuration(back)} earlier (${then}): ${most.row.name} moved most, ${sayChange(subject, most.other.value, most.row.value)}.`,
    {
      values,
      list: listed(
        moved.map(({ row }) => row),
        (row) => `${row.name}: ${sayChange(subject, byKey.get(row.key)?.value ?? Number.NaN, row.value)}`,
      ),
    },
  );
}

/**
 * "since yesterday" begins at midnight, but is compared at this hour of that day: nights differ from days. Seconds, at
 * most 31 days.
 */
function backTo(from: number, now: number, zone: string): number {
  const days = from === startOfDay(from, zone) ? Math.round((startOfDay(now, zone) - from) / DAY) : 0;
  return days >= 1 ? Math.min(31, days) * DAY : Math.max(300, Math.min(31 * DAY, now - from));
}

function movement({ row, other }: { row: Row; other: Row }): number {
  return other.value === 0 ? (row.value === 0 ? 0 : 1e9) : Math.abs(row.value - other.value) / Math.abs(other.value);
}

/** "up 34 %, from 120 to 161 req/s"; shares also say the relative change, which is what people mean by "doubled". */
function sayRelative(subject: Subject, from: number, to: number, form: "rate" | "count"): string {
  if (from === 0 || !Number.isFinite(to / from))
    return `${to > from ? "higher" : to < from ? "lower" : "the same"}: ${say(subject.bound, to, form)} instead of ${say(subject.bound, from, form)}`;
  const ratio = to / from;
  const percent = Number((Math.abs(ratio - 1) * 100).toPrecision(3));
  if (percent < 0.05) return `unchanged at ${say(subject.bound, to, form)}`;
  const size = ratio >= 3 ? `×${Number(ratio.toPrecision(3))}` : `${percent} %`;
  return `${to > from ? "up" : "down"} ${size}, from ${say(subject.bound, from, form)} to ${say(subject.bound, to, form)},`;
}

function answerTo(question: string, from: number, to: number): string {
  const asksUp =
    /\b(up|higher|more|increas\w*|grow\w*|grew|risen|rise|rose|slower|worse|jump\w*|spik\w*|gestiegen|hoher|mehr|langsamer|subido|aumentado|mas|plus|augmente|aumentou|subiu)\b/i.test(
      question,
    );
  const asksDown =
    /\b(down|lower|less|fewer|decreas\w*|drop\w*|fall\w*|fell|faster|better|improv\w*|shr[iau]nk\w*|gesunken|weniger|schneller|bajado|menos|baisse|caiu)\b/i.test(
      question,
    );
  const same = from === to || (from !== 0 && Math.abs(to / from - 1) < 0.05);
  if (!asksUp && !asksDown) return same ? "No real change" : "Changed";
  if (same) return "No, about the same";
  return to > from === asksUp ? "Yes" : "No";
}

function toneOf(subject: Subject, from: number, to: number): "info" | "warning" {
  const { worse } = subject.bound.concept;
  const grew = from !== 0 && to / from > 1.3;
  const fell = from !== 0 && to / from < 0.7;
  return (worse === "up" && grew) || (worse === "down" && fell) ? "warning" : "info";
}

function lower(name: string): string {
  return /^[A-Z][a-z]/.test(name) ? `${name[0]?.toLowerCase()}${name.slice(1)}` : name;
}

async function compareThings(turn: Turn, subject: Subject): Promise<Answer> {
  const { read, ask, now, zone } = turn;
  const label = subject.filters.find((filter) => filter.values.length >= 2)?.label;
  const self = subject.bound.names["self"];
  const by =
    label === undefined
      ? undefined
      : label === self
        ? [label, ...subject.bound.concept.rows.filter((row) => row !== label && subject.bound.metric.labels.has(row))]
        : [label];
  const how = plan(read, subject, now, zone, by === undefined ? {} : { by });
  const answer = await ask.instant(how.promql, { at: how.at });
  if (!answer.ok) return couldNotAsk(subject, answer.reason);
  const { rows } = rowsOf(subject.bound, answer.data);
  const direction = read.ranking?.direction ?? "high";
  const [first, second, ...rest] = sorted(rows, direction);
  const name = nameWithQuantile(subject, read.quantile);
  if (first === undefined) return answerOf(`No data for ${name}${placeWords(subject)}.`, { tone: "warning" });
  if (second === undefined)
    return answerOf(
      `Only ${first.name} has data for ${name}: ${say(subject.bound, first.value, how.form)} ${how.when}.`,
      { tone: "warning", values: valuesOf(subject.bound, rows, how.form) },
    );
  const equal = first.value === second.value;
  const difference = second.value === 0 || equal ? "" : `, ${sayTimes(first.value / second.value)}`;
  const verdict = equal
    ? `${first.name} and ${second.name} have the same ${name}: ${say(subject.bound, first.value, how.form)} ${how.when}.`
    : `${first.name} has the ${direction === "high" ? "higher" : "lower"} ${name}: ${say(subject.bound, first.value, how.form)} against ${say(subject.bound, second.value, how.form)} of ${second.name}${difference} ${how.when}.`;
  return answerOf(verdict, {
    values: valuesOf(subject.bound, rows, how.form),
    list: rest.length === 0 ? [] : rest.map((row) => `${row.name}: ${say(subject.bound, row.value, how.form)}`),
    next: [askButton("Since yesterday", `${askAgain(subject, read.quantile)} compared to yesterday`)],
  });
}

function sayTimes(ratio: number): string {
  if (ratio >= 2) return `${Number(ratio.toPrecision(2))} times as much`;
  if (ratio <= 0.5) return `${Number((ratio * 100).toPrecision(2))} % of it`;
  const percent = Number((Math.abs(ratio - 1) * 100).toPrecision(2));
  return `${percent} % ${ratio > 1 ? "more" : "less"}`;
}
