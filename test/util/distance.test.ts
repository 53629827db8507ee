import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, forgiven } from "../../src/util/distance.ts";

describe("how far two words are apart", () => {
  it.each([
    ["ferry", "ferry", 0],
    ["ferry", "fery", 1],
    ["ferry", "fferry", 1],
    ["ferry", "berry", 1],
    ["ferry", "frery", 1],
    ["ca", "abc", 3],
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["abcd", "badc", 2],
  ])("%s and %s: %i", (a, b, distance) => {
    expect(editDistance(a, b, 5)).toBe(distance);
  });

  it("stops at the limit, and says one more", () => {
    expect(editDistance("kitten", "sitting", 2)).toBe(3);
    expect(editDistance("a", "abcdefgh", 2)).toBe(3);
    expect(editDistance("abcdefgh", "zyxwvuts", 3)).toBe(4);
  });

  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 7 });

  it("is the same in both directions, and zero for the same word only", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b, 9)).toBe(editDistance(b, a, 9));
        expect(editDistance(a, b, 9) === 0).toBe(a === b);
      }),
    );
  });

  it("with a lower limit agrees as far as the limit goes", () => {
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, limit) => {
        expect(editDistance(a, b, limit)).toBe(Math.min(editDistance(a, b, 20), limit + 1));
      }),
    );
  });

  it("of one edit is one", () => {
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom("x", "y"), (text, place, letter) => {
        const at = place % (text.length + 1);
        expect(editDistance(text, text.slice(0, at) + letter + text.slice(at), 5)).toBe(1);
      }),
    );
  });
});

describe("what is forgiven", () => {
  it.each([
    [3, 0],
    [4, 1],
    [7, 1],
    [8, 2],
    [30, 2],
  ])("in a word of %i letters: %i errors", (length, errors) => {
    expect(forgiven(length)).toBe(errors);
  });
});
