import { describe, expect, it } from "vitest";
import { runLane } from "./lane.ts";
import { MUTANTS } from "./mutants.ts";

// The whole of it is `npm run crash -- --kills 2000`.
describe("a bot that is killed while it carries out changes", { timeout: 600_000 }, () => {
  it("runs nothing twice, loses nothing and leaves nothing stuck", async () => {
    const lane = await runLane(20, 7);
    expect(lane.wrong).toEqual([]);
    expect(lane.effects).toBeGreaterThan(20);
  });

  it.each(MUTANTS)("would be caught if it did this: %s", async (mutant) => {
    const found: string[] = [];
    for (let seed = 1; seed <= 3 && found.length === 0; seed++) found.push(...(await runLane(8, seed, mutant)).wrong);
    expect(found).not.toEqual([]);
  });
});
