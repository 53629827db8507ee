import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findBinaries } from "../../src/demo/binaries.ts";

let home = "";
let bin = "";
let folder = "";
const steps: string[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "demo-binaries-"));
  bin = join(home, "bin");
  folder = join(home, "demo");
  mkdirSync(bin);
  steps.length = 0;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A program in our PATH that does what the shell lines say. */
function put(name: string, script = "exit 0"): string {
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const find = () => findBinaries(folder, (step) => steps.push(step), { path: bin });

/** dpkg -x as far as we need it: one program per package, in usr/bin below the target. */
const UNPACK = `mkdir -p "$3/usr/bin"
case "$2" in
  *alertmanager*) set -- "$3/usr/bin/prometheus-alertmanager" ;;
  *) cp "$0" "$3/usr/bin/promtool"; set -- "$3/usr/bin/prometheus" ;;
esac
cp "$0" "$1"; chmod 755 "$1"`;

describe("finding Prometheus and Alertmanager", () => {
  it("takes them from PATH, Alertmanager also under Debian's name, and fetches nothing", async () => {
    put("prometheus");
    put("promtool");
    put("prometheus-alertmanager");
    put("apt-get", `touch ${join(home, "fetched")}`);
    expect(await find()).toEqual({
      prometheus: { command: join(bin, "prometheus"), before: [] },
      promtool: { command: join(bin, "promtool"), before: [] },
      alertmanager: { command: join(bin, "prometheus-alertmanager"), before: [] },
    });
    expect(existsSync(join(home, "fetched"))).toBe(false);
    put("alertmanager");
    expect(await find()).toMatchObject({ alertmanager: { command: join(bin, "alertmanager") } });
  });

  it("unpacks Debian's packages into its own folder, and finds them there the next time", async () => {
    put(
      "apt-get",
      `echo "$@" >> ${join(home, "apt.log")}; touch prometheus_2_amd64.deb prometheus-alertmanager_1_amd64.deb`,
    );
    put("dpkg", UNPACK);
    const found = await find();
    expect(found).toMatchObject({ prometheus: { command: join(folder, "packages/usr/bin/prometheus") } });
    expect(existsSync(join(folder, "download"))).toBe(false);
    expect(await find()).toEqual(found);
    expect(readFileSync(join(home, "apt.log"), "utf8")).toBe("download prometheus prometheus-alertmanager\n");
  });

  it("says what to do when package lists are empty and it is not root", async () => {
    put("apt-get", 'echo "E: Unable to locate package prometheus" >&2; exit 100');
    put("dpkg", UNPACK);
    const found = await find();
    expect(found).toHaveProperty(
      "missing",
      expect.stringMatching(/Unable to locate package prometheus.*sudo apt-get update.*brew install/),
    );
  });

  it("fetches package lists of its own when it is root and the system has none", async () => {
    put(
      "apt-get",
      `echo "$@" >> ${join(home, "apt.log")}
case "$*" in
  *update) touch ${join(home, "updated")} ;;
  *) [ -f ${join(home, "updated")} ] || { echo "E: Unable to locate package" >&2; exit 100; }; touch prometheus_2.deb prometheus-alertmanager_1.deb ;;
esac`,
    );
    put("dpkg", UNPACK);
    expect(await find()).toHaveProperty("promtool");
    const [, update] = readFileSync(join(home, "apt.log"), "utf8").split("\n");
    expect(update).toContain(`Dir::State::Lists=${join(folder, "download/lists")}`);
  });

  it("runs them through Docker when an engine answers and nothing else helps", async () => {
    put("docker", `echo "$@" >> ${join(home, "docker.log")}`);
    const found = await find();
    expect(found).toMatchObject({ promtool: { command: join(bin, "docker") } });
    if ("missing" in found) throw new Error(found.missing);
    expect(found.promtool.before.join(" ")).toContain(`--network host`);
    expect(found.promtool.before.join(" ")).toContain(
      `--volume ${folder}:${folder} --entrypoint /bin/promtool docker.io/prom/prometheus:`,
    );
    expect(readFileSync(join(home, "docker.log"), "utf8")).toMatch(
      /^info .*\npull .*prometheus.*\npull .*alertmanager.*\n$/,
    );
  });

  it("says one clear sentence when nothing helps, naming what failed", async () => {
    put("docker", 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
    put("promtool");
    const found = await find();
    expect(found).toHaveProperty(
      "missing",
      expect.stringMatching(
        /Not in PATH: prometheus, alertmanager\..*no apt-get.*Cannot connect to the Docker daemon.*Install them/,
      ),
    );
  });

  it("helps an Alertmanager that was unpacked and not installed to its templates", async () => {
    if (existsSync("/usr/share/prometheus/alertmanager/default.tmpl")) return; // Installed here: it needs no help.
    put("apt-get", "touch prometheus_2_amd64.deb prometheus-alertmanager_1_amd64.deb");
    put(
      "dpkg",
      `${UNPACK}
root=$(dirname "$(dirname "$(dirname "$1")")")
mkdir -p "$root/usr/share/prometheus/alertmanager"
echo template > "$root/usr/share/prometheus/alertmanager/default.tmpl"
case "$1" in *alertmanager) printf '#!/bin/sh\\ncat "/usr/share/prometheus/alertmanager/default.tmpl"\\n' > "$1" ;; esac`,
    );
    const found = await find();
    if ("missing" in found) throw new Error(found.missing);
    const { createProcesses } = await import("../../src/demo/processes.ts");
    const processes = createProcesses();
    expect(await processes.run(found.alertmanager, [])).toBe("template\n");
    await processes.stopAll();
  });
});
