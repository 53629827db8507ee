import { describe, expect, it } from "vitest";
import { tableOf } from "./figures.ts";
import { PARTS } from "./parts.ts";

// The whole of it is `npm run chaos`. Kills and faults of Redis are in test/e2e/replicas.test.ts and test/store, the rest here in its smallest form.
describe("npm run chaos", () => {
  it.each(["approvals", "fuzz", "soak", "rolling"] as const)(
    "keeps its promises in the smallest form: %s",
    { timeout: 180_000 },
    async (name) => {
      const { run, sizes } = PARTS[name];
      const outcome = await run({ size: sizes.small, seed: 1, show: () => undefined }).catch((problem: Error) => {
        if (/There is no (?:Redis|Prometheus)/.test(problem.message)) return undefined;
        throw problem;
      });
      expect(outcome?.broken ?? []).toEqual([]);
      // A time says something about the machine at that moment, and memory nothing before all code was used.
      const broken = outcome?.figures.filter(({ isKept }) => isKept === false) ?? [];
      expect(broken.filter(({ name: what }) => !/p99|growth|memory|descriptors/.test(what))).toEqual([]);
    },
  );

  it("shows what was measured beside what was wanted", () => {
    const figures = [
      { name: "executed twice", measured: "0", wanted: "0", isKept: true },
      { name: "lost", measured: "12", wanted: "0", isKept: false },
      { name: "load", measured: "7" },
    ];
    expect(tableOf(figures)).toBe(
      ["executed twice   0  0  ok", "lost            12  0  BROKEN", "load             7"].join("\n"),
    );
  });
});
