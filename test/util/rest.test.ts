import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { restWhenBusy } from "../../src/util/rest.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** Whether it rests after so many things. */
async function rests(rest: (things: number) => Promise<void>, things: number): Promise<boolean> {
  let isOver = false;
  const resting = rest(things).then(() => {
    isOver = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  const isResting = !isOver;
  await vi.advanceTimersByTimeAsync(250);
  await resting;
  return isResting;
}

it("work rests only when much comes within a moment, in one piece or in many", async () => {
  const rest = restWhenBusy(250, 16);
  expect(await rests(rest, 15)).toBe(false);
  expect(await rests(rest, 16)).toBe(true);
  expect(await rests(rest, 1)).toBe(false);
  const many = restWhenBusy(250, 16);
  for (let n = 0; n < 15; n++) await many(1);
  expect(await rests(many, 1)).toBe(true);
  expect(await rests(many, 1)).toBe(false);
});
