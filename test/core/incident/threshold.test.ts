import { describe, expect, it } from "vitest";
import { reachedFor, thresholdFrom } from "../../../src/core/incident/threshold.ts";

const at = (value: number, acted = false) => ({ incident: `i${value}`, at: 0, value, acted });
const above = { operator: ">", value: 100 } as const;

describe("a threshold that would have been quieter", () => {
  it("is the nearest one that four fifths of what nobody acted on did not pass, and all that somebody did", () => {
    const reached = [...[104, 110, 112, 118, 121, 160].map((value) => at(value)), at(240, true)];
    expect(thresholdFrom(above, reached)).toEqual({ limit: above, value: 130, away: 5, of: 6, acted: 1, unknown: 0 });
  });

  it("says of how many that somebody acted on it cannot tell", () => {
    const reached = [...[104, 110, 112].map((value) => at(value)), at(240, true), at(Number.NaN, true)];
    expect(thresholdFrom(above, reached)).toMatchObject({ acted: 1, unknown: 1 });
  });

  it("takes more digits where few would pass what somebody acted on", () => {
    const reached = [...[104, 110, 112, 121].map((value) => at(value)), at(124, true)];
    expect(thresholdFrom(above, reached)).toMatchObject({ value: 121, away: 4, acted: 1 });
  });

  it("is lower where the rule fires below it", () => {
    const below = { operator: "<", value: 0.2 } as const;
    const reached = [...[0.19, 0.184, 0.17, 0.18].map((value) => at(value)), at(0.01, true)];
    expect(thresholdFrom(below, reached)).toMatchObject({ value: 0.17, away: 4, of: 4 });
  });

  it("may lie where the value does not pass it, as far as the operator says", () => {
    const reached = [120, 120, 120].map((value) => at(value));
    expect(thresholdFrom(above, reached)).toMatchObject({ value: 120, away: 3 });
    expect(thresholdFrom({ operator: ">=", value: 100 }, reached)).toMatchObject({ value: 130, away: 3 });
    expect(thresholdFrom({ operator: ">", value: 200 }, reached)).toBe(
      "what nobody acted on did not go further than where its rule fires.",
    );
  });

  it.each([
    [
      "what somebody acted on was no further",
      [at(150), at(160), at(170), at(120, true)],
      /no further than.*120 to 120 against 150 to 170/,
    ],
    ["too little is known", [at(150), at(160), at(Number.NaN)], /known for 2 of those/],
  ])("cannot be named where %s", (_, reached, why) => {
    expect(thresholdFrom(above, reached)).toMatch(why);
  });

  it("has nothing to move where the rule asks for one value", () => {
    expect(thresholdFrom({ operator: "==", value: 0 }, [at(0), at(0), at(0)])).toMatch(/nothing to raise or lower/);
  });
});

describe("how far a value went", () => {
  const points = [110, 300, 120, 130, 125, 90].map((value, n) => [n * 60, value] as const);

  it("is the worst that it stayed at for as long as the rule wants", () => {
    expect(reachedFor(points, { seconds: 0, step: 60 }, above)).toBe(300);
    expect(reachedFor(points, { seconds: 180, step: 60 }, above)).toBe(120);
    expect(reachedFor(points, { seconds: 60, step: 60 }, { operator: "<", value: 200 })).toBe(125);
  });

  it.each([
    [60, 16],
    [60, 45],
    [60, 90],
    [10, 15],
  ])("is found where a stretch of %i s does not end on a point every %i s", (seconds, step) => {
    const pending = [101, ...Array.from({ length: 20 }, () => 250)].map((value, n) => [n * step, value] as const);
    expect(reachedFor(pending, { seconds, step }, above)).toBe(250);
  });

  it("is of what there is where that is shorter, and nothing without any", () => {
    expect(reachedFor(points, { seconds: 3600, step: 60 }, above)).toBe(90);
    expect(reachedFor([], { seconds: 60, step: 60 }, above)).toBeNaN();
  });
});
