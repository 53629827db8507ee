import { access, constants, mkdir, readdir, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { reasonOf } from "../util/errors.ts";
import { createProcesses, type Program } from "./processes.ts";
import { inFolder, relocated } from "./relocate.ts";

export type Binaries = { readonly prometheus: Program; readonly promtool: Program; readonly alertmanager: Program };
export type Found = Binaries | { readonly missing: string };

/** What may differ between machines, and between tests. */
export type Machine = { readonly path: string };

const NAMES = {
  prometheus: ["prometheus"],
  promtool: ["promtool"],
  alertmanager: ["alertmanager", "prometheus-alertmanager"],
} as const;
const PACKAGES = ["prometheus", "prometheus-alertmanager"];
const IMAGES = { prometheus: "docker.io/prom/prometheus:v3.5.0", alertmanager: "docker.io/prom/alertmanager:v0.28.1" };

/**
 * Prometheus, promtool and Alertmanager: from PATH; else kept in `folder` from an earlier time; else the packages of
 * Debian or Ubuntu, unpacked into `folder` without installing them; else Docker's official images. `report` hears what is
 * being tried. Never throws for what is missing: `missing` is then one sentence on what to do.
 */
export async function findBinaries(
  folder: string,
  report: (step: string) => void,
  options: Partial<Machine> & { readonly signal?: AbortSignal } = {},
): Promise<Found> {
  const machine: Machine = {
    path: options.path ?? process.env.PATH ?? "",
  };
  const kept = join(folder, "packages");
  const path = machine.path.split(delimiter).filter((part) => part !== "");
  await mkdir(folder, { recursive: true });
  const known = await lookIn([...path, join(kept, "usr", "bin")], folder);
  if (!("missing" in known)) return known;

  const tried: string[] = [known.missing];
  for (const way of [fromPackages, fromDocker]) {
    options.signal?.throwIfAborted();
    const found = await way({ folder, kept, path, machine, report, signal: options.signal });
    if (!("missing" in found)) return found;
    tried.push(found.missing);
  }
  return {
    missing: `The demo needs Prometheus and Alertmanager. ${tried.join(" ")} Install them (Debian and Ubuntu: \`sudo apt-get install prometheus prometheus-alertmanager\`; macOS: \`brew install prometheus alertmanager\`; or https://prometheus.io/download), or start Docker, and run the demo again.`,
  };
}

type Way = {
  folder: string;
  kept: string;
  path: readonly string[];
  machine: Machine;
  report: (step: string) => void;
  signal: AbortSignal | undefined;
};

async function lookIn(folders: readonly string[], own: string): Promise<Found> {
  const found: Record<string, Program> = {};
  const missing: string[] = [];
  for (const [key, names] of Object.entries(NAMES)) {
    const file = await firstExecutable(folders, names);
    if (file === undefined) missing.push(key);
    else found[key] = key === "alertmanager" ? await relocated(file, own) : { command: file, before: [] };
  }
  const { prometheus, promtool, alertmanager } = found;
  if (prometheus && promtool && alertmanager) return { prometheus, promtool, alertmanager };
  return { missing: `Not in PATH: ${missing.join(", ")}.` };
}

async function firstExecutable(folders: readonly string[], names: readonly string[]): Promise<string | undefined> {
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

/** `apt-get download` and `dpkg -x` need no root: nothing is installed and no service is started. */
async function fromPackages({ folder, kept, path, report, signal }: Way): Promise<Found> {
  const apt = await firstExecutable(path, ["apt-get"]);
  const dpkg = await firstExecutable(path, ["dpkg"]);
  if (apt === undefined || dpkg === undefined) return { missing: "There is no apt-get to fetch them with." };
  const work = join(folder, "download");
  const processes = createProcesses();
  const inWork = (command: string) => inFolder(work, command);
  try {
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { recursive: true });
    report("fetching Prometheus and Alertmanager as Debian packages");
    try {
      await processes.run(inWork(apt), ["download", ...PACKAGES], signal);
    } catch {
      signal?.throwIfAborted();
      // The lists are empty, as in a fresh container. Ours go into our own folder, so the system's stay as they are.
      report("fetching package lists");
      const lists = join(work, "lists");
      await mkdir(join(lists, "partial"), { recursive: true });
      const own = ["-o", `Dir::State::Lists=${lists}`, "-o", `Dir::Cache=${join(work, "cache")}`];
      await processes.run(inWork(apt), [...own, "update"], signal);
      await processes.run(inWork(apt), [...own, "download", ...PACKAGES], signal);
    }
    report("unpacking Prometheus and Alertmanager");
    await rm(kept, { recursive: true, force: true });
    for (const file of await readdir(work)) {
      if (file.endsWith(".deb"))
        await processes.run({ command: dpkg, before: [] }, ["-x", join(work, file), kept], signal);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    return {
      missing: `\`apt-get download ${PACKAGES.join(" ")}\` failed (${firstLine(cause)}); package lists that were never fetched are refreshed by \`sudo apt-get update\`.`,
    };
  } finally {
    await processes.stopAll();
    await rm(work, { recursive: true, force: true });
  }
  const found = await lookIn([join(kept, "usr", "bin")], folder);
  return "missing" in found ? { missing: "The fetched packages hold other programs than expected." } : found;
}

/** Through Docker: on the host's network, with `folder` under its own name, as the user who runs the demo. */
async function fromDocker({ folder, path, report, signal }: Way): Promise<Found> {
  const docker = await firstExecutable(path, ["docker"]);
  if (docker === undefined) return { missing: "There is no Docker either." };
  const processes = createProcesses();
  try {
    await processes.run({ command: docker, before: [] }, ["info", "--format", "{{.ServerVersion}}"], signal);
    for (const image of Object.values(IMAGES)) {
      report(`fetching ${image}`);
      await processes.run({ command: docker, before: [] }, ["pull", "--quiet", image], signal);
    }
  } catch (cause) {
    signal?.throwIfAborted();
    return { missing: `Docker did not help (${firstLine(cause)}).` };
  } finally {
    await processes.stopAll();
  }
  const user = process.getuid === undefined ? [] : ["--user", `${process.getuid()}:${process.getgid?.() ?? 0}`];
  const run = (entry: string, image: string): Program => ({
    command: docker,
    before: [
      "run",
      "--rm",
      "--init",
      "--network",
      "host",
      ...user,
      "--volume",
      `${folder}:${folder}`,
      "--entrypoint",
      entry,
      image,
    ],
  });
  return {
    prometheus: run("/bin/prometheus", IMAGES.prometheus),
    promtool: run("/bin/promtool", IMAGES.prometheus),
    alertmanager: run("/bin/alertmanager", IMAGES.alertmanager),
  };
}

function firstLine(cause: unknown): string {
  const lines = reasonOf(cause)
    .split("\n")
    .map((line) => line.trim());
  return (lines.find((line) => /^(E|ERROR|error|Cannot)\b/.test(line)) ?? lines[0] ?? "").slice(0, 200);
}
