import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contextOf, lookAndRun, OTHER_SECRET, soon } from "../context.ts";
import { startBench } from "./bench.ts";

let bench: Awaited<ReturnType<typeof startBench>>;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.server.close());

const pods = (app: string) => bench.server.list("pods", "shop").filter(({ metadata }) => metadata.labels.app === app);
const nameOf = (app: string): string => pods(app)[0]!.metadata.name;

describe("kubernetes/delete_pod", () => {
  const argsOf = (name: string) => ({ cluster: "prod", namespace: "shop", name });

  it("deletes that one, by its uid, and its controller makes another", async () => {
    const name = nameOf("checkout");
    const { look, ran } = await lookAndRun(bench.action("delete_pod"), argsOf(name));
    expect(ran).toEqual({ outcome: "succeeded", output: `Pod ${name} in shop is deleted.` });
    expect(look.blast.text).toMatch(/^1 pod is ended; its ReplicaSet checkout-\w+ makes another\.$/);
    expect(bench.server.changes()).toMatchObject([
      { method: "DELETE", body: { preconditions: { uid: look.identity["uid"] } } },
    ]);
    expect(bench.server.get("pods", "shop", name)).toBeUndefined();
    expect(pods("checkout")).toHaveLength(3);
  });

  it("leaves a pod alone that has the name now and was not approved", async () => {
    const args = argsOf("orders-db-0");
    const look = await bench.action("delete_pod").look(args, soon());
    await lookAndRun(bench.action("delete_pod"), args);
    const anew = bench.server.get("pods", "shop", "orders-db-0").metadata.uid;
    expect(anew).not.toBe(look.identity["uid"]);
    const ran = await bench.action("delete_pod").run(args, contextOf(look));
    expect(ran.output).toContain("gone already");
    expect(bench.server.get("pods", "shop", "orders-db-0").metadata.uid).toBe(anew);
    expect(bench.server.changes()).toHaveLength(1);
  });

  it("leaves it alone also when it came between the look and the deletion", async () => {
    const args = argsOf("orders-db-0");
    const look = await bench.action("delete_pod").look(args, soon());
    const race = () => {
      bench.server.store.remove({ group: "", plural: "pods" }, "shop", "orders-db-0");
      bench.server.controllers.run();
    };
    bench.server.faults(({ method }) => (method === "DELETE" ? { kind: "race", race } : undefined));
    const ran = await bench.action("delete_pod").run(args, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(bench.server.get("pods", "shop", "orders-db-0").metadata.deletionTimestamp).toBeUndefined();
    expect(bench.server.changes()).toEqual([]);
  });

  it("says that a pod has not ended yet when the time is up", async () => {
    bench.server.controllers.ends = () => false;
    const stop = new AbortController();
    const look = await bench.action("delete_pod").look(argsOf("orders-db-0"), soon());
    const context = contextOf(look, { signal: stop.signal });
    const running = bench.action("delete_pod").run(argsOf("orders-db-0"), context);
    await expect.poll(() => context.said).toEqual(["pod orders-db-0 is ending"]);
    stop.abort();
    expect(await running).toMatchObject({ outcome: "partial" });
    expect(await bench.action("delete_pod").probe(argsOf("orders-db-0"), { ...context, signal: soon() })).toEqual({
      found: "ran",
      text: "That pod is ending.",
    });
  });

  it("warns of a pod that nothing makes anew, and refuses a static one", async () => {
    const spec = { nodeName: "node-1", containers: [{ name: "main", image: "p" }] };
    bench.server.add("pods", { metadata: { name: "lone", namespace: "shop" }, spec });
    expect((await bench.action("delete_pod").look(argsOf("lone"), soon())).blast.text).toContain(
      "nothing makes it anew",
    );
    bench.server.add("pods", {
      metadata: { name: "static", namespace: "shop", annotations: { "kubernetes.io/config.mirror": "x" } },
      spec,
    });
    await expect(bench.action("delete_pod").look(argsOf("static"), soon())).rejects.toThrow(/made by its node/);
  });

  it("is tried by a dry run", async () => {
    const look = await bench.action("delete_pod").look(argsOf("orders-db-0"), soon());
    expect(await bench.action("delete_pod").simulate(argsOf("orders-db-0"), look, soon())).toMatchObject({
      kind: "simulated",
    });
    expect(bench.server.get("pods", "shop", "orders-db-0").metadata.deletionTimestamp).toBeUndefined();
  });

  it("knows afterwards whether it ran", async () => {
    const look = await bench.action("delete_pod").look(argsOf("orders-db-0"), soon());
    const context = contextOf(look);
    expect((await bench.action("delete_pod").probe(argsOf("orders-db-0"), context)).found).toBe("not_run");
    await bench.action("delete_pod").run(argsOf("orders-db-0"), context);
    expect(await bench.action("delete_pod").probe(argsOf("orders-db-0"), context)).toEqual({
      found: "ran",
      text: "That pod is gone.",
    });
  });
});

describe("kubernetes/status", () => {
  const args = { cluster: "prod", namespace: "shop", kind: "deployment", name: "checkout" };

  it("tells replicas, pods and events", async () => {
    const { uid } = bench.server.get("deployments", "shop", "checkout").metadata;
    for (const [i, message] of ["older", "newer"].entries())
      bench.server.add("events", {
        metadata: { name: `e-${i}`, namespace: "shop" },
        involvedObject: { kind: "Deployment", name: "checkout", uid },
        type: "Warning",
        reason: "Odd",
        message,
        count: i + 1,
        lastTimestamp: `2026-01-01T00:0${i}:00Z`,
      });
    const { look, ran } = await lookAndRun(bench.action("status"), args);
    expect(ran.outcome).toBe("succeeded");
    const lines = ran.output.split("\n");
    expect(lines[0]).toBe("deployment checkout in shop: all 3 pods run.");
    expect(lines).toContain("3 of 3 pods are ready.");
    expect(
      lines.filter((line) => /^checkout-\S+ is Running, 1 of 1 containers ready, 0 restarts\.$/.test(line)),
    ).toHaveLength(3);
    expect(lines.slice(-2)).toEqual([
      "2026-01-01T00:01:00Z Warning Odd: newer (2 times)",
      "2026-01-01T00:00:00Z Warning Odd: older",
    ]);
    expect(look.facts[0]).toBe(lines[0]);
    expect(bench.action("status").changes).toBe(false);
    expect(bench.server.changes()).toEqual([]);
  });

  it("says what it may not see, in its place", async () => {
    bench.server.allow(bench.server.token, "operator", [
      { verbs: ["get"], groups: ["apps"], resources: ["deployments"], namespaces: ["shop"] },
    ]);
    const { ran } = await lookAndRun(bench.action("status"), args);
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toContain("lacks a right: list pods in namespace shop");
    expect(ran.output).toContain("lacks a right: list events in namespace shop");
  });

  it("says why a pod does not start", async () => {
    bench.server.controllers.starts = ({ metadata }) => metadata.labels.app !== "checkout";
    bench.server.controllers.run();
    const { ran } = await lookAndRun(bench.action("status"), args);
    expect(ran.output).toMatch(/is Pending, 0 of 1 containers ready, 0 restarts; main: ContainerCreating\./);
    expect(ran.output).toContain("Available is False: 0 of 3 are available");
  });
});

describe("kubernetes/pod_logs", () => {
  const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1000).toISOString();
  const args = { cluster: "prod", namespace: "shop", name: "orders-db-0", lines: 2, since_seconds: 600 };

  it("gives the last lines, as far back as was asked for, with secrets hidden", async () => {
    bench.server.logs.set(
      "shop/orders-db-0/main",
      [
        `${at(9000)} long ago`,
        `${at(30)} one`,
        `${at(20)} two password ${OTHER_SECRET}`,
        `${at(10)} three \x1b[31mred\x1b[0m`,
        "",
      ].join("\n"),
    );
    const { ran } = await lookAndRun(bench.action("pod_logs"), args);
    expect(ran.outcome).toBe("succeeded");
    expect(
      ran.output
        .trimEnd()
        .split("\n")
        .map((line) => line.slice(25)),
    ).toEqual(["two password <hidden>", "three red"]);
  });

  it("gives those of an app's pods, each under its name", async () => {
    for (const { metadata } of pods("cart"))
      bench.server.logs.set(`shop/${metadata.name}/main`, `${at(5)} from ${metadata.name}\n`);
    const { ran } = await lookAndRun(bench.action("pod_logs"), { cluster: "prod", namespace: "shop", app: "cart" });
    for (const { metadata } of pods("cart"))
      expect(ran.output).toMatch(new RegExp(`== ${metadata.name}\n\\S+ from ${metadata.name}`));
  });

  it("stays below 64 KB, whatever there is", async () => {
    bench.server.logs.set("shop/orders-db-0/main", `${at(5)} ${"x".repeat(99)}\n`.repeat(5000));
    const { ran } = await lookAndRun(bench.action("pod_logs"), { ...args, lines: 5000 });
    expect(Buffer.byteLength(ran.output)).toBeLessThanOrEqual(64 * 1024);
    expect(ran.output).toContain("characters left out");
  });

  it("says what is wrong: no such pod, no such app, a container that does not run, and no lines", async () => {
    const run = async (more: object) =>
      (await bench.action("pod_logs").run({ ...args, ...more }, contextOf({ identity: {}, precondition: {} }))).output;
    expect(await run({ name: "nope" })).toContain("there is no pod nope in namespace shop");
    expect(await run({})).toContain("(no lines in the last 600 s)");
    expect(await run({ container: "nope" })).toContain("container nope is not valid for pod orders-db-0");
    expect(bench.action("pod_logs").check({ ...args, app: "cart" })).toMatch(/exactly one of both/);
    expect(bench.action("pod_logs").check({ cluster: "prod", namespace: "shop" })).toMatch(/exactly one of both/);
  });
});
