import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { show } from "./values.ts";
import { LARGEST_FILE } from "./yaml-tree.ts";

/**
 * The text of a file. Only a regular file of at most LARGEST_FILE bytes of UTF-8: a pipe or a device could keep the start
 * waiting for ever. Throws an error that says what is wrong with it; `code` is "ENOENT" when there is none.
 */
export function readRegularFile(path: string): string {
  if (path.includes("\0")) throw new Error("the path holds a NUL character");
  const descriptor = openFile(path);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Error(`${show(path)} is ${stat.isDirectory() ? "a folder" : "not a regular file"}`);
    if (stat.size > LARGEST_FILE) throw new Error(`${show(path)} is larger than ${LARGEST_FILE} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(descriptor));
  } catch (cause) {
    if (cause instanceof TypeError) throw new Error(`${show(path)} is not UTF-8 text`, { cause });
    throw cause;
  } finally {
    closeSync(descriptor);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const reason =
      code === "ENOENT" ? "there is no" : code === "EACCES" ? "no permission to read" : `(${code}) cannot open`;
    throw Object.assign(new Error(`${reason} ${show(path)}`, { cause }), { code });
  }
}
