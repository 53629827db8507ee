import { randomUUID } from "node:crypto";
import { access, chmod, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Program } from "./processes.ts";

const ASSETS = "/usr/share/prometheus/alertmanager";
/** The same place seen from the folder that the package was unpacked into. It has to be as long as the original. */
const RELATIVE = "usr/share/prometheus//alertmanager";

/**
 * Debian's Alertmanager reads its templates from a fixed path below /usr/share, which is not there when the package was
 * only unpacked. Returns a program that finds them beside the unpacked binary `file`: a copy in `folder` in which that
 * path is relative, run from the unpacked root. Returns the program as it is when it needs no such help.
 */
export async function relocated(file: string, folder: string): Promise<Program> {
  const plain: Program = { command: file, before: [] };
  const root = dirname(dirname(dirname(file)));
  const isThere = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );
  if ((await isThere(join(ASSETS, "default.tmpl"))) || !(await isThere(join(root, ASSETS, "default.tmpl"))))
    return plain;
  const binary = await readFile(file);
  let changes = 0;
  for (let at = binary.indexOf(ASSETS); at !== -1; at = binary.indexOf(ASSETS, at + 1)) {
    binary.write(RELATIVE, at, "latin1");
    changes++;
  }
  if (changes === 0) return plain;
  const copy = join(folder, "alertmanager");
  // By renaming, as a demo that still runs may be executing the old one, and another may be starting.
  const fresh = `${copy}.new-${randomUUID()}`;
  await writeFile(fresh, binary);
  await chmod(fresh, 0o755);
  await rename(fresh, copy);
  return inFolder(root, copy);
}

/** That program, run from `folder`. */
export function inFolder(folder: string, command: string): Program {
  return { command: "/bin/sh", before: ["-c", 'cd "$1" && shift && exec "$@"', "sh", folder, command] };
}
