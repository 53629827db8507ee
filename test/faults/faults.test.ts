import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { FAULTS } from "../fakes/fault-server.ts";
import { MATRIX, type Row } from "./matrix.ts";
import { withFaults } from "./readme.ts";
import { certificates, tryFault } from "./try.ts";
import { tidy, WORLDS, type World } from "./worlds.ts";

/** Every cell of the matrix in README.md, each against the real client and over the wire. */

const made = certificates();
afterAll(tidy);

/** "…" stands for anything. */
function pattern(told: string): RegExp {
  const parts = told.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[\\s\\S]*")}$`);
}

describe.each(Object.entries(MATRIX) as [keyof typeof WORLDS, Row][])("%s", (name, { cells }) => {
  const world: World = WORLDS[name];
  for (const fault of FAULTS) {
    const cell = cells[fault];
    if ("not" in cell) continue;
    // A machine that is busy with something else may not get as far as the fault in time.
    it(`with the fault ${fault}`, { timeout: 60_000, retry: 2 }, async (context) => {
      if ("missing" in made) return context.skip(made.missing);
      const { fate, told, state, requests } = await tryFault(world, fault, made);
      expect({ fate, counts: state && state !== "closed" }).toEqual({ fate: cell.fate, counts: cell.counts });
      expect(told).toMatch(pattern(cell.told));
      // What changes something is sent once, whatever comes of it.
      if (name.endsWith("changing") || name.endsWith("writing")) expect(requests).toBeLessThan(2);
    });
  }
});

describe("README.md", () => {
  it("has the matrix as it is tested; `npm run faults` writes it", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    expect(readme).toBe(withFaults(readme));
  });

  it("has a reason for each cell that is not tried", () => {
    const silent = Object.values(MATRIX).flatMap(({ cells }) =>
      Object.values(cells).filter((cell) => "not" in cell && cell.not.length < 10),
    );
    expect(silent).toEqual([]);
  });
});
