import { basename, dirname, extname, join, relative, resolve } from "node:path";
import type * as z from "zod";
import { reasonOf } from "../util/errors.ts";
import { HIDDEN } from "../util/secret.ts";
import type { ReadFile } from "./environment.ts";
import { nearest, type Report } from "./problem.ts";
import { type ConfigFile, configFile } from "./schema.ts";
import { show } from "./values.ts";
import { mergeTrees, parseTree, placeAt, plainOf, positionOf, type Tree } from "./yaml-tree.ts";

export type SettingsFile = {
  readonly settings: ConfigFile;
  /** `smartcloudops.yaml:12:3 sources[1].url`, for problems that are found later. */
  readonly where: (path: readonly PropertyKey[]) => string;
  /** A path in the file is meant relative to the file that says it. */
  readonly resolvePath: (path: readonly PropertyKey[], value: string) => string;
};

const DEFAULT_NAME = "smartcloudops.yaml";
const NO_FILE: SettingsFile = { settings: {}, where: () => DEFAULT_NAME, resolvePath: (_, value) => resolve(value) };

/**
 * Reads `smartcloudops.yaml` (or the file that SMARTCLOUDOPS_CONFIG names) with `smartcloudops.<env>.yaml` beside it
 * laid on top. Without SMARTCLOUDOPS_CONFIG, no file is needed. Undefined when there were problems; they are reported.
 */
export function readSettingsFile(deps: {
  named: string | undefined;
  env: string | undefined;
  cwd: string;
  readFile: ReadFile;
  report: Report;
}): SettingsFile | undefined {
  const { named, env, cwd, readFile, report } = deps;
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
  return checkTree(tree, cwd, report);
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

function checkTree(tree: Tree, cwd: string, report: Report): SettingsFile | undefined {
  const where = (path: readonly PropertyKey[], atKey = false) =>
    `${placeAt(positionOf(tree, path, atKey))} ${sayPath(path)}`.trimEnd();
  let isRight = true;
  const refuse = (place: string, message: string) => {
    isRight = false;
    report(place, message);
  };
  const read = configFile().safeParse(plainOf(tree), { reportInput: true });
  for (const issue of read.error?.issues ?? []) reportIssue(issue, where, refuse);
  if (!isRight || !read.success) return undefined;
  return {
    settings: read.data,
    where,
    resolvePath: (path, value) => resolve(cwd, dirname(positionOf(tree, path).file), value),
  };
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
