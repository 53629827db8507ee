import { describe, expect, it } from "vitest";
import { secretsOf } from "../../src/config.ts";
import { configIn, problemsIn } from "./helpers.ts";

const FILES = {
  "/bot/t": "t0ken\n",
  "/bot/pw": "p4ss\n",
  "/bot/url": "rediss://me:s%40crt@cache:6380/1\n",
  "/bot/key": "-----BEGIN OPENSSH PRIVATE KEY-----\n",
  "/bot/hosts": "10.0.0.5 ssh-ed25519 AAAA\n",
  "/bot/kube": "apiVersion: v1\n",
};
const yaml = (kind: string, ...entries: readonly string[]) =>
  `runbooks:\n  executors:\n    ${kind}:\n${entries.map((one) => `      - {${one}}\n`).join("")}`;
const said = (kind: string, ...entries: readonly string[]) =>
  problemsIn(yaml(kind, ...entries), {}, FILES).map(({ where, message }) => `${where}: ${message}`);
const read = (kind: string, entry: string) => configIn(yaml(kind, entry), {}, FILES);

const KUBERNETES = "name: prod, server: 'https://k:6443/', token_file: t, namespaces: [shop]";
const SSH = "name: web-1, address: 10.0.0.5, user: ops, identity_file: key, known_hosts_file: hosts";
const LOCAL = "name: cdn, argv: [/bin/flush, '{zone}'], args: {zone: '^[a-z]+$'}";
const HTTP = "name: flags, base_url: 'https://flags.example.com/api/', hosts: [flags.example.com]";
const GITHUB = "name: shop, repository: org/shop, token_file: t";
const POSTGRES = "name: db, host: db.example.com, database: orders, user: ops, password_file: pw";
const REDIS = "name: cache, url_file: url";

describe("what runbooks may act on", () => {
  it("is nothing where nothing is said", () => {
    expect(Object.values(configIn("").runbooks.executors).flat()).toEqual([]);
  });

  it("is read, with paths made absolute and secrets wrapped", () => {
    const { kubernetes } = read("kubernetes", `${KUBERNETES}, environment: production`).runbooks.executors;
    expect(kubernetes[0]).toMatchObject({
      name: "prod",
      environment: "production",
      server: "https://k:6443",
      tokenFile: "/bot/t",
      insecureLoopback: false,
      namespaces: ["shop"],
    });
    expect(kubernetes[0]?.token?.reveal()).toBe("t0ken");
    expect(read("ssh", `${SSH}, units: [nginx.service], clean_paths: [/var/tmp/app]`).runbooks.executors.ssh).toEqual([
      {
        name: "web-1",
        address: "10.0.0.5",
        port: 22,
        user: "ops",
        identityFile: "/bot/key",
        knownHostsFile: "/bot/hosts",
        units: ["nginx.service"],
        cleanPaths: ["/var/tmp/app"],
        sudo: false,
      },
    ]);
    expect(read("local", LOCAL).runbooks.executors.local).toEqual([
      { name: "cdn", argv: ["/bin/flush", "{zone}"], args: { zone: "^[a-z]+$" }, cwd: "/", env: {} },
    ]);
    expect(read("http", HTTP).runbooks.executors.http[0]).toMatchObject({
      baseUrl: "https://flags.example.com/api",
      idempotent: false,
      allowPrivate: false,
    });
    expect(read("github", GITHUB).runbooks.executors.github[0]?.apiUrl).toBe("https://api.github.com");
    expect(read("postgres", POSTGRES).runbooks.executors.postgres[0]).toMatchObject({
      port: 5432,
      tls: true,
      tables: [],
    });
    expect(read("redis", REDIS).runbooks.executors.redis[0]).toMatchObject({ port: 6379, prefixes: [], queues: [] });
  });

  it("keeps every secret out of the log, also inside an address", () => {
    const all = [
      [KUBERNETES, "kubernetes", ["t0ken"]],
      [`${HTTP}, token_file: t`, "http", ["t0ken"]],
      [GITHUB, "github", ["t0ken"]],
      [POSTGRES, "postgres", ["p4ss"]],
      [REDIS, "redis", ["rediss://me:s%40crt@cache:6380/1", "s%40crt", "s@crt"]],
    ] as const;
    for (const [entry, kind, secrets] of all) {
      const config = read(kind, entry);
      expect(secretsOf(config).map((one) => one.reveal())).toEqual(secrets);
      for (const one of secrets) expect(JSON.stringify(config)).not.toContain(one);
    }
  });

  it.each<[string, string, RegExp]>([
    ["kubernetes", "name: a, namespaces: [x]", /must come with either server or kubeconfig/],
    ["kubernetes", `${KUBERNETES}, kubeconfig: kube`, /must come with either server or kubeconfig/],
    ["kubernetes", "name: a, kubeconfig: kube, token_file: t, namespaces: [x]", /token_file: must come with server/],
    ["kubernetes", KUBERNETES.replace("https", "http"), /server: must begin with https/],
    ["kubernetes", `${KUBERNETES.replace("https", "http")}, insecure_loopback: true`, /server: must begin with https/],
    ["kubernetes", KUBERNETES.replace("[shop]", "[]"), /must name at least one namespace/],
    ["kubernetes", KUBERNETES.replace("[shop]", "['shop; rm']"), /must be the name of a namespace/],
    ["kubernetes", KUBERNETES.replace("token_file: t", "token: t0ken"), /\.token: is not a setting/],
    ["kubernetes", KUBERNETES.replace("token_file: t", "token_file: nowhere"), /there is no \/bot\/nowhere/],
    ["ssh", SSH.replace(", known_hosts_file: hosts", ""), /known_hosts_file: is missing/],
    ["ssh", SSH.replace("10.0.0.5", "-oProxyCommand=x"), /address: must be an IP address/],
    ["ssh", SSH.replace("user: ops", "user: -l"), /user: must be a user name/],
    ["ssh", `${SSH}, units: ['*']`, /must not be everything/],
    ["ssh", `${SSH}, units: ['--root=/']`, /must be the name of a unit/],
    ["ssh", `${SSH}, clean_paths: [/]`, /absolute path of at least two folders/],
    ["ssh", `${SSH}, clean_paths: [/etc/ssl]`, /a folder of the system/],
    ["ssh", `${SSH}, clean_paths: [/var/lib]`, /a folder of the system/],
    ["ssh", `${SSH}, clean_paths: [/var/tmp/../../etc]`, /must not hold/],
    ["ssh", `${SSH}, clean_paths: ['/var/tmp;id']`, /absolute path/],
    ["local", "name: a, argv: [flush]", /absolute path of a program/],
    ["local", "name: a, argv: ['/bin/{x}']", /absolute path of a program/],
    ["local", "name: a, argv: [/bin/a, '{x}']", /\{x\} is none of them/],
    ["local", `${LOCAL}, check_argv: ['{zone}']`, /absolute path of a program/],
    ["local", "name: a, argv: [/bin/a], args: {x: '^a$'}", /\{x\} is not. Remove it/],
    ["local", "name: a, argv: [/bin/a, '{x}'], args: {x: 'a'}", /must begin with \^/],
    ["local", "name: a, argv: [/bin/a, '{x}'], args: {x: '^($'}", /must be a regular expression/],
    ["http", HTTP.replace("hosts: [flags", "hosts: [other"), /hosts: must name the host of base_url/],
    ["http", "name: a, base_url: 'http://127.0.0.1:1', hosts: [127.0.0.1]", /must not lead to this machine/],
    ["http", `${HTTP.replace("https", "http")}, token_file: t`, /must begin with https/],
    ["http", `${HTTP}, status_path: /x`, /must hold \{key\}/],
    ["github", GITHUB.replace("org/shop", "org/../x"), /must be owner\/name/],
    ["github", GITHUB.replace("org/shop", "org/.."), /must be owner\/name/],
    ["github", `${GITHUB}, workflows: ['../x.yml']`, /must be a file's name/],
    ["postgres", POSTGRES.replace("orders", "'o;--'"), /must be the name of a database/],
    ["postgres", `${POSTGRES}, tables: ['*.*']`, /must not be everything/],
    ["postgres", `${POSTGRES}, tables: [orders]`, /must be schema.table/],
    ["redis", "name: a", /either url_file or address/],
    ["redis", `${REDIS}, tls: true`, /must not come with url_file/],
    ["redis", "name: a, url_file: t", /redis:\/\/ or rediss/],
    ["redis", `${REDIS}, prefixes: ['*']`, /must be beginnings of keys/],
    ["redis", `${REDIS}, queues: ['**']`, /must not be everything/],
  ])("refuses for %s: %s", (kind, entry, message) => {
    const problems = said(kind, entry);
    expect(problems).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
    expect(problems.join("\n")).not.toMatch(/t0ken|p4ss|s%40crt/);
    expect(problems.every((one) => one.startsWith("smartcloudops.yaml:4:"))).toBe(true);
  });

  it("takes a name once per kind", () => {
    expect(said("redis", REDIS, REDIS)).toEqual([expect.stringMatching(/redis\[1\].name: must differ/)]);
  });

  it("takes plain http for a server on this machine only", () => {
    const entry = "name: a, server: 'http://127.0.0.1:1', insecure_loopback: true, namespaces: ['*']";
    expect(read("kubernetes", entry).notices).toContain("kubernetes a: every namespace may be touched");
  });
});
