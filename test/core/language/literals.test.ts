import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guarded, requiredLiterals } from "../../../src/core/language/literals.ts";

describe("what must stand in a text", () => {
  it.each<[string, readonly string[] | undefined]>([
    ["restart", ["restart"]],
    ["reports?", ["report"]],
    ["go+al", ["go"]],
    ["a{2}b", ["a"]],
    ["a|bc", ["a", "bc"]],
    ["(?:stop|quit) (?:paging|pinging)", ["paging", "pinging"]],
    ["(?:please )?restart", ["restart"]],
    ["(?:a|b){0,3}no", ["no"]],
    ["(?:a|b)+", ["a", "b"]],
    ["(?<!never )delete(?= all)", ["delete"]],
    ["(?<verb>kill|stop)", ["kill", "stop"]],
    ["\\bsudo\\b|\\| ?sh\\b", ["sudo", "sh"]],
    ["/etc\\/shadow", ["/etc/shadow"]],
    ["[)|]x[^\\]]yy", ["yy"]],
    ["\\u{1F600}\\p{L}\\x41abc", ["abc"]],
    ["\\d+", undefined],
    ["(?:a|\\d)", undefined],
    ["(?:a|)", undefined],
    ["x?", undefined],
    [".{0,5}", undefined],
    ["", undefined],
  ])("%s", (source, literals) => expect(requiredLiterals(source)).toEqual(literals));

  it("stands in every text that a pattern matches", () => {
    const letter = fc.constantFrom("a", "b", "c", ".", "\\d", "[ab]", " ", "\\.");
    const quantifier = fc.constantFrom("", "", "?", "{0,2}", "{2}", "{1,2}?");
    const source = fc.letrec<{ all: string; sequence: string; atom: string }>((tie) => ({
      all: fc.array(tie("sequence"), { minLength: 1, maxLength: 3 }).map((all) => all.join("|")),
      sequence: fc.array(tie("atom"), { minLength: 1, maxLength: 4 }).map((all) => all.join("")),
      atom: fc
        .tuple(
          fc.oneof(
            { maxDepth: 2 },
            letter,
            tie("all").map((all) => `(?:${all})`),
          ),
          quantifier,
        )
        .map((pair) => pair.join("")),
    })).all;
    const matched = source.chain((text) => fc.tuple(fc.constant(text), fc.stringMatching(new RegExp(`^(?:${text})$`))));
    fc.assert(
      fc.property(matched, ([pattern, text]) => {
        const literals = requiredLiterals(pattern);
        if (literals !== undefined) expect(literals.some((literal) => text.includes(literal))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("leaves out no match", () => {
    const pattern = guarded("\\b(?:delete|wipe) (?:all|every)\\b");
    expect(pattern.exec("please wipe every node")?.index).toBe(7);
    expect(pattern.exec("how full is the disk?")).toBeNull();
    expect(pattern.exec("delete one")).toBeNull();
  });
});
