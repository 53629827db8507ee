import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { canonicalJson, sha256 } from "../util/canonical.ts";
import { reasonOf } from "../util/errors.ts";

/** Code that runs with all rights of the bot: it is read only from where nobody but the bot's user and root could have put it. */

/** The files of one extension, as they were when they were hashed. */
export type Sources = {
  readonly name: string;
  /** Of the file, or of the folder. */
  readonly file: string;
  /** The one to be loaded, by its path inside. */
  readonly main: string;
  /** Text by path inside, with "/" between folders. */
  readonly texts: ReadonlyMap<string, string>;
  readonly hash: string;
};

export type FileProblem = { readonly file: string; readonly text: string };

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const LONGEST_NAME = 40;
const MOST_FILES = 200;
const LARGEST = 1024 * 1024;

/**
 * Reads every extension of a folder: `NAME.ts`, `NAME.mjs`, or a folder NAME with `index.ts` or `index.mjs` and all that it imports. What
 * begins with "." or "_", and what is no code, is left alone.
 */
export function readSources(folder: string): {
  readonly found: readonly Sources[];
  readonly problems: readonly FileProblem[];
} {
  const found: Sources[] = [];
  const problems: FileProblem[] = [];
  const attempt = (file: string, work: () => void) => {
    try {
      work();
    } catch (cause) {
      problems.push({ file, text: reasonOf(cause) });
    }
  };
  attempt(folder, () => {
    const [root, entries] = openFolder(folder);
    refuseUnsafeAbove(root);
    for (const entry of entries)
      attempt(join(folder, entry), () => {
        const sources = readOne(root, folder, entry);
        if (sources !== undefined) found.push(sources);
      });
  });
  return { found, problems };
}

function readOne(root: string, folder: string, entry: string): Sources | undefined {
  const isFolder = statSync(join(root, entry)).isDirectory();
  const [, name = "", ending] = isFolder ? ["", entry] : (/^(.+?)(\.(?:d\.)?[a-z]+)$/.exec(entry) ?? []);
  if (!isFolder && !/^\.(?:[cm]?[jt]s)$/.test(ending ?? "")) return undefined;
  if (!isFolder && ending !== ".ts" && ending !== ".mjs")
    throw new Error(`must end in .ts or .mjs: it ends in ${ending}. Rename it`);
  if (!NAME.test(name) || name.length > LONGEST_NAME)
    throw new Error(
      `must be called by lower-case words joined by dashes, at most ${LONGEST_NAME} characters. Rename it`,
    );
  const texts = new Map(
    isFolder
      ? filesBelow(root, entry).map((path) => [path, readSafely(root, join(entry, path))])
      : [[entry, readSafely(root, entry)]],
  );
  const main = isFolder ? ["index.ts", "index.mjs"].find((one) => texts.has(one)) : entry;
  if (main === undefined) throw new Error("must have an index.ts or index.mjs. Add one, or take the folder away");
  const content = [...texts].map(([path, text]) => [path, sha256(text)]);
  const hash = sha256(`sco.extension.v1\n${canonicalJson({ name, content })}`);
  return { name, file: join(folder, entry), main, texts, hash };
}

function openFolder(folder: string): readonly [root: string, entries: readonly string[]] {
  try {
    const root = realpathSync(folder);
    return [root, entriesOf(root)];
  } catch (cause) {
    throw new Error(`must be a folder that can be read: ${reasonOf(cause)}`, { cause });
  }
}

function entriesOf(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((one) => !/^[._]/.test(one))
    .sort();
}

/** Code and JSON below a folder, by path, in order. Throws for a folder that others may write. */
function filesBelow(root: string, folder: string): readonly string[] {
  const files: string[] = [];
  const walk = (inside: string): void => {
    const real = insideOf(root, join(folder, inside));
    refuseUnsafe(statSync(real), real);
    for (const entry of entriesOf(real)) {
      const path = inside === "" ? entry : `${inside}/${entry}`;
      if (statSync(join(real, entry)).isDirectory()) walk(path);
      else if (/\.(?:ts|mjs|json)$/.test(entry)) files.push(path);
      if (files.length > MOST_FILES) throw new Error(`must have at most ${MOST_FILES} files. Bundle them`);
    }
  };
  walk("");
  return files.sort();
}

/** What is opened is what is checked. Throws an `Error` with a sentence. */
function readSafely(root: string, path: string): string {
  const real = insideOf(root, path);
  const descriptor = openSync(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Error("must be a regular file");
    refuseUnsafe(stat, real);
    if (stat.size > LARGEST) throw new Error(`must be at most ${LARGEST / 1024} KB`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(descriptor));
  } catch (cause) {
    if (cause instanceof TypeError) throw new Error(`${basename(real)} must be UTF-8 text`, { cause });
    throw cause;
  } finally {
    closeSync(descriptor);
  }
}

function insideOf(root: string, path: string): string {
  const real = realpathSync(join(root, path));
  if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep))
    throw new Error("must not be a link that leads out of the folder");
  return real;
}

/** Who may write a folder above may put another one in its place. */
function refuseUnsafeAbove(folder: string): void {
  refuseUnsafe(statSync(folder), folder);
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    const stat = statSync(at);
    // In a sticky folder, such as /tmp, nobody else may rename what is there.
    if ((stat.mode & 0o1000) === 0) refuseUnsafe(stat, at);
    else if (!isTrusted(stat))
      throw new Error(`must belong to root or the bot's user: ${at} belongs to the user ${stat.uid}`);
  }
}

/** Throws when somebody else than root and the bot's own user may write it. */
function refuseUnsafe(stat: Stats, path: string): void {
  if (process.platform === "win32") return;
  if (!isTrusted(stat))
    throw new Error(
      `must belong to root or to the user who runs the bot (${process.getuid?.()}): ${path} belongs to the user ${stat.uid}. Change that: chown root ${path}`,
    );
  if ((stat.mode & 0o022) === 0 || isReadOnly(path)) return;
  const who = (stat.mode & 0o002) === 0 ? "its group" : "everybody";
  throw new Error(
    `must be closed to others, since it is code that the bot runs: ${who} may write ${path}. Take that right away: chmod go-w ${path}`,
  );
}

function isTrusted({ uid }: Stats): boolean {
  return process.platform === "win32" || uid === 0 || uid === process.getuid?.();
}

/** On a file system that nobody can write, as Kubernetes mounts a ConfigMap, rights say nothing. */
function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EROFS";
  }
}
