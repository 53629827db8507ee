import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKubernetesActions } from "../../../src/actions/kubernetes/index.ts";
import { secret } from "../../../src/util/secret.ts";
import { selfSigned } from "../../fakes/certificate.ts";
import { type Kubernetes, startKubernetes } from "../../fakes/kubernetes/index.ts";
import { findKubectls } from "../../fakes/kubernetes/kubectl.ts";
import { addShop } from "../../fakes/kubernetes/shop.ts";
import { contextOf, deps, lookAndRun, soon } from "../context.ts";

/**
 * Kubernetes' own client against the API server of our tests, over TLS: where `kubectl` gets on with it, so does what we
 * wrote against it. Where there is no kubectl, these are skipped and say why.
 */

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "kubectl-"));
const certificate = selfSigned();
let kubectls: Awaited<ReturnType<typeof findKubectls>>;
let server: Kubernetes;

beforeAll(async () => {
  kubectls = await findKubectls();
}, 200_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A kubeconfig for the server, with the token of its operator. */
function kubeconfigOf(cert: string): string {
  const file = join(folder, `${Math.abs(server.store.version())}-${server.url.split(":").at(-1)}.yaml`);
  const ca = Buffer.from(cert).toString("base64");
  writeFileSync(
    file,
    `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "${server.url}", certificate-authority-data: ${ca}}}]
users: [{name: u, user: {token: ${server.token}}}]
contexts: [{name: shop, context: {cluster: c, user: u, namespace: shop}}]
current-context: shop
`,
  );
  return file;
}

/** Each test for every kubectl there is: a server with the shop, a kubectl on it, and our actions by the same kubeconfig. */
function withKubectl(
  name: string,
  test: (use: {
    readonly kubectl: (...args: string[]) => Promise<string>;
    readonly action: (name: string) => ReturnType<typeof createKubernetesActions>[number];
  }) => Promise<void>,
): void {
  it(name, async ({ skip }) => {
    if ("missing" in certificate) return skip(certificate.missing);
    if (kubectls.found.length === 0) return skip(kubectls.missing);
    for (const program of kubectls.found) {
      server = await startKubernetes({ tls: certificate });
      try {
        addShop(server);
        const kubeconfig = kubeconfigOf(certificate.cert);
        const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kubeconfig };
        const kubectl = async (...args: string[]) => {
          const { stdout, stderr } = await run(program, args, { env, timeout: 60_000 }).catch((error) => {
            throw new Error(`${program} ${args.join(" ")}: ${error.stderr}`);
          });
          return `${stdout}${stderr}`;
        };
        const actions = createKubernetesActions(
          [{ name: "prod", kubeconfig, context: "shop", namespaces: ["shop"] }],
          deps,
          { pollMs: 5 },
        );
        await test({ kubectl, action: (wanted) => actions.find((one) => one.name === `kubernetes/${wanted}`)! });
      } finally {
        await server.close();
      }
    }
  }, 180_000);
}

const get = (name: string) => server.get("deployments", "shop", name);
const podsOf = (app: string) => server.list("pods", "shop").filter(({ metadata }) => metadata.labels.app === app);
const checkout = { namespace: "shop", kind: "deployment", name: "checkout" };

describe("kubectl", () => {
  withKubectl("sees the shop", async ({ kubectl }) => {
    const list = JSON.parse(await kubectl("get", "deployments", "-o", "json"));
    expect(list.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name)).toEqual([
      "cart",
      "checkout",
    ]);
    expect(await kubectl("get", "nodes", "-o", "name")).toBe("node/node-1\nnode/node-2\nnode/node-3\n");
    expect(await kubectl("rollout", "history", "deployment/checkout")).toMatch(/1 .*\n2 .*\n3 /);
    await expect(kubectl("get", "deployment", "nope")).rejects.toThrow(/deployments\.apps "nope" not found/);
  });

  withKubectl("restarts as the bot does, and each sees what the other did", async ({ kubectl, action }) => {
    const before = podsOf("checkout").map(({ metadata }) => metadata.uid);
    expect(await kubectl("rollout", "restart", "deployment/checkout")).toContain("restarted");
    expect(await kubectl("rollout", "status", "deployment/checkout")).toContain("successfully rolled out");
    const theirs = server.changes().at(-1)!;
    expect(podsOf("checkout").filter(({ metadata }) => before.includes(metadata.uid))).toEqual([]);
    expect((await lookAndRun(action("restart"), checkout)).ran.outcome).toBe("succeeded");
    const ours = server.changes().at(-1)!;
    expect([ours.method, ours.path, ours.contentType]).toEqual([theirs.method, theirs.path, theirs.contentType]);
    const annotation = (seen: typeof ours) =>
      seen.body.spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"];
    expect(annotation(theirs)).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(annotation(ours)).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(await kubectl("rollout", "status", "deployment/checkout")).toContain("successfully rolled out");
    expect(
      await kubectl(
        "get",
        "deployment",
        "checkout",
        "-o",
        "jsonpath={.metadata.annotations.smartcloudops\\.io/execution}",
      ),
    ).toMatch(/^[0-9a-f]{32}$/);
  });

  withKubectl("scales, and a proposal from before is refused then", async ({ kubectl, action }) => {
    const args = { ...checkout, replicas: 5 };
    const look = await action("scale").look(args, soon());
    await kubectl("scale", "deployment/checkout", "--replicas=2");
    expect(podsOf("checkout")).toHaveLength(2);
    expect(await action("scale").run(args, contextOf(look))).toMatchObject({
      outcome: "failed",
      output: expect.stringContaining("replicas was 3 and is 2"),
    });
    await expect(kubectl("scale", "deployment/checkout", "--current-replicas=9", "--replicas=1")).rejects.toThrow(
      /Expected replicas to be 9, was 2/,
    );
  });

  withKubectl("rolls back and pauses as the bot does", async ({ kubectl, action }) => {
    await kubectl("rollout", "undo", "deployment/checkout");
    expect(get("checkout").spec.template.spec.containers[0].image).toBe("registry.example/checkout:2");
    const theirs = server.changes().at(-1)!;
    const { ran } = await lookAndRun(action("rollback"), { namespace: "shop", name: "checkout" });
    expect(ran.outcome).toBe("succeeded");
    const ours = server.changes().at(-1)!;
    expect([ours.method, ours.path, ours.contentType]).toEqual([theirs.method, theirs.path, theirs.contentType]);
    expect(get("checkout").spec.template.spec.containers[0].image).toBe("registry.example/checkout:3");
    await kubectl("rollout", "pause", "deployment/checkout");
    await expect(kubectl("rollout", "restart", "deployment/checkout")).rejects.toThrow(/paused/);
    await expect(action("restart").look(checkout, soon())).rejects.toThrow(/paused/);
    expect((await lookAndRun(action("resume_rollout"), { namespace: "shop", name: "checkout" })).ran.outcome).toBe(
      "succeeded",
    );
    expect(await kubectl("rollout", "status", "deployment/checkout")).toContain("successfully rolled out");
  });

  withKubectl("cordons, drains around daemon sets, and uncordons", async ({ kubectl, action }) => {
    await expect(kubectl("drain", "node-1", "--timeout=5s")).rejects.toThrow(/DaemonSet-managed/);
    expect(await kubectl("drain", "node-1", "--ignore-daemonsets", "--timeout=60s")).toContain("evict");
    const left = server.list("pods").filter(({ spec }) => spec.nodeName === "node-1");
    expect(left.map(({ metadata }) => metadata.ownerReferences[0].kind)).toEqual(["DaemonSet"]);
    expect((await lookAndRun(action("uncordon"), { node: "node-1" })).ran.outcome).toBe("succeeded");
    expect((await lookAndRun(action("drain"), { node: "node-2", max_pods: 20 })).ran.outcome).toBe("succeeded");
    expect(await kubectl("get", "node", "node-2", "-o", "jsonpath={.spec.unschedulable}")).toBe("true");
    expect(await kubectl("uncordon", "node-2")).toContain("uncordoned");
    await expect(action("uncordon").look({ node: "node-2" }, soon())).rejects.toThrow(/takes new pods already/);
  });

  withKubectl("reads logs and deletes a pod", async ({ kubectl, action }) => {
    server.logs.set("shop/orders-db-0/main", `${new Date().toISOString()} one\n${new Date().toISOString()} two\n`);
    expect(await kubectl("logs", "orders-db-0", "--tail=1")).toBe("two\n");
    expect(
      (await lookAndRun(action("pod_logs"), { namespace: "shop", name: "orders-db-0", lines: 1 })).ran.output,
    ).toMatch(/^\S+ two\n$/);
    const { uid } = server.get("pods", "shop", "orders-db-0").metadata;
    const look = await action("delete_pod").look({ namespace: "shop", name: "orders-db-0" }, soon());
    expect(await kubectl("delete", "pod", "orders-db-0")).toContain("deleted");
    expect(server.get("pods", "shop", "orders-db-0").metadata.uid).not.toBe(uid);
    expect(
      (await action("delete_pod").run({ namespace: "shop", name: "orders-db-0" }, contextOf(look))).output,
    ).toContain("gone already");
  });

  withKubectl(
    "hears the same refusals: a limit below the request, a right that is missing, a wrong content of a patch",
    async ({ kubectl, action }) => {
      await expect(kubectl("set", "resources", "deployment/checkout", "--limits=memory=64Mi")).rejects.toThrow(
        /must be less than or equal to memory limit/,
      );
      await expect(
        kubectl(
          "patch",
          "deployment",
          "checkout",
          "--type=json",
          "-p",
          '[{"op":"test","path":"/metadata/uid","value":"x"}]',
        ),
      ).rejects.toThrow();
      await expect(
        kubectl(
          "patch",
          "deployment",
          "checkout",
          "--type=merge",
          "-p",
          '{"metadata":{"resourceVersion":"1"},"spec":{"replicas":9}}',
        ),
      ).rejects.toThrow(/the object has been modified/);
      server.allow(server.token, "bot", [{ verbs: ["get", "list", "watch"], groups: ["*"], resources: ["*"] }]);
      await expect(kubectl("rollout", "restart", "deployment/checkout")).rejects.toThrow(
        /forbidden: User "bot" cannot patch resource "deployments"/,
      );
      expect((await lookAndRun(action("restart"), checkout)).ran.output).toContain(
        'User "bot" cannot patch resource "deployments"',
      );
    },
  );
});

describe("access to a cluster", () => {
  const settings = { name: "prod", namespaces: ["shop"] };
  const restartOn = (more: object) => createKubernetesActions([{ ...settings, ...more }], deps)[0]!;

  it("by token and CA file, over TLS", async ({ skip }) => {
    if ("missing" in certificate) return skip(certificate.missing);
    server = await startKubernetes({ tls: certificate });
    try {
      addShop(server);
      const [caFile, tokenFile] = [join(folder, "ca.pem"), join(folder, "token")];
      writeFileSync(caFile, certificate.cert);
      writeFileSync(tokenFile, "stale\n");
      const restart = restartOn({ server: server.url, caFile, tokenFile });
      await expect(restart.look(checkout, soon())).rejects.toThrow(/does not accept the token/);
      writeFileSync(tokenFile, `${server.token}\n`); // renewed on disk, as projected tokens are
      expect((await lookAndRun(restart, checkout)).ran.outcome).toBe("succeeded");
      const stranger = restartOn({ server: server.url, token: secret(server.token) });
      await expect(stranger.look(checkout, soon())).rejects.toThrow(/signed by an authority that is not known here/);
    } finally {
      await server.close();
    }
  });

  it.each([
    [{}, /needs an address/],
    [{ server: "http://10.0.0.1" }, /must start with https/],
    [{ server: "http://10.0.0.1", insecureLoopback: true }, /must start with https/],
    [{ server: "http://127.0.0.1" }, /with insecure_loopback: true/],
    [{ server: "ftp://x" }, /must start with https/],
    [{ server: "https://u:p@x" }, /neither user nor query/],
    [{ server: "https://x/?a=b" }, /neither user nor query/],
  ])("is refused at the start with %j", (more, message) => {
    expect(() => restartOn(more)).toThrow(message);
  });

  it("says what is wrong with a kubeconfig, and uses none that turns off the check of certificates", async () => {
    const write = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const of = (cluster: string) => `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: ${cluster}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: shop, context: {cluster: c, user: u}}]
current-context: shop
`;
    const unsafe = write("unsafe.yaml", of('{server: "https://10.0.0.1", insecure-skip-tls-verify: true}'));
    await expect(restartOn({ kubeconfig: unsafe }).look(checkout, soon())).rejects.toThrow(/insecure-skip-tls-verify/);
    const plain = write("plain.yaml", of('{server: "http://10.0.0.1"}'));
    await expect(restartOn({ kubeconfig: plain }).look(checkout, soon())).rejects.toThrow(/must start with https/);
    const good = write("good.yaml", of('{server: "https://10.0.0.1"}'));
    await expect(restartOn({ kubeconfig: good, context: "other" }).look(checkout, soon())).rejects.toThrow(
      /has no context "other"/,
    );
    await expect(restartOn({ kubeconfig: join(folder, "none.yaml") }).look(checkout, soon())).rejects.toThrow(
      /cannot be used/,
    );
  });
});
