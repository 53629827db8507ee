import { expect, it } from "vitest";
import { giveBackMemory } from "../../src/util/memory.ts";

it("gives memory that nothing refers to any more back", () => {
  let held: object[] | undefined = Array.from({ length: 600_000 }, (_, i) => ({ i, more: [i] }));
  expect(held.length).toBe(600_000);
  const before = process.memoryUsage().heapTotal;
  held = undefined;
  giveBackMemory();
  expect(before - process.memoryUsage().heapTotal).toBeGreaterThan(20_000_000);
});
