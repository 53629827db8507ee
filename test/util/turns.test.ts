import { describe, expect, it } from "vitest";
import { turns } from "../../src/util/turns.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("turns", () => {
  it("are given to so many at once, and then in order, also after one that failed", async () => {
    const inTurn = turns(2);
    const begun: number[] = [];
    const ends: PromiseWithResolvers<string>[] = [];
    const all = Array.from({ length: 5 }, (_, i) => {
      ends.push(Promise.withResolvers());
      return inTurn(() => {
        begun.push(i);
        return ends[i]!.promise;
      }).catch((problem: Error) => problem.message);
    });
    await settled();
    expect(begun).toEqual([0, 1]);
    ends[1]!.reject(new Error("one failed"));
    await settled();
    expect(begun).toEqual([0, 1, 2]);
    for (const i of [0, 2, 3, 4]) ends[i]!.resolve(`answer ${i}`);
    expect(await Promise.all(all)).toEqual(["answer 0", "one failed", "answer 2", "answer 3", "answer 4"]);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it("are given at once again when nobody waits", async () => {
    const inTurn = turns(1);
    expect(await inTurn(async () => 1)).toBe(1);
    expect(await inTurn(async () => 2)).toBe(2);
  });
});
