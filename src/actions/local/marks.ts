import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** How a command ended. `cut`: it was ended at its deadline, or by a stop. */
export type Exit = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly cut: boolean;
  readonly error?: string | undefined;
};

const ExitFile = z.object({
  code: z.number().nullable(),
  signal: z.string().nullable(),
  cut: z.boolean(),
  error: z.string().optional(),
});
const PidFile = z.object({ keeper: z.number(), startedAt: z.string() });

/** What is known of a key. `running`: its keeper lives. `lost`: it began, its keeper has gone, and no end was noted. */
export type Mark =
  | { readonly state: "none" | "void" | "running" | "lost" }
  | { readonly state: "ended"; readonly exit: Exit; readonly output: string };

/** The folder of one execution's marks, below the bot's data folder. */
export function folderOf(dataDir: string, key: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{7,127}$/.test(key))
    throw new Error("an idempotency key has 8 to 128 plain characters");
  return join(dataDir, "executions", key);
}

/** Takes the key, durably. False when it was taken before: making a folder is what only one can do. */
export async function take(folder: string, word: "began" | "void"): Promise<boolean> {
  await mkdir(join(folder, ".."), { recursive: true, mode: 0o700 });
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw problem;
  }
  await writeDurably(folder, word, "");
  await syncFolder(join(folder, ".."));
  return true;
}

/** Reads what is known of a key. */
export async function markOf(folder: string): Promise<Mark> {
  const exit = await readJson(join(folder, "exit"), ExitFile);
  if (exit !== undefined) {
    const output = await readFile(join(folder, "output"), "utf8").catch(() => "");
    return { state: "ended", exit, output };
  }
  if (await isThere(join(folder, "void"))) return { state: "void" };
  const pid = await readJson(join(folder, "pid"), PidFile);
  if (pid !== undefined && (await startOf(pid.keeper)) === pid.startedAt) return { state: "running" };
  // A keeper that ended between the two looks.
  if (await isThere(join(folder, "exit"))) return await markOf(folder);
  return { state: (await isThere(folder)) ? "lost" : "none" };
}

/** Writes a file whole or not at all, and to the disk. */
export async function writeDurably(folder: string, name: string, text: string): Promise<void> {
  const file = await open(join(folder, `${name}.new`), "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(join(folder, `${name}.new`), join(folder, name));
  await syncFolder(folder);
}

/** When a process began, as the system tells it: a number that comes again belongs to another process. "" where it cannot tell. */
export async function startOf(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0);
  } catch {
    return undefined;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name in brackets may hold anything; the 22nd field is the 20th after it.
  return stat === undefined ? "" : (stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "");
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await (await open(path, "r")).close();
    return true;
  } catch {
    return false;
  }
}
