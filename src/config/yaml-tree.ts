import { createRequire } from "node:module";
import type { Document, LineCounter, Node as YamlNode } from "yaml";
import type { Report } from "./problem.ts";

/** A YAML file as plain data in which everything still knows its line. */
export type Tree =
  | { readonly kind: "scalar"; readonly at: Position; readonly value: string | number | boolean | null }
  | { readonly kind: "list"; readonly at: Position; readonly items: readonly Tree[] }
  | {
      readonly kind: "map";
      readonly at: Position;
      readonly entries: ReadonlyMap<string, Entry>;
    };

type Entry = { readonly at: Position; readonly tree: Tree };

export type Position = { readonly file: string; readonly line: number; readonly column: number };

export const LARGEST_FILE = 1_000_000;
const MOST_PROBLEMS = 20;
const DEEPEST = 100;
const DASHES_IN_A_ROW = /(?:[-?:][ \t]+){100}/;
const NEVER_A_KEY = ["__proto__", "constructor", "prototype"];

/**
 * Parses one YAML 1.2 document. Aliases, tags, double keys and keys that are not text are refused: each hides what a
 * setting is from the person who reads the file. Reports every problem, and then gives undefined. An empty file is an empty map.
 */
export function parseTree(text: string, file: string, report: Report): Tree | undefined {
  if (text.length > LARGEST_FILE) {
    report(
      file,
      `must have at most ${LARGEST_FILE} characters: it has ${text.length}. Move what is not a setting elsewhere.`,
    );
    return undefined;
  }
  if (isTooDeep(text)) {
    report(file, `must not nest settings more than ${DEEPEST} levels. Keep to the keys of the example configuration.`);
    return undefined;
  }
  // Loaded here, because a bot that is configured by its environment alone does not need it.
  const yaml = createRequire(import.meta.url)("yaml") as typeof import("yaml");
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {
    version: "1.2",
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    prettyErrors: false,
    logLevel: "error",
    lineCounter: lines,
  });
  return treeOf(document, { yaml, file, lines, report });
}

/**
 * The parser calls itself for each level and is slow when its stack ends, so brackets and "- - -" are counted first.
 * Brackets inside text count too, which does not matter with a limit that is this far off.
 */
function isTooDeep(text: string): boolean {
  let open = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === "[" || character === "{") open += 1;
    else if (character === "]" || character === "}") open -= 1;
    deepest = Math.max(deepest, open);
  }
  return deepest > DEEPEST || DASHES_IN_A_ROW.test(text);
}

type Reading = {
  readonly yaml: typeof import("yaml");
  readonly file: string;
  readonly lines: LineCounter;
  readonly report: Report;
};

function treeOf(document: Document.Parsed, reading: Reading): Tree | undefined {
  const { file, lines, report } = reading;
  const faults = [...document.errors, ...document.warnings.filter(({ code }) => code !== "TAG_RESOLVE_FAILED")];
  // One slip in the punctuation gives the same message again and again.
  const said = new Set<string>();
  const different = faults.filter(
    ({ code, message }) => code === "DUPLICATE_KEY" || (!said.has(message) && said.add(message)),
  );
  for (const { code, message, pos } of different.slice(0, MOST_PROBLEMS))
    report(placeAt(positionAt(file, lines, pos[0])), sayFault(code, message));
  let problems = faults.length;
  const convert = (node: YamlNode | null | undefined, fallback: Position): Tree => {
    const at = node?.range ? positionAt(file, lines, node.range[0]) : fallback;
    const refuse = (message: string): Tree => {
      problems += 1;
      if (problems <= MOST_PROBLEMS) report(placeAt(at), message);
      return { kind: "scalar", at, value: null };
    };
    if (node == null) return { kind: "scalar", at, value: null };
    if (reading.yaml.isAlias(node))
      return refuse(`must not use YAML aliases: it is *${node.source}. Write the value out.`);
    if (node.tag !== undefined) return refuse(`must not use YAML tags: it has ${node.tag}. Write the plain value.`);
    if (reading.yaml.isSeq(node))
      return { kind: "list", at, items: node.items.map((item) => convert(item as YamlNode | null, at)) };
    if (!reading.yaml.isMap(node))
      return { kind: "scalar", at, value: reading.yaml.isScalar(node) ? scalarOf(node.value) : null };
    const entries = new Map<string, { at: Position; tree: Tree }>();
    for (const pair of node.items) {
      const keyNode = pair.key as YamlNode;
      const keyAt = keyNode?.range ? positionAt(file, lines, keyNode.range[0]) : at;
      const key = reading.yaml.isScalar(keyNode) ? String(keyNode.value) : "";
      if (!reading.yaml.isScalar(keyNode) || keyNode.tag !== undefined)
        refuse("must have plain text as the name of each setting.");
      else if (NEVER_A_KEY.includes(key)) refuse(`must not have a key ${JSON.stringify(key)}. Remove it.`);
      else entries.set(key, { at: keyAt, tree: convert(pair.value as YamlNode | null, keyAt) });
    }
    return { kind: "map", at, entries };
  };
  const start = { file, line: 1, column: 1 };
  if (document.contents === null) return problems === 0 ? { kind: "map", at: start, entries: new Map() } : undefined;
  const tree = convert(document.contents, start);
  return problems === 0 ? tree : undefined;
}

function sayFault(code: string, message: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "must be there once: this key stands twice in its group. Keep one of them.";
    case "TAB_AS_INDENT":
      return "must be indented with spaces: it is indented with a tab.";
    case "MULTIPLE_DOCS":
      return "must be one document: another begins here. Put each into a file of its own.";
    case "NON_STRING_KEY":
      return "must have plain text as the name of each setting.";
    default:
      return `must be valid YAML: ${message.split("\n")[0]}. Compare it with the example configuration.`;
  }
}

function scalarOf(value: unknown): string | number | boolean | null {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

/** `over` laid on `base`: groups are merged key by key, lists of named things by name, and anything else is replaced. */
export function mergeTrees(base: Tree, over: Tree): Tree {
  if (base.kind === "map" && over.kind === "map") {
    const entries = new Map(base.entries);
    for (const [key, entry] of over.entries) {
      const below = entries.get(key);
      entries.set(key, below === undefined ? entry : { at: entry.at, tree: mergeTrees(below.tree, entry.tree) });
    }
    return { kind: "map", at: over.at, entries };
  }
  if (
    base.kind === "list" &&
    over.kind === "list" &&
    [...base.items, ...over.items].every((item) => nameOf(item) !== undefined)
  ) {
    const items = [...base.items];
    for (const item of over.items) {
      const index = items.findIndex((other) => nameOf(other) === nameOf(item));
      // Two of one name in the same file stay two, for the check on names to find.
      const isFromBase = index >= 0 && index < base.items.length && items[index]?.at.file !== item.at.file;
      if (isFromBase) items[index] = mergeTrees(items[index]!, item);
      else items.push(item);
    }
    return { kind: "list", at: over.at, items };
  }
  return over;
}

function nameOf(tree: Tree): string | undefined {
  const name = tree.kind === "map" ? tree.entries.get("name")?.tree : undefined;
  return name?.kind === "scalar" && typeof name.value === "string" ? name.value : undefined;
}

/** The data alone. A key without a value counts as absent, as a group whose lines are all commented out is. */
export function plainOf(tree: Tree): unknown {
  switch (tree.kind) {
    case "scalar":
      return tree.value ?? undefined;
    case "list":
      return tree.items.map(plainOf);
    case "map":
      return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plainOf(entry.tree)]));
  }
}

/** The same with another name for the key at the end of `path`; where that one is there already, without this one. */
export function renamed(tree: Tree, path: readonly PropertyKey[], name: string): Tree {
  const group = path.slice(0, -1);
  const found = entryAt(tree, path);
  const rest = without(tree, path);
  return found === undefined || entryAt(rest, [...group, name]) !== undefined
    ? rest
    : inserted(rest, group, name, found);
}

function entryAt(tree: Tree, path: readonly PropertyKey[]): Entry | undefined {
  const [step, ...rest] = path;
  if (tree.kind === "list") {
    const item = tree.items[Number(step)];
    return item && entryAt(item, rest);
  }
  const entry = tree.kind === "map" ? tree.entries.get(String(step)) : undefined;
  return rest.length === 0 ? entry : entry && entryAt(entry.tree, rest);
}

function inserted(tree: Tree, group: readonly PropertyKey[], name: string, entry: Entry): Tree {
  const [step, ...rest] = group;
  if (tree.kind === "list")
    return { ...tree, items: tree.items.map((item, at) => (at === step ? inserted(item, rest, name, entry) : item)) };
  if (tree.kind !== "map") return tree;
  const entries = new Map(tree.entries);
  if (step === undefined) entries.set(name, entry);
  else {
    const inner = entries.get(String(step));
    if (inner !== undefined) entries.set(String(step), { ...inner, tree: inserted(inner.tree, rest, name, entry) });
  }
  return { ...tree, entries };
}

/** The same without what stands at `path`; everything else keeps its place in the file. */
export function without(tree: Tree, path: readonly PropertyKey[]): Tree {
  const [step, ...rest] = path;
  if (step === undefined) return tree;
  if (tree.kind === "map") {
    const entry = tree.entries.get(String(step));
    if (entry === undefined) return tree;
    const entries = new Map(tree.entries);
    if (rest.length === 0) entries.delete(String(step));
    else entries.set(String(step), { at: entry.at, tree: without(entry.tree, rest) });
    return { ...tree, entries };
  }
  if (tree.kind === "list") {
    const items = tree.items.flatMap((item, at) =>
      at !== Number(step) ? [item] : rest.length === 0 ? [] : [without(item, rest)],
    );
    return { ...tree, items };
  }
  return tree;
}

/** What stands at `path` in plain data. */
export function atPath(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, step) => (value as Record<PropertyKey, unknown> | null | undefined)?.[step], data);
}

/** What others may call the entry at `path`: its name and its id. */
export function namesAt(tree: Tree, path: readonly PropertyKey[]): readonly string[] {
  const found = atPath(plainOf(tree), path);
  const { name, id } = (found ?? {}) as { readonly name?: unknown; readonly id?: unknown };
  return [name, id].filter((one) => typeof one === "string");
}

/** Where the setting at `path` stands: its value, or with `atKey` its name; of the nearest group around it when it is absent. */
export function positionOf(tree: Tree, path: readonly PropertyKey[], atKey = false): Position {
  let current = tree;
  for (const [index, step] of path.entries()) {
    if (current.kind === "map") {
      const entry = current.entries.get(String(step));
      if (entry === undefined) return current.at;
      if (atKey && index === path.length - 1) return entry.at;
      current = entry.tree;
    } else if (current.kind === "list") {
      const item = current.items[Number(step)];
      if (item === undefined) return current.at;
      current = item;
    }
  }
  return current.at;
}

/** `smartcloudops.yaml:12:3`. */
export function placeAt({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}

function positionAt(file: string, lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col };
}
