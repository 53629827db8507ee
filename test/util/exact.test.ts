import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { exact, inert } from "../../src/util/inert.ts";
import { numbersFrom, RAW, randomText } from "../chat/proposals.ts";

/** Every escape read back. Texts here hold no backslashes of their own. */
const back = (shown: string) =>
  shown.replace(/\\u\{([0-9A-F]{1,6})\}/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));

describe("text that has to be read whole", () => {
  it("is what it was where nothing in it hides or acts", () => {
    for (const text of ["", "shop/checkout", "a b", '{"a":[1,"b"]}', "10.0.0.5:22", "é", "漢字", "😀"])
      assert.equal(exact(text), text);
  });

  it("shows what would hide, act, or look like something else", () => {
    for (const [text, shown] of [
      ["a\u202eb", "a\\u{202E}b"],
      ["a\nb", "a\\u{A}b"],
      ["a  b ", "a \\u{20}b\\u{20}"],
      ["a\u00a0b", "a\\u{A0}b"],
      ["<!here> @everyone", "\\u{3C}!here> \\u{40}everyone"],
      ["[ok](https://evil.example)", "[ok]\\u{28}https\\u{3A}//evil.example)"],
      ["&lt;", "\\u{26}lt;"],
      ["{{DATE(x)}}", "\\u{7B}{DATE(x)}}"],
      ["\u212b", "\\u{212B}"],
      ["e\u0301", "e\\u{301}"],
      ["x\u0327\u0327\u0327", "x\u0327\u0327\\u{327}"],
      ["\ud800", "\\u{D800}"],
    ] as const)
      assert.equal(exact(text), shown);
  });

  it("loses nothing, stays as it is, and leaves nothing to `inert`", () => {
    const random = numbersFrom(1);
    for (let i = 0; i < 20_000; i++) {
      const text = randomText(random, 12).replaceAll("\\", "/");
      const shown = exact(text);
      assert.equal(back(shown), text);
      assert.equal(exact(shown), shown);
      assert.equal(inert(shown, { keepNewlines: true }), shown);
      assert.doesNotMatch(shown, RAW);
    }
  });

  it("takes time in proportion to the text", () => {
    for (const piece of ["a", "://", "a.", "&", "{", "e\u0301", " ", "&aaaaaaaaaaaaaaaaaaaa", "x:"])
      assert.ok(exact(piece.repeat(100_000)).length >= 100_000);
  });
});
