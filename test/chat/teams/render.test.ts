import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CARD_BYTES, renderCard, renderText } from "../../../src/chat/teams/render.ts";
import { escaped } from "../../../src/chat/teams/text.ts";
import type { Block, Card } from "../../../src/core/card.ts";
import { wordsOf } from "./world.ts";

const LOOK = { zone: "UTC", now: 1_763_640_000 + 500 * 60, charts: "native" } as const;
type Element = { readonly [key: string]: unknown };

const render = (card: Card) => renderCard(card, LOOK).content as Element & { body: Element[]; actions?: Element[] };
const card = (...blocks: Block[]): Card => ({ title: "checkout is slow", tone: "danger", blocks });

/** Every object below `value`. */
function objects(value: unknown): Element[] {
  if (Array.isArray(value)) return value.flatMap(objects);
  if (typeof value !== "object" || value === null) return [];
  return [value as Element, ...Object.values(value).flatMap(objects)];
}

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  AdaptiveCard: ["type", "version", "body"],
  TextBlock: ["type", "text"],
  RichTextBlock: ["type", "inlines"],
  TextRun: ["type", "text"],
  Table: ["type", "columns", "rows"],
  TableRow: ["type", "cells"],
  TableCell: ["type", "items"],
  Container: ["type", "items"],
  ActionSet: ["type", "actions"],
  Image: ["type", "url"],
  "Chart.Line": ["type", "data"],
  "Action.Execute": ["type", "title", "verb", "data"],
  "Action.Submit": ["type", "title", "data"],
  "Action.OpenUrl": ["type", "url"],
  "Action.ToggleVisibility": ["type", "title", "targetElements"],
};

/** What the schema of Adaptive Cards 1.5 and the documentation of charts in Teams ask for, as far as it is used here. */
function check(content: Element): void {
  expect(content).toMatchObject({ type: "AdaptiveCard", version: "1.5" });
  const ids = new Set<string>();
  for (const element of objects(content).filter((one) => "type" in one)) {
    const needs = KNOWN[String(element.type)];
    expect(needs, String(element.type)).toBeDefined();
    for (const key of needs!) expect(element, `${element.type} ${key}`).toHaveProperty(key);
    if (typeof element.id === "string") {
      expect(ids).not.toContain(element.id);
      ids.add(element.id);
    }
  }
  for (const table of objects(content).filter(({ type }) => type === "Table"))
    for (const row of table.rows as Element[]) expect(row.cells).toHaveLength((table.columns as unknown[]).length);
  for (const toggle of objects(content).filter(({ type }) => type === "Action.ToggleVisibility"))
    for (const id of toggle.targetElements as string[]) expect(ids).toContain(id);
  for (const chart of objects(content).filter(({ type }) => type === "Chart.Line"))
    for (const { x, y } of objects(chart.data).filter((one) => "x" in one)) {
      expect(Number.isFinite(x)).toBe(true);
      expect(Number.isFinite(y)).toBe(true);
    }
}

const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 400 }),
  fc.constantFrom(
    "**bold** [x](https://evil.example)",
    "<at>everyone</at>",
    "- item",
    "1. one",
    "{{DATE(2026-01-01)}}",
    "`a` ~b~ _c_",
  ),
  fc.nat(4000).map((n) => "x y ".repeat(n)),
);
const value = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0, -0));
const blocks: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ kind: fc.constant("text" as const), text }),
  fc.record({ kind: fc.constant("note" as const), text }),
  fc.record({ kind: fc.constant("list" as const), items: fc.array(text, { maxLength: 60 }) }),
  fc.record({
    kind: fc.constant("table" as const),
    columns: fc.array(text, { maxLength: 6 }),
    rows: fc.array(fc.array(text, { maxLength: 6 }), { maxLength: 60 }),
  }),
  fc.record({ kind: fc.constant("said" as const), by: text, paragraphs: fc.array(text, { maxLength: 20 }) }),
  fc.record({
    kind: fc.constant("evidence" as const),
    items: fc.array(
      fc.record({
        promql: text,
        source: text,
        url: fc.constantFrom("https://prometheus.example/graph?g0=1", "javascript:alert(1)", ""),
      }),
      { maxLength: 20 },
    ),
  }),
  fc.record({
    kind: fc.constant("buttons" as const),
    buttons: fc.array(
      fc.record({
        label: text,
        style: fc.constantFrom("primary" as const, "danger" as const, "plain" as const),
        action: fc.record({ kind: fc.constant("ask" as const), text }),
      }),
      { maxLength: 12 },
    ),
  }),
  fc.record({
    kind: fc.constant("chart" as const),
    chart: fc.record(
      {
        title: text,
        unit: fc.constantFrom("ratio", "seconds", "bytes", "bytes/s", "count", "none"),
        series: fc.array(
          fc.record({
            name: text,
            points: fc
              .array(value, { maxLength: 400 })
              .map((all) => all.map((v, i) => [1_700_000_000 + i * 60, v] as const)),
          }),
          { maxLength: 9 },
        ),
        band: fc.record({ low: value, high: value }),
        threshold: value,
        events: fc.array(fc.record({ at: fc.nat(2_000_000_000), name: text }), { maxLength: 8 }),
      },
      { requiredKeys: ["title", "unit", "series"] },
    ),
  }),
);
const cards: fc.Arbitrary<Card> = fc.record({
  title: text,
  tone: fc.constantFrom("info" as const, "good" as const, "warning" as const, "danger" as const),
  blocks: fc.array(blocks, { maxLength: 12 }),
});

describe("a card in Teams", () => {
  it("is a valid card of at most 25,000 bytes with its summary, whatever is in it", () => {
    fc.assert(
      fc.property(cards, (one) => {
        const { content, summary } = renderCard(one, LOOK);
        check(content as Element);
        expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThanOrEqual(CARD_BYTES);
        const message = { type: "message", summary, attachments: [{ contentType: "x".repeat(40), content }] };
        expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(25_000);
        expect(Buffer.byteLength(JSON.stringify(renderText(one)))).toBeLessThanOrEqual(25_000);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it("reads no markdown out of data: runs have none, and the title's is escaped", () => {
    fc.assert(
      fc.property(cards, (one) => {
        const read = objects(render(one)).filter(({ type }) => type === "TextBlock");
        expect(read).toHaveLength(1);
        const title = String(read[0]?.text);
        const bare = title.replace(/\\[\\`*[\]<~_\-+#>.)]/g, "");
        expect(bare).not.toMatch(/[`*[\]<~\\]/);
        expect(bare).not.toMatch(/^\s*([-+#>]|\d+[.)])\s/);
        for (const { text: shown } of objects(render(one).body))
          expect(String(shown)).not.toMatch(/\{\{(DATE|TIME)\(/i);
        for (const { url } of objects(render(one)).filter(({ type }) => type === "Action.OpenUrl"))
          expect(url).toBe("https://prometheus.example/graph?g0=1");
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it("escapes what markdown acts on, and leaves names readable", () => {
    expect(escaped("[x](https://evil.example) **b** _i_ `c` ~s~ <at>all</at>")).toBe(
      "\\[x\\](https://evil.example) \\*\\*b\\*\\* \\_i\\_ \\`c\\` \\~s\\~ \\<at>all\\</at>",
    );
    expect(escaped("http_requests_total is 5 - 3")).toBe("http_requests_total is 5 - 3");
    expect(["- a", "1. a", "# a", "> a", "2) b"].map(escaped)).toEqual(["\\- a", "1\\. a", "\\# a", "\\> a", "2\\) b"]);
  });

  it("says its tone in a word and a colour", () => {
    const heading = render(card()).body[0];
    expect(heading).toMatchObject({
      style: "heading",
      weight: "Bolder",
      color: "Attention",
      text: "Problem: checkout is slow",
    });
    expect(render({ ...card(), tone: "info" }).body[0]).toMatchObject({ text: "checkout is slow" });
  });

  it("tells the whole of a name that is cut in the legend", () => {
    const name = `${"checkout-service-".repeat(5)}eu-west-1`;
    const series = [{ name, points: [[1, 2] as const, [61, 3] as const] }];
    const content = render(card({ kind: "chart", chart: { title: "cpu", unit: "count", series } }));
    const [drawn] = objects(content).filter(({ type }) => type === "Chart.Line") as { data: { legend: string }[] }[];
    const { legend } = drawn!.data[0]!;
    expect(legend).toHaveLength(60);
    expect(wordsOf(content)).toContain(`“${legend}” is ${name}`);
  });

  it("draws a line chart of few points that keeps the spike, with band and threshold, and says it in words", () => {
    const points = Array.from({ length: 500 }, (_, i) => [1_763_640_000 + i * 60, i === 321 ? 0.9 : 0.2] as const);
    const content = render(
      card({
        kind: "chart",
        chart: {
          title: "p95 of checkout",
          unit: "seconds",
          series: [{ name: "p95", points }],
          band: { low: 0.15, high: 0.25 },
          threshold: 0.5,
        },
      }),
    );
    const chart = content.body.find(({ type }) => type === "Chart.Line") as unknown as {
      fallback: string;
      data: { legend: string; values: { x: number; y: number }[] }[];
      xAxisTitle: string;
      yAxisTitle: string;
    };
    expect(chart.fallback).toBe("drop");
    expect(chart.yAxisTitle).toBe("ms");
    expect(chart.data.map(({ legend }) => legend)).toEqual(["p95", "usual, lowest", "usual, highest", "threshold"]);
    const values = chart.data[0]!.values;
    expect(values.length).toBeGreaterThan(8);
    expect(values.length).toBeLessThanOrEqual(60);
    expect(Math.max(...values.map(({ y }) => y))).toBe(900);
    // Half a day in hours, the spike where it was.
    expect(chart.xAxisTitle).toBe("hours before 20:19 UTC");
    expect([values[0]!.x, values.at(-1)!.x]).toEqual([-8.3125, 0]);
    expect(values.find(({ y }) => y === 900)?.x).toBeCloseTo((321 - 499) / 60, 2);
    expect(values.map(({ x }) => x)).toEqual(values.map(({ x }) => x).sort((a, b) => a - b));
    expect(wordsOf(content)).toContain(
      "p95 of checkout: now 200 ms, lowest 200 ms at 12:00 UTC, highest 900 ms at 17:21 UTC; usual 150 to 250 ms; threshold 500 ms",
    );
  });

  it("draws six series at once with their own extremes, and counts those it does not draw", () => {
    const series = Array.from({ length: 8 }, (_, s) => ({
      name: `pod-${s}`,
      points: Array.from({ length: 200 }, (_, i) => [1_763_640_000 + i * 60, i === 20 * s + 7 ? 100 + s : s] as const),
    }));
    const content = render(card({ kind: "chart", chart: { title: "cpu", unit: "count", series } }));
    const { data } = content.body.find(({ type }) => type === "Chart.Line") as unknown as {
      data: { values: { y: number }[] }[];
    };
    expect(data.map(({ values }) => Math.max(...values.map(({ y }) => y)))).toEqual([100, 101, 102, 103, 104, 105]);
    expect(wordsOf(content)).toContain("2 more lines are not drawn");
  });

  it("hides the queries behind a button, with a link only to a web page", () => {
    const items = [
      { promql: 'up{job="x"}', source: "main", url: "https://prometheus.example/graph" },
      { promql: "down", source: "main", url: "javascript:alert(1)" },
    ];
    const content = render(card({ kind: "evidence", items }));
    const hidden = content.body.find(({ type }) => type === "Container");
    expect(hidden?.isVisible).toBe(false);
    expect(wordsOf(hidden)).toContain('up{job="x"}');
    expect(objects(content).filter(({ type }) => type === "Action.OpenUrl")).toEqual([
      { type: "Action.OpenUrl", url: "https://prometheus.example/graph" },
    ]);
  });

  it("has six buttons that older clients can press too, and names the questions of the others", () => {
    const buttons = Array.from({ length: 9 }, (_, i) => ({
      label: `Button ${i}`,
      style: "plain" as const,
      action: { kind: "ask" as const, text: `question ${i}` },
    }));
    const content = render(card({ kind: "buttons", buttons }));
    expect(content.actions).toHaveLength(6);
    const data = { action: { kind: "ask", text: "question 0" } };
    expect(content.actions?.[0]).toMatchObject({
      type: "Action.Execute",
      verb: "ask",
      data,
      fallback: { type: "Action.Submit", data },
    });
    expect(wordsOf(content)).toContain("You can also ask: question 8");
  });

  it("counts what does not fit and keeps the small print", () => {
    const items = Array.from({ length: 2000 }, (_, i) => `service-${i} is ${i} ms slow`);
    const words = wordsOf(render(card({ kind: "list", items }, { kind: "note", text: "Data is 3 minutes old." })));
    const shown = words.split("\n").filter((line) => line.startsWith("• ")).length;
    expect(words).toContain(`${2000 - shown} more: ask about one of them by name to see it.`);
    expect(shown).toBeGreaterThan(100);
    expect(words).toContain("Data is 3 minutes old.");
  });

  it("cuts a long text between characters and says how much is missing", () => {
    const words = wordsOf(render(card({ kind: "text", text: "🇩🇪".repeat(6000) })));
    const [, kept, left] = /\n((?:🇩🇪)+)… \(([\d,]+) more characters\)/u.exec(words) ?? [];
    expect(kept!.length + Number(left!.replaceAll(",", ""))).toBe("🇩🇪".length * 6000);
  });
});
