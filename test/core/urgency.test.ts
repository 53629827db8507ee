import { describe, expect, it } from "vitest";
import { CLICKS } from "../../src/core/card.ts";
import { urgencyOfClick, urgencyOfText } from "../../src/core/urgency.ts";

describe("what goes first", () => {
  it("is each click that decides, and none that only looks", () => {
    const usual = CLICKS.filter((one) => urgencyOfClick(one) === "usual");
    expect(usual).toEqual(["dry_run", "details", "fix", "silence"]);
  });

  it("is the emergency stop in its words, and no question", () => {
    for (const text of ["emergency stop", "emergency stop: it goes wrong", " Stop all changes!", "Not-Aus"])
      expect(urgencyOfText(text)).toBe("first");
    for (const text of ["", "help", "why did checkout stop?", "status", "emergency", "x".repeat(50_000)])
      expect(urgencyOfText(text)).toBe("usual");
  });
});
