import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { keptTraining, useTraining } from "../core/language/classify.ts";
import { writeWhole } from "../util/write-whole.ts";

const CLASSIFIER = fileURLToPath(new URL("../core/language/classify.ts", import.meta.url));
const PHRASES = join(dirname(CLASSIFIER), "phrases");

/**
 * What the classifier of intents learnt, kept in the data folder: learning takes 0.1 s, reading it a few milliseconds.
 * The file begins with what it was learnt from, by size and time; a file that says anything else is as good as nothing.
 * Resolves with a function that writes the file when it was missing and the classifier has been used since. Never throws.
 */
export async function useKeptTraining(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, "training.bin");
  try {
    const key = await keyNow();
    if (await readKept(file, key)) return async () => {};
    return () => keep(file, key);
  } catch {
    return async () => {};
  }
}

/** Padded with blanks, so that the numbers behind it begin at a multiple of four. */
async function keyNow(): Promise<Buffer> {
  const names = (await readdir(PHRASES)).sort().map((name) => join(PHRASES, name));
  const told = await Promise.all(
    [CLASSIFIER, ...names].map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return `${file} ${size} ${mtimeMs}`;
    }),
  );
  const key = Buffer.from(`${told.join("\n")}\n`);
  return Buffer.concat([key, Buffer.alloc((4 - (key.length % 4)) % 4, " ")]);
}

async function readKept(file: string, key: Buffer): Promise<boolean> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined || !bytes.subarray(0, key.length).equals(key)) return false;
  return useTraining(bytes.subarray(key.length));
}

async function keep(file: string, key: Buffer): Promise<void> {
  const learnt = keptTraining();
  if (learnt === undefined) return;
  try {
    await writeWhole(file, Buffer.concat([key, learnt]));
  } catch {
    // The next call learns again, which is only slower.
  }
}
