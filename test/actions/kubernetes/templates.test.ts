import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contextOf, lookAndRun, soon } from "../context.ts";
import { startBench } from "./bench.ts";

let bench: Awaited<ReturnType<typeof startBench>>;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.server.close());

const checkout = { cluster: "prod", namespace: "shop", kind: "deployment", name: "checkout" };
const get = () => bench.server.get("deployments", "shop", "checkout");
const pods = (app: string) => bench.server.list("pods", "shop").filter(({ metadata }) => metadata.labels.app === app);

describe("kubernetes/rollback", () => {
  const args = { cluster: "prod", namespace: "shop", name: "checkout" };
  const images = () => [...new Set(pods("checkout").map(({ spec }) => spec.containers[0].image))];

  it("goes back to the revision before, with every field of its template", async () => {
    const { look, ran } = await lookAndRun(bench.action("rollback"), args);
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toContain("is rolled back from revision 3 to revision 2");
    expect(images()).toEqual(["registry.example/checkout:2"]);
    expect(get().spec.template.spec.containers[0].unheardOf).toEqual({ kept: true });
    expect(get().spec.template.metadata.labels).not.toHaveProperty("pod-template-hash");
    expect(look.captured).toEqual({ revision: 3 });
    expect(look.facts).toContain("Revision 2 ran registry.example/checkout:2; the present one is 3.");
    expect(bench.server.changes()[0]!.contentType).toBe("application/json-patch+json");
  });

  it("goes back again by what was captured", async () => {
    const { look } = await lookAndRun(bench.action("rollback"), args);
    const { ran } = await lookAndRun(
      bench.action("rollback"),
      { ...args, revision: look.captured["revision"]! },
      { key: "d".repeat(32) },
    );
    expect(ran.outcome).toBe("succeeded");
    expect(images()).toEqual(["registry.example/checkout:3"]);
  });

  it("goes to a revision by its number", async () => {
    const { ran } = await lookAndRun(bench.action("rollback"), { ...args, revision: 1 });
    expect(ran.outcome).toBe("succeeded");
    expect(images()).toEqual(["registry.example/checkout:1"]);
  });

  it("never means another revision than the one that was shown", async () => {
    const look = await bench.action("rollback").look(args, soon());
    // A new deploy makes "the one before" another one.
    bench.server.change(
      "deployments",
      "shop",
      "checkout",
      (object) => (object.spec.template.spec.containers[0].image = "registry.example/checkout:4"),
    );
    const ran = await bench.action("rollback").run(args, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("It has changed since it was approved: template was");
    expect(images()).toEqual(["registry.example/checkout:4"]);
  });

  it("refuses when the revision that was shown is gone, rather than to take the next one", async () => {
    const look = await bench.action("rollback").look(args, soon());
    const second = bench.server
      .list("replicasets", "shop")
      .find(
        ({ metadata }) =>
          metadata.name.startsWith("checkout-") && metadata.annotations["deployment.kubernetes.io/revision"] === "2",
      );
    bench.server.store.remove({ group: "apps", plural: "replicasets" }, "shop", second.metadata.name);
    const ran = await bench.action("rollback").run(args, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("has no revision 2 any more: it has 3, 1");
    expect(images()).toEqual(["registry.example/checkout:3"]);
  });

  it("refuses when a deploy comes at the same moment", async () => {
    const look = await bench.action("rollback").look(args, soon());
    const race = () =>
      bench.server.change("deployments", "shop", "checkout", (object) => {
        object.spec.template.spec.containers[0].image = "registry.example/checkout:4";
      });
    bench.server.faults(({ method }) => (method === "PATCH" ? { kind: "race", race } : undefined));
    expect((await bench.action("rollback").run(args, contextOf(look))).outcome).toBe("failed");
    expect(bench.server.seen.filter(({ status }) => status === 409)).toHaveLength(1);
    expect(images()).toEqual(["registry.example/checkout:4"]);
  });

  it("says which revisions there are", async () => {
    await expect(bench.action("rollback").look({ ...args, revision: 9 }, soon())).rejects.toThrow(
      /has no revision 9 any more: it has 3, 2, 1/,
    );
    await expect(bench.action("rollback").look({ ...args, name: "cart" }, soon())).rejects.toThrow(
      /no revision before the present one/,
    );
    await expect(bench.action("rollback").look({ ...args, revision: 3 }, soon())).rejects.toThrow(
      /is as in revision 3 already/,
    );
  });

  it("is tried by a dry run", async () => {
    const look = await bench.action("rollback").look(args, soon());
    expect(await bench.action("rollback").simulate(args, look, soon())).toMatchObject({ kind: "simulated" });
    expect(images()).toEqual(["registry.example/checkout:3"]);
  });
});

describe("kubernetes/set_limit", () => {
  const args = { ...checkout, resource: "memory", limit: "512Mi" };
  const limits = () => get().spec.template.spec.containers[0].resources;

  it("sets one limit and leaves the rest of the container", async () => {
    const { look, ran } = await lookAndRun(bench.action("set_limit"), args);
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toContain(
      "the memory limit of container main of deployment checkout in shop is 512Mi instead of 256Mi",
    );
    expect(limits()).toEqual({ requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } });
    expect(get().spec.template.spec.containers[0].image).toBe("registry.example/checkout:3");
    expect(look.captured).toEqual({ limit: "256Mi", container: "main" });
  });

  it("takes a limit away that was not there before", async () => {
    const { look } = await lookAndRun(bench.action("set_limit"), { ...args, resource: "cpu", limit: "500m" });
    expect(look.captured).toEqual({ limit: "none", container: "main" });
    const back = { ...args, resource: "cpu", limit: look.captured["limit"]!, container: "main" };
    expect((await lookAndRun(bench.action("set_limit"), back, { key: "c".repeat(32) })).ran.outcome).toBe("succeeded");
    expect(limits().limits).toEqual({ memory: "256Mi" });
  });

  it("hears from the server what it does not accept, in the dry run and in the run", async () => {
    const low = { ...args, limit: "64Mi" };
    const look = await bench.action("set_limit").look(low, soon());
    await expect(bench.action("set_limit").simulate(low, look, soon())).rejects.toThrow(
      /must be less than or equal to memory limit of 64Mi/,
    );
    const ran = await bench.action("set_limit").run(low, contextOf(look));
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toMatch(/does not accept that change .* Nothing was changed\.$/);
  });

  it("asks which container when there are several, and knows their names", async () => {
    bench.server.change("deployments", "shop", "checkout", (object) =>
      object.spec.template.spec.containers.push({ name: "proxy", image: "p" }),
    );
    await expect(bench.action("set_limit").look(args, soon())).rejects.toThrow(/Say which container .*: main, proxy\./);
    await expect(bench.action("set_limit").look({ ...args, container: "nope" }, soon())).rejects.toThrow(
      /has no container nope/,
    );
    expect((await lookAndRun(bench.action("set_limit"), { ...args, container: "proxy" })).ran.outcome).toBe(
      "succeeded",
    );
  });

  it.each(["-1", "1e3", "512MiB", "0", "512Mi;id", "512 Mi", "", "NaN", "٣Mi", "999999999999999999"])(
    "refuses the limit %j",
    (limit) => {
      expect(bench.action("set_limit").check({ ...args, limit })).toMatch(/^limit must be/);
    },
  );
});
