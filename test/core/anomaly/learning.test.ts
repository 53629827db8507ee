import { describe, expect, it } from "vitest";
import { SeriesDetector } from "../../../src/core/anomaly/detector.ts";
import { driftOf } from "../../../src/core/anomaly/drift.ts";
import { factorOf, severityOf } from "../../../src/core/anomaly/severity.ts";
import { bestOf, type Candidate, judgeVersion, type Running, WANTED } from "../../../src/core/anomaly/versions.ts";
import type { Point } from "../../../src/core/series.ts";
import { randomNumbers } from "../../tools/random.ts";
import { flatLoad, STEP, shopLoad } from "./made.ts";

describe("severity", () => {
  const alert = { severity: "warning", direction: "up" } as const;
  const new_ = { lastedSeconds: 0, worse: "up", impact: "none" } as const;

  it("is no more than info for what goes the good way", () => {
    expect(
      severityOf({ severity: "critical", direction: "down" }, { ...new_, lastedSeconds: 9999, impact: "certain" }),
    ).toBe("info");
    expect(severityOf({ severity: "warning", direction: "down" }, { ...new_, worse: "both" })).toBe("warning");
  });

  it("rises with time and with what it touches", () => {
    expect(severityOf(alert, new_)).toBe("warning");
    expect(severityOf(alert, { ...new_, lastedSeconds: 3600 })).toBe("critical");
    expect(severityOf(alert, { ...new_, impact: "certain" })).toBe("critical");
    expect(severityOf({ ...alert, severity: "info" }, new_)).toBe("info");
    expect(severityOf({ ...alert, severity: "info" }, { ...new_, lastedSeconds: 3600 })).toBe("warning");
    expect(severityOf({ ...alert, severity: undefined }, { ...new_, impact: "certain" })).toBe("warning");
  });

  it("is not critical by a score alone", () => {
    expect(severityOf({ ...alert, severity: "critical" }, new_)).toBe("warning");
    expect(severityOf({ ...alert, severity: "critical" }, { ...new_, lastedSeconds: 3600 })).toBe("critical");
  });

  it("comes with a factor where there is one", () => {
    const usual = { low: 1, typical: 2, high: 3 };
    expect(factorOf({ value: 8, usual })).toBe(4);
    expect(factorOf({ value: -8, usual })).toBeUndefined();
    expect(factorOf({ value: 8, usual: { ...usual, typical: 0 } })).toBeUndefined();
    expect(factorOf({ value: 8, usual: undefined })).toBeUndefined();
  });
});

describe("drift", () => {
  const values = (days: number, seed: number, change: (value: number) => number = (value) => value) =>
    flatLoad(days, seed).map(({ value }) => change(value));

  it("is not found between two stretches of one kind, whatever the seed", () => {
    const found = Array.from(
      { length: 20 },
      (_, i) => driftOf(values(2, i), values(2, 100 + i), randomNumbers(i))?.isDrift,
    );
    expect(found.filter((one) => one === true)).toEqual([]);
  });

  it("is found when the level moved, or the width changed at the same level", () => {
    const before = values(3, 1);
    const moved = driftOf(
      before,
      values(3, 2, (value) => value + 10),
      randomNumbers(1),
    );
    expect(moved).toMatchObject({ isDrift: true });
    expect(moved?.p).toBeLessThan(0.01);
    expect(moved?.shift).toBeGreaterThan(1);
    const wider = driftOf(
      before,
      values(3, 3, (value) => 100 + (value - 100) * 3),
      randomNumbers(1),
    );
    expect(wider).toMatchObject({ isDrift: true });
    expect(wider?.widening).toBeGreaterThan(2);
  });

  it("is no matter of single far values", () => {
    const spiky = values(3, 4).map((value, i) => (i % 100 === 0 ? 1e6 : value));
    expect(driftOf(values(3, 1), spiky, randomNumbers(1))?.isDrift).toBe(false);
  });

  it("says nothing of too little, and takes two constants for what they are", () => {
    expect(driftOf([1, 2, 3], values(1, 1), randomNumbers(1))).toBeUndefined();
    const constant = new Array<number>(50).fill(4);
    expect(driftOf(constant, constant, randomNumbers(1))).toMatchObject({ shift: 0, widening: 1, isDrift: false });
    expect(driftOf(constant, new Array<number>(50).fill(5), randomNumbers(1))).toMatchObject({ isDrift: true });
  });
});

describe("a new version", () => {
  const histories = [shopLoad(14, 1), flatLoad(14, 2)].map((points) =>
    points.map(({ at, value }): Point => [at / 1000, value]),
  );
  const shipped = (id: string, threshold = 1, direction: "up" | "down" | "both" = "both"): Candidate => {
    const options = { stepSeconds: STEP, threshold, direction };
    const running = (detector: SeriesDetector): Running => ({
      observe: (at, value) => detector.observe(at * 1000, value).isAlert,
      fork: () => running(SeriesDetector.fromBytes(detector.toBytes(), options)),
    });
    return { id, start: () => running(new SeriesDetector(options)) };
  };
  const by = (id: string, observe: Running["observe"]): Candidate => {
    const running: Running = { observe, fork: () => running };
    return { id, start: () => running };
  };
  const never = by("never", () => false);
  const always = by("often", (at) => at % 3600 === 0);
  const seeded = () => ({ random: randomNumbers(7) });

  it("passes when it finds what was put in and is no worse than the one before, and tells how far it is", async () => {
    const heard: number[] = [];
    let breaths = 0;
    const gate = await judgeVersion(shipped("b"), shipped("a"), histories, {
      ...seeded(),
      progress: (share) => heard.push(share),
      breathe: async () => breaths++,
    });
    // Never more than 250 points in a row.
    expect(breaths).toBeGreaterThan((2 * 2 * histories[0]!.length) / 250);
    expect(gate).toMatchObject({ passed: true, failed: [] });
    expect(gate.candidate).toEqual(gate.current);
    expect(gate.candidate.f1).toBeGreaterThanOrEqual(WANTED.f1);
    expect(heard).toEqual([0.25, 0.5, 0.75, 1, 1]);
  });

  it("fails the absolute gate when it finds nothing, also as the first", async () => {
    const gate = await judgeVersion(never, undefined, histories, seeded());
    expect(gate.passed).toBe(false);
    expect(gate.failed.map(({ what }) => what)).toEqual(["f1", "precision", "recall"]);
    expect((await judgeVersion(shipped("a"), undefined, [], seeded())).passed).toBe(false);
  });

  it("fails when it alerts more on the same history than the one before", async () => {
    const gate = await judgeVersion(always, shipped("a"), histories, seeded());
    expect(gate.failed.map(({ what }) => what)).toContain("backtest");
  });

  it("fails when it finds less than the one before", async () => {
    const gate = await judgeVersion(shipped("deaf", 4), shipped("a"), histories, seeded());
    expect(gate.passed).toBe(false);
    expect(gate.candidate.recall).toBeLessThan(gate.current?.recall as number);
  });

  it.each(["up", "down"] as const)("that looks %s is tried on what goes that way", async (direction) => {
    const gate = await judgeVersion(shipped("a", 1, direction), undefined, histories, { ...seeded(), direction });
    expect(gate.passed).toBe(true);
  });

  it("takes the threshold that finds most among those that are quiet enough", async () => {
    const versions = [shipped("deaf", 4), shipped("usual"), always];
    expect((await bestOf(versions, histories, 0.3, seeded())).id).toBe("usual");
    expect((await bestOf([always, shipped("usual")], histories, 0, seeded())).id).toBe("usual");
    await expect(bestOf([], histories, 1, seeded())).rejects.toThrow(RangeError);
  });
});
