import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";

/** A file of NAME=value lines, as it stands on the disk. */
export type DotEnv = {
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
  readonly isThere: boolean;
};

/** What becomes of a variable: its new value, or undefined for none. */
export type Changes = ReadonlyMap<string, string | undefined>;

export function readDotEnv(path: string): DotEnv {
  if (!existsSync(path)) return { text: "", values: {}, isThere: false };
  const text = readFileSync(path, "utf8");
  const values = Object.entries(parseEnv(text)).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  return { text, values: Object.fromEntries(values), isThere: true };
}

/** Those of the changes that would change something. */
export function realChanges({ values }: DotEnv, changes: Changes): Changes {
  return new Map([...changes].filter(([name, value]) => (values[name] ?? "") !== (value ?? "")));
}

/**
 * The file's text with these changes. Every other line stays as it is; a new variable goes below its line in a copy of
 * .env.example, else to the end.
 */
export function withChanges(text: string, changes: Changes): string {
  const left = new Map(changes);
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const kept = lines.flatMap((line) => {
    const name = /^\s*(?:export\s+)?(\w+)\s*=/.exec(line)?.[1];
    if (name === undefined || !changes.has(name)) return [line];
    const value = left.get(name);
    // A second line of the same name would win over the first.
    left.delete(name);
    return value === undefined ? [] : [lineOf(name, value)];
  });
  const rest = new Map([...left].filter(([, value]) => value !== undefined));
  const placed = kept.flatMap((line) => {
    const name = /^#\s*(\w+)=/.exec(line)?.[1];
    const value = name === undefined ? undefined : rest.get(name);
    if (name === undefined || value === undefined) return [line];
    rest.delete(name);
    return [line, lineOf(name, value)];
  });
  return `${[...placed, ...[...rest].map(([name, value]) => lineOf(name, value ?? ""))].join("\n")}\n`;
}

/** Throws a sentence where no quotes can hold the value. */
function lineOf(name: string, value: string): string {
  for (const quote of ["", '"', "'", "`"]) {
    const line = `${name}=${quote}${value}${quote}`;
    if (parseEnv(line)[name] === value && (quote !== "" || /^[\w./:@%+=,-]*$/.test(value))) return line;
  }
  throw new Error(
    `${name} cannot stand in .env: it holds every kind of quotes. Put it into a file, and name that one.`,
  );
}
