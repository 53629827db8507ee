import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRunbooks } from "../../../src/actions/catalogue.ts";
import type { Given } from "../../../src/core/runbook/parameter.ts";
import type { Resolved } from "../../../src/core/runbook/resolve.ts";
import { type Parameter, type Runbook, resolve } from "../../../src/core/runbook.ts";
import { HOSTILE_NUMBERS, HOSTILE_SHAPES, HOSTILE_TEXTS } from "./hostile.ts";

const catalogue = readRunbooks({
  builtin: true,
  folders: [],
  executors: {
    kubernetes: [
      { name: "prod", environment: "production" },
      { name: "stage", environment: "staging" },
    ],
    ssh: [{ name: "web-1", environment: "production" }],
  },
});
const runbook = (id: string) => catalogue.get(id) as Runbook;
const user = (values: Readonly<Record<string, Given["value"]>>): Record<string, Given> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, origin: "user" as const }]));
const done = (found: ReturnType<typeof resolve>): Resolved => {
  if ("reason" in found) throw new Error(found.reason);
  return found;
};
const why = (found: ReturnType<typeof resolve>) =>
  "reason" in found ? found.reason : `resolved: ${JSON.stringify(found.params)}`;

const SCALE = { cluster: "prod", namespace: "shop", name: "cart", replicas: 5 };

describe("filling a runbook", () => {
  it("fills target, conditions, steps, checks and the way back, and says where each value came from", () => {
    const found = done(
      resolve(runbook("scale-deployment"), {
        ...user({ cluster: "prod", replicas: 5 }),
        namespace: { value: "shop", origin: "label" },
        deployment: { value: "cart", origin: "alert" },
        instance: { value: "10.0.0.1:9100", origin: "label" },
      }),
    );
    expect(found.params).toEqual({
      cluster: { value: "prod", origin: "user" },
      namespace: { value: "shop", origin: "label" },
      name: { value: "cart", origin: "alert" },
      replicas: { value: 5, origin: "user" },
    });
    expect(found.target).toEqual({
      kind: "deployment",
      name: "shop/cart",
      key: "kubernetes/prod/shop/deployment/cart",
    });
    expect(found.environment).toBe("production");
    expect(found.steps).toEqual([
      {
        name: "scale shop/cart to 5",
        uses: "kubernetes/scale",
        with: { cluster: "prod", namespace: "shop", kind: "deployment", name: "cart", replicas: 5 },
      },
    ]);
    expect(found.conditions[0]?.promql).toContain(
      '{namespace="shop", scaletargetref_kind="Deployment", scaletargetref_name="cart"}',
    );
    expect(found.verify?.checks[0]?.promql).toMatch(/- 5\)$/);
    expect(found.rollback({ replicas: 3 })).toMatchObject({ steps: [{ with: { replicas: 3 } }] });
    expect(found.rollback({})).toEqual({ reason: "the text uses {{ captured.replicas }}, which has no value" });
  });

  it("takes the only configured entry, and asks which where there are several", () => {
    expect(done(resolve(runbook("restart-unit"), user({ unit: "nginx" }))).params).toEqual({
      host: { value: "web-1", origin: "default" },
      unit: { value: "nginx.service", origin: "user" },
    });
    const { cluster: _, ...rest } = SCALE;
    expect(why(resolve(runbook("scale-deployment"), user(rest)))).toBe(
      "Scale a deployment cannot be proposed: cluster is missing: The cluster (prod, stage).",
    );
    expect(why(resolve(runbook("scale-deployment"), user({ ...rest, cluster: "eu" })))).toMatch(
      /cluster must be prod or stage/,
    );
    // What Prometheus calls a cluster is no choice of anybody's.
    expect(
      why(resolve(runbook("scale-deployment"), { ...user(rest), cluster: { value: "eu", origin: "label" } })),
    ).toMatch(/cluster is missing/);
    expect(
      done(
        resolve(runbook("restart-unit"), {
          ...user({ unit: "a.timer" }),
          host: { value: "10.0.0.9", origin: "label" },
        }),
      ).params["host"],
    ).toEqual({ value: "web-1", origin: "default" });
  });

  it("leaves out what is optional and not said", () => {
    const found = done(
      resolve(runbook("rollback-deployment"), user({ cluster: "stage", namespace: "shop", name: "cart" })),
    );
    expect(found.steps[0]?.with).toEqual({ cluster: "stage", namespace: "shop", name: "cart" });
    expect(found.environment).toBe("staging");
  });

  it("reads durations and sizes, and on and off", () => {
    expect(
      done(resolve(runbook("clean-disk"), user({ path: "/var/tmp/app", max_bytes: "5Gi", older_than_days: "14" })))
        .steps[0]?.with,
    ).toEqual({ host: "web-1", path: "/var/tmp/app", older_than_days: 14, max_bytes: 5 * 1024 ** 3 });
    expect(
      done(resolve(runbook("cancel-queries"), user({ database: "db", older_than_seconds: "1h30m" }))).steps[0]?.with,
    ).toMatchObject({
      older_than_seconds: 5400,
    });
    const flag = done(resolve(runbook("toggle-flag"), user({ endpoint: "flags", name: "new-cart", state: "off" })));
    expect(flag.steps[0]?.with).toMatchObject({ path: "/flags/new-cart", body: { enabled: false } });
  });

  it("refuses a value from where it may not come, when somebody put it there", () => {
    const { replicas: _, ...rest } = SCALE;
    const alert = resolve(runbook("scale-deployment"), { ...user(rest), replicas: { value: 9, origin: "alert" } });
    expect(why(alert)).toMatch(/replicas is missing/);
    const model = resolve(runbook("deploy-release"), {
      ...user({ repository: "shop", version: "v2" }),
      workflow: { value: "evil.yml", origin: "model" },
    });
    expect(why(model)).toMatch(/workflow must not come from a language model/);
  });

  it("tells all that is wrong together", () => {
    const text = why(
      resolve(runbook("scale-deployment"), user({ ...SCALE, name: "a;b", replicas: 1000, namespace: "-x" })),
    );
    expect(text).toMatch(
      /namespace must not begin with "-".*name must look like "checkout".*replicas must be from 0 to 200: it is 1000/,
    );
  });
});

describe("hostile values", () => {
  const texts = catalogue.all().flatMap((one) =>
    Object.entries(one.params)
      .filter(([, { type }]) => type === "text")
      .map(([name]) => [one, name] as const),
  );
  const numbers = catalogue.all().flatMap((one) =>
    Object.entries(one.params)
      .filter(([, { type }]) => type !== "text" && type !== "boolean")
      .map(([name]) => [one, name] as const),
  );
  /** Everything else right, and this one as it comes. */
  const withValue = (one: Runbook, name: string, value: unknown, origin: Given["origin"]) => {
    const rest = Object.entries(one.params).flatMap(([other, { example, oneOf, default: fallback }]) => {
      const good = oneOf?.[0] ?? example ?? fallback;
      return other === name || good === undefined ? [] : [[other, { value: good, origin: "user" as const }]];
    });
    return resolve(one, { ...Object.fromEntries(rest), [name]: { value: value as string, origin } });
  };

  it("are never taken for a text, by any parameter of any shipped runbook", () => {
    expect(texts.length).toBeGreaterThan(70);
    const taken = texts.flatMap(([one, name]) =>
      [...HOSTILE_TEXTS, ...HOSTILE_SHAPES].flatMap((value) =>
        ["user", "alert", "model"].flatMap((origin) => {
          const found = withValue(one, name, value, origin as "user");
          const isTaken =
            "params" in found && found.params[name] !== undefined && found.params[name].origin !== "default";
          return isTaken ? [`${one.id}.${name} takes ${JSON.stringify(value)} from ${origin}`] : [];
        }),
      ),
    );
    expect(taken).toEqual([]);
  });

  it("are never taken for a number", () => {
    expect(numbers.length).toBeGreaterThan(15);
    const taken = numbers.flatMap(([one, name]) =>
      HOSTILE_NUMBERS.flatMap((value) => {
        const found = withValue(one, name, value, "user");
        return "params" in found
          ? [`${one.id}.${name} takes ${JSON.stringify(value)}: ${JSON.stringify(found.params[name])}`]
          : [];
      }),
    );
    expect(taken).toEqual([]);
  });

  it("are refused in words that can be shown", () => {
    for (const value of HOSTILE_TEXTS) {
      const text = why(withValue(runbook("restart-deployment"), "name", value, "user"));
      expect(text).toMatch(/name/);
      expect(text.length).toBeLessThan(400);
      expect(text).not.toMatch(/[\0-\x1f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
    }
  });

  it("come through only as what their pattern says, whatever the text", () => {
    const parameters = texts.map(([one, name]) => [one, name, one.params[name] as Parameter] as const);
    fc.assert(
      fc.property(
        fc.constantFrom(...parameters),
        fc.oneof(
          fc.string({ maxLength: 40 }),
          fc.string({ maxLength: 40, unit: "grapheme" }),
          fc.stringMatching(/^[a-z0-9/.:_-]{1,30}$/),
        ),
        ([one, name, { pattern, suffix, oneOf }], text) => {
          const found = withValue(one, name, text, "user");
          const value = "params" in found ? found.params[name] : undefined;
          if (value === undefined || value.origin !== "user") return;
          expect([text, `${text}${suffix}`]).toContain(value.value);
          if (oneOf !== undefined) expect(oneOf).toContain(value.value);
          else expect(String(value.value)).toMatch(new RegExp(`^(?:${pattern})$`, "u"));
          expect(String(value.value)).toMatch(/^[\x21-\x7e]+$/);
          expect(String(value.value)).not.toMatch(/^-|[;|&$`'"\\<>(){}*?!#\s]|(?:^|\/)\.\.(?:\/|$)/);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
