import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { extensionLine, readExtensions } from "../../app/extensions.ts";
import { openStore } from "../../app/outside.ts";
import { isRunning } from "../../chat/socket/call.ts";
import { type Config, sayProblem } from "../../config.ts";
import { loadPacks, PackError } from "../../metrics/packs.ts";
import { reasonOf } from "../../util/errors.ts";
import { type Check, failed, ok, skipped } from "./check.ts";

/** What can be told without asking anybody: this machine, this folder, this port. In the order they build on each other. */
export async function checkHere(config: Config): Promise<Check[]> {
  const folder = await checkFolder(config.dataDir);
  const disk = await checkDisk(config.dataDir);
  if (folder.state === "failed")
    return [folder, disk, skipped("store", "the data folder comes first"), await checkPort(config)];
  const running = await isRunning(config.dataDir).then(
    (yes) => ({
      yes,
      check: ok("running bot", yes ? "one runs on this data folder" : "none runs on this data folder"),
    }),
    (problem: unknown) => ({
      yes: true,
      check: failed("running bot", reasonOf(problem), "Run the doctor as the user who runs the bot."),
    }),
  );
  const store = await checkStore(config, running.yes);
  return [
    folder,
    disk,
    running.check,
    store,
    running.yes ? skipped("port", "the running bot has it") : await checkPort(config),
  ];
}

/** The shipped concept packs and those of the folders in the configuration. */
export async function checkPacks(folders: readonly string[]): Promise<Check[]> {
  try {
    const { concepts } = await loadPacks(folders);
    const own = folders.length === 0 ? "" : `, with those of ${folders.join(", ")}`;
    return [ok("concept packs", `${concepts.length} concepts${own}`)];
  } catch (problem) {
    if (!(problem instanceof PackError)) throw problem;
    return problem.problems.map((text) => failed("concept packs", text, "Correct it, and run the doctor again."));
  }
}

/** Executors and notifiers of the user's own: each that can be used, and what is wrong with the others. Their code is loaded by this. */
export async function checkExtensions(
  config: Config,
  where: (path: readonly PropertyKey[]) => string,
): Promise<Check[]> {
  const { loaded, problems } = await readExtensions(config, where);
  return [
    ...loaded.map((one) => ok("extension", extensionLine(one))),
    ...problems.map((one) => failed("extensions", sayProblem(one), "Correct it, and run the doctor again.")),
  ];
}

/** 24.16 is the first of its line, and 26 the next, that runs our TypeScript: `engines` in package.json. */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if ((major === 24 && minor >= 16) || major >= 26) return ok("Node", version);
  return failed(
    "Node",
    `${version}, which is too old`,
    "Install Node 26, or start with `npm start`, which brings its own.",
  );
}

// Released after this moment, so a clock that stands before it is wrong. Unix seconds of 2026-01-01.
const RELEASED = 1_767_225_600;

export function checkClock(now: number): Check {
  const shown = Number.isFinite(now) ? new Date(now * 1000).toISOString() : String(now);
  if (now >= RELEASED && now < RELEASED + 50 * 31_557_600) return ok("clock", shown);
  return failed(
    "clock",
    `${shown} cannot be the time`,
    "Set the clock of this machine, best with NTP (systemd-timesyncd, chrony).",
  );
}

async function checkFolder(folder: string): Promise<Check> {
  const name = "data folder";
  const found = await stat(folder).catch(() => undefined);
  if (found !== undefined && !found.isDirectory())
    return failed(name, `${folder} is not a folder`, "Point SMARTCLOUDOPS_DATA at a folder.");
  const nearest = found === undefined ? await existingParent(folder) : folder;
  const writable = await access(nearest, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!writable)
    return failed(
      name,
      `${nearest} cannot be written by this user`,
      "Change its owner or mode, or point SMARTCLOUDOPS_DATA at another folder.",
    );
  if (found === undefined) return ok(name, `${folder} (will be made)`);
  const isOpen = process.platform !== "win32" && (found.mode & 0o007) !== 0;
  return ok(name, isOpen ? `${folder} (other users may look in: chmod 700 closes it)` : folder);
}

async function existingParent(folder: string): Promise<string> {
  let at = dirname(folder);
  while (at !== dirname(at)) {
    if (
      await stat(at).then(
        () => true,
        () => false,
      )
    )
      return at;
    at = dirname(at);
  }
  return at;
}

/** Below this a write may fail during an incident, just when logs grow everywhere. */
const LEAST_FREE_BYTES = 200 * 1024 * 1024;

async function checkDisk(folder: string): Promise<Check> {
  try {
    const { bavail, bsize } = await statfs(
      (await stat(folder).catch(() => undefined)) === undefined ? await existingParent(folder) : folder,
    );
    const free = bavail * bsize;
    const shown = `${Math.floor(free / 1024 / 1024).toLocaleString("en-US")} MiB free`;
    if (free >= LEAST_FREE_BYTES) return ok("disk", shown);
    return failed("disk", shown, "Free at least 200 MiB, or point SMARTCLOUDOPS_DATA at a larger disk.");
  } catch (problem) {
    return skipped("disk", `this file system does not tell (${reasonOf(problem)})`);
  }
}

/** Opens the store as a start would, migrations included, and writes one row; beside a running bot it only reads. */
export async function checkStore(config: Config, isBeside: boolean): Promise<Check> {
  try {
    const store = await openStore(config, () => Date.now() / 1000, isBeside ? { readOnly: true } : {});
    try {
      if (isBeside) await store.proposals.find({ limit: 1 });
      else await store.check();
    } finally {
      await store.close();
    }
    const where = config.redis === undefined ? "" : ` in Redis at ${URL.parse(config.redis.url.reveal())?.host}`;
    return ok("store", isBeside ? `can be read beside the running bot${where}` : `opens and can be written${where}`);
  } catch (problem) {
    return failed("store", reasonOf(problem), "Until then answers work, but no conversation is kept.");
  }
}

async function checkPort({ http }: Config): Promise<Check> {
  const where = `${http.host}:${http.port}`;
  const problem = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host: http.host, port: http.port }, () => server.close(() => resolve(undefined)));
  });
  if (problem === undefined) return ok("port", `${where} is free`);
  if (problem.code === "EADDRINUSE")
    return failed("port", `${where} is taken by another program`, "Stop that program, or choose another PORT.");
  if (problem.code === "EACCES")
    return failed("port", `${where} is not allowed for this user`, "Choose a PORT above 1023.");
  return failed(
    "port",
    `${where} cannot be listened on (${problem.message})`,
    "Set HOST to an address of this machine; 127.0.0.1 is always there.",
  );
}
