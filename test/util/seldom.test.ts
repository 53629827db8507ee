import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { seldom } from "../../src/util/seldom.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("what is done seldom", () => {
  it("is done at once, and once more for all calls in between", () => {
    const work = vi.fn();
    const call = seldom(1000, work);
    call();
    expect(work).toHaveBeenCalledTimes(1);
    for (let n = 0; n < 50; n++) call();
    expect(work).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(work).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(5000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it("keeps its distance however long calls go on, and loses none of them", () => {
    const work = vi.fn();
    const call = seldom(1000, work);
    for (let at = 0; at < 10_000; at += 100) {
      call();
      vi.advanceTimersByTime(100);
    }
    expect(work.mock.calls.length).toBeGreaterThanOrEqual(10);
    expect(work.mock.calls.length).toBeLessThanOrEqual(11);
    vi.advanceTimersByTime(1000);
    const done = work.mock.calls.length;
    call();
    expect(work).toHaveBeenCalledTimes(done + 1);
  });
});
