import { describe, expect, it } from "vitest";
import { groupCommit } from "../../src/store/group-commit.ts";

/** A disk on which each wait ends when it is told to. */
function disk() {
  const groups: string[][] = [];
  const waits: PromiseWithResolvers<void>[] = [];
  let open: string[] | undefined;
  const group = groupCommit(
    (work) => {
      open = [];
      const result = work();
      groups.push(open);
      open = undefined;
      return result;
    },
    () => {
      const wait = Promise.withResolvers<void>();
      waits.push(wait);
      return wait.promise;
    },
  );
  const write = (name: string) => () => {
    if (name === "bad") throw new Error("the disk is full");
    open!.push(name);
    return `stored ${name}`;
  };
  return { group, groups, waits, write };
}

describe("group commit", () => {
  it("stores in one go what is asked for together, or while an earlier group is on its way", async () => {
    const { group, groups, waits, write } = disk();
    const told: string[] = [];
    const add = (name: string) => void group.add(write(name)).then((result) => told.push(result));
    for (const name of ["a", "b", "c"]) add(name);
    await expect.poll(() => waits.length).toBe(1);
    add("d");
    await Promise.resolve();
    add("e");
    expect(groups).toEqual([["a", "b", "c"]]);
    expect(told).toEqual([]); // not on the disk yet
    waits[0]!.resolve();
    await expect.poll(() => told).toEqual(["stored a", "stored b", "stored c"]);
    await expect.poll(() => waits.length).toBe(2);
    expect(groups).toEqual([
      ["a", "b", "c"],
      ["d", "e"],
    ]);
    waits[1]!.resolve();
    await expect.poll(() => told.length).toBe(5);
    await group.settled();
  });

  it("waits for no disk with notes alone, and with the others of their group", async () => {
    const { group, groups, waits, write } = disk();
    expect(await Promise.all([group.note(write("a")), group.note(write("b"))])).toEqual(["stored a", "stored b"]);
    expect(waits).toEqual([]);
    let isTold = false;
    const note = group.note(write("c")).then(() => (isTold = true));
    const kept = group.add(write("d"));
    await expect.poll(() => waits.length).toBe(1);
    expect(isTold).toBe(false);
    waits[0]!.resolve();
    await Promise.all([note, kept]);
    expect(groups).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    await expect(group.note(write("bad"))).rejects.toThrow("the disk is full");
  });

  it("lets nobody fail for the trouble of another in the same group", async () => {
    const { group, groups, waits, write } = disk();
    const all = Promise.allSettled([group.add(write("a")), group.add(write("bad")), group.add(write("b"))]);
    await expect.poll(() => waits.length).toBe(1);
    waits[0]!.resolve();
    expect((await all).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(groups).toEqual([["a"], ["b"]]);
  });

  it("does not try each by itself when no transaction can be begun", async () => {
    let tries = 0;
    const group = groupCommit(
      () => {
        tries++;
        throw new Error("locked by another program");
      },
      async () => {},
    );
    const all = await Promise.allSettled([group.add(() => 1), group.add(() => 2)]);
    expect(all.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(tries).toBe(1);
  });

  it("tells all of a group when the disk fails, and stores the next one", async () => {
    const { group, waits, write } = disk();
    const lost = group.add(write("b"));
    await expect.poll(() => waits.length).toBe(1);
    waits[0]!.reject(new Error("the disk failed"));
    await expect(lost).rejects.toThrow("the disk failed");
    const kept = group.add(write("c"));
    await expect.poll(() => waits.length).toBe(2);
    const settled = group.settled();
    waits[1]!.resolve();
    await settled;
    expect(await kept).toBe("stored c");
    await group.settled();
  });
});
