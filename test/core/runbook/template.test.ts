import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bareNamesIn, fill, fillAll, fillQuery, hasStrayBraces, namesIn } from "../../../src/core/runbook/template.ts";
import { parse } from "../../../src/metrics/promql.ts";

const VALUES = { "params.name": "cart", "params.n": 3, "params.on": true };

describe("templates", () => {
  it("are filled, and a placeholder alone keeps its type", () => {
    expect(fill("{{params.name}}/{{ params.n }}", VALUES)).toBe("cart/3");
    expect(
      fillAll({ a: "{{ params.n }}", b: ["x{{ params.n }}"], c: { d: "{{ params.on }}" }, e: null }, VALUES),
    ).toEqual({
      a: 3,
      b: ["x3"],
      c: { d: true },
      e: null,
    });
  });

  it("leave an argument out only where its value may be absent", () => {
    expect(fillAll({ a: "{{ params.x }}", b: 1 }, VALUES, new Set(["params.x"]))).toEqual({ b: 1 });
    expect(() => fillAll({ a: "{{ params.x }}" }, VALUES)).toThrow("{{ params.x }}, which has no value");
    expect(() => fillAll({ a: "x{{ params.x }}" }, VALUES, new Set(["params.x"]))).toThrow("no value");
    expect(() => fill("{{ constructor }}{{ toString }}", VALUES)).toThrow("no value");
  });

  it("are not filled twice", () => {
    expect(fill("{{ params.name }}", { "params.name": "{{ params.n }}", "params.n": 3 })).toBe("{{ params.n }}");
  });

  it("name what they use, and show slips", () => {
    expect(namesIn(["{{ a.b }}", { x: "{{c}} {{ a.b }}" }, 3])).toEqual(["a.b", "c", "a.b"]);
    expect([
      hasStrayBraces("{{ a }}"),
      hasStrayBraces("{{ a }"),
      hasStrayBraces({ a: ["a-b }}"] }),
      hasStrayBraces("{a}"),
    ]).toEqual([false, true, true, false]);
    expect(hasStrayBraces("{{ a-b }}")).toBe(true);
  });
});

describe("queries", () => {
  it("take a number outside of quotes, and nothing else", () => {
    expect(fillQuery("x > {{ params.n }}", VALUES)).toBe("x > 3");
    expect(() => fillQuery("x{{ params.name }}", VALUES)).toThrow("outside of quotes, where only a number may stand");
    expect(bareNamesIn(`a{b="{{ x }}"} > {{ y }} or c{d=~'{{ z }}'}`)).toEqual(["y"]);
  });

  it("take a text for itself, in a regular expression too", () => {
    const values = { v: `a.b"c'd\\e` };
    expect(fillQuery('x{a="{{ v }}"}', values)).toBe(`x{a="a.b\\"c'd\\\\e"}`);
    expect(fillQuery("x{a='{{ v }}'}", values)).toBe(`x{a='a.b"c\\'d\\\\e'}`);
    expect(fillQuery('x{a=~"{{ v }}-.*"}', values)).toBe(`x{a=~"a\\\\.b\\"c'd\\\\\\\\e-.*"}`);
    expect(fillQuery("x{a=`{{ v }}`}", { v: "a" })).toBe("x{a=`a`}");
    expect(() => fillQuery("x{a=`{{ v }}`}", { v: "a`b" })).toThrow("backticks");
  });

  it("keep their shape, whatever is put into their quotes", () => {
    const shape = (query: string) => {
      const found = parse(query);
      if ("errorAt" in found) return undefined;
      const names: string[] = [];
      found.tree.iterate({ enter: (node) => void names.push(node.name) });
      return names.join(" ");
    };
    const template = `sum by (a) (rate(x{a="{{ v }}", b!~'{{ v }}|c'}[5m])) > {{ n }}`;
    const wanted = shape(fillQuery(template, { v: "plain", n: 1 }));
    expect(wanted).toContain("MatchOp");
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), (v, n) => {
        fc.pre(v.isWellFormed());
        expect(shape(fillQuery(template, { v, n }))).toBe(wanted);
      }),
      { numRuns: 2000 },
    );
  });
});
