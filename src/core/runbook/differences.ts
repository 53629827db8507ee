import { canonicalJson, type Json } from "../../util/canonical.ts";

export type Difference = { readonly path: string; readonly was: string | undefined; readonly is: string | undefined };

/** What differs between two contents, by path, in order. Texts as they are, everything else as JSON. */
export function differencesOf(was: Json, is: Json): readonly Difference[] {
  const [before, after] = [flat(was), flat(is)];
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, was: before.get(path), is: after.get(path) }));
}

function flat(value: Json, at = ""): Map<string, string> {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0)
    return new Map([[at, typeof value === "string" ? value : canonicalJson(value)]]);
  const members = Array.isArray(value)
    ? value.map((one: Json, index) => [`${at}[${index}]`, one] as const)
    : Object.entries(value).map(([name, one]) => [at === "" ? name : `${at}.${name}`, one] as const);
  return new Map(members.flatMap(([path, one]) => (one === undefined ? [] : [...flat(one, path)])));
}
