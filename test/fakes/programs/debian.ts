import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { firstExecutable, unpackPackages } from "../../../src/demo/packages.ts";

/** Programs that a test runs. `env` is what they need to find their libraries. */
export type Programs<Name extends string> = {
  readonly files: Readonly<Record<Name, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** The folder that packages were unpacked into; undefined when the machine has the programs. */
  readonly root: string | undefined;
};

const KEPT = fileURLToPath(new URL("../../../.demo/programs", import.meta.url));
const SYSTEM = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * Programs by name: the machine's own, or those of Debian packages, unpacked into a folder of the checkout and kept there. Where they
 * cannot be had, says why, for a test to skip; where `CI` is set, that is an error instead.
 */
export async function debianPrograms<Name extends string>(
  names: readonly Name[],
  packages: readonly string[],
  options: { readonly folders?: readonly string[]; readonly onlyPackages?: boolean } = {},
): Promise<Programs<Name> | { readonly skipped: string }> {
  const folders = options.folders ?? [];
  if (options.onlyPackages !== true) {
    const own = await lookIn(names, [...SYSTEM, ...folders]);
    if (own !== undefined) return { files: own, env: {}, root: undefined };
  }
  const kept = join(KEPT, packages[0] ?? "none");
  const found = (await unpacked(names, kept, folders)) ?? (await fetched(names, packages, kept, folders));
  if ("skipped" in found && process.env.CI === "true") throw new Error(`In CI that is no excuse: ${found.skipped}`);
  return found;
}

async function fetched<Name extends string>(
  names: readonly Name[],
  packages: readonly string[],
  kept: string,
  folders: readonly string[],
): Promise<Programs<Name> | { readonly skipped: string }> {
  const own = join(KEPT, `${packages[0]}.${process.pid}`);
  await mkdir(KEPT, { recursive: true });
  try {
    const missing = await unpackPackages(packages, packages.join(", "), {
      work: `${own}.download`,
      kept: own,
      path: (process.env.PATH ?? "").split(delimiter),
      report: () => undefined,
      signal: undefined,
    });
    if (missing !== undefined) return { skipped: missing };
    // Another test file may have been faster.
    await rename(own, kept).catch(() => undefined);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  const found = await unpacked(names, kept, folders);
  return found ?? { skipped: `${packages.join(", ")} do not hold ${names.join(", ")}` };
}

async function unpacked<Name extends string>(
  names: readonly Name[],
  kept: string,
  folders: readonly string[],
): Promise<Programs<Name> | undefined> {
  const files = await lookIn(
    names,
    [...SYSTEM, ...folders].map((folder) => join(kept, folder)),
  );
  if (files === undefined) return undefined;
  const libraries = [...(await under(join(kept, "usr/lib"))), ...(await under(join(kept, "lib")))];
  return { files, env: { LD_LIBRARY_PATH: libraries.join(":") }, root: kept };
}

async function lookIn<Name extends string>(
  names: readonly Name[],
  folders: readonly string[],
): Promise<Record<Name, string> | undefined> {
  const found = await Promise.all(names.map(async (name) => [name, await firstExecutable(folders, [name])] as const));
  if (found.some(([, file]) => file === undefined)) return undefined;
  return Object.fromEntries(found) as Record<Name, string>;
}

/** The folder itself and those right below it: libraries stand in one that is named after the architecture. */
async function under(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return [folder, ...entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))];
}

/** Who runs servers that refuse to be run by root: nobody, where we are root; else whoever we are. */
export const RUNNER: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
