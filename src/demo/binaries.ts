import { mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { firstExecutable, firstLine, unpackPackages } from "./packages.ts";
import { createProcesses, type Program } from "./processes.ts";
import { relocated } from "./relocate.ts";

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

async function fromPackages({ folder, kept, path, report, signal }: Way): Promise<Found> {
  const work = join(folder, "download");
  const missing = await unpackPackages(PACKAGES, "Prometheus and Alertmanager", { work, kept, path, report, signal });
  if (missing !== undefined) return { missing };
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
