import type { AlertLine } from "../incident.ts";

/** What an alerting rule measures, and the limit it holds it against. */
export type RuleMeasure = {
  readonly promql: string;
  readonly limit?: { readonly operator: ">" | "<" | ">=" | "<=" | "==" | "!="; readonly value: number };
};

/**
 * The left side of `expr > number`, so that it can be drawn also where it is within the limit. Where the expression is anything else
 * (no comparison with a number at its top, or set operators there), it stays as it is and the limit is unknown.
 */
export function measureOf(expr: string): RuleMeasure {
  const found =
    /^([\s\S]*?\S)\s*(>=|<=|==|!=|>|<)\s*(?:bool\s+)?([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i.exec(
      expr.trim(),
    );
  const [, left = "", operator, number = ""] = found ?? [];
  if (operator === undefined || !isWhole(left)) return { promql: expr };
  const value = Number(number.replaceAll("_", ""));
  if (!Number.isFinite(value)) return { promql: expr };
  return { promql: left, limit: { operator: operator as NonNullable<RuleMeasure["limit"]>["operator"], value } };
}

/** Brackets are balanced, and nothing that binds weaker than a comparison, or another one, stands outside of them. */
function isWhole(text: string): boolean {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""').replace(/#[^\n]*/g, " ");
  let depth = 0;
  let top = "";
  for (const letter of bare) {
    if ("([{".includes(letter)) depth++;
    if (depth === 0) top += letter;
    if (")]}".includes(letter)) {
      depth--;
      top += " ";
    }
    if (depth < 0) return false;
  }
  return depth === 0 && !/\b(?:and|or|unless)\b|[<>]|[=!]=/i.test(top);
}

type Named = {
  readonly kind: "alerting" | "recording";
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
};

/** The rule that made the alert: of several with its name, the one whose own labels it has. */
export function ruleOf<R extends Named>(rules: readonly R[], line: Pick<AlertLine, "name" | "labels">): R | undefined {
  const named = rules.filter(({ kind, name }) => kind === "alerting" && name === line.name);
  return (
    named.find(({ labels }) => Object.entries(labels).every(([label, value]) => line.labels[label] === value)) ??
    named[0]
  );
}

/** A series with these labels is what the alert was made of: each of them is the alert's. */
export function isMadeOf(labels: Readonly<Record<string, string>>, line: Pick<AlertLine, "labels">): boolean {
  return Object.entries(labels).every(([label, value]) => label === "__name__" || line.labels[label] === value);
}
