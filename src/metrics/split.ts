import type { SyntaxNode } from "@lezer/common";
import type { Labels } from "../core/series.ts";
import { exact, parse, readSelector } from "./promql.ts";

/** Aggregations whose parts, by one more label, are of the same kind as the whole. */
const SPLITTABLE: ReadonlySet<string> = new Set(["Sum", "Avg", "Max", "Min", "Count"]);
/** Functions after which labels are not those of the series any more. */
const RELABELLING: ReadonlySet<string> = new Set([
  "Absent",
  "AbsentOverTime",
  "LabelReplace",
  "LabelJoin",
  "Scalar",
  "Vector",
]);

type Insertion = { readonly at: number; readonly text: string };

/**
 * A query asked for parts: each of its aggregations keeps one label more, and its selectors are narrowed to `only`, as far as their metrics have
 * these labels. Undefined where that would not be the same measure of a part: nothing is aggregated, by something else than sum, avg, min, max or
 * count, the label is dropped on purpose (`without`), matched one to many, made by a function, or missing from a metric.
 * @param has whether a metric has that label
 */
export function splitQuery(
  promql: string,
  label: string,
  only: Labels,
  has: (metric: string, label: string) => boolean,
): string | undefined {
  const parsed = parse(promql);
  if (!("tree" in parsed) || !/^[a-zA-Z_]\w*$/.test(label)) return undefined;
  const insertions: Insertion[] = [];
  let isSplit = false;
  let fits = true;
  parsed.tree.iterate({
    enter: ({ node, name }) => {
      if (!fits) return false;
      if (name === "AggregateExpr") {
        const found = withLabel(node, promql, label);
        if (found === undefined) fits = false;
        else if (found !== "kept") insertions.push(found);
        isSplit ||= typeof found === "object";
      } else if (name === "MatchingModifierClause") {
        const found = matchedBy(node, promql, label);
        if (found === undefined) fits = false;
        else if (found !== "kept") insertions.push(found);
      } else if (name === "VectorSelector") {
        const found = isWithin(node, "AggregateExpr") ? narrowed(node, promql, label, only, has) : undefined;
        if (found === undefined) fits = false;
        else if (found.text !== "") insertions.push(found);
        return false;
      } else if (name === "FunctionIdentifier" && RELABELLING.has(node.firstChild?.name ?? "")) fits = false;
      return fits;
    },
  });
  if (!fits || !isSplit) return undefined;
  return insertions
    .sort((a, b) => b.at - a.at)
    .reduce((text, { at, text: more }) => `${text.slice(0, at)}${more}${text.slice(at)}`, promql);
}

/** The label among those that an aggregation keeps. */
function withLabel(node: SyntaxNode, promql: string, label: string): Insertion | "kept" | undefined {
  const op = node.getChild("AggregateOp");
  if (op === null || !SPLITTABLE.has(op.firstChild?.name ?? "")) return undefined;
  const modifier = node.getChild("AggregateModifier");
  if (modifier === null) return { at: op.to, text: ` by (${label})` };
  const named = namesIn(modifier, promql);
  if (modifier.getChild("Without") !== null) return named.includes(label) ? undefined : "kept";
  return named.includes(label) ? "kept" : into(modifier, label, named.length);
}

/** The label among those that two sides are matched by. */
function matchedBy(node: SyntaxNode, promql: string, label: string): Insertion | "kept" | undefined {
  if (node.getChild("GroupLeft") !== null || node.getChild("GroupRight") !== null) return undefined;
  const named = namesIn(node, promql);
  if (node.getChild("On") === null) return named.includes(label) ? undefined : "kept";
  return named.includes(label) ? "kept" : into(node, label, named.length);
}

function into(node: SyntaxNode, label: string, count: number): Insertion | undefined {
  const list = node.getChild("GroupingLabels");
  return list === null ? undefined : { at: list.to - 1, text: count === 0 ? label : `, ${label}` };
}

function namesIn(node: SyntaxNode, promql: string): readonly string[] {
  const list = node.getChild("GroupingLabels");
  return (list?.getChildren("LabelName") ?? []).map(({ from, to }) => promql.slice(from, to));
}

function narrowed(
  node: SyntaxNode,
  promql: string,
  label: string,
  only: Labels,
  has: (metric: string, label: string) => boolean,
): Insertion | undefined {
  const metric = readSelector(node, promql)?.metric;
  if (metric === undefined || !has(metric, label)) return undefined;
  const matchers = Object.entries(only)
    .filter(([name]) => has(metric, name))
    .map(([name, value]) => exact(name, value));
  if (matchers.length === 0) return { at: node.to, text: "" };
  const list = node.getChild("LabelMatchers");
  if (list === null) return { at: node.to, text: `{${matchers.join(",")}}` };
  const inside = promql.slice(list.from + 1, list.to - 1).trim();
  const joint = inside === "" || inside.endsWith(",") ? "" : ",";
  return { at: list.to - 1, text: `${joint}${matchers.join(",")}` };
}

function isWithin(node: SyntaxNode, name: string): boolean {
  for (let above = node.parent; above !== null; above = above.parent) if (above.name === name) return true;
  return false;
}
