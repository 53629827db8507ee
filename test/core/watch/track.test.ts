import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../../src/core/anomaly/detector.ts";
import { NEW_TRACK, step, type Track } from "../../../src/core/watch/track.ts";

const STEP = 60;
const USUAL = { low: 8, typical: 10, high: 12 };
const settings = (more: Partial<Parameters<typeof step>[2]["watch"]> = {}) => ({
  stepSeconds: STEP,
  windowSeconds: 300,
  watch: { most: "critical", direction: "up", ...more } as const,
  idOf: (since: number) => `since ${since}`,
});

function verdict(at: number, value: number, more: Partial<Verdict> = {}): Verdict {
  return {
    at: at * 1000,
    value,
    score: value > 12 ? 4 : 0,
    threshold: 2.7,
    isAlert: false,
    severity: undefined,
    terms: [],
    usual: USUAL,
    since: at * 1000,
    direction: value > 10 ? "up" : "down",
    quiet: { kind: "usual" },
    isReset: false,
    ...more,
  };
}
const alert = (at: number, value: number, severity: Verdict["severity"] = "warning") =>
  verdict(at, value, { isAlert: true, severity, quiet: undefined });

/** Points one step apart; `!` makes an alert. Returns the events with their times, and the last track. */
function run(values: readonly (number | `${number}!`)[], set = settings(), from: Track = NEW_TRACK, at0 = 0) {
  let track = from;
  const events: string[] = [];
  values.forEach((value, i) => {
    const at = at0 + i * STEP;
    const made = typeof value === "number" ? verdict(at, value) : alert(at, Number.parseFloat(value));
    const { track: next, event } = step(track, made, set);
    track = next;
    if (event !== undefined) events.push(`${event} ${at / STEP}`);
  });
  return { events, track };
}

describe("the life of an anomaly", () => {
  it("opens with an alert, lasts while values are unusual, and is over after five usual ones", () => {
    const { events } = run([10, 10, "20!", 20, 19, 10, 10, 20, 10, 10, 10, 10, 10, 10]);
    expect(events).toEqual(["opened 2", "over 12"]);
  });

  it("is the same one when it comes back within half an hour, and another one later", () => {
    const calm = [10, 10, 10, 10, 10, 10];
    const soon = run(["20!", ...calm, "20!"]);
    expect(soon.events).toEqual(["opened 0", "over 5", "again 7"]);
    const late = run(["20!", ...calm, ...Array.from({ length: 40 }, () => 10), "20!"]);
    expect(late.events).toEqual(["opened 0", "over 5", "opened 47"]);
    expect(late.track.open?.id).not.toBe(late.track.closed?.id);
  });

  it("is worse when it is much further from usual, or beyond a limit", () => {
    expect(run(["20!", 22, 30, 31]).events).toEqual(["opened 0", "worse 2"]);
    const limits = settings({ warn: 15, critical: 25 });
    const { events, track } = run(["14!", 16, 26], limits);
    expect(events).toContain("worse 2");
    expect(track.open?.severity).toBe("critical");
  });

  it("is never more severe than its watch allows, and little far below its limit", () => {
    expect(run(["20!", ...Array.from({ length: 30 }, () => 40)], settings({ most: "info" })).track.open?.severity).toBe(
      "info",
    );
    expect(run(["20!"], settings({ warn: 100 })).track.open?.severity).toBe("info");
    const { track } = step(NEW_TRACK, alert(0, 20, "critical"), settings());
    expect(track.open?.severity).toBe("warning");
    let now = track;
    for (let at = STEP; at <= 900; at += STEP) now = step(now, verdict(at, 20), settings()).track;
    expect(now.open?.severity).toBe("critical");
  });

  it("counts a fall as usual where only a rise is trouble", () => {
    expect(run(["20!", 2, 2, 2, 2, 2]).events).toEqual(["opened 0", "over 5"]);
    expect(run(["20!", 2, 2, 2, 2, 2], settings({ direction: "both" })).events).toEqual(["opened 0"]);
  });

  it("opens nothing right after a gap, unless it lasts", () => {
    const before = run([10, 10]).track;
    const spike = run(["20!", 10, 10, 10, 10, 10, 10], settings(), before, 3600);
    expect(spike.events).toEqual([]);
    const lasting = run(["20!", 20, 20, 20, 20, 20, 20], settings(), before, 3600);
    expect(lasting.events).toEqual(["opened 65"]);
    expect(lasting.track.open?.since).toBe(3600);
  });

  it("takes what lasts for hours as the new usual once the detector does", () => {
    const shifted = { usual: { low: 19, typical: 20, high: 21 } };
    let { track } = step(NEW_TRACK, alert(0, 20), settings());
    const events: string[] = [];
    for (let at = STEP; at < 8 * 3600; at += STEP) {
      const made = step(track, verdict(at, 20, { ...shifted, score: 0 }), settings());
      track = made.track;
      if (made.event !== undefined) events.push(`${made.event} ${Math.floor(at / 3600)} h`);
    }
    expect(events).toEqual(["over 6 h"]);
  });

  it("holds for any points: one open at a time, no event without a change, and points are never taken twice", () => {
    const point = fc.record({
      value: fc.double({ min: 0, max: 100, noNaN: true }),
      isAlert: fc.boolean(),
      gap: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 200 }), (points) => {
        let track: Track = NEW_TRACK;
        let at = 0;
        for (const { value, isAlert, gap } of points) {
          at += gap * STEP;
          const before = track;
          const { track: next, event } = step(track, isAlert ? alert(at, value) : verdict(at, value), settings());
          if (event === "opened" || event === "again") expect(before.open).toBeUndefined();
          if (event === "over" || event === "worse") expect(before.open).toBeDefined();
          if (event === "over") expect(next.open).toBeUndefined();
          expect(next.last).toBe(at);
          expect(JSON.parse(JSON.stringify(next))).toEqual(next);
          const late = step(next, verdict(at, value, { quiet: { kind: "late" } }), settings());
          expect(late).toEqual({ track: next });
          track = next;
        }
      }),
    );
  });
});
