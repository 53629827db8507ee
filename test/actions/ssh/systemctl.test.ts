import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSshActions } from "../../../src/actions/ssh/index.ts";
import type { SshHost } from "../../../src/actions/ssh/settings.ts";
import type { Action } from "../../../src/ports/changes.ts";
import { type Host, startHost } from "../../fakes/programs/sshd.ts";
import { contextOf, deps, lookAndRun, named, never, newKey, until } from "../steps.ts";

let host: Host;
let missing: string | undefined;

beforeAll(async () => {
  const started = await startHost();
  if ("skipped" in started) missing = started.skipped;
  else host = started;
});
afterAll(async () => await host?.stop());
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
  writeFileSync(host.path("home/calls"), "");
  rmSync(host.path("home/before"), { recursive: true, force: true });
  rmSync(host.path("home/units"), { recursive: true, force: true });
  for (const name of ["before", "units"]) host.folder(name);
  host.unit("nginx.service", {});
});

const RESTART = { host: "web-1", unit: "nginx.service", verb: "restart" };

function action(over: Partial<SshHost> = {}, name = "ssh/systemctl"): Action {
  return named(createSshActions([{ ...host.settings, ...over }], deps), name);
}

/** Calls that changed something. */
const changes = () => host.calls().filter(([program, ...words]) => program === "systemctl" && !words.includes("show"));
const marks = () => (existsSync(host.path("home/.smartcloudops")) ? readdirSync(host.path("home/.smartcloudops")) : []);

describe("restarting a unit over a real sshd", () => {
  it("restarts what was shown, with exactly these words, and says how it is then", async () => {
    const ran = await lookAndRun(action(), RESTART);
    expect(ran).toMatchObject({ outcome: "succeeded" });
    expect(ran.output).toBe("nginx.service on web-1 is active (running) now.");
    expect(changes()).toEqual([["systemctl", "--no-ask-password", "--no-pager", "restart", "--", "nginx.service"]]);
    expect(host.property("nginx.service", "InvocationID")).not.toBe("a1");
  });

  it("goes through sudo -n where that is configured", async () => {
    await lookAndRun(action({ sudo: true }), RESTART);
    expect(host.calls().filter(([program]) => program === "sudo")).toEqual([
      ["sudo", "-n", "--", "systemctl", "--no-ask-password", "--no-pager", "restart", "--", "nginx.service"],
    ]);
    expect(changes()).toHaveLength(1);
  });

  it("works for an account with bash", async () => {
    expect(await lookAndRun(action({ user: "ops-bash" }), RESTART)).toMatchObject({ outcome: "succeeded" });
  });

  it("shows the state, what goes down with it, and the way back", async () => {
    host.unit("nginx.service", { BoundBy: "app-shop.service", ActiveState: "active" });
    const look = await action().look({ unit: "nginx.service", verb: "stop" }, never());
    expect(look.precondition).toEqual({ active: "active", invocation: "a1" });
    expect(look.captured).toMatchObject({ undo: "start" });
    expect(look.blast).toEqual({ kind: "known", text: "nginx.service on web-1, and with it app-shop.service." });
  });

  it.each(["start", "stop", "reload"])("can %s it", async (verb) => {
    host.unit("nginx.service", { ActiveState: verb === "start" ? "inactive" : "active" });
    expect(await lookAndRun(action(), { ...RESTART, verb })).toMatchObject({ outcome: "succeeded" });
    expect(changes()).toEqual([["systemctl", "--no-ask-password", "--no-pager", verb, "--", "nginx.service"]]);
  });

  it("does not act when it was restarted since it was shown", async () => {
    const look = await action().look(RESTART, never());
    host.unit("nginx.service", { InvocationID: "b2" });
    const ran = await action().run(RESTART, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("was started again since this was shown. Nothing was done.");
    expect(changes()).toEqual([]);
  });

  it("does not act when its state changed since it was shown", async () => {
    const look = await action().look(RESTART, never());
    host.unit("nginx.service", { ActiveState: "inactive" });
    const ran = await action().run(RESTART, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("is inactive now and was active");
    expect(changes()).toEqual([]);
  });

  it("does not act on another machine behind the same address", async () => {
    const look = await action().look(RESTART, never());
    const ran = await action().run(
      RESTART,
      contextOf({ ...look, identity: { ...look.identity, machine: "0".repeat(32) } }),
    );
    expect(ran).toMatchObject({ outcome: "failed" });
    expect(ran.output).toContain("another machine");
    expect(changes()).toEqual([]);
  });

  it("restarts a unit that starts and dies again and again, whichever time it is", async () => {
    host.unit("nginx.service", { ActiveState: "activating", SubState: "auto-restart" });
    const look = await action().look(RESTART, never());
    host.unit("nginx.service", { ActiveState: "activating", SubState: "auto-restart", InvocationID: "c3" });
    expect(await action().run(RESTART, contextOf(look))).toMatchObject({ outcome: "succeeded" });
  });

  it("says that it failed when systemctl does", async () => {
    writeFileSync(
      host.path("home/units/nginx.service/on_restart"),
      "echo 'Job for nginx.service failed.' >&2; put ActiveState failed; exit 1",
    );
    const ran = await lookAndRun(action(), RESTART);
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("Job for nginx.service failed.");
    expect(ran.output).toContain("systemctl ended with 1. nginx.service on web-1 is failed");
  });

  it("does not believe an exit code of 0 when the unit is down", async () => {
    writeFileSync(host.path("home/units/nginx.service/on_restart"), "put ActiveState failed; exit 0");
    const ran = await lookAndRun(action(), RESTART);
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("reported no error, yet nginx.service on web-1 is failed");
  });

  it("does not believe an exit code of 0 when nothing was started anew", async () => {
    writeFileSync(host.path("home/units/nginx.service/on_restart"), "exit 0");
    expect(await lookAndRun(action(), RESTART)).toMatchObject({ outcome: "failed" });
  });

  it("takes the end of a unit that does its work and ends for a success", async () => {
    host.unit("app-job.service", { Type: "oneshot", ActiveState: "inactive" });
    writeFileSync(host.path("home/units/app-job.service/on_start"), "new; exit 0");
    expect(await lookAndRun(action(), { unit: "app-job.service", verb: "start" })).toMatchObject({
      outcome: "succeeded",
    });
  });

  it("says which rule of sudo is missing", async () => {
    host.before("sudo", "echo 'sudo: a password is required' >&2; exit 1");
    const ran = await lookAndRun(action({ sudo: true }), RESTART);
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain(
      'a rule for "systemctl --no-ask-password --no-pager restart -- nginx.service" is missing',
    );
    expect(changes()).toEqual([]);
  });

  it("hides secrets in what a command says", async () => {
    writeFileSync(host.path("home/units/nginx.service/on_restart"), "echo password is s3cret-of-the-test; exit 1");
    const ran = await lookAndRun(action(), RESTART);
    expect(ran.output).toContain("password is <hidden>");
    expect(ran.output).not.toContain("s3cret");
  });

  it("keeps 64 KB of what a command says, however much that is", async () => {
    writeFileSync(host.path("home/units/nginx.service/on_restart"), "head -c 3000000 /dev/zero | tr '\\0' x; exit 1");
    const ran = await lookAndRun(action(), RESTART);
    expect(ran.outcome).toBe("failed");
    expect(Buffer.byteLength(ran.output)).toBeLessThanOrEqual(64 * 1024);
  });
});

describe("at most once", () => {
  it("does not restart a second time for the same key, and tells what the first time came to", async () => {
    const look = await action().look(RESTART, never());
    const context = contextOf(look);
    expect(await action().run(RESTART, context)).toMatchObject({ outcome: "succeeded" });
    const again = await action().run(RESTART, context);
    expect(again.outcome).toBe("succeeded");
    expect(again.output).toContain("An earlier attempt at the same step did it");
    expect(changes()).toHaveLength(1);
  });

  it("lets one of 12 parallel attempts with one key act", async () => {
    const look = await action().look(RESTART, never());
    const context = contextOf(look);
    const all = await Promise.all(Array.from({ length: 12 }, () => action().run(RESTART, context)));
    expect(changes()).toHaveLength(1);
    expect(all.some(({ outcome }) => outcome === "succeeded")).toBe(true);
    expect(all.every(({ outcome }) => outcome !== "partial")).toBe(true);
  });

  it("keeps the marks in the machine's own folder where the account may write there", async () => {
    const folder = host.path("home/state");
    const made = named(createSshActions([host.settings], { ...deps, stateFolder: folder }), "ssh/systemctl");
    const key = newKey();
    await lookAndRun(made, RESTART, { key });
    expect(readdirSync(folder)).toEqual([key]);
    expect(marks()).not.toContain(key);
  });

  it("does nothing when no mark can be made", async () => {
    const look = await action().look(RESTART, never());
    rmSync(host.path("home/.smartcloudops"), { recursive: true, force: true });
    writeFileSync(host.path("home/.smartcloudops"), "in the way");
    const ran = await action().run(RESTART, contextOf(look));
    rmSync(host.path("home/.smartcloudops"));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("could not be made");
    expect(changes()).toEqual([]);
  });

  it("does nothing, and says so, when something else stands where the mark would be", async () => {
    const look = await action().look(RESTART, never());
    const context = contextOf(look);
    host.folder(".smartcloudops");
    writeFileSync(host.path(`home/.smartcloudops/${context.key}`), "in the way");
    const ran = await action().run(RESTART, context);
    const probed = await action().probe(RESTART, context);
    rmSync(host.path(`home/.smartcloudops/${context.key}`));
    expect(ran).toMatchObject({ outcome: "failed", output: expect.stringContaining("could not be made") });
    expect(probed).toMatchObject({ found: "unknown" });
    expect(changes()).toEqual([]);
  });

  it("does not take the word of another host that it did not run", async () => {
    const look = await action().look(RESTART, never());
    const elsewhere = contextOf({ ...look, identity: { ...look.identity, address: "192.0.2.1" } });
    expect(await action().probe(RESTART, elsewhere)).toMatchObject({ found: "unknown" });
    expect(marks()).not.toContain(elsewhere.key);
  });

  it("a probe of what ran says so", async () => {
    const look = await action().look(RESTART, never());
    const context = contextOf(look);
    await action().run(RESTART, context);
    expect(await action().probe(RESTART, context)).toMatchObject({ found: "ran" });
    expect(changes()).toHaveLength(1);
  });

  it("a probe of what never ran says so, and keeps a late attempt from running", async () => {
    const look = await action().look(RESTART, never());
    const context = contextOf(look);
    expect(await action().probe(RESTART, context)).toMatchObject({ found: "not_run" });
    const late = await action().run(RESTART, context);
    expect(late).toMatchObject({ outcome: "failed" });
    expect(late.output).toContain("given up before");
    expect(changes()).toEqual([]);
    expect(await action().probe(RESTART, context)).toMatchObject({ found: "not_run" });
  });

  it("does not know what became of a command that failed, until somebody looks", async () => {
    writeFileSync(host.path("home/units/nginx.service/on_restart"), "exit 1");
    const look = await action().look(RESTART, never());
    const context = contextOf(look);
    await action().run(RESTART, context);
    expect(await action().probe(RESTART, context)).toMatchObject({ found: "unknown" });
  });
});

describe("a line that breaks", () => {
  it("a connection cut while it runs is unknown; the host ends it all the same, and the probe finds it", async () => {
    const proxy = await host.proxy();
    const gate = host.path("home/gate");
    writeFileSync(
      host.path("home/units/nginx.service/on_restart"),
      `touch ${gate}; while [ -e ${gate} ]; do sleep 0.05; done`,
    );
    const far = action({ port: proxy.port, knownHostsFile: host.knownFor(proxy.port) });
    const look = await far.look(RESTART, never());
    const context = contextOf(look);
    const running = far.run(RESTART, context);
    await until(() => existsSync(gate), "the restart begins");
    proxy.cut();
    const ran = await running;
    expect(ran.outcome).toBe("unknown");
    expect(ran.output).toContain("The connection to web-1 was lost");
    expect(await action().probe(RESTART, context)).toMatchObject({
      found: "unknown",
      text: "web-1 says that it still runs.",
    });
    rmSync(gate);
    await until(() => host.property("nginx.service", "InvocationID") !== "a1", "it is restarted");
    await until(async () => (await action().probe(RESTART, context)).found === "ran", "the probe finds it");
    expect(changes()).toHaveLength(1);
  });

  it("a host that hangs while it runs is unknown at the deadline", async () => {
    const gate = host.path("home/gate-2");
    writeFileSync(
      host.path("home/units/nginx.service/on_restart"),
      `touch ${gate}; while [ -e ${gate} ]; do sleep 0.05; done`,
    );
    const look = await action().look(RESTART, never());
    const deadline = new AbortController();
    const running = action().run(RESTART, contextOf(look, { signal: deadline.signal }));
    await until(() => existsSync(gate), "the restart begins");
    deadline.abort();
    const ran = await running;
    rmSync(gate);
    expect(ran.outcome).toBe("unknown");
    expect(ran.output).toContain("The time was up before web-1 said how it ended.");
  });

  it("a command that takes longer than it may is cut off on the host", async () => {
    writeFileSync(host.path("home/units/nginx.service/on_restart"), "sleep 600");
    const look = await action().look(RESTART, never());
    const ran = await action().run(RESTART, contextOf(look, { timeoutMs: 3000 }));
    expect(ran.outcome).toBe("unknown");
    expect(ran.output).toContain("cut off at the deadline");
  });

  it("a host that takes connections and says nothing is not run", async () => {
    const proxy = await host.proxy();
    proxy.hang();
    const look = await action().look(RESTART, never());
    const far = action({ port: proxy.port });
    const ran = await far.run(RESTART, contextOf(look, { signal: AbortSignal.timeout(1500) }));
    expect(ran).toMatchObject({ outcome: "failed", output: "web-1 did not let us in before the time was up." });
    expect(changes()).toEqual([]);
  });

  it("a host that is not there is not run, and cannot be looked at", async () => {
    const look = await action().look(RESTART, never());
    const proxy = await host.proxy();
    await proxy.stop();
    const gone = action({ port: proxy.port });
    const ran = await gone.run(RESTART, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("Connection refused");
    await expect(gone.look(RESTART, never())).rejects.toMatchObject({ name: "UnreachableError" });
    expect(await gone.probe(RESTART, contextOf(look))).toMatchObject({ found: "unknown" });
  });

  it.each([
    ["another host key than the pinned one", { knownHostsFile: "wrong_hosts" }, "did not show the host key"],
    ["no pinned host key", { knownHostsFile: "empty_hosts" }, "did not show the host key"],
    ["a key that the host does not know", { identityFile: "other-id" }, "does not let ops in with the configured key"],
  ])("%s: nothing runs", async (_, files, says) => {
    const look = await action().look(RESTART, never());
    const over = Object.fromEntries(Object.entries(files).map(([key, file]) => [key, host.path(file)]));
    const ran = await action(over).run(RESTART, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain(says);
    await expect(action(over).look(RESTART, never())).rejects.toMatchObject({ name: "RefusedError", status: 403 });
    expect(changes()).toEqual([]);
  });

  it("an account without a shell is not run", async () => {
    const look = await action().look(RESTART, never());
    const ran = await action({ user: "ops-none" }).run(RESTART, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("its account has no usual shell");
    expect(changes()).toEqual([]);
  });
});
