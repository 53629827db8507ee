import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSshActions } from "../../../src/actions/ssh/index.ts";
import type { Action } from "../../../src/ports/changes.ts";
import { type Host, startHost } from "../../fakes/programs/sshd.ts";
import { contextOf, deps, lookAndRun, named, never, SECRET } from "../steps.ts";

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
  writeFileSync(host.path("home/journal"), "1.0G\n");
  host.unit("nginx.service", {});
});

const action = (name: string): Action => named(createSshActions([host.settings], deps), name);
const changes = (program: string, word: string) =>
  host.calls().filter(([name, ...words]) => name === program && words.some((one) => one.startsWith(word)));

/** certbot as far as it is asked: two certificates with serial numbers. */
function certbot(renew: string): void {
  writeFileSync(host.path("home/serial"), "4f1d\n");
  chmodSync(host.path("home/serial"), 0o666);
  writeFileSync(
    host.path("bin/certbot"),
    `#!/bin/sh
echo "certbot $*" >>"$HOME/certbot-calls"
case $1 in
  certificates) printf "  Certificate Name: shop.example\\n    Serial Number: %s\\n    Expiry Date: 2026-12-01 00:00:00+00:00 (VALID: 9 days)\\n" "$(cat "$HOME/serial")" ;;
  renew) ${renew} ;;
esac
`,
    { mode: 0o755 },
  );
}

describe("upkeep over a real sshd", () => {
  it("vacuums the journal to a size, once for a key", async () => {
    const vacuum = action("ssh/vacuum_journal");
    const args = { max_bytes: 2 ** 26 };
    const look = await vacuum.look(args, never());
    expect(look.facts[0]).toContain("take up 1.0G");
    const context = contextOf(look);
    const ran = await vacuum.run(args, context);
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toContain("take up 16.0M");
    await vacuum.run(args, context);
    expect(changes("journalctl", "--vacuum")).toEqual([["journalctl", "--no-pager", "--vacuum-size=67108864"]]);
  });

  it("renews a certificate and sees that it is a new one", async () => {
    certbot('echo 5a2e >"$HOME/serial"; echo renewed');
    const ran = await lookAndRun(action("ssh/renew_certificate"), { domain: "shop.example" });
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toContain("is a new one");
    expect(readFileSync(host.path("home/certbot-calls"), "utf8")).toContain(
      "certbot renew --non-interactive --cert-name shop.example\n",
    );
  });

  it("does not call it renewed when it is the same one", async () => {
    certbot("echo not due yet");
    const ran = await lookAndRun(action("ssh/renew_certificate"), { domain: "shop.example" });
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("is the same one: it was not due");
  });

  it("does not renew one that was renewed since it was shown", async () => {
    certbot('echo 5a2e >"$HOME/serial"');
    const renew = action("ssh/renew_certificate");
    const look = await renew.look({ domain: "shop.example" }, never());
    writeFileSync(host.path("home/serial"), "77aa\n");
    rmSync(host.path("home/certbot-calls"));
    const ran = await renew.run({ domain: "shop.example" }, contextOf(look));
    expect(ran).toMatchObject({ outcome: "failed" });
    expect(readFileSync(host.path("home/certbot-calls"), "utf8")).not.toContain("certbot renew");
  });

  it("refuses to rotate what has no file in /etc/logrotate.d", async () => {
    await expect(action("ssh/rotate_logs").look({ config: "no-such-file" }, never())).rejects.toMatchObject({
      name: "RefusedError",
      status: 404,
    });
  });
});

describe("reading over a real sshd", () => {
  it("gives the journal of a unit, with exactly the words that were asked for, and without secrets", async () => {
    writeFileSync(host.path("home/journal-lines"), `2026-11-21T08:00:00+0000 web nginx[7]: token is ${SECRET}\n`);
    const ran = await lookAndRun(action("ssh/journal"), { unit: "nginx.service", lines: 50, since_seconds: 3600 });
    expect(ran).toEqual({ outcome: "succeeded", output: "2026-11-21T08:00:00+0000 web nginx[7]: token is <hidden>" });
    expect(host.calls()).toEqual([
      [
        "journalctl",
        "--no-pager",
        "--quiet",
        "--output=short-iso",
        "--unit=nginx.service",
        "--lines=50",
        "--since=-3600s",
      ],
    ]);
  });

  it("tells how a unit is, also when it is down", async () => {
    expect(await lookAndRun(action("ssh/unit_status"), { unit: "nginx.service" })).toEqual({
      outcome: "succeeded",
      output: "* nginx.service is active",
    });
    host.unit("nginx.service", { ActiveState: "failed" });
    expect(await lookAndRun(action("ssh/unit_status"), { unit: "nginx.service" })).toEqual({
      outcome: "succeeded",
      output: "* nginx.service is failed",
    });
  });

  it("tells how full a disk is and what takes the room", async () => {
    host.folder("logs/shop");
    const path = host.path("home/logs");
    const ran = await lookAndRun(action("ssh/disk_usage"), { path });
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toContain("Mounted on");
    expect(ran.output).toContain(`${path}/shop`);
  });

  it("says so when the host cannot be asked", async () => {
    const gone = named(
      createSshActions([{ ...host.settings, knownHostsFile: host.path("wrong_hosts") }], deps),
      "ssh/journal",
    );
    const ran = await gone.run(
      { unit: "nginx.service", lines: 5, since_seconds: 60 },
      contextOf({ identity: {}, precondition: {} }),
    );
    expect(ran).toMatchObject({ outcome: "failed" });
    expect(ran.output).toContain("did not show the host key");
  });
});
