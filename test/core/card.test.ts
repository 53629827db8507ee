import { describe, expect, it } from "vitest";
import { type Block, type Card, listLine, plainText, secondLine } from "../../src/core/card.ts";

function text(...blocks: Block[]): string {
  return plainText({ title: "The kiln is hot.", tone: "info", blocks } satisfies Card);
}

describe("a card as plain text", () => {
  it("begins with its title, and is only that without blocks", () => {
    expect(text()).toBe("The kiln is hot.");
  });

  it.each<[string, Block, string]>([
    ["a text as it is", { kind: "text", text: "It was cold." }, "It was cold."],
    ["a note as it is", { kind: "note", text: "Data is 4 s old." }, "Data is 4 s old."],
    ["a list with dashes", { kind: "list", items: ["north: 5", "south: 6"] }, "- north: 5\n- south: 6"],
    [
      "a table with bars",
      { kind: "table", columns: ["kiln", "heat"], rows: [["north", "5"]] },
      "kiln | heat\nnorth | 5",
    ],
    [
      "every query in ticks",
      {
        kind: "evidence",
        items: [
          { promql: "up", source: "a" },
          { promql: "1", source: "a" },
        ],
      },
      "`up`\n`1`",
    ],
    [
      "buttons by their labels",
      {
        kind: "buttons",
        buttons: [
          { label: "Why?", style: "plain", action: { kind: "ask", text: "why" } },
          { label: "More", style: "plain", action: { kind: "ask", text: "m" } },
        ],
      },
      "Next: Why? · More",
    ],
  ])("has %s", (_, block, expected) => {
    expect(text(block)).toBe(`The kiln is hot.\n${expected}`);
  });

  it("has no line for a chart, for an empty list or for no buttons", () => {
    const chart = { title: "heat", unit: "celsius", series: [] };
    expect(text({ kind: "chart", chart }, { kind: "list", items: [] }, { kind: "buttons", buttons: [] })).toBe(
      "The kiln is hot.",
    );
  });

  it("refuses a block it does not know instead of leaving it out", () => {
    expect(() => text({ kind: "hologram" } as unknown as Block)).toThrow(/hologram/);
  });
});

describe("a card at a glance", () => {
  const glance = (title: string, ...blocks: Block[]) => secondLine({ title, tone: "info", blocks });
  const list = { kind: "list", items: ["1. north: 5", "2. south: 4", "3. east: 3", "4. west: 2"] } as const;

  it("goes on with the list that its title announces, else with the first sentence, else with nothing", () => {
    const sentence = { kind: "text", text: "It was cold." } as const;
    expect(glance("Highest 4 now:", sentence, list)).toBe("1. north: 5 · 2. south: 4 · 3. east: 3");
    expect(glance("The kiln is hot.", list, sentence)).toBe("It was cold.");
    expect(glance("The kiln is hot.", list)).toBe("");
  });

  it("marks a line of a list unless the line brings its own number", () => {
    expect(listLine("1. north: 5", "• ")).toBe("1. north: 5");
    expect(listLine("1.5 is the limit", "• ")).toBe("• 1.5 is the limit");
  });
});
