import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { checkAuditKey, checkRights } from "../../src/cli/checks/rights.ts";
import type { Config } from "../../src/config.ts";
import { secret } from "../../src/util/secret.ts";
import { startPostgres } from "../fakes/programs/postgres.ts";
import { startRedis } from "../fakes/programs/redis.ts";
import { startHost } from "../fakes/programs/sshd.ts";

const servers: Server[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A server that gives that answer to everything, and what it was asked. */
async function answering(status: number, body: unknown, headers: Record<string, string> = {}) {
  const asked: { path: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    asked.push({ path: request.url ?? "", body: await textOf(request) });
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const NONE = { kubernetes: [], ssh: [], local: [], http: [], github: [], postgres: [], redis: [], extension: [] };
const rights = async (some: object, uid?: number) => {
  const executors = { ...NONE, ...some } as Config["runbooks"]["executors"];
  const checks = await checkRights({ runbooks: { builtin: true, folders: [], executors } }, uid);
  return checks.map((check) => ({ cure: "", ...check }));
};

describe("what the token of a Kubernetes cluster may do", () => {
  const rule = (verbs: string[], resources: string[]) => ({ verbs, apiGroups: [""], resources });
  const NEEDED = [rule(["get", "patch"], ["deployments"]), rule(["get", "list"], ["pods", "pods/log"])];
  async function look(resourceRules: readonly unknown[], status = 201) {
    const { url, asked } = await answering(status, {
      status: { resourceRules, nonResourceRules: [], incomplete: false },
    });
    const cluster = { name: "prod", server: url, insecureLoopback: true, token: secret("t"), namespaces: ["shop"] };
    return { checks: await rights({ kubernetes: [cluster] }), asked };
  }

  it("is well when it is what actions need", async () => {
    const { checks, asked } = await look(NEEDED);
    expect(checks).toMatchObject([{ name: "rights of kubernetes/prod", state: "ok" }]);
    expect(asked[0]?.path).toBe("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews");
    expect(JSON.parse(asked[0]!.body)).toMatchObject({ spec: { namespace: "shop" } });
  });

  it.each([
    ["everything", [rule(["*"], ["*"])], "it may do everything (verbs and resources *)"],
    ["every resource", [rule(["get"], ["*"])], "it may get *; it may read secrets"],
    ["secrets", [rule(["list"], ["secrets"])], "it may read secrets"],
    ["a shell in pods", [rule(["create"], ["pods/exec"])], "it may run commands in pods"],
    ["roles", [rule(["escalate"], ["clusterroles"])], "it may give rights to others"],
    ["other people", [rule(["impersonate"], ["users"])], "it may act as somebody else"],
  ])("is too much with %s, with what is wanted instead", async (_, more, said) => {
    const { checks } = await look([...NEEDED, ...more]);
    expect(checks).toMatchObject([
      { state: "failed", found: expect.stringContaining(said), cure: expect.stringContaining("a Role of its own") },
    ]);
  });

  it("is said to be unknown when the server does not tell", async () => {
    expect((await look([], 403)).checks).toMatchObject([
      { state: "failed", found: expect.stringContaining("cannot be asked") },
    ]);
  });
});

describe("what the token of a GitHub repository may do", () => {
  async function look(headers: Record<string, string>, status = 200) {
    const { url } = await answering(status, {}, headers);
    return rights({
      github: [{ name: "shop", repository: "org/shop", token: secret("t"), apiUrl: url, workflows: [] }],
    });
  }

  it("is too much for a classic token, whose scopes reach every repository", async () => {
    expect(await look({ "x-oauth-scopes": "repo, workflow" })).toMatchObject([
      {
        name: "rights of github/shop",
        state: "failed",
        found:
          "a classic token can do more than its runbooks need: it has the scope repo, for every repository of its owner; it has the scope workflow, for every repository of its owner",
        cure: expect.stringContaining("fine-grained token"),
      },
    ]);
  });

  it("is well for a token that tells no scopes, and unknown for one that is refused", async () => {
    expect(await look({})).toMatchObject([{ state: "ok" }]);
    expect(await look({}, 401)).toMatchObject([{ state: "failed", found: expect.stringContaining("cannot be asked") }]);
  });
});

it("a PostgreSQL role is too much as a superuser, and well as one of its own", async ({ skip }) => {
  const cluster = await startPostgres();
  if ("skipped" in cluster) return skip(cluster.skipped);
  try {
    await cluster.sql(
      "create role mender login password 'pw'; create role runner login password 'pw'; grant pg_execute_server_program to runner",
    );
    await cluster.sql("create role chief superuser login password 'pw'");
    const as = (user: string) => rights({ postgres: [{ ...cluster.settings, user, password: secret("pw") }] });
    expect(await as("mender")).toMatchObject([{ state: "ok" }]);
    expect(await as("runner")).toMatchObject([
      { state: "failed", found: expect.stringContaining("it may run programs on the server") },
    ]);
    expect(await as("chief")).toMatchObject([
      { state: "failed", found: "the role chief can do more than its runbooks need: it is a superuser" },
    ]);
  } finally {
    await cluster.stop();
  }
});

it("a Redis user is too much with every command and key, and well with those of its prefixes", async ({ skip }) => {
  const server = await startRedis();
  if ("skipped" in server) return skip(server.skipped);
  try {
    await server.redis.call("ACL", "SETUSER", "all", "on", ">pw", "+@all", "~*");
    await server.redis.call(
      ...(["ACL", "SETUSER", "few", "on", ">pw", "-@all", "+info", "+ping", "+acl|whoami", "+acl|getuser"] as const),
      ...(["+@read", "+@write", "-@dangerous", "~cart:*", "~smartcloudops:*"] as const),
    );
    await server.redis.call("ACL", "SETUSER", "mute", "on", ">pw", "-@all", "+info", "+ping", "~cart:*");
    const as = (user: string) => {
      const { url: _, ...settings } = server.settings;
      return rights({ redis: [{ ...settings, user, password: secret("pw") }] });
    };
    expect(await as("all")).toMatchObject([
      {
        state: "failed",
        found:
          "the user all can do more than its runbooks need: it may give every command, FLUSHALL, CONFIG and ACL among them; it may touch every key",
        cure: expect.stringContaining("ACL SETUSER"),
      },
    ]);
    expect(await as("few")).toMatchObject([{ state: "ok" }]);
    expect(await as("mute")).toMatchObject([{ state: "ok", found: expect.stringContaining("a user without ACL") }]);
  } finally {
    await server.stop();
  }
});

it("an account over SSH is asked on the host whether it is root", async ({ skip }) => {
  const host = await startHost();
  if ("skipped" in host) return skip(host.skipped);
  try {
    const [check] = await rights({ ssh: [{ ...host.settings, port: host.settings.port ?? 22, sudo: false }] });
    expect(check).toMatchObject({ name: `rights of ssh/${host.settings.name}` });
    expect(check?.found).toMatch(/is root|may run any command|nothing beyond what is needed/);
    expect(check?.found).not.toContain("cannot be asked");
  } finally {
    await host.stop();
  }
});

it("commands of this machine are too much as root", async () => {
  const local = [{ name: "x", argv: ["/bin/true"], args: {}, cwd: "/", env: {} }];
  expect(await rights({ local }, 0)).toMatchObject([{ name: "rights of local", state: "failed" }]);
  expect(await rights({ local }, 1000)).toMatchObject([{ state: "ok" }]);
  expect(await rights({}, 0)).toEqual([]);
});

it("the audit's key lies outside of the data folder, links followed, and closed to others", async () => {
  const home = mkdtempSync(join(tmpdir(), "key-"));
  folders.push(home);
  const data = join(home, "data");
  mkdirSync(data);
  for (const path of ["data/inside.pem", "outside.pem"]) writeFileSync(join(home, path), "k", { mode: 0o600 });
  writeFileSync(join(home, "open.pem"), "k", { mode: 0o644 });
  symlinkSync(join(data, "inside.pem"), join(home, "link.pem"));
  const state = async (file: string | undefined) => (await checkAuditKey(data, file, home)).state;
  expect(await state("outside.pem")).toBe("ok");
  expect(await state(join(data, "inside.pem"))).toBe("failed");
  expect(await state("link.pem")).toBe("failed");
  expect(await state("open.pem")).toBe("failed");
  expect(await state(undefined)).toBe("skipped");
});
