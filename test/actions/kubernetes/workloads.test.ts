import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contextOf, KEY, lookAndRun, soon } from "../context.ts";
import { startBench } from "./bench.ts";

let bench: Awaited<ReturnType<typeof startBench>>;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.server.close());

const checkout = { cluster: "prod", namespace: "shop", kind: "deployment", name: "checkout" };
const get = () => bench.server.get("deployments", "shop", "checkout");
const pods = (app: string) => bench.server.list("pods", "shop").filter(({ metadata }) => metadata.labels.app === app);
const uids = (app: string) => pods(app).map(({ metadata }) => metadata.uid);

describe("kubernetes/restart", () => {
  it("makes every pod anew, and waits until they run", async () => {
    const before = uids("checkout");
    const { look, ran, context } = await lookAndRun(bench.action("restart"), checkout);
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toContain("deployment checkout in shop is restarted");
    expect(uids("checkout").filter((uid) => before.includes(uid))).toEqual([]);
    expect(uids("checkout")).toHaveLength(3);
    expect(look.identity).toEqual({ cluster: "prod", uid: get().metadata.uid });
    expect(look.facts).toContain("3 of 3 pods are ready.");
    expect(look.blast).toEqual({ kind: "known", text: "3 pods are made anew, a few at a time." });
    expect(context.said[0]).toContain("is restarted");
  });

  it("writes the key, and the time of the approval, so that the same key makes the same template", async () => {
    await lookAndRun(bench.action("restart"), checkout);
    expect(get().metadata.annotations["smartcloudops.io/execution"]).toBe(KEY);
    expect(get().spec.template.metadata.annotations).toEqual({
      "kubectl.kubernetes.io/restartedAt": "2023-11-14T22:13:20Z",
      "smartcloudops.io/execution": KEY,
    });
  });

  it("sends one patch, with the uid and the version that it read", async () => {
    const { uid, resourceVersion } = get().metadata;
    await lookAndRun(bench.action("restart"), checkout);
    const [patch, ...more] = bench.server.changes();
    expect(more).toEqual([]);
    expect(patch).toMatchObject({
      method: "PATCH",
      path: "/apis/apps/v1/namespaces/shop/deployments/checkout",
      contentType: "application/strategic-merge-patch+json",
      query: { fieldManager: "smartcloudops" },
      body: { metadata: { uid, resourceVersion } },
    });
  });

  it("does nothing the second time under one key", async () => {
    const { look } = await lookAndRun(bench.action("restart"), checkout);
    const generation = get().metadata.generation;
    const after = uids("checkout");
    const again = await bench.action("restart").run(checkout, contextOf(look));
    expect(again.outcome).toBe("succeeded");
    expect(again.output).toContain("an earlier attempt did it");
    expect(get().metadata.generation).toBe(generation);
    expect(uids("checkout")).toEqual(after);
  });

  it("is not put off by a status that moved, which it does at all times", async () => {
    const look = await bench.action("restart").look(checkout, soon());
    bench.server.change("deployments", "shop", "checkout", (object) => {
      object.metadata.labels.touched = "yes";
    });
    expect((await bench.action("restart").run(checkout, contextOf(look))).outcome).toBe("succeeded");
  });

  it("refuses when the template is not the one that was approved", async () => {
    const look = await bench.action("restart").look(checkout, soon());
    bench.server.change("deployments", "shop", "checkout", (object) => {
      object.spec.template.spec.containers[0].image = "registry.example/checkout:4";
    });
    const generation = get().metadata.generation;
    const ran = await bench.action("restart").run(checkout, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toMatch(/^It has changed since it was approved: template was .* Nothing was changed\.$/);
    expect(get().metadata.generation).toBe(generation);
  });

  it("refuses when it is another object of the same name", async () => {
    const look = await bench.action("restart").look(checkout, soon());
    const { metadata, spec } = get();
    bench.server.store.remove({ group: "apps", plural: "deployments" }, "shop", "checkout");
    bench.server.add("deployments", {
      metadata: { name: metadata.name, namespace: "shop", labels: metadata.labels },
      spec,
    });
    const ran = await bench.action("restart").run(checkout, contextOf(look));
    expect(ran).toMatchObject({ outcome: "failed" });
    expect(ran.output).toContain("another object of the same name");
    expect(bench.server.changes()).toEqual([]);
  });

  it("tries again when something else wrote at the same moment, and looks at what it finds", async () => {
    const look = await bench.action("restart").look(checkout, soon());
    let races = 2;
    bench.server.faults(({ method }) =>
      method === "PATCH" && races-- > 0
        ? {
            kind: "race",
            race: () =>
              bench.server.change(
                "deployments",
                "shop",
                "checkout",
                (object) => (object.metadata.labels.race = String(races)),
              ),
          }
        : undefined,
    );
    expect((await bench.action("restart").run(checkout, contextOf(look))).outcome).toBe("succeeded");
    expect(bench.server.seen.filter(({ status }) => status === 409)).toHaveLength(2);
    expect(bench.server.changes()).toHaveLength(1);
  });

  it("gives up when the race changed what was approved", async () => {
    const look = await bench.action("restart").look(checkout, soon());
    bench.server.faults(({ method }) =>
      method === "PATCH"
        ? {
            kind: "race",
            race: () =>
              bench.server.change(
                "deployments",
                "shop",
                "checkout",
                (object) => (object.spec.template.spec.containers[0].image = "other"),
              ),
          }
        : undefined,
    );
    const ran = await bench.action("restart").run(checkout, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(bench.server.changes()).toEqual([]);
  });

  it("gives up on an object that never rests", async () => {
    const look = await bench.action("restart").look(checkout, soon());
    let count = 0;
    bench.server.faults(({ method }) =>
      method === "PATCH"
        ? {
            kind: "race",
            race: () =>
              bench.server.change(
                "deployments",
                "shop",
                "checkout",
                (object) => (object.metadata.labels.race = String(count++)),
              ),
          }
        : undefined,
    );
    const ran = await bench.action("restart").run(checkout, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("keeps writing");
    expect(bench.server.changes()).toEqual([]);
  });

  it("restarts stateful sets and daemon sets too", async () => {
    for (const [kind, name] of [
      ["statefulset", "orders-db"],
      ["daemonset", "agent"],
    ]) {
      const before = uids(name!);
      const { ran } = await lookAndRun(bench.action("restart"), { ...checkout, kind: kind!, name: name! });
      expect(ran.outcome).toBe("succeeded");
      expect(uids(name!)).toHaveLength(before.length);
      expect(uids(name!).filter((uid) => before.includes(uid))).toEqual([]);
    }
  });

  it("refuses a paused deployment and one whose pods must be deleted by hand, where nothing would happen", async () => {
    bench.server.change("deployments", "shop", "checkout", (object) => (object.spec.paused = true));
    await expect(bench.action("restart").look(checkout, soon())).rejects.toThrow(/paused: resume it first/);
    bench.server.change(
      "statefulsets",
      "shop",
      "orders-db",
      (object) => (object.spec.updateStrategy = { type: "OnDelete" }),
    );
    await expect(
      bench.action("restart").look({ ...checkout, kind: "statefulset", name: "orders-db" }, soon()),
    ).rejects.toThrow(/OnDelete/);
  });

  it("says that the change was made when the pods do not come up in time", async () => {
    bench.server.controllers.starts = () => false;
    const look = await bench.action("restart").look(checkout, soon());
    const stop = new AbortController();
    const context = contextOf(look, { signal: stop.signal });
    const running = bench.action("restart").run(checkout, context);
    await expect.poll(() => context.said.length).toBeGreaterThan(1);
    stop.abort();
    const ran = await running;
    expect(ran.outcome).toBe("partial");
    expect(ran.output).toMatch(
      /was not complete when the time was up: 0 of 3 pods are available|0 of 3 pods are new|old pods/,
    );
    expect(bench.server.changes()).toHaveLength(1);
  });

  it("says that a rollout does not get on", async () => {
    const look = await bench.action("restart").look(checkout, soon());
    bench.server.controllers.starts = () => false;
    const running = bench.action("restart").run(checkout, contextOf(look));
    await expect.poll(() => bench.server.changes().length).toBe(1);
    bench.server.change("deployments", "shop", "checkout", (object) => {
      object.status.conditions = [
        {
          type: "Progressing",
          status: "False",
          reason: "ProgressDeadlineExceeded",
          message: "it timed out",
          generation: object.metadata.generation,
        },
      ];
    });
    expect(await running).toEqual({
      outcome: "partial",
      output:
        "deployment checkout in shop is restarted\nThe change was made, but the rollout does not get on: it timed out.",
    });
  });

  it("is tried by the server's own dry run, which changes nothing", async () => {
    const version = get().metadata.resourceVersion;
    const look = await bench.action("restart").look(checkout, soon());
    expect(await bench.action("restart").simulate(checkout, look, soon())).toEqual({
      kind: "simulated",
      text: "Kubernetes prod accepted the change in a dry run: deployment checkout in shop is restarted would be the outcome. Whether the pods then start is not tried.",
    });
    expect(bench.server.seen.at(-1)).toMatchObject({ method: "PATCH", query: { dryRun: "All" } });
    expect(get().metadata.resourceVersion).toBe(version);
  });
});

describe("kubernetes/scale", () => {
  const three = { ...checkout, replicas: 5 };

  it("sets the number, and keeps the old one for the way back", async () => {
    const { look, ran } = await lookAndRun(bench.action("scale"), three);
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toContain("has 5 replicas instead of 3");
    expect(pods("checkout")).toHaveLength(5);
    expect(look).toMatchObject({
      precondition: { replicas: 3 },
      captured: { replicas: 3 },
      blast: { text: "2 pods are added to 3." },
    });
    expect(bench.server.changes()[0]).toMatchObject({
      contentType: "application/merge-patch+json",
      body: { spec: { replicas: 5 } },
    });
    const back = await lookAndRun(
      bench.action("scale"),
      { ...three, replicas: look.captured["replicas"]! },
      { key: "f".repeat(32) },
    );
    expect(back.ran.outcome).toBe("succeeded");
    expect(pods("checkout")).toHaveLength(3);
  });

  it("ends all pods at zero, and says before what that means", async () => {
    const { look, ran } = await lookAndRun(bench.action("scale"), { ...checkout, replicas: 0 });
    expect(look.blast.text).toBe("3 of 3 pods are ended: nothing is left to answer.");
    expect(ran.outcome).toBe("succeeded");
    expect(pods("checkout")).toEqual([]);
  });

  it("refuses when the number is not the one that was approved", async () => {
    const look = await bench.action("scale").look(three, soon());
    bench.server.change("deployments", "shop", "checkout", (object) => (object.spec.replicas = 4));
    const ran = await bench.action("scale").run(three, contextOf(look));
    expect(ran).toEqual({
      outcome: "failed",
      output: "It has changed since it was approved: replicas was 3 and is 4. Nothing was changed.",
    });
    expect(bench.server.changes()).toEqual([]);
  });

  it("says so when it is so already", async () => {
    await expect(bench.action("scale").look({ ...checkout, replicas: 3 }, soon())).rejects.toThrow(
      /has 3 replicas already/,
    );
  });

  it("warns of an autoscaler, or says that it does not know", async () => {
    bench.server.add("autoscalers", {
      metadata: { name: "checkout", namespace: "shop" },
      spec: {
        minReplicas: 2,
        maxReplicas: 4,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "checkout" },
      },
    });
    const look = await bench.action("scale").look(three, soon());
    expect(look.facts.join(" ")).toContain("The autoscaler checkout keeps it between 2 and 4 replicas");
    bench.server.allow(bench.server.token, "operator", [
      { verbs: ["get", "patch"], groups: ["apps"], resources: ["*"] },
    ]);
    const blind = await bench.action("scale").look(three, soon());
    expect(blind.facts.join(" ")).toMatch(
      /Whether an autoscaler governs it is not known: .* lacks a right: list horizontalpodautoscalers\.autoscaling in namespace shop/,
    );
  });

  it("scales a stateful set", async () => {
    const { ran } = await lookAndRun(bench.action("scale"), {
      ...checkout,
      kind: "statefulset",
      name: "orders-db",
      replicas: 3,
    });
    expect(ran.outcome).toBe("succeeded");
    expect(pods("orders-db")).toHaveLength(3);
  });
});

describe("kubernetes/pause_rollout and resume_rollout", () => {
  const args = { cluster: "prod", namespace: "shop", name: "checkout" };

  it("hold changes back, and let them go on", async () => {
    const paused = await lookAndRun(bench.action("pause_rollout"), args);
    expect(paused.ran).toMatchObject({
      outcome: "succeeded",
      output: "the rollout of deployment checkout in shop is paused",
    });
    const before = uids("checkout");
    bench.server.change(
      "deployments",
      "shop",
      "checkout",
      (object) => (object.spec.template.spec.containers[0].image = "new"),
    );
    expect(uids("checkout")).toEqual(before);
    const resumed = await lookAndRun(bench.action("resume_rollout"), args, { key: "e".repeat(32) });
    expect(resumed.ran.outcome).toBe("succeeded");
    expect(pods("checkout").map(({ spec }) => spec.containers[0].image)).toEqual(["new", "new", "new"]);
  });

  it("refuse what is so already", async () => {
    await expect(bench.action("resume_rollout").look(args, soon())).rejects.toThrow(/is not paused already/);
  });
});
