import { describe, expect, it } from "vitest";
import { secretsOf } from "../../src/config.ts";
import { configIn, configOf, problemsIn, problemsOf } from "./helpers.ts";

const said = (env: Record<string, string>, files = {}) =>
  problemsOf(env, files).map(({ where, message }) => `${where} ${message}`);
const BOT = { SLACK_BOT_TOKEN: "xoxb-1-2-abc" };
const APP_ID = "01234567-89ab-cdef-0123-456789abcdef";
const TEAMS = { MicrosoftAppId: APP_ID, MicrosoftAppPassword: "p4ss", MicrosoftAppTenantId: APP_ID.replace("0", "f") };

describe("Slack's settings", () => {
  it("are off without credentials", () => {
    expect(configOf({ SLACK_TEAMS: "T1234" }).slack).toBeUndefined();
  });

  it("take the mode from the credentials, or as it is said", () => {
    const socket = configOf({ ...BOT, SLACK_APP_TOKEN: "xapp-1", SLACK_TEAMS: "T1234, E5678" });
    expect(socket.slack).toMatchObject({ mode: "socket", teams: ["T1234", "E5678"] });
    expect(configOf({ ...BOT, SLACK_SIGNING_SECRET: "s1gn" }).slack?.mode).toBe("http");
    const both = { ...BOT, SLACK_APP_TOKEN: "xapp-1", SLACK_SIGNING_SECRET: "s1gn", SLACK_MODE: "HTTP" };
    expect(configOf(both).slack?.mode).toBe("http");
    expect(secretsOf(configOf(both)).map((one) => one.reveal())).toEqual(["xoxb-1-2-abc", "xapp-1", "s1gn"]);
    expect(JSON.stringify(configOf(both))).not.toMatch(/xoxb|xapp|s1gn/);
  });

  it("may come from files", () => {
    const env = { SLACK_BOT_TOKEN_FILE: "/run/bot", SLACK_SIGNING_SECRET_FILE: "/run/sign" };
    const config = configOf(env, { "/run/bot": "xoxb-9\n", "/run/sign": "s\n" });
    expect(config.slack?.botToken.reveal()).toBe("xoxb-9");
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ SLACK_APP_TOKEN: "xapp-1" }, /^SLACK_BOT_TOKEN must be set too: Slack in socket mode/],
    [BOT, /^SLACK_SIGNING_SECRET must be set too: Slack in http mode/],
    [{ ...BOT, SLACK_SIGNING_SECRET: "s", SLACK_MODE: "socket" }, /^SLACK_APP_TOKEN must be set too/],
    [{ ...BOT, SLACK_SIGNING_SECRET: "s", SLACK_MODE: "sockets" }, /^SLACK_MODE must be .* Did you mean socket\?/],
    [{ SLACK_BOT_TOKEN: "xapp-1", SLACK_SIGNING_SECRET: "s" }, /^SLACK_BOT_TOKEN must be a bot token/],
    [{ ...BOT, SLACK_APP_TOKEN: "xoxb-1" }, /^SLACK_APP_TOKEN must be an app-level token/],
    [{ ...BOT, SLACK_SIGNING_SECRET: "s", SLACK_TEAMS: "acme" }, /^SLACK_TEAMS must be ids/],
    [{ SLACK_API_URL: "https://slack.example.com/api/" }, /^SLACK_API_URL must be an address on this machine/],
    [{ SLACK_API_URL: "http://127.0.0.1:9/api" }, /^SLACK_API_URL must end in \/api\//],
  ])("that are half or wrong are said to be: %o", (env, expected) => {
    expect(said(env).filter((line) => expected.test(line))).toHaveLength(1);
    expect(said(env).join()).not.toMatch(/xoxb-1|xapp-1/);
  });
});

describe("Teams' settings", () => {
  it("are off without credentials, and on for development on this machine only", () => {
    expect(configOf().teams).toBeUndefined();
    expect(configOf({ SMARTCLOUDOPS_INSECURE_DEV: "1" }).teams).toMatchObject({ insecureDev: true });
    expect(said({ SMARTCLOUDOPS_INSECURE_DEV: "1", HOST: "0.0.0.0" })).toEqual([
      expect.stringMatching(/^SMARTCLOUDOPS_INSECURE_DEV must not be set where others can reach the bot/),
    ]);
  });

  it("take an app of a tenant, and of all", () => {
    expect(configOf(TEAMS).teams).toMatchObject({ appId: APP_ID, appType: "SingleTenant", insecureDev: false });
    const { MicrosoftAppTenantId: _, ...multi } = TEAMS;
    const config = configOf({ ...multi, TEAMS_SERVICE_URLS: "smba.example.com", TEAMS_TENANTS: "a,b" });
    expect(config.teams).toMatchObject({
      appType: "MultiTenant",
      serviceUrls: ["smba.example.com"],
      tenants: ["a", "b"],
    });
    expect(secretsOf(config).map((one) => one.reveal())).toEqual(["p4ss"]);
  });

  it("let Microsoft's addresses be replaced on this machine", () => {
    const env = {
      ...TEAMS,
      ToBotFromChannelOpenIdMetadataUrl: "http://127.0.0.1:1/meta",
      ToBotFromChannelTokenIssuer: "https://own",
    };
    expect(configOf(env).teams?.overrides).toEqual({
      openIdMetadata: "http://127.0.0.1:1/meta",
      tokenIssuer: "https://own",
    });
    expect(said({ OAuthUrl: "http://evil.example" })).toEqual([
      expect.stringMatching(/^OAuthUrl must be an address on this machine/),
    ]);
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ MicrosoftAppId: APP_ID, MicrosoftAppPassword: "x" }, /^TEAMS_TENANTS must name the tenants/],
    [{ MicrosoftAppPassword: "x" }, /^MicrosoftAppId must be set too/],
    [{ MicrosoftAppId: APP_ID }, /^MicrosoftAppPassword must be set too/],
    [{ MicrosoftAppId: "my-bot", MicrosoftAppPassword: "x" }, /^MicrosoftAppId must be an id/],
    [{ ...TEAMS, MicrosoftAppType: "Single" }, /^MicrosoftAppType must be/],
    [
      { MicrosoftAppId: APP_ID, MicrosoftAppPassword: "x", MicrosoftAppType: "SingleTenant" },
      /^MicrosoftAppTenantId must be/,
    ],
  ])("that are half or wrong are said to be: %o", (env, expected) => {
    expect(said(env).filter((line) => expected.test(line))).toHaveLength(1);
  });
});

describe("rules about who may read what", () => {
  const YAML = `
sources:
  - { name: eu, url: "https://eu", environment: production }
roles: { sre: { slack: [U1], teams: [01234567-89ab-cdef-0123-456789abcdef] } }
access:
  - { channels: [C1], environments: [production] }
  - { people: [guests], roles: [sre], sources: [eu] }
`;
  it("are read as they stand", () => {
    expect(configIn(YAML).access).toEqual({
      rules: [
        { people: ["members"], channels: ["C1"], environments: ["production"] },
        { people: ["guests"], roles: ["sre"], sources: ["eu"] },
      ],
      roles: { sre: { slack: ["U1"], teams: ["01234567-89ab-cdef-0123-456789abcdef"] } },
    });
    expect(configIn("").access).toEqual({ rules: undefined, roles: {} });
    expect(configIn("access: []").access).toEqual({ rules: [], roles: {} });
  });

  it("must name what exists", () => {
    const problems = problemsIn(
      YAML.replace("[production] }\n", "[prodution] }\n").replace("roles: [sre]", "roles: [dev]"),
    );
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/must name one of the environments.*did you mean production\?/),
      expect.stringMatching(/must name one of the roles: it is "dev"/),
    ]);
    expect(problemsIn("access: [{ people: [everyone] }]")).toHaveLength(1);
  });
});
