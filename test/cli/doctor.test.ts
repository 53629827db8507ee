import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { afterEach, describe, it } from "vitest";
import type { Check } from "../../src/cli/checks/check.ts";
import { checkClock, checkNode } from "../../src/cli/checks/here.ts";
import { run } from "../../src/cli/doctor.ts";
import { startOpenai } from "../fakes/openai/index.ts";
import { type Scraped, startScraped } from "../fakes/scraped.ts";
import { FakeSlack } from "../fakes/slack/index.ts";

const folders: string[] = [];
const servers: { stop(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function examine(env: Record<string, string>, json = true) {
  const home = mkdtempSync(join(tmpdir(), "doctor-"));
  folders.push(home);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const shown = textOf(stdout);
  const code = await run({
    env: { PORT: "0", SMARTCLOUDOPS_DATA: join(home, "data"), ...env },
    cwd: home,
    stdin: new PassThrough(),
    stdout,
    stderr,
    flags: { json },
    words: [],
  });
  stdout.end();
  return { code, text: await shown, home };
}

async function checksOf(env: Record<string, string>) {
  const { code, text } = await examine(env);
  const { ok, checks } = JSON.parse(text) as { ok: boolean; checks: Check[] };
  const named = (name: string) => checks.find((check) => check.name === name);
  return { code, ok, checks, named };
}

async function prometheus(as: Scraped = {}): Promise<string> {
  const started = await startScraped(as);
  servers.push(started);
  return started.url;
}

describe("the doctor", () => {
  it("finds nothing wrong where all is well, and ends with 0", async () => {
    const { code, ok, checks, named } = await checksOf({ PROMETHEUS_URL: await prometheus() });
    assert.deepEqual(
      checks.filter(({ state }) => state === "failed"),
      [],
    );
    assert.equal(ok, true);
    assert.equal(code, 0);
    assert.match(named("Prometheus default: access")?.found ?? "", /version 3\.7\.1/);
    assert.match(named("Prometheus default: data")?.found ?? "", /7 targets/);
    assert.match(named("Prometheus default: catalogue")?.found ?? "", /^1 metrics/);
    assert.equal(named("Alertmanager")?.state, "skipped");
  });

  it("says what to do about every failure, and ends with 1", async () => {
    const { code, text } = await examine({ PROMETHEUS_URL: "http://127.0.0.1:9" }, false);
    assert.match(
      text,
      /✗ Prometheus default: connection: 127\.0\.0\.1:9 cannot be connected to \(ECONNREFUSED\)\n {2}→ Check that it runs/,
    );
    assert.match(text, /1 of \d+ checks failed\.\n$/);
    assert.equal(code, 1);
  });

  it("tells a refused login from a wrong path", async () => {
    const refused = await checksOf({ PROMETHEUS_URL: await prometheus({ status: 401 }) });
    const login = refused.named("Prometheus default: access");
    assert.ok(login?.state === "failed");
    assert.match(login.cure, /PROMETHEUS_BEARER_TOKEN/);
    const lost = await checksOf({ PROMETHEUS_URL: `${await prometheus({ status: 404 })}/wrong` });
    const path = lost.named("Prometheus default: access");
    assert.ok(path?.state === "failed");
    assert.match(path.cure, /before \/api\/v1/);
  });

  it("notices a clock that differs, but asks on all the same", async () => {
    const date = new Date(Date.now() - 3_600_000);
    const { code, named } = await checksOf({ PROMETHEUS_URL: await prometheus({ date }) });
    const clock = named("Prometheus default: clock");
    assert.equal(clock?.state, "failed");
    assert.match(clock?.found ?? "", /3(5[89]\d|6[01]\d) s ahead/);
    assert.equal(named("Prometheus default: data")?.state, "ok");
    assert.equal(code, 1);
  });

  it("notices a Prometheus without targets and one that stopped scraping", async () => {
    const empty = await checksOf({ PROMETHEUS_URL: await prometheus({ up: 0 }) });
    assert.match(empty.named("Prometheus default: data")?.found ?? "", /no `up` series/);
    const old = await checksOf({ PROMETHEUS_URL: await prometheus({ newest: Date.now() / 1000 - 5000 }) });
    assert.match(old.named("Prometheus default: data")?.found ?? "", /500\d s old/);
    assert.equal(old.code, 1);
  });

  it("notices a port that another program has", async () => {
    const url = await prometheus();
    const { named } = await checksOf({ PROMETHEUS_URL: url, PORT: new URL(url).port });
    assert.match(named("port")?.found ?? "", /taken by another program/);
  });

  it("notices a data folder that is a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "doctor-"));
    folders.push(folder);
    writeFileSync(join(folder, "file"), "");
    const { named } = await checksOf({ SMARTCLOUDOPS_DATA: join(folder, "file") });
    assert.match(named("data folder")?.found ?? "", /is not a folder/);
    assert.equal(named("store")?.state, "skipped");
  });

  it("asks Slack whether it takes the tokens, without connecting", async () => {
    const slack = await new FakeSlack().start();
    try {
      const env = { SLACK_API_URL: slack.apiUrl, PROMETHEUS_URL: await prometheus() };
      const good = { SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken };
      assert.match((await checksOf({ ...env, ...good })).named("Slack")?.found ?? "", /good for workspace T0TESTTEAM/);
      assert.equal(slack.socketsOpened, 0);
      for (const bad of [{ SLACK_BOT_TOKEN: "xoxb-revoked" }, { SLACK_APP_TOKEN: "xapp-revoked" }]) {
        const { code, named } = await checksOf({ ...env, ...good, ...bad });
        assert.equal(code, 1);
        assert.equal(named("Slack")?.state, "failed");
      }
      assert.equal((await checksOf(env)).named("Slack")?.state, "skipped");
    } finally {
      await slack.stop();
    }
  });

  it("tells what is wrong with every concept pack", async () => {
    const folder = mkdtempSync(join(tmpdir(), "packs-"));
    folders.push(folder);
    writeFileSync(join(folder, "a.yaml"), "just: this");
    writeFileSync(join(folder, "b.yaml"), "pack: [");
    const file = join(folder, "smartcloudops.yml");
    writeFileSync(file, `packs: [${folder}, ${join(folder, "absent")}]`);
    const { code, checks } = await checksOf({ SMARTCLOUDOPS_CONFIG: file, PROMETHEUS_URL: await prometheus() });
    const found = checks.filter(({ name, state }) => name === "concept packs" && state === "failed");
    assert.equal(code, 1);
    assert.ok(found.some(({ found: text }) => text.includes("a.yaml")));
    assert.ok(found.some(({ found: text }) => text.includes("b.yaml")));
    assert.ok(found.some(({ found: text }) => text.includes(join(folder, "absent"))));
  });

  it("lists every problem of the configuration, and looks no further", async () => {
    const { code, checks } = await checksOf({ PORT: "no", LOG_LEVEL: "loud" });
    assert.equal(checks.filter(({ name, state }) => name === "configuration" && state === "failed").length, 2);
    assert.equal(checks.at(-1)?.state, "skipped");
    assert.equal(code, 1);
  });

  it("knows which Node runs the bot and which time cannot be", () => {
    assert.equal(checkNode("24.15.9").state, "failed");
    assert.equal(checkNode("24.16.0").state, "ok");
    assert.equal(checkNode("25.9.0").state, "failed");
    assert.equal(checkNode("26.0.0").state, "ok");
    assert.equal(checkClock(0).state, "failed");
    assert.equal(checkClock(Date.UTC(2027, 0, 1) / 1000).state, "ok");
  });
});

describe("the doctor and the language model", () => {
  it("asks it one small question, where one is configured", async () => {
    const server = await startOpenai([{ text: '{"intent":"alerts"}' }]);
    try {
      const env = { OPENAI_MODEL: "scripted", OPENAI_BASE_URL: server.url };
      const { named } = await checksOf({ ...env, OPENAI_API_KEY: "sk-test" });
      assert.equal(named("language model")?.found, "scripted answers");
      const wrong = (await checksOf({ ...env, OPENAI_API_KEY: "sk-other" })).named("language model");
      assert.equal(wrong?.state, "failed");
      assert.match(wrong?.found ?? "", /does not accept the key \(HTTP 401\)/);
      assert.equal((await checksOf({})).named("language model"), undefined);
    } finally {
      await server.stop();
    }
  });
});
