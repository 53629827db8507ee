import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "../../fakes/kubernetes/index.ts";
import { contextOf, KEY, lookAndRun, soon } from "../context.ts";
import { actionsOn, startBench } from "./bench.ts";

/** What is said of a change when things go wrong on the way: "failed" only when surely nothing happened. */

let bench: Awaited<ReturnType<typeof startBench>>;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.server.close());

const checkout = { cluster: "prod", namespace: "shop", kind: "deployment", name: "checkout" };
const get = () => bench.server.get("deployments", "shop", "checkout");
const onPatch = (fault: Fault, times = Number.POSITIVE_INFINITY) =>
  bench.server.faults(({ method }) => (method === "PATCH" && times-- > 0 ? fault : undefined));

describe("a change of Kubernetes", () => {
  const scale = () => bench.action("scale");
  const args = { ...checkout, replicas: 5 };

  it.each<[string, Fault, number]>([
    ["the answer is cut off after it was made", { kind: "cut", when: "after" }, 5],
    ["the connection is cut before it was made", { kind: "cut", when: "before" }, 3],
    ["the server answers 500 after it was made", { kind: "status", status: 500, when: "after" }, 5],
    ["the server answers 504 before it was made", { kind: "status", status: 504, when: "before" }, 3],
    ["the server answers 503 before it was made", { kind: "status", status: 503, when: "before" }, 3],
  ])("is unknown when %s, and the probe finds out", async (_, fault, replicas) => {
    const look = await scale().look(args, soon());
    onPatch(fault, 1);
    const context = contextOf(look);
    expect((await scale().run(args, context)).outcome).toBe("unknown");
    expect(get().spec.replicas).toBe(replicas);
    expect((await scale().probe(args, context)).found).toBe(replicas === 5 ? "ran" : "not_run");
    expect(bench.server.seen.filter(({ method }) => method === "PATCH")).toHaveLength(1);
  });

  it("is unknown when the time is up while it waits for the answer", async () => {
    const look = await scale().look(args, soon());
    onPatch({ kind: "hang", when: "after" });
    const stop = new AbortController();
    const running = scale().run(args, contextOf(look, { signal: stop.signal }));
    await expect.poll(() => get().spec.replicas).toBe(5);
    stop.abort(new Error("the time is up"));
    const ran = await running;
    expect(ran.outcome).toBe("unknown");
    expect(ran.output).toContain("the time is up");
    expect(await scale().probe(args, contextOf(look))).toEqual({
      found: "ran",
      text: "The object carries this execution's key in smartcloudops.io/execution.",
    });
  });

  it.each<[string, string, object]>([
    ["a merge patch", "scale", { ...checkout, replicas: 7 }],
    ["a strategic one", "restart", checkout],
    ["a JSON patch", "rollback", { cluster: "prod", namespace: "shop", name: "checkout" }],
  ])(
    "is still found by its key, and not made again, after another change of the same object by %s",
    async (_, other, more) => {
      const look = await scale().look(args, soon());
      onPatch({ kind: "cut", when: "after" }, 1);
      const context = contextOf(look);
      expect((await scale().run(args, context)).outcome).toBe("unknown");
      const action = bench.action(other);
      const later = contextOf(await action.look({ ...more }, soon()), { key: "f".repeat(32) });
      expect((await action.run({ ...more }, later)).outcome).toMatch(/succeeded|partial/);
      expect(await action.probe({ ...more }, later)).toMatchObject({ found: "ran" });
      expect(await scale().probe(args, context)).toEqual({
        found: "ran",
        text: "The object carries this execution's key in smartcloudops.io/executions; others changed it since.",
      });
      const patches = bench.server.seen.filter(({ method }) => method === "PATCH").length;
      expect((await scale().run(args, context)).output).toContain("an earlier attempt did it");
      expect(bench.server.seen.filter(({ method }) => method === "PATCH")).toHaveLength(patches);
    },
  );

  it("is not said to have not run where so many changed the object since that its key may have gone", async () => {
    const look = await scale().look(args, soon());
    const context = contextOf(look);
    for (let n = 0; n < 21; n++) {
      const other = { ...checkout, replicas: 10 + n };
      const key = String(n).padStart(32, "0");
      await scale().run(other, contextOf(await scale().look(other, soon()), { key }));
    }
    expect((await scale().probe(args, context)).found).toBe("unknown");
  });

  it("failed, surely, when nobody listens or the time was up before", async () => {
    const look = await scale().look(args, soon());
    const early = await scale().run(args, contextOf(look, { signal: AbortSignal.abort() }));
    expect(early.outcome).toBe("failed");
    await bench.server.close();
    const ran = await scale().run(args, contextOf(look));
    expect(ran).toEqual({
      outcome: "failed",
      output: "Kubernetes prod: nothing listens at that address. Nothing was changed.",
    });
    expect((await scale().probe(args, contextOf(look))).found).toBe("unknown");
    await bench.server.close().catch(() => {});
  });

  it("waits when the server is busy, and is made once", async () => {
    const look = await scale().look(args, soon());
    onPatch({ kind: "busy" }, 2);
    expect((await scale().run(args, contextOf(look))).outcome).toBe("succeeded");
    expect(bench.server.seen.filter(({ status }) => status === 429)).toHaveLength(2);
    expect(bench.server.changes()).toHaveLength(1);
  });

  it("failed when the server stays busy", async () => {
    const look = await scale().look(args, soon());
    onPatch({ kind: "busy" });
    const ran = await scale().run(args, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(get().spec.replicas).toBe(3);
  });

  it("goes on watching through trouble once it is made", async () => {
    const look = await scale().look(args, soon());
    let cuts = 3;
    bench.server.faults(({ method }) =>
      method === "GET" && get().spec.replicas === 5 && cuts-- > 0 ? { kind: "cut", when: "before" } : undefined,
    );
    expect((await scale().run(args, contextOf(look))).outcome).toBe("succeeded");
  });

  it("is refused with the right that is missing: verb, resource and namespace", async () => {
    bench.server.allow(bench.server.token, "bot", [{ verbs: ["get", "list"], groups: ["*"], resources: ["*"] }]);
    const look = await scale().look(args, soon());
    const ran = await scale().run(args, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toBe(
      'Kubernetes prod: the token lacks a right: patch deployments.apps in namespace shop. Grant it in a Role or ClusterRole, or do this by hand. (deployments.apps "checkout" is forbidden: User "bot" cannot patch resource "deployments" in API group "apps" in the namespace "shop") Nothing was changed.',
    );
    await expect(scale().simulate(args, look, soon())).rejects.toMatchObject({ name: "RefusedError", status: 403 });
  });

  it("is refused with the right to look that is missing, also for nodes and evictions", async () => {
    bench.server.allow(bench.server.token, "bot", []);
    await expect(scale().look(args, soon())).rejects.toThrow(
      /lacks a right: get deployments\.apps in namespace shop\./,
    );
    await expect(bench.action("cordon").look({ node: "node-1" }, soon())).rejects.toThrow(/lacks a right: get nodes\./);
    bench.server.allow(bench.server.token, "bot", [
      { verbs: ["get", "list", "patch"], groups: ["*"], resources: ["*"] },
    ]);
    const { ran } = await lookAndRun(bench.action("drain"), { node: "node-1", max_pods: 20 });
    expect(ran.outcome).toBe("partial");
    expect(ran.output).toContain("lacks a right: create pods/eviction in namespace shop");
  });

  it("says that a token is not accepted", async () => {
    const { actions } = { actions: actionsOn(bench.server, { tokenFile: "/dev/null" }) };
    await expect(actions.find(({ name }) => name === "kubernetes/scale")!.look(args, soon())).rejects.toMatchObject({
      status: 401,
    });
  });

  it("tells nothing for sure of an object that is gone", async () => {
    const look = await scale().look(args, soon());
    bench.server.store.remove({ group: "apps", plural: "deployments" }, "shop", "checkout");
    expect((await scale().run(args, contextOf(look))).output).toContain(
      "there is no deployment checkout in namespace shop",
    );
    expect((await scale().probe(args, contextOf(look))).found).toBe("unknown");
  });
});

describe("the arguments of Kubernetes actions", () => {
  const hostile = [
    "checkout; id > /tmp/x",
    "checkout && id",
    "checkout\nid",
    "checkout\r\nid",
    "checkout%0aid",
    "${IFS}id",
    "$(id)",
    "`id`",
    "{id,>,/tmp/x}",
    "checkout payments",
    "--server=https://evil.example",
    "--kubeconfig=/tmp/x",
    "-n",
    "--",
    "../../../etc/passwd",
    "default/../../kube-system",
    "..",
    "shop/checkout",
    "checkout?dryRun=All",
    "checkout#x",
    "сheckout",
    "checkout\u202e",
    "check\u200bout",
    "checkout.",
    ".checkout",
    "Checkout",
    "",
    " checkout",
    "checkout ",
    "x".repeat(254),
    3,
    null,
    ["checkout"],
    { gt: "" },
  ];

  it("refuse every hostile value before anything is sent", async () => {
    const restart = bench.action("restart");
    for (const field of ["cluster", "namespace", "kind", "name"])
      for (const value of hostile) {
        const args = { ...checkout, [field]: value };
        const wrong = restart.check(args);
        expect([field, value, typeof wrong]).toEqual([field, value, "string"]);
        await expect(restart.look(args, soon())).rejects.toThrow();
        expect((await restart.run(args, contextOf({ identity: {}, precondition: {} }))).outcome).toBe("failed");
      }
    for (const value of hostile) {
      expect(bench.action("cordon").check({ node: value })).toBeTypeOf("string");
      expect(bench.action("delete_pod").check({ namespace: "shop", name: value })).toBeTypeOf("string");
      expect(bench.action("pod_logs").check({ namespace: "shop", name: "a", container: value })).toBeTypeOf("string");
    }
    expect(bench.server.seen).toEqual([]);
  });

  it.each([-1, 1e9, 1.5, Number.NaN, "3", "3;id", "٣", " 3", "3\n", "1e3", [3], { gt: 0 }, null, true])(
    "refuse %j replicas",
    (replicas) => {
      expect(bench.action("scale").check({ ...checkout, replicas })).toMatch(
        /^replicas (must be a whole number|is missing)/,
      );
    },
  );

  it("refuse a namespace that is not listed, a cluster that is not configured, and what is no argument", () => {
    expect(bench.action("restart").check({ ...checkout, namespace: "kube-system" })).toBe(
      "Namespace kube-system of prod is out of bounds: shop is listed under namespaces.",
    );
    expect(bench.action("restart").check({ ...checkout, cluster: "other" })).toBe(
      'No cluster "other" is configured: there is prod.',
    );
    expect(bench.action("restart").check({ ...checkout, force: true })).toBe('"force" is no argument of this action.');
    expect(bench.action("restart").check(checkout)).toBeUndefined();
  });

  it("may be of any namespace where that is configured", () => {
    const everywhere = actionsOn(bench.server, { namespaces: ["*"] }).find(
      ({ name }) => name === "kubernetes/restart",
    )!;
    expect(everywhere.check({ ...checkout, namespace: "kube-system" })).toBeUndefined();
    const nowhere = actionsOn(bench.server, { namespaces: [] }).find(({ name }) => name === "kubernetes/restart")!;
    expect(nowhere.check(checkout)).toBe("Namespace shop of prod is out of bounds: none is listed under namespaces.");
  });

  it("need no cluster where there is only one", async () => {
    const { cluster: _, ...args } = checkout;
    expect((await lookAndRun(bench.action("restart"), args, { key: KEY })).ran.outcome).toBe("succeeded");
  });
});
