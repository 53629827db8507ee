import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** What one file imports: files of ours by path below the root, and packages or built-in modules by name. */
export type Imports = {
  readonly ours: readonly string[];
  /** Those of `ours` that run before this file does: neither types nor `import()`. Only these can make a cycle that hurts. */
  readonly loaded: readonly string[];
  readonly others: readonly string[];
};

/** Every TypeScript and .mjs file below `folder` of `root`, with its imports. Paths use `/`. Type imports count. */
export function readImports(root: string, folder: string): ReadonlyMap<string, Imports> {
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    files.sort().map((file) => {
      const all = importsIn(readFileSync(file, "utf8"));
      const ours = all.filter(({ name }) => name.startsWith("."));
      const pathOf = ({ name }: { readonly name: string }) => path(root, resolve(dirname(file), name));
      const loaded = ours.filter(({ isLoaded }) => isLoaded).map(pathOf);
      const others = all.filter(({ name }) => !name.startsWith(".")).map(({ name }) => name);
      return [path(root, file), { ours: ours.map(pathOf), loaded, others }];
    }),
  );
}

/** The module names in import and export declarations, `import()` and `require()`. */
export function importsIn(source: string): readonly { readonly name: string; readonly isLoaded: boolean }[] {
  // The formatter puts declarations at the start of a line and names in double quotes.
  const declaration = /^(?:import|export)\b( type\b)?(?:[^"';]*?\bfrom)?\s*"([^"]+)"/gm;
  const call = /\b(?:import|require(?:\.resolve)?|createRequire\([^)]*\))\(\s*"([^"]+)"/g;
  return [
    ...[...source.matchAll(declaration)].map((match) => ({
      name: match[2] as string,
      isLoaded: match[1] === undefined,
    })),
    ...[...source.matchAll(call)].map((match) => ({ name: match[1] as string, isLoaded: false })),
  ];
}

/** Each cycle once, as the files on it in order. Empty when there is none. */
export function findCycles(graph: ReadonlyMap<string, Imports>): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (file: string): void => {
    const start = trail.indexOf(file);
    if (start >= 0) cycles.push(trail.slice(start));
    if (start >= 0 || done.has(file)) return;
    trail.push(file);
    for (const next of graph.get(file)?.loaded ?? []) visit(next);
    trail.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

function path(root: string, file: string): string {
  return relative(root, file).split(sep).join("/");
}
