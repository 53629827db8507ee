import { describe, expect, it } from "vitest";
import { factsUnderWay, loggedWith } from "../../src/util/log.ts";
import { createWorkQueue } from "../../src/util/work-queue.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Work that ends when it is told to. */
function steps() {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  return {
    begun,
    end: (i: number) => ends[i]!(),
    work: (i: number) => () => {
      begun.push(i);
      return new Promise<void>((resolve) => {
        ends[i] = resolve;
      });
    },
  };
}

describe("a queue of work", () => {
  it("begins nothing before it is started, and then in order, at most so many at once", async () => {
    const queue = createWorkQueue({ atOnce: 2, sliceMs: 1000, longestSliceMs: 1000 });
    const { begun, end, work } = steps();
    for (let i = 0; i < 4; i++) queue.add(work(i));
    await turn();
    expect(begun).toEqual([]);
    queue.start();
    await expect.poll(() => begun).toEqual([0, 1]);
    end(1);
    await expect.poll(() => begun).toEqual([0, 1, 2]);
    end(0);
    end(2);
    await expect.poll(() => begun).toEqual([0, 1, 2, 3]);
  });

  it("does each with the facts for the log of whoever added it", async () => {
    const queue = createWorkQueue({ atOnce: 2, sliceMs: 1000, longestSliceMs: 1000 });
    const seen: unknown[] = [];
    const look = async () => void seen.push(factsUnderWay());
    for (const request of [1, 2, 3]) loggedWith({ request }, () => queue.add(look));
    loggedWith({ request: 4 }, () => queue.start());
    await expect.poll(() => seen).toEqual([{ request: 1 }, { request: 2 }, { request: 3 }]);
  });

  it("gives everybody else a turn between two slices of a burst", async () => {
    const queue = createWorkQueue({ atOnce: 100, sliceMs: 0, longestSliceMs: 0 });
    let others = 0;
    let isOver = false;
    const seen: number[] = [];
    const tick = () => {
      others++;
      if (!isOver) setImmediate(tick);
    };
    for (let i = 0; i < 20; i++) queue.add(async () => void seen.push(others));
    queue.start();
    setImmediate(tick);
    await expect.poll(() => seen.length).toBe(20);
    isOver = true;
    // Never two of them in one turn.
    expect(new Set(seen).size).toBe(20);
  });

  it("ends what waits when it stops, and begins nothing more once the time for that is over", async () => {
    const drained = createWorkQueue({ atOnce: 1, sliceMs: 10, longestSliceMs: 10 });
    const done: number[] = [];
    for (let i = 0; i < 5; i++)
      drained.add(async () => {
        await turn();
        done.push(i);
      });
    drained.start();
    await drained.stop(10_000);
    expect(done).toEqual([0, 1, 2, 3, 4]);

    const cut = createWorkQueue({ atOnce: 1, sliceMs: 10, longestSliceMs: 10 });
    const { begun, end, work } = steps();
    for (let i = 0; i < 3; i++) cut.add(work(i));
    cut.start();
    await expect.poll(() => begun).toEqual([0]);
    await cut.stop(1);
    expect(begun).toEqual([0]);
    end(0);
    cut.add(work(3));
    for (let i = 0; i < 5; i++) await turn();
    expect(begun).toEqual([0]);
  });

  it("stops at once when it was never started", async () => {
    const queue = createWorkQueue({ atOnce: 1, sliceMs: 10, longestSliceMs: 10 });
    const { begun, work } = steps();
    queue.add(work(0));
    await queue.stop(60_000);
    queue.start();
    await turn();
    expect(begun).toEqual([]);
  });
});
