import { describe, expect, it } from "vitest";
import { newest } from "../../src/util/newest.ts";

describe("the newest entries", () => {
  it("are kept, the last value of each", () => {
    const map = newest<number>(10);
    for (let i = 0; i < 100; i++) map.set(`k${i}`, i);
    map.set("k99", -1);
    expect(map.get("k99")).toBe(-1);
    expect(map.get("k96")).toBe(96);
    expect(map.get("k0")).toBeUndefined();
    const kept = Array.from({ length: 100 }, (_, i) => map.get(`k${i}`)).filter((value) => value !== undefined);
    expect(kept.length).toBeGreaterThanOrEqual(5);
    expect(kept.length).toBeLessThanOrEqual(10);
  });
});
