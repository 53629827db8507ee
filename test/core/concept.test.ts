import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Catalogue } from "../../src/core/catalogue.ts";
import {
  type Asking,
  bind,
  type Concept,
  escapeRegex,
  type Filter,
  matcher,
  queryFor,
  quote,
} from "../../src/core/concept.ts";
import { parse, selectorInfo, unquote } from "../../src/metrics/promql.ts";
import { catalogueOf } from "../fakes/metrics.ts";

const CONCEPT: Concept = {
  id: "kiln.heat",
  name: "heat",
  says: ["heat"],
  about: "kiln",
  narrows: [],
  metrics: { heat: ["kiln_heat_celsius", "/^oven_.*_celsius$/"] },
  labels: { self: ["kiln", "oven"] },
  promql: "max by ($by) ($heat{$match})",
  unit: "celsius",
  noun: "",
  worse: "up",
  intent: "metric_query",
  rows: [],
  fold: "max",
};

function catalogue(
  ...series: readonly (readonly [metric: string, labels: Readonly<Record<string, string>>])[]
): Catalogue {
  return catalogueOf("pottery", { series: series.map(([metric, labels]) => ({ metric, labels, value: 1 })) });
}

const POTTERY = catalogue(["kiln_heat_celsius", { kiln: "north" }], ["kiln_door_open", { kiln: "north" }]);

const asking = (more: Partial<Asking> = {}): Asking => ({
  filters: [],
  by: ["kiln"],
  window: "5m",
  quantile: 0.95,
  form: "rate",
  ...more,
});

function bound(more: Partial<Concept> = {}, in_: Catalogue = POTTERY) {
  const found = bind({ ...CONCEPT, ...more }, in_);
  if (found === undefined) throw new Error("the concept did not bind");
  return found;
}

describe("binding a concept", () => {
  it("takes the first metric and the first label that exist", () => {
    expect(bound()).toMatchObject({
      names: { heat: "kiln_heat_celsius", self: "kiln" },
      metric: { name: "kiln_heat_celsius" },
    });
    const ovens = catalogue(["oven_top_celsius", { oven: "left" }]);
    expect(bound({}, ovens).names).toEqual({ heat: "oven_top_celsius", self: "oven" });
  });

  it("is undefined when one of its metrics, or of its labels, is nowhere", () => {
    expect(bind(CONCEPT, catalogue(["kiln_door_open", { kiln: "north" }]))).toBeUndefined();
    expect(bind({ ...CONCEPT, metrics: { ...CONCEPT.metrics, door: ["gate_open"] } }, POTTERY)).toBeUndefined();
    expect(bind(CONCEPT, catalogue(["kiln_heat_celsius", { room: "1" }]))).toBeUndefined();
    expect(bind({ ...CONCEPT, metrics: {} }, POTTERY)).toBeUndefined();
  });

  it("keeps all its metrics, the first of them leading", () => {
    const two = bound({ metrics: { heat: ["kiln_heat_celsius"], door: ["kiln_door_open"] } });
    expect(two.metrics.map(({ name }) => name)).toEqual(["kiln_heat_celsius", "kiln_door_open"]);
    expect(two.metric.name).toBe("kiln_heat_celsius");
  });
});

describe("the query of a concept", () => {
  it.each<[string, Partial<Concept>, Partial<Asking>, string]>([
    [
      "fills in names, labels and groups",
      {},
      { filters: [{ label: "kiln", values: ["north"] }] },
      'max by (kiln) (kiln_heat_celsius{kiln="north"})',
    ],
    ["leaves no empty braces behind", {}, {}, "max by (kiln) (kiln_heat_celsius)"],
    ["leaves no empty by behind", {}, { by: [] }, "max(kiln_heat_celsius)"],
    ["leaves no comma behind in front", { promql: '$heat{$match,door="shut"}' }, {}, 'kiln_heat_celsius{door="shut"}'],
    [
      "leaves no comma behind at the end",
      { promql: '$heat{door="shut",$match}' },
      {},
      'kiln_heat_celsius{door="shut"}',
    ],
    [
      "leaves no comma behind in the middle",
      { promql: '$heat{a="b",$match,c="d"}' },
      {},
      'kiln_heat_celsius{a="b",c="d"}',
    ],
    [
      "leaves no comma behind in groups",
      { promql: "sum by (le, $by) ($heat)" },
      { by: [] },
      "sum by (le) (kiln_heat_celsius)",
    ],
    [
      "leaves no comma behind before groups",
      { promql: "sum by ($by, le) ($heat)" },
      { by: [] },
      "sum by (le) (kiln_heat_celsius)",
    ],
    [
      "puts in window and quantile",
      { promql: "quantile_over_time($quantile, $heat[$window])" },
      { quantile: 0.5, window: "2h" },
      "quantile_over_time(0.5, kiln_heat_celsius[2h])",
    ],
    ["reads names in braces", { promql: "${heat}_max" }, {}, "kiln_heat_celsius_max"],
    ["leaves what it does not know", { promql: "$heat + $unknown" }, {}, "kiln_heat_celsius + $unknown"],
    [
      "uses the count form when asked for one",
      { count: "count($heat)" },
      { form: "count" },
      "count(kiln_heat_celsius)",
    ],
    ["uses the only form there is", {}, { form: "count" }, "max by (kiln) (kiln_heat_celsius)"],
    ["puts several groups in", {}, { by: ["kiln", "shelf"] }, "max by (kiln, shelf) (kiln_heat_celsius)"],
  ])("%s", (_, concept, how, expected) => {
    expect(queryFor(bound(concept), asking(how))).toBe(expected);
  });
});

describe("a label value", () => {
  it("that looks like what is tidied away stays as it is", () => {
    for (const value of ["two  blanks", "a,,b", "x{}", "by ()", "(, )", " {, a,}", "sum (x)", "\t"]) {
      const query = queryFor(bound(), asking({ filters: [{ label: "kiln", values: [value] }] }));
      expect(query).toContain(`kiln=${quote(value)}`);
    }
  });
});

describe("a matcher", () => {
  it.each<[Filter, string]>([
    [{ label: "kiln", values: ["north"] }, 'kiln="north"'],
    [{ label: "kiln", values: ["north"], not: true }, 'kiln!="north"'],
    [{ label: "kiln", values: ["a.b", "c+d"] }, 'kiln=~"a\\\\.b|c\\\\+d"'],
    [{ label: "kiln", values: ["a", "b"], not: true }, 'kiln!~"a|b"'],
    [{ label: "pod", values: [], regex: "kiln-[a-z]+" }, 'pod=~"kiln-[a-z]+"'],
    [{ label: "pod", values: [], regex: "kiln-.*", not: true }, 'pod!~"kiln-.*"'],
    [{ label: "kiln", values: [] }, 'kiln=~""'],
  ])("%j is written %s", (filter, expected) => {
    expect(matcher(filter)).toBe(expected);
  });

  /** Any text, and texts made of what ends strings, braces and lines. */
  const anyValue = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom(
        '"',
        "\\",
        "\n",
        "}",
        "{",
        "$",
        "`",
        "'",
        ",",
        "=",
        "match",
        "by",
        "x",
        "$1",
        "$&",
        "\r",
        "\t",
      ),
    }),
  );

  it("keeps every value inside its quotes: Prometheus' own grammar reads the same value back", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const query = queryFor(bound(), asking({ filters: [{ label: "kiln", values: [value] }] }));
        const parsed = parse(query);
        expect("tree" in parsed, query).toBe(true);
        expect(selectorInfo(query)).toEqual([
          { metric: "kiln_heat_celsius", matchers: [{ label: "kiln", op: "=", value }] },
        ]);
      }),
      { numRuns: 2000 },
    );
  });

  it("with alternatives matches exactly these values", () => {
    fc.assert(
      fc.property(fc.array(anyValue, { minLength: 2, maxLength: 4 }), anyValue, (values, other) => {
        const query = queryFor(bound(), asking({ filters: [{ label: "kiln", values }] }));
        const [selector] = selectorInfo(query);
        expect(selector?.matchers).toHaveLength(1);
        const { op, value } = selector!.matchers[0]!;
        expect(op).toBe("=~");
        const pattern = new RegExp(`^(?:${value})$`);
        for (const one of values) expect(pattern.test(one)).toBe(true);
        expect(pattern.test(other)).toBe(values.includes(other));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("quoting", () => {
  it("is undone by reading", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(unquote(quote(text))).toBe(text);
      }),
    );
  });

  it("of a pattern matches the text itself and nothing else", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, other) => {
        expect(new RegExp(`^(?:${escapeRegex(text)})$`).test(text)).toBe(true);
        expect(new RegExp(`^(?:${escapeRegex(text)})$`).test(other)).toBe(text === other);
      }),
    );
  });
});
