import { existsSync, linkSync, readdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSshActions } from "../../../src/actions/ssh/index.ts";
import type { SshHost } from "../../../src/actions/ssh/settings.ts";
import type { Action } from "../../../src/ports/changes.ts";
import { type Host, startHost } from "../../fakes/programs/sshd.ts";
import { contextOf, deps, lookAndRun, named, never } from "../steps.ts";

let host: Host;
let missing: string | undefined;
let logs: string;

beforeAll(async () => {
  const started = await startHost();
  if ("skipped" in started) missing = started.skipped;
  else host = started;
});
afterAll(async () => await host?.stop());
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
  logs = host.path("home/logs");
  rmSync(host.path("home/before"), { recursive: true, force: true });
  for (const folder of ["home/logs", "home/elsewhere"]) rmSync(host.path(folder), { recursive: true, force: true });
  rmSync(host.path("home/.smartcloudops"), { recursive: true, force: true });
  for (const folder of ["before", "logs", "logs/sub dir", "elsewhere"]) host.folder(folder);
});

const DAY = 86_400;
/** A file that was changed last so many days ago. */
function file(name: string, days: number, bytes = 1000): string {
  const path = name.startsWith("/") ? name : join(logs, name);
  writeFileSync(path, "x".repeat(bytes));
  const at = Date.now() / 1000 - days * DAY;
  utimesSync(path, at, at);
  return path;
}
const left = () => readdirSync(logs, { encoding: "utf8" }).sort();
const action = (over: Partial<SshHost> = {}): Action =>
  named(createSshActions([{ ...host.settings, ...over }], deps), "ssh/clean");
const args = (over: object = {}) => ({ host: "web-1", path: logs, older_than_days: 7, max_bytes: 1_000_000, ...over });

describe("cleaning a folder by age over a real sshd", () => {
  it("deletes regular files that are old, and nothing else", async () => {
    file("old.log", 30);
    file("sub dir/older one.log", 60, 500);
    file("new.log", 1);
    const precious = file(host.path("home/elsewhere/precious"), 90);
    symlinkSync(host.path("home/elsewhere"), join(logs, "way-out"));
    symlinkSync(precious, join(logs, "link.log"));
    const clean = action();
    const look = await clean.look(args(), never());
    expect(look.precondition).toMatchObject({ files: 2, bytes: 1500 });
    expect(look.facts.join("\n")).toContain("old.log");
    expect(look.facts.join("\n")).toContain("older one.log");
    const ran = await clean.run(args(), contextOf(look));
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toBe(`2 of 2 files deleted below ${logs} on web-1, 1.46 KiB freed.`);
    expect(left()).toEqual(["link.log", "new.log", "sub dir", "way-out"]);
    expect(existsSync(precious)).toBe(true);
  });

  it("takes names that would mean something to a shell as names", async () => {
    for (const name of ["$(touch PWNED)", "a\nb", "-delete", "; rm -rf ..", "it's", '"q"', "*", "sco:exited 0"])
      file(name, 30, 10);
    file("keep", 1);
    expect(await lookAndRun(action(), args())).toMatchObject({ outcome: "succeeded" });
    expect(left()).toEqual(["keep", "sub dir"]);
  });

  it("takes the oldest first and no more than fit", async () => {
    file("a", 50, 400);
    file("b", 40, 400);
    file("c", 30, 400);
    const look = await action().look(args({ max_bytes: 900 }), never());
    expect(look.precondition).toMatchObject({ files: 2, bytes: 800 });
    await action().run(args({ max_bytes: 900 }), contextOf(look));
    expect(left()).toEqual(["c", "sub dir"]);
  });

  it("takes files of one moment all or not at all", async () => {
    const at = Date.now() / 1000 - 30 * DAY;
    for (const name of ["a", "b", "c"]) utimesSync(file(name, 30, 400), at, at);
    const look = await action().look(args({ max_bytes: 900 }), never());
    expect(look.precondition).toMatchObject({ files: 0 });
    expect(look.facts.join(" ")).toContain("larger than");
    expect(await action().run(args({ max_bytes: 900 }), contextOf(look))).toMatchObject({ outcome: "failed" });
    expect(left()).toHaveLength(4);
  });

  it("counts bytes beyond 4 GiB whole", async () => {
    const { truncateSync } = await import("node:fs");
    const big = file("big", 30);
    truncateSync(big, 5_000_000_001);
    utimesSync(big, Date.now() / 1000 - 30 * DAY, Date.now() / 1000 - 30 * DAY);
    const look = await action().look(args({ max_bytes: 5_000_000_001 }), never());
    expect(look.precondition).toMatchObject({ files: 1, bytes: 5_000_000_001 });
  });

  it("does nothing when more files are there than were shown, and takes fewer", async () => {
    file("a", 50);
    file("b", 50);
    const look = await action().look(args(), never());
    file("c", 60);
    const ran = await action().run(args(), contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("more than were shown. Nothing was done.");
    rmSync(join(logs, "b"));
    rmSync(join(logs, "c"));
    expect(await action().run(args(), contextOf(look))).toMatchObject({ outcome: "succeeded" });
  });

  it("does nothing when another folder stands in its place", async () => {
    file("a", 50);
    const look = await action().look(args(), never());
    renameSync(logs, host.path("home/logs-away"));
    host.folder("logs");
    file("b", 50);
    const ran = await action().run(args(), contextOf(look));
    rmSync(host.path("home/logs-away"), { recursive: true });
    expect(ran.output).toContain("is another folder than the one that was shown");
    expect(left()).toEqual(["b"]);
  });

  it("does not follow a link out of the allowed folders, whoever put it there and whenever", async () => {
    file(host.path("home/elsewhere/precious"), 90);
    symlinkSync(host.path("home/elsewhere"), join(logs, "inside"));
    await expect(action().look(args({ path: join(logs, "inside") }), never())).rejects.toMatchObject({ status: 403 });
    rmSync(join(logs, "inside"));
    host.folder("logs/inside");
    file("inside/a", 50);
    const look = await action().look(args({ path: join(logs, "inside") }), never());
    rmSync(join(logs, "inside"), { recursive: true });
    symlinkSync(host.path("home/elsewhere"), join(logs, "inside"));
    const ran = await action().run(args({ path: join(logs, "inside") }), contextOf(look));
    expect(ran).toMatchObject({ outcome: "failed" });
    expect(existsSync(host.path("home/elsewhere/precious"))).toBe(true);
  });

  it("says how many went when some could not be deleted", async () => {
    file("a", 50);
    file("sub dir/b", 50);
    // What a folder with the sticky bit or another owner's does: one file stays.
    const find = host.path("bin/find");
    const look = await action().look(args(), never());
    writeFileSync(
      find,
      `#!/bin/sh\ncase " $* " in *" -delete "*) rm -f ./a; echo "find: cannot delete: Operation not permitted" >&2; exit 1 ;; esac\nexec /usr/bin/find "$@"\n`,
      { mode: 0o755 },
    );
    const ran = await action().run(args(), contextOf(look));
    rmSync(find);
    expect(ran.outcome).toBe("partial");
    expect(ran.output).toContain("1 of 2 files deleted");
  });

  it("runs once for a key, and a probe tells", async () => {
    file("a", 50);
    const context = contextOf(await action().look(args(), never()));
    await action().run(args(), context);
    file("a", 50);
    expect((await action().run(args(), context)).output).toContain("An earlier attempt");
    expect(left()).toContain("a");
    const other = contextOf(await action().look(args(), never()));
    expect(await action().probe(args(), other)).toMatchObject({ found: "not_run" });
    expect(await action().run(args(), other)).toMatchObject({ outcome: "failed" });
    expect(left()).toContain("a");
  });

  it("shows what it would delete without deleting it", async () => {
    file("a", 50);
    linkSync(join(logs, "a"), host.path("home/elsewhere/hard"));
    const look = await action().look(args(), never());
    const simulated = await action().simulate(args(), look, never());
    expect(simulated.kind).toBe("simulated");
    expect(JSON.stringify(simulated)).toContain("Would delete 1 files");
    expect(left()).toContain("a");
  });

  it("still is what was shown when files went meanwhile, and the day changed", async () => {
    file("a", 50);
    file("b", 50);
    const shown = await action().look(args(), never());
    rmSync(join(logs, "a"));
    const tomorrow = named(
      createSshActions([host.settings], { ...deps, clock: () => Date.now() / 1000 + DAY }),
      "ssh/clean",
    );
    expect(action().moved?.(shown, await tomorrow.look(args(), never()))).toBeUndefined();
    rmSync(join(logs, "b"));
    expect(action().moved?.(shown, await action().look(args(), never()))).toContain("nothing is left");
  });
});

describe("paths that may not be cleaned", () => {
  it.each([
    ["one that is not configured", "/var/log/other"],
    ["one that begins like an allowed one", "LOGS-other"],
    ["a way up", "LOGS/../elsewhere"],
    ["a way up at the end", "LOGS/.."],
    ["a relative one", "logs"],
    ["one with a second line", "LOGS\n/etc"],
    ["one with a quote", "LOGS/'; id; '"],
    ["a substitution", "LOGS/$(id)"],
    ["an option", "-delete"],
    ["a zero byte", "LOGS\0.png"],
    ["a URL", "file:///etc/passwd"],
    ["a double slash", "LOGS//sub"],
    ["a way up in disguise", "LOGS/....//....//etc"],
    ["a blank", "LOGS/sub dir"],
  ])("%s", async (_, path) => {
    const wanted = args({ path: path.replace("LOGS", logs) });
    expect(action().check(wanted)).toBeTypeOf("string");
    expect(
      await action().run(wanted, contextOf({ identity: { address: "127.0.0.1" }, precondition: {} })),
    ).toMatchObject({ outcome: "failed" });
  });

  it.each([
    "/",
    "/etc",
    "/etc/nginx",
    "/usr/share",
    "/home",
    "/var",
    "/var/lib",
    "/var/log",
    "/root/x",
    "/var/log/../lib",
    "var/log/x",
    "/var/lib/smartcloudops",
  ])("settings with %s", (path) => {
    expect(() => action({ cleanPaths: [path] })).toThrow(/cannot be cleaned/);
  });

  it.each([
    { older_than_days: 0 },
    { older_than_days: "7" },
    { max_bytes: -1 },
    { max_bytes: 1e99 },
    { older_than_days: Number.NaN },
    { max_bytes: [1] },
  ])("numbers such as %j", (over) => {
    expect(action().check(args(over))).toContain("whole number");
  });
});
