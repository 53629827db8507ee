import { measureOf, NUMBER_OF_THINGS } from "../../core/gate/measure.ts";
import { quantityOf } from "../../core/gate/quantity.ts";
import { unitOfQuery } from "../../core/query-unit.ts";
import type { Labels, Point } from "../../core/series.ts";
import { shapeOf } from "../../core/shape.ts";
import { formatValue, type MetricUnit } from "../../core/units.ts";
import type { Found } from "../../ports/metrics.ts";
import type { ModelTool } from "../../ports/model.ts";
import { momentOf, readArgs, shape, text, textOf } from "./arguments.ts";
import { cleanLabels, fenced } from "./data.ts";
import type { Search } from "./search.ts";

/** Queries. A reply is what somebody would say who saw the picture, never the points themselves. */
export function queryTools(search: Search): readonly ModelTool[] {
  return [instantTool(search), rangeTool(search)];
}

const INSTANT_SERIES = 25;
const RANGE_SERIES = 12;
/** Points of a range query: enough for a picture. */
const POINTS = 120;
const SMALLEST_STEP = 15;
const LONGEST_SPAN = 31 * 86_400;

function instantTool(search: Search): ModelTool {
  const { ask, clean, at } = search;
  return {
    name: "query",
    about: "Evaluates PromQL at one moment.",
    parameters: shape(
      { promql: text("The query"), at: text('The moment: "now" (when left out), "-3h", or RFC 3339') },
      ["promql"],
    ),
    async run(args, signal) {
      const read = readArgs(args);
      const promql = textOf(read, "promql");
      const moment = momentOf(read, "at", ask.now, ask.now);
      const found = await ask.instant(promql, { ...(moment !== ask.now && { at: moment }), signal });
      const problem = whyNothing(found, clean);
      if (problem !== undefined || !found.ok) return problem ?? "";
      const unit = unitOfQuery(promql, search.catalogue);
      const sheet = noteSheet(
        search,
        promql,
        unit,
        found.data.map(({ labels, at: when, value }) => ({ labels, points: [[when, value]] as const })),
      );
      noteAgo(search, promql, ask.now - moment);
      const noted = noterFor(search, promql, unit);
      const series = found.data.slice(0, INSTANT_SERIES).map(({ labels, at: when, value }, index) => ({
        id: `${sheet}.s${index + 1}`,
        labels: cleanLabels(labels, clean),
        value: noted(`${sheet}.s${index + 1}.value`, [when, value], labels),
      }));
      noteCount(search, found.data.length, promql);
      return fenced({
        query: sheet,
        at: at(moment),
        series,
        of: found.data.length,
        ...(found.data.length > INSTANT_SERIES && {
          truncated: true,
          hint: `Use topk(${INSTANT_SERIES}, …) or narrow it.`,
        }),
      });
    },
  };
}

function rangeTool(search: Search): ModelTool {
  const { ask, notes, clean, at } = search;
  return {
    name: "query_range",
    about:
      "Evaluates PromQL over a time: first, last, lowest, highest, a trend in a few points, and the biggest step of each series.",
    parameters: shape(
      {
        promql: text("The query"),
        from: text('Begin: such as "-3h", or RFC 3339. "-1h" when left out'),
        to: text('End: "now" when left out'),
      },
      ["promql"],
    ),
    async run(args, signal) {
      const read = readArgs(args);
      const promql = textOf(read, "promql");
      const start = momentOf(read, "from", ask.now, ask.now - 3600);
      const end = momentOf(read, "to", ask.now, ask.now);
      if (end - start < 60) return "Error: from must be at least a minute before to.";
      if (end - start > LONGEST_SPAN) return "Error: at most 31 days.";
      const step = Math.max(SMALLEST_STEP, Math.ceil((end - start) / POINTS));
      const found = await ask.range(promql, { start, end, step }, { signal });
      const problem = whyNothing(found, clean);
      if (problem !== undefined || !found.ok) return problem ?? "";
      const unit = unitOfQuery(promql, search.catalogue);
      const sheet = noteSheet(search, promql, unit, found.data);
      const query = notes.indexOf(promql);
      noteAgo(search, promql, end - start, ask.now - start, ask.now - end);
      notes.facts.push({ value: step, family: "time", origin: "span", query });
      noteCount(search, found.data.length, promql);
      const noted = noterFor(search, promql, unit);
      const series = found.data.slice(0, RANGE_SERIES).map(({ labels, points }, index) => {
        const id = `${sheet}.s${index + 1}`;
        const of = (name: string, point: Point) => noted(`${id}.${name}`, point, labels);
        const seen = shapeOf(points);
        if (seen === undefined) return { id, labels: cleanLabels(labels, clean), count: 0, note: "no numbers (0/0)" };
        const { jump } = seen;
        const moments = [seen.min[0], seen.max[0], ...(jump === undefined ? [] : [jump.at])];
        noteAgo(search, promql, ...moments.map((when) => ask.now - when));
        return {
          id,
          labels: cleanLabels(labels, clean),
          count: seen.count,
          first: of("first", seen.first),
          last: of("last", seen.last),
          min: { value: of("min", seen.min), at: at(seen.min[0]) },
          max: { value: of("max", seen.max), at: at(seen.max[0]) },
          trend: seen.trend.map((point, part) => [at(point[0]), of(`trend${part + 1}`, point)]),
          ...(jump !== undefined && {
            biggest_step: {
              at: at(jump.at),
              from: of("step_from", [jump.before, jump.from]),
              to: of("step_to", [jump.at, jump.to]),
            },
          }),
        };
      });
      return fenced({
        query: sheet,
        from: at(start),
        to: at(end),
        step_seconds: step,
        series,
        of: found.data.length,
        ...(found.data.length > RANGE_SERIES && {
          truncated: true,
          hint: `Use topk(${RANGE_SERIES}, …) or narrow it.`,
        }),
      });
    },
  };
}

/** The kinds of nothing are different facts, and none of them is zero. */
function whyNothing(found: Found<readonly unknown[]>, clean: Search["clean"]): string | undefined {
  if (found.ok)
    return found.data.length > 0
      ? undefined
      : "Error: no data. The query is valid and no series matches. That is not zero: check the metric's name and labels.";
  const reason = clean(found.reason, 500);
  switch (found.why) {
    case "guarded":
      return `Error: the query was not sent: ${reason}`;
    case "refused":
      return `Error: Prometheus refused the query: ${reason}`;
    case "unreachable":
      return `Error: Prometheus could not be asked, which says nothing about the system: ${reason}`;
  }
}

function noteSheet(
  { notes, catalogue }: Search,
  promql: string,
  unit: MetricUnit,
  series: readonly { readonly labels: Labels; readonly points: readonly Point[] }[],
): string {
  notes.addText(promql, notes.indexOf(promql));
  for (const name of promql.match(/[a-zA-Z_:][\w:]*/g) ?? []) if (catalogue.metrics.has(name)) notes.addNames(name);
  for (const { labels } of series) notes.addLabels(labels);
  notes.sheets.push({ promql, unit, query: notes.indexOf(promql), series });
  return `q${notes.sheets.length}`;
}

/**
 * Notes the values of one query for the model: each under its name for `compute`, and as a fact that may be said, with what it measures
 * and when it was.
 */
function noterFor({ notes }: Search, promql: string, unit: MetricUnit) {
  const measure = measureOf(promql);
  const query = notes.indexOf(promql);
  return (name: string, [at, value]: Point, labels: Labels): string | number => {
    if (!Number.isFinite(value)) return "not a number";
    notes.addFact(value, unit, { origin: "returned", labels, query, measure, at });
    const scaled = value * unit.scale;
    notes.values.set(name, { value, unit, labels, promql, measure, quantity: quantityOf(scaled, unit.unit) });
    return unit.unit === "none" ? Number(value.toPrecision(6)) : formatValue(scaled, unit.unit);
  };
}

/** How many series came back may be said of things, and of no measure. */
function noteCount({ notes }: Search, value: number, promql: string): void {
  const query = notes.indexOf(promql);
  notes.facts.push({ value, family: "count", origin: "returned", query, measure: NUMBER_OF_THINGS });
}

/** How long something lasted or is ago may be said. */
function noteAgo({ notes }: Search, promql: string, ...seconds: readonly number[]): void {
  const query = notes.indexOf(promql);
  for (const value of seconds) if (value > 0) notes.facts.push({ value, family: "time", origin: "span", query });
}
