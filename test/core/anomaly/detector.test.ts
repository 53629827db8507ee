import { describe, expect, it } from "vitest";
import { SeriesDetector } from "../../../src/core/anomaly/detector.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5);

describe("a detector of one series", () => {
  it("alerts once on a value far from all before, and not on the ones before", () => {
    const detector = new SeriesDetector({ stepSeconds: 300 });
    const values = Array.from({ length: 600 }, (_, i) => 100 + ((i * 7919) % 13));
    const before = values.map((value, i) => detector.observe(START + i * 5 * MINUTE, value));
    expect(before.filter(({ isAlert }) => isAlert)).toEqual([]);
    const [first, second] = [600, 601].map((i) => detector.observe(START + i * 5 * MINUTE, 400));
    expect(first).toMatchObject({ isAlert: true, direction: "up", quiet: undefined });
    expect(second).toMatchObject({ isAlert: false, quiet: { kind: "silenced" } });
  });

  it("refuses bytes that are not its own", () => {
    const bytes = new SeriesDetector({ stepSeconds: 60 }).toBytes();
    expect(() => SeriesDetector.fromBytes(bytes.subarray(1), { stepSeconds: 60 })).toThrow(/cannot be used/);
  });
});
