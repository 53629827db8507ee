import { expect, it } from "vitest";
import type { Bound } from "../../src/core/concept.ts";
import { type Deviation, sayDeviation } from "../../src/flows/answer/anomaly.ts";

const bound = { concept: { id: "service.errors", name: "error rate", unit: "ratio", noun: "" } } as unknown as Bound;
const deviation = (value: number, typical: number): Deviation =>
  ({
    bound,
    name: "orders",
    value,
    usual: { low: 0, typical, high: typical },
    where: "above",
    factor: 100,
  }) as Deviation;

it("says how many times its usual a value is, and nothing of the kind where the usual is nothing", () => {
  expect(sayDeviation(deviation(0.08, 0.02))).toMatch(/is 8 %, higher than the usual 0 % to 2 % \(×4\)$/);
  expect(sayDeviation(deviation(0.0736, 0))).toBe("error rate of orders is 7.36 %, higher than the usual 0 % to 0 %");
});
