import { describe, expect, it } from "vitest";
import { recent } from "../../src/util/recent.ts";

const TIMES = { keepMs: 100, keepFailureMs: 10, patienceMs: 20 };

/** Work that ends when it is told to, and a clock that is turned by hand. */
function world() {
  const begun: PromiseWithResolvers<string>[] = [];
  const clock = { ms: 1000 };
  const look = recent(
    () => {
      const mine = Promise.withResolvers<string>();
      begun.push(mine);
      return mine.promise;
    },
    "not within 20 ms",
    TIMES,
    () => clock.ms,
  );
  return { begun, clock, look };
}

describe("a look that is shared", () => {
  it("is made once for all who ask at the same time, and told again while it is recent", async () => {
    const { begun, clock, look } = world();
    const all = Promise.all([look(), look(), look()]);
    begun[0]?.resolve("fine");
    expect(await all).toEqual(["fine", "fine", "fine"]);
    clock.ms += 99;
    expect(await look()).toBe("fine");
    expect(begun).toHaveLength(1);
    clock.ms += 1;
    const next = look();
    begun[1]?.resolve("still fine");
    expect(await next).toBe("still fine");
  });

  it("is made anew sooner when it failed", async () => {
    const { begun, clock, look } = world();
    const first = look();
    begun[0]?.reject(new Error("down"));
    await expect(first).rejects.toThrow("down");
    clock.ms += 9;
    await expect(look()).rejects.toThrow("down");
    expect(begun).toHaveLength(1);
    clock.ms += 1;
    const second = look();
    begun[1]?.resolve("up");
    expect(await second).toBe("up");
  });

  it("that hangs holds nobody for longer than their patience, is not made twice, and is told when it ends", async () => {
    const { begun, clock, look } = world();
    await expect(look()).rejects.toThrow("not within 20 ms");
    clock.ms += 5000;
    await expect(Promise.all([look(), look()])).rejects.toThrow("not within 20 ms");
    expect(begun).toHaveLength(1);
    begun[0]?.resolve("late");
    expect(await look()).toBe("late");
    clock.ms += 99;
    expect(await look()).toBe("late");
    expect(begun).toHaveLength(1);
  });
});
