import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";

/** Unix sockets have short names: 104 bytes on macOS, 108 on Linux, with the ending zero. */
const LONGEST = 100;

/** The folder that holds the socket when the data folder's own path is too long is named in this file. */
const pointer = (dataDir: string) => join(dataDir, "bot.sock.path");

/**
 * Where a bot on that data folder listens: `bot.sock` inside it, or, when that name is too long for the operating
 * system, a private folder below the temporary one whose path is then written into the data folder.
 */
export function claimSocketPath(dataDir: string): string {
  if (process.platform === "win32") return pipeName(dataDir);
  const here = resolve(dataDir, "bot.sock");
  if (Buffer.byteLength(here) <= LONGEST) {
    rmSync(pointer(dataDir), { force: true });
    return here;
  }
  const folder = join(tmpdir(), `smartcloudops-${shortName(dataDir)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const there = join(folder, "bot.sock");
  if (!isPrivate(folder)) {
    throw new Error(
      `${folder} was made by somebody else or is open to others, so the bot's socket cannot be put there. Remove it, or choose a data folder with a shorter path than ${resolve(dataDir)}.`,
    );
  }
  writeFileSync(pointer(dataDir), there, { mode: 0o600 });
  return there;
}

/** Where to look for the bot of that data folder; undefined when none ever listened at a place we may trust. */
export function findSocketPath(dataDir: string): string | undefined {
  if (process.platform === "win32") return pipeName(dataDir);
  const here = resolve(dataDir, "bot.sock");
  if (Buffer.byteLength(here) <= LONGEST) return existsSync(here) ? here : undefined;
  if (!existsSync(pointer(dataDir))) return undefined;
  const there = readFileSync(pointer(dataDir), "utf8").trim();
  return existsSync(there) && isPrivate(dirname(there)) ? there : undefined;
}

/** Windows has named pipes instead: they are no files, and end with their process. */
export function isFile(socketPath: string): boolean {
  return !socketPath.startsWith("\\\\.\\pipe\\");
}

function pipeName(dataDir: string): string {
  return `\\\\.\\pipe\\smartcloudops-${shortName(dataDir)}`;
}

function shortName(dataDir: string): string {
  return createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 16);
}

/** The temporary folder is everybody's: only a folder of ours in it, closed to others, may hold the socket. */
function isPrivate(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return uid === userInfo().uid && (mode & 0o077) === 0;
}
