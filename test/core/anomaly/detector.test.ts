import { describe, expect, it } from "vitest";
import { type DetectorOptions, SeriesDetector, THRESHOLD, type Verdict } from "../../../src/core/anomaly/detector.ts";
import { CorruptStateError } from "../../../src/core/anomaly/errors.ts";
import { randomNumbers } from "../../tools/random.ts";
import { alertsOf, changed, DAY, detect, flatLoad, HOUR, MINUTE, observeAll, START, STEP, shopLoad } from "./made.ts";

const A_DAY = 288;

describe("a detector of one series", () => {
  it("is quiet for weeks of a daily wave with its noise", () => {
    expect(alertsOf(detect(shopLoad(28))).length).toBeLessThanOrEqual(4);
  });

  it("alerts at once on a value far from all before, says which way, what is usual and since when", () => {
    const at = 15 * A_DAY;
    const verdict = detect(changed(shopLoad(16), at, 6, () => 400))[at] as Verdict;
    expect(verdict).toMatchObject({
      isAlert: true,
      direction: "up",
      quiet: undefined,
      severity: "critical",
      value: 400,
    });
    expect(verdict.score).toBeGreaterThan(THRESHOLD);
    expect(verdict.since).toBe(verdict.at);
    // Midnight is the bottom of the wave.
    expect(verdict.usual?.typical).toBeGreaterThan(55);
    expect(verdict.usual?.typical).toBeLessThan(70);
    expect(verdict.usual?.low).toBeLessThan(verdict.usual?.typical as number);
    expect(verdict.usual?.high).toBeLessThan(80);
  });

  it("says an incident once, and again when it is clearly worse", () => {
    const at = 15 * A_DAY;
    const points = changed(shopLoad(17), at, 60, (value, i) => (i < 40 ? value + 60 : value + 3000));
    const verdicts = detect(points);
    const alerts = alertsOf(verdicts).filter((i) => i >= at && i < at + 60);
    expect(alerts[0]).toBeLessThan(at + 3);
    expect(alerts.length).toBeLessThanOrEqual(6);
    expect(alerts.some((i) => i >= at + 40 && i < at + 43)).toBe(true);
    const quiet = verdicts[at + 41]?.quiet;
    if (quiet !== undefined) expect(["silenced", "recurring", "usual"]).toContain(quiet.kind);
    expect(verdicts.slice(at, at + 60).some((one) => one.quiet?.kind === "silenced")).toBe(true);
    expect(verdicts[at + 30]?.since).toBeLessThanOrEqual(points[at + 2]?.at as number);
  });

  it("does not take the way back from an incident for another", () => {
    const at = 15 * A_DAY;
    const alerts = alertsOf(detect(changed(flatLoad(16), at, 12, () => 500)));
    expect(alerts.filter((i) => i >= at + 12 && i < at + 36)).toEqual([]);
  });

  it("wants more of what recurs: each spike of a daily job says less, until it is no alert", () => {
    let points = flatLoad(30);
    for (let day = 14; day < 30; day++) points = changed(points, day * A_DAY + 24, 3, (value) => value + 60);
    const verdicts = detect(points);
    const spikes = Array.from({ length: 16 }, (_, i) => verdicts.slice((14 + i) * A_DAY + 24, (14 + i) * A_DAY + 27));
    expect(spikes[0]?.some(({ isAlert }) => isAlert)).toBe(true);
    const late = spikes.slice(-5).filter((spike) => spike.some(({ isAlert }) => isAlert));
    expect(late).toEqual([]);
    const kinds = spikes.slice(2).flatMap((spike) => spike.map(({ quiet }) => quiet?.kind));
    expect(kinds).toContain("recurring");
  });

  it("is quiet while it warms up, and says how many points it still wants", () => {
    const verdicts = detect(changed(flatLoad(1), 20, 1, () => 9000));
    expect(verdicts[20]).toMatchObject({ isAlert: false, score: 0, usual: undefined });
    expect(verdicts[0]?.quiet).toEqual({ kind: "warming up", points: 144 });
    const left = verdicts.map(({ quiet }) => (quiet?.kind === "warming up" ? quiet.points : 0));
    expect(left[100]).toBe(44);
    expect(left.indexOf(0)).toBe(144);
  });

  it("alerts only the way that was asked for", () => {
    const at = 15 * A_DAY;
    const both = (points: ReturnType<typeof flatLoad>, options: Partial<DetectorOptions>) =>
      detect(points, options)[at] as Verdict;
    const higher = changed(flatLoad(16), at, 1, () => 300);
    const lower = changed(flatLoad(16), at, 1, () => 3);
    expect(both(higher, { direction: "up" }).isAlert).toBe(true);
    expect(both(lower, { direction: "down" })).toMatchObject({ isAlert: true, direction: "down" });
    expect(both(higher, { direction: "down" })).toMatchObject({ isAlert: false, quiet: { kind: "other direction" } });
    expect(both(lower, { direction: "up" })).toMatchObject({ isAlert: false, quiet: { kind: "other direction" } });
  });

  it("moves its threshold by sensitivity and by feedback", () => {
    const threshold = (options: Partial<DetectorOptions>) =>
      new SeriesDetector({ stepSeconds: STEP, ...options }).observe(START, 1).threshold;
    expect(threshold({})).toBe(THRESHOLD);
    expect(threshold({ sensitivity: "high" })).toBeLessThan(THRESHOLD);
    expect(threshold({ sensitivity: "low" })).toBeGreaterThan(THRESHOLD);
    expect(threshold({ threshold: 1.1 })).toBeCloseTo(1.1 * THRESHOLD, 12);
  });

  it("accepts a level that nothing before knew, as after a change of the unit, and finds spikes there again", () => {
    const at = 15 * A_DAY;
    const points = changed(flatLoad(30), at, 15 * A_DAY, (value) => value / 1000).map((point, i) =>
      i === 29 * A_DAY ? { ...point, value: 0.2 } : point,
    );
    const alerts = alertsOf(detect(points));
    const first = alerts.filter((i) => i >= at && i < at + A_DAY);
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThanOrEqual(3);
    expect(alerts.filter((i) => i >= at + 4 * A_DAY && i < 29 * A_DAY).length).toBeLessThanOrEqual(2);
    expect(alerts).toContain(29 * A_DAY);
  });

  it("leaves a constant alone, and alerts when it changes", () => {
    const points = Array.from({ length: 3000 }, (_, i) => ({
      at: START + i * STEP * 1000,
      value: i < 2900 ? 3.1 : 2.1,
    }));
    const verdicts = detect(points);
    expect(alertsOf(verdicts.slice(0, 2900))).toEqual([]);
    expect(verdicts.slice(0, 2900).every(({ score }) => score < 1)).toBe(true);
    expect(verdicts[2900]).toMatchObject({ isAlert: true, direction: "down" });
  });

  it("judges a counter by its growth, over a reset", () => {
    const random = randomNumbers(3);
    let total = 1e9;
    const points = Array.from({ length: 3000 }, (_, i) => {
      total += 300 * (9 + 2 * random());
      if (i === 2000) total = 300 * 10;
      if (i === 2500) total += 300 * 900;
      return { at: START + i * STEP * 1000, value: total };
    });
    const verdicts = detect(points, { counter: true });
    expect(verdicts[1999]?.value).toBeGreaterThan(8);
    expect(verdicts[1999]?.value).toBeLessThan(12);
    expect(verdicts[2000]).toMatchObject({ isReset: true, isAlert: false, value: 10 });
    expect(verdicts.filter(({ isReset }) => isReset).length).toBe(1);
    expect(alertsOf(verdicts)).toEqual([2500]);
  });
});

describe("points that are not as they should be", () => {
  it("leaves out what is not a number, and goes on as if it had not been there", () => {
    const detector = new SeriesDetector({ stepSeconds: STEP });
    observeAll(detector, flatLoad(3));
    const before = detector.toBytes();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(detector.observe(START + 3 * DAY, value)).toMatchObject({ score: 0, quiet: { kind: "not a number" } });
    expect(detector.toBytes()).toEqual(before);
  });

  it("does not use repeated and late points", () => {
    const points = flatLoad(6);
    const plain = detect(points);
    const doubled = detect(points.flatMap((point, i) => (i > 5 ? [point, point, points[i - 5]!] : [point])));
    expect(doubled.filter(({ quiet }) => quiet?.kind !== "late")).toEqual(plain);
  });

  it("follows a clock that was set back for good", () => {
    const detector = new SeriesDetector({ stepSeconds: STEP });
    observeAll(detector, flatLoad(3));
    const after = observeAll(
      detector,
      flatLoad(3).map(({ at, value }) => ({ at: at - 30 * DAY, value })),
    );
    expect(after[0]?.quiet?.kind).toBe("late");
    expect(after.at(-1)?.quiet?.kind).toBe("usual");
  });

  it("goes on after hours without points, without an alert for the gap", () => {
    const points = shopLoad(20).filter(({ at }) => at < START + 15 * DAY || at > START + 15 * DAY + 9 * HOUR);
    const after = detect(points).filter(({ at }) => at > START + 15 * DAY && at < START + 16 * DAY);
    expect(after.length).toBeGreaterThan(100);
    expect(alertsOf(after).length).toBeLessThanOrEqual(1);
  });
});

describe("a detector's memory", () => {
  it("gives the same verdicts with restarts at any point", () => {
    const points = changed(shopLoad(16), 15 * A_DAY, 20, (value) => value * 3);
    const random = randomNumbers(11);
    let detector = new SeriesDetector({ stepSeconds: STEP });
    const verdicts = points.map(({ at, value }) => {
      if (random() < 0.05) detector = SeriesDetector.fromBytes(detector.toBytes(), { stepSeconds: STEP });
      return detector.observe(at, value);
    });
    expect(verdicts).toEqual(detect(points));
  });

  it("takes less than 8 KB, however much was seen", () => {
    const detector = new SeriesDetector({ stepSeconds: STEP });
    expect(detector.toBytes().length).toBeLessThan(8192);
    observeAll(detector, flatLoad(40));
    expect(detector.toBytes().length).toBeLessThan(8192);
  });

  it("is a copy: who keeps it sees no later points, and reading does not tie it to the bytes", () => {
    const detector = new SeriesDetector({ stepSeconds: STEP });
    observeAll(detector, flatLoad(2));
    const kept = detector.toBytes();
    const same = kept.slice();
    detector.observe(START + 9 * DAY, 5);
    SeriesDetector.fromBytes(kept, { stepSeconds: STEP }).observe(START + 9 * DAY, 5);
    expect(kept).toEqual(same);
  });

  it("is read from the middle of a larger buffer, as a database gives it", () => {
    const bytes = new SeriesDetector({ stepSeconds: STEP }).toBytes();
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    expect(SeriesDetector.fromBytes(larger.subarray(3), { stepSeconds: STEP }).toBytes()).toEqual(bytes);
  });

  it.each([
    ["cut off", (bytes: Uint8Array) => bytes.subarray(0, 4000)],
    ["empty", () => new Uint8Array(0)],
    ["of another kind", () => new Uint8Array(8000).fill(7)],
    ["with one bit changed", (bytes: Uint8Array) => bytes.with(1234, bytes[1234]! ^ 4)],
    ["of another version", (bytes: Uint8Array) => bytes.with(0, 200)],
  ])("is refused when it is %s", (_, damage) => {
    const detector = new SeriesDetector({ stepSeconds: STEP });
    observeAll(detector, flatLoad(1));
    const bytes = damage(detector.toBytes());
    expect(() => SeriesDetector.fromBytes(bytes, { stepSeconds: STEP })).toThrow(CorruptStateError);
  });
});

describe("what a verdict names", () => {
  const at = 20 * A_DAY;
  const strongest = (points: ReturnType<typeof flatLoad>, from: number, length: number) => {
    const verdicts = detect(points).slice(from, from + length);
    const top = verdicts.reduce((best, one) => (one.score > best.score ? one : best));
    return { top, names: top.terms.slice(0, 3).map(({ name }) => name) };
  };

  it("is shares that add up to one, largest first", () => {
    const { top } = strongest(
      changed(flatLoad(21), at, 5, () => 300),
      at,
      5,
    );
    expect(top.terms.length).toBe(6);
    expect(top.terms.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
    const weights = top.terms.map(({ weight }) => weight);
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
  });

  it("is level for a value never seen", () => {
    expect(
      strongest(
        changed(flatLoad(21), at, 5, () => 300),
        at,
        5,
      ).names,
    ).toContain("level");
  });

  it("is season for a load that does not fall at night, which is no strange level", () => {
    const evening = at - A_DAY / 4;
    const night = changed(shopLoad(22), evening, A_DAY / 2, (value) => Math.max(value, 97 + (value % 6)));
    const { top, names } = strongest(night, evening, A_DAY / 2);
    expect(names).toContain("season");
    expect(top.terms.find(({ name }) => name === "level")?.surprise).toBeLessThan(2);
  });

  it("is variability for a line that suddenly trembles around its mean", () => {
    const random = randomNumbers(5);
    const points = changed(flatLoad(21), at, 24, () => 100 + (random() - 0.5) * 60);
    expect(strongest(points, at + 4, 20).names).toContain("variability");
  });

  it("is shape for a small deviation that goes on and on", () => {
    const points = changed(shopLoad(24), at, 2 * A_DAY, (value) => value + 5);
    const { names } = strongest(points, at + A_DAY, A_DAY);
    expect(names).toContain("shape");
  });

  it("is change and local for a jump inside of the daily range", () => {
    const { names } = strongest(
      changed(shopLoad(22), at + 144, 3, () => 75),
      at + 144,
      3,
    );
    expect(names.some((name) => name === "change" || name === "local")).toBe(true);
  });

  it("has no negative low where nothing was ever below zero", () => {
    const points = flatLoad(10).map(({ at, value }) => ({ at, value: Math.max(0, value - 101) }));
    for (const { usual } of detect(points)) if (usual !== undefined) expect(usual.low).toBeGreaterThanOrEqual(0);
    const below = detect(flatLoad(10).map(({ at, value }) => ({ at, value: value - 100 })));
    expect(below.at(-1)?.usual?.low).toBeLessThan(0);
  });
});

it("keeps `since` while it is unusual, and forgets it after an hour of calm", () => {
  const at = 15 * A_DAY;
  const verdicts = detect(changed(flatLoad(16), at, 10, () => 400));
  expect(verdicts[at + 9]?.since).toBe(START + at * STEP * 1000);
  const calm = verdicts.at(-1) as Verdict;
  expect(calm.since).toBe(calm.at);
  expect(calm.at - MINUTE).toBeGreaterThan(START);
});
