import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, it } from "vitest";
import { choicesOf, type Look, renderCard } from "../../../src/chat/terminal/render.ts";
import { widthOf } from "../../../src/chat/terminal/text.ts";
import type { Card } from "../../../src/core/card.ts";

const PLAIN: Look = { width: 60, colour: false, links: false, zone: "UTC", buttons: "numbered" };

const CARD: Card = {
  title: "CPU usage of web-1 is 63.2 %: higher than usual at this hour.",
  tone: "warning",
  blocks: [
    { kind: "text", text: "Usual at this hour: 20 % to 35 %." },
    { kind: "list", items: ["user 41 %", "a second item that is long enough to be broken over two lines"] },
    {
      kind: "table",
      columns: ["host", "CPU"],
      rows: [
        ["web-1", "63.2 %"],
        ["db", "5 %"],
      ],
    },
    { kind: "evidence", items: [{ promql: "up", source: "main", url: "https://prom.example/graph?g0.expr=up" }] },
    { kind: "note", text: "Newest sample: 4 s old." },
    {
      kind: "buttons",
      buttons: [
        { label: "Why?", style: "primary", action: { kind: "ask", text: "why is cpu of web-1 high" } },
        { label: "Last 6 h", style: "plain", action: { kind: "ask", text: "cpu of web-1 over 6h" } },
      ],
    },
  ],
};

describe("a card in the terminal", () => {
  it("reads from verdict to small print without any colour", () => {
    assert.equal(
      renderCard(CARD, PLAIN),
      `▲ CPU usage of web-1 is 63.2 %: higher than usual at this
  hour.

Usual at this hour: 20 % to 35 %.

- user 41 %
- a second item that is long enough to be broken over two
  lines

host      CPU
web-1  63.2 %
db        5 %

  up  (main)
  https://prom.example/graph?g0.expr=up

Newest sample: 4 s old.

1  Why?
2  Last 6 h
`,
    );
  });

  it("says the same words in colour, and puts the address behind the query", () => {
    const coloured = renderCard(CARD, { ...PLAIN, colour: true, links: true });
    assert.match(coloured, /\u001b\[1m\u001b\[33m▲ CPU usage/);
    assert.ok(coloured.includes("\u001b]8;;https://prom.example/graph?g0.expr=up\u001b\\"));
    const withoutAddress = renderCard(CARD, PLAIN).replace("  https://prom.example/graph?g0.expr=up\n", "");
    assert.equal(stripVTControlCharacters(coloured), withoutAddress);
  });

  it("numbers the buttons of several blocks in one row of numbers", () => {
    const buttons = CARD.blocks.at(-1)!;
    const twice: Card = { ...CARD, blocks: [buttons, buttons] };
    assert.match(renderCard(twice, PLAIN), /1 {2}Why\?\n2 {2}Last 6 h\n\n3 {2}Why\?\n4 {2}Last 6 h\n/);
    assert.equal(choicesOf(twice).length, 4);
  });

  it("offers questions instead of numbers where nobody can type one", () => {
    const shown = renderCard(CARD, { ...PLAIN, buttons: "plain" });
    assert.match(shown, /Next: “why is cpu of web-1 high” · “cpu of web-1 over 6h”/);
  });

  it("goes on below itself when a table cell is too long, and loses nothing", () => {
    const promql = "sum by (instance) (rate(node_cpu_seconds_total[5m]))";
    const card: Card = {
      title: "t",
      tone: "info",
      blocks: [{ kind: "table", columns: ["name", "query"], rows: [["a", promql]] }],
    };
    const lines = renderCard(card, { ...PLAIN, width: 30 }).split("\n");
    assert.ok(lines.every((line) => widthOf(line) <= 30));
    assert.equal(lines.slice(3).join("").replace(/\s/g, ""), `a${promql}`.replace(/\s/g, ""));
  });

  it("lists a table's rows one value a line when the columns have no room", () => {
    const columns = ["one", "two", "three", "four"].map((name) => name.padEnd(8, "x"));
    const card: Card = { title: "t", tone: "info", blocks: [{ kind: "table", columns, rows: [["1", "2", "3", "4"]] }] };
    assert.match(renderCard(card, { ...PLAIN, width: 20 }), /onexxxxx: 1\ntwoxxxxx: 2\nthreexxx: 3\nfourxxxx: 4\n/);
  });
});

const HOSTILE = [
  "\u001b[2J\u001b[H",
  "\u001b]0;owned\u0007",
  "\u001b]8;;https://evil.example\u001b\\click",
  "\u009b31m",
  "\r overwritten",
  "\u202egnp.exe",
  "a\u200bb",
  "\b\b\b",
];

describe("facts in the terminal", () => {
  it("are read whole, however long they are", () => {
    const items = [
      { name: "target", value: "shop/checkout" },
      { name: "arguments", value: `${"a".repeat(30)} ${"b".repeat(70)}` },
      { name: "a name that takes up more than half of what there is", value: "x" },
    ];
    assert.equal(
      renderCard({ title: "t", tone: "info", blocks: [{ kind: "facts", items }] }, PLAIN),
      `• t

target                        shop/checkout
arguments                     ${"a".repeat(30)}
                               ${"b".repeat(29)}
                              ${"b".repeat(30)}
                              ${"b".repeat(11)}
a name that takes up more     x
than half of what there is
`,
    );
  });
});

describe("text from outside in the terminal", () => {
  it("never moves the cursor, colours, links or reorders, wherever on the card it stands", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary" })), { minLength: 1, maxLength: 4 }),
        (parts) => {
          const bad = parts.join(" x ");
          const card: Card = {
            title: bad,
            tone: "danger",
            blocks: [
              { kind: "text", text: bad },
              { kind: "note", text: bad },
              { kind: "list", items: [bad] },
              { kind: "said", by: bad, paragraphs: [bad] },
              { kind: "facts", items: [{ name: bad, value: bad }] },
              { kind: "table", columns: [bad, "b"], rows: [[bad, bad]] },
              {
                kind: "evidence",
                items: [
                  { promql: bad, source: bad, url: `https://p.example/?q=${bad}` },
                  { promql: "up", source: "s", url: bad },
                ],
              },
              { kind: "buttons", buttons: [{ label: bad, style: "plain", action: { kind: "ask", text: bad } }] },
              {
                kind: "chart",
                chart: {
                  title: bad,
                  unit: bad,
                  series: [
                    {
                      name: bad,
                      points: [
                        [0, 1],
                        [60, 2],
                      ],
                    },
                  ],
                  events: [{ at: 0, name: bad }],
                },
              },
            ],
          };
          for (const buttons of ["numbered", "plain"] as const) {
            const shown = renderCard(card, { ...PLAIN, buttons });
            assert.doesNotMatch(shown, /[\0-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
            const linked = renderCard(card, { ...PLAIN, links: true, buttons });
            const ours = /\u001b\]8;;(https?:\/\/[\x21-\x7e]+)?\u001b\\/g;
            assert.doesNotMatch(linked.replace(ours, ""), /[\0-\x09\x0b-\x1f\x7f-\x9f]/);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("links to pages only", () => {
    const card: Card = {
      title: "t",
      tone: "info",
      blocks: [{ kind: "evidence", items: [{ promql: "up", source: "s", url: "file:///etc/passwd" }] }],
    };
    assert.ok(!renderCard(card, PLAIN).includes("passwd"));
  });
});
