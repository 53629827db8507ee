import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "../config.ts";
import type { ConceptPacks } from "../core/concept.ts";
import { writeWhole } from "../util/write-whole.ts";

const SHIPPED = fileURLToPath(new URL("../metrics/packs", import.meta.url));
const READER = fileURLToPath(new URL("../metrics/packs.ts", import.meta.url));

/**
 * The concept packs as `loadPacks` reads them, kept as JSON in the data folder: reading YAML takes 200 ms, half of what
 * one `ask` may take in all. Kept ones count only while every pack file, and what reads them, is the same by size and
 * time. Throws `PackError` like `loadPacks`.
 */
export async function loadKeptPacks(config: Pick<Config, "dataDir" | "packs">): Promise<ConceptPacks> {
  const key = await keyOf([SHIPPED, ...config.packs]).catch(() => undefined);
  const file = join(config.dataDir, "packs.json");
  const kept = key === undefined ? undefined : await readKept(file, key);
  if (kept !== undefined) return kept;
  const { loadPacks } = await import("../metrics/packs.ts");
  const packs = await loadPacks(config.packs);
  if (key !== undefined) await keep(file, { key, packs });
  return packs;
}

/** What the packs depend on, as one text. Throws when a folder cannot be read. */
async function keyOf(folders: readonly string[]): Promise<string> {
  const names = await Promise.all(
    folders.map(async (folder) => (await readdir(folder)).sort().map((name) => join(folder, name))),
  );
  const files = [READER, ...names.flat()];
  const stats = await Promise.all(files.map((file) => stat(file)));
  return files.map((file, i) => `${file} ${stats[i]!.size} ${stats[i]!.mtimeMs}`).join("\n");
}

/** Only our own process writes that file, for its owner alone; anything else in it is as good as nothing. */
async function readKept(file: string, key: string): Promise<ConceptPacks | undefined> {
  try {
    const kept = JSON.parse(await readFile(file, "utf8")) as { key?: unknown; packs?: { concepts?: unknown } };
    return kept.key === key && Array.isArray(kept.packs?.concepts) ? (kept.packs as ConceptPacks) : undefined;
  } catch {
    return undefined;
  }
}

async function keep(file: string, kept: { key: string; packs: ConceptPacks }): Promise<void> {
  try {
    await writeWhole(file, JSON.stringify(kept));
  } catch {
    // The next call reads the YAML again, which is only slower.
  }
}
