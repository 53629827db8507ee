import * as z from "zod";
import { extended, flag, group, ids, name, text, url, whole } from "./parts.ts";

/** What runbooks may act on. Each entry's name is what the arguments of runbooks call it. */

const named = (what: string) => ({
  name: name(`How runbooks and cards call this ${what}.`),
  environment: text("What runs there, as people say it: production, staging, …").optional(),
});

const host = (description: string) =>
  z
    .string("must be text")
    .regex(/^(?!-)[A-Za-z0-9._:-]{1,253}$/, "must be an IP address or a host name, without a port")
    .describe(description);

const port = (fallback: number) => whole(1, 65_535, `Its port. Default ${fallback}.`);

const user = () =>
  z
    .string("must be text")
    .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/, "must be a user name")
    .describe("User to log in as.");

const database = () =>
  z
    .string("must be text")
    .regex(/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/, "must be the name of a database")
    .describe("Name of the database.");

/** A file's name or a glob with `*`, but not every file. */
const pattern = (what: string, rule: RegExp, message: string) =>
  z
    .array(
      z
        .string("must be text")
        .regex(rule, message)
        .refine((value) => !/^[*?.]*$/.test(value), "must not be everything"),
      "must be a list",
    )
    .max(1000, "must have at most 1000 entries")
    .optional()
    .describe(what);

export const kubernetes = () =>
  group({
    ...named("cluster"),
    server: url("Address of its API server.").optional(),
    token_file: text("File with the token of a service account. It is read again when it changes.").optional(),
    ca_file: text("PEM file with the certificate authority of the API server.").optional(),
    insecure_loopback: flag("Take http:// for a server on this machine, for tests."),
    kubeconfig: text("A kubeconfig file, instead of server and token_file.").optional(),
    context: text("Its context. Default: the current one.").optional(),
    namespaces: z
      .array(
        z
          .string("must be text")
          .regex(/^(?:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?|\*)$/, "must be the name of a namespace, or *"),
        "must be a list",
      )
      .min(1, "must name at least one namespace")
      .describe("Namespaces that may be touched; * is all of them."),
  });

export const ssh = () =>
  group({
    ...named("host"),
    address: host("IP address or host name."),
    port: port(22),
    user: user(),
    identity_file: text("File with the private key."),
    known_hosts_file: text("File with the host's key; a host that is not in it is refused."),
    units: pattern(
      "Units of systemd that may be touched; * stands for any text. Default: none.",
      /^[A-Za-z0-9*][A-Za-z0-9:_.@*-]{0,200}\.[a-z]+$/,
      "must be the name of a unit, such as nginx.service or app-*.service",
    ),
    clean_paths: z
      .array(
        z
          .string("must be text")
          .regex(
            /^(?:\/tmp|(?:\/[A-Za-z0-9_@+.=-]+){2,})$/,
            "must be an absolute path of at least two folders, such as /var/tmp",
          )
          .refine(
            (path) => !path.split("/").some((part) => /^\.{1,2}$/.test(part)),
            "must not hold . or .. as a folder",
          )
          .refine((path) => !isSystemPath(path), "must not be a folder of the system itself"),
        "must be a list",
      )
      .max(100, "must have at most 100 entries")
      .optional()
      .describe("Folders in which old files may be deleted. Default: none."),
    sudo: flag("Run through sudo -n. Default false."),
  });

/** Whole trees of the system, and folders of which only some below may be cleaned. */
const SYSTEM_TREES =
  "bin boot dev etc lib lib32 lib64 proc root run sbin sys usr var/lib/dpkg var/lib/rpm var/lib/systemd var/lib/docker var/lib/containerd var/lib/kubelet var/lib/etcd var/lib/postgresql var/lib/mysql var/lib/redis".split(
    " ",
  );
const SYSTEM_FOLDERS = "var/cache var/lib var/lock var/log var/mail var/run var/spool var/www".split(" ");

function isSystemPath(path: string): boolean {
  const bare = path.slice(1);
  return SYSTEM_FOLDERS.includes(bare) || SYSTEM_TREES.some((tree) => bare === tree || bare.startsWith(`${tree}/`));
}

export const local = () =>
  group({
    ...named("command"),
    argv: argv("Program and arguments; {name} is filled from args. There is no shell."),
    args: z
      .record(
        z.string().regex(/^[a-z][a-z0-9_]{0,30}$/, "must be lower-case letters, digits and underscores"),
        z
          .string("must be text")
          .refine((value) => value.startsWith("^") && value.endsWith("$"), "must begin with ^ and end with $")
          .refine(compiles, "must be a regular expression"),
        "must be a group by name",
      )
      .optional()
      .describe("What each {name} may be, as a regular expression for the whole of it."),
    check_argv: argv(
      "Tells whether the command had its effect: exit code 0 for yes. Only reads; run when a change is proposed, and when its end is unknown.",
    ).optional(),
    cwd: z
      .string("must be text")
      .regex(/^\//, "must be an absolute path")
      .optional()
      .describe("Folder that it runs in. Default /."),
    env: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, "must be the name of a variable"),
        z.string("must be text").max(4000, "must be at most 4000 characters"),
        "must be a group by name",
      )
      .optional()
      .describe("The whole environment of the command; the bot's own is not passed on. Default: empty."),
  });

function argv(description: string) {
  return z
    .array(
      z.string("must be text").min(1, "must not be empty").max(4000, "must be at most 4000 characters"),
      "must be a list",
    )
    .min(1, "must name a program")
    .max(100, "must have at most 100 entries")
    .refine(([program]) => /^\/[^{}]*$/.test(program ?? ""), "must begin with the absolute path of a program")
    .describe(description);
}

function compiles(value: string): boolean {
  try {
    new RegExp(value, "u");
    return true;
  } catch {
    return false;
  }
}

const path = () => z.string("must be text").regex(/^\/[\x21-\x7e]*$/, "must be a path that begins with /");

export const http = () =>
  group({
    ...named("service"),
    base_url: url("Address that paths are put behind."),
    hosts: z
      .array(host("A host name."), "must be a list")
      .min(1, "must name at least one host")
      .describe("Hosts that may be reached. No redirect is followed."),
    token_file: text("File with a bearer token.").optional(),
    ca_file: text(
      "PEM file with the certificate authority that signed the server's certificate. Default: the usual ones.",
    ).optional(),
    idempotent: flag("The service knows Idempotency-Key: what may have arrived can be sent again. Default false."),
    allow_private: flag("Take addresses of private networks and of this machine. Default false."),
    status_path: path()
      .refine((value) => value.includes("{key}"), "must hold {key}")
      .optional()
      .describe("Where the service tells whether a key was carried out; {key} is put in."),
  });

export const github = () =>
  group({
    ...named("repository"),
    repository: z
      .string("must be text")
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/, "must be owner/name")
      .refine((value) => !/\/\.{1,2}$/.test(value), "must be owner/name")
      .describe("The repository, as owner/name."),
    token_file: text("File with a token."),
    api_url: url("Address of GitHub's API. Default https://api.github.com.").optional(),
    workflows: z
      .array(
        z
          .string("must be text")
          .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.ya?ml$/, "must be a file's name, such as deploy.yml"),
        "must be a list",
      )
      .max(200, "must have at most 200 entries")
      .optional()
      .describe("Workflows that may be started. Default: none."),
  });

export const postgres = () =>
  group({
    ...named("database"),
    host: host("IP address or host name."),
    port: port(5432),
    database: database(),
    user: user(),
    password_file: text("File with the password.").optional(),
    tls: flag("Whether TLS is spoken, and the certificate looked at. Default true."),
    ca_file: text(
      "PEM file with the certificate authority that signed the server's certificate. Default: the usual ones.",
    ).optional(),
    tables: pattern(
      "Tables that may be vacuumed, as schema.table; * stands for any text. Default: none.",
      /^[A-Za-z_*][\w$*]{0,62}\.[A-Za-z_*][\w$*]{0,62}$/,
      "must be schema.table, such as public.orders or public.*",
    ),
  });

export const redis = () =>
  group({
    ...named("server"),
    url_file: text("File with the whole address, such as rediss://user:password@host:6380/0.").optional(),
    address: host("IP address or host name, instead of url_file.").optional(),
    port: port(6379),
    password_file: text("File with the password.").optional(),
    tls: flag("Whether TLS is spoken. Default false."),
    prefixes: ids("Beginnings of keys that may be flushed, such as cart:. Default: none.").refine(
      (all) => all === undefined || all.every((one) => /^[\w./:{}-]{2,100}$/.test(one)),
      "must be beginnings of keys: at least 2 letters, digits or any of . / : { } _ -",
    ),
    queues: pattern(
      "Lists and streams that may be purged or moved; * stands for any text. Default: none.",
      /^[\w./:{}*-]{2,200}$/,
      "must be the name of a key, such as jobs:mail or jobs:*",
    ),
  });

export const extension = () =>
  group({
    ...extended(),
    environment: text("What runs there, as people say it: production, staging, …").optional(),
  });
