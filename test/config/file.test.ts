import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { configFile, jsonSchema } from "../../src/config/schema.ts";
import { loadConfig, secretsOf } from "../../src/config.ts";
import { configIn, configOf, problemsIn, problemsOf } from "./helpers.ts";

const read = (name: string) => readFileSync(new URL(`../../docker/config/${name}`, import.meta.url), "utf8");

const saidOf = (problems: readonly { readonly where: string; readonly message: string }[]) =>
  problems.map(({ where, message }) => `${where} ${message}`).join("\n");

describe("the configuration file", () => {
  it("sets everything it has a key for", () => {
    const config = configIn(
      `
timezone: Europe/Berlin
sources:
  - { name: eu, url: "https://eu/", environment: production, cluster: eu-1, tenant: a, headers: { X-Team: ops } }
  - name: us
    url: https://us
    external_url: https://us.example.com/
    default: true
    username: bot
    password_file: secrets/us
    ca_file: ca.pem
    timeout: 1m30s
    max_concurrent: 2
    refresh: 1h
alertmanager: { url: "https://am", external_url: "https://am.example.com" }
packs: [packs, /etc/packs]
limits:
  question_length: 500
  query_timeout: 5s
  questions_per_minute: 5
  answer_timeout: 20s
  event_loop_wait: 2s
  retention: { conversations: 1h, evidence: 2d, seen_events: 3d, proposals: 1w, places: 5d, lessons: 6d }
http: { host: 0.0.0.0, port: 8080 }
log: { level: warn }
incidents: { dependencies: false, impact: both, watchdog: 15m }
`,
      {},
      { "/bot/secrets/us": "hunter2\n", "/bot/ca.pem": "-----BEGIN CERTIFICATE-----" },
    );
    const [eu, us] = config.sources;
    expect(eu).toEqual({
      name: "eu",
      url: "https://eu",
      environment: "production",
      cluster: "eu-1",
      default: false,
      headers: { "X-Team": "ops", "X-Scope-OrgID": "a" },
      secretHeaders: [],
      timeoutMs: 5000,
      maxConcurrent: 4,
      refreshMs: 300_000,
    });
    expect(us).toMatchObject({
      name: "us",
      externalUrl: "https://us.example.com",
      default: true,
      caFile: "/bot/ca.pem",
      timeoutMs: 90_000,
      maxConcurrent: 2,
      refreshMs: 3_600_000,
    });
    expect([us?.basic?.user, us?.basic?.password.reveal()]).toEqual(["bot", "hunter2"]);
    expect(config).toMatchObject({
      timezone: "Europe/Berlin",
      alertmanager: { url: "https://am", externalUrl: "https://am.example.com" },
      packs: ["/bot/packs", "/etc/packs"],
      http: { host: "0.0.0.0", port: 8080 },
      log: { level: "warn" },
      incidents: { dependencies: false, impact: "both", watchdog: 900 },
      limits: {
        questionLength: 500,
        questionsPerMinute: 5,
        channelQuestionsPerMinute: 50,
        answerTimeoutMs: 20_000,
        eventLoopWaitMs: 2000,
        retentionSeconds: {
          conversations: 3600,
          evidence: 172_800,
          seenEvents: 259_200,
          proposals: 604_800,
          places: 432_000,
          lessons: 518_400,
        },
      },
    });
  });

  it("gives way to the environment", () => {
    const yaml =
      "http: { port: 1, host: 10.0.0.1 }\nlog: { level: warn }\nalertmanager: { url: http://a, external_url: http://b }\n";
    const config = configIn(yaml, { PORT: "2", HOST: "::", LOG_LEVEL: "error", ALERTMANAGER_URL: "http://c" });
    expect(config).toMatchObject({
      http: { port: 2, host: "::" },
      log: { level: "error" },
      alertmanager: { url: "http://c", externalUrl: "http://b" },
    });
  });

  it("may be empty, or have groups whose lines are all commented out", () => {
    expect(configIn("").sources).toEqual([]);
    expect(configIn("sources:\nlimits:\n  retention:\n").limits.questionLength).toBe(4000);
  });

  it("hides the value of a header that sounds like a secret from the log", () => {
    const config = configIn("sources: [{ name: a, url: http://a, headers: { X-Api-Key: hunter2, X-Team: ops } }]");
    expect(secretsOf(config).map((one) => one.reveal())).toEqual(["hunter2"]);
  });

  it("takes the value of a header from a file, and hides it from the log whatever the header is called", () => {
    const yaml = "sources: [{ name: a, url: http://a, headers: { X-Gate: { file: gate }, X-Team: ops } }]";
    const config = configIn(yaml, {}, { "/bot/gate": "opensesame\n" });
    expect(config.sources[0]?.headers).toEqual({ "X-Gate": "opensesame", "X-Team": "ops" });
    expect(secretsOf(config).map((one) => one.reveal())).toEqual(["opensesame"]);
    expect(saidOf(problemsIn(yaml, {}, { "/bot/gate": "ö" }))).toMatch(
      /X-Gate.file must hold one line of printable ASCII/,
    );
    expect(saidOf(problemsIn(yaml))).toMatch(/X-Gate.file must name a readable file/);
  });

  it("refuses a bearer token that no header can carry, without showing it", () => {
    const yaml = "sources: [{ name: a, url: http://a, bearer_token_file: token }]";
    const problems = saidOf(problemsIn(yaml, {}, { "/bot/token": "gehöim" }));
    expect(problems).toMatch(/bearer_token_file must be printable ASCII/);
    expect(problems).not.toContain("gehöim");
  });

  it("tells every problem with its line and column", () => {
    const problems = problemsIn(`timezone: Berlin
sourcs: []
watches: {}
sources:
  - name: "a b"
    url: http://bot:hunter2@prom
    timeout: 10 s
    headers: { Authorization: hunter2, X-A: "hunter2ü" }
    bearer_token: hunter2
  - name: 5
    refresh: 30
  - nope
limits: { question_length: many, retention: [1] }
http: 5
`);
    expect(problems.map(({ where, message }) => `${where}: ${message}`).sort()).toEqual([
      expect.stringMatching(/^smartcloudops.yaml:10:11 sources\[1\].name: must be text: it is the number 5/),
      expect.stringMatching(/^smartcloudops.yaml:10:5 sources\[1\].url: is missing/),
      expect.stringMatching(
        /^smartcloudops.yaml:11:14 sources\[1\].refresh: must be a duration from 10s to 1d.*: it is the number 30/,
      ),
      expect.stringMatching(/^smartcloudops.yaml:12:5 sources\[2\]: must be a group of settings: it is "nope"/),
      expect.stringMatching(
        /^smartcloudops.yaml:13:28 limits.question_length: must be a whole number from 100 to 20000: it is "many"/,
      ),
      expect.stringMatching(/^smartcloudops.yaml:13:45 limits.retention: must be a group of settings: it is a list/),
      expect.stringMatching(/^smartcloudops.yaml:14:7 http: must be a group of settings: it is the number 5/),
      expect.stringMatching(/^smartcloudops.yaml:1:11 timezone: must be the IANA name.*: it is "Berlin"/),
      "smartcloudops.yaml:2:1 sourcs: is not a setting. Did you mean sources?",
      "smartcloudops.yaml:3:10 watches: must be a list: it is a group of settings.",
      expect.stringMatching(/^smartcloudops.yaml:5:11 sources\[0\].name: must be 1 to 63 letters.*: it is "a b"/),
      expect.stringMatching(/^smartcloudops.yaml:6:10 sources\[0\].url: must not hold a user name or password/),
      expect.stringMatching(/^smartcloudops.yaml:7:14 sources\[0\].timeout: must be a duration.*: it is "10 s"/),
      expect.stringMatching(
        /^smartcloudops.yaml:8:16 sources\[0\].headers.Authorization: is a header that the bot sets itself/,
      ),
      expect.stringMatching(
        /^smartcloudops.yaml:8:45 sources\[0\].headers.X-A: must be one line of printable ASCII: it is <hidden>/,
      ),
      "smartcloudops.yaml:9:5 sources[0].bearer_token: is not a setting. Did you mean bearer_token_file?",
    ]);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  it.each([
    ["an alias", "timezone: &zone UTC\nlog: *zone", "smartcloudops.yaml:2:6", /aliases/],
    ["a tag of somebody's own", "timezone: !zone UTC", "smartcloudops.yaml:1:17", /tags/],
    ["a standard tag", "timezone: !!str UTC", "smartcloudops.yaml:1:17", /tags/],
    ["a key twice", "timezone: UTC\ntimezone: UTC", "smartcloudops.yaml:2:1", /stands twice/],
    ["__proto__", "__proto__: { timezone: UTC }", "smartcloudops.yaml:1:1", /__proto__/],
    ["__proto__ in quotes, further in", 'log:\n  "__proto__": { level: debug }', "smartcloudops.yaml:2:3", /__proto__/],
    ["a merge key", "<<: { timezone: UTC }", "smartcloudops.yaml:1:1 <<", /is not a setting/],
    ["a tab", "log:\n\tlevel: info", "smartcloudops.yaml:2:1", /tab/],
    ["half a list", "packs: [a", expect.stringMatching(/^smartcloudops.yaml:1:/), /valid YAML/],
    ["two documents", "timezone: UTC\n---\ntimezone: UTC", "smartcloudops.yaml:2:1", /one document/],
    ["a list at the top", "- a", "smartcloudops.yaml:1:1", /group of settings/],
    [
      "a million brackets",
      "[".repeat(999_999),
      expect.stringMatching(/^smartcloudops.yaml/),
      /nest|valid YAML|Maximum/,
    ],
    ["too much", "#".repeat(1_000_001), "smartcloudops.yaml", /1000000 characters/],
  ])("refuses %s", (_, yaml, where, message) => {
    const problems = problemsIn(yaml);
    expect(problems[0]).toEqual({ where, message: expect.stringMatching(message) });
    expect(({} as { timezone?: string }).timezone).toBeUndefined();
  });

  it("asks each text what it may hold: a number that YAML made of one is told apart", () => {
    expect(problemsIn("sources: [{ name: 012, url: http://a }]")[0]?.message).toContain("it is the number 12");
  });

  it.each([
    [
      "two sources of one name",
      "sources: [{ name: a, url: http://a }, { name: a, url: http://b }]",
      {},
      "sources[1].name",
      /there twice/,
    ],
    [
      "a second source that is called default",
      "sources: [{ name: default, url: http://a }]",
      { PROMETHEUS_URL: "http://p" },
      "sources[0].name",
      /PROMETHEUS_URL/,
    ],
    [
      "two defaults",
      "sources: [{ name: a, url: http://a, default: true }, { name: b, url: http://b, default: true }]",
      {},
      "sources[1].default",
      /sources\[0\] already/,
    ],
    [
      "a default beside PROMETHEUS_URL",
      "sources: [{ name: a, url: http://a, default: true }]",
      { PROMETHEUS_URL: "http://p" },
      "sources[0].default",
      /PROMETHEUS_URL already/,
    ],
    [
      "a user name alone",
      "sources: [{ name: a, url: http://a, username: u }]",
      {},
      "sources[0].username",
      /password_file/,
    ],
    [
      "a token's file that is not there",
      "sources: [{ name: a, url: http://a, bearer_token_file: t }]",
      {},
      "sources[0].bearer_token_file",
      /there is no \/bot\/t/,
    ],
    [
      "a tenant twice",
      "sources: [{ name: a, url: http://a, tenant: t, headers: { x-scope-orgid: u } }]",
      {},
      "sources[0].tenant",
      /headers has x-scope-orgid too/,
    ],
    [
      "a retention above its maximum",
      "limits: { retention: { conversations: 366d } }",
      {},
      "limits.retention.conversations",
      /1h to 365d/,
    ],
    ["a host with a port", "http: { host: 'a:b:c/d' }", {}, "http.host", /without a port/],
  ])("refuses %s", (_, yaml, env, where, message) => {
    expect(problemsIn(yaml, env as Record<string, string>)).toEqual([
      {
        where: expect.stringMatching(new RegExp(`^smartcloudops.yaml:1:\\d+ ${where.replace(/[[\]]/g, "\\$&")}$`)),
        message: expect.stringMatching(message),
      },
    ]);
  });

  it("makes the first of several sources the default, and says so", () => {
    const { sources, notices } = configIn("sources: [{ name: a, url: http://a }, { name: b, url: http://b }]");
    expect(sources.map((source) => source.default)).toEqual([true, false]);
    expect(notices).toEqual([expect.stringMatching(/the first one, a, is asked/)]);
  });

  it("names what is wrong in it and in the environment together", () => {
    expect(problemsIn("timezone: 5", { PORT: "x" }).map(({ where }) => where)).toEqual([
      "smartcloudops.yaml:1:11 timezone",
      "PORT",
    ]);
  });
});

describe("an overlay", () => {
  const base =
    "timezone: UTC\nsources:\n  - { name: a, url: http://a, timeout: 3s }\n  - { name: b, url: http://b }\npacks: [one]\nlog: { level: warn }\n";
  const files = (overlay: string) => ({
    "/etc/ops/base.yaml": base,
    "/etc/ops/base.prod.yaml": overlay,
    "/etc/ops/t": "hunter2",
  });
  const env = { SMARTCLOUDOPS_CONFIG: "/etc/ops/base.yaml", SMARTCLOUDOPS_ENV: "prod" };

  it("is merged key by key, and lists of named things by name", () => {
    const config = configOf(
      env,
      files(
        "sources:\n  - { name: c, url: http://c }\n  - { name: a, url: http://a2, bearer_token_file: t, default: true }\npacks: [two]\nlog:\n",
      ),
    );
    expect(config.sources.map(({ name, url, timeoutMs }) => [name, url, timeoutMs])).toEqual([
      ["a", "http://a2", 3000],
      ["b", "http://b", 10_000],
      ["c", "http://c", 10_000],
    ]);
    expect(config.sources[0]?.bearerToken?.reveal()).toBe("hunter2");
    expect(config.packs).toEqual(["/etc/ops/two"]);
    expect(config.log.level).toBe("info"); // emptied by the overlay
    expect([config.env, config.timezone]).toEqual(["prod", "UTC"]);
  });

  it("is named where it is what is wrong", () => {
    expect(problemsOf(env, files("sources:\n  - name: b\n    url: nonsense\n")).map(({ where }) => where)).toEqual([
      "/etc/ops/base.prod.yaml:3:10 sources[1].url",
    ]);
  });

  it.each(["c", "a"])("does not hide that it has two sources of the name %s", (name) => {
    const twice = `sources: [{ name: ${name}, url: http://c }, { name: ${name}, url: http://d }]`;
    expect(problemsOf(env, files(twice)).map(({ message }) => message)).toEqual([expect.stringMatching(/there twice/)]);
  });

  it("must exist when it is asked for beside a file", () => {
    expect(problemsOf(env, { "/etc/ops/base.yaml": base })).toEqual([
      { where: "SMARTCLOUDOPS_ENV", message: expect.stringContaining("base.prod.yaml") },
    ]);
    expect(configOf({ SMARTCLOUDOPS_ENV: "prod" }).env).toBe("prod");
  });
});

describe("the examples in docker/config", () => {
  const cwd = new URL("../../docker/config/", import.meta.url).pathname;

  it.each([undefined, "production"])("are configurations that work, with the overlay %s", (overlay) => {
    const result = loadConfig({ env: overlay === undefined ? {} : { SMARTCLOUDOPS_ENV: overlay }, cwd });
    expect(result).toMatchObject({
      ok: true,
      config: { sources: [{ name: "main", default: true }, ...(overlay === undefined ? [] : [{ name: "us" }])] },
    });
  });

  it("work with the lines that are off, too", () => {
    const all = read("smartcloudops.yaml")
      .replace(/^( *)#(?=\S)/gm, "$1")
      .replace(/^ *bearer_token_file:.*\n/m, "");
    const config = configIn(
      all,
      { OPENAI_API_KEY: "sk-of-the-example" },
      {
        "/etc/ssl/certs/internal-ca.pem": "-----BEGIN CERTIFICATE-----",
        ...Object.fromEntries(filesOfNotifiers(all).map((path) => [path, "https://hooks.example.com/x"])),
        "/run/secrets/proxy_key": "k",
        "/run/secrets/prometheus_password": "x",
        ...Object.fromEntries(filesOfExecutors(all).map((path) => [path, "redis://cache"])),
      },
    );
    expect(config.limits.retentionSeconds.places).toBe(31_536_000);
    expect(config.notices).toEqual([
      expect.stringMatching(/^postgres orders-replica: the password and the queries travel unencrypted$/),
    ]);
    expect(config.policy.rules.high).toMatchObject({ approvals: 2, distinctRoles: ["sre", "owner"], typedCode: true });
    expect(Object.values(config.runbooks.executors).map((all) => all.length)).toEqual([2, 1, 1, 1, 1, 2, 2, 1]);
    expect(config.sources[0]).toMatchObject({
      headers: { "X-Requested-By": "smartcloudops", "X-Api-Key": "k", "X-Scope-OrgID": "team-a" },
    });
  });

  it("show the defaults, and every key there is", () => {
    const text = read("smartcloudops.yaml");
    const keys = [...jsonSchema().matchAll(/"properties": \{/g)].length;
    expect(keys).toBeGreaterThan(5);
    const missing = keyNames(JSON.parse(jsonSchema())).filter(
      (key) => !new RegExp(`(?:^ *#? *(?:- )?|[{,] *)${key}:`, "m").test(text),
    );
    expect(missing).toEqual([]);
    expect(configIn(text).limits).toEqual(configOf().limits);
    expect(configIn(text).http).toEqual(configOf().http);
  });

  it("come with the JSON Schema of this version", () => {
    expect(read("smartcloudops.schema.json")).toBe(jsonSchema());
  });

  it("are described by that schema in the editor's terms too", () => {
    const schema = z.fromJSONSchema(JSON.parse(jsonSchema()));
    expect(schema.safeParse({ timezone: "UTC", limits: { query_timeout: "5s" } }).success).toBe(true);
    expect(schema.safeParse({ limits: { query_timeout: "5 s" } }).success).toBe(false);
    expect(schema.safeParse({ sourcs: [] }).success).toBe(false);
    expect(configFile().safeParse({ sourcs: [] }).success).toBe(false);
  });
});

/** Files that the executors of the example name. */
function filesOfExecutors(text: string): readonly string[] {
  const part = text.slice(text.indexOf("executors:"));
  return [...part.matchAll(/(?:_file|kubeconfig|\{token): ([^\s,}]+)/g)].map(([, path]) => path as string);
}

function filesOfNotifiers(text: string): readonly string[] {
  return [...text.matchAll(/(?:_file|\{token): (\/run\/secrets\/[^\s,}]+)/g)].map(([, path]) => path as string);
}

function keyNames(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own =
    "properties" in schema && typeof schema.properties === "object" ? Object.keys(schema.properties ?? {}) : [];
  return [...own, ...Object.values(schema).flatMap(keyNames)];
}
