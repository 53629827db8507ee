import { describe, expect, it } from "vitest";
import { SeriesDetector } from "../../../src/core/anomaly/detector.ts";
import { driftOf } from "../../../src/core/anomaly/drift.ts";
import { type Candidate, judgeVersion, WANTED } from "../../../src/core/anomaly/versions.ts";
import type { Point } from "../../../src/core/series.ts";
import { randomNumbers } from "../../tools/random.ts";
import { flatLoad, STEP, shopLoad } from "./made.ts";

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
  const shipped = (id: string, threshold = 1): Candidate => ({
    id,
    start: () => {
      const detector = new SeriesDetector({ stepSeconds: STEP, threshold });
      return (at, value) => detector.observe(at * 1000, value).isAlert;
    },
  });
  const never: Candidate = { id: "never", start: () => () => false };
  const always: Candidate = { id: "often", start: () => (at) => at % 3600 === 0 };

  it("passes when it finds what was put in and is no worse than the one before, and tells how far it is", () => {
    const heard: number[] = [];
    const gate = judgeVersion(shipped("b"), shipped("a"), histories, randomNumbers(7), (share) => heard.push(share));
    expect(gate).toMatchObject({ passed: true, failed: [] });
    expect(gate.candidate).toEqual(gate.current);
    expect(gate.candidate.f1).toBeGreaterThanOrEqual(WANTED.f1);
    expect(heard).toEqual([0.25, 0.5, 0.75, 1, 1]);
  });

  it("fails the absolute gate when it finds nothing, also as the first", () => {
    const gate = judgeVersion(never, undefined, histories, randomNumbers(7));
    expect(gate.passed).toBe(false);
    expect(gate.failed.map(({ what }) => what)).toEqual(["f1", "precision", "recall"]);
    expect(judgeVersion(shipped("a"), undefined, [], randomNumbers(7)).passed).toBe(false);
  });

  it("fails when it alerts more on the same history than the one before", () => {
    const gate = judgeVersion(always, shipped("a"), histories, randomNumbers(7));
    expect(gate.failed.map(({ what }) => what)).toContain("backtest");
  });

  it("fails when it finds less than the one before", () => {
    const gate = judgeVersion(shipped("deaf", 4), shipped("a"), histories, randomNumbers(7));
    expect(gate.passed).toBe(false);
    expect(gate.candidate.recall).toBeLessThan(gate.current?.recall as number);
  });
});
