import { isDeepStrictEqual } from "node:util";

/** The three kinds of patch that an API server takes. Each returns a new object and throws `PatchError` for what it refuses. */

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind pass through
export type Tree = any;

export class PatchError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** RFC 7386. */
export function mergePatch(target: Tree, patch: Tree): Tree {
  if (!isObject(patch)) return structuredClone(patch);
  const result: Tree = isObject(target) ? structuredClone(target) : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

/** By these members, lists of objects are merged element by element (the API's patchMergeKey). */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: "name",
  initContainers: "name",
  env: "name",
  volumes: "name",
  volumeMounts: "mountPath",
  conditions: "type",
  ownerReferences: "uid",
  taints: "key",
};

/** Kubernetes' strategic merge patch, with `$patch: delete`, `$setElementOrder` ignored and `$retainKeys` honoured. */
export function strategicPatch(target: Tree, patch: Tree): Tree {
  if (!isObject(patch)) return structuredClone(patch);
  const result: Tree = isObject(target) ? structuredClone(target) : {};
  for (const [name, value] of Object.entries<Tree>(patch)) {
    if (name.startsWith("$setElementOrder/") || name === "$patch") continue;
    if (name === "$retainKeys") {
      for (const key of Object.keys(result)) if (!value.includes(key)) delete result[key];
      continue;
    }
    const key = MERGE_KEYS[name];
    if (value === null) delete result[name];
    else if (key !== undefined && Array.isArray(value)) result[name] = mergeList(result[name] ?? [], value, key);
    else result[name] = strategicPatch(result[name], value);
  }
  return result;
}

function mergeList(target: Tree[], patch: Tree[], key: string): Tree[] {
  let result = structuredClone(target);
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined)
      throw new PatchError(400, `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const at = result.findIndex((one) => one[key] === item[key]);
    if (item["$patch"] === "delete") result = result.filter((_, i) => i !== at);
    else if (at === -1) result.push(strategicPatch({}, item));
    else result[at] = strategicPatch(result[at], item);
  }
  return result;
}

/** RFC 6902: add, replace, remove, test. */
export function jsonPatch(target: Tree, patch: Tree): Tree {
  if (!Array.isArray(patch)) throw new PatchError(400, "a JSON patch is a list of operations");
  const result = structuredClone(target);
  for (const { op, path, value } of patch) {
    const names = String(path)
      .split("/")
      .slice(1)
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = names.pop();
    if (last === undefined) throw new PatchError(422, "the whole document cannot be patched");
    const parent = names.reduce<Tree>((at, name) => at?.[name], result);
    if (typeof parent !== "object" || parent === null) throw refusal(op, path, "missing path");
    const here = parent[last];
    if (op === "test") {
      if (!same(here, value))
        throw new PatchError(422, "the server rejected our request due to an error in our request");
    } else if (op === "add") {
      if (Array.isArray(parent)) parent.splice(last === "-" ? parent.length : Number(last), 0, value);
      else parent[last] = value;
    } else if (op === "replace") {
      if (here === undefined) throw refusal(op, path, "missing key");
      parent[last] = value;
    } else if (op === "remove") {
      if (here === undefined) throw refusal(op, path, "missing key");
      delete parent[last];
    } else throw new PatchError(400, `unexpected kind: ${op}`);
  }
  return result;
}

function refusal(op: string, path: string, why: string): PatchError {
  return new PatchError(422, `${op} operation does not apply: doc is missing path: ${path}: ${why}`);
}

export function isObject(value: unknown): value is Record<string, Tree> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for JSON values that are alike, whatever the order of members. */
export function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

/** A copy as it would come over the wire: nothing shared, nothing undefined. */
export function copyOf(value: Tree): Tree {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
