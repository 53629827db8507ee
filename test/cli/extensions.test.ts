import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyExamples, EXAMPLE_RUNBOOKS } from "../extensions/folder.ts";
import { statusPage, switches, TOKEN } from "../fakes/extensions/services.ts";
import { runHere } from "./in-process.ts";

/** What the program says of extensions: which are loaded, and what is wrong with them or with what uses them. */

let folder: string;
const undo: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "extended-"));
  mkdirSync(join(folder, "runbooks"));
  mkdirSync(join(folder, "extensions"));
  copyExamples(join(folder, "extensions"));
  writeFileSync(join(folder, "token"), `${TOKEN}\n`);
  writeFileSync(join(folder, "runbooks", "set-switch.yaml"), RUNBOOK);
});
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
  rmSync(folder, { recursive: true, force: true });
});

const RUNBOOK = readFileSync(join(EXAMPLE_RUNBOOKS, "set-switch.yaml"), "utf8");

function settings(more: { board?: string; page?: string; executor?: string; notifier?: string } = {}): void {
  const { board = "https://switches.example.com", page = "https://status.example.com" } = more;
  writeFileSync(
    join(folder, "smartcloudops.yaml"),
    [
      "extensions: {folders: [./extensions]}",
      "runbooks:",
      "  folders: [./runbooks]",
      "  builtin: false",
      "  executors:",
      "    extension:",
      more.executor ?? `      - {name: shop, uses: switchboard, settings: {url: "${board}"}, secrets: {token: token}}`,
      "notifiers:",
      "  extension:",
      more.notifier ?? `    - {name: public, uses: status-page, settings: {url: "${page}"}, secrets: {token: token}}`,
      "routes:",
      "  - {notify: [public]}",
      "",
    ].join("\n"),
  );
}

const run = async (...args: string[]) => {
  const ran = await runHere(args, { cwd: folder, env: { SMARTCLOUDOPS_DATA: join(folder, "data") } });
  return { ...ran, said: (ran.stdout + ran.stderr).replaceAll(`${folder}/`, "") };
};

describe("config check", () => {
  it("lists what was loaded, for people and for programs", async () => {
    settings();
    const { said, code } = await run("config", "check");
    expect(code).toBe(0);
    expect(said).toMatch(/^extension status-page \([0-9a-f]{8}\): a notifier, from extensions\/status-page\.ts$/m);
    expect(said).toMatch(
      /^extension switchboard \([0-9a-f]{8}\): actions x-switchboard\/set, x-switchboard\/read, from extensions\/switchboard\.ts$/m,
    );
    expect(JSON.parse((await run("config", "check", "--json")).stdout)).toMatchObject({
      ok: true,
      extensions: [
        { name: "status-page", actions: [], notifier: true },
        {
          name: "switchboard",
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
          actions: ["set", "read"],
          notifier: false,
        },
      ],
    });
  });

  it.each([
    [
      "executor",
      "      - {name: shop, uses: switchbord}",
      /^smartcloudops\.yaml:7:28: error: runbooks\.executors\.extension\[0\]\.uses: must name an extension with an executor: there is switchboard\. Put switchbord\.ts/m,
    ],
    [
      "executor",
      "      - {name: shop, uses: status-page}",
      /must name an extension with an executor: there is switchboard/,
    ],
    [
      "notifier",
      "    - {name: public, uses: switchboard}",
      /must name an extension with a notifier: there is status-page/,
    ],
    [
      "executor",
      "      - {name: shop, uses: switchboard, secrets: {token: token}}",
      /^smartcloudops\.yaml:7:9: error: runbooks\.executors\.extension\[0\]\.settings\.url: is missing\.$/m,
    ],
    [
      "executor",
      "      - {name: shop, uses: switchboard, settings: {url: ftp}, secrets: {token: token}}",
      /^smartcloudops\.yaml:7:57: error: .*settings\.url: must be like .* it is "ftp"\.$/m,
    ],
    [
      "notifier",
      `    - {name: public, uses: status-page, settings: {url: "https://a", urll: 1}, secrets: {token: token}}`,
      /settings\.urll: is not known here: there is url\./,
    ],
    [
      "notifier",
      `    - {name: public, uses: status-page, settings: {url: "https://a"}}`,
      /secrets\.token: is missing: it must name a file/,
    ],
    [
      "notifier",
      `    - {name: public, uses: status-page, settings: {url: "https://a"}, secrets: {token: token, key: token}}`,
      /secrets\.key: is not known here: there is token\./,
    ],
    [
      "notifier",
      `    - {name: public, uses: status-page, settings: {url: "https://a"}, secrets: {token: nowhere}}`,
      /secrets\.token: must name a readable file/,
    ],
    ["notifier", `    - {name: public, uses: ../../evil, settings: {}}`, /uses: must be the name of an extension/],
  ])("says with line and column what is wrong with an %s: %s", async (what, line, wanted) => {
    settings({ [what]: line });
    const { said, code } = await run("config", "check");
    expect(said).toMatch(wanted);
    expect(code).toBe(78);
  });

  it("says file and cause of one that cannot be loaded, and what uses it says so without more", async () => {
    settings();
    writeFileSync(join(folder, "extensions", "switchboard.ts"), `throw new Error("no such luck");`);
    const { said, code } = await run("config", "check");
    expect(code).toBe(78);
    expect(said).toMatch(
      /^error: extensions\/switchboard\.ts: cannot be loaded: no such luck \(switchboard\.ts:1:7\)\.$/m,
    );
    expect(said).toMatch(
      /^runbooks\/set-switch\.yaml:15:11: error: steps\[0\]\.uses is x-switchboard\/set, and there is no extension switchboard: status-page is loaded\./m,
    );
    expect(said).not.toMatch(/captured\.before|no step changes anything/);
    const started = await run("start");
    expect(started.code).toBe(78);
    expect(started.said).toContain("cannot be loaded: no such luck");
  });

  it("says where a folder is named that is not there", async () => {
    settings();
    rmSync(join(folder, "extensions"), { recursive: true });
    expect((await run("config", "check")).said).toMatch(
      /^smartcloudops\.yaml:1:24: error: extensions\.folders\[0\]: must be a folder that can be read: ENOENT/m,
    );
  });

  it.skipIf(process.platform === "win32")(
    "refuses a file that others may write, and starts with nothing of it",
    async () => {
      settings();
      chmodSync(join(folder, "extensions", "switchboard.ts"), 0o664);
      const { said, code } = await run("config", "check");
      expect(code).toBe(78);
      expect(said).toMatch(/its group may write .*switchboard\.ts\. Take that right away: chmod go-w/);
      expect((await run("start")).code).toBe(78);
    },
  );
});

describe("runbooks that use an extension", () => {
  it.each([
    [
      "an action that it does not have",
      "uses: x-switchboard/set\n    with: {entry",
      "uses: x-switchboard/burn\n    with: {entry",
      /:15:11: steps\[0\]\.uses is x-switchboard\/burn, and the extension switchboard has no such action: it has set, read/,
    ],
    [
      "a value that it does not take",
      `state: "{{ params.state }}"}`,
      "state: maybe}",
      /:16:\d+: steps\[0\]\.with\.state must be on or off: it is "maybe"/,
    ],
    [
      "an argument that it does not have",
      `state: "{{ params.state }}"}`,
      `state: "on", force: true}`,
      /:\d+:\d+: steps\[0\] gives x-switchboard\/set force, which it does not take/,
    ],
    ["less than it needs", `, state: "{{ params.state }}"}`, "}", /steps\[0\] gives x-switchboard\/set no state/],
    [
      "what it does not capture",
      "again\n",
      "{{ captured.after }}\n",
      /rollback\.steps\[0\] uses \{\{ captured\.after \}\}, which is not there/,
    ],
    [
      "a way back that does nothing it knows",
      `state: "{{ captured.before }}"}`,
      "state: 1}",
      /rollback\.steps\[0\]\.with\.state must be text: it is 1/,
    ],
  ])("are refused with line and column for %s", async (_, was, is, wanted) => {
    settings();
    writeFileSync(join(folder, "runbooks", "set-switch.yaml"), RUNBOOK.replace(was, is));
    expect(RUNBOOK).toContain(was);
    const { said, code } = await run("runbooks", "lint");
    expect(said).toMatch(wanted);
    expect(code).toBe(1);
    expect((await run("config", "check")).said).toMatch(/runbooks\/set-switch\.yaml:\d+:\d+: error: /);
  });

  it("are simulated against the real target, which is not changed", async () => {
    const board = await switches();
    undo.push(board.close);
    settings({ board: board.url });
    expect((await run("runbooks", "lint")).said).toContain("All 1 runbooks are sound.");
    const { said } = await run("runbooks", "simulate", "set-switch", "switch=new-checkout", "state=off");
    expect(said).toContain("The switch new-checkout of shop is on.");
    expect(said).toContain("It would be turned from on to off.");
    expect(board.asked.every(({ method }) => method === "GET")).toBe(true);
  });

  it("cannot be run where the extension is not configured at all", async () => {
    writeFileSync(join(folder, "smartcloudops.yaml"), "runbooks: {builtin: false, folders: [./runbooks]}\n");
    const { said } = await run("runbooks", "lint");
    expect(said).toMatch(
      /there is no extension switchboard: none is loaded\. Put switchboard\.ts or switchboard\.mjs into a folder of extensions\.folders/,
    );
  });
});

describe("CONTRIBUTING.md", () => {
  it("has commands that work as they stand, in a fresh copy of the examples", () => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
    const [, commands = ""] = /```sh\n(mkdir -p ops\/extensions[\s\S]*?)```/.exec(text) ?? [];
    cpSync(join(root, "docker/config"), join(folder, "docker/config"), { recursive: true });
    // As npx does it in a clone: the program of this folder.
    const npx = `npx() { shift; "${process.execPath}" "${join(root, "src/main.ts")}" "$@"; }`;
    const env = { PATH: process.env["PATH"], HOME: folder };
    const { stdout } = spawnSync("bash", ["-c", `${npx}\n${commands}`], { cwd: folder, env, encoding: "utf8" });
    expect(stdout).toMatch(/^extension switchboard \([0-9a-f]{8}\): actions x-switchboard\/set, x-switchboard\/read/m);
    expect(stdout).toMatch(/^extension status-page \([0-9a-f]{8}\): a notifier/m);
    expect(stdout).toContain("The configuration is sound");
    expect(stdout).toContain("All 1 runbooks are sound.");
    expect(stdout.replace(/\s+/g, " ")).toMatch(
      /could not be looked at: switchboard shop: the extension switchboard failed/,
    );
  });
});

describe("doctor", () => {
  it("names what was loaded, asks notifiers of extensions, and says whose rights it cannot know", async () => {
    const page = await statusPage();
    undo.push(page.close);
    settings({ page: page.url });
    const { said } = await run("doctor");
    expect(said).toMatch(/✓ extension: switchboard \([0-9a-f]{8}\)/);
    expect(said).toContain("notifier public: status page: it answers");
    expect(said).toContain("rights of x-switchboard/shop");
    expect(page.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /health"]);
    writeFileSync(join(folder, "extensions", "status-page.ts"), "export {};");
    expect((await run("doctor")).said).toMatch(
      /✗ extensions: extensions\/status-page\.ts: must export an extension by default/,
    );
  });
});
