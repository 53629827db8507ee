import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { lengthOf, type Rendered, renderCard, renderText } from "../../../src/chat/slack/render.ts";
import { pieces, readText } from "../../../src/chat/slack/text.ts";
import type { Block, Card } from "../../../src/core/card.ts";
import { charactersIn, complaintAbout } from "../../fakes/slack/limits.ts";

const LOOK = { zone: "UTC", now: 1_700_003_600, native: true, answer: "a1" } as const;

/** Everything that Slack would act on in what was rendered: calls, and links with their hosts. */
function live(rendered: Rendered): string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) walk(one);
    else if (typeof value === "object" && value !== null) {
      for (const [key, one] of Object.entries(value)) if (key !== "value") walk(one);
    } else if (typeof value === "string") found.push(...(value.match(/<[!@#h][^>]*>/g) ?? []));
  };
  walk(rendered);
  return found;
}

function card(blocks: readonly Block[], title = "All is well"): Card {
  return { title, tone: "good", blocks };
}

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.constantFrom(
    "<!channel>",
    "<@U0ALICE001>",
    "@here",
    "a & b < c",
    "```",
    "`x`",
    "\u202Eevil",
    "|",
    "<https://evil.example|x>",
  ),
  fc.string({ maxLength: 300 }).map((part) => `${part} `.repeat(20)),
  fc.constant("<&>".repeat(2000)),
);
const point = fc.tuple(
  fc.integer({ min: 1_700_000_000, max: 1_800_000_000 }),
  fc.oneof(fc.double(), fc.double({ noNaN: true, min: 0, max: 100 })),
);
const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ kind: fc.constant("text" as const), text }),
  fc.record({ kind: fc.constant("note" as const), text }),
  fc.record({ kind: fc.constant("list" as const), items: fc.array(text, { maxLength: 30 }) }),
  fc.record({
    kind: fc.constant("table" as const),
    columns: fc.array(fc.string({ maxLength: 30 }), { maxLength: 25 }),
    rows: fc.array(fc.array(fc.string({ maxLength: 80 }), { maxLength: 25 }), { maxLength: 150 }),
  }),
  fc.record({
    kind: fc.constant("chart" as const),
    chart: fc.record(
      {
        title: text,
        unit: fc.constantFrom("ratio", "seconds", "bytes", "per_s", "none", "whatever"),
        series: fc.array(fc.record({ name: text, points: fc.array(point, { maxLength: 60 }) }), { maxLength: 12 }),
        band: fc.record({ low: fc.double(), high: fc.double() }),
        threshold: fc.double(),
        events: fc.array(fc.record({ at: fc.integer({ min: 0, max: 2_000_000_000 }), name: text }), { maxLength: 8 }),
      },
      { requiredKeys: ["title", "unit", "series"] },
    ),
  }),
  fc.record({ kind: fc.constant("said" as const), by: text, paragraphs: fc.array(text, { maxLength: 20 }) }),
  fc.record({
    kind: fc.constant("evidence" as const),
    items: fc.array(
      fc.record({ promql: text, source: text, url: fc.oneof(fc.webUrl(), text, fc.constant("javascript:alert(1)")) }),
      { maxLength: 5 },
    ),
  }),
  fc.record({
    kind: fc.constant("buttons" as const),
    buttons: fc.array(
      fc.record({
        label: text,
        style: fc.constantFrom("primary" as const, "plain" as const, "danger" as const),
        action: fc.record({ kind: fc.constant("ask" as const), text }),
      }),
      { maxLength: 30 },
    ),
  }),
);
const cards = fc.record({
  title: text,
  tone: fc.constantFrom("info" as const, "good" as const, "warning" as const, "danger" as const),
  blocks: fc.array(block, { maxLength: 12 }),
});

describe("cards in Slack", () => {
  it("stay within every limit and call nobody, whatever is in them", () => {
    fc.assert(
      fc.property(cards, fc.boolean(), (one, native) => {
        for (const rendered of [renderCard(one, { ...LOOK, native }), renderText(one, "as text")]) {
          assert.equal(complaintAbout(rendered.blocks, 50, new Set()), undefined);
          assert.ok(charactersIn(rendered.blocks) <= 10_000, `${charactersIn(rendered.blocks)} characters`);
          assert.ok(lengthOf(rendered.blocks) <= 10_000, `${lengthOf(rendered.blocks)} units`);
          assert.ok(rendered.text.length > 0 && rendered.text.length <= 3000);
          for (const link of live(rendered)) assert.match(link, /^<https?:\/\/[^<>|]+\|Open in Prometheus>$/);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("show the title first and whole, in the blocks and in the notification", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9 ,.%:]{1,400}$/), (title) => {
        const words = title.replace(/\s+/g, " ").trim();
        const rendered = renderCard(card([{ kind: "text", text: "more" }], title), LOOK);
        assert.ok(JSON.stringify(rendered.blocks).includes(words));
        assert.ok(rendered.text.includes(title.trim()));
      }),
    );
  });

  it("lose nothing of a text that fits, and count what does not", () => {
    const lines = Array.from({ length: 60 }, (_, i) => `line ${i} of the text, which is not very long`);
    const shown = JSON.stringify(renderCard(card([{ kind: "list", items: lines }]), LOOK).blocks);
    for (const line of lines) assert.ok(shown.includes(line));
    const many = Array.from({ length: 900 }, (_, i) => `service-${i} has this many errors and then some more`);
    const cut = JSON.stringify(renderCard(card([{ kind: "list", items: many }]), LOOK).blocks);
    const left = Number(/(\d+) more lines: ask/.exec(cut)?.[1]);
    assert.equal(many.filter((line) => cut.includes(`${line.split(" ")[0]} has`)).length + left, 900);
  });

  it("show tables as data, the second one in fixed width, and count rows that are left out", () => {
    const table = {
      kind: "table" as const,
      columns: ["service", "errors"],
      rows: Array.from({ length: 130 }, (_, i) => [`s${i}`, `${i} %`]),
    };
    const blocks = renderCard(card([table, { ...table, rows: [["a", "```"]] }]), LOOK).blocks;
    const data = blocks.find((one) => one.type === "data_table") as unknown as { rows: unknown[] };
    assert.equal(data.rows.length, 101);
    assert.match(JSON.stringify(blocks), /3[0-9] more rows: ask/);
    const few = renderCard(card([{ ...table, rows: [["s1", "```"]] }]), { ...LOOK, native: false }).blocks;
    assert.match(JSON.stringify(few), /```\\nservice {2}errors\\ns1 {7}'''\\n```/);
  });

  it("draw a chart with its extremes, band and threshold, and say it in words", () => {
    const points = Array.from({ length: 300 }, (_, i): [number, number] => [
      1_780_000_000 + i * 60,
      i === 137 ? 99.5 : i === 200 ? 0.25 : 10,
    ]);
    const chart = {
      title: "errors",
      unit: "ratio",
      series: [{ name: "shop", points }],
      band: { low: 5, high: 15 },
      threshold: 50,
    };
    const [block] = renderCard(card([{ kind: "chart", chart }]), LOOK).blocks.filter(
      (one) => one.type === "data_visualization",
    );
    const { series } = (block as unknown as { chart: { series: { name: string; data: { value: number }[] }[] } }).chart;
    assert.deepEqual(
      series.map((one) => one.name),
      ["shop max", "shop min", "usual low", "usual high", "threshold"],
    );
    const [highest, lowest] = [0, 1].map((i) => series[i]!.data.map((one) => one.value)) as [number[], number[]];
    assert.ok(highest.length > 8 && highest.length <= 20, `${highest.length} points`);
    assert.deepEqual([Math.max(...highest), Math.min(...highest)], [9950, 1000]);
    assert.deepEqual([Math.max(...lowest), Math.min(...lowest)], [1000, 25]);
    const words = JSON.stringify(renderCard(card([{ kind: "chart", chart }]), { ...LOOK, native: false }).blocks);
    assert.match(words, /errors: 1,000 % .*lowest 25 % .*, highest 9,950 % /);
    assert.match(words, /usual 500 to 1,500 %; threshold 5,000 %/);
  });

  it("open only the addresses of evidence, and no other scheme", () => {
    const items = [
      { promql: "up < 1", source: "main", url: "https://prom.example/graph?g0.expr=up%20%3C%201&g0.tab=1" },
      { promql: "down", source: "main", url: "javascript:alert(1)" },
    ];
    const rendered = renderCard(
      card([
        { kind: "evidence", items },
        { kind: "text", text: "see https://evil.example" },
      ]),
      LOOK,
    );
    assert.deepEqual(live(rendered), [
      "<https://prom.example/graph?g0.expr=up%20%3C%201&amp;g0.tab=1|Open in Prometheus>",
    ]);
    assert.match(JSON.stringify(rendered.blocks), /main: `up &lt; 1`/);
    assert.ok(!JSON.stringify(rendered.blocks).includes("javascript"));
  });

  it("make no links in the notification, where Slack would", () => {
    const { text } = renderCard(
      card([{ kind: "text", text: "see http://evil.example/x" }], "from https://evil.example"),
      LOOK,
    );
    assert.equal(text, "from https: //evil.example\nsee http: //evil.example/x");
  });

  it("put a first note above the title, unless it is all there is", () => {
    const note = { kind: "note", text: "Alice asked: status" } as const;
    const types = (blocks: Card["blocks"]) => renderCard(card(blocks), LOOK).blocks.map((one) => one.type);
    assert.deepEqual(types([note, { kind: "text", text: "All is well." }]).slice(0, 2), ["context", "header"]);
    assert.deepEqual(types([note]).slice(0, 2), ["header", "context"]);
  });

  it("say when a question has no room on a button", () => {
    const long = { label: "Why?", style: "plain" as const, action: { kind: "ask" as const, text: "x".repeat(3000) } };
    const { blocks } = renderCard(
      card([{ kind: "buttons", buttons: [long, { ...long, action: { kind: "ask", text: "why" } }] }]),
      LOOK,
    );
    assert.match(JSON.stringify(blocks), /1 more suggestion/);
    assert.ok(blocks.some((one) => one.type === "actions"));
  });
});

describe("text for Slack", () => {
  it("comes back whole from its pieces", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme-ascii", maxLength: 500 }),
        fc.integer({ min: 20, max: 100 }),
        (words, most) => {
          const parts = pieces(words, most);
          for (const part of parts) assert.ok(part.length <= most);
          const joined = parts
            .join("")
            .replace(/\s/g, "")
            .replaceAll("&lt;", "<")
            .replaceAll("&gt;", ">")
            .replaceAll("&amp;", "&");
          assert.equal(joined, words.replace(/\s/g, ""));
        },
      ),
    );
  });

  it("reads what people typed as they saw it", () => {
    assert.equal(
      readText("<@U0BOT> is <#C1|general> up, <@U2|bob>? <https://a.example/x|the page> &lt;3", "U0BOT"),
      "is #general up, @bob? https://a.example/x <3",
    );
    assert.equal(
      readText("<!here> <!subteam^S1|@ops> <mailto:a@b.example|a@b.example>", undefined),
      "@here @ops a@b.example",
    );
  });
});
