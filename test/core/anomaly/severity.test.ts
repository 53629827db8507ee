import { describe, expect, it } from "vitest";
import { type Circumstances, severityOf, withObjective } from "../../../src/core/anomaly/severity.ts";

const new_: Circumstances = { lastedSeconds: 0, worse: "up", most: "critical" };
const up = (value: number) => ({ value, direction: "up" }) as const;
const of = (own: "info" | "warning" | "critical", value: number, more: Partial<Circumstances> = {}) =>
  severityOf(own, up(value), { ...new_, ...more });

describe("severity", () => {
  it("is no more than info for what goes the good way, however rare, long and far", () => {
    const good = severityOf("critical", { value: 0, direction: "down" }, { ...new_, lastedSeconds: 9999, warn: 5 });
    expect(good).toEqual({ severity: "info", reasons: [{ kind: "good way" }] });
    expect(severityOf("warning", { value: 0, direction: "down" }, { ...new_, worse: "both" }).severity).toBe("warning");
  });

  it("is not critical by a score alone, and a warning at least once it lasts", () => {
    expect(of("critical", 5).severity).toBe("warning");
    expect(of("critical", 5, { lastedSeconds: 900 })).toEqual({ severity: "critical", reasons: [{ kind: "lasting" }] });
    expect(of("info", 5).severity).toBe("info");
    expect(of("info", 5, { lastedSeconds: 900 }).severity).toBe("warning");
  });

  it("follows limits, whatever the score is", () => {
    const limits = { warn: 0.8, critical: 0.95 };
    expect(of("info", 0.96, limits)).toEqual({ severity: "critical", reasons: [{ kind: "limit", limit: 0.95 }] });
    expect(of("info", 0.85, limits)).toEqual({ severity: "warning", reasons: [{ kind: "limit", limit: 0.8 }] });
    expect(of("critical", 0.2, limits).severity).toBe("info");
    const low = severityOf("info", { value: 0.5, direction: "down" }, { ...new_, worse: "down", critical: 0.9 });
    expect(low.severity).toBe("critical");
  });

  it("is never more than the watch allows", () => {
    expect(of("critical", 9, { critical: 5, most: "info" }).severity).toBe("info");
    expect(withObjective({ severity: "info", reasons: [] }, 20, "warning").severity).toBe("warning");
  });

  it("rises with the error budget of the service", () => {
    const alone = of("info", 5);
    expect(withObjective(alone, 0.4, "critical")).toEqual(alone);
    expect(withObjective(alone, 3, "critical")).toEqual({
      severity: "warning",
      reasons: [{ kind: "objective", burn: 3 }],
    });
    expect(withObjective(alone, 20, "critical").severity).toBe("critical");
    expect(withObjective(alone, Number.NaN, "critical")).toEqual(alone);
    // Twice looked at, said once.
    expect(withObjective(withObjective(alone, 3, "critical"), 20, "critical").reasons).toEqual([
      { kind: "objective", burn: 20 },
    ]);
  });
});
