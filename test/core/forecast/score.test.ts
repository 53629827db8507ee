import { describe, expect, it } from "vitest";
import { endOf, keptOf, sayRecord, scoreOf } from "../../../src/core/forecast/score.ts";
import { DAY, HOUR, hourly, MONDAY, noise, swing, told } from "./series.ts";

const next = noise(2);
const points = hourly(15 * 24, (hour) => swing(hour) + 5 * next());
const made = told(points.slice(0, 14 * 24));
const about = {
  id: "1",
  about: "host.cpu",
  source: "default",
  promql: "cpu",
  series: "[]",
  at: MONDAY + 14 * DAY,
  last: points[14 * 24 - 1]![1],
};
const came = points.slice(14 * 24);

describe("a kept forecast", () => {
  const kept = keptOf(made, about);

  it("is scored by what came", () => {
    const score = scoreOf(JSON.parse(JSON.stringify(kept)) as typeof kept, came);
    expect(score?.steps).toBe(24);
    expect(score?.off).toBeLessThan(0.1);
    expect(score?.offIfUnchanged).toBeGreaterThan(0.15);
    expect(Math.abs(score?.bias ?? 1)).toBeLessThan(0.05);
    expect(score?.inside95).toBeGreaterThan(0.8);
    expect(score?.inside80).toBeLessThanOrEqual(score?.inside95 ?? 0);
  });

  it("is off by exactly what it was off", () => {
    const doubled = { ...kept, mean: came.map(([, value]) => 2 * value) };
    expect(scoreOf(doubled, came)).toMatchObject({ off: 1, bias: 1 });
  });

  it("is not scored by too little, and not before it", () => {
    expect(scoreOf(kept, came.slice(0, 11))).toBeUndefined();
    expect(scoreOf(kept, points.slice(0, 14 * 24))).toBeUndefined();
    expect(
      scoreOf(
        kept,
        came.map(([at]) => [at, Number.NaN] as const),
      ),
    ).toBeUndefined();
  });

  it("is thinned when it is long, and keeps its times", () => {
    const long = keptOf(told(hourly(60 * 24, swing), 7 * 24), about);
    expect(long.mean.length).toBe(84);
    expect(long.step).toBe(2 * HOUR);
    expect(endOf(long)).toBe(MONDAY + 60 * DAY + (7 * 24 - 1) * HOUR);
    const score = scoreOf(long, hourly(68 * 24, swing));
    expect(score?.steps).toBe(84);
    expect(score?.off).toBeLessThan(0.01);
  });
});

describe("the record of forecasts", () => {
  const score = { steps: 24, off: 0.08, offIfUnchanged: 0.2, bias: 0, inside80: 0.8, inside95: 0.94 };

  it("is told once there are enough", () => {
    expect(sayRecord([score, score, score, score])).toBeUndefined();
    expect(sayRecord([score, score, { ...score, off: 3, inside95: 0.5 }, score, score])).toBe(
      "The last 5 forecasts of this kind were off by 8 % (median); 85 % of what came was inside their 95 % band.",
    );
  });
});
