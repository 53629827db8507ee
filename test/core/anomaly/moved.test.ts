import { describe, expect, it } from "vitest";
import { movedWith } from "../../../src/core/anomaly/moved.ts";
import type { Point } from "../../../src/core/series.ts";
import { randomNumbers } from "../../tools/random.ts";

const STEP = 60;
const COUNT = 390;
/** Half of the window is after the beginning. */
const FROM = (COUNT - 30) * STEP;
const BEGAN = (COUNT - 15) * STEP;
const END = (COUNT - 1) * STEP;

function course(value: (i: number) => number): readonly Point[] {
  return Array.from({ length: COUNT }, (_, i): Point => [i * STEP, value(i)]);
}

/** Noise, and `rise` from the beginning on. */
function rising(rise: number, seed: number): readonly Point[] {
  const random = randomNumbers(seed);
  return course((i) => 10 + random() + (i * STEP >= BEGAN ? rise : 0));
}

/** Goes its own slow way, as most things do. */
function wandering(seed: number): readonly Point[] {
  const random = randomNumbers(seed);
  let at = 0;
  return course(() => {
    at = 0.98 * at + random() - 0.5;
    return at;
  });
}

describe("what moved with something", () => {
  it("is what rose or fell with it, the closest first, with its rank correlation", () => {
    const others = [rising(0, 2), rising(8, 3), rising(-8, 4), wandering(5)];
    const found = movedWith(rising(8, 1), others, FROM, END);
    expect(found.map(({ index }) => index).sort()).toEqual([1, 2]);
    expect(found.find(({ index }) => index === 1)?.correlation).toBeGreaterThan(0.7);
    expect(found.find(({ index }) => index === 2)?.correlation).toBeLessThan(-0.7);
  });

  it("is hardly ever named by chance among many that wander", () => {
    let named = 0;
    for (let round = 0; round < 8; round++) {
      const others = Array.from({ length: 40 }, (_, i) => wandering(1000 * round + i + 10));
      named += movedWith(rising(8, round), others, FROM, END).length === 0 ? 0 : 1;
    }
    // Plain rank correlation would name dozens in each round.
    expect(named).toBeLessThanOrEqual(1);
    const plain = movedWith(rising(8, 1), [rising(8, 2)], FROM, END);
    expect(plain).toHaveLength(1);
  });

  it("says nothing of too little, of constants and of holes", () => {
    const own = rising(8, 1);
    const twin = rising(8, 2);
    expect(movedWith(own, [twin], END - 5 * STEP, END)).toEqual([]);
    expect(movedWith(own, [course(() => 4)], FROM, END)).toEqual([]);
    expect(movedWith(own, [twin.filter(([at]) => at < BEGAN)], FROM, END)).toEqual([]);
    // Without a past there is nothing to hold it against.
    expect(movedWith(own, [twin.filter(([at]) => at >= FROM)], FROM, END)).toEqual([]);
    expect(movedWith([], [twin], FROM, END)).toEqual([]);
  });
});
