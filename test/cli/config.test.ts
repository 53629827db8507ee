import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { runHere } from "./in-process.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "config-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Slips of every kind, each on a line of its own. */
const BROKEN = `timezone: Mars
sources:
  - name: eu
    url: http://prometheus:9090
    timout: 5s
  - name: us
    url: nonsense
watches:
  - { name: cut, promql: "rate(x[" }
  - { name: there, promql: up, source: us }
  - { name: nowhere, promql: up, source: asia }
routes:
  - slack: [C1]
    notify: [pagr]
  - severity: [bad]
    slack: [C2]
people:
  ann: { name: Ann, slack: [U1] }
roles:
  ops: { people: [bob] }
digests:
  - { name: daily, kind: daily, cron: "99 * * * *", slack: [C1] }
packs: [packs, nopacks]
runbooks:
  folders: [books, nobooks]
oncall:
  schedules:
    - { name: main, ical: duty.ics }
model:
  prompts: noprompts
`;

const FILES = {
  "smartcloudops.yaml": BROKEN,
  "packs/tide.yaml": "pack: tide\nconcepts: five\n",
  "books/bounce.yaml": "id: bounce\ntitle: 5\n",
};

const MODEL = { OPENAI_MODEL: "m", OPENAI_BASE_URL: "http://127.0.0.1:1/v1" };

describe("config check", () => {
  it("tells every problem of the file and of what it names at once, by line and column", async () => {
    const cwd = folderWith(FILES);
    const { stdout, code } = await runHere(["config", "check"], { cwd, env: MODEL });
    expect(code).toBe(78);
    const errors = stdout.split("\n").filter((line) => line.includes(" error: "));
    expect(errors.map((line) => line.replace(cwd, "").split(": ").slice(0, 3).join(": "))).toEqual([
      "smartcloudops.yaml:1:11: error: timezone",
      "smartcloudops.yaml:5:5: error: sources[0].timout",
      "smartcloudops.yaml:7:10: error: sources[1].url",
      "smartcloudops.yaml:15:16: error: routes[1].severity[0]",
      expect.stringMatching(/^smartcloudops.yaml:20:\d+: error: roles.ops.people\[0\]$/),
      "smartcloudops.yaml:14:14: error: routes[0].notify[0]",
      "smartcloudops.yaml:11:42: error: watches[2].source",
      "smartcloudops.yaml:9:26: error: watches[0].promql",
      expect.stringMatching(/^smartcloudops.yaml:22:\d+: error: digests\[0\].cron$/),
      "smartcloudops.yaml:23:16: error: packs[1]",
      "/packs/tide.yaml:2:11: error: concepts",
      "smartcloudops.yaml:25:20: error: runbooks.folders[1]",
      "/books/bounce.yaml:2:8: error: title",
      ...Array(9).fill(expect.stringMatching(/^\/books\/bounce.yaml:1:1: error: \w+$/)),
      expect.stringMatching(/^smartcloudops.yaml:28:\d+: error: oncall.schedules\[0\].ical$/),
      "smartcloudops.yaml:30:12: error: model.prompts",
    ]);
    expect(stdout).toMatch(/timout: is not a setting. Did you mean timeout\?/);
    expect(stdout).toMatch(/it is "asia", and known are eu/);
    // What follows from another problem is none of its own: source us is there, only its address is wrong.
    expect(stdout).not.toMatch(/it is "us"/);
  });

  it("counts a key that is a slip as the one that was meant, so that nothing else seems to be missing", async () => {
    const yaml = "sorces:\n  - { name: eu, url: http://a }\nwatches:\n  - { name: w, promql: up, source: eu }\n";
    const { stdout } = await runHere(["config", "check"], { cwd: folderWith({ "smartcloudops.yaml": yaml }) });
    expect(stdout).toMatch(/^smartcloudops.yaml:1:1: error: sorces: is not a setting. Did you mean sources\?\n/);
    expect(stdout).toMatch(/\n1 problem\.\n$/);
  });

  it("gives programs file, line, column and setting of each", async () => {
    const cwd = folderWith({ "other.yaml": "log: { level: loud }\nroutes: [{ slack: [C1] }]\n" });
    const { stdout, code } = await runHere(["config", "check", "other.yaml", "--json"], {
      cwd,
      env: { PORT: "many" },
    });
    expect(code).toBe(78);
    const { ok, problems } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(problems).toEqual([
      {
        severity: "error",
        ...{ file: "other.yaml", line: 1, column: 15, setting: "log.level" },
        message: 'must be debug, info, warn or error: it is "loud".',
      },
      { severity: "error", setting: "PORT", message: expect.stringMatching(/whole number/) },
      {
        severity: "warning",
        ...{ file: "other.yaml", line: 2, column: 10, setting: "routes[0]" },
        message: expect.stringMatching(/^leads to Slack, which has no credentials here \(SLACK_BOT_TOKEN\)/),
      },
    ]);
  });

  it("finds the complete example sound", async () => {
    const cwd = new URL("../..", import.meta.url).pathname;
    const { stdout, code } = await runHere(["config", "check", "docker/config/smartcloudops.minimal.yaml"], { cwd });
    expect([stdout.split("\n").at(-2), code]).toEqual([expect.stringMatching(/^The configuration is sound/), 0]);
  });

  it("wants a word that it knows", async () => {
    const { stderr, code } = await runHere(["config", "chek"], { cwd: folderWith({}) });
    expect([stderr, code]).toEqual([expect.stringMatching(/config wants "check"/), 2]);
  });

  it("says what start says", async () => {
    const cwd = folderWith(FILES);
    const { stdout } = await runHere(["config", "check"], { cwd });
    const { stderr, code } = await runHere(["start"], { cwd });
    expect(code).toBe(78);
    const sentences = stderr.split("\n").slice(1, -1);
    expect(sentences.length).toBe(11);
    for (const sentence of sentences) expect(stdout).toContain(sentence.replace(/^.*? (?:\S+: )?(?=\w+ )/, ""));
  });
});
