import { describe, expect, it } from "vitest";
import { normalise } from "../../../src/core/language/normalise.ts";

describe("what platforms put around words", () => {
  it.each([
    ["a &amp; b &lt;c&gt; &#65;&#x42; &bogus;", "a & b <c> AB &bogus;"],
    ["x&#0;y&#xD800;z&#1114112;", "x y z"],
    ["see <https://x.example|dash>", "see dash https://x.example"],
    ["ask <mailto:ann@b.example|Ann> or <tel:+123>", "ask Ann or +123"],
    ["<!here> cpu", "cpu"],
    ["since <!date^1700000000^{date}|today>", "since today"],
  ])("is taken off: %j", (message, text) => {
    expect(normalise(message).text).toBe(text);
  });

  it("keeps code apart, in ticks, fences and tags", () => {
    expect(normalise("run ```up == 0``` and <code>up == 1</code> and `up`").code).toEqual(["up == 0", "up == 1", "up"]);
  });

  it("does not take a tick that nothing closes for code", () => {
    expect(normalise("`cpu of stone-1")).toMatchObject({ code: [], text: "`cpu of stone-1" });
  });
});
