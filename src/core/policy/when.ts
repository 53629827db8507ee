import type { Origin, Risk } from "../runbook.ts";

/**
 * Conditions of the configuration about a proposal, such as `params.replicas == 0 and target.env == 'production'`. A small
 * language of its own: comparisons, `in [a, b]`, `and`, `or`, `not`, brackets. Nothing in it is ever run as code.
 */

/** What a condition can look at. */
export type Facts = {
  readonly risk: Risk;
  readonly runbook: string;
  readonly params: Readonly<Record<string, { readonly value: string | number | boolean; readonly origin: Origin }>>;
  readonly target: { readonly kind: string; readonly name: string; readonly key: string };
  readonly environment: string | undefined;
};

export type When = { readonly text: string; readonly tree: Node };

type Literal = string | number | boolean;
type Comparator = "==" | "!=" | "<" | "<=" | ">" | ">=";
type Node =
  | { readonly kind: "and" | "or"; readonly parts: readonly Node[] }
  | { readonly kind: "not"; readonly part: Node }
  | Leaf;
type Leaf =
  | { readonly kind: "compare"; readonly name: string; readonly op: Comparator; readonly value: Literal }
  | { readonly kind: "in"; readonly name: string; readonly values: readonly Literal[] };

/** Names besides `params.*`. */
export const WHEN_NAMES: readonly string[] = [
  "source.any",
  "source.all",
  "target.env",
  "target.kind",
  "target.name",
  "target.key",
  "runbook",
  "risk",
];

const LONGEST = 1000;
const DEEPEST = 20;
const TOKEN =
  /\s*(?:(==|!=|<=|>=|&&|\|\||[<>![\](),])|("(?:[^"\\\n]|\\["\\])*"|'(?:[^'\\\n]|\\['\\])*')|(-?\d+(?:\.\d+)?(?![\w.]))|([A-Za-z_][\w.-]*))/y;

/** Reads a condition, or says in a sentence what is wrong with it. */
export function parseWhen(text: string): When | { readonly problem: string } {
  if (text.length > LONGEST) return { problem: `must be at most ${LONGEST} characters` };
  try {
    const parser = new Parser(tokensOf(text));
    const tree = parser.or(0);
    parser.end();
    return { text, tree };
  } catch (cause) {
    if (cause instanceof WhenError) return { problem: cause.message };
    throw cause;
  }
}

/** Names of parameters that it looks at, without "params.". */
export function paramsIn({ tree }: When): readonly string[] {
  return [...new Set(namesIn(tree).flatMap((name) => (name.startsWith("params.") ? [name.slice(7)] : [])))];
}

/** Texts that it compares `target.env` with. */
export function environmentsIn({ tree }: When): readonly string[] {
  return leavesOf(tree).flatMap((leaf) => {
    if (leaf.name !== "target.env") return [];
    return (leaf.kind === "in" ? leaf.values : [leaf.value]).map(String);
  });
}

/**
 * Whether it holds. A comparison with a parameter that this proposal does not have says nothing, and neither does its
 * negation. An environment that nobody configured may be any: then it holds when it could.
 */
export function whenHolds({ tree }: When, facts: Facts): boolean {
  return [true, false].some((unknownEnvironment) => evaluate(tree, facts, unknownEnvironment) === true);
}

// ---------------------------------------------------------------- evaluation

function evaluate(node: Node, facts: Facts, unknownEnvironment: boolean): boolean | undefined {
  switch (node.kind) {
    case "and": {
      const parts = node.parts.map((part) => evaluate(part, facts, unknownEnvironment));
      return parts.includes(false) ? false : parts.includes(undefined) ? undefined : true;
    }
    case "or": {
      const parts = node.parts.map((part) => evaluate(part, facts, unknownEnvironment));
      return parts.includes(true) ? true : parts.includes(undefined) ? undefined : false;
    }
    case "not": {
      const part = evaluate(node.part, facts, unknownEnvironment);
      return part === undefined ? undefined : !part;
    }
    default:
      return test(node, facts, unknownEnvironment);
  }
}

function test(leaf: Leaf, facts: Facts, unknownEnvironment: boolean): boolean | undefined {
  const origins = Object.values(facts.params).map(({ origin }) => origin);
  if (leaf.name === "source.any") return origins.some((origin) => matches(leaf, origin) === true);
  if (leaf.name === "source.all")
    return origins.length > 0 && origins.every((origin) => matches(leaf, origin) === true);
  if (leaf.name === "target.env" && facts.environment === undefined) return unknownEnvironment;
  const value = factOf(leaf.name, facts);
  return value === undefined ? undefined : matches(leaf, value);
}

function factOf(name: string, facts: Facts): Literal | undefined {
  if (name.startsWith("params.")) {
    const own = name.slice(7);
    return Object.hasOwn(facts.params, own) ? facts.params[own]?.value : undefined;
  }
  switch (name) {
    case "target.env":
      return facts.environment;
    case "target.kind":
      return facts.target.kind;
    case "target.name":
      return facts.target.name;
    case "target.key":
      return facts.target.key;
    case "runbook":
      return facts.runbook;
    default:
      return facts.risk;
  }
}

function matches(leaf: Leaf, value: Literal): boolean | undefined {
  if (leaf.kind === "in") return leaf.values.some((one) => isEqual(value, one));
  if (leaf.op === "==") return isEqual(value, leaf.value);
  if (leaf.op === "!=") return !isEqual(value, leaf.value);
  const [a, b] = [Number(value), Number(leaf.value)];
  if (typeof value === "boolean" || !Number.isFinite(a)) return undefined;
  if (leaf.op === "<") return a < b;
  if (leaf.op === "<=") return a <= b;
  return leaf.op === ">" ? a > b : a >= b;
}

/** Without case, and whether a number came as text or not: a slip in the spelling must not switch a rule off. */
function isEqual(a: Literal, b: Literal): boolean {
  return String(a).toLowerCase() === String(b).toLowerCase();
}

function leavesOf(node: Node): readonly Leaf[] {
  switch (node.kind) {
    case "and":
    case "or":
      return node.parts.flatMap(leavesOf);
    case "not":
      return leavesOf(node.part);
    default:
      return [node];
  }
}

function namesIn(node: Node): readonly string[] {
  return leavesOf(node).map(({ name }) => name);
}

// ---------------------------------------------------------------- reading

class WhenError extends Error {
  override readonly name = "WhenError";
}

type Token = { readonly kind: "sign" | "text" | "number" | "word"; readonly text: string };

function tokensOf(text: string): readonly Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  for (let at = 0; at < end; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw new WhenError(`cannot be read from ${JSON.stringify(text.slice(at, at + 20).trim())} on`);
    const [, sign, quoted, number, word] = match;
    if (sign !== undefined) found.push({ kind: "sign", text: sign });
    else if (quoted !== undefined) found.push({ kind: "text", text: quoted.slice(1, -1).replace(/\\(.)/g, "$1") });
    else if (number !== undefined) found.push({ kind: "number", text: number });
    else found.push({ kind: "word", text: word ?? "" });
  }
  return found;
}

class Parser {
  private at = 0;
  private readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  or(depth: number): Node {
    if (depth > DEEPEST) throw new WhenError(`must not nest more than ${DEEPEST} brackets`);
    const parts = [this.and(depth)];
    while (this.take("or", "||")) parts.push(this.and(depth));
    return parts.length === 1 ? (parts[0] as Node) : { kind: "or", parts };
  }

  end(): void {
    const left = this.tokens[this.at];
    if (left !== undefined) throw new WhenError(`must end before ${JSON.stringify(left.text)}`);
  }

  private and(depth: number): Node {
    const parts = [this.not(depth)];
    while (this.take("and", "&&")) parts.push(this.not(depth));
    return parts.length === 1 ? (parts[0] as Node) : { kind: "and", parts };
  }

  private not(depth: number): Node {
    if (this.take("not", "!")) {
      if (depth > DEEPEST) throw new WhenError(`must not nest more than ${DEEPEST} times "not"`);
      return { kind: "not", part: this.not(depth + 1) };
    }
    if (this.take("(")) {
      const inner = this.or(depth + 1);
      this.need(")");
      return inner;
    }
    return this.leaf();
  }

  private leaf(): Node {
    const token = this.tokens[this.at];
    if (token?.kind !== "word")
      throw new WhenError(
        `must begin each comparison with a name, such as params.replicas or target.env: ${this.here()}`,
      );
    this.at += 1;
    const name = token.text;
    if (!/^params\.[A-Za-z][\w-]*$/.test(name) && !WHEN_NAMES.includes(name))
      throw new WhenError(
        `must use names that exist: ${JSON.stringify(name)} is none. There are params.<name>, ${WHEN_NAMES.join(", ")}`,
      );
    if (this.take("in")) return { kind: "in", name, values: this.values() };
    const op = this.tokens[this.at];
    if (op?.kind !== "sign" || !/^(?:[=!]=|[<>]=?)$/.test(op.text))
      throw new WhenError(`must compare ${name} by ==, !=, <, <=, >, >= or in: ${this.here()}`);
    this.at += 1;
    const value = this.value();
    const isOrder = /^[<>]/.test(op.text);
    if (isOrder && typeof value !== "number") throw new WhenError(`must compare ${name} ${op.text} with a number`);
    return { kind: "compare", name, op: op.text as Comparator, value };
  }

  private values(): readonly Literal[] {
    this.need("[");
    const values = [this.value()];
    while (this.take(",")) values.push(this.value());
    this.need("]");
    return values;
  }

  private value(): Literal {
    const token = this.tokens[this.at];
    if (token === undefined || token.kind === "sign") throw new WhenError(`must have a value there: ${this.here()}`);
    this.at += 1;
    if (token.kind === "number") return Number(token.text);
    if (token.kind === "word" && (token.text === "true" || token.text === "false")) return token.text === "true";
    if (token.kind === "word" && (WHEN_NAMES.includes(token.text) || token.text.includes(".")))
      throw new WhenError(`must compare with a value, not with another name: ${JSON.stringify(token.text)}`);
    return token.text;
  }

  private take(...texts: readonly string[]): boolean {
    const token = this.tokens[this.at];
    const isThere = token !== undefined && token.kind !== "text" && texts.includes(token.text);
    if (isThere) this.at += 1;
    return isThere;
  }

  private need(text: string): void {
    if (!this.take(text)) throw new WhenError(`must have ${JSON.stringify(text)} there: ${this.here()}`);
  }

  private here(): string {
    const token = this.tokens[this.at];
    return token === undefined ? "it ends" : `it is ${JSON.stringify(token.text)}`;
  }
}
