import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import type { Runbook } from "../../core/runbook.ts";
import { writeWhole } from "../../util/write-whole.ts";
import { versionOf } from "./parse.ts";

/** Every version of a runbook that was ever seen, kept by its content; and which runbooks were taken out of use. */

export type Version = {
  readonly version: string;
  readonly id: string;
  /** RFC 3339: when this bot saw it first. */
  readonly since: string;
  readonly content: Omit<Runbook, "version">;
};

const folderOf = (dataDir: string) => join(dataDir, "runbooks", "versions");
const FIRST_LINE = /^# first seen (\S+)\n/;

/** Keeps those that are not kept yet. `at` is unix seconds. Returns how many were new. */
export async function keepVersions(dataDir: string, runbooks: readonly Runbook[], at: number): Promise<number> {
  const known = new Set(namesIn(folderOf(dataDir)));
  const fresh = runbooks.filter(({ version }) => !known.has(`${version}.yaml`));
  for (const { version, ...content } of fresh) {
    const text = `# first seen ${new Date(at * 1000).toISOString()}\n${stringify(content, { aliasDuplicateObjects: false })}`;
    await writeWhole(join(folderOf(dataDir), `${version}.yaml`), text);
  }
  return fresh.length;
}

/** Kept versions of one runbook, oldest first. A file whose content is not what its name says is left out and named. */
export function versionsOf(
  dataDir: string,
  id: string,
): { readonly versions: readonly Version[]; readonly broken: readonly string[] } {
  const versions: Version[] = [];
  const broken: string[] = [];
  for (const name of namesIn(folderOf(dataDir))) {
    const text = readFileSync(join(folderOf(dataDir), name), "utf8");
    const content = contentIn(text);
    const version = name.slice(0, 64);
    if (content === undefined || versionOf(content) !== version) broken.push(name);
    else if (content.id === id) versions.push({ version, id, since: FIRST_LINE.exec(text)?.[1] ?? "", content });
  }
  return { versions: versions.toSorted((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0)), broken };
}

/** Names of the kept files; none where nothing was kept yet. */
function namesIn(folder: string): readonly string[] {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
  return readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.yaml$/.test(name));
}

function contentIn(text: string): Omit<Runbook, "version"> | undefined {
  try {
    const content: unknown = parse(text, { maxAliasCount: 0 });
    return typeof content === "object" && content !== null ? (content as Omit<Runbook, "version">) : undefined;
  } catch {
    return undefined;
  }
}

const Deprecated = z.record(z.string(), z.object({ at: z.string(), reason: z.string() }));
type Deprecated = z.infer<typeof Deprecated>;

const fileOf = (dataDir: string) => join(dataDir, "runbooks", "deprecated.json");
const read = new Map<string, { readonly stamp: string; readonly all: ReadonlyMap<string, Deprecated[string]> }>();

/**
 * Runbooks that were taken out of use, by id. Read again whenever the file changed, so that it takes effect in a bot that
 * runs. A file that cannot be read throws: nobody knows then what may be used.
 */
export function readDeprecated(dataDir: string): ReadonlyMap<string, Deprecated[string]> {
  const file = fileOf(dataDir);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return new Map();
  const stamp = `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
  const known = read.get(file);
  if (known?.stamp === stamp) return known.all;
  const all = new Map(Object.entries(Deprecated.parse(JSON.parse(readFileSync(file, "utf8")))));
  read.set(file, { stamp, all });
  return all;
}

/** Takes a runbook out of use, or back into it with `reason` undefined. `at` is unix seconds. False when it was so already. */
export async function deprecate(dataDir: string, id: string, reason: string | undefined, at: number): Promise<boolean> {
  const all = new Map(readDeprecated(dataDir));
  if (all.has(id) === (reason !== undefined)) return false;
  if (reason === undefined) all.delete(id);
  else all.set(id, { at: new Date(at * 1000).toISOString(), reason });
  await writeWhole(fileOf(dataDir), `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
  return true;
}
