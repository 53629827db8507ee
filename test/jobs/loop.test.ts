import { describe, expect, it, vi } from "vitest";
import { startLoop } from "../../src/jobs/loop.ts";
import { factsUnderWay, loggedWith } from "../../src/util/log.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a loop", () => {
  it("never runs twice at once, and once more when woken in between", async () => {
    let inside = 0;
    let rounds = 0;
    const open: (() => void)[] = [];
    const loop = startLoop(
      async () => {
        rounds++;
        inside++;
        expect(inside).toBe(1);
        await new Promise<void>((resolve) => open.push(resolve));
        inside--;
        return undefined;
      },
      (problem) => expect.unreachable(String(problem)),
    );
    loop.wake();
    loop.wake();
    loop.wake();
    open.shift()?.();
    await turn();
    expect(rounds).toBe(2);
    open.shift()?.();
    await turn();
    expect(rounds).toBe(2);
    loop.wake();
    expect(rounds).toBe(3);
    open.shift()?.();
    await loop.stop(1000);
    loop.wake();
    expect(rounds).toBe(3);
  });

  it("is about nothing that woke it", async () => {
    const seen: unknown[] = [];
    const loop = startLoop(
      async () => {
        seen.push(factsUnderWay());
        return seen.length < 2 ? 0.001 : undefined;
      },
      (problem) => expect.unreachable(String(problem)),
    );
    loggedWith({ question: "q-1" }, () => loop.wake());
    await vi.waitFor(() => expect(seen).toEqual([{}, {}]));
    await loop.stop(1000);
  });

  it("comes back after the pause that a round asks for, and after a problem", async () => {
    const problems: unknown[] = [];
    let rounds = 0;
    const third = Promise.withResolvers<void>();
    const loop = startLoop(
      async () => {
        rounds++;
        if (rounds === 2) throw new Error("the store is busy");
        if (rounds === 3) third.resolve();
        return rounds === 1 ? 0.001 : undefined;
      },
      (problem) => problems.push(problem),
      0.001,
    );
    loop.wake();
    await third.promise;
    expect(problems).toEqual([new Error("the store is busy")]);
    await loop.stop(1000);
  });

  it("lets the round under way end by itself, so that nothing is cut off half-way", async () => {
    let isCut = false;
    let isDone = false;
    const loop = startLoop(
      async (signal) => {
        signal.addEventListener("abort", () => {
          isCut = !isDone;
        });
        await new Promise((resolve) => setTimeout(resolve, 30));
        isDone = true;
        return undefined;
      },
      (problem) => expect.unreachable(String(problem)),
    );
    loop.wake();
    await loop.stop(5000);
    expect([isDone, isCut]).toEqual([true, false]);
  });

  it("tells the round under way to end, and does not wait for ever", async () => {
    let told = false;
    const loop = startLoop(
      (signal) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            told = true;
          });
        }),
      (problem) => expect.unreachable(String(problem)),
    );
    loop.wake();
    await loop.stop(5);
    expect(told).toBe(true);
  });
});
