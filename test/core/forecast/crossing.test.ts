import { describe, expect, it } from "vitest";
import { crossingOf, type Limit } from "../../../src/core/forecast/crossing.ts";
import type { Forecast } from "../../../src/core/forecast/forecast.ts";
import { historyOf } from "../../../src/core/forecast/history.ts";
import { CALM, look, lookAhead, type Warning, type WarningState } from "../../../src/core/forecast/warning.ts";
import { HOUR, hourly, MONDAY, noise, swing, told } from "./series.ts";

/** A forecast that rises by `slope` an hour from `now`, give or take `width`. */
function rising(now: number, slope: number, width: number, steps = 24): Forecast {
  const line = (shift: number) => Float64Array.from({ length: steps }, (_, k) => now + slope * (k + 1) + shift);
  return {
    kind: "forecast",
    start: MONDAY + HOUR,
    step: HOUR,
    mean: line(0),
    lo80: line(-width),
    hi80: line(width),
    lo95: line(-2 * width),
    hi95: line(2 * width),
    methods: [],
    tried: { times: 5, meanMiss: width },
    lastBreak: undefined,
    filled: 0,
  };
}

const hours = (at: number | undefined) => (at === undefined ? undefined : (at - MONDAY) / HOUR);

describe("when a limit is reached", () => {
  it("is earliest, likely and latest by the band", () => {
    const found = crossingOf(rising(50, 2, 6), { value: 75, rising: true }, 50);
    if (found.kind !== "crosses") throw new Error(found.kind);
    expect(hours(found.likely)).toBeCloseTo(12.5, 6);
    expect(hours(found.earliest)).toBeCloseTo(9.5, 6);
    expect(hours(found.latest)).toBeCloseTo(15.5, 6);
  });

  it("has no latest beyond the horizon, is only possible, or clear", () => {
    const found = crossingOf(rising(50, 2, 6), { value: 95, rising: true }, 50);
    expect(found).toMatchObject({ kind: "crosses", latest: undefined });
    expect(crossingOf(rising(50, 2, 6), { value: 100, rising: true }, 50)).toMatchObject({ kind: "possible" });
    expect(crossingOf(rising(50, 2, 6), { value: 120, rising: true }, 50)).toEqual({
      kind: "clear",
      until: MONDAY + 24 * HOUR,
    });
  });

  it("is now when it is there, and falls as it rises", () => {
    expect(crossingOf(rising(50, 2, 6), { value: 50, rising: true }, 50)).toEqual({ kind: "already" });
    const falling = crossingOf(rising(50, -2, 6), { value: 25, rising: false }, 50);
    if (falling.kind !== "crosses") throw new Error(falling.kind);
    expect(hours(falling.likely)).toBeCloseTo(12.5, 6);
    expect(hours(falling.earliest)).toBeCloseTo(9.5, 6);
  });

  it("is right for a disk that fills with noise", () => {
    const next = noise(5);
    const points = hourly(15 * 24, (hour) => 10 * hour + 5 * next());
    const found = crossingOf(
      told(points.slice(0, 14 * 24)),
      { value: 10 * (14 * 24 + 12), rising: true },
      points[335]![1],
    );
    if (found.kind !== "crosses") throw new Error(found.kind);
    expect(Math.abs(hours(found.likely)! - (14 * 24 + 12))).toBeLessThanOrEqual(1);
  });
});

describe("a warning ahead", () => {
  const limit = { value: 75, rising: true };
  /** Looks in a row, an hour apart or as told, at forecasts that reach the limit after so many hours; Infinity for never. */
  function looks(...reached: readonly number[]): { said: Warning[]; state: WarningState } {
    let state = CALM;
    const said = reached.map((inHours) => {
      const forecast = inHours === Number.POSITIVE_INFINITY ? rising(50, 0, 1) : rising(50, 25 / inHours, 1);
      const found = look(state, crossingOf(forecast, limit, 50), MONDAY);
      state = JSON.parse(JSON.stringify(found.state)) as WarningState;
      return found.warning;
    });
    return { said, state };
  }
  const never = Number.POSITIVE_INFINITY;

  it("begins with the second look that agrees, and is said once", () => {
    const { said } = looks(10, 10, 10, 9);
    expect(said.map((one) => one?.kind)).toEqual([undefined, "begins", undefined, undefined]);
    expect(said[1]).toMatchObject({ lead: 10 * HOUR });
  });

  it("does not begin by one odd look, nor with less than half an hour left", () => {
    expect(looks(10, never, 10, never).said.every((one) => one === undefined)).toBe(true);
    expect(looks(0.3, 0.3, 0.3).said.every((one) => one === undefined)).toBe(true);
  });

  it("is said again when it has become much more urgent", () => {
    const { said } = looks(10, 10, 6, 4, 4);
    expect(said.map((one) => one?.kind)).toEqual([undefined, "begins", undefined, "sooner", undefined]);
  });

  it("ends after three looks that stay clear, not after two", () => {
    const { said, state } = looks(10, 10, never, never, 10, never, never, never);
    expect(said.map((one) => one?.kind)).toEqual([
      undefined,
      "begins",
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      "ends",
    ]);
    expect(state).toEqual(CALM);
  });

  it("ends when the limit is reached: that is an alert's", () => {
    const warned = looks(10, 10).state;
    expect(look(warned, { kind: "already" }, MONDAY)).toEqual({
      state: CALM,
      warning: { kind: "ends" },
    });
    expect(look(CALM, { kind: "already" }, MONDAY).warning).toBeUndefined();
  });
});

describe("a look at a history with a limit", () => {
  const history = (value: (hour: number) => number, hours = 14 * 24) => {
    const found = historyOf(hourly(hours, value));
    if ("kind" in found) throw new Error(found.message);
    return found;
  };
  /** Two looks in a row at the same history: the second may warn. */
  function twice(value: (hour: number) => number, limit: Limit) {
    const seen = history(value);
    const at = seen.start + (seen.values.length - 1) * HOUR;
    const first = lookAhead(CALM, seen, limit, at);
    if ("kind" in first) throw new Error(first.message);
    const second = lookAhead(first.state, seen, limit, at);
    if ("kind" in second) throw new Error(second.message);
    return { at, warning: second.warning };
  }
  const next = noise(8);

  it("warns by the forecast, with the time and its band", () => {
    const { at, warning } = twice((hour) => 10 * hour + 5 * next(), { value: 10 * (14 * 24 - 1 + 9), rising: true });
    if (warning?.kind !== "begins") throw new Error("no warning");
    expect(Math.abs(warning.crossing.likely - at - 9 * HOUR)).toBeLessThanOrEqual(1.5 * HOUR);
    expect(warning.crossing.earliest).toBeLessThanOrEqual(warning.crossing.likely);
    expect(warning.lead).toBeGreaterThan(1800);
  });

  it("warns by the trend when an incident is under way", () => {
    const incident = (hour: number) => 1000 + 5 * next() - 60 * Math.max(0, hour - (14 * 24 - 6));
    const { at, warning } = twice(incident, { value: 0, rising: false });
    if (warning?.kind !== "begins") throw new Error("no warning");
    // 700 are left, at 60 an hour.
    expect(Math.abs(warning.crossing.likely - at - 11.7 * HOUR)).toBeLessThanOrEqual(2 * HOUR);
  });

  it("stays quiet about a daily peak below the limit, and about noise", () => {
    expect(twice((hour) => swing(hour) + 2 * next(), { value: 150, rising: true }).warning).toBeUndefined();
    expect(twice(() => 50 + 5 * next(), { value: 100, rising: true }).warning).toBeUndefined();
  });

  it("says why it cannot tell", () => {
    const short = history((hour) => hour, 30);
    expect(lookAhead(CALM, short, { value: 100, rising: true }, MONDAY + 30 * HOUR)).toMatchObject({
      reason: "too short",
    });
  });

  it("is over when the limit is reached", () => {
    const seen = history((hour) => hour);
    const warned = { phase: "warned", against: 0, likely: MONDAY } as const;
    expect(lookAhead(warned, seen, { value: 300, rising: true }, MONDAY)).toMatchObject({
      state: CALM,
      warning: { kind: "ends" },
    });
  });
});
