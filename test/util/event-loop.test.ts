import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type EventLoop, watchEventLoop } from "../../src/util/event-loop.ts";

let loop: EventLoop | undefined;
afterEach(() => loop?.stop());

async function blocked(ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end);
  await sleep(1);
}

describe("the event loop", () => {
  it("that is blocked again and again keeps others waiting for half of each block", async () => {
    loop = watchEventLoop(600);
    expect(loop.wait()).toBe(0);
    for (let i = 0; i < 8; i++) await blocked(300);
    expect(loop.wait()).toBeGreaterThan(0.1);
  });

  it("that was blocked once is no news, however long; twice in a row is", async () => {
    loop = watchEventLoop(1000);
    await blocked(1500);
    expect(loop.wait()).toBe(0);
    await blocked(1500);
    expect(loop.wait()).toBeGreaterThan(0.7);
  });

  it("that nobody measures any more stays as it was", async () => {
    loop = watchEventLoop(50);
    loop.stop();
    await blocked(100);
    await blocked(100);
    expect(loop.wait()).toBe(0);
  });
});
