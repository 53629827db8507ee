import { resolve } from "node:path";
import { reasonOf } from "../util/errors.ts";
import { isLoopbackHost } from "../util/loopback.ts";
import type { Secret } from "../util/secret.ts";
import { type Environment, type ReadFile, readPath, readSecretFile, readUrl } from "./environment.ts";
import type { SettingsFile } from "./file.ts";
import type { Report } from "./problem.ts";
import type { SourceEntry } from "./schema.ts";
import type { SourceConfig } from "./types.ts";
import { parseDuration, show, tidyUrl } from "./values.ts";

const DEFAULTS = { queryTimeoutMs: 10_000, maxConcurrent: 4, refreshMs: 300_000 };

/** What reading a group of settings needs. */
export type Deps = {
  readonly env: Environment;
  readonly file: SettingsFile;
  readonly cwd: string;
  readonly readFile: ReadFile;
  readonly report: Report;
  /** Sentences are added here. */
  readonly notices: string[];
};

/** The source that PROMETHEUS_URL makes, then those of the file. Exactly one is the default, unless there is none at all. */
export function readSources(deps: Deps): SourceConfig[] {
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
      !isLoopbackHost(URL.parse(source.url)?.hostname ?? "")
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
    secretHeaders: [],
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
  const headers = Object.fromEntries(
    Object.entries(entry.headers ?? {}).map(([name, value]) => {
      if (typeof value === "string") return [name, value];
      const at = ["sources", index, "headers", name, "file"];
      const read = readSecretFile(file.resolvePath(at, value.file), file.where(at), readFile, report)?.reveal() ?? "";
      if (!/^[\t\x20-\x7e]*$/.test(read)) report(file.where(at), "must hold one line of printable ASCII.");
      return [name, read];
    }),
  );
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
    secretHeaders: Object.entries(entry.headers ?? {}).flatMap(([name, value]) =>
      typeof value === "string" ? [] : [name],
    ),
    ...(entry.ca_file === undefined
      ? {}
      : { caFile: readableCa(file.resolvePath(path("ca_file"), entry.ca_file), place("ca_file"), readFile, report) }),
    timeoutMs: parseDuration(entry.timeout ?? file.settings.limits?.query_timeout ?? "") ?? DEFAULTS.queryTimeoutMs,
    maxConcurrent: entry.max_concurrent ?? DEFAULTS.maxConcurrent,
    refreshMs: parseDuration(entry.refresh ?? "") ?? DEFAULTS.refreshMs,
    ...(entry.alerts !== undefined && { alerts: entry.alerts }),
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
  if (bearerToken !== undefined && !/^[\x21-\x7e]+$/.test(bearerToken.reveal()))
    report(
      where(names.bearer),
      "must be printable ASCII without blanks, as a header can carry it. Copy the token again.",
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
