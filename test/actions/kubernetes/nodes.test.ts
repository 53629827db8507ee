import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contextOf, KEY, lookAndRun, soon } from "../context.ts";
import { actionsOn, startBench } from "./bench.ts";

let bench: Awaited<ReturnType<typeof startBench>>;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.server.close());

const node = (name: string) => bench.server.get("nodes", undefined, name);
const podsOn = (name: string) => bench.server.list("pods").filter(({ spec }) => spec.nodeName === name);
const ownerOf = (pod: ReturnType<typeof node>) => pod.metadata.ownerReferences?.[0]?.kind;

describe("kubernetes/cordon and uncordon", () => {
  const args = { cluster: "prod", node: "node-1" };

  it("keep new pods away, and let them come again", async () => {
    const { look, ran } = await lookAndRun(bench.action("cordon"), args);
    expect(ran).toEqual({ outcome: "succeeded", output: "node node-1 takes no new pods" });
    expect(node("node-1").spec.unschedulable).toBe(true);
    expect(node("node-1").metadata.annotations["smartcloudops.io/execution"]).toBe(KEY);
    expect(look).toMatchObject({ precondition: { unschedulable: false }, captured: { unschedulable: false } });
    const back = await lookAndRun(bench.action("uncordon"), args, { key: "b".repeat(32) });
    expect(back.ran.outcome).toBe("succeeded");
    expect(node("node-1").spec.unschedulable).toBe(false);
  });

  it("refuse what is so already, and a node that is not there", async () => {
    await expect(bench.action("uncordon").look(args, soon())).rejects.toThrow(/takes new pods already/);
    await expect(bench.action("cordon").look({ ...args, node: "node-9" }, soon())).rejects.toThrow(
      /there is no node node-9/,
    );
  });
});

describe("kubernetes/drain", () => {
  const args = { cluster: "prod", node: "node-1", max_pods: 20 };
  const movable = () =>
    podsOn("node-1").filter(
      (pod) => ownerOf(pod) !== "DaemonSet" && pod.metadata.annotations?.["kubernetes.io/config.mirror"] === undefined,
    );

  it("cordons, evicts what a controller makes anew elsewhere, and leaves daemon sets and static pods", async () => {
    bench.server.add("pods", {
      metadata: {
        name: "kube-proxy-node-1",
        namespace: "kube-system",
        annotations: { "kubernetes.io/config.mirror": "x" },
      },
      spec: { nodeName: "node-1", containers: [{ name: "main", image: "p" }] },
    });
    const names = movable().map(({ metadata }) => `shop/${metadata.name}`);
    expect(names.length).toBeGreaterThan(1);
    const { look, ran, context } = await lookAndRun(bench.action("drain"), args);
    expect(look.blast.text).toBe(`${names.length} pods are evicted: ${names.join(", ")}.`);
    expect(ran.outcome).toBe("succeeded");
    expect(ran.parts?.map(({ name, outcome }) => [name, outcome])).toEqual(names.map((name) => [name, "succeeded"]));
    expect(movable()).toEqual([]);
    expect(podsOn("node-1").map(ownerOf)).toEqual([undefined, "DaemonSet"]);
    expect(node("node-1").spec.unschedulable).toBe(true);
    expect(bench.server.list("pods", "shop").filter(({ metadata }) => metadata.labels.app === "checkout")).toHaveLength(
      3,
    );
    expect(context.said.some((line) => line.startsWith(`${names[0]} is evicted`))).toBe(true);
  });

  it("evicts by the pods' uids", async () => {
    const { look } = await lookAndRun(bench.action("drain"), args);
    const evictions = bench.server.changes().filter(({ path }) => path.endsWith("/eviction"));
    expect(evictions.length).toBeGreaterThan(1);
    for (const { body } of evictions)
      expect(body).toMatchObject({
        kind: "Eviction",
        apiVersion: "policy/v1",
        deleteOptions: { preconditions: { uid: expect.any(String) } },
      });
    expect(look.identity).toEqual({ cluster: "prod", uid: node("node-1").metadata.uid });
  });

  it("waits for a disruption budget, and goes on when it allows", async () => {
    bench.server.add("budgets", {
      metadata: { name: "checkout", namespace: "shop" },
      spec: { minAvailable: 3, selector: { matchLabels: { app: "checkout" } } },
    });
    const look = await bench.action("drain").look(args, soon());
    const running = bench.action("drain").run(args, contextOf(look));
    await expect.poll(() => bench.server.seen.filter(({ status }) => status === 429).length).toBeGreaterThan(2);
    bench.server.change("budgets", "shop", "checkout", (budget) => (budget.spec.minAvailable = 1));
    expect((await running).outcome).toBe("succeeded");
    expect(movable()).toEqual([]);
  });

  it("says which pods a budget held until the time was up, and that the others are gone", async () => {
    bench.server.add("budgets", {
      metadata: { name: "cart", namespace: "shop" },
      spec: { minAvailable: 2, selector: { matchLabels: { app: "cart" } } },
    });
    const slow = actionsOn(bench.server, {}, 60_000).find(({ name }) => name === "kubernetes/drain")!;
    const look = await slow.look(args, soon());
    const stop = new AbortController();
    const context = contextOf(look, { signal: stop.signal });
    const running = slow.run(args, context);
    // It has heard of the budget and pauses now: a request in flight would be unknown.
    await expect
      .poll(() => context.said.filter((line) => /^shop\/orders-db-\d is being|disruption budget/.test(line)))
      .toHaveLength(2);
    stop.abort();
    const ran = await running;
    expect(ran.outcome).toBe("partial");
    const held = ran.parts?.filter(({ outcome }) => outcome === "failed") ?? [];
    expect(held.find(({ name }) => name.startsWith("shop/cart-"))?.output).toContain("disruption budget");
    expect(movable().map(({ metadata }) => metadata.labels.app)).toEqual(["cart"]);
  });

  it("does nothing at all where a pod would be lost, is out of bounds, or there are more than allowed", async () => {
    await expect(bench.action("drain").look({ ...args, max_pods: 1 }, soon())).rejects.toThrow(
      /pods would have to move, and max_pods is 1/,
    );
    const look = await bench.action("drain").look(args, soon());
    bench.server.add("pods", {
      metadata: { name: "lone", namespace: "shop" },
      spec: { nodeName: "node-1", containers: [{ name: "main", image: "p" }] },
    });
    const ran = await bench.action("drain").run(args, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("Nothing would make these pods anew: shop/lone. The node is not drained.");
    expect(bench.server.changes()).toEqual([]);
    bench.server.store.remove({ group: "", plural: "pods" }, "shop", "lone");
    bench.server.add("pods", {
      metadata: {
        name: "dns",
        namespace: "kube-system",
        ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "dns", uid: "u", controller: true }],
      },
      spec: { nodeName: "node-1", containers: [{ name: "main", image: "p" }] },
    });
    await expect(bench.action("drain").look(args, soon())).rejects.toThrow(
      /Namespace kube-system of prod is out of bounds/,
    );
  });

  it("does not know, when the answer to an eviction is lost", async () => {
    const look = await bench.action("drain").look(args, soon());
    let cut = 1;
    bench.server.faults(({ path }) =>
      path.endsWith("/eviction") && cut-- > 0 ? { kind: "cut", when: "after" } : undefined,
    );
    const ran = await bench.action("drain").run(args, contextOf(look));
    expect(ran.outcome).toBe("unknown");
    expect(ran.parts?.[0]).toMatchObject({ outcome: "unknown" });
    expect(ran.parts?.slice(1).every(({ outcome }) => outcome === "succeeded")).toBe(true);
  });

  it("is tried by dry runs of the cordon and of each eviction", async () => {
    bench.server.add("budgets", {
      metadata: { name: "cart", namespace: "shop" },
      spec: { minAvailable: 2, selector: { matchLabels: { app: "cart" } } },
    });
    const look = await bench.action("drain").look(args, soon());
    const simulated = await bench.action("drain").simulate(args, look, soon());
    expect(simulated.kind).toBe("simulated");
    const text = simulated.kind === "simulated" ? simulated.text : "";
    expect(text).toMatch(/shop\/cart-\S+: .*disruption budget/);
    expect(text).toMatch(/shop\/checkout-\S+: may be evicted/);
    expect(bench.server.changes()).toEqual([]);
    expect(node("node-1").spec.unschedulable).not.toBe(true);
  });

  it("knows afterwards whether it ran", async () => {
    const look = await bench.action("drain").look(args, soon());
    const context = contextOf(look);
    expect(await bench.action("drain").probe(args, context)).toMatchObject({ found: "not_run" });
    await bench.action("drain").run(args, context);
    expect(await bench.action("drain").probe(args, context)).toMatchObject({ found: "ran" });
    expect(await bench.action("drain").probe(args, { ...context, key: "9".repeat(32) })).toMatchObject({
      found: "not_run",
    });
  });
});
