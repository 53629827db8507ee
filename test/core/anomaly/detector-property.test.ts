import fc from "fast-check";
import { expect, it } from "vitest";
import { SeriesDetector } from "../../../src/core/anomaly/detector.ts";

/** Whatever a Prometheus may send: numbers of every size, none at all, gaps, repeats and steps back in time. */
const point = fc.record({
  seconds: fc.oneof(
    { weight: 8, arbitrary: fc.constant(60) },
    { weight: 1, arbitrary: fc.integer({ min: -7200, max: 400_000 }) },
  ),
  value: fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: 0, max: 100, noNaN: true }) },
    { weight: 1, arbitrary: fc.double() },
    { weight: 1, arbitrary: fc.constantFrom(0, 0, 5, 1e308, -1e308, 5e-324) },
  ),
});

const options = fc.record({
  stepSeconds: fc.constantFrom(15, 60, 300, 3600, 86_400),
  direction: fc.constantFrom("both" as const, "up" as const, "down" as const),
  sensitivity: fc.constantFrom("low" as const, "normal" as const, "high" as const),
  counter: fc.boolean(),
});

it("never throws, scores finitely, keeps its size, and goes on the same after a restart, whatever comes", () => {
  fc.assert(
    fc.property(options, fc.array(point, { minLength: 150, maxLength: 500 }), fc.nat(), (chosen, points, restart) => {
      const detector = new SeriesDetector(chosen);
      let copy = detector;
      let at = Date.UTC(2026, 0, 5);
      for (const [i, { seconds, value }] of points.entries()) {
        at += seconds * 1000;
        if (i === restart % points.length) copy = SeriesDetector.fromBytes(detector.toBytes(), chosen);
        const verdict = detector.observe(at, value);
        expect(Number.isFinite(verdict.score) && verdict.score >= 0).toBe(true);
        expect(verdict.isAlert).toBe(verdict.quiet === undefined);
        expect(verdict.isAlert).toBe(verdict.severity !== undefined);
        if (verdict.isAlert) expect(verdict.score).toBeGreaterThanOrEqual(verdict.threshold);
        for (const { surprise, weight } of verdict.terms)
          expect(Number.isFinite(surprise) && surprise >= 0 && weight >= 0 && weight <= 1 + 1e-9).toBe(true);
        if (verdict.usual !== undefined) expect(verdict.usual.low).toBeLessThanOrEqual(verdict.usual.high);
        if (copy !== detector) expect(copy.observe(at, value)).toEqual(verdict);
      }
      expect(detector.toBytes().length).toBeLessThan(8192);
    }),
    // To make a failing case smaller takes minutes; its seed is printed.
    { numRuns: 60, endOnFailure: true },
  );
});
