import { reasonOf } from "../util/errors.ts";
import { HIDDEN, type Secret, secret } from "../util/secret.ts";
import { nearest, type Report } from "./problem.ts";
import { show, tidyUrl, whyNotBaseUrl, whyNotSecret } from "./values.ts";

/** Reads a whole file as text, or throws an error whose message says why it cannot. `code` is "ENOENT" when there is none. */
export type ReadFile = (path: string) => string;

/** Each variable, and whether it is a secret (and so can come as NAME_FILE). `.env.example` explains them; a test compares. */
export const VARIABLES = {
  PROMETHEUS_URL: "plain",
  PROMETHEUS_EXTERNAL_URL: "plain",
  PROMETHEUS_BEARER_TOKEN: "secret",
  PROMETHEUS_USERNAME: "plain",
  PROMETHEUS_PASSWORD: "secret",
  PROMETHEUS_TENANT: "plain",
  PROMETHEUS_CA_FILE: "plain",
  ALERTMANAGER_URL: "plain",
  ALERTMANAGER_EXTERNAL_URL: "plain",
  GRAFANA_EXTERNAL_URL: "plain",
  PORT: "plain",
  HOST: "plain",
  METRICS_TOKEN: "secret",
  ALERTMANAGER_WEBHOOK_TOKEN: "secret",
  CI_WEBHOOK_SECRET: "secret",
  API_TOKENS: "secret",
  SLACK_BOT_TOKEN: "secret",
  SLACK_APP_TOKEN: "secret",
  SLACK_SIGNING_SECRET: "secret",
  SLACK_MODE: "plain",
  SLACK_TEAMS: "plain",
  SLACK_API_URL: "plain",
  MicrosoftAppId: "plain",
  MicrosoftAppPassword: "secret",
  MicrosoftAppTenantId: "plain",
  MicrosoftAppType: "plain",
  TEAMS_TENANTS: "plain",
  TEAMS_SERVICE_URLS: "plain",
  ToBotFromChannelOpenIdMetadataUrl: "plain",
  ToBotFromEmulatorOpenIdMetadataUrl: "plain",
  ToBotFromChannelTokenIssuer: "plain",
  ToChannelFromBotLoginUrl: "plain",
  ToChannelFromBotOAuthScope: "plain",
  OAuthUrl: "plain",
  SMARTCLOUDOPS_INSECURE_DEV: "plain",
  SMARTCLOUDOPS_CONFIG: "plain",
  SMARTCLOUDOPS_ENV: "plain",
  SMARTCLOUDOPS_DATA: "plain",
  REDIS_URL: "secret",
  AUDIT_KEY_FILE: "plain",
  OPENAI_API_KEY: "secret",
  OPENAI_BASE_URL: "plain",
  OPENAI_MODEL: "plain",
  LOG_LEVEL: "plain",
  OTEL_EXPORTER_OTLP_ENDPOINT: "plain",
  OTEL_SERVICE_NAME: "plain",
} as const;

type Name = keyof typeof VARIABLES;
type SecretName = { [N in Name]: (typeof VARIABLES)[N] extends "secret" ? N : never }[Name];
type PlainName = Exclude<Name, SecretName>;

/** Variables of surfaces that a later version brings, and whose they are. */
const LATER: readonly (readonly [surface: string, pattern: RegExp])[] = [["GitHub", /^GITHUB_TOKEN(_FILE)?$/]];

export type Environment = {
  /** Trimmed; undefined when the variable is not set or empty. */
  readonly plain: (name: PlainName) => string | undefined;
  /** From NAME or NAME_FILE. A problem is reported once, and gives undefined. */
  readonly secret: (name: SecretName) => Secret | undefined;
  readonly isSet: (name: Name) => boolean;
  readonly notices: readonly string[];
};

/** Reads the variables in VARIABLES out of `env`. An empty one counts as not set, as compose files leave them. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
  report: Report,
): Environment {
  const plain = (name: string) => env[name]?.trim() || undefined;
  if (plain("NODE_TLS_REJECT_UNAUTHORIZED") === "0") {
    report(
      "NODE_TLS_REJECT_UNAUTHORIZED",
      "must not be 0: it turns off the check of every server's certificate. Remove it, and name your own authority in PROMETHEUS_CA_FILE.",
    );
  }
  const secrets = new Map<string, Secret | undefined>();
  for (const [name, kind] of Object.entries(VARIABLES))
    if (kind === "secret") secrets.set(name, readSecretVariable(name, env, readFile, report));
  return {
    plain,
    secret: (name) => secrets.get(name),
    isSet: (name) => plain(name) !== undefined || (VARIABLES[name] === "secret" && plain(`${name}_FILE`) !== undefined),
    notices: Object.keys(env)
      .filter((name) => plain(name) !== undefined)
      .flatMap(noticeOn),
  };
}

function readSecretVariable(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
  report: Report,
): Secret | undefined {
  const value = env[name];
  const file = env[`${name}_FILE`]?.trim();
  if (value && file) {
    report(name, `must be given once: ${name} (${HIDDEN}) and ${name}_FILE are both set. Remove one of them.`);
    return undefined;
  }
  if (file) return readSecretFile(file, `${name}_FILE`, readFile, report);
  if (!value) return undefined;
  const reason = whyNotSecret(value);
  if (reason === undefined) return secret(value);
  report(
    name,
    `must be one line of text without blanks around it: it ${reason}. Set it again, or put it into a file and name that in ${name}_FILE.`,
  );
  return undefined;
}

/** The one line in a file, without the line break at its end. Reports under `where` and gives undefined when there is none. */
export function readSecretFile(path: string, where: string, readFile: ReadFile, report: Report): Secret | undefined {
  let content: string;
  try {
    content = readFile(path);
  } catch (cause) {
    report(where, `must name a readable file: ${reasonOf(cause)}. Check the path and its permissions.`);
    return undefined;
  }
  const value = content.replace(/\r?\n$/, "");
  const reason = whyNotSecret(value);
  if (reason === undefined) return secret(value);
  report(
    where,
    `must name a file with the secret on one line and nothing else: the content of ${JSON.stringify(path)} ${reason}. Write the file again.`,
  );
  return undefined;
}

/** The base address in a variable, tidied; undefined when it is not set or, reported, not one. */
export function readUrl(
  name: Extract<
    PlainName,
    `${"PROMETHEUS" | "ALERTMANAGER" | "GRAFANA" | "OPENAI"}_${string}URL` | `OTEL_${string}ENDPOINT`
  >,
  env: Environment,
  report: Report,
): string | undefined {
  const value = env.plain(name);
  if (value === undefined) return undefined;
  const reason = whyNotBaseUrl(value);
  if (reason === undefined) return tidyUrl(value);
  const isCredential = reason.includes("user name");
  const cure =
    isCredential && name === "PROMETHEUS_URL"
      ? " Put them into PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD."
      : isCredential
        ? " Take them out."
        : "";
  report(
    name,
    isCredential
      ? `${reason}: it does.${cure}`
      : `${reason}: it is ${show(value)}. Write it like https://host:port/path.`,
  );
  return undefined;
}

/** The path in a variable as it is written. */
export function readPath(name: PlainName, env: Environment, report: Report): string | undefined {
  const value = env.plain(name);
  if (value?.includes("\0")) report(name, "must be a path: it holds a NUL character. Set it again.");
  return value?.includes("\0") ? undefined : value;
}

function noticeOn(name: string): string[] {
  const surface = LATER.find(([, pattern]) => pattern.test(name))?.[0];
  if (surface !== undefined) return [`${name} is set but ${surface} is not part of this version; it is ignored`];
  if (isKnown(name) || !/^(PROMETHEUS|ALERTMANAGER|GRAFANA|SMARTCLOUDOPS|METRICS|SLACK|TEAMS)_/.test(name)) return [];
  // Only near misses: Kubernetes adds PROMETHEUS_SERVICE_HOST and the like to every container beside such a service.
  if (/_(SERVICE|PORT)(_|$)/.test(name)) return [];
  const meant = nearest(name, Object.keys(VARIABLES));
  return meant === undefined ? [] : [`${name} is not a setting and is ignored; did you mean ${meant}?`];
}

function isKnown(name: string): boolean {
  if (Object.hasOwn(VARIABLES, name)) return true;
  const bare = name.replace(/_FILE$/, "");
  return Object.hasOwn(VARIABLES, bare) && VARIABLES[bare as Name] === "secret";
}
