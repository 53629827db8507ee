import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type EventLoop, watchEventLoop } from "../../src/util/event-loop.ts";

let loop: EventLoop | undefined;
afterEach(() => loop?.stop());

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("the event loop", () => {
  it("that is blocked again and again is seen to keep others waiting, for about half of each block", async () => {
    loop = watchEventLoop(600);
    expect(loop.wait()).toBe(0);
    for (let i = 0; i < 6; i++) {
      block(300);
      await sleep(1);
    }
    expect(loop.wait()).toBeGreaterThan(0.1);
  });

  it("that nobody measures any more stays as it was", async () => {
    loop = watchEventLoop(50);
    loop.stop();
    block(200);
    await sleep(60);
    expect(loop.wait()).toBe(0);
  });
});
