import { describe, expect, it } from "vitest";
import { answerCard, askReply } from "../../src/cards/answer-card.ts";
import { type Answer, answerOf, askButton } from "../../src/core/answer.ts";
import type { Block, Card } from "../../src/core/card.ts";
import type { Evidence } from "../../src/core/reading.ts";

const AT = Date.UTC(2026, 2, 11, 10, 20) / 1000;

function evidence(promql: string, more: Partial<Evidence & { background: boolean }> = {}) {
  return { promql, source: "harbour", start: AT, end: AT, step: 0, readings: 1, background: false, ...more };
}

function blocks<K extends Block["kind"]>(card: Card, kind: K): Extract<Block, { kind: K }>[] {
  return card.blocks.filter((block): block is Extract<Block, { kind: K }> => block.kind === kind);
}

describe("the card of an answer", () => {
  it("has the verdict as its title, and says the rest in the order people read", () => {
    const chart = {
      title: "tide",
      unit: "none",
      series: [{ name: "tide", points: [1, 2, 3].map((at) => [at, at] as const) }],
    };
    const answer = answerOf("High tide.", {
      tone: "warning",
      details: ["It rises.", "It falls."],
      list: ["north: 5"],
      table: { columns: ["a"], rows: [["b"]] },
      chart,
      notes: ["Data is 4 s old."],
      next: [askButton("status")],
    });
    const card = answerCard(answer, [evidence("tide")], ["the store is full"]);
    expect(card).toMatchObject({ title: "High tide.", tone: "warning" });
    expect(card.blocks.map(({ kind }) => kind)).toEqual(
      "text text list table chart evidence note note buttons".split(" "),
    );
    expect(blocks(card, "note").map(({ text }) => text)).toEqual(["Data is 4 s old.", "Degraded: the store is full"]);
  });

  it("leaves out what is not there", () => {
    expect(answerCard(answerOf("Hello.", { list: [] }), [], []).blocks).toEqual([]);
  });

  it("draws no line through two points", () => {
    const short = {
      title: "tide",
      unit: "none",
      series: [
        {
          name: "tide",
          points: [
            [1, 1],
            [2, 2],
          ] as const,
        },
      ],
    };
    expect(blocks(answerCard(answerOf("Tide.", { chart: short }), [], []), "chart")).toEqual([]);
  });

  it("shows a query once, and at most four of them", () => {
    const queries = ["a", "a", "b", "c", "d", "e"].map((promql) => evidence(promql));
    const [block] = blocks(answerCard(answerOf("x"), queries, []), "evidence");
    expect(block?.items.map(({ promql }) => promql)).toEqual(["a", "b", "c", "d"]);
  });

  it("links a query where there is a page for it", () => {
    const queries = [evidence("a", { url: "https://prom.example/q" }), evidence("b")];
    const [block] = blocks(answerCard(answerOf("x"), queries, []), "evidence");
    expect(block?.items).toEqual([
      { promql: "a", source: "harbour", url: "https://prom.example/q" },
      { promql: "b", source: "harbour" },
    ]);
  });

  it("shows three suggestions, but all candidates of a question back, up to eight", () => {
    const next = Array.from({ length: 10 }, (_, n) => askButton(`tide ${n}`));
    const count = (intent?: string) =>
      blocks(answerCard(answerOf("x", { next, ...(intent === undefined ? {} : { intent }) }), [], []), "buttons")[0]
        ?.buttons.length;
    expect(count()).toBe(3);
    expect(count("help")).toBe(3);
    expect(count("clarify")).toBe(8);
  });
});

describe("the reply for machines", () => {
  const answer: Answer = answerOf("High tide.", {
    values: [{ name: "tide", value: 2.75, unit: "none", labels: { basin: "north" }, at: AT }],
  });
  const reply = (degraded: readonly string[] = []) => {
    const queries = [
      evidence("tide"),
      evidence("tide", { start: AT - 60, step: 15, readings: { failed: "too slow" } }),
      evidence("age", { background: true }),
    ];
    const card = answerCard(answer, queries, degraded);
    return askReply({ intent: "metric_query", slots: { a: 1 }, answer, card, evidence: queries, degraded });
  };

  it("has the fields of the contract, in their order", () => {
    expect(Object.keys(reply())).toEqual([
      "intent",
      "slots",
      "reply_text",
      "promql",
      "values",
      "proposed_actions",
      "sources",
    ]);
    expect(Object.keys(reply(["x"])).at(-1)).toBe("degraded");
  });

  it("lists shown queries once, and what stood behind them under its sources", () => {
    expect(reply().promql).toEqual(["tide"]);
    expect(reply().sources.map(({ promql, readings }) => [promql, readings])).toEqual([
      ["tide", 1],
      ["tide", { failed: "too slow" }],
      ["age", 1],
    ]);
  });

  it("says times as RFC 3339 in UTC", () => {
    expect(reply().values).toEqual([
      { name: "tide", value: 2.75, unit: "none", labels: { basin: "north" }, at: "2026-03-11T10:20:00Z" },
    ]);
    expect(reply().sources[1]).toMatchObject({ start: "2026-03-11T10:19:00Z", end: "2026-03-11T10:20:00Z", step: 15 });
  });

  it("is what the card says", () => {
    expect(reply().reply_text.split("\n")[0]).toBe("High tide.");
    expect(reply(["the store is full"]).degraded).toEqual(["the store is full"]);
  });
});
