import { access, constants, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf } from "../util/errors.ts";
import { createProcesses } from "./processes.ts";
import { inFolder } from "./relocate.ts";

export type Unpacking = {
  /** A folder for downloads, emptied before and gone after. */
  readonly work: string;
  /** Where the packages' files end up, below a folder of their own: emptied before. */
  readonly kept: string;
  /** Folders in which apt-get and dpkg may be. */
  readonly path: readonly string[];
  readonly report: (step: string) => void;
  readonly signal: AbortSignal | undefined;
};

/**
 * Fetches packages of Debian or Ubuntu and unpacks them: `apt-get download` and `dpkg -x` need no root, nothing is installed and no
 * service is started. `what` names them for people. Undefined when it went well, else a sentence on what is missing.
 */
export async function unpackPackages(
  packages: readonly string[],
  what: string,
  { work, kept, path, report, signal }: Unpacking,
): Promise<string | undefined> {
  const apt = await firstExecutable(path, ["apt-get"]);
  const dpkg = await firstExecutable(path, ["dpkg"]);
  if (apt === undefined || dpkg === undefined) return "There is no apt-get to fetch them with.";
  const processes = createProcesses();
  const inWork = (command: string) => inFolder(work, command);
  try {
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { recursive: true });
    report(`fetching ${what} as Debian packages`);
    try {
      await processes.run(inWork(apt), ["download", ...packages], signal);
    } catch {
      signal?.throwIfAborted();
      // The lists are empty, as in a fresh container. Ours go into our own folder, so the system's stay as they are.
      report("fetching package lists");
      const lists = join(work, "lists");
      await mkdir(join(lists, "partial"), { recursive: true });
      const own = ["-o", `Dir::State::Lists=${lists}`, "-o", `Dir::Cache=${join(work, "cache")}`];
      await processes.run(inWork(apt), [...own, "update"], signal);
      await processes.run(inWork(apt), [...own, "download", ...packages], signal);
    }
    report(`unpacking ${what}`);
    await rm(kept, { recursive: true, force: true });
    for (const file of await readdir(work)) {
      if (file.endsWith(".deb"))
        await processes.run({ command: dpkg, before: [] }, ["-x", join(work, file), kept], signal);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    return `\`apt-get download ${packages.join(" ")}\` failed (${firstLine(cause)}); package lists that were never fetched are refreshed by \`sudo apt-get update\`.`;
  } finally {
    await processes.stopAll();
    await rm(work, { recursive: true, force: true });
  }
  return undefined;
}

/** The first of these programs that one of the folders holds and that may be run. */
export async function firstExecutable(
  folders: readonly string[],
  names: readonly string[],
): Promise<string | undefined> {
  for (const folder of folders) {
    for (const name of names) {
      const file = join(folder, name);
      const isThere = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return file;
    }
  }
  return undefined;
}

/** The line of an error that says most. */
export function firstLine(cause: unknown): string {
  const lines = reasonOf(cause)
    .split("\n")
    .map((line) => line.trim());
  return (lines.find((line) => /^(E|ERROR|error|Cannot)\b/.test(line)) ?? lines[0] ?? "").slice(0, 200);
}
