import { execFile } from "node:child_process";
import { access, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { reasonOf } from "../../../src/util/errors.ts";

const run = promisify(execFile);
/** Kept from one run of the tests to the next, as the demo keeps its programs. */
const FOLDER = fileURLToPath(new URL("../../../.demo/kubectl", import.meta.url));

/**
 * The `kubectl`s that can be had: Debian's package, unpacked into a folder of ours without installing it, and the one in
 * PATH, which is often years newer. Empty with the reasons where there is none.
 */
export async function findKubectls(): Promise<{ readonly found: readonly string[]; readonly missing: string }> {
  const found: string[] = [];
  const reasons: string[] = [];
  for (const way of [fromDebian, async () => "kubectl"]) {
    try {
      const program = await way();
      await run(program, ["version", "--client"], { timeout: 20_000 });
      found.push(program);
    } catch (error) {
      reasons.push(reasonOf(error).split("\n")[0]!.slice(0, 200));
    }
  }
  return { found, missing: `there is no kubectl: ${reasons.join("; ")}` };
}

async function fromDebian(): Promise<string> {
  const program = join(FOLDER, "usr/bin/kubectl");
  if (
    await access(program).then(
      () => true,
      () => false,
    )
  )
    return program;
  // Another test run may do the same: each unpacks for itself, and the first to be ready wins.
  const work = `${FOLDER}-${process.pid}`;
  try {
    await mkdir(work, { recursive: true });
    await run("apt-get", ["download", "kubernetes-client"], { cwd: work, timeout: 120_000 });
    const [file] = (await readdir(work)).filter((name) => name.endsWith(".deb"));
    if (file === undefined) throw new Error("apt-get download brought no package");
    await run("dpkg", ["-x", file, "."], { cwd: work, timeout: 60_000 });
    await rm(join(work, file));
    await rename(work, FOLDER).catch(() => undefined);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return program;
}
