import type { ExtensionEntry } from "../core/extension/extension.ts";
import { type Secret, secret } from "../util/secret.ts";
import { type EntryAt, entryAt, isLoopback, some } from "./entry.ts";
import { readExtended } from "./extensions.ts";
import { secretsInUrl } from "./redis.ts";
import type { ConfigFile } from "./schema.ts";
import type { Deps } from "./sources.ts";
import { show, tidyUrl } from "./values.ts";

/** What runbooks may act on. Paths are absolute, addresses have no slash at the end. */

type Named = { name: string; environment?: string };

export type KubernetesConfig = Named & {
  /** Undefined when a kubeconfig says it. */
  server?: string;
  /** `tokenFile` is where the token came from, which clusters write anew within the hour. */
  token?: Secret;
  tokenFile?: string;
  caFile?: string;
  insecureLoopback: boolean;
  kubeconfig?: string;
  context?: string;
  /** `*` is all of them. */
  namespaces: readonly string[];
};

export type SshConfig = Named & {
  address: string;
  port: number;
  user: string;
  identityFile: string;
  knownHostsFile: string;
  units: readonly string[];
  cleanPaths: readonly string[];
  sudo: boolean;
};

export type LocalConfig = Named & {
  argv: readonly string[];
  args: Readonly<Record<string, string>>;
  checkArgv?: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
};

export type HttpConfig = Named & {
  baseUrl: string;
  hosts: readonly string[];
  token?: Secret;
  caFile?: string;
  idempotent: boolean;
  allowPrivate: boolean;
  statusPath?: string;
};

export type GithubConfig = Named & {
  repository: string;
  token: Secret;
  apiUrl: string;
  workflows: readonly string[];
};

export type PostgresConfig = Named & {
  host: string;
  port: number;
  database: string;
  user: string;
  password?: Secret;
  tls: boolean;
  caFile?: string;
  tables: readonly string[];
};

export type RedisConfig = Named & {
  /** The whole address with its password, or what follows. */
  url?: Secret;
  address?: string;
  port: number;
  password?: Secret;
  tls: boolean;
  prefixes: readonly string[];
  queues: readonly string[];
};

export type ExecutorsConfig = {
  kubernetes: readonly KubernetesConfig[];
  ssh: readonly SshConfig[];
  local: readonly LocalConfig[];
  http: readonly HttpConfig[];
  github: readonly GithubConfig[];
  postgres: readonly PostgresConfig[];
  redis: readonly RedisConfig[];
  extension: readonly ExtensionEntry[];
};

type Kind = keyof ExecutorsConfig;
type Entries = NonNullable<NonNullable<ConfigFile["runbooks"]>["executors"]>;

/** Every secret of the executors, and passwords as they stand in addresses. */
export function executorSecrets(executors: ExecutorsConfig): readonly Secret[] {
  const all = [
    ...executors.kubernetes.map(({ token }) => token),
    ...executors.http.map(({ token }) => token),
    ...executors.github.map(({ token }) => token),
    ...executors.postgres.map(({ password }) => password),
    ...executors.redis.flatMap(({ url, password }) => [...secretsInUrl(url), password]),
    ...executors.extension.flatMap(({ secrets }) => Object.values(secrets)),
  ];
  return all.filter((one) => one !== undefined);
}

/** The executors of the file. Names are unique within a kind; files that they name must be readable. */
export function readExecutors(deps: Deps): ExecutorsConfig {
  const written: Entries = deps.file.settings.runbooks?.executors ?? {};
  const each = <K extends Kind, T>(kind: K, read: (entry: EntryOf<K>, at: EntryAt) => T): T[] => {
    const entries = (written[kind] ?? []) as readonly EntryOf<K>[];
    const names = entries.map(({ name }) => name);
    return entries.map((entry, index) => {
      const at = entryAt(deps, ["runbooks", "executors", kind, index], kind, entry);
      if (names.indexOf(entry.name) !== index)
        deps.report(
          at.where("name"),
          `must differ from the other names: ${show(entry.name)} is there twice. Give it another name.`,
        );
      return read(entry, at);
    });
  };
  return {
    kubernetes: each("kubernetes", readKubernetes),
    ssh: each("ssh", readSsh),
    local: each("local", readLocal),
    http: each("http", readHttp),
    github: each("github", readGithub),
    postgres: each("postgres", readPostgres),
    redis: each("redis", readRedis),
    extension: each("extension", readExtended),
  };
}

type EntryOf<K extends Kind> = NonNullable<Entries[K]>[number];

function readKubernetes(entry: EntryOf<"kubernetes">, at: EntryAt): KubernetesConfig {
  const { server, kubeconfig, insecure_loopback: insecure = false } = entry;
  if ((server === undefined) === (kubeconfig === undefined))
    at.refuse(
      server === undefined ? "name" : "kubeconfig",
      "must come with either server or kubeconfig: one of them says where the cluster is.",
    );
  for (const key of ["token_file", "ca_file"] as const)
    if (entry[key] !== undefined && server === undefined)
      at.refuse(key, "must come with server: a kubeconfig brings its own.");
  if (entry.context !== undefined && kubeconfig === undefined)
    at.refuse("context", "must come with kubeconfig, which is not set.");
  if (server?.startsWith("http:") && !(insecure && isLoopback(server)))
    at.refuse(
      "server",
      `must begin with https://: it is ${show(server)}. Plain http is for a server on this machine, with insecure_loopback: true.`,
    );
  if (entry.namespaces.includes("*")) at.notice("every namespace may be touched");
  return {
    ...at.named,
    ...some("server", server === undefined ? undefined : tidyUrl(server)),
    ...some("token", at.secret("token_file")),
    ...some("tokenFile", entry.token_file === undefined ? undefined : at.path("token_file")),
    ...some("caFile", at.path("ca_file")),
    insecureLoopback: insecure,
    ...some("kubeconfig", at.path("kubeconfig")),
    ...some("context", entry.context),
    namespaces: entry.namespaces,
  };
}

function readSsh(entry: EntryOf<"ssh">, at: EntryAt): SshConfig {
  return {
    ...at.named,
    address: entry.address,
    port: entry.port ?? 22,
    user: entry.user,
    identityFile: at.path("identity_file") ?? "",
    knownHostsFile: at.path("known_hosts_file") ?? "",
    units: entry.units ?? [],
    cleanPaths: entry.clean_paths ?? [],
    sudo: entry.sudo ?? false,
  };
}

function readLocal(entry: EntryOf<"local">, at: EntryAt): LocalConfig {
  const args = entry.args ?? {};
  const used = new Set(
    [...entry.argv, ...(entry.check_argv ?? [])].flatMap((text) =>
      [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name ?? ""),
    ),
  );
  for (const name of used)
    if (!Object.hasOwn(args, name)) at.refuse("argv", `must use names of args: {${name}} is none of them.`);
  for (const name of Object.keys(args))
    if (!used.has(name)) at.refuse("args", `must be used in argv: {${name}} is not. Remove it, or write it there.`);
  return {
    ...at.named,
    argv: entry.argv,
    args,
    ...some("checkArgv", entry.check_argv),
    cwd: entry.cwd ?? "/",
    env: entry.env ?? {},
  };
}

function readHttp(entry: EntryOf<"http">, at: EntryAt): HttpConfig {
  const host = URL.parse(entry.base_url)?.hostname.replace(/^\[|\]$/g, "") ?? "";
  if (!entry.hosts.some((one) => one.toLowerCase() === host.toLowerCase()))
    at.refuse("hosts", `must name the host of base_url, which is ${show(host)}.`);
  if (isLoopback(entry.base_url) && entry.allow_private !== true)
    at.refuse("base_url", "must not lead to this machine unless allow_private is true.");
  if (entry.base_url.startsWith("http:") && !isLoopback(entry.base_url) && entry.token_file !== undefined)
    at.refuse("base_url", "must begin with https:// when there is a token, which would travel unencrypted.");
  else if (entry.base_url.startsWith("http:") && !isLoopback(entry.base_url))
    at.notice("changes are sent unencrypted; use https where it is offered");
  return {
    ...at.named,
    baseUrl: tidyUrl(entry.base_url),
    hosts: entry.hosts,
    ...some("token", at.secret("token_file")),
    ...some("caFile", at.path("ca_file")),
    idempotent: entry.idempotent ?? false,
    allowPrivate: entry.allow_private ?? false,
    ...some("statusPath", entry.status_path),
  };
}

function readGithub(entry: EntryOf<"github">, at: EntryAt): GithubConfig {
  const apiUrl = entry.api_url ?? "https://api.github.com";
  if (apiUrl.startsWith("http:") && !isLoopback(apiUrl))
    at.refuse("api_url", `must begin with https://: it is ${show(apiUrl)}.`);
  return {
    ...at.named,
    repository: entry.repository,
    token: at.secret("token_file") ?? secret(""),
    apiUrl: tidyUrl(apiUrl),
    workflows: entry.workflows ?? [],
  };
}

function readPostgres(entry: EntryOf<"postgres">, at: EntryAt): PostgresConfig {
  const tls = entry.tls ?? true;
  if (!tls && !isLoopback(`http://${entry.host}`)) at.notice("the password and the queries travel unencrypted");
  return {
    ...at.named,
    host: entry.host,
    port: entry.port ?? 5432,
    database: entry.database,
    user: entry.user,
    ...some("password", at.secret("password_file")),
    tls,
    ...some("caFile", at.path("ca_file")),
    tables: entry.tables ?? [],
  };
}

function readRedis(entry: EntryOf<"redis">, at: EntryAt): RedisConfig {
  if ((entry.url_file === undefined) === (entry.address === undefined))
    at.refuse(
      entry.address === undefined ? "name" : "address",
      "must come with either url_file or address: one of them says where the server is.",
    );
  for (const key of ["port", "password_file", "tls"] as const)
    if (entry.url_file !== undefined && entry[key] !== undefined)
      at.refuse(key, "must not come with url_file, which says it already.");
  const url = at.secret("url_file");
  if (url !== undefined && !/^rediss?:\/\/[^/]/.test(url.reveal()))
    at.refuse("url_file", "must name a file with an address that begins with redis:// or rediss://.");
  return {
    ...at.named,
    ...some("url", url),
    ...some("address", entry.address),
    port: entry.port ?? 6379,
    ...some("password", at.secret("password_file")),
    tls: entry.tls ?? false,
    prefixes: entry.prefixes ?? [],
    queues: entry.queues ?? [],
  };
}
