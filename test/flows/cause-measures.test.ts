import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contrasts, drillDown } from "../../src/core/cause/contrast.ts";
import { onsetOf, withoutRhythm, worstMoment } from "../../src/core/cause/onset.ts";
import { closeness, ranked, score } from "../../src/core/cause/rank.ts";
import type { Point, Series } from "../../src/core/series.ts";

const DAY = 86_400;
const STEP = 600;
const END = 1_790_000_000;

/** Points every ten minutes up to END; `index` counts back from it. */
function series(count: number, value: (index: number) => number): Point[] {
  return Array.from(
    { length: count },
    (_, index): Point => [END - (count - 1 - index) * STEP, value(count - 1 - index)],
  );
}

describe("the onset", () => {
  it("is the step, wherever it is and however high, with noise of a tenth of it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.double({ min: 1, max: 1e6, noNaN: true }),
        fc.double({ min: 1.5, max: 50, noNaN: true }),
        fc.boolean(),
        (back, low, factor, falls) => {
          const [before, after] = falls ? [low * factor, low] : [low, low * factor];
          const noise = (index: number): number => ((index % 3) - 1) * 0.05 * Math.abs(after - before);
          const points = series(144, (index) => (index <= back ? after : before) + noise(index));
          expect(onsetOf(points, before, END)).toEqual({ since: END - back * STEP, whole: false });
        },
      ),
    );
  });

  it("of what grows steadily is near its beginning, not half way", () => {
    const points = series(144, (index) => (index <= 60 ? 10 + (60 - index) * 100 : 10));
    const found = onsetOf(points, 10, END, 0.02);
    expect(found?.since).toBeGreaterThanOrEqual(END - 60 * STEP);
    expect(found?.since).toBeLessThanOrEqual(END - 57 * STEP);
  });

  it("outlasts two points that fall back, but not a long return to usual", () => {
    const flicker = series(100, (index) => (index <= 40 && index !== 20 && index !== 21 ? 9 : 1));
    expect(onsetOf(flicker, 1, END)?.since).toBe(END - 40 * STEP);
    const twice = series(100, (index) => (index <= 10 || (index >= 30 && index <= 40) ? 9 : 1));
    expect(onsetOf(twice, 1, END)?.since).toBe(END - 10 * STEP);
  });

  it("says when it is off from the first point on, so that nobody states a beginning", () => {
    expect(
      onsetOf(
        series(50, () => 9),
        1,
        END,
      ),
    ).toEqual({ since: END - 49 * STEP, whole: true });
  });

  it("is unknown without points, without numbers and without a change", () => {
    expect(onsetOf([], 1, END)).toBeUndefined();
    expect(
      onsetOf(
        series(10, () => Number.NaN),
        1,
        END,
      ),
    ).toBeUndefined();
    expect(
      onsetOf(
        series(10, () => 1),
        1,
        END,
      ),
    ).toBeUndefined();
  });

  it("never looks at points after the moment in question", () => {
    const points = series(100, (index) => (index <= 50 ? 9 : 1));
    expect(onsetOf(points, 1, END - 30 * STEP)?.since).toBe(END - 50 * STEP);
    expect(onsetOf(points, 1, END - 60 * STEP)).toBeUndefined();
  });

  it("of a daily rhythm is found once the rhythm is taken out", () => {
    const rhythm = (index: number): number => 100 + 80 * Math.sin((index * STEP * 2 * Math.PI) / DAY);
    const points = series(288, (index) => rhythm(index) * (index <= 12 ? 0.3 : 1));
    const flat = withoutRhythm(points, rhythm(0));
    expect(onsetOf(flat, rhythm(0), END)).toEqual({ since: END - 12 * STEP, whole: false });
  });
});

describe("the worst moment", () => {
  const rhythm = (index: number): number => 100 + 80 * Math.sin((index * STEP * 2 * Math.PI) / DAY);

  it("is in the incident, not in the night", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 120 }), (back) => {
        const points = series(288, (index) => rhythm(index) * (Math.abs(index - back) <= 2 ? 0.3 : 1));
        const found = worstMoment(points, END - DAY, END, "down");
        expect(Math.abs((found?.at ?? 0) - (END - back * STEP))).toBeLessThanOrEqual(2 * STEP);
      }),
    );
  });

  it("is no single odd scrape", () => {
    const points = series(288, (index) => (index === 7 ? 900 : Math.abs(index - 60) <= 3 ? 40 : 10));
    expect(Math.abs((worstMoment(points, END - DAY, END, "up")?.at ?? 0) - (END - 60 * STEP))).toBeLessThanOrEqual(
      3 * STEP,
    );
  });

  it("is looked for only in the time asked about", () => {
    const points = series(288, (index) => (index === 200 ? 900 : 10 + (index === 20 ? 1 : 0)));
    const found = worstMoment(points, END - 30 * STEP, END - 10 * STEP, "up");
    expect(found?.at).toBeGreaterThanOrEqual(END - 30 * STEP);
    expect(found?.at).toBeLessThanOrEqual(END - 10 * STEP);
  });
});

/** Days of one value each, then today's. */
function days(labels: Readonly<Record<string, string>>, earlier: readonly number[], today: number): Series {
  return {
    labels,
    points: [...earlier.map((value, index): Point => [END - (earlier.length - index) * DAY, value]), [END, today]],
  };
}

describe("a contrast with the same time of earlier days", () => {
  it("takes the median of the days before, so that one bad day is not what is usual", () => {
    const [one] = contrasts([days({}, [10, 10, 500, 10, 10], 80)], END, 0.1);
    expect(one).toMatchObject({ before: 10, after: 80, known: true, up: true });
    expect(one?.strength).toBeGreaterThan(0.9);
  });

  it("finds nothing within the spread of the days before", () => {
    const [one] = contrasts([days({}, [10, 30, 20, 12, 28], 31)], END, 0.1);
    expect(one?.strength).toBe(0);
  });

  it("stays within 0 and 1 and is the same for a rise as for the fall back", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        fc.double({ min: 0, max: 1e12, noNaN: true }),
        (a, b) => {
          const [up] = contrasts([days({}, [a, a, a], b)], END, 0.5);
          const [down] = contrasts([days({}, [b, b, b], a)], END, 0.5);
          expect(up?.strength).toBeGreaterThanOrEqual(0);
          expect(up?.strength).toBeLessThanOrEqual(1);
          expect(up?.strength).toBeCloseTo(down?.strength ?? -1, 9);
        },
      ),
    );
  });

  it("counts what is missing where that matters: a hit ratio from 94 % to 61 %", () => {
    const list = [days({}, [0.94, 0.94, 0.94], 0.61)];
    expect(contrasts(list, END, 0.003, "complement")[0]?.strength).toBeGreaterThan(
      2 * (contrasts(list, END, 0.003)[0]?.strength ?? 1),
    );
  });

  it("leaves out a series that has ended", () => {
    expect(contrasts([{ labels: {}, points: [[END - DAY, 5]] }], END, 0.1)).toEqual([]);
  });
});

describe("drilling down", () => {
  const change = (labels: Readonly<Record<string, string>>, before: number, after: number) => ({
    labels,
    before,
    after,
    known: true,
    up: after > before,
    strength: 0.5,
  });

  it("names the label value that carries the change", () => {
    const found = drillDown([
      change({ carrier: "a", zone: "x" }, 5, 50),
      change({ carrier: "a", zone: "y" }, 5, 55),
      change({ carrier: "b", zone: "x" }, 40, 41),
      change({ carrier: "c", zone: "y" }, 30, 30),
    ]);
    expect(found).toMatchObject({ label: "carrier", value: "a", before: 10, after: 105 });
    expect(found?.share).toBeGreaterThan(0.95);
  });

  it("names none when all moved alike, however large one is", () => {
    expect(drillDown([change({ zone: "x" }, 100, 200), change({ zone: "y" }, 10, 20)])).toBeUndefined();
    expect(drillDown([change({ zone: "x" }, 10, 20), change({ zone: "y" }, 10, 20)])).toBeUndefined();
    expect(drillDown([])).toBeUndefined();
  });
});

describe("weighing explanations", () => {
  it("prefers what began just before to what began long before, and that to what began clearly later", () => {
    const onset = END;
    expect(closeness(onset - 300, onset)).toBe(1);
    expect(closeness(onset - 4 * 3600, onset)).toBeLessThan(closeness(onset - 2 * 3600, onset));
    expect(closeness(onset + 3 * 3600, onset)).toBeLessThan(0.3);
    expect(closeness(undefined, onset)).toBeGreaterThan(closeness(onset + 3600, onset));
  });

  it("puts a small change at the right moment before a big one at a wrong one", () => {
    const list = [
      { name: "big, long before", prior: 0.8, strength: 1, since: END - 6000 },
      { name: "small, just before", prior: 0.8, strength: 0.2, since: END - 300 },
    ];
    expect(ranked(list, END).map((one) => one.name)).toEqual(["small, just before", "big, long before"]);
  });

  it("stays within 0 and 1 for every time", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: -1e7, max: 1e7 }),
        (prior, strength, apart) => {
          const found = score({ prior, strength, since: END + apart }, END);
          expect(found).toBeGreaterThanOrEqual(0);
          expect(found).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
