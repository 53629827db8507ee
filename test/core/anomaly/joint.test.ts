import { describe, expect, it } from "vitest";
import { CorruptStateError } from "../../../src/core/anomaly/errors.ts";
import { JointDetector } from "../../../src/core/anomaly/joint.ts";
import { bytesFor, MOST_METRICS } from "../../../src/core/anomaly/joint-memory.ts";
import { randomNumbers } from "../../tools/random.ts";

const STEP = 300;
const DAY_ROWS = 86_400 / STEP;
const WAYS = ["both", "up", "up"] as const;
const options = { stepSeconds: STEP, metrics: 3, trees: 100, contamination: 0.01, seed: 1 };

/** Traffic that wanders, cpu and load that follow it. */
function host(days: number, seed: number): number[][] {
  const random = randomNumbers(seed);
  const noise = () => random() + random() + random() - 1.5;
  let slow = 0;
  return Array.from({ length: days * DAY_ROWS }, () => {
    slow = 0.98 * slow + 0.4 * noise();
    const traffic = 100 + 30 * slow + 2 * noise();
    return [traffic, 0.05 + 0.003 * traffic + 0.01 * noise(), 0.2 + 0.02 * traffic + 0.1 * noise()];
  });
}

/** For `length` rows from there, cpu and load are far above what the traffic wants, or traffic is far above what they want. */
function parted(rows: number[][], from: number, length: number, way: 1 | -1): number[][] {
  const byTraffic = [...rows].sort((a, b) => a[0]! - b[0]!);
  const [idle, busy] = [byTraffic.slice(40, 80), byTraffic.slice(-80, -40)];
  const [led, follows] = way > 0 ? [idle, busy] : [busy, idle];
  return rows.map((row, i) => {
    if (i < from || i >= from + length) return row;
    return [led[i % 40]![0]!, follows[i % 40]![1]!, follows[i % 40]![2]!];
  });
}

function alerts(rows: readonly number[][], detector = new JointDetector(options), from = 0): number[] {
  return rows.flatMap((row, i) =>
    detector.observe((from + i + 1) * STEP * 1000, row, WAYS)?.isAlert ? [from + i] : [],
  );
}

describe("several metrics together", () => {
  it("are quiet while they go together, however far each of them goes", () => {
    expect(alerts(host(8, 3))).toEqual([]);
  });

  it("are found when they part, though each has a value that it often has, and the reason is named", () => {
    const rows = host(5, 3);
    const from = 4 * DAY_ROWS;
    const detector = new JointDetector(options);
    const changed = parted(rows, from, 24, 1);
    const found = alerts(changed.slice(0, from + 12), detector);
    // It has to last: a quarter of an hour, and five points.
    expect(found[0]).toBeGreaterThanOrEqual(from + 4);
    expect(found[0]).toBeLessThanOrEqual(from + 10);
    const carriers = detector.carriers();
    const [traffic, cpu] = [carriers.find(({ metric }) => metric === 0), carriers.find(({ metric }) => metric === 1)];
    expect(traffic ?? cpu).toBeDefined();
    for (const { value, expected, direction, metric } of carriers) {
      expect(direction).toBe(metric === 0 ? "down" : "up");
      expect(value < expected.low || value > expected.high).toBe(true);
      expect(expected.low).toBeLessThanOrEqual(expected.high);
    }
  });

  it("are no trouble when all that carries it went the good way", () => {
    const rows = parted(host(5, 3), 4 * DAY_ROWS, 24, -1);
    const found = (ways: readonly ("both" | "up" | "down")[]) => {
      const detector = new JointDetector(options);
      return rows.filter((row, i) => detector.observe((i + 1) * STEP * 1000, row, ways)?.isAlert).length;
    };
    expect(found(["both", "both", "both"])).toBeGreaterThan(0);
    // Traffic went up, cpu and load went down: nobody minds either.
    expect(found(["down", "up", "up"])).toBe(0);
  });

  it("are judged after a restart as without one", () => {
    const rows = parted(host(5, 5), 4 * DAY_ROWS, 24, 1);
    const one = new JointDetector(options);
    const cut = 3 * DAY_ROWS + 17;
    alerts(rows.slice(0, cut), one);
    const other = JointDetector.fromBytes(one.toBytes(), options);
    for (let i = cut; i < rows.length; i++) {
      const at = (i + 1) * STEP * 1000;
      expect(other.observe(at, rows[i]!, WAYS)).toEqual(one.observe(at, rows[i]!, WAYS));
    }
    expect(other.toBytes()).toEqual(one.toBytes());
  });

  it("have a memory of one size, and refuse another's", () => {
    const detector = new JointDetector(options);
    const empty = detector.toBytes().length;
    alerts(host(4, 1), detector);
    expect(detector.toBytes().length).toBe(empty);
    expect(bytesFor(MOST_METRICS)).toBeLessThan(32_000);
    expect(() => JointDetector.fromBytes(detector.toBytes().slice(1), options)).toThrow(CorruptStateError);
    expect(() => JointDetector.fromBytes(detector.toBytes(), { ...options, metrics: 4 })).toThrow(CorruptStateError);
    expect(() => JointDetector.fromBytes(new Uint8Array([9]), options)).toThrow(CorruptStateError);
  });

  it("take no row twice, none that is late, and none with a hole", () => {
    const detector = new JointDetector(options);
    alerts(host(3, 1), detector);
    const before = detector.toBytes();
    const last = 3 * DAY_ROWS * STEP * 1000;
    for (const row of [
      [1, 2, 3],
      [1, Number.NaN, 3],
    ])
      expect(detector.observe(last, row, WAYS)).toBeUndefined();
    expect(detector.observe(last + 1, [1, Number.POSITIVE_INFINITY, 3], WAYS)).toBeUndefined();
    expect(detector.toBytes()).toEqual(before);
  });

  it("stay finite with constants and huge numbers", () => {
    const detector = new JointDetector(options);
    for (let i = 1; i < 600; i++) {
      const row = [5, i % 2 === 0 ? 1e300 : -1e300, i === 500 ? 7 : 0];
      const verdict = detector.observe(i * STEP * 1000, row, WAYS);
      if (verdict !== undefined) expect(Number.isFinite(verdict.value) && Number.isFinite(verdict.score)).toBe(true);
    }
  });
});
