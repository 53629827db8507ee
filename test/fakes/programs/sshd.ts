import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SshHost } from "../../../src/actions/ssh/settings.ts";
import { freePorts } from "../../../src/demo/ports.ts";
import { debianPrograms, RUNNER } from "./debian.ts";
import { type Line, startProxy } from "./proxy.ts";

/** What a stand-in was called as, word by word. */
export type Call = readonly string[];

/** A real sshd on loopback whose account finds stand-ins for systemctl, sudo and journalctl, which keep units in files and note each call. */
export type Host = {
  readonly settings: SshHost;
  readonly home: string;
  /** All calls of stand-ins so far. */
  calls(): readonly Call[];
  /** Sets properties of a unit; it is there from then on. */
  unit(name: string, properties: Readonly<Record<string, string>>): void;
  property(unit: string, name: string): string;
  /** What a stand-in does before anything else, as shell text: `sleep 600`, `exit 1`. */
  before(program: "systemctl" | "sudo" | "journalctl", text: string): void;
  /** A way in that can be cut or made to hang. */
  proxy(): Promise<Line>;
  path(name: string): string;
  /** Makes a folder in the account's home. */
  folder(name: string): void;
  /** A file that pins the host's key for another port. */
  knownFor(port: number): string;
  stop(): Promise<void>;
};

const RECORD = `for word in "$(basename "$0")" "$@"; do printf "%s\\037" "$word"; done >>"$HOME/calls"; printf "\\036" >>"$HOME/calls"
[ -e "$HOME/before/$(basename "$0")" ] && . "$HOME/before/$(basename "$0")"`;

const STAND_INS: Readonly<Record<string, string>> = {
  systemctl: `${RECORD}
property=; value=; verb=; unit=; rest=no
for word in "$@"; do
  if [ $rest = yes ]; then unit=$word; continue; fi
  case $word in
    --property=*) property=\${word#--property=} ;;
    --) rest=yes ;;
    --*) ;;
    *) [ -n "$verb" ] || verb=$word ;;
  esac
done
dir=$HOME/units/$unit
put() { echo "$2" >"$dir/$1.new" && mv "$dir/$1.new" "$dir/$1"; }
new() { put InvocationID "$(tr -d - </proc/sys/kernel/random/uuid)"; }
case $verb in
  show) if [ -d "$dir" ]; then cat "$dir/$property" 2>/dev/null || echo; else [ "$property" = LoadState ] && echo not-found || echo; fi; exit 0 ;;
  status) echo "* $unit is $(cat "$dir/ActiveState")"; exit 0 ;;
  is-active) [ "$(cat "$dir/ActiveState")" = active ]; exit $? ;;
esac
[ -d "$dir" ] || { echo "Failed to $verb $unit: Unit $unit not found." >&2; exit 5; }
[ -e "$dir/on_$verb" ] && . "$dir/on_$verb"
case $verb in
  restart) new; put ActiveState active; put SubState running ;;
  start) [ "$(cat "$dir/ActiveState")" = active ] || { new; put ActiveState active; put SubState running; } ;;
  stop) put ActiveState inactive; put SubState dead ;;
  reload) ;;
  *) echo "Unknown verb $verb." >&2; exit 1 ;;
esac
`,
  sudo: `${RECORD}
[ "$1" = -n ] && shift
[ "$1" = -- ] && shift
exec "$@"
`,
  journalctl: `${RECORD}
case $* in
  *--disk-usage*) echo "Archived and active journals take up $(cat "$HOME/journal") in the file system." ;;
  *--vacuum-size*) echo "Vacuuming done, freed 1.0G of archived journals."; echo 16.0M >"$HOME/journal" ;;
  *) cat "$HOME/journal-lines" ;;
esac
`,
};

/** Starts one. Where sshd cannot be had, says why, for the test to skip. */
export async function startHost(): Promise<Host | { readonly skipped: string }> {
  if (!existsSync("/usr/bin/ssh")) return { skipped: "There is no ssh on this machine." };
  // Always of packages: libnss_wrapper gives the account a name and a shell, whoever runs this.
  const packages = ["openssh-server", "libwrap0", "libnss-wrapper"];
  const programs = await debianPrograms(["sshd"], packages, { onlyPackages: true });
  if ("skipped" in programs) return programs;
  const folder = mkdtempSync(join(tmpdir(), "sshd-"));
  const home = join(folder, "home");
  const path = (name: string) => join(folder, name);
  for (const name of ["home", "home/.ssh", "home/units", "home/before", "bin"]) mkdirSync(path(name));
  for (const [name, text] of Object.entries(STAND_INS)) {
    writeFileSync(path(`bin/${name}`), `#!/bin/sh\n${text}`);
    chmodSync(path(`bin/${name}`), 0o755);
  }
  // The checkout may be closed to the account.
  cpSync(programs.root ?? "", path("programs"), { recursive: true });
  const inCopy = (text: string) => text.replaceAll(programs.root ?? "", path("programs"));
  for (const key of ["host", "other-host", "id", "other-id"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path(key)]);
  writeFileSync(path("home/.ssh/authorized_keys"), readFileSync(path("id.pub")));
  writeFileSync(path("home/calls"), "");
  writeFileSync(path("home/journal"), "1.0G");
  writeFileSync(path("home/journal-lines"), "2026-11-21T08:00:00+0000 web nginx[7]: started\n");
  const { uid = process.getuid?.() ?? 0, gid = process.getgid?.() ?? 0 } = RUNNER;
  const accounts = { ops: "/bin/sh", "ops-bash": "/bin/bash", "ops-none": "/usr/sbin/nologin" };
  writeFileSync(
    path("passwd"),
    Object.entries(accounts)
      .map(([name, shell]) => `${name}:x:${uid}:${gid}::${home}:${shell}\n`)
      .join(""),
  );
  writeFileSync(path("group"), `ops:x:${gid}:\n`);
  const [port = 0] = await freePorts(1);
  writeFileSync(
    path("sshd_config"),
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${path("host")}`,
      `AuthorizedKeysFile ${path("home/.ssh/authorized_keys")}`,
      "PidFile none",
      "UsePAM no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "StrictModes no",
      "MaxStartups 100",
      // The cheapest one: what is tested is not the key exchange.
      "KexAlgorithms curve25519-sha256",
      `SetEnv PATH=${path("bin")}:/usr/bin:/bin`,
      "",
    ].join("\n"),
  );
  writeFileSync(path("known_hosts"), knownHosts(port, readFileSync(path("host.pub"), "utf8")));
  writeFileSync(path("wrong_hosts"), knownHosts(port, readFileSync(path("other-host.pub"), "utf8")));
  writeFileSync(path("empty_hosts"), "");
  own(folder, uid, gid, ["id", "other-id"].map(path));
  chmodSync(folder, 0o755);

  const sshd = inCopy(programs.files.sshd);
  const preload = readdirSync(path("programs/usr/lib"), { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith("libnss_wrapper.so"),
  );
  const child = spawn(sshd, ["-D", "-e", "-f", path("sshd_config")], {
    ...RUNNER,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      LD_LIBRARY_PATH: inCopy(programs.env["LD_LIBRARY_PATH"] ?? ""),
      LD_PRELOAD: path(`programs/usr/lib/${preload}`),
      NSS_WRAPPER_PASSWD: path("passwd"),
      NSS_WRAPPER_GROUP: path("group"),
    },
  });
  let log = "";
  const listening = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      if (log.includes("Server listening")) resolve();
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`sshd ended with ${code}: ${log}`)));
  });
  await listening;

  const settings: SshHost = {
    name: "web-1",
    address: "127.0.0.1",
    port,
    user: "ops",
    identityFile: path("id"),
    knownHostsFile: path("known_hosts"),
    units: ["nginx.service", "app-*.service"],
    cleanPaths: [path("home/logs")],
  };
  const proxies: Line[] = [];
  const give = (file: string) => chownSync(file, uid, gid);
  return {
    settings,
    home,
    path,
    calls: () =>
      readFileSync(path("home/calls"), "utf8")
        .split("\x1e")
        .filter((call) => call !== "")
        .map((call) => call.split("\x1f").slice(0, -1)),
    unit(name, properties) {
      const dir = path(`home/units/${name}`);
      mkdirSync(dir, { recursive: true });
      give(dir);
      const all = {
        LoadState: "loaded",
        ActiveState: "active",
        SubState: "running",
        InvocationID: "a1",
        CanReload: "yes",
        Type: "simple",
        Result: "success",
        ...properties,
      };
      for (const [key, value] of Object.entries(all)) {
        writeFileSync(join(dir, key), `${value}\n`);
        give(join(dir, key));
      }
    },
    property: (unit, name) => readFileSync(path(`home/units/${unit}/${name}`), "utf8").trim(),
    before: (program, text) => writeFileSync(path(`home/before/${program}`), `${text}\n`),
    folder(name) {
      mkdirSync(join(home, name), { recursive: true });
      give(join(home, name));
    },
    knownFor(other) {
      const file = path(`known_hosts_${other}`);
      writeFileSync(file, knownHosts(other, readFileSync(path("host.pub"), "utf8")));
      return file;
    },
    async proxy() {
      const made = await startProxy(port);
      proxies.push(made);
      return made;
    },
    async stop() {
      await Promise.all(proxies.map((one) => one.stop()));
      const exit = once(child, "exit");
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        // It is gone already.
      }
      if (child.exitCode === null && child.signalCode === null) await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function knownHosts(port: number, publicKey: string): string {
  return `[127.0.0.1]:${port} ${publicKey.split(" ").slice(0, 2).join(" ")}\n`;
}

function own(folder: string, uid: number, gid: number, except: readonly string[]): void {
  for (const name of [".", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
    const file = join(folder, name);
    // What ssh reads here belongs to whoever runs the test; what sshd reads, to the account.
    if (!except.includes(file) && statSync(file, { throwIfNoEntry: false }) !== undefined) chownSync(file, uid, gid);
  }
}
