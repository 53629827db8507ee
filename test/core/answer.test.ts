import { describe, expect, it } from "vitest";
import { answerOf, askButton } from "../../src/core/answer.ts";

describe("an answer", () => {
  it("with only a verdict has everything else empty", () => {
    expect(answerOf("Fine.")).toEqual({
      verdict: "Fine.",
      tone: "info",
      details: [],
      values: [],
      notes: [],
      next: [],
      proposals: [],
    });
  });

  it("takes what differs", () => {
    expect(answerOf("Hot.", { tone: "danger", notes: ["n"] })).toMatchObject({
      tone: "danger",
      notes: ["n"],
      details: [],
    });
  });

  it("offers a button that asks its label, or another text", () => {
    expect(askButton("status").action).toEqual({ kind: "ask", text: "status" });
    expect(askButton("Why?", "why is it hot").action).toEqual({ kind: "ask", text: "why is it hot" });
  });
});
