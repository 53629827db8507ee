import type { LoadedExtension } from "../ports/extension.ts";
import { reasonOf } from "../util/errors.ts";
import { type FileProblem, readSources, type Sources } from "./files.ts";
import { marked, runInside } from "./inside.ts";
import { importSources } from "./modules.ts";
import { readExtension } from "./shape.ts";

/** Extensions that cannot be used. The message names file and cause of each problem. */
export class ExtensionError extends Error {
  override readonly name = "ExtensionError";
  constructor(problems: readonly FileProblem[]) {
    super(problems.map(({ file, text }) => `${file}: ${text}.`).join("\n"));
  }
}

/** A module that waits for something while it is loaded keeps the bot from starting for so long, in milliseconds. */
const LOAD_MS = 10_000;

/** Loads every extension of these folders: their code runs now. Never throws for what is wrong with one. */
export async function loadExtensions(
  folders: readonly string[],
): Promise<{ readonly loaded: readonly LoadedExtension[]; readonly problems: readonly FileProblem[] }> {
  const { found, problems } = readAll(folders);
  const each = await Promise.all(found.map(loadOne));
  return {
    loaded: each.flatMap(({ loaded }) => loaded ?? []),
    problems: [...problems, ...each.flatMap((one) => one.problems)],
  };
}

/** The same, and throws `ExtensionError` where something is wrong. */
export async function mustLoad(folders: readonly string[]): Promise<readonly LoadedExtension[]> {
  const { loaded, problems } = await loadExtensions(folders);
  if (problems.length > 0) throw new ExtensionError(problems);
  return loaded;
}

/** Extensions whose files are not those that were loaded, by name: added, changed or gone. Nothing is loaded. */
export function changedSince(loaded: readonly LoadedExtension[], folders: readonly string[]): readonly string[] {
  const now = new Map(readAll(folders).found.map(({ name, hash }) => [name, hash]));
  const then = new Map(loaded.map(({ name, hash }) => [name, hash]));
  return [...new Set([...now.keys(), ...then.keys()])].filter((name) => now.get(name) !== then.get(name)).sort();
}

function readAll(folders: readonly string[]): {
  readonly found: readonly Sources[];
  readonly problems: readonly FileProblem[];
} {
  const read = folders.map(readSources);
  const byName = new Map<string, Sources>();
  const twice: FileProblem[] = [];
  for (const one of read.flatMap(({ found }) => found)) {
    const other = byName.get(one.name);
    if (other === undefined) byName.set(one.name, one);
    else
      twice.push({
        file: one.file,
        text: `must differ in its name from the others: ${one.name} is in ${other.file} already. Rename one`,
      });
  }
  return { found: [...byName.values()], problems: [...read.flatMap(({ problems }) => problems), ...twice] };
}

async function loadOne(
  sources: Sources,
): Promise<{ readonly loaded?: LoadedExtension; readonly problems: readonly FileProblem[] }> {
  const { name, hash, file } = sources;
  try {
    const exports = await inTime(runInside(name, () => importSources(sources)));
    const read = readExtension(exports["default"]);
    if ("problems" in read) return { problems: read.problems.map((text) => ({ file, text })) };
    const { executor, notifier } = marked(name, read.extension);
    return {
      loaded: {
        name,
        hash,
        file,
        ...(executor !== undefined && { executor }),
        ...(notifier !== undefined && { notifier }),
      },
      problems: [],
    };
  } catch (cause) {
    return {
      problems: [{ file, text: `cannot be loaded: ${reasonOf(cause)}${placeOf(cause)}`.replace(/[.\s]+$/, "") }],
    };
  }
}

/** Line and column in the extension itself, where what was thrown says so. */
function placeOf(cause: unknown): string {
  const stack = cause instanceof Error ? String(cause.stack) : "";
  const place = /extension:\/\/[^/\s]+\/[0-9a-f]+\/([^\s:)]+:\d+(?::\d+)?)/.exec(stack)?.[1];
  return place === undefined ? "" : ` (${place})`;
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`it did not load within ${LOAD_MS / 1000} s`)), LOAD_MS);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
