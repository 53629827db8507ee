import { describe, expect, it } from "vitest";
import type { Bound } from "../../src/core/concept.ts";
import { rowsOf } from "../../src/flows/answer/rows.ts";

const BOUND = {
  concept: { id: "x", name: "x", rows: [] },
  metric: { name: "x" },
  names: { self: "host" },
} as unknown as Bound;
const sample = (labels: Record<string, string>) => ({ labels, at: 0, value: 1 });
const namesOf = (...all: Record<string, string>[]) => rowsOf(BOUND, all.map(sample)).rows.map(({ name }) => name);

describe("the names of rows", () => {
  it("are as short as can be while no two are alike", () => {
    expect(namesOf({ host: "a" }, { host: "b" })).toEqual(["a", "b"]);
    expect(
      namesOf({ host: "a", namespace: "x" }, { host: "a", namespace: "y" }, { host: "b", namespace: "x" }),
    ).toEqual(["a in x", "a in y", "b"]);
    expect(namesOf({ host: "a", uid: "1" }, { host: "a", uid: "2" })).toEqual(["a (1)", "a (2)"]);
    expect(
      namesOf(
        { host: "a", namespace: "x", uid: "1" },
        { host: "a", namespace: "x", uid: "2" },
        { host: "a", namespace: "y" },
      ),
    ).toEqual(["a in x (1)", "a in x (2)", "a in y"]);
  });

  it("are found in time linear in their number", () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ host: "a", uid: `${i}` }));
    expect(new Set(namesOf(...rows)).size).toBe(20_000); // quadratic, this is half a minute and the test times out
  });
});
