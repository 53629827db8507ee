import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Environment, type ReadFile, readEnvironment, readSecretFile, reasonOf } from "./config/environment.ts";
import { readSettingsFile, type SettingsFile } from "./config/file.ts";
import { nearest, type Problem, type Report } from "./config/problem.ts";
import type { SourceEntry } from "./config/schema.ts";
import { parseDuration, show, tidyUrl, whyNotBaseUrl } from "./config/values.ts";
import { LARGEST_FILE } from "./config/yaml-tree.ts";
import { type Secret, secret } from "./util/secret.ts";

export { explain, type Problem } from "./config/problem.ts";

/** Everything that can be set, read once and frozen. Addresses have no slash at the end, paths are absolute. */
export type Config = {
  timezone: string;
  /** Which overlay was asked for. */
  env: string | undefined;
  dataDir: string;
  /** May be empty. Else exactly one has `default: true`. */
  sources: readonly SourceConfig[];
  alertmanager: { url: string; externalUrl?: string } | undefined;
  grafanaExternalUrl: string | undefined;
  /** Folders with the user's own concept packs. */
  packs: readonly string[];
  http: { host: string; port: number; metricsToken: Secret | undefined };
  log: { level: "debug" | "info" | "warn" | "error" };
  limits: {
    /** Characters. */
    questionLength: number;
    answerTimeoutMs: number;
    /** From one person. */
    questionsPerMinute: number;
    retentionSeconds: {
      conversations: number;
      evidence: number;
      seenEvents: number;
      proposals: number;
      places?: number;
      lessons?: number;
    };
  };
  /** Sentences about settings that are odd but not wrong. */
  notices: readonly string[];
};

export type SourceConfig = {
  name: string;
  url: string;
  externalUrl?: string;
  environment?: string;
  cluster?: string;
  default: boolean;
  bearerToken?: Secret;
  basic?: { user: string; password: Secret };
  headers: Readonly<Record<string, string>>;
  caFile?: string;
  timeoutMs: number;
  maxConcurrent: number;
  refreshMs: number;
};

const DAY = 86_400;
const DEFAULTS = {
  queryTimeoutMs: 10_000,
  maxConcurrent: 4,
  refreshMs: 300_000,
  port: 3978,
  host: "127.0.0.1",
  questionLength: 4000,
  answerTimeoutMs: 30_000,
  questionsPerMinute: 30,
};
const DEFAULT_RETENTION = { conversations: 30 * DAY, evidence: 90 * DAY, seenEvents: 7 * DAY, proposals: 365 * DAY };

/**
 * Environment and YAML -> one frozen Config, or every problem at once. A variable wins over the file. `readFile` takes
 * an absolute path and throws (code "ENOENT" for an absent file); relative paths in variables are meant from `cwd`.
 */
export function loadConfig(deps: {
  env: Readonly<Record<string, string | undefined>>;
  readFile?: ReadFile;
  cwd?: string;
}): { ok: true; config: Config } | { ok: false; problems: Problem[] } {
  const problems: Problem[] = [];
  const report: Report = (where, message) => problems.push({ where, message });
  const cwd = deps.cwd ?? process.cwd();
  const readFile: ReadFile = (path) => (deps.readFile ?? readRegularFile)(resolve(cwd, path));

  const env = readEnvironment(deps.env, readFile, report);
  const envName = readEnvName(env, report);
  const file = readSettingsFile({ named: env.plain("SMARTCLOUDOPS_CONFIG"), env: envName, cwd, readFile, report });
  const notices = [...env.notices];
  // A file with problems counts as empty from here on, so that those of the environment are still found.
  const config = build({
    env,
    envName,
    file: file ?? { settings: {}, where: () => "", resolvePath: (_, value) => value },
    cwd,
    readFile,
    report,
    notices,
  });
  return problems.length === 0 ? { ok: true, config: freezeDeep(config) } : { ok: false, problems };
}

/** Everything in the configuration that a log must not show, the encoded form of basic authentication included. */
export function secretsOf(config: Config): readonly Secret[] {
  const fromSources = config.sources.flatMap(({ bearerToken, basic, headers }) => [
    ...(bearerToken === undefined ? [] : [bearerToken]),
    ...(basic === undefined ? [] : [basic.password, secret(btoaUtf8(`${basic.user}:${basic.password.reveal()}`))]),
    ...Object.entries(headers)
      .filter(([name]) => /key|token|secret|auth|session|password/i.test(name))
      .map(([, value]) => secret(value)),
  ]);
  return config.http.metricsToken === undefined ? fromSources : [...fromSources, config.http.metricsToken];
}

type Deps = {
  env: Environment;
  envName: string | undefined;
  file: SettingsFile;
  cwd: string;
  readFile: ReadFile;
  report: Report;
  notices: string[];
};

function build(deps: Deps): Config {
  const { env, file, cwd, report, notices } = deps;
  const { settings } = file;
  const retention = settings.limits?.retention ?? {};
  const seconds = (text: string | undefined) => (text === undefined ? undefined : (parseDuration(text) ?? 0) / 1000);
  const [places, lessons] = [seconds(retention.places), seconds(retention.lessons)];
  return {
    timezone: settings.timezone ?? "UTC",
    env: deps.envName,
    dataDir: resolve(cwd, readPath("SMARTCLOUDOPS_DATA", env, report) ?? ".smartcloudops"),
    sources: readSources(deps),
    alertmanager: readAlertmanager(deps),
    grafanaExternalUrl: readUrl("GRAFANA_EXTERNAL_URL", env, report),
    packs: (settings.packs ?? []).map((path, index) => file.resolvePath(["packs", index], path)),
    http: {
      host: readHost(deps),
      port: readPort(env, report) ?? settings.http?.port ?? DEFAULTS.port,
      metricsToken: env.secret("METRICS_TOKEN"),
    },
    log: { level: readLevel(env, report) ?? settings.log?.level ?? "info" },
    limits: {
      questionLength: settings.limits?.question_length ?? DEFAULTS.questionLength,
      answerTimeoutMs: parseDuration(settings.limits?.answer_timeout ?? "") ?? DEFAULTS.answerTimeoutMs,
      questionsPerMinute: settings.limits?.questions_per_minute ?? DEFAULTS.questionsPerMinute,
      retentionSeconds: {
        conversations: seconds(retention.conversations) ?? DEFAULT_RETENTION.conversations,
        evidence: seconds(retention.evidence) ?? DEFAULT_RETENTION.evidence,
        seenEvents: seconds(retention.seen_events) ?? DEFAULT_RETENTION.seenEvents,
        proposals: seconds(retention.proposals) ?? DEFAULT_RETENTION.proposals,
        ...(places === undefined ? {} : { places }),
        ...(lessons === undefined ? {} : { lessons }),
      },
    },
    notices,
  };
}

// ---------------------------------------------------------------- sources

function readSources(deps: Deps): SourceConfig[] {
  const { file, report, notices } = deps;
  const fromEnv = readDefaultSource(deps);
  const entries = file.settings.sources ?? [];
  const seen = new Set(fromEnv === undefined ? [] : [fromEnv.name]);
  for (const [index, { name }] of entries.entries()) {
    const isFromEnv = name === fromEnv?.name;
    if (seen.has(name))
      report(
        file.where(["sources", index, "name"]),
        `must differ from the other names: ${show(name)} is ${isFromEnv ? "the source that PROMETHEUS_URL makes" : "there twice"}. Give it another name.`,
      );
    seen.add(name);
  }
  const marked = entries.flatMap((entry, index) => (entry.default === true ? [index] : []));
  for (const index of fromEnv === undefined ? marked.slice(1) : marked) {
    const other = fromEnv === undefined ? `sources[${marked[0]}]` : "PROMETHEUS_URL";
    report(
      file.where(["sources", index, "default"]),
      `must be true for one source only: ${other} already makes the default. Set one of them to false or take it away.`,
    );
  }
  if (fromEnv === undefined && entries.length > 1 && marked.length === 0)
    notices.push(
      `no source is marked "default: true", so the first one, ${entries[0]?.name}, is asked when a question names none`,
    );
  const fallback = fromEnv === undefined ? (marked[0] ?? 0) : -1;
  const fromFile = entries.map((entry, index) => readEntry(entry, index, index === fallback, deps));
  const sources = fromEnv === undefined ? fromFile : [fromEnv, ...fromFile];
  for (const source of sources) {
    if (
      (source.bearerToken ?? source.basic) !== undefined &&
      source.url.startsWith("http:") &&
      !isLoopback(source.url)
    ) {
      notices.push(`source ${source.name}: credentials go to ${source.url} unencrypted; use https where it is offered`);
    }
  }
  return sources;
}

function readDefaultSource({ env, file, cwd, readFile, report }: Deps): SourceConfig | undefined {
  const others = [
    "PROMETHEUS_EXTERNAL_URL",
    "PROMETHEUS_BEARER_TOKEN",
    "PROMETHEUS_USERNAME",
    "PROMETHEUS_PASSWORD",
    "PROMETHEUS_TENANT",
    "PROMETHEUS_CA_FILE",
  ] as const;
  if (!env.isSet("PROMETHEUS_URL")) {
    for (const name of others)
      if (env.isSet(name))
        report(name, "must come together with PROMETHEUS_URL, which is not set. Set it, or take this one away.");
    return undefined;
  }
  const url = readUrl("PROMETHEUS_URL", env, report);
  const externalUrl = readUrl("PROMETHEUS_EXTERNAL_URL", env, report);
  const tenant = env.plain("PROMETHEUS_TENANT");
  if (tenant !== undefined && !/^[\x20-\x7e]+$/.test(tenant))
    report("PROMETHEUS_TENANT", `must be one line of printable ASCII: it is ${show(tenant)}.`);
  const caFile = readPath("PROMETHEUS_CA_FILE", env, report);
  const credentials = readCredentials({
    bearerToken: env.secret("PROMETHEUS_BEARER_TOKEN"),
    user: env.plain("PROMETHEUS_USERNAME"),
    password: env.secret("PROMETHEUS_PASSWORD"),
    has: {
      bearer: env.isSet("PROMETHEUS_BEARER_TOKEN"),
      user: env.isSet("PROMETHEUS_USERNAME"),
      password: env.isSet("PROMETHEUS_PASSWORD"),
    },
    names: { bearer: "PROMETHEUS_BEARER_TOKEN", user: "PROMETHEUS_USERNAME", password: "PROMETHEUS_PASSWORD" },
    where: (name) => name,
    report,
  });
  return {
    name: "default",
    url: url ?? "",
    ...(externalUrl === undefined ? {} : { externalUrl }),
    default: true,
    ...credentials,
    headers: tenant === undefined ? {} : { "X-Scope-OrgID": tenant },
    ...(caFile === undefined
      ? {}
      : { caFile: readableCa(resolve(cwd, caFile), "PROMETHEUS_CA_FILE", readFile, report) }),
    timeoutMs: parseDuration(file.settings.limits?.query_timeout ?? "") ?? DEFAULTS.queryTimeoutMs,
    maxConcurrent: DEFAULTS.maxConcurrent,
    refreshMs: DEFAULTS.refreshMs,
  };
}

function readEntry(
  entry: SourceEntry,
  index: number,
  isDefault: boolean,
  { file, readFile, report }: Deps,
): SourceConfig {
  const path = (key: string) => ["sources", index, key];
  const place = (key: string) => file.where(path(key));
  const fromFile = (key: "bearer_token_file" | "password_file") => {
    const name = entry[key];
    return name === undefined
      ? undefined
      : readSecretFile(file.resolvePath(path(key), name), place(key), readFile, report);
  };
  const credentials = readCredentials({
    bearerToken: fromFile("bearer_token_file"),
    user: entry.username,
    password: fromFile("password_file"),
    has: {
      bearer: entry.bearer_token_file !== undefined,
      user: entry.username !== undefined,
      password: entry.password_file !== undefined,
    },
    names: { bearer: "bearer_token_file", user: "username", password: "password_file" },
    where: place,
    report,
  });
  const headers = { ...entry.headers };
  if (entry.tenant !== undefined) {
    const double = Object.keys(headers).find((name) => name.toLowerCase() === "x-scope-orgid");
    if (double !== undefined)
      report(place("tenant"), `must be given once: headers has ${double} too. Remove one of them.`);
    if (!/^[\x20-\x7e]+$/.test(entry.tenant))
      report(place("tenant"), `must be one line of printable ASCII: it is ${show(entry.tenant)}.`);
    headers["X-Scope-OrgID"] = entry.tenant;
  }
  return {
    name: entry.name,
    url: tidyUrl(entry.url),
    ...(entry.external_url === undefined ? {} : { externalUrl: tidyUrl(entry.external_url) }),
    ...(entry.environment === undefined ? {} : { environment: entry.environment }),
    ...(entry.cluster === undefined ? {} : { cluster: entry.cluster }),
    default: isDefault,
    ...credentials,
    headers,
    ...(entry.ca_file === undefined
      ? {}
      : { caFile: readableCa(file.resolvePath(path("ca_file"), entry.ca_file), place("ca_file"), readFile, report) }),
    timeoutMs: parseDuration(entry.timeout ?? file.settings.limits?.query_timeout ?? "") ?? DEFAULTS.queryTimeoutMs,
    maxConcurrent: entry.max_concurrent ?? DEFAULTS.maxConcurrent,
    refreshMs: parseDuration(entry.refresh ?? "") ?? DEFAULTS.refreshMs,
  };
}

type Credential = "bearer" | "user" | "password";

/** One way to log in, whole or not at all. */
function readCredentials(deps: {
  bearerToken: Secret | undefined;
  user: string | undefined;
  password: Secret | undefined;
  has: Readonly<Record<Credential, boolean>>;
  names: Readonly<Record<Credential, string>>;
  where: (name: string) => string;
  report: Report;
}): { bearerToken?: Secret; basic?: { user: string; password: Secret } } {
  const { bearerToken, user, password, has, names, where, report } = deps;
  if (has.bearer && (has.user || has.password))
    report(
      where(names.bearer),
      `must not come with ${names.user} and ${names.password}: a request carries one kind of credentials. Remove one kind.`,
    );
  if (has.user && !has.password)
    report(
      where(names.user),
      `must come together with ${names.password}, which is not set. Set it, or take this one away.`,
    );
  if (has.password && !has.user)
    report(
      where(names.password),
      `must come together with ${names.user}, which is not set. Set it, or take this one away.`,
    );
  if (user?.includes(":"))
    report(
      where(names.user),
      `must not hold a colon, which ends the user name in basic authentication: it is ${show(user)}.`,
    );
  if (bearerToken !== undefined) return { bearerToken };
  return user === undefined || password === undefined ? {} : { basic: { user, password } };
}

function readableCa(path: string, where: string, readFile: ReadFile, report: Report): string {
  try {
    if (!readFile(path).includes("-----BEGIN CERTIFICATE-----"))
      report(
        where,
        `must name a PEM file with a certificate: ${show(path)} has no "BEGIN CERTIFICATE" line. Convert it to PEM.`,
      );
  } catch (cause) {
    report(where, `must name a readable file: ${reasonOf(cause)}. Check the path and its permissions.`);
  }
  return path;
}

// ---------------------------------------------------------------- single settings

function readAlertmanager({ env, file, report }: Deps): Config["alertmanager"] {
  const written = file.settings.alertmanager;
  const url = readUrl("ALERTMANAGER_URL", env, report) ?? (written === undefined ? undefined : tidyUrl(written.url));
  const externalUrl =
    readUrl("ALERTMANAGER_EXTERNAL_URL", env, report) ??
    (written?.external_url === undefined ? undefined : tidyUrl(written.external_url));
  if (url !== undefined) return { url, ...(externalUrl === undefined ? {} : { externalUrl }) };
  if (externalUrl !== undefined && !env.isSet("ALERTMANAGER_URL"))
    report(
      "ALERTMANAGER_EXTERNAL_URL",
      "must come together with ALERTMANAGER_URL, which is not set. Set it, or take this one away.",
    );
  return undefined;
}

function readUrl(
  name:
    | "PROMETHEUS_URL"
    | "PROMETHEUS_EXTERNAL_URL"
    | "ALERTMANAGER_URL"
    | "ALERTMANAGER_EXTERNAL_URL"
    | "GRAFANA_EXTERNAL_URL",
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

function readPath(
  name: "SMARTCLOUDOPS_DATA" | "PROMETHEUS_CA_FILE",
  env: Environment,
  report: Report,
): string | undefined {
  const value = env.plain(name);
  if (value?.includes("\0")) report(name, "must be a path: it holds a NUL character. Set it again.");
  return value?.includes("\0") ? undefined : value;
}

/** It becomes part of a file's name, so nothing that could leave the folder. */
function readEnvName(env: Environment, report: Report): string | undefined {
  const value = env.plain("SMARTCLOUDOPS_ENV");
  if (value === undefined || /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(value)) return value;
  report(
    "SMARTCLOUDOPS_ENV",
    `must be letters, digits, dashes and underscores, as in smartcloudops.<this>.yaml: it is ${show(value)}.`,
  );
  return undefined;
}

function readPort(env: Environment, report: Report): number | undefined {
  const value = env.plain("PORT");
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  report("PORT", `must be a whole number from 0 to 65535: it is ${show(value)}. The default is ${DEFAULTS.port}.`);
  return undefined;
}

function readHost({ env, file, report }: Deps): string {
  const fromEnv = env.plain("HOST");
  const host = fromEnv ?? file.settings.http?.host ?? DEFAULTS.host;
  if (!/^[A-Za-z0-9._:-]{1,253}(%[A-Za-z0-9._-]+)?$/.test(host)) {
    report(
      fromEnv === undefined ? file.where(["http", "host"]) : "HOST",
      `must be an IP address or a host name to listen on, without a port: it is ${show(host)}. 127.0.0.1 is this machine only, 0.0.0.0 all addresses.`,
    );
  }
  return host;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

function readLevel(env: Environment, report: Report): Config["log"]["level"] | undefined {
  const value = env.plain("LOG_LEVEL");
  const level = LEVELS.find((one) => one === value?.toLowerCase());
  if (value === undefined || level !== undefined) return level;
  const meant = nearest(value, LEVELS);
  report(
    "LOG_LEVEL",
    `must be debug, info, warn or error: it is ${show(value)}.${meant === undefined ? "" : ` Did you mean ${meant}?`}`,
  );
  return undefined;
}

// ---------------------------------------------------------------- helpers

/** Only a regular file: a pipe or a device could keep the start waiting for ever. */
function readRegularFile(path: string): string {
  if (path.includes("\0")) throw new Error("the path holds a NUL character");
  const descriptor = openFile(path);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Error(`${show(path)} is ${stat.isDirectory() ? "a folder" : "not a regular file"}`);
    if (stat.size > LARGEST_FILE) throw new Error(`${show(path)} is larger than ${LARGEST_FILE} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(descriptor));
  } catch (cause) {
    if (cause instanceof TypeError) throw new Error(`${show(path)} is not UTF-8 text`, { cause });
    throw cause;
  } finally {
    closeSync(descriptor);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const reason =
      code === "ENOENT" ? "there is no" : code === "EACCES" ? "no permission to read" : `(${code}) cannot open`;
    throw Object.assign(new Error(`${reason} ${show(path)}`, { cause }), { code });
  }
}

function isLoopback(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? "";
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

function btoaUtf8(text: string): string {
  return Buffer.from(text).toString("base64");
}

function freezeDeep<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) freezeDeep(child);
  return Object.freeze(value);
}
