import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { optionsOf, remoteCommand } from "../../../src/actions/ssh/client.ts";
import { createSshActions } from "../../../src/actions/ssh/index.ts";
import { readTold } from "../../../src/actions/ssh/once.ts";
import type { SshHost } from "../../../src/actions/ssh/settings.ts";
import { contextOf, deps, named } from "../steps.ts";

const HOST: SshHost = {
  name: "web-1",
  address: "10.0.0.5",
  user: "ops",
  identityFile: "/etc/smartcloudops/id",
  knownHostsFile: "/etc/smartcloudops/known_hosts",
  units: ["nginx.service", "app-*.service"],
  cleanPaths: ["/var/log/app"],
};
const made = (over: Partial<SshHost> = {}) => createSshActions([{ ...HOST, ...over }], deps);

/** What a unit may not be. Each would be something else to a shell, to systemctl, to ssh or to a reader. */
const HOSTILE_UNITS: readonly (readonly [string, unknown])[] = [
  ["a second command", "nginx.service; id"],
  ["a second command after and", "nginx.service && reboot"],
  ["a pipe", "nginx.service | tee /tmp/x"],
  ["the background", "nginx.service & id &"],
  ["a second line", "nginx.service\nreboot.service"],
  ["a line end", "nginx.service\n"],
  ["a carriage return", "nginx.service\r\nid"],
  ["an encoded line end", "nginx%0aid.service"],
  ["a substitution", "$(id).service"],
  ["backquotes", "`id`.service"],
  ["a variable", "${IFS}id.service"],
  ["braces", "{id,>,/tmp/x}.service"],
  ["a redirection", "nginx.service>/etc/passwd"],
  ["a single quote", "nginx'.service"],
  ["a double quote", 'nginx".service'],
  ["a backslash", "nginx\\x20.service"],
  ["a blank", "nginx .service"],
  ["two units", "nginx.service app-shop.service"],
  ["an option", "--root=/.service"],
  ["an option of ssh", "-oProxyCommand=id.service"],
  ["the end of options", "--"],
  ["a path", "/etc/systemd/system/nginx.service"],
  ["a way up", "../../etc/x.service"],
  ["a type alone", ".service"],
  ["a type that is none", "nginx.exe"],
  ["a pattern", "app-*.service"],
  ["any unit", "*"],
  ["letters that look alike", "ngіnx.service"],
  ["a character that turns the text around", "nginx\u202e.service"],
  ["a character that nobody sees", "nginx\u200b.service"],
  ["a zero byte", "nginx.service\0"],
  ["nothing", ""],
  ["far too much", `${"a".repeat(100_000)}.service`],
  ["a list", ["nginx.service"]],
  ["an object", { $gt: "" }],
  ["a number", 7],
  ["nil", null],
  ["one that is not configured", "sshd.service"],
  ["one that only begins like an allowed one", "nginx.service.socket"],
];

describe("what may not become a word of a remote command", () => {
  it.each(HOSTILE_UNITS)("a unit that is %s", async (_, unit) => {
    for (const name of ["ssh/systemctl", "ssh/unit_status", "ssh/journal"]) {
      const action = named(made(), name);
      const args = {
        unit,
        ...(name === "ssh/systemctl" ? { verb: "restart" } : {}),
        ...(name === "ssh/journal" ? { lines: 5, since_seconds: 60 } : {}),
      } as never;
      expect(action.check(args)).toBeTypeOf("string");
      // No address answers: what is refused does not even try.
      const ran = await action.run(args, contextOf({ identity: { address: HOST.address }, precondition: {} }));
      expect(ran.outcome).toBe("failed");
      expect(ran.output).not.toContain("could not be reached");
    }
  });

  it.each(["mask", "daemon-reload", "restart ", "RESTART", "--now", "restart;id", ""])("the verb %j", (verb) => {
    expect(named(made(), "ssh/systemctl").check({ unit: "nginx.service", verb })).toContain(
      "must be one of restart, start, stop, reload",
    );
  });

  it.each(["web-2", "10.0.0.5", "-oProxyCommand=id", "web-1\n", "ops@web-1", "web-1:22"])("the host %j", (host) => {
    expect(named(made(), "ssh/systemctl").check({ host, unit: "nginx.service", verb: "restart" })).toBeTypeOf("string");
  });

  it.each(["../nginx", "/etc/logrotate.d/nginx", "-f", "nginx;id", "nginx conf", ".hidden", ""])(
    "the logrotate file %j",
    (config) => {
      expect(named(made(), "ssh/rotate_logs").check({ config })).toBeTypeOf("string");
    },
  );

  it.each(["-d", "shop", "shop.example;id", "*.example", "shop.example\n", "SHOP.example", "shop..example"])(
    "the domain %j",
    (domain) => {
      expect(named(made(), "ssh/renew_certificate").check({ domain })).toBeTypeOf("string");
    },
  );
});

describe("the command that the account's shell reads", () => {
  const SHELLS = ["/bin/sh", "/bin/bash"];
  const SCRIPT = 'printf "%s\\000" "$@"';
  const inShell = (shell: string, words: readonly string[]) =>
    execFileSync(shell, ["-c", remoteCommand(SCRIPT, words)], { encoding: "utf8" })
      .split("\0")
      .slice(0, -1);

  it("gives each word back as it was, in every shell that is here", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9_@%+=:,.~/-]{0,40}$/);
    for (const shell of SHELLS)
      fc.assert(
        fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
          expect(inShell(shell, words)).toEqual(words);
        }),
        { numRuns: 40 },
      );
  });

  it("refuses a word that holds anything else, whichever", () => {
    fc.assert(
      fc.property(
        fc
          .string({ unit: "binary", minLength: 1, maxLength: 30 })
          .filter((text) => !/^[A-Za-z0-9_@%+=:,.~/-]*$/.test(text)),
        (text) => {
          expect(() => remoteCommand(SCRIPT, [text])).toThrow(/not allowed/);
        },
      ),
    );
  });

  it("holds no single quote in any script of ours: the one check that would be hard to see fails loudly", () => {
    expect(() => remoteCommand("echo 'x'", [])).toThrow(/single quote/);
  });
});

describe("how ssh is called", () => {
  it("takes nothing from files or the agent of whoever runs the bot, and pins the host's key", () => {
    const options = optionsOf(HOST).join(" ");
    for (const wanted of [
      "-F none",
      "BatchMode=yes",
      "StrictHostKeyChecking=yes",
      "UserKnownHostsFile=/etc/smartcloudops/known_hosts",
      "GlobalKnownHostsFile=/dev/null",
      "IdentitiesOnly=yes",
      "IdentityAgent=none",
      "ForwardAgent=no",
      "ClearAllForwardings=yes",
      "ProxyCommand=none",
      "PermitLocalCommand=no",
      "ControlPath=none",
      "ConnectTimeout=10",
      "ServerAliveInterval=5",
    ])
      expect(options).toContain(wanted);
  });

  it.each([
    ["an address that is an option", { address: "-oProxyCommand=id" }],
    ["an address with a user", { address: "root@10.0.0.5" }],
    ["a user that is an option", { user: "-l" }],
    ["a port that is none", { port: 0 }],
    ["a file that ssh would expand", { identityFile: "/home/%u/id" }],
    ["a file in somebody's home", { knownHostsFile: "~/.ssh/known_hosts" }],
    ["two files in one", { knownHostsFile: "/a /b" }],
    ["a unit without a type", { units: ["nginx"] }],
  ])("settings with %s are refused", (_, over) => {
    expect(() => made(over)).toThrow(/SSH host "web-1"/);
  });
});

describe("reading what a host told", () => {
  it("takes no word of ours from a command's own output", () => {
    const told = readTold(
      "sco:hello\nsco:before:active active\nsco:began\nsco:exited 1\nsco:after:active failed\nsco:output\nsco:exited 0\nsco:after:active active\n",
    );
    expect(told).toMatchObject({ state: "exited", exit: 1, before: { active: "active" }, after: { active: "failed" } });
    expect(told.output).toBe("sco:exited 0\nsco:after:active active\n");
  });

  it("does not take half an answer for an end", () => {
    expect(readTold("sco:hello\nsco:began\n")).toMatchObject({ state: "lost", exit: undefined });
    expect(readTold("sco:hello\nsco:exited \n")).toMatchObject({ state: "exited", exit: undefined });
  });
});
