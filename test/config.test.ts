import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VARIABLES } from "../src/config/environment.ts";
import { explain, loadConfig, type SourceConfig, secretsOf } from "../src/config.ts";
import { NO_POLICY } from "../src/core/policy/rules.ts";
import { newPrivateKey } from "../src/util/signature.ts";
import { configOf, problemsOf } from "./config/helpers.ts";

describe("the environment", () => {
  it("may be empty: then there is no source, and everything else has a default", () => {
    expect(configOf()).toEqual({
      timezone: "UTC",
      breakers: { failures: 5, restMs: 10_000, only: [{ dependency: "model", failures: 3, restMs: 30_000 }] },
      env: undefined,
      dataDir: "/bot/.smartcloudops",
      audit: { key: undefined },
      sources: [],
      alertmanager: undefined,
      api: { tokens: [] },
      grafanaExternalUrl: undefined,
      packs: [],
      extensions: { folders: [] },
      http: { host: "127.0.0.1", port: 3978, metricsToken: undefined, alertsToken: undefined },
      responders: [],
      oncall: { schedules: [], escalations: [], calendars: [] },
      routes: [],
      maintenance: [],
      incidents: { dependencies: true, impact: "raise" },
      notifiers: [],
      digests: [],
      rollouts: { enabled: true, places: [] },
      ci: { secret: undefined, deploys: [], numbers: {}, teams: new Map() },
      slack: undefined,
      teams: undefined,
      people: [],
      roles: {},
      access: { rules: undefined, roles: {} },
      policy: NO_POLICY,
      runbooks: {
        builtin: true,
        folders: [],
        executors: { kubernetes: [], ssh: [], local: [], http: [], github: [], postgres: [], redis: [], extension: [] },
      },
      model: undefined,
      detection: {
        enabled: true,
        automatic: true,
        everySeconds: 60,
        cron: "* * * * *",
        cronWhere: "smartcloudops.yaml",
        forest: { trees: 100, contamination: 0.01 },
        historySeconds: 259_200,
        series: 1000,
        seriesPerWatch: 200,
        routes: [],
        incidents: "warning",
        watches: [],
      },
      log: { level: "info" },
      limits: {
        questionLength: 4000,
        answerTimeoutMs: 30_000,
        questionsPerMinute: 30,
        channelQuestionsPerMinute: 300,
        eventLoopWaitMs: 1000,
        retentionSeconds: {
          conversations: 2_592_000,
          evidence: 7_776_000,
          seenEvents: 604_800,
          proposals: 31_536_000,
          anomalies: 31_536_000,
        },
      },
      notices: [],
    });
  });

  it("takes the key that signs audit records out of a file, and shows it to nobody", () => {
    const pem = newPrivateKey();
    const config = configOf({ AUDIT_KEY_FILE: "audit.pem" }, { "/bot/audit.pem": pem });
    expect(config.audit.key?.reveal()).toBe(pem);
    expect(JSON.stringify(config)).not.toContain(pem.split("\n")[1]);
    expect(secretsOf(config)).toContain(config.audit.key);
    const wrong = problemsOf({ AUDIT_KEY_FILE: "/run/key" }, { "/run/key": "hello" });
    expect(wrong).toHaveLength(1);
    expect(wrong[0]?.message).toMatch(/^must name a file with an Ed25519 private key in PEM: it holds no private key/);
    const missing = problemsOf({ AUDIT_KEY_FILE: "/run/none" });
    expect(missing.map(({ where }) => where)).toEqual(["AUDIT_KEY_FILE"]);
  });

  it("makes PROMETHEUS_URL the default source, with its credentials, tenant and authority", () => {
    const files = {
      "/bot/ca.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      "/run/token": "t0ps3cret\n",
    };
    const { sources } = configOf(
      {
        PROMETHEUS_URL: " https://prom.example.com/prometheus/ ",
        PROMETHEUS_EXTERNAL_URL: "https://p.example.com",
        PROMETHEUS_BEARER_TOKEN_FILE: "/run/token",
        PROMETHEUS_TENANT: "team-a",
        PROMETHEUS_CA_FILE: "ca.pem",
      },
      files,
    );
    expect(sources).toHaveLength(1);
    const { bearerToken, ...source } = sources[0] as SourceConfig;
    expect(bearerToken?.reveal()).toBe("t0ps3cret");
    expect(source).toEqual({
      name: "default",
      url: "https://prom.example.com/prometheus",
      externalUrl: "https://p.example.com",
      default: true,
      headers: { "X-Scope-OrgID": "team-a" },
      secretHeaders: [],
      caFile: "/bot/ca.pem",
      timeoutMs: 10_000,
      maxConcurrent: 4,
      refreshMs: 300_000,
    });
  });

  it("takes a user name with a password", () => {
    const { sources } = configOf({
      PROMETHEUS_URL: "https://p",
      PROMETHEUS_USERNAME: "bot",
      PROMETHEUS_PASSWORD: "hunter2 x",
    });
    expect(sources[0]?.basic?.user).toBe("bot");
    expect(sources[0]?.basic?.password.reveal()).toBe("hunter2 x");
  });

  it("sets the rest", () => {
    const config = configOf({
      ALERTMANAGER_URL: "http://am:9093/",
      ALERTMANAGER_EXTERNAL_URL: "https://am.example.com",
      GRAFANA_EXTERNAL_URL: "https://g.example.com/",
      PORT: "0",
      HOST: "::1",
      METRICS_TOKEN: "m3trics",
      SMARTCLOUDOPS_DATA: "/var/lib/bot",
      LOG_LEVEL: "DEBUG",
      PROMETHEUS_URL: "",
    });
    expect(config.alertmanager).toEqual({ url: "http://am:9093", externalUrl: "https://am.example.com" });
    expect(config.grafanaExternalUrl).toBe("https://g.example.com");
    expect({ ...config.http, metricsToken: config.http.metricsToken?.reveal() }).toEqual({
      host: "::1",
      port: 0,
      metricsToken: "m3trics",
    });
    expect(config.dataDir).toBe("/var/lib/bot");
    expect(config.log.level).toBe("debug");
    expect(config.sources).toEqual([]);
  });

  it("is frozen as a whole once it is read", () => {
    const config = configOf({ PROMETHEUS_URL: "https://p" });
    expect(() => Object.assign(config.limits.retentionSeconds, { evidence: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config.sources[0] ?? {}, { url: "x" })).toThrow(TypeError);
  });

  it("tells all problems together", () => {
    const problems = problemsOf({
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      PROMETHEUS_URL: "prom:9090",
      ALERTMANAGER_URL: "ftp://am",
      PORT: "70000",
      HOST: "http://x",
      LOG_LEVEL: "infos",
      SMARTCLOUDOPS_ENV: "../etc",
      METRICS_TOKEN_FILE: "/nowhere",
    });
    expect(problems.map(({ where }) => where).sort()).toEqual([
      "ALERTMANAGER_URL",
      "HOST",
      "LOG_LEVEL",
      "METRICS_TOKEN_FILE",
      "NODE_TLS_REJECT_UNAUTHORIZED",
      "PORT",
      "PROMETHEUS_URL",
      "SMARTCLOUDOPS_ENV",
    ]);
    const text = explain(problems);
    expect(text).toMatch(/^The configuration has 8 problems:\n/);
    expect(text).toContain('  LOG_LEVEL: must be debug, info, warn or error: it is "infos". Did you mean info?');
    expect(text).toContain('  PORT: must be a whole number from 0 to 65535: it is "70000".');
  });

  it.each([
    [
      "credentials in an address",
      { PROMETHEUS_URL: "https://bot:hunter2@prom" },
      "PROMETHEUS_URL",
      /must not hold a user name or password.*PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD/,
    ],
    ["a query in an address", { PROMETHEUS_URL: "https://prom/?token=hunter2" }, "PROMETHEUS_URL", /no \? and no #/],
    [
      "an address that is none, with a password",
      { ALERTMANAGER_URL: "bot:hunter2@prom" },
      "ALERTMANAGER_URL",
      /http:\/\/ or https:\/\//,
    ],
    [
      "a token and its file",
      { METRICS_TOKEN: "hunter2", METRICS_TOKEN_FILE: "/t" },
      "METRICS_TOKEN",
      /both set. Remove one/,
    ],
    ["a token of two lines", { METRICS_TOKEN: "hunter2\nhunter2" }, "METRICS_TOKEN", /more than one line/],
    ["a token with a blank at its end", { METRICS_TOKEN: "hunter2 " }, "METRICS_TOKEN", /blank/],
    ["an empty file", { METRICS_TOKEN_FILE: "/empty" }, "METRICS_TOKEN_FILE", /is empty/],
    ["a file with two lines", { METRICS_TOKEN_FILE: "/two" }, "METRICS_TOKEN_FILE", /more than one line/],
    ["a file that is not there", { METRICS_TOKEN_FILE: "/none" }, "METRICS_TOKEN_FILE", /there is no \/none/],
    [
      "two kinds of credentials",
      {
        PROMETHEUS_URL: "https://p",
        PROMETHEUS_BEARER_TOKEN: "hunter2",
        PROMETHEUS_USERNAME: "u",
        PROMETHEUS_PASSWORD: "hunter2",
      },
      "PROMETHEUS_BEARER_TOKEN",
      /one kind of credentials/,
    ],
    [
      "a user name alone",
      { PROMETHEUS_URL: "https://p", PROMETHEUS_USERNAME: "u" },
      "PROMETHEUS_USERNAME",
      /together with PROMETHEUS_PASSWORD/,
    ],
    [
      "a password alone",
      { PROMETHEUS_URL: "https://p", PROMETHEUS_PASSWORD: "hunter2" },
      "PROMETHEUS_PASSWORD",
      /together with PROMETHEUS_USERNAME/,
    ],
    [
      "a token without a source",
      { PROMETHEUS_BEARER_TOKEN: "hunter2" },
      "PROMETHEUS_BEARER_TOKEN",
      /PROMETHEUS_URL, which is not set/,
    ],
    [
      "a link without an Alertmanager",
      { ALERTMANAGER_EXTERNAL_URL: "https://am" },
      "ALERTMANAGER_EXTERNAL_URL",
      /ALERTMANAGER_URL, which is not set/,
    ],
    [
      "an Alertmanager in the file without an address",
      { SMARTCLOUDOPS_CONFIG: "/am.yaml" },
      "/am.yaml:1:15 alertmanager",
      /ALERTMANAGER_URL/,
    ],
    [
      "an authority that is none",
      { PROMETHEUS_URL: "https://p", PROMETHEUS_CA_FILE: "/two" },
      "PROMETHEUS_CA_FILE",
      /BEGIN CERTIFICATE/,
    ],
    ["a folder with a NUL in it", { SMARTCLOUDOPS_DATA: "/a\0b" }, "SMARTCLOUDOPS_DATA", /NUL/],
    [
      "a configuration file that is not there",
      { SMARTCLOUDOPS_CONFIG: "conf.yaml" },
      "SMARTCLOUDOPS_CONFIG",
      /there is no \/bot\/conf.yaml/,
    ],
    [
      "checks of certificates turned off",
      { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
      "NODE_TLS_REJECT_UNAUTHORIZED",
      /PROMETHEUS_CA_FILE/,
    ],
  ])("refuses %s, names the cure, and never shows a secret", (_, env, where, message) => {
    const problems = problemsOf(env as unknown as Record<string, string>, {
      "/empty": "\n",
      "/am.yaml": "alertmanager: {receivers: [bot]}",
      "/two": "hunter2\nhunter2\n",
    });
    expect(problems).toEqual([{ where, message: expect.stringMatching(message) }]);
    expect(explain(problems)).not.toContain("hunter2");
  });

  it("takes one line break off a secret's file, of either kind, and no more", () => {
    expect(configOf({ METRICS_TOKEN_FILE: "/t" }, { "/t": "abc\r\n" }).http.metricsToken?.reveal()).toBe("abc");
    expect(problemsOf({ METRICS_TOKEN_FILE: "/t" }, { "/t": "abc\n\n" })).toHaveLength(1);
  });

  it("says that settings of parts which are not there yet are ignored", () => {
    const { notices } = configOf({
      GITHUB_TOKEN: "hunter2",
      HOME: "/root",
    });
    expect(notices).toEqual(["GITHUB_TOKEN is set but GitHub is not part of this version; it is ignored"]);
  });

  it("notices a slip in a variable's name, and not what Kubernetes adds", () => {
    const { notices } = configOf({
      PROMETHEUS_ULR: "https://p",
      PROMETHEUS_SERVICE_HOST: "10.0.0.1",
      PROMETHEUS_PORT: "tcp://10.0.0.1:9090",
      PROMETHEUS_PORT_9090_TCP: "tcp://10.0.0.1",
      PROMETHEUS_SOMETHING_ELSE: "x",
    });
    expect(notices).toEqual(["PROMETHEUS_ULR is not a setting and is ignored; did you mean PROMETHEUS_URL?"]);
  });

  it("warns when credentials travel unencrypted, but not on this machine", () => {
    const env = { PROMETHEUS_BEARER_TOKEN: "hunter2" };
    expect(configOf({ ...env, PROMETHEUS_URL: "http://prom:9090" }).notices).toEqual([
      expect.stringMatching(/unencrypted/),
    ]);
    expect(configOf({ ...env, PROMETHEUS_URL: "http://localhost:9090" }).notices).toEqual([]);
    expect(configOf({ ...env, PROMETHEUS_URL: "https://prom" }).notices).toEqual([]);
  });
});

describe("a configuration with secrets", () => {
  const config = configOf({
    PROMETHEUS_URL: "https://p",
    PROMETHEUS_USERNAME: "bot",
    PROMETHEUS_PASSWORD: "hunter2",
    METRICS_TOKEN: "m3trics",
  });

  it("prints without them", () => {
    for (const text of [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true })]) {
      expect(text).not.toMatch(/hunter2|m3trics/);
      expect(text).toContain("<hidden>");
    }
  });

  it("lists them for the log, and the form in which basic authentication sends them", () => {
    expect(secretsOf(config).map((one) => one.reveal())).toEqual([
      "hunter2",
      Buffer.from("bot:hunter2").toString("base64"),
      "m3trics",
    ]);
  });
});

describe("files on disk", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "config-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const why = (path: string) => {
    const result = loadConfig({ env: { METRICS_TOKEN_FILE: path }, cwd: folder });
    return result.ok ? result.config.http.metricsToken?.reveal() : result.problems[0]?.message;
  };

  it("are read from the folder the bot starts in", () => {
    writeFileSync(join(folder, "token"), "abc\n");
    expect(why("token")).toBe("abc");
  });

  it("must be regular files: a pipe does not keep the start waiting", () => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    expect(why("pipe")).toMatch(/not a regular file/);
    expect(why("/dev/zero")).toMatch(/not a regular file/);
    expect(why(folder)).toMatch(/is a folder/);
  });

  it("must be text of a sensible size at a path without NUL", () => {
    writeFileSync(join(folder, "binary"), Buffer.from([0xff, 0xfe, 0x41]));
    writeFileSync(join(folder, "large"), "x".repeat(1_000_001));
    expect(why("binary")).toMatch(/not UTF-8/);
    expect(why("large")).toMatch(/larger than 1000000 bytes/);
    expect(why("a\0b")).toMatch(/NUL/);
    expect(why("none")).toMatch(/there is no/);
  });

  it("are optional where no variable names them", () => {
    expect(loadConfig({ env: {}, cwd: folder }).ok).toBe(true);
  });
});

describe(".env.example", () => {
  const text = readFileSync(new URL("../.env.example", import.meta.url), "utf8");
  const names = [...text.matchAll(/^#?([A-Za-z]\w*)=/gm)].map((match) => match[1]);

  it("has each variable that is read, and no other", () => {
    const read = Object.entries(VARIABLES).flatMap(([name, kind]) =>
      kind === "secret" ? [name, `${name}_FILE`] : [name],
    );
    expect([...names].sort()).toEqual([...read].sort());
  });

  it("explains each of them in the line above", () => {
    const lines = text.split("\n");
    const unexplained = lines.filter(
      (line, index) => /^#?[A-Z]\w*=/.test(line) && !/^#?\w+_FILE=/.test(line) && !/^# \S/.test(lines[index - 1] ?? ""),
    );
    expect(unexplained).toEqual([]);
  });
});
