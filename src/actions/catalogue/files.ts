import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { reasonOf } from "../../util/errors.ts";

/** Runbooks are what the bot is allowed to do: files that others could have changed are not read. */

export type ReadFile =
  | { readonly file: string; readonly text: string }
  | { readonly file: string; readonly problem: string };

const MOST_FILES = 500;
const LARGEST = 64 * 1024;

/** Every *.yaml file of a folder, in order of name; a problem in words for each that cannot be taken. */
export function readFolder(folder: string): readonly ReadFile[] {
  let names: string[];
  let root: string;
  try {
    root = realpathSync(folder);
    names = readdirSync(root)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort();
  } catch (cause) {
    return [{ file: folder, problem: `the folder cannot be read: ${reasonOf(cause)}` }];
  }
  if (names.length > MOST_FILES) return [{ file: folder, problem: `the folder has more than ${MOST_FILES} files` }];
  return names.map((name) => {
    const file = join(folder, name);
    try {
      return { file, text: readInside(root, name) };
    } catch (cause) {
      return { file, problem: reasonOf(cause) };
    }
  });
}

/**
 * The text of one file of a folder. Its real path must lie inside, and it must be a regular file that not everybody may
 * write, of at most 64 KB of UTF-8. What is opened is what is checked. Throws an `Error` with a sentence.
 */
export function readInside(root: string, name: string): string {
  if (name.includes("\0") || name !== basename(name)) throw new Error("its name is no file's name");
  const real = realpathSync(join(root, name));
  if (!real.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new Error("it is a link that leads out of the folder");
  const descriptor = openSync(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Error("it is not a regular file");
    if ((stat.mode & 0o002) !== 0) throw new Error("everybody may write it; take that right away (chmod o-w)");
    if (stat.size > LARGEST) throw new Error(`it is larger than ${LARGEST} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(descriptor));
  } catch (cause) {
    if (cause instanceof TypeError) throw new Error("it is not UTF-8 text", { cause });
    throw cause;
  } finally {
    closeSync(descriptor);
  }
}
