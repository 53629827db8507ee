import { describe, expect, it } from "vitest";
import { steadyClock } from "../../src/util/steady-clock.ts";

function clock() {
  const state = { wall: 1000, elapsed: 5 };
  const steps: number[] = [];
  const steady = steadyClock({
    wall: () => state.wall,
    elapsed: () => state.elapsed,
    stepped: (seconds) => steps.push(seconds),
  });
  const pass = (seconds: number) => {
    state.wall += seconds;
    state.elapsed += seconds;
    return steady.now();
  };
  return { state, steps, steady, pass };
}

describe("a steady clock", () => {
  it("is the clock on the wall while that runs on", () => {
    const { steady, pass, steps } = clock();
    expect([steady.now(), pass(60), pass(3600)]).toEqual([1000, 1060, 4660]);
    expect(steps).toEqual([]);
    expect(steady.leapt()).toBeUndefined();
  });

  it("goes on where the wall clock jumps back, says so once, and follows it again when it has caught up", () => {
    const { state, steady, pass, steps } = clock();
    pass(100);
    state.wall -= 600;
    expect(steady.now()).toBe(1100);
    expect(pass(10)).toBe(1110);
    expect(steps).toEqual([-600]);
    state.wall += 600;
    expect(steady.now()).toBe(1110);
    expect(pass(10)).toBe(1120);
  });

  it("follows a jump forward, and remembers it", () => {
    const { state, steady, steps } = clock();
    state.wall += 7200;
    expect(steady.now()).toBe(8200);
    expect(steps).toEqual([7200]);
    expect(steady.leapt()).toEqual({ from: 1000, to: 8200 });
  });

  it("begins no earlier than somebody has seen", () => {
    const { steady, pass, steps } = clock();
    steady.atLeast(900);
    expect(steady.now()).toBe(1000);
    steady.atLeast(5000);
    expect(steady.now()).toBe(5000);
    expect(pass(10)).toBe(5010);
    expect(steps).toEqual([-4000]);
  });
});
