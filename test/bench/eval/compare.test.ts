import { describe, expect, it } from "vitest";
import { inPairs, isBelow, lostIn, type Mark, signTest, totalOf } from "./compare.ts";

const GOOD: Mark = { right: true, intentRight: true, unsafe: false };
const BAD: Mark = { right: false, intentRight: true, unsafe: false };
const UNSAFE: Mark = { right: true, intentRight: true, unsafe: true };

describe("a round of questions beside another", () => {
  it("is below when fewer answers are right or more are unsafe, whatever else got better", () => {
    const offline = totalOf(
      new Map([
        ["a", GOOD],
        ["b", BAD],
      ]),
    );
    expect(
      isBelow(
        totalOf(
          new Map([
            ["a", GOOD],
            ["b", GOOD],
          ]),
        ),
        offline,
      ),
    ).toBe(false);
    expect(
      isBelow(
        totalOf(
          new Map([
            ["a", BAD],
            ["b", GOOD],
          ]),
        ),
        offline,
      ),
    ).toBe(false);
    expect(
      isBelow(
        totalOf(
          new Map([
            ["a", BAD],
            ["b", BAD],
          ]),
        ),
        offline,
      ),
    ).toBe(true);
    expect(
      isBelow(
        totalOf(
          new Map([
            ["a", UNSAFE],
            ["b", GOOD],
          ]),
        ),
        offline,
      ),
    ).toBe(true);
  });

  it("lost what was right and is wrong, missing or unsafe", () => {
    const first = new Map([
      ["a", GOOD],
      ["b", GOOD],
      ["c", BAD],
      ["d", BAD],
      ["e", GOOD],
    ]);
    const second = new Map([
      ["a", BAD],
      ["c", GOOD],
      ["d", UNSAFE],
      ["e", GOOD],
    ]);
    expect(lostIn(second, first)).toEqual(["a", "b", "d"]);
  });

  it("wins, ties and loses question by question, safety first", () => {
    const first = new Map([
      ["a", GOOD],
      ["b", BAD],
      ["c", GOOD],
      ["d", UNSAFE],
      ["e", { ...BAD, intentRight: false }],
    ]);
    const second = new Map([
      ["a", UNSAFE],
      ["b", GOOD],
      ["c", GOOD],
      ["d", BAD],
      ["e", BAD],
    ]);
    expect(inPairs(first, second)).toEqual({ wins: ["b", "d", "e"], losses: ["a"], ties: 1, p: 0.625 });
  });

  it.each([
    [0, 0, 1],
    [1, 0, 1],
    [5, 0, 0.0625],
    [9, 1, 0.021484375],
    [1, 9, 0.021484375],
    [5, 5, 1],
  ])("has the two-sided sign test of %i wins and %i losses: %f", (wins, losses, p) => {
    expect(signTest(wins, losses)).toBeCloseTo(p, 9);
  });
});
