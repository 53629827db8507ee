import { type FileHandle, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../ports/clock.ts";
import type { Begun, Journal } from "../ports/store.ts";
import { StoreError, storeError } from "./errors.ts";
import { makeDataDir } from "./file.ts";

/** An end that says what it came to stands in the place of the beginning, so that a file written anew needs no two lines. */
type Line = Begun | { readonly ended: string };

/** Beyond this many bytes, a file in which most lines are over is written anew. */
const COMPACT_BYTES = 256 * 1024;

export type OpenJournal = Journal & {
  /** Waits for what is under way. */
  close(): Promise<void>;
};

/**
 * The journal in `executions.journal` of the data folder: one JSON object a line, on the disk before its promise resolves.
 * It stands outside the store on purpose: after the store was put back from an older copy, it still knows what was begun, and what ran for as
 * long as an older copy could have it run again.
 * A last line that was cut off was never confirmed, and is taken away. Throws `StoreError`.
 */
export async function openJournal(
  dataDir: string,
  {
    compactBytes = COMPACT_BYTES,
    now = () => Date.now() / 1000,
  }: { readonly compactBytes?: number; readonly now?: Clock } = {},
): Promise<OpenJournal> {
  makeDataDir(dataDir);
  const path = join(dataDir, "executions.journal");
  const known = new Map<string, Begun>();
  let file: FileHandle | undefined;
  let size = 0;
  let isRenamed = false;
  let queue: Promise<unknown> = Promise.resolve();

  /** One after the other, in the order they were asked for. */
  function next<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work).catch((cause: unknown) => {
      throw storeError(path, cause);
    });
    queue = result.catch(() => {});
    return result;
  }

  async function load(): Promise<void> {
    await (await open(path, "a", 0o600)).close(); // so that there is one
    file = await open(path, "r+");
    const text = (await file.readFile()).toString("utf8");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    size = Buffer.byteLength(whole);
    for (const [at, line] of whole.split("\n").entries()) if (line !== "") note(readLine(line, at + 1, path));
    await file.truncate(size);
    await file.sync();
    await syncFolder(dataDir);
  }

  function note(line: Line): void {
    if ("ended" in line) known.delete(line.ended);
    else known.set(line.key, line);
  }

  /** What ended so long ago that no copy of the store can start it. */
  function forget(): void {
    const at = now();
    for (const [key, { ran }] of known) if (ran !== undefined && ran.until <= at) known.delete(key);
  }

  /** Each line at its place, so that half of one that failed is written over by the next. */
  async function append(line: Line): Promise<void> {
    if (file === undefined) throw new StoreError("closed", `the journal in ${path} was used after it had been closed`);
    const text = `${JSON.stringify(line)}\n`;
    try {
      // A new name that is not on the disk would bring the old file back after a power cut.
      if (isRenamed) await syncFolder(dataDir);
      isRenamed = false;
      await writeAll(file, Buffer.from(text), size);
      await file.datasync();
    } catch (cause) {
      // A shorter line must not leave the end of this one behind it. Where this fails too, so will the next write.
      await file.truncate(size).catch(() => {});
      throw cause;
    }
    size += Buffer.byteLength(text);
    note(line);
  }

  async function compact(): Promise<void> {
    if (size < compactBytes) return;
    forget();
    const text = [...known.values()].map((one) => `${JSON.stringify(one)}\n`).join("");
    if (Buffer.byteLength(text) > size / 2) return;
    const fresh = await open(`${path}.new`, "w", 0o600);
    try {
      await fresh.writeFile(text);
      await fresh.sync();
      await rename(`${path}.new`, path);
    } catch (cause) {
      await fresh.close();
      throw cause;
    }
    const old = file;
    [file, size, isRenamed] = [fresh, Buffer.byteLength(text), true];
    await old?.close();
  }

  await next(load).catch(async (problem: unknown) => {
    await file?.close();
    throw problem;
  });
  return {
    began: (key, proposal, fence) => next(() => append({ key, proposal, fence })),
    ended: (key, ran) =>
      next(async () => {
        const begun = known.get(key);
        if (begun === undefined) return;
        const { proposal, fence } = begun;
        await append(ran === undefined ? { ended: key } : { key, proposal, fence, ran });
        // The end is written; a file that is too long is no reason to say otherwise.
        await compact().catch(() => {});
      }),
    get: (key) => next(async () => known.get(key)),
    all: () =>
      next(async () => {
        forget();
        return [...known.values()];
      }),
    close: () =>
      next(async () => {
        await file?.close();
        file = undefined;
      }),
  };
}

/** A write may take a part only, and say so without an error: a full disk does. */
async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

const LineText = z.union([
  z.object({ ended: z.string() }),
  z.object({
    key: z.string(),
    proposal: z.string(),
    fence: z.number(),
    ran: z
      .object({
        outcome: z.enum(["succeeded", "failed", "partial", "unknown"]),
        startedAt: z.number(),
        endedAt: z.number(),
        until: z.number(),
      })
      .exactOptional(),
  }),
]);

function readLine(line: string, at: number, path: string): Line {
  try {
    return LineText.parse(JSON.parse(line));
  } catch (cause) {
    throw new StoreError(
      "corrupt",
      `line ${at} of ${path} cannot be read: the file was damaged or edited by hand. It says which changes were begun, so nothing is carried out without it. Look at what runs, then move the file away.`,
      { cause },
    );
  }
}

/** Makes a new or renamed name survive a power cut. Windows has no such thing for folders. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
