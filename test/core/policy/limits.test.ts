import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Counted, overLimit } from "../../../src/core/policy/limits.ts";

const LIMITS = { openPerThread: 2, perChannelHour: 4, perTargetHour: 2 };
const NOW = 1_800_000_000;
const place = (channel: string, thread: string) => ({ platform: "slack", channel, thread });
const made = (over: Partial<Counted> = {}): Counted => ({
  createdAt: NOW - 60,
  target: "a",
  places: [place("C", "1")],
  isOpen: false,
  ...over,
});
const why = (recent: readonly Counted[], target = "x", where = place("C", "1")) =>
  overLimit(LIMITS, recent, where, target, NOW);

describe("limits of what is proposed", () => {
  it("count what is open in a thread", () => {
    const open = made({ isOpen: true, createdAt: NOW - 9000 });
    expect(why([open])).toBeUndefined();
    expect(why([open, open])).toMatch(/^2 proposals of this thread wait/);
    expect(why([open, open], "x", place("C", "2"))).toBeUndefined();
    expect(why([made(), made({ target: "b" })])).toBeUndefined();
  });

  it("count an hour's proposals for a target, wherever they are", () => {
    const there = made({ places: [place("D", "9")] });
    expect(why([there, there], "a")).toBe(
      "2 changes of this target were proposed within the last hour, and 2 is the most. Ask again in 59 minutes.",
    );
    expect(why([there, { ...there, createdAt: NOW - 3600 }], "a")).toBeUndefined();
  });

  it("count an hour's proposals of a channel, in all of its threads", () => {
    const four = ["b", "c", "d", "e"].map((target, at) => made({ target, places: [place("C", `${at}`)] }));
    expect(why(four)).toMatch(/^4 changes were proposed in this channel/);
    expect(why(four, "x", place("E", "1"))).toBeUndefined();
  });

  it("count one that the clock puts ahead, and none of a place that is not there", () => {
    expect(why([made({ createdAt: NOW + 900 }), made()], "a")).toMatch(/this target/);
    expect(overLimit(LIMITS, [made({ isOpen: true }), made({ isOpen: true })], undefined, "x", NOW)).toBeUndefined();
  });

  it("let in at most as many as they say, whatever is tried", () => {
    const attempt = fc.record({
      after: fc.integer({ min: 0, max: 900 }),
      target: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      thread: fc.constantFrom("1", "2", "3"),
      channel: fc.constantFrom("C", "D"),
    });
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 60 }), (attempts) => {
        let now = NOW;
        const all: Counted[] = [];
        for (const { after, target, thread, channel } of attempts) {
          now += after;
          if (overLimit(LIMITS, all, place(channel, thread), target, now) !== undefined) continue;
          all.push({ createdAt: now, target, places: [place(channel, thread)], isOpen: true });
          const young = all.filter(({ createdAt }) => now - createdAt < 3600);
          expect(young.filter((one) => one.target === target).length).toBeLessThanOrEqual(LIMITS.perTargetHour);
          expect(young.filter((one) => one.places[0]?.channel === channel).length).toBeLessThanOrEqual(
            LIMITS.perChannelHour,
          );
          expect(
            all.filter((one) => one.places[0]?.channel === channel && one.places[0].thread === thread).length,
          ).toBeLessThanOrEqual(LIMITS.openPerThread);
        }
      }),
    );
  });
});
