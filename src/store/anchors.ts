import { closeSync, existsSync, fdatasyncSync, fstatSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Anchor } from "../core/audit.ts";
import { storeError } from "./errors.ts";

/**
 * Where the chain of records stood, outside of the store: a file that only grows, one JSON object a line. It tells a store
 * that was put back from an older copy, and a chain that was cut or written anew by somebody who could not reach this file.
 */

/** `epoch` is the store's incarnation, `at` unix seconds. A sequence of 0 marks an empty store. */
export type AnchorLine = Anchor & { readonly epoch: string; readonly at: number };

const NAME = "audit.anchors";
/** Enough for the newest lines, which are all that a start looks at. */
const TAIL_BYTES = 64 * 1024;

export function anchorsFile(dataDir: string): string {
  return join(dataDir, NAME);
}

/** Appends a line. It is not waited for on the disk: one that a power cut takes is replaced by the next. Throws `StoreError`. */
export function appendAnchor(dataDir: string, line: AnchorLine, { isFirst = false } = {}): void {
  const path = anchorsFile(dataDir);
  try {
    const file = openSync(path, "a+", 0o600);
    try {
      const { size } = fstatSync(file);
      const last = Buffer.alloc(1);
      const isTorn = size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
      writeSync(file, `${isTorn ? "\n" : ""}${JSON.stringify(line)}\n`);
      if (isFirst) fdatasyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw storeError(path, cause);
  }
}

/** All lines, oldest first, and how many could not be read. Undefined when there is no file. Throws `StoreError`. */
export function readAnchors(
  dataDir: string,
): { readonly lines: readonly AnchorLine[]; readonly unreadable: number } | undefined {
  const path = anchorsFile(dataDir);
  try {
    return existsSync(path) ? parse(readFileSync(path, "utf8")) : undefined;
  } catch (cause) {
    throw storeError(path, cause);
  }
}

/**
 * The furthest anchor of the newest incarnation. Undefined when there is no file; one beyond any store when the file holds
 * nothing that is an anchor, so that it is never taken for a new one. Throws `StoreError` when it cannot be read.
 */
export function newestAnchor(dataDir: string): AnchorLine | undefined {
  const path = anchorsFile(dataDir);
  if (!existsSync(path)) return undefined;
  try {
    const { lines } = parse(tailOf(path));
    const newest = lines.at(-1);
    if (newest === undefined) return { seq: Number.POSITIVE_INFINITY, record_hash: "", epoch: "", at: 0 };
    // Two processes may append in another order than they committed in.
    return lines.filter(({ epoch }) => epoch === newest.epoch).reduce((a, b) => (b.seq >= a.seq ? b : a));
  } catch (cause) {
    throw storeError(path, cause);
  }
}

function tailOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const start = Math.max(0, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - start);
    readSync(file, bytes, 0, bytes.length, start);
    const text = bytes.toString("utf8");
    return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    closeSync(file);
  }
}

function parse(text: string): { lines: readonly AnchorLine[]; unreadable: number } {
  const written = text.split("\n").filter((line) => line.trim() !== "");
  const lines = written.flatMap((line) => {
    const read = readLine(line);
    return read === undefined ? [] : [read];
  });
  return { lines, unreadable: written.length - lines.length };
}

function readLine(line: string): AnchorLine | undefined {
  try {
    const { seq, record_hash, epoch, at } = JSON.parse(line) as Record<string, unknown>;
    const isAnchor =
      Number.isSafeInteger(seq) &&
      typeof record_hash === "string" &&
      /^[0-9a-f]{64}$/.test(record_hash) &&
      typeof epoch === "string" &&
      typeof at === "number";
    return isAnchor ? { seq: seq as number, record_hash, epoch, at } : undefined;
  } catch {
    return undefined;
  }
}
