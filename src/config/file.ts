import { basename, dirname, extname, join, relative, resolve } from "node:path";
import type * as z from "zod";
import { reasonOf } from "../util/errors.ts";
import { HIDDEN } from "../util/secret.ts";
import type { ReadFile } from "./environment.ts";
import { nearest, type Report } from "./problem.ts";
import { type ConfigFile, configFile } from "./schema.ts";
import { show } from "./values.ts";
import {
  atPath,
  mergeTrees,
  namesAt,
  parseTree,
  placeAt,
  plainOf,
  positionOf,
  renamed,
  type Tree,
  without,
} from "./yaml-tree.ts";

export type SettingsFile = {
  readonly settings: ConfigFile;
  /** `smartcloudops.yaml:12:3 sources[1].url`, for problems that are found later. */
  readonly where: (path: readonly PropertyKey[]) => string;
  /** A path in the file is meant relative to the file that says it. */
  readonly resolvePath: (path: readonly PropertyKey[], value: string) => string;
};

/** Each round takes away at least a level of what was refused. */
const MOST_ROUNDS = 20;
const DEFAULT_NAME = "smartcloudops.yaml";
const NO_FILE: SettingsFile = { settings: {}, where: () => DEFAULT_NAME, resolvePath: (_, value) => resolve(value) };

/**
 * Reads `smartcloudops.yaml` (or the file that SMARTCLOUDOPS_CONFIG names) with `smartcloudops.<env>.yaml` beside it
 * laid on top. Without SMARTCLOUDOPS_CONFIG, no file is needed. Undefined when it is no YAML; problems are reported, and what only
 * follows from them is noted in `hush`.
 */
export function readSettingsFile(deps: {
  named: string | undefined;
  env: string | undefined;
  cwd: string;
  readFile: ReadFile;
  report: Report;
  hush: Hush;
}): SettingsFile | undefined {
  const { named, env, cwd, readFile, report, hush } = deps;
  const basePath = resolve(cwd, named ?? DEFAULT_NAME);
  const base = readTree(basePath, named === undefined ? undefined : "SMARTCLOUDOPS_CONFIG", { cwd, readFile, report });
  const suffix = extname(basePath);
  const overlayPath = join(dirname(basePath), `${basename(basePath, suffix)}.${env}${suffix}`);
  const overlay =
    env === undefined
      ? "absent"
      : readTree(overlayPath, base === "absent" ? undefined : "SMARTCLOUDOPS_ENV", { cwd, readFile, report });
  if (base === undefined || overlay === undefined) return undefined;
  if (base === "absent" && overlay === "absent") return NO_FILE;
  const tree = base === "absent" ? (overlay as Tree) : overlay === "absent" ? base : mergeTrees(base, overlay);
  return checkTree(tree, cwd, { report, hush });
}

/** `whose` is the variable that asks for the file; without one, the file may be absent. */
function readTree(
  path: string,
  whose: string | undefined,
  deps: { cwd: string; readFile: ReadFile; report: Report },
): Tree | "absent" | undefined {
  const name = displayName(path, deps.cwd);
  try {
    return parseTree(deps.readFile(path), name, deps.report);
  } catch (cause) {
    const isAbsent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (isAbsent && whose === undefined) return "absent";
    deps.report(
      whose ?? name,
      `must lead to a readable file: ${reasonOf(cause)}. Create it, or ${whose === undefined ? "remove what is there" : `take ${whose} away`}.`,
    );
    return undefined;
  }
}

/**
 * What is wrong in the file is reported, and left out of the settings that come back: so what stands beside it is checked
 * as well. A problem that only follows from what was left out is not one.
 */
function checkTree(tree: Tree, cwd: string, deps: { report: Report; hush: Hush }): SettingsFile {
  const where = (path: readonly PropertyKey[], atKey = false) =>
    `${placeAt(positionOf(tree, path, atKey))} ${sayPath(path)}`.trimEnd();
  const read = configFile().safeParse(plainOf(tree), { reportInput: true });
  for (const issue of read.error?.issues ?? []) reportIssue(issue, where, deps.report);
  const sound = read.success ? { settings: read.data, tree } : soundPartOf(tree);
  const around = "around" in sound ? sound.around : new Set<string>();
  if ("names" in sound) deps.hush.names.push(...sound.names);
  return {
    settings: sound.settings,
    where: (path) => {
      const said = `${placeAt(positionOf(sound.tree, path))} ${sayPath(path)}`.trimEnd();
      const groups = [...path.keys(), path.length].map((end) => placeAt(positionOf(sound.tree, path.slice(0, end))));
      if (groups.some((group) => around.has(group))) deps.hush.places.add(said);
      return said;
    },
    resolvePath: (path, value) => resolve(cwd, dirname(positionOf(sound.tree, path).file), value),
  };
}

/** Problems that only follow from others: at these places, and about things of these names. */
export type Hush = { readonly places: Set<string>; readonly names: string[] };

type SoundPart = {
  readonly settings: ConfigFile;
  readonly tree: Tree;
  /** Places of the groups that something was left out of. */
  readonly around: ReadonlySet<string>;
  /** Of entries that were left out whole. */
  readonly names: readonly string[];
};

/** The settings without what the schema refuses: first the values themselves, then groups that lack something by that. */
function soundPartOf(written: Tree): SoundPart {
  const around = new Set<string>();
  const names: string[] = [];
  const nothing = { settings: {}, tree: written, around: new Set([placeAt(written.at)]), names };
  let tree = written;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const read = configFile().safeParse(plainOf(tree), { reportInput: true });
    if (read.success) return { settings: read.data, tree, around, names };
    // The last ones of a list first, so that the numbers of the others stay.
    for (const { path, meant } of read.error.issues.flatMap(refusedBy).reverse()) {
      if (path.length === 0) return nothing;
      // A value may be a secret under the wrong name: only groups and lists are looked into.
      if (meant === undefined || typeof atPath(plainOf(tree), path) !== "object") {
        // Nothing hangs on the zone of times, nor on what is no setting and like none.
        const isKnown = typeof path.at(-1) === "number" || keysAt(path.slice(0, -1)).includes(String(path.at(-1)));
        if ((isKnown && path.join() !== "timezone") || meant !== undefined)
          around.add(placeAt(positionOf(tree, path.slice(0, -1))));
        names.push(...namesAt(tree, path));
        tree = without(tree, path);
      } else tree = renamed(tree, path, meant);
    }
  }
  return nothing;
}

type Refused = { readonly path: readonly PropertyKey[]; readonly meant?: string };

/** What has to go for this issue: a group where something in it is missing; a key that is a slip counts as the one that was meant. */
function refusedBy(issue: z.core.$ZodIssue): readonly Refused[] {
  if (issue.code !== "unrecognized_keys")
    return [{ path: issue.input === undefined ? issue.path.slice(0, -1) : issue.path }];
  return issue.keys.map((key) => {
    const meant = nearest(key, keysAt(issue.path));
    return { path: [...issue.path, key], ...(meant !== undefined && { meant }) };
  });
}

function reportIssue(
  issue: z.core.$ZodIssue,
  where: (path: readonly PropertyKey[], atKey?: boolean) => string,
  refuse: Report,
): void {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) {
      const known = keysAt(path);
      const meant = nearest(key, known);
      const cure = meant === undefined ? `Here belong: ${known.join(", ")}.` : `Did you mean ${meant}?`;
      refuse(where([...path, key], true), `is not a setting. ${cure}`);
    }
    return;
  }
  if (issue.code === "invalid_key") {
    for (const inner of issue.issues) refuse(where(path, true), `${inner.message}.`);
    return;
  }
  const rule =
    issue.code === "invalid_type" && issue.expected === "object" ? "must be a group of settings" : issue.message;
  if (issue.input === undefined) {
    refuse(where(path), `is missing: it ${rule}. Add it.`);
    return;
  }
  const isHeader = path[0] === "sources" && path[2] === "headers" && path.length > 3;
  refuse(where(path), `${rule}: it is ${isHeader ? HIDDEN : show(issue.input)}.`);
}

/** The names that the schema knows inside the group at `path`. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = configFile();
  for (const step of path) {
    schema = bare(schema);
    if (schema !== null && typeof schema === "object" && "element" in schema && typeof step === "number")
      schema = schema.element;
    else if (hasShape(schema)) schema = schema.shape[String(step)];
    else if (schema !== null && typeof schema === "object" && "valueType" in schema) schema = schema.valueType;
  }
  schema = bare(schema);
  if (hasShape(schema)) return Object.keys(schema.shape);
  const { keyType } = schema as { readonly keyType?: { readonly options?: readonly string[] } };
  return keyType?.options ?? [];
}

function bare(schema: unknown): unknown {
  let current = schema;
  // An array has `unwrap` too, but its entries are a step of their own.
  while (
    current !== null &&
    typeof current === "object" &&
    !("element" in current) &&
    "unwrap" in current &&
    typeof current.unwrap === "function"
  )
    current = current.unwrap();
  return current;
}

function hasShape(schema: unknown): schema is { readonly shape: Readonly<Record<string, unknown>> } {
  return schema !== null && typeof schema === "object" && "shape" in schema;
}

function sayPath(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`))
    .join("");
}

function displayName(path: string, cwd: string): string {
  const inside = relative(cwd, path);
  return inside.startsWith("..") ? path : inside;
}
