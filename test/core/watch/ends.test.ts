import { describe, expect, it } from "vitest";
import { ENDS, mayReach } from "../../../src/core/watch/ends.ts";

const end = (concept: string) => ENDS.find((one) => one.concept === concept)!;
const HALF_HOUR = 1800;

describe("a closer look", () => {
  const disk = (...values: number[]) => mayReach(values, HALF_HOUR, end("host.disk_free"));
  const share = (...values: number[]) => mayReach(values, HALF_HOUR, end("pg.connections_ratio"));

  it("is worth what may reach its end within a day, by all six hours or by the last two", () => {
    // 12 half hours: 2 less each is 96 a day.
    const falling = Array.from({ length: 13 }, (_, i) => 100 - 2 * i);
    expect(disk(...falling)).toBe(true);
    expect(disk(...falling.map((value) => value + 100))).toBe(false);
    expect(disk(...Array<number>(9).fill(150), 150, 140, 130, 120)).toBe(true);
    expect(disk(...falling.map((value) => 200 - value))).toBe(false);
  });

  it("is worth a share near its whole, and nothing that is used up or was not measured", () => {
    expect(share(0.81, 0.81)).toBe(true);
    expect(share(0.79, 0.79)).toBe(false);
    expect(share(1)).toBe(false);
    expect(disk(0)).toBe(false);
    expect(disk()).toBe(false);
    expect(disk(Number.NaN)).toBe(false);
    expect(disk(5)).toBe(false);
  });

  it("is worth a date from two weeks before", () => {
    const certificate = (days: number) => mayReach([days * 86_400], HALF_HOUR, end("cert.expiry"));
    expect([15, 14, 0, -3].map(certificate)).toEqual([false, true, false, false]);
  });
});
