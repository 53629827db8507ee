import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Catalogue } from "../../src/core/catalogue.ts";
import { buildCatalogue, buildCatalogueSlowly } from "../../src/metrics/catalogue.ts";
import type { RawFacts } from "../../src/metrics/discover.ts";
import type { MetadataEntry } from "../../src/metrics/metadata.ts";

type Row = readonly [name: string, labels: Readonly<Record<string, readonly string[]>>];

function facts(rows: readonly Row[], metadata: Record<string, Partial<MetadataEntry>> = {}): RawFacts {
  return {
    metrics: new Map(
      rows.map(([name, labels]) => [name, new Map(Object.entries(labels).map(([k, v]) => [k, new Set(v)]))]),
    ),
    metadata: new Map(Object.entries(metadata).map(([name, m]) => [name, { type: "", help: "", unit: "", ...m }])),
    skipped: [],
  };
}
const build = (rows: readonly Row[], metadata?: Record<string, Partial<MetadataEntry>>) =>
  buildCatalogue(facts(rows, metadata), "prod", 1000);
const kindsOf = (catalogue: Catalogue, name: string) =>
  catalogue
    .named(name)
    .map(({ kind }) => kind)
    .sort();
const namesOf = (catalogue: Catalogue, kind: string) =>
  catalogue
    .ofKind(kind)
    .map(({ name }) => name)
    .sort();

describe("metrics", () => {
  it("fold a classic histogram into one, without le", () => {
    const labels = { service: ["a"] };
    const catalogue = build(
      [
        ["req_seconds_bucket", { ...labels, le: ["1", "+Inf"] }],
        ["req_seconds_sum", labels],
        ["req_seconds_count", labels],
      ],
      { req_seconds: { type: "histogram", help: "How long." } },
    );
    expect([...catalogue.metrics.keys()]).toEqual(["req_seconds"]);
    expect(catalogue.metrics.get("req_seconds")).toEqual({
      name: "req_seconds",
      type: "histogram",
      help: "How long.",
      unit: "seconds",
      labels: new Map([["service", ["a"]]]),
    });
  });

  it("fold a summary into one, and leave a plain _count and _bucket alone", () => {
    const catalogue = build([
      ["gc_seconds", { quantile: ["0.5"] }],
      ["gc_seconds_sum", {}],
      ["gc_seconds_count", {}],
      ["goods_count", {}],
      ["ice_bucket", {}],
    ]);
    expect([...catalogue.metrics].map(([name, { type }]) => [name, type])).toEqual([
      ["gc_seconds", "summary"],
      ["goods_count", "counter"],
      ["ice_bucket", "counter"],
    ]);
  });

  it("know a native histogram by its bare name", () => {
    const catalogue = build([["rpc_seconds", { service: ["a"] }]], { rpc_seconds: { type: "histogram" } });
    expect(catalogue.metrics.get("rpc_seconds")).toMatchObject({ type: "histogram", native: true });
  });

  it.each([
    ["a_seconds_total", "counter", "seconds"],
    ["a_latency_ms", "unknown", "milliseconds"],
    ["a_bytes", "unknown", "bytes"],
    ["hit_ratio", "gauge", "ratio"],
    ["rack_temperature_celsius", "gauge", "celsius"],
    ["revenue_cents_total", "counter", "cents"],
    ["model_age_hours", "unknown", "hours"],
    ["orders_total", "counter", ""],
    ["node_load1", "unknown", ""],
    ["net_receive_bytes_per_second", "unknown", "bytes per second"],
  ])("without metadata %s is a %s in %s", (name, type, unit) => {
    expect(build([[name, {}]]).metrics.get(name)).toMatchObject({ type, unit });
  });

  it("take type, help and unit from metadata, also where a counter is described without _total", () => {
    const catalogue = build(
      [
        ["jobs_total", {}],
        ["depth", {}],
      ],
      {
        jobs: { type: "counter", help: "Jobs done.", unit: "" },
        depth: { type: "gauge", unit: "messages" },
      },
    );
    expect(catalogue.metrics.get("jobs_total")).toMatchObject({ type: "counter", help: "Jobs done." });
    expect(catalogue.metrics.get("depth")).toMatchObject({ type: "gauge", unit: "messages" });
  });

  it("list at most 500 values of a label, sorted", () => {
    const values = Array.from({ length: 900 }, (_, i) => `v${String(i).padStart(3, "0")}`).reverse();
    const listed = build([["m", { zone: values }]])
      .metrics.get("m")
      ?.labels.get("zone");
    expect(listed).toHaveLength(500);
    expect(listed).toEqual([...(listed ?? [])].sort());
  });
});

describe("things", () => {
  const shop = build([
    [
      "up",
      {
        job: ["node", "shop"],
        instance: ["web-1:9100", "db-1:9100", "db-1:9187", "exporter:80", "https://pay.example.com/"],
      },
    ],
    ["node_load1", { instance: ["web-1:9100", "db-1:9100"] }],
    ["probe_success", { instance: ["https://pay.example.com/", "status.example.com"] }],
    ["http_requests_total", { app: ["checkout", "payments"], code: ["200", "500"], handler: ["/cart"] }],
    [
      "kube_pod_info",
      { pod: ["checkout-5d9c7-x2x4z"], uid: ["0b0c8f0e-3c1a-4b55-9f0e-2f6f3d1a9c77"], namespace: ["shop"] },
    ],
    ["pg_up", { datname: ["orders"], instance: ["db-1:9187"] }],
    ["emails_sent_total", { template: ["order_confirmation", "password_reset"] }],
    [
      "builds_total",
      { commit: ["9fceb02d0ae598e95dc970b74767f19372d61af8", "0123456789abcdef0123456789abcdef01234567"] },
    ],
  ]);

  it("are found under the label that names them", () => {
    expect(namesOf(shop, "service")).toEqual(["checkout", "payments"]);
    expect(namesOf(shop, "host")).toEqual(["db-1", "web-1"]);
    expect(namesOf(shop, "domain")).toEqual(["pay.example.com", "status.example.com"]);
    expect(namesOf(shop, "database")).toEqual(["orders"]);
    expect(namesOf(shop, "route")).toEqual(["/cart"]);
    expect(namesOf(shop, "instance")).toEqual(["exporter"]);
    expect(namesOf(shop, "template")).toEqual(["order_confirmation", "password_reset"]);
  });

  it("list every place where they appear, most metrics first", () => {
    expect(shop.named("db-1")).toEqual([
      {
        kind: "host",
        name: "db-1",
        at: [
          { label: "instance", value: "db-1:9100", metrics: 2 },
          { label: "instance", value: "db-1:9187", metrics: 2 },
        ],
      },
    ]);
  });

  it("are found whatever the case, port and scheme", () => {
    expect(kindsOf(shop, "WEB-1:9999")).toEqual(["host"]);
    expect(kindsOf(shop, "http://pay.example.com")).toEqual(["domain"]);
    expect(kindsOf(shop, " Checkout ")).toEqual(["service"]);
    expect(shop.named("nobody")).toEqual([]);
  });

  it("are not ids, codes and commits", () => {
    const kinds = new Set(shop.entities.map(({ kind }) => kind));
    expect(kinds).not.toContain("uid");
    expect(kinds).not.toContain("code");
    expect(kinds).not.toContain("commit");
  });

  it("are not the ids among the names of one label", () => {
    const values = ["north", "south", "east", "0b0c8f0e-3c1a-4b55-9f0e-2f6f3d1a9c77"];
    expect(namesOf(build([["stock", { hall: values }]]), "hall")).toEqual(["east", "north", "south"]);
  });

  it("come out of a naming scheme that nobody has seen before", () => {
    const ship = build([
      ["vessel_speed_knots", { vessel: ["Aurora", "Borealis"], fleet: ["north"] }],
      ["engine_heat_celsius", { vessel: ["Aurora"], engine: ["port-main"] }],
    ]);
    expect(namesOf(ship, "vessel")).toEqual(["Aurora", "Borealis"]);
    expect(kindsOf(ship, "aurora")).toEqual(["vessel"]);
    expect(ship.named("Aurora")[0]?.at).toEqual([{ label: "vessel", value: "Aurora", metrics: 2 }]);
    expect(ship.like("borealiss")[0]?.name).toBe("Borealis");
    expect(ship.search("engine heat")[0]?.metric.name).toBe("engine_heat_celsius");
  });

  it("call every instance a host where nothing looks like a machine's exporter", () => {
    expect(namesOf(build([["up", { instance: ["box-1:8080"] }]]), "host")).toEqual(["box-1"]);
  });

  it.each([
    ["paymnts", "payments"],
    ["chekout", "checkout"],
    ["chcekout", "checkout"],
    ["check", "checkout"],
    ["web1", "web-1"],
  ])("%s is like %s", (typed, meant) => {
    expect(shop.like(typed)[0]?.name).toBe(meant);
  });

  it("are not like something else altogether, and never more than asked for", () => {
    expect(shop.like("zebra")).toEqual([]);
    expect(shop.like("")).toEqual([]);
    expect(shop.like("db-1", 1)).toHaveLength(1);
  });
});

describe("words", () => {
  const catalogue = build(
    [
      ["node_memory_MemAvailable_bytes", { instance: ["web-1:9100"] }],
      ["emails_sent_total", { template: ["order_confirmation", "order.confirmation.late", "reconfirmation"] }],
      ["queue_depth", { queue: ["orders"] }],
      ["warehouse_backlog", {}],
    ],
    { warehouse_backlog: { help: "Parcels waiting to be picked." } },
  );
  const search = (text: string) => catalogue.search(text).map(({ metric }) => metric.name);

  it("find metrics by name, camel case, help and label, with typing errors", () => {
    expect(search("memory available")[0]).toBe("node_memory_MemAvailable_bytes");
    expect(search("parcels")).toEqual(["warehouse_backlog"]);
    expect(search("template")).toEqual(["emails_sent_total"]);
    expect(search("emials snet")[0]).toBe("emails_sent_total");
    expect(search("zzzz")).toEqual([]);
    expect(catalogue.search("queue depth sent", 1)).toHaveLength(1);
  });

  it("score each question from nothing", () => {
    const first = catalogue.search("queue depth");
    expect(catalogue.search("queue depth")).toEqual(first);
  });

  it.each(["order confirmation", "order_confirmation", "Order-Confirmations"])("%s is a label value", (typed) => {
    expect(catalogue.withValue(typed).map(({ label, value, metrics }) => [label, value, metrics])).toEqual([
      ["template", "order_confirmation", ["emails_sent_total"]],
      ["template", "order.confirmation.late", ["emails_sent_total"]],
    ]);
  });

  it("must be whole and in order to be a label value", () => {
    expect(catalogue.withValue("confirm")).toEqual([]);
    expect(catalogue.withValue("confirmation order")).toEqual([]);
    expect(catalogue.withValue("")).toEqual([]);
  });
});

describe("hostile names", () => {
  const NAMES = ["__proto__", "constructor", "hasOwnProperty", "toString", 'a"b{c}', "http.requests", "é名"];

  it("are names like others", () => {
    const rows = NAMES.map((name) => [name, { kindly: NAMES }] as const);
    const catalogue = build(rows);
    expect([...catalogue.metrics.keys()]).toEqual(NAMES);
    for (const name of NAMES) expect(catalogue.named(name).length, name).toBeGreaterThan(0);
    expect(catalogue.search("constructor")[0]?.metric.name).toBe("constructor");
    expect(catalogue.withValue("constructor").map(({ value }) => value)).toEqual(["constructor"]);
    expect(catalogue.search("__proto__ toString").length).toBeGreaterThan(0);
    expect({}).not.toHaveProperty("kindly");
  });

  it("and questions of any kind are answered", () => {
    const text = fc.string({ unit: "binary", maxLength: 60 });
    const rows = fc.array(fc.tuple(text, fc.dictionary(text, fc.array(text, { maxLength: 4 }), { maxKeys: 4 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(rows, text, (given, question) => {
        const catalogue = build(given);
        for (const entity of catalogue.entities) expect(catalogue.ofKind(entity.kind)).toContain(entity);
        catalogue.named(question);
        catalogue.like(question);
        catalogue.search(question);
        catalogue.withValue(question);
      }),
      { numRuns: 80 },
    );
  });
});

describe("building", () => {
  it("gives the same with pauses as without", async () => {
    const raw = facts([["up", { instance: ["a:1"], job: ["x"] }]]);
    const slow = await buildCatalogueSlowly(raw, "prod", 1000);
    expect(slow.entities).toEqual(buildCatalogue(raw, "prod", 1000).entities);
  });

  it("of nothing gives an empty catalogue", () => {
    const empty = buildCatalogue(facts([]), "prod", undefined);
    expect([empty.refreshedAt, empty.metrics.size, empty.entities, empty.search("x"), empty.like("x")]).toEqual([
      undefined,
      0,
      [],
      [],
      [],
    ]);
  });
});
