import type { SyntaxNodeRef } from "@lezer/common";
import { durationSeconds, parse, readSelector, type Selector, unquote } from "./promql.ts";

export { exact, quoteLabel, type Selector, selector, selectorInfo } from "./promql.ts";

export type GuardContext = {
  readonly kind: "instant" | "range";
  /** Unix seconds. An instant query gives its time as `end`. */
  readonly start?: number;
  readonly end?: number;
  /** Seconds between points of a range query. */
  readonly step?: number;
  /** When given, a metric without any equality matcher must be one of these. */
  readonly listedMetrics?: (name: string) => boolean;
};

export type GuardLimits = {
  readonly bytes: number;
  readonly nesting: number;
  readonly selectors: number;
  /** How far a query may reach: each of its window, its ranges added up, and its offsets added up. */
  readonly rangeSeconds: number;
  /** Points of a range query, and of a subquery. Prometheus itself refuses more than 11,000 of a range query. */
  readonly points: number;
  readonly subqueryDepth: number;
  readonly regexLength: number;
  /** Samples read for one series, at one sample per 15 s. */
  readonly samplesPerSeries: number;
};

export const GUARD_LIMITS: GuardLimits = {
  bytes: 4096,
  nesting: 50,
  selectors: 20,
  rangeSeconds: 31 * 86_400,
  points: 11_000,
  subqueryDepth: 1,
  regexLength: 512,
  samplesPerSeries: 50_000_000,
};

export type QueryInfo = {
  /** Each name once, in order. */
  readonly metrics: readonly string[];
  readonly selectors: readonly Selector[];
  /** Functions and aggregations, lower case, each once. */
  readonly functions: readonly string[];
  readonly maxRangeSeconds: number;
  readonly hasSubquery: boolean;
};

export type Verdict = { readonly ok: true; readonly info: QueryInfo } | { readonly ok: false; readonly reason: string };

/** Prometheus' default `evaluation_interval`, the step of a subquery that names none. */
const DEFAULT_SUBQUERY_STEP = 60;
const USUAL_SCRAPE_SECONDS = 15;

/**
 * Decides whether a query may be sent: is it PromQL, and is what it can cost bounded? The reason of a refusal says
 * what was wanted, what was found and how to narrow it. Never throws; time is linear in the query's length.
 */
export function guard(promql: string, context: GuardContext, limits: GuardLimits = GUARD_LIMITS): Verdict {
  const reason = tooLong(promql, limits) ?? tooDeep(promql, limits) ?? badWindow(context, limits);
  if (reason !== undefined) return { ok: false, reason };
  return walk(promql, context, limits);
}

function tooLong(promql: string, limits: GuardLimits): string | undefined {
  if (promql.trim() === "") return "The query is empty. Name a metric.";
  const bytes = Buffer.byteLength(promql);
  if (bytes <= limits.bytes) return undefined;
  return `A query may have ${limits.bytes} bytes; this one has ${bytes}. Split it, or use a recording rule.`;
}

/** Counts brackets outside of strings and comments, before a parser sees the text. */
function tooDeep(promql: string, limits: GuardLimits): string | undefined {
  let depth = 0;
  let signs = 0;
  for (let i = 0; i < promql.length; i++) {
    const c = promql[i]!;
    if (c === '"' || c === "'" || c === "`") i = endOfString(promql, i, c);
    else if (c === "#") {
      const line = promql.indexOf("\n", i);
      i = line < 0 ? promql.length : line;
    } else if (c === "(" || c === "[" || c === "{") depth++;
    else if (c === ")" || c === "]" || c === "}") depth = Math.max(0, depth - 1);
    if (c === "-" || c === "+") signs++;
    else if (c.trim() !== "") signs = 0;
    if (depth > limits.nesting || signs > limits.nesting) {
      return `Brackets and signs may be nested ${limits.nesting} deep; this query nests deeper, at character ${i + 1}. Flatten it, or use a recording rule.`;
    }
  }
  return undefined;
}

function endOfString(text: string, from: number, quote: string): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === "\\" && quote !== "`") i++;
    else if (text[i] === quote) return i;
  }
  return text.length;
}

function badWindow(context: GuardContext, limits: GuardLimits): string | undefined {
  if (context.kind === "instant") {
    if (context.end === undefined || Number.isFinite(context.end)) return undefined;
    return "The time of the query is not a number.";
  }
  const { start, end, step } = context;
  if (start === undefined || end === undefined || step === undefined)
    return "A range query needs a start, an end and a step.";
  if (![start, end, step].every(Number.isFinite)) return "Start, end and step of a range query must be numbers.";
  if (end < start) return "A range query must end after it starts; this one ends before.";
  if (!(step > 0)) return `The step of a range query must be above 0 s; it is ${step} s.`;
  if (end - start > limits.rangeSeconds) {
    return `A query may cover ${sayDays(limits.rangeSeconds)}; this one covers ${sayDays(end - start)}. Ask for a shorter time.`;
  }
  const points = Math.floor((end - start) / step) + 1;
  if (points <= limits.points) return undefined;
  return `A range query may have ${limits.points} points; this one has ${points}. Take a step of at least ${Math.ceil((end - start) / (limits.points - 1))} s, or a shorter time.`;
}

/** What surrounds a node: how often it is evaluated over what span, and how far back its parents already reach. */
type Around = { evaluations: number; span: number; range: number; offset: number; subqueries: number };

function walk(promql: string, context: GuardContext, limits: GuardLimits): Verdict {
  const parsed = parse(promql);
  if (!("tree" in parsed)) return { ok: false, reason: sayError(promql, parsed.errorAt) };
  const selectors: Selector[] = [];
  const functions = new Set<string>();
  let reason: string | undefined;
  let maxRangeSeconds = 0;
  let hasSubquery = false;
  let samples = 0;

  const span = context.kind === "range" ? context.end! - context.start! : 0;
  const evaluations = context.kind === "range" ? Math.floor(span / context.step!) + 1 : 1;
  const around: Around[] = [{ evaluations, span, range: 0, offset: 0, subqueries: 0 }];

  const refuse = (text: string) => {
    reason ??= text;
    return false;
  };

  function enter(ref: SyntaxNodeRef): boolean {
    if (reason !== undefined) return false;
    const here = around.at(-1)!;
    switch (ref.name) {
      case "VectorSelector":
        return enterSelector(ref);
      case "StringLiteral":
        if (unquote(promql.slice(ref.from, ref.to)) !== undefined) return true;
        return refuse(`The text that starts at character ${ref.from + 1} is not closed, or has an unknown escape.`);
      case "AggregateOp":
        functions.add(promql.slice(ref.from, ref.to).toLowerCase());
        return true;
      case "FunctionIdentifier":
        functions.add(promql.slice(ref.from, ref.to));
        return true;
      case "FunctionCall":
        return enterCall(ref);
      case "MatrixSelector":
        return enterRange(ref, here);
      case "SubqueryExpr":
        return enterSubquery(ref, here);
      case "OffsetExpr":
        return enterOffset(ref, here);
      case "StepInvariantExpr":
        return enterAt(ref);
      default:
        return true;
    }
  }

  function enterSelector(ref: SyntaxNodeRef): boolean {
    const selector = readSelector(ref.node, promql);
    if (selector === undefined)
      return refuse(`A text in the selector at character ${ref.from + 1} is not closed, or has an unknown escape.`);
    selectors.push(selector);
    if (selectors.length > limits.selectors) {
      return refuse(
        `A query may have ${limits.selectors} selectors; this one has more. Split it, or use a recording rule.`,
      );
    }
    const bad = badSelector(selector, context, limits);
    return bad === undefined ? true : refuse(bad);
  }

  function enterCall(ref: SyntaxNodeRef): boolean {
    const name = ref.node.getChild("FunctionIdentifier");
    if (name === null || promql.slice(name.from, name.to) !== "label_replace") return true;
    const pattern = ref.node.getChild("FunctionCallBody")?.getChildren("StringLiteral").at(-1);
    const text = pattern === undefined ? undefined : unquote(promql.slice(pattern.from, pattern.to));
    const bad = text === undefined ? undefined : badRegex(text, limits);
    return bad === undefined ? true : refuse(`The pattern of label_replace ${bad}`);
  }

  function enterRange(ref: SyntaxNodeRef, here: Around): boolean {
    const range = plainDuration(ref, "DurationExpr", 0);
    if (range === undefined) return refuse(notPlain(ref));
    maxRangeSeconds = Math.max(maxRangeSeconds, range);
    samples += here.evaluations * Math.ceil(range / USUAL_SCRAPE_SECONDS);
    return (
      reachesTooFar({ ...here, range: here.range + range }) ?? heavy() ?? push({ ...here, range: here.range + range })
    );
  }

  function enterSubquery(ref: SyntaxNodeRef, here: Around): boolean {
    hasSubquery = true;
    const range = plainDuration(ref, "DurationExpr", 0);
    const named = ref.node.getChildren("DurationExpr").length > 1;
    const step = named ? plainDuration(ref, "DurationExpr", 1) : DEFAULT_SUBQUERY_STEP;
    if (range === undefined || step === undefined) return refuse(notPlain(ref));
    if (here.subqueries >= limits.subqueryDepth) {
      return refuse(
        `Subqueries may be nested ${limits.subqueryDepth} deep; this query nests deeper. Record the inner one with a rule.`,
      );
    }
    if (!(step > 0)) return refuse(`The step of a subquery must be above 0 s; it is ${step} s.`);
    const points = Math.ceil(range / step);
    if (points > limits.points) {
      return refuse(
        `A subquery may have ${limits.points} points; ${promql.slice(ref.node.getChild("DurationExpr")!.from - 1, ref.to)} has ${points}. Take a step of at least ${Math.ceil(range / limits.points)} s, or a shorter range.`,
      );
    }
    maxRangeSeconds = Math.max(maxRangeSeconds, range);
    samples += here.evaluations * points;
    const inside: Around = {
      evaluations: Math.ceil((here.span + range) / step) + 1,
      span: here.span + range,
      range: here.range + range,
      offset: here.offset,
      subqueries: here.subqueries + 1,
    };
    return reachesTooFar(inside) ?? heavy() ?? push(inside);
  }

  function enterOffset(ref: SyntaxNodeRef, here: Around): boolean {
    const offset = plainDuration(ref, "OffsetDurationExpr", 0);
    if (offset === undefined) return refuse(notPlain(ref));
    const inside = { ...here, offset: here.offset + Math.abs(offset) };
    return reachesTooFar(inside) ?? push(inside);
  }

  function enterAt(ref: SyntaxNodeRef): boolean {
    const literal = ref.node.getChild("NumberDurationLiteral");
    if (literal === null) return true; // start() or end()
    const at = durationSeconds(promql.slice(literal.from, literal.to));
    const now = context.end;
    if (at !== undefined && now !== undefined && Math.abs(at - now) <= limits.rangeSeconds) return true;
    return refuse(
      `An @ modifier may point ${sayDays(limits.rangeSeconds)} away from the time of the query; ${promql.slice(literal.from, literal.to).slice(0, 40)} does not. Use offset, or an earlier time.`,
    );
  }

  function reachesTooFar(inside: Around): false | undefined {
    if (inside.range > limits.rangeSeconds) {
      refuse(
        `The ranges of a query may reach back ${sayDays(limits.rangeSeconds)}; this one reaches ${sayDays(inside.range)}. Take a shorter range.`,
      );
      return false;
    }
    if (inside.offset > limits.rangeSeconds) {
      refuse(
        `An offset may be ${sayDays(limits.rangeSeconds)}; this one is ${sayDays(inside.offset)}. Take a smaller offset.`,
      );
      return false;
    }
    return undefined;
  }

  function heavy(): false | undefined {
    if (samples <= limits.samplesPerSeries) return undefined;
    refuse(
      `A query may read ${limits.samplesPerSeries.toLocaleString("en")} samples of a series; this one would read about ${Math.round(samples).toLocaleString("en")}. Take a shorter range or a larger step.`,
    );
    return false;
  }

  function push(inside: Around): true {
    around.push(inside);
    return true;
  }

  function plainDuration(ref: SyntaxNodeRef, kind: string, index: number): number | undefined {
    const node = ref.node.getChildren(kind)[index];
    if (node === undefined) return undefined;
    const text = promql.slice(node.from, node.to).replace(/\s+/g, "");
    const sign = kind === "OffsetDurationExpr" && /^[-+]/.test(text) ? text[0] : "";
    const seconds = durationSeconds(sign === "" ? text : text.slice(1));
    if (seconds === undefined || seconds < 0) return undefined;
    return sign === "-" ? -seconds : seconds;
  }

  function notPlain(ref: SyntaxNodeRef): string {
    return `A duration must be written out, like 5m or 1h30m; the one that ends at character ${ref.to} is computed or endless. Write the number.`;
  }

  const pushing = new Set(["MatrixSelector", "SubqueryExpr", "OffsetExpr"]);
  const opened: boolean[] = [];
  parsed.tree.iterate({
    enter: (ref) => {
      const before = around.length;
      const goOn = enter(ref);
      if (goOn && pushing.has(ref.name)) opened.push(around.length > before);
      return goOn;
    },
    leave: (ref) => {
      if (reason === undefined && pushing.has(ref.name) && opened.pop() === true) around.pop();
    },
  });
  if (reason !== undefined) return { ok: false, reason };
  const metrics = [...new Set(selectors.flatMap(({ metric }) => metric ?? []))];
  return { ok: true, info: { metrics, selectors, functions: [...functions], maxRangeSeconds, hasSubquery } };
}

function sayError(promql: string, at: number): string {
  const called = /([a-zA-Z_][a-zA-Z0-9_]*)\s*$/.exec(promql.slice(0, at));
  if (called !== null && /^\s*\(/.test(promql.slice(at))) {
    return `There is no function "${called[1]!.slice(0, 60)}" in PromQL (character ${called.index + 1}). Check its spelling.`;
  }
  const found = at >= promql.length ? "it ends too early" : `found "${promql.slice(at, at + 20)}"`;
  return `That is not PromQL: at character ${at + 1}, ${found}. Check brackets, quotes and spelling there.`;
}

/** Each selector must start from an index entry: a metric name, or one label that equals something. */
function badSelector(selector: Selector, context: GuardContext, limits: GuardLimits): string | undefined {
  for (const { label, op, value } of selector.matchers) {
    const bad = op === "=~" || op === "!~" ? badRegex(value, limits) : undefined;
    if (bad !== undefined) return `The pattern for ${label.slice(0, 60)} ${bad}`;
  }
  const equality = selector.matchers.some(({ op, value, label }) => op === "=" && value !== "" && label !== "__name__");
  if (equality) return undefined;
  if (selector.metric === undefined) {
    if (selector.matchers.some(isListOfNames)) return undefined;
    return `A selector must name a metric or have a label that equals something; {${sayMatchers(selector)}} would read every series. Name the metric, or add a matcher like job="api".`;
  }
  if (context.listedMetrics === undefined || context.listedMetrics(selector.metric)) return undefined;
  return `There is no metric "${selector.metric.slice(0, 80)}" in what is known of this Prometheus. Check its spelling, or add a matcher like job="api".`;
}

/** `{__name__=~"a|b|c"}`: a short list of plain names is as good as a name. */
function isListOfNames({ label, op, value }: Selector["matchers"][number]): boolean {
  return (
    label === "__name__" && op === "=~" && /^[a-zA-Z_:][a-zA-Z0-9_:]*(\|[a-zA-Z_:][a-zA-Z0-9_:]*){0,19}$/.test(value)
  );
}

/** RE2 takes linear time, but a large pattern makes a large program that runs over every label value. */
function badRegex(pattern: string, limits: GuardLimits): string | undefined {
  if (pattern.length > limits.regexLength) {
    return `may have ${limits.regexLength} characters; it has ${pattern.length}. List fewer values.`;
  }
  let alternatives = 1;
  let endless = 0;
  let repeats = 1;
  let closed = false;
  let inClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!;
    if (c === "\\") {
      i++;
      closed = false;
      continue;
    }
    if (inClass) {
      inClass = c !== "]";
      continue;
    }
    if (c === "[") inClass = true;
    if (c === "|") alternatives++;
    const counted = c === "{" ? /^\{(\d+)(,\d*)?\}/.exec(pattern.slice(i, i + 12)) : null;
    if (counted !== null) repeats *= Math.max(1, ...counted[0].slice(1, -1).split(",").map(Number));
    if (c === "*" || c === "+") endless++;
    if (closed && (c === "*" || c === "+" || counted !== null)) {
      return "repeats a group, which can become very large. Write the alternatives out.";
    }
    closed = c === ")";
  }
  if (alternatives > 100) return `may have 100 alternatives; it has ${alternatives}. List fewer values.`;
  if (endless > 10) return `may have 10 times * or +; it has ${endless}. Simplify it.`;
  if (repeats > 1000) return `repeats up to ${repeats} times; 1000 are allowed. Simplify it.`;
  return undefined;
}

function sayMatchers(selector: Selector): string {
  const text = selector.matchers.map(({ label, op, value }) => `${label}${op}"${value}"`).join(",");
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function sayDays(seconds: number): string {
  const days = seconds / 86_400;
  if (days < 1) return `${Math.round(seconds / 360) / 10} h`;
  return `${Number.isInteger(days) ? days : days.toFixed(1)} days`;
}
