import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inert, inertName } from "../../src/util/inert.ts";

const LIVE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\u{d800}-\u{dfff}\u{e0000}-\u{e007f}]/u;

describe("inert", () => {
  const shown: [string, string, string][] = [
    ["a bidi override", "a\u202eb", "a\\u{202E}b"],
    ["an isolate and its end", "\u2066x\u2069", "\\u{2066}x\\u{2069}"],
    ["direction marks", "\u200e\u200f", "\\u{200E}\\u{200F}"],
    ["zero-width characters", "a\u200b\u200d\u2060\ufeff", "a\\u{200B}\\u{200D}\\u{2060}\\u{FEFF}"],
    ["an escape sequence", "\u001b[31mred", "\\u{1B}[31mred"],
    ["NUL, DEL and C1", "\u0000\u007f\u0085", "\\u{0}\\u{7F}\\u{85}"],
    ["a lone surrogate", "a\ud800b", "a\\u{D800}b"],
    ["tag characters", "x\u{e0041}", "x\\u{E0041}"],
    ["line and paragraph separators", "\u2028\u2029", "\\u{2028}\\u{2029}"],
    ["newlines and tabs as spaces", "a\r\nb\tc\nd", "a b c d"],
    ["decomposed letters composed", "u\u0308", "ü"],
    ["a pile of combining marks cut", `z${"\u0489".repeat(50)}`, "z\u0489\u0489…"],
    ["ordinary text and emoji untouched", "größe 5 % 😀 日本語", "größe 5 % 😀 日本語"],
  ];
  it.each(shown)("shows %s", (_what, text, expected) => expect(inert(text)).toBe(expected));

  it("keeps newlines when asked", () => {
    expect(inert("a\r\nb\tc", { keepNewlines: true })).toBe("a\nb c");
  });

  it("lets nothing live through, whatever comes in", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void expect(inert(text)).not.toMatch(LIVE)));
  });

  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => void expect(inert(inert(text))).toBe(inert(text))),
    );
  });
});

describe("inertName", () => {
  const defused: [string, string][] = [
    ["<!channel>", "\\u{3C}!channel>"],
    ["<@U123> and <#C1>", "\\u{3C}@U123> and \\u{3C}#C1>"],
    ["<https://evil.example|click>", "\\u{3C}https\\u{3A}//evil.example|click>"],
    ["<at>everyone</at>", "\\u{3C}at>everyone\\u{3C}/at>"],
    ["@everyone @Here @channel", "\\u{40}everyone \\u{40}Here \\u{40}channel"],
    ["[ok](http://evil.example)", "[ok]\\u{28}http\\u{3A}//evil.example)"],
    ["see https://evil.example now", "see https\\u{3A}//evil.example now"],
  ];
  it.each(defused)("defuses %s", (value, expected) => expect(inertName(value)).toBe(expected));

  it.each(["http://db-1:9090/x?y=1", "https://pay.example.com", "db-1:9090", "/var/lib/x", "me@example.com", "a < b"])(
    "leaves %s as it is",
    (value) => expect(inertName(value)).toBe(value),
  );

  it("cuts long values between characters and says how many are left", () => {
    expect(inertName("😀".repeat(300), { max: 3 })).toBe("😀😀😀… (297 more characters)");
    expect(inertName("a".repeat(201))).toBe(`${"a".repeat(200)}… (1 more character)`);
    expect(inertName("a".repeat(200))).toBe("a".repeat(200));
  });

  it("never cuts one of its own escapes in two", () => {
    expect(inertName("aaaa\u202ebbbb", { max: 8 })).toBe("aaaa… (12 more characters)");
  });
});
