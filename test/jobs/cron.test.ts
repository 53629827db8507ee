import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startCron, whyNotCron } from "../../src/jobs/cron.ts";

describe("a job by the calendar", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 2, 11, 10, 20, 30) });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function job(work: (slot: number, signal: AbortSignal) => Promise<void>, expression = "* * * * *", zone = "UTC") {
    const heard = { problems: [] as unknown[], missed: [] as string[] };
    const started = startCron({
      expression,
      zone,
      name: "test",
      work,
      onProblem: (problem) => heard.problems.push(problem),
      onMissed: (slot, why) => heard.missed.push(`${why} ${new Date(slot * 1000).toISOString().slice(11, 16)}`),
    });
    return { ...started, heard };
  }

  it("begins at each planned time, and tells which it is", async () => {
    const slots: string[] = [];
    const one = job(async (slot) => void slots.push(new Date(slot * 1000).toISOString().slice(11, 19)));
    await vi.advanceTimersByTimeAsync(150_000);
    await one.stop(0);
    expect(slots).toEqual(["10:21:00", "10:22:00", "10:23:00"]);
    await vi.advanceTimersByTimeAsync(150_000);
    expect(slots).toHaveLength(3);
  });

  it("never runs twice at once: a time that comes meanwhile is left out and told", async () => {
    let running = 0;
    let most = 0;
    let begun = 0;
    const one = job(async () => {
      begun++;
      running++;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 90_000));
      running--;
    });
    await vi.advanceTimersByTimeAsync(300_000);
    const ended = one.stop(0);
    await vi.advanceTimersByTimeAsync(1000);
    await ended;
    expect(most).toBe(1);
    expect(begun).toBeGreaterThan(1);
    expect(one.heard.missed).toContain("overlap 10:22");
  });

  it("goes on after a failure, and tells it", async () => {
    let begun = 0;
    const one = job(async () => {
      begun++;
      throw new Error("no");
    });
    await vi.advanceTimersByTimeAsync(150_000);
    await one.stop(0);
    expect(begun).toBe(3);
    expect(one.heard.problems).toHaveLength(3);
  });

  it("means its fields in the zone given", async () => {
    const slots: string[] = [];
    const one = job(
      async (slot) => void slots.push(new Date(slot * 1000).toISOString().slice(11, 16)),
      "0 12 * * *",
      "Europe/Berlin",
    );
    await vi.advanceTimersByTimeAsync(3600_000);
    await one.stop(0);
    expect(slots).toEqual(["11:00"]);
  });

  it("tells the work that runs to end when it is stopped", async () => {
    let told = false;
    const one = job(
      (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            told = true;
            resolve();
          });
        }),
    );
    await vi.advanceTimersByTimeAsync(40_000);
    await one.stop(1000);
    expect(told).toBe(true);
  });

  it.each([
    ["every minute", "* * * * *", undefined],
    ["with seconds", "*/30 * * * * *", undefined],
    ["words", "every minute", /./],
    ["a minute that there is not", "61 * * * *", /minute/i],
  ])("reads %s", (_, expression, wrong) => {
    const said = whyNotCron(expression);
    if (wrong === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(wrong);
  });
});
