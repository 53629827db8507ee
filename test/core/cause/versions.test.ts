import { expect, it } from "vitest";
import { versionsBorn } from "../../../src/core/cause/versions.ts";
import type { Series } from "../../../src/core/series.ts";

const START = 1_790_000_040;
const query = { promql: "q", self: "service", window: { start: START, end: START + 3600, step: 60 } };
/** Seen from that minute of the hour until that one. */
const seen = (version: string, from: number, until = 60, service = "shop"): Series => ({
  labels: { service, version },
  points: Array.from({ length: until - from }, (_, n) => [START + (from + n) * 60, 1] as const),
});

it("a version that appears where another one ran before was deployed", () => {
  expect(versionsBorn([seen("1", 0, 30), seen("2", 28)], query)).toEqual([
    { service: "shop", at: START + 28 * 60, from: "1", to: "2" },
  ]);
  // Of several before it, the newest.
  expect(versionsBorn([seen("1", 0), seen("2", 10), seen("3", 40)], query).map(({ from, to }) => [from, to])).toEqual([
    ["1", "2"],
    ["2", "3"],
  ]);
});

it("what was there from the beginning, is new altogether, or comes back after it was down was not", () => {
  expect(versionsBorn([seen("1", 0), seen("1", 0, 60, "cart")], query)).toEqual([]);
  expect(versionsBorn([seen("1", 0), seen("9", 20, 60, "cart")], query)).toEqual([]);
  const gap: Series = { ...seen("1", 0), points: seen("1", 0).points.map(([at], n) => [at, n < 20 ? Number.NaN : 1]) };
  expect(versionsBorn([gap], query)).toEqual([]);
});
