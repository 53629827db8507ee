import type { Json } from "../../util/canonical.ts";

/** Texts with `{{ params.x }}`, `{{ target.x }}` and `{{ captured.x }}` in them. Values are put in; nothing is evaluated. */

export type Values = Readonly<Record<string, Json>>;

const PLACEHOLDER = /\{\{\s*([\w.]+)\s*\}\}/g;
const ALONE = /^\{\{\s*([\w.]+)\s*\}\}$/;

/** Names in the placeholders of every text inside. */
export function namesIn(template: Json): readonly string[] {
  if (typeof template === "string") return [...template.matchAll(PLACEHOLDER)].map(([, name]) => name as string);
  if (typeof template !== "object" || template === null) return [];
  return Object.values(template).flatMap((one: Json | undefined) => (one === undefined ? [] : namesIn(one)));
}

/** What is left of a template's braces after its placeholders: a sign of a slip such as `{{ params.x }`. */
export function hasStrayBraces(template: Json): boolean {
  if (typeof template === "string") return /\{\{|\}\}/.test(template.replace(PLACEHOLDER, ""));
  if (typeof template !== "object" || template === null) return false;
  return Object.values(template).some((one: Json | undefined) => one !== undefined && hasStrayBraces(one));
}

/** Fills a text. Throws an `Error` with a sentence for a name without a value. */
export function fill(template: string, values: Values): string {
  return template.replace(PLACEHOLDER, (_, name: string) => textOf(valueNamed(name, values)));
}

/**
 * Fills every text inside a step's arguments. A text that is one placeholder alone takes the value as it is, so that a
 * number stays a number; where that value is absent and `mayLack` has its name, the argument is left out.
 */
export function fillAll(template: Json, values: Values, mayLack: ReadonlySet<string> = new Set()): Json {
  if (typeof template === "string") {
    const alone = ALONE.exec(template)?.[1];
    return alone === undefined ? fill(template, values) : valueNamed(alone, values);
  }
  if (Array.isArray(template)) return template.map((one: Json) => fillAll(one, values, mayLack));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).flatMap(([name, one]) => {
      const alone = typeof one === "string" ? ALONE.exec(one)?.[1] : undefined;
      const isLeftOut = alone !== undefined && !Object.hasOwn(values, alone) && mayLack.has(alone);
      return one === undefined || isLeftOut ? [] : [[name, fillAll(one, values, mayLack)]];
    }),
  );
}

/**
 * Fills a PromQL query. Inside quotes a value is escaped, and in a regular expression (`=~`, `!~`) it stands for itself;
 * outside of quotes only numbers may be put in. Throws an `Error` with a sentence otherwise.
 */
export function fillQuery(template: string, values: Values): string {
  const { placeholders } = scan(template);
  let at = 0;
  let filled = "";
  for (const { name, start, end, context } of placeholders) {
    filled += template.slice(at, start) + inQuery(name, valueNamed(name, values), context);
    at = end;
  }
  return filled + template.slice(at);
}

/** Names of placeholders that stand outside of quotes, where only numbers may go. */
export function bareNamesIn(query: string): readonly string[] {
  return scan(query).placeholders.flatMap(({ name, context }) => (context.quote === "" ? [name] : []));
}

/** `quote` is empty outside of quotes. */
type Context = { readonly quote: string; readonly isRegex: boolean };

/** Where each placeholder of a query stands. PromQL's strings: double and single quotes with escapes, and backticks. */
function scan(query: string) {
  const placeholders: { name: string; start: number; end: number; context: Context }[] = [];
  let quote = "";
  let isRegex = false;
  for (let at = 0; at < query.length; at += 1) {
    const character = query[at] as string;
    const found = query.startsWith("{{", at) ? /^\{\{\s*([\w.]+)\s*\}\}/.exec(query.slice(at, at + 200)) : null;
    if (found !== null) {
      placeholders.push({
        name: found[1] as string,
        start: at,
        end: at + found[0].length,
        context: { quote, isRegex },
      });
      at += found[0].length - 1;
    } else if (quote !== "") {
      if (character === "\\" && quote !== "`") at += 1;
      else if (character === quote) quote = "";
    } else if (/["'`]/.test(character)) {
      quote = character;
      isRegex = /[=!]~\s*$/.test(query.slice(0, at));
    }
  }
  return { placeholders };
}

function inQuery(name: string, value: Json, { quote, isRegex }: Context): string {
  if (quote === "") {
    if (typeof value === "number" && Number.isFinite(value)) return String(value);
    throw new Error(`the query has {{ ${name} }} outside of quotes, where only a number may stand`);
  }
  const text = textOf(value);
  const plain = isRegex ? text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : text;
  if (quote !== "`") return plain.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`).replaceAll("\n", "\\n");
  if (plain.includes("`")) throw new Error(`the query has {{ ${name} }} between backticks, which its value holds too`);
  return plain;
}

function valueNamed(name: string, values: Values): Json {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new Error(`the text uses {{ ${name} }}, which has no value`);
  return value;
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
