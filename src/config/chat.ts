import { isLoopbackHost } from "../util/loopback.ts";
import type { Environment } from "./environment.ts";
import { nearest, type Report } from "./problem.ts";
import type { Deps } from "./sources.ts";
import type { SlackConfig, TeamsConfig } from "./types.ts";
import { show } from "./values.ts";

/** Chat platforms: each is off without credentials, and half of its credentials is a mistake. */

const SLACK_MODES = ["socket", "http"] as const;

/** Slack, when its credentials are set. Problems are reported. */
export function readSlack({ env, report }: Deps): SlackConfig | undefined {
  const [botToken, appToken, signingSecret] = [
    env.secret("SLACK_BOT_TOKEN"),
    env.secret("SLACK_APP_TOKEN"),
    env.secret("SLACK_SIGNING_SECRET"),
  ];
  const mode = oneOf("SLACK_MODE", SLACK_MODES, env, report) ?? (appToken === undefined ? "http" : "socket");
  const apiUrl = readOverride("SLACK_API_URL", env, report);
  if (apiUrl !== undefined && !apiUrl.endsWith("/api/"))
    report("SLACK_API_URL", `must end in /api/: it is ${show(apiUrl)}.`);
  if (!["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"].some((name) => env.isSet(name as SlackSecret)))
    return undefined;
  const needed = ["SLACK_BOT_TOKEN", mode === "socket" ? "SLACK_APP_TOKEN" : "SLACK_SIGNING_SECRET"] as const;
  for (const name of needed.filter((one) => !env.isSet(one)))
    report(
      name,
      `must be set too: Slack in ${mode} mode needs ${needed.join(" and ")}. Set it, or take the others away.`,
    );
  if (botToken !== undefined && !/^xoxb-/.test(botToken.reveal()))
    report(
      "SLACK_BOT_TOKEN",
      'must be a bot token, which begins with "xoxb-". Copy it from "OAuth & Permissions" of the app.',
    );
  if (appToken !== undefined && !/^xapp-/.test(appToken.reveal()))
    report(
      "SLACK_APP_TOKEN",
      'must be an app-level token, which begins with "xapp-". Create one with connections:write.',
    );
  const teams = listOf(env.plain("SLACK_TEAMS"));
  for (const team of teams.filter((one) => !/^[TE][A-Z0-9]{2,}$/.test(one)))
    report("SLACK_TEAMS", `must be ids of workspaces parted by commas, such as T0123ABCD: ${show(team)} is none.`);
  if (botToken === undefined) return undefined;
  return {
    mode,
    botToken,
    ...(appToken === undefined ? {} : { appToken }),
    ...(signingSecret === undefined ? {} : { signingSecret }),
    ...(apiUrl === undefined ? {} : { apiUrl }),
    teams,
  };
}

type SlackSecret = "SLACK_BOT_TOKEN" | "SLACK_APP_TOKEN" | "SLACK_SIGNING_SECRET";

const APP_TYPES = ["SingleTenant", "MultiTenant", "UserAssignedMSI"] as const;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const OVERRIDES = {
  ToBotFromChannelOpenIdMetadataUrl: "openIdMetadata",
  ToBotFromEmulatorOpenIdMetadataUrl: "emulatorOpenIdMetadata",
  ToBotFromChannelTokenIssuer: "tokenIssuer",
  ToChannelFromBotLoginUrl: "loginUrl",
  ToChannelFromBotOAuthScope: "oauthScope",
  OAuthUrl: "oauthUrl",
} as const;

/** Microsoft Teams, when its credentials are set, or without any for development on this machine. Problems are reported. */
export function readTeams({ env, report }: Deps, host: string): TeamsConfig | undefined {
  const insecureDev = env.plain("SMARTCLOUDOPS_INSECURE_DEV") === "1";
  if (insecureDev && !isLoopbackHost(host))
    report(
      "SMARTCLOUDOPS_INSECURE_DEV",
      `must not be set where others can reach the bot: HOST is ${show(host)}. Set HOST to 127.0.0.1, or take this one away.`,
    );
  const appId = env.plain("MicrosoftAppId");
  const appPassword = env.secret("MicrosoftAppPassword");
  const tenantId = env.plain("MicrosoftAppTenantId");
  const appType =
    oneOf("MicrosoftAppType", APP_TYPES, env, report) ?? (tenantId === undefined ? "MultiTenant" : "SingleTenant");
  for (const [name, value] of [
    ["MicrosoftAppId", appId],
    ["MicrosoftAppTenantId", tenantId],
  ] as const)
    if (value !== undefined && !ID.test(value))
      report(name, `must be an id such as 01234567-89ab-cdef-0123-456789abcdef: it is ${show(value)}.`);
  if (appId === undefined && (appPassword !== undefined || tenantId !== undefined))
    report("MicrosoftAppId", "must be set too: Teams needs the id of the bot's app. Set it, or take the others away.");
  if (appId !== undefined && appType !== "UserAssignedMSI" && !env.isSet("MicrosoftAppPassword"))
    report(
      "MicrosoftAppPassword",
      "must be set too: without it nothing can be sent to Teams. Set it, or take MicrosoftAppId away.",
    );
  if (appId !== undefined && appType !== "MultiTenant" && tenantId === undefined)
    report("MicrosoftAppTenantId", `must be set too: an app of type ${appType} belongs to a tenant.`);
  const tenants = listOf(env.plain("TEAMS_TENANTS"));
  if (appId !== undefined && tenantId === undefined && tenants.length === 0)
    report(
      "TEAMS_TENANTS",
      "must name the tenants whose people may ask, when MicrosoftAppTenantId is not set: an empty list lets nobody in.",
    );
  const overrides = Object.fromEntries(
    Object.entries(OVERRIDES).flatMap(([name, key]) => {
      const value =
        name === "ToBotFromChannelTokenIssuer" || name === "ToChannelFromBotOAuthScope"
          ? env.plain(name)
          : readOverride(name as Parameters<typeof readOverride>[0], env, report);
      return value === undefined ? [] : [[key, value]];
    }),
  );
  if (appId === undefined && !insecureDev) return undefined;
  return {
    ...(appId === undefined ? {} : { appId }),
    ...(appPassword === undefined ? {} : { appPassword }),
    ...(tenantId === undefined ? {} : { tenantId }),
    appType,
    tenants,
    serviceUrls: listOf(env.plain("TEAMS_SERVICE_URLS")),
    insecureDev,
    overrides,
  };
}

/** A vendor's address may only be replaced by one on this machine: whoever answers there is believed. */
function readOverride(
  name: "SLACK_API_URL" | Exclude<keyof typeof OVERRIDES, "ToBotFromChannelTokenIssuer" | "ToChannelFromBotOAuthScope">,
  env: Environment,
  report: Report,
): string | undefined {
  const value = env.plain(name);
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (url !== null && /^https?:$/.test(url.protocol) && isLoopbackHost(url.hostname)) return value;
  report(
    name,
    `must be an address on this machine, for tests: it is ${show(value)}. Remove it to use the vendor's own.`,
  );
  return undefined;
}

function listOf(value: string | undefined): readonly string[] {
  return (value ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

function oneOf<T extends string>(
  name: "SLACK_MODE" | "MicrosoftAppType",
  known: readonly T[],
  env: Environment,
  report: Report,
): T | undefined {
  const value = env.plain(name);
  const found = known.find((one) => one.toLowerCase() === value?.toLowerCase());
  if (value === undefined || found !== undefined) return found;
  const meant = nearest(value, known);
  report(
    name,
    `must be ${known.join(", ")}: it is ${show(value)}.${meant === undefined ? "" : ` Did you mean ${meant}?`}`,
  );
  return undefined;
}
