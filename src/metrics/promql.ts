import type { SyntaxNode, Tree } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** Reading and writing pieces of PromQL. The grammar is Prometheus' own (lezer-promql). */

export type MatchOp = "=" | "!=" | "=~" | "!~";
export type Matcher = { readonly label: string; readonly op: MatchOp; readonly value: string };
/** One vector selector. `metric` is undefined when no single name is given. Its name is not repeated in `matchers`. */
export type Selector = { readonly metric: string | undefined; readonly matchers: readonly Matcher[] };

/** A string as a PromQL literal in double quotes (Go's escapes: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals). */
export function quoteLabel(value: string): string {
  const escaped = value.replace(/[\\"\u0000-\u001f\u007f]/g, (c) => {
    if (c === "\\" || c === '"') return `\\${c}`;
    if (c === "\n") return "\\n";
    if (c === "\t") return "\\t";
    if (c === "\r") return "\\r";
    return `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  // Half a surrogate pair cannot be sent as UTF-8.
  return `"${escaped.toWellFormed()}"`;
}

/** One equality matcher: `label="value"`. Names outside the classic alphabet are quoted (UTF-8 names, Prometheus 3). */
export function exact(label: string, value: string): string {
  return `${isClassicLabel(label) ? label : quoteLabel(label)}=${quoteLabel(value)}`;
}

/** A selector for one metric: `name{a="b"}`, or `{"na.me", a="b"}` when the name needs quotes. `matchers` are written already. */
export function selector(metric: string, matchers: readonly string[] = []): string {
  if (/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric))
    return matchers.length === 0 ? metric : `${metric}{${matchers.join(",")}}`;
  return `{${[quoteLabel(metric), ...matchers].join(",")}}`;
}

function isClassicLabel(label: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label);
}

/** All selectors of a query in order. Empty when it does not parse. Never throws. */
export function selectorInfo(promql: string): readonly Selector[] {
  if (promql.length > 65_536) return [];
  const parsed = parse(promql);
  if (!("tree" in parsed)) return [];
  const selectors: (Selector | undefined)[] = [];
  parsed.tree.iterate({
    enter: (ref) => {
      if (ref.name !== "VectorSelector") return true;
      selectors.push(readSelector(ref.node, promql));
      return false;
    },
  });
  return selectors.every((one) => one !== undefined) ? selectors : [];
}

const strict = parser.configure({ strict: true });

// The grammar looks keywords up in a plain object, where `constructor` is found and breaks the parse. Names are read from
// the original text by position, so others of the same length can stand in for them.
const INHERITED = new RegExp(`\\b(${Object.getOwnPropertyNames(Object.prototype).join("|")})\\b`, "gi");

/**
 * Parses, or tells at which character (from 0) the text stops being PromQL. The parser's recovery from errors is not
 * used: on hostile text it takes a hundred times as long as the parsing.
 */
export function parse(promql: string): { readonly tree: Tree } | { readonly errorAt: number } {
  try {
    return { tree: strict.parse(promql.replace(INHERITED, (name) => "x".repeat(name.length))) };
  } catch (error) {
    const at = /No parse at (\d+)/.exec(String(error));
    return { errorAt: at === null ? 0 : Number(at[1]) };
  }
}

/** A VectorSelector node as data, or undefined when a string in it is broken. */
export function readSelector(node: SyntaxNode, text: string): Selector | undefined {
  const identifier = node.getChild("Identifier");
  let metric = identifier === null ? undefined : text.slice(identifier.from, identifier.to);
  const matchers: Matcher[] = [];
  for (let child = node.getChild("LabelMatchers")?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name === "QuotedLabelName") {
      const name = unquote(text.slice(child.from, child.to));
      if (name === undefined) return undefined;
      metric = name;
      continue;
    }
    if (child.name !== "UnquotedLabelMatcher" && child.name !== "QuotedLabelMatcher") continue;
    const matcher = readMatcher(child, text);
    if (matcher === undefined) return undefined;
    if (matcher.label === "__name__" && matcher.op === "=" && matcher.value !== "" && metric === undefined) {
      metric = matcher.value;
    } else matchers.push(matcher);
  }
  return { metric, matchers };
}

function readMatcher(node: SyntaxNode, text: string): Matcher | undefined {
  const plain = node.getChild("LabelName");
  const quoted = node.getChild("QuotedLabelName");
  const op = node.getChild("MatchOp");
  const literal = node.getChild("StringLiteral");
  if (op === null || literal === null) return undefined;
  const label =
    plain !== null
      ? text.slice(plain.from, plain.to)
      : quoted !== null
        ? unquote(text.slice(quoted.from, quoted.to))
        : undefined;
  const value = unquote(text.slice(literal.from, literal.to));
  if (label === undefined || value === undefined) return undefined;
  return { label, op: text.slice(op.from, op.to) as MatchOp, value };
}

/** The text of a PromQL string literal, or undefined when it is not closed or has an unknown escape. */
export function unquote(literal: string): string | undefined {
  const quote = literal[0];
  if (literal.length < 2 || literal.at(-1) !== quote) return undefined;
  const body = literal.slice(1, -1);
  if (quote === "`") return body;
  let broken = false;
  const text = body.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.|$)/gs, (_, code: string) => {
    const simple = SIMPLE_ESCAPES.get(code);
    if (simple !== undefined) return simple;
    if (code.length < 3) {
      broken = true;
      return "";
    }
    const point = /^[xuU]/.test(code) ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8);
    if (point <= 0x10ffff) return String.fromCodePoint(point);
    broken = true;
    return "";
  });
  return broken ? undefined : text;
}

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["\\", "\\"],
  ['"', '"'],
  ["'", "'"],
]);

/** Seconds of a plain duration or number (`1h30m`, `300`, `0x10`), or undefined when it is neither. */
export function durationSeconds(text: string): number | undefined {
  const units = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text);
  if (units !== null && text !== "") {
    const [, y, w, d, h, m, s, ms] = units.map((part) => Number(part ?? 0));
    return y! * 31_536_000 + w! * 604_800 + d! * 86_400 + h! * 3600 + m! * 60 + s! + ms! / 1000;
  }
  const number = Number(text.replaceAll("_", ""));
  return Number.isFinite(number) && text.trim() !== "" ? number : undefined;
}
