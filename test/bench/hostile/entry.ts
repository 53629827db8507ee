import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** Hostile inputs as files tell them: what is put where, what must not happen, and what is expected instead. */

const Shape = z.object({
  id: z.string().regex(/^[A-Z]{3}-/),
  where: z.string(),
  input: z.unknown(),
  must_not: z.array(z.string()),
  expected: z.string(),
  threat: z.string().optional(),
});

export type Entry = z.infer<typeof Shape>;

/** Every entry of the JSON files in that folder whose id begins with one of the groups. Throws on a file of another shape. */
export function readEntries(folder: string, groups: readonly string[]): Entry[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const all = files.flatMap((name) => z.array(Shape).parse(JSON.parse(readFileSync(join(folder, name), "utf8"))));
  return all
    .filter(({ id }) => groups.includes(id.slice(0, 3)))
    .map((entry) => ({ ...entry, input: expand(entry.input) }));
}

/** Long and binary values stand in the files as a recipe: `{"$repeat": ["x", 100]}`. What is no recipe stays. */
export function expand(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(expand);
  const entries = Object.entries(value);
  const [[name, of] = ["", undefined]] = entries;
  const list = of as readonly unknown[];
  switch (entries.length === 1 ? name : "") {
    case "$repeat":
      return String(list[0]).repeat(Number(list[1]));
    case "$concat":
      return list.map(expand).join("");
    case "$b64":
      return Buffer.from(String(of), "base64").toString("base64");
    case "$bytes":
      return Buffer.from(String(of), "hex");
    case "$nest":
      return String(list[0]).repeat(Number(list[1])) + String(list[2]) + String(list[3]).repeat(Number(list[1]));
    case "$json":
      return JSON.stringify(of);
    case "$surrogate":
      return JSON.parse(`"${String(of)}"`);
    case "$raw":
    case "$yaml":
      return of;
    default:
      return Object.fromEntries(entries.map(([key, one]) => [key, expand(one)]));
  }
}

/** HTTP statuses that an expectation in words allows: "401/403: why" -> 401 and 403, "4xx" -> all of them. Undefined: any. */
export function statusesOf(expected: string): ((status: number) => boolean) | undefined {
  const said = expected.split(/[(;:,]/)[0]!;
  const found = [...said.matchAll(/\b([1-5])(\d\d|xx)\b/g)];
  if (found.length === 0) return undefined;
  return (status) =>
    found.some(([whole, first]) => String(status) === whole || (whole === `${String(status)[0]}xx` && first !== ""));
}
