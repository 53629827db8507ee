import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv, stripVTControlCharacters } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { readDotEnv, withChanges } from "../../src/cli/init/dot-env.ts";
import { QUESTIONS } from "../../src/cli/init/questions.ts";
import { VARIABLES } from "../../src/config/environment.ts";
import { APP_ID, APP_PASSWORD, startBotFramework, TENANT } from "../fakes/bot-framework/index.ts";
import { startOpenai } from "../fakes/openai/index.ts";
import { startRedis } from "../fakes/programs/redis.ts";
import { startScraped } from "../fakes/scraped.ts";
import { FakeSlack } from "../fakes/slack/index.ts";
import { runHere } from "./in-process.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const open: { stop(): unknown }[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
const kept = <T extends { stop(): unknown }>(one: T): T => {
  open.push(one);
  return one;
};

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "init-"));
  folders.push(folder);
  return folder;
}

const dotEnv = (folder: string) => readFileSync(join(folder, ".env"), "utf8");

describe("init with --yes", { timeout: 60_000 }, () => {
  it("tries everything live, writes .env, the file and the Teams package, and changes nothing the second time", async () => {
    const cwd = newFolder();
    const prometheus = kept(await startScraped({ bearer: "scrape-me" }));
    const slack = kept(await new FakeSlack().start());
    const framework = await startBotFramework();
    kept({ stop: framework.close });
    const model = kept(await startOpenai([{ text: '{"intent":"alerts"}' }]));
    const redis = await startRedis({ keeps: true });
    if (!("skipped" in redis)) kept(redis);
    writeFileSync(join(cwd, "slack-token"), `${slack.botToken}\n`);
    const env = {
      // Where the vendors are played here.
      ...{ SLACK_API_URL: slack.apiUrl, TEAMS_SERVICE_URLS: framework.host },
      ToBotFromChannelOpenIdMetadataUrl: framework.overrides.openIdMetadata,
      ToBotFromChannelTokenIssuer: framework.overrides.tokenIssuer,
      ToChannelFromBotLoginUrl: framework.overrides.loginUrl,
      ToChannelFromBotOAuthScope: framework.overrides.oauthScope,
      // Secrets come from the environment, files, or stdin.
      ...{ SLACK_APP_TOKEN: slack.appToken, MicrosoftAppPassword: APP_PASSWORD, OPENAI_API_KEY: "sk-test" },
      ...("skipped" in redis ? {} : { REDIS_URL: redis.urlOf(0).reveal() }),
    };
    const args = [
      ...["init", "--yes", "--prometheus-url", prometheus.url, "--prometheus-bearer-token-file", "-"],
      ...["--slack-bot-token-file", "slack-token", "--slack-channel", "C0GENERAL1"],
      ...["--teams-app-id", APP_ID, "--teams-tenant-id", TENANT],
      ...["--openai-model", "scripted", "--openai-base-url", model.url, "--timezone", "Europe/Berlin"],
    ];
    const { stdout, stderr, code } = await runHere(args, { cwd, env, piped: "scrape-me\n" });
    expect([code, stderr], stdout).toEqual([0, ""]);
    expect(stdout).toMatch(/✓ Prometheus default: access: lets us in, version 3\.7\.1/);
    expect(stdout).toMatch(/✓ Slack: the tokens are good for workspace T\w+, in socket mode/);
    expect(stdout).toMatch(/✓ Microsoft Teams: takes the app id and its password/);
    expect(stdout).toMatch(/✓ language model: scripted answers/);
    if (!("skipped" in redis)) expect(stdout).toMatch(/✓ store: opens and can be written in Redis/);
    for (const secret of ["scrape-me", slack.botToken, slack.appToken, APP_PASSWORD, "sk-test"])
      expect(stdout).not.toContain(secret);

    expect(statSync(join(cwd, ".env")).mode & 0o777).toBe(0o600);
    expect(parseEnv(dotEnv(cwd))).toMatchObject({
      PROMETHEUS_URL: prometheus.url,
      PROMETHEUS_BEARER_TOKEN: "scrape-me",
      // A secret that lies in a file stays there.
      SLACK_BOT_TOKEN_FILE: join(cwd, "slack-token"),
      SLACK_APP_TOKEN: slack.appToken,
      MicrosoftAppId: APP_ID,
      MicrosoftAppPassword: APP_PASSWORD,
      SMARTCLOUDOPS_CONFIG: "config/smartcloudops.yaml",
    });
    const yaml = readFileSync(join(cwd, "config/smartcloudops.yaml"), "utf8");
    expect(yaml).toMatch(/timezone: Europe\/Berlin\n/);
    expect(yaml).toMatch(/^routes:\n {2}- slack: \[C0GENERAL1\]$/m);
    expect(readFileSync(join(cwd, "smartcloudops-teams.zip")).subarray(0, 2).toString()).toBe("PK");
    const checked = await runHere(["config", "check"], {
      cwd,
      env: { ...env, ...readDotEnv(join(cwd, ".env")).values },
    });
    expect(checked.stdout).not.toMatch(/error:/);

    const files = [".env", "config/smartcloudops.yaml", "smartcloudops-teams.zip"];
    const before = files.map((file) => readFileSync(join(cwd, file)));
    const again = await runHere(["init", "--yes"], { cwd, env });
    expect([again.code, again.stderr], again.stdout).toEqual([0, ""]);
    expect(again.stdout).toMatch(/\.env is as it has to be\.\nconfig\/smartcloudops\.yaml stays as it is/);
    expect(files.map((file) => readFileSync(join(cwd, file)))).toEqual(before);
  });

  it.each([
    ["an address that is none", ["--prometheus-url", "htp:/x"], {}, /PROMETHEUS_URL must be an address .*"htp:\/x"/],
    [
      "a server that is not there",
      ["--prometheus-url", "http://127.0.0.1:9"],
      {},
      /cannot be connected to \(ECONNREFUSED\)\n {2}→ Check that it runs/,
    ],
    [
      "a name that nobody knows",
      ["--prometheus-url", "http://prometheus.invalid:9090"],
      {},
      /cannot be resolved .*\n {2}→ Check the spelling/,
    ],
    [
      "a Redis that is not there",
      [],
      { REDIS_URL: "redis://127.0.0.1:1/0" },
      /✗ store: .*\n {2}→ Check host, port, user and password/,
    ],
    ["a Redis address that is none", [], { REDIS_URL: "127.0.0.1" }, /✗ Redis: REDIS_URL must/],
    [
      "a model that is not there",
      [],
      { OPENAI_MODEL: "m", OPENAI_BASE_URL: "http://127.0.0.1:9/v1" },
      /✗ language model: m: .*\n {2}→ Look at OPENAI_MODEL/,
    ],
    [
      "a channel by its name",
      ["--slack-channel", "#ops"],
      { SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1" },
      /slack-channel must be the id of a channel, such as C0123ABCD: it is "#ops"/,
    ],
    [
      "half of Slack's credentials",
      [],
      { SLACK_BOT_TOKEN: "xoxb-1" },
      /✗ Slack: SLACK_APP_TOKEN must be set too.*\n {2}→ Copy the bot token from OAuth/,
    ],
    ["a zone that is none", ["--timezone", "Mars"], {}, /timezone must be the IANA name/],
    [
      "a secret file that is not there",
      ["--openai-model", "m", "--openai-api-key-file", "nowhere"],
      {},
      /✗ Language model: OPENAI_API_KEY_FILE must name a readable file/,
    ],
  ] as const)("says what is wrong with %s, and writes nothing", async (_, args, env, sentence) => {
    const cwd = newFolder();
    const { stdout, code } = await runHere(["init", "--yes", ...args], { cwd, env });
    expect(stdout).toMatch(sentence);
    expect(stdout).toMatch(/\nNothing was written: correct what failed, or give --keep-failed\.\n$/);
    expect(code).toBe(1);
    expect(existsSync(join(cwd, ".env")) || existsSync(join(cwd, "config"))).toBe(false);
  });

  it("tells a refused Slack token, Teams password and model key each with its cure", async () => {
    const slack = kept(await new FakeSlack().start());
    const framework = await startBotFramework();
    kept({ stop: framework.close });
    const model = kept(await startOpenai([{ text: '{"intent":"alerts"}' }]));
    const env = {
      ...{ SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: "xapp-other" },
      ...{ MicrosoftAppId: APP_ID, MicrosoftAppPassword: "wrong", MicrosoftAppTenantId: TENANT },
      ...{ TEAMS_SERVICE_URLS: framework.host, ToChannelFromBotLoginUrl: framework.overrides.loginUrl },
      ToBotFromChannelOpenIdMetadataUrl: framework.overrides.openIdMetadata,
      ToBotFromChannelTokenIssuer: framework.overrides.tokenIssuer,
      ToChannelFromBotOAuthScope: framework.overrides.oauthScope,
      ...{ OPENAI_MODEL: "scripted", OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "sk-other" },
    };
    const { stdout, code } = await runHere(["init", "--yes"], { cwd: newFolder(), env });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ Slack: .*\n {2}→ Copy the bot token from OAuth & Permissions/);
    expect(stdout).toMatch(/✗ Microsoft Teams: .*\n {2}→ Look at the app registration/);
    expect(stdout).toMatch(/✗ language model: scripted: .*\n {2}→ Look at OPENAI_MODEL/);
  });

  it("writes what does not work yet when it is told to, for machines that reach nothing", async () => {
    const cwd = newFolder();
    const args = ["init", "--yes", "--keep-failed", "--prometheus-url", "http://127.0.0.1:9"];
    const { code } = await runHere([...args, "--alertmanager-url", "http://127.0.0.1:9"], { cwd });
    expect(code).toBe(0);
    const { PROMETHEUS_URL, ALERTMANAGER_WEBHOOK_TOKEN } = parseEnv(dotEnv(cwd));
    expect(PROMETHEUS_URL).toBe("http://127.0.0.1:9");
    expect(ALERTMANAGER_WEBHOOK_TOKEN).toMatch(/^[\w-]{32}$/);
  });

  it("takes no secret on the command line, and one from stdin at most", async () => {
    const cwd = newFolder();
    const told = await runHere(["init", "--yes", "--slack-bot-token", "xoxb-1"], { cwd });
    expect([told.code, told.stderr]).toEqual([2, expect.stringMatching(/Did you mean --slack-bot-token-file\?/)]);
    const two = await runHere(["init", "--yes", "--slack-bot-token-file", "-", "--redis-url-file", "-"], { cwd });
    expect([two.code, two.stderr]).toEqual([2, expect.stringMatching(/only one secret can come from stdin/)]);
    // Typed at a terminal whose output goes elsewhere: nothing would hide it.
    const shown = await runHere(["init"], { cwd, input: "xoxb-1\n" });
    expect([shown.code, shown.stderr]).toEqual([2, expect.stringMatching(/do not redirect it/)]);
  });

  it("has a flag for every question, listed by --flags", async () => {
    const { stdout } = await runHere(["init", "--flags"], { cwd: newFolder() });
    for (const { name, isSecret } of Object.values(QUESTIONS).flat())
      expect(stdout).toMatch(new RegExp(`^--${name}${isSecret === true ? "-file FILE" : " TEXT"}$`, "m"));
    for (const { variable, isSecret } of Object.values(QUESTIONS).flat())
      if (variable !== undefined)
        expect(VARIABLES[variable as keyof typeof VARIABLES]).toBe(isSecret === true ? "secret" : "plain");
  });
});

describe("init that asks", { timeout: 60_000 }, () => {
  const NONE = "\n\n\n\n\n";

  it("asks again after a wrong answer, and keeps, leaves out or takes away what it is told to", async () => {
    const cwd = newFolder();
    const { url } = kept(await startScraped({ bearer: "t0ken" }));
    // Wrong address, then the right one, with a wrong token, then with its own; no Alertmanager …
    const piped = `localhost:9\n\n${url}\n\nwr0ng\n\n\n\nt0ken\n${NONE}UTC\n`;
    const { stdout, code } = await runHere(["init"], { cwd, piped });
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/PROMETHEUS_URL must be an address/);
    expect(stdout).toMatch(/It wants to know who asks\.\n {2}User name/);
    expect(stdout).toMatch(/✗ Prometheus default: access: .*401.*\n {2}→ Check PROMETHEUS_BEARER_TOKEN/);
    expect(stdout).toMatch(/✓ Prometheus default: access/);
    expect(stdout).toMatch(/https:\/\/api\.slack\.com\/apps\?new_app=1&manifest_json=%7B/);
    expect(stdout).not.toContain("t0ken");
    expect(parseEnv(dotEnv(cwd))).toMatchObject({ PROMETHEUS_URL: url, PROMETHEUS_BEARER_TOKEN: "t0ken" });

    // The second time Enter keeps all; - takes the token away, which is kept although it does not work then.
    const same = await runHere(["init"], { cwd, piped: `\n\n\n${NONE}` });
    expect([same.code, same.stdout]).toEqual([0, expect.stringMatching(/\[present\].*\.env is as it has to be\./s)]);
    const less = await runHere(["init"], { cwd, piped: `\n\n-\nk\n${NONE}y\n` });
    expect(less.stdout).toMatch(/\.env is there\. Change PROMETHEUS_BEARER_TOKEN in it, and leave the rest\? \(Y\/n\)/);
    expect(dotEnv(cwd)).not.toContain("BEARER");
  });

  it("asks for no credentials where the server lets everybody in", async () => {
    const cwd = newFolder();
    const { url } = kept(await startScraped());
    const { stdout, code } = await runHere(["init"], { cwd, piped: `${url}\n${NONE}UTC\n` });
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/✓ Prometheus default: access/);
    expect(stdout).not.toMatch(/User name|Password|Bearer/);
  });

  it("changes nothing when the answers end, or nobody wants .env to be changed", async () => {
    const cwd = newFolder();
    const before = "# mine\nOTHER=1\n";
    writeFileSync(join(cwd, ".env"), before);
    const cut = await runHere(["init"], { cwd, piped: "http://127.0.0.1:9\n" });
    expect([cut.code, cut.stderr]).toEqual([
      1,
      expect.stringMatching(/ended before all were answered\. Nothing was written/),
    ]);
    const no = await runHere(["init"], { cwd, piped: `http://127.0.0.1:9\nk\n${NONE}UTC\nn\n` });
    expect([no.code, no.stdout]).toEqual([1, expect.stringMatching(/Nothing was written/)]);
    expect(dotEnv(cwd)).toBe(before);
    expect(existsSync(join(cwd, "config"))).toBe(false);
  });

  it.skipIf(!existsSync("/usr/bin/script"))("does not show a secret that is typed at a terminal", async () => {
    const cwd = newFolder();
    const { url } = kept(await startScraped({ bearer: "t0ken" }));
    const child = spawn("/usr/bin/script", ["-qec", `"${process.execPath}" "${MAIN}" init`, "/dev/null"], {
      cwd,
      env: { PATH: process.env.PATH, TERM: "xterm" },
    });
    let said = "";
    const typed: [RegExp, string][] = [
      [/without \/api\/v1 .*: $/, url],
      [/User name.*: $/, ""],
      [/Bearer token.*: $/, "t0ken"],
      [/Alertmanager: $/, ""],
      [/OAuth Token.*: $/, ""],
      [/Application \(client\) id.*: $/, ""],
      [/language model.*: $/, ""],
      [/Redis for several.*: $/, ""],
      [/Time zone.*: $/, ""],
    ];
    child.stdout.on("data", (chunk) => {
      said += String(chunk);
      const plain = stripVTControlCharacters(said);
      if (typed[0]?.[0].test(plain)) child.stdin.write(`${typed.shift()![1]}\r`);
    });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect([code, typed], said).toEqual([0, []]);
    expect(said).toContain(url);
    expect(said).not.toContain("t0ken");
    expect(parseEnv(dotEnv(cwd))["PROMETHEUS_BEARER_TOKEN"]).toBe("t0ken");
  });
});

describe(".env", () => {
  it("keeps every line that is not asked about, and its own place for a new one", () => {
    const text =
      '# mine\nOTHER="a # b"\n#SLACK_BOT_TOKEN=\n#SLACK_BOT_TOKEN_FILE=/run/x\nPROMETHEUS_URL=old\nPROMETHEUS_URL=older\nMicrosoftAppId=x\n';
    const changes = new Map<string, string | undefined>([
      ["PROMETHEUS_URL", "http://new"],
      ["SLACK_BOT_TOKEN", "xoxb-1"],
      ["MicrosoftAppId", undefined],
      ["OPENAI_MODEL", "gpt"],
    ]);
    expect(withChanges(text, changes)).toBe(
      '# mine\nOTHER="a # b"\n#SLACK_BOT_TOKEN=\nSLACK_BOT_TOKEN=xoxb-1\n#SLACK_BOT_TOKEN_FILE=/run/x\nPROMETHEUS_URL=http://new\nOPENAI_MODEL=gpt\n',
    );
  });

  it.each(["plain", "a b", "a#b", 'a"b', "a'b", `a"b'c`, "a\\nb", "$HOME", "ü"])("gives %j back as it was", (value) => {
    expect(parseEnv(withChanges("", new Map([["X", value]])))["X"]).toBe(value);
  });

  it("says so where no quotes can hold a value", () => {
    expect(() => withChanges("", new Map([["X", "a\"b'c`d"]]))).toThrow(/Put it into a file/);
  });

  it("is for its owner alone after a change, whatever it was", async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, ".env"), "OTHER=1\n");
    chmodSync(join(cwd, ".env"), 0o644);
    await runHere(["init", "--yes", "--keep-failed", "--prometheus-url", "http://127.0.0.1:9"], { cwd });
    expect(statSync(join(cwd, ".env")).mode & 0o777).toBe(0o600);
    expect(dotEnv(cwd)).toMatch(/^OTHER=1\n/);
  });
});
