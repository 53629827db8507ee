import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { drawSvg, NothingToDrawError } from "../../src/charts/index.ts";
import { widthOf } from "../../src/charts/text.ts";
import type { Chart } from "../../src/core/card.ts";
import { anyChart, chartOf, every, START } from "./charts.ts";
import { type Element, readXml } from "./xml.ts";

const draw = (chart: Chart, zone = "UTC"): Element[] => readXml(drawSvg(chart, zone).svg);
const texts = (drawn: readonly Element[]) => drawn.filter(({ name }) => name === "text").map(({ text }) => text);
const lines = (drawn: readonly Element[]) => drawn.filter(({ attributes }) => attributes["class"] === "line");
const moves = (line: Element) => line.attributes["d"]!.match(/M/g)?.length ?? 0;
const corners = (line: Element) => line.attributes["d"]!.match(/[ML]/g)?.length ?? 0;

describe("the picture of a chart", () => {
  it("has title, ticks in the unit, times of the zone's clock, and the last value", () => {
    const said = texts(draw(chartOf(every(600, [0.31, 0.4, 2.41, 1.2, 0.8, 0.7, 0.62])), "Europe/Berlin"));
    assert.deepEqual(said, [
      "p95 latency of orders",
      ...["0 s", "500 ms", "1 s", "1.5 s", "2 s", "2.5 s"],
      ...["05:00", "05:10", "05:20", "05:30", "05:40", "05:50", "06:00"],
      "20 Nov 2026, Europe/Berlin",
      "620 ms",
    ]);
  });

  it("shades what is usual and names it", () => {
    const drawn = draw(chartOf(every(60, [0.3, 0.5, 2]), { band: { low: 0.21, high: 0.42 } }));
    const shades = drawn.filter(({ name, attributes }) => name === "rect" && attributes["fill"] === "#dfe7ef");
    assert.equal(shades.length, 2, "in the plot and in the legend");
    assert.ok(texts(drawn).includes("usual 210 to 420 ms"));
  });

  it("leaves room beside a band, so that it does not look like the paper", () => {
    const said = texts(draw(chartOf(every(60, [150, 200, 180]), { unit: "count", band: { low: 140, high: 220 } })));
    assert.ok(said.includes("100") && said.includes("250"), said.join());
  });

  it("dashes the threshold and says its value, also of one that is out of sight", () => {
    const dashed = (drawn: readonly Element[]) => drawn.filter(({ attributes }) => attributes["stroke"] === "#b3001b");
    const near = draw(chartOf(every(60, [0.5, 0.7, 0.9]), { unit: "ratio", threshold: 0.8 }));
    assert.ok(texts(near).includes("threshold 80 %"));
    assert.deepEqual(dashed(near).map(({ attributes }) => attributes["stroke-dasharray"]), ["7 5"]); // biome-ignore format: one line reads best
    const far = draw(chartOf(every(60, [1, 2, 3]), { unit: "count", threshold: 900 }));
    assert.ok(texts(far).includes("threshold 900, above this picture"));
    const below = draw(chartOf(every(60, [801, 802, 803]), { unit: "count", threshold: 3 }));
    assert.ok(texts(below).includes("threshold 3, below this picture"));
  });

  it("tells six series apart by colour, by dashes and by shape, and counts the others", () => {
    const series = Array.from({ length: 40 }, (_, i) => ({ name: `web-${i}`, points: every(60, [i, i + 1, i]) }));
    const drawn = draw({ title: "CPU", unit: "count", series: [...series, { name: "gone", points: [] }] });
    const six = lines(drawn);
    assert.equal(six.length, 6);
    assert.equal(new Set(six.map(({ attributes }) => attributes["stroke"])).size, 6);
    assert.equal(new Set(six.map(({ attributes }) => attributes["stroke-dasharray"] ?? "")).size, 6);
    const said = texts(drawn);
    for (const { name } of series.slice(0, 6)) assert.ok(said.includes(name));
    assert.ok(said.includes("34 more not drawn · 1 without data"));
    assert.ok(!said.includes("web-6"));
  });

  it("says last values of lines that end alike one below the other", () => {
    const series = Array.from({ length: 6 }, (_, i) => ({ name: `d${i}`, points: every(60, [i * 10, 30 + i / 50]) }));
    const drawn = draw({ title: "", unit: "none", series });
    const ends = drawn.filter(({ text, attributes }) => /^30/.test(text) && Number(attributes["x"]) > 500);
    const heights = ends.map(({ attributes }) => Number(attributes["y"])).toSorted((a, b) => a - b);
    assert.equal(heights.length, 6);
    for (const [i, y] of heights.slice(1).entries()) assert.ok(y - heights[i]! > 16.9, heights.join());
  });

  it("does not draw across missing data, nor across values that are no number", () => {
    const [whole] = lines(draw(chartOf(every(60, [1, 2, 3, 4, 5, 6]))));
    assert.equal(moves(whole!), 1);
    const missing = [...every(60, [1, 2, 3, 4]), ...every(60, [1, 2, 3], START + 1800)];
    assert.equal(moves(lines(draw(chartOf(missing)))[0]!), 2);
    assert.equal(moves(lines(draw(chartOf(every(60, [1, 2, Number.NaN, 3, 4]))))[0]!), 2);
  });

  it("shows a sample between two gaps as a dot", () => {
    const alone = [...every(60, [1, 2, 3]), ...every(60, [2], START + 900), ...every(60, [1, 2, 3], START + 1800)];
    const dots = draw(chartOf(alone)).filter(({ attributes }) => attributes["class"] === "dots");
    assert.deepEqual(dots.map(moves), [1]);
  });

  it("stays small when every second value is no number", () => {
    const values = Array.from({ length: 11_000 }, (_, i) => (i % 2 === 0 ? Number.NaN : i % 97));
    const { svg } = drawSvg(chartOf(every(15, values)), "UTC");
    assert.ok(svg.length < 40_000, String(svg.length));
    assert.equal(readXml(svg).filter(({ attributes }) => attributes["class"] === "dots").length, 1);
  });

  it("draws at most some two points a pixel column, with the spike among them", () => {
    const values = Array.from({ length: 11_000 }, (_, i) => (i === 5077 ? 90 : i % 7));
    const chart = chartOf(every(15, values), { unit: "count" });
    const [line] = lines(draw(chart));
    assert.ok(corners(line!) < 2 * 640 && corners(line!) > 500, String(corners(line!)));
    const heights = [...line!.attributes["d"]!.matchAll(/[ML]\S+ (\S+?)(?=[ML]|$)/g)].map(([, y]) => Number(y));
    const tops = heights.toSorted((a, b) => a - b);
    assert.ok(tops[1]! - tops[0]! > 100, "the spike stands out");
    assert.ok(drawSvg(chart, "UTC").svg.length < 40_000);
  });

  it("marks events, and labels no two on top of each other", () => {
    const names = ["deploy orders v42", "HighLatency fires", "rollback", "node drain", "scale up", "cache flush"];
    const events = names.map((name, i) => ({ at: START + 1000 + i * 90, name }));
    const drawn = draw(
      chartOf(
        every(
          60,
          Array.from({ length: 60 }, (_, i) => i / 60),
        ),
        { events },
      ),
    );
    const labels = drawn.filter(({ text }) => names.includes(text));
    assert.ok(labels.length >= 2, String(labels.length));
    const boxes = labels.map(({ text, attributes }) => {
      const x = Number(attributes["x"]);
      return { row: attributes["y"], from: x, to: x + widthOf(text, 13) };
    });
    for (const a of boxes)
      for (const b of boxes) assert.ok(a === b || a.row !== b.row || a.to < b.from || b.to < a.from, "labels overlap");
    assert.equal(drawn.filter(({ attributes }) => attributes["stroke"] === "#5b3f92").length, names.length);
    if (labels.length < names.length)
      assert.ok(texts(drawn).some((text) => text.startsWith(`${names.length - labels.length} more event`)));
  });

  it("counts events outside of its time", () => {
    const said = texts(draw(chartOf(every(60, [1, 2, 3]), { events: [{ at: START - 5000, name: "long ago" }] })));
    assert.ok(said.includes("1 more event not named") && !said.includes("long ago"));
  });

  it("shows one point, a flat line and zero at a place of their own", () => {
    assert.ok(texts(draw(chartOf([[START, 42]], { unit: "count" }))).includes("42"));
    assert.deepEqual(texts(draw(chartOf(every(60, [0, 0, 0]), { unit: "count" }))).slice(1, 3), ["0", "1"]);
    const full = texts(draw(chartOf(every(60, [1, 1, 1]), { unit: "ratio" })));
    assert.ok(full.includes("100 %") && !full.some((text) => /^1[1-9]\d %/.test(text)));
  });

  it("throws a clear error when there is nothing to draw", () => {
    const nothing = chartOf([[START, Number.NaN]], { title: "p95 of <orders>" });
    assert.throws(() => drawSvg(nothing, "UTC"), (error: unknown) => {
      assert.ok(error instanceof NothingToDrawError);
      assert.equal(error.message, 'the chart "p95 of <orders>" has no points to draw');
      return true;
    }); // biome-ignore format: one piece
    assert.throws(() => drawSvg({ title: "", unit: "", series: [] }, "UTC"), NothingToDrawError);
  });

  it("reads a zone that nobody knows as UTC and says so", () => {
    assert.ok(texts(draw(chartOf(every(60, [1, 2])), "Atlantis/Capital")).includes("20 Nov 2026, UTC"));
  });
});

describe("text from outside in a picture", () => {
  it.each([
    ["a script", "<script>alert(1)</script>", "<script>alert(1)</script>"],
    ["the end of a CDATA section", "]]>", "]]>"],
    ["an entity", "&lt;&x;", "&lt;&x;"],
    ["quotes", `"'`, `"'`],
    ["reordering", "a\u202Eb", "a\\u{202E}b"],
    ["controls", "a\u0000\u001b[31mb", "a\\u{0}\\u{1B}[31mb"],
    ["what is no character", "a\ufffeb\uffff", "ab"],
    ["half a character", "a\ud800b", "a\\u{D800}b"],
  ])("shows %s as it is, and nothing happens", (_, name, shown) => {
    const chart: Chart = {
      title: name,
      unit: "count",
      series: [
        { name, points: every(60, [1, 2, 3]) },
        { name: "b", points: every(60, [3, 2, 1]) },
      ],
      events: [{ at: START + 60, name }],
    };
    const drawn = draw(chart);
    assert.equal(texts(drawn).filter((text) => text === shown).length, 3, texts(drawn).join("|"));
    assert.deepEqual([...new Set(drawn.map(({ name: tag }) => tag))].sort(), ["path", "rect", "svg", "text"]);
  });

  it("cuts long names with an ellipsis, between characters as people see them", () => {
    const flag = "\u{1F1E9}\u{1F1EA}";
    const series = ["x".repeat(10_000), flag.repeat(200)].map((name) => ({ name, points: every(60, [1, 2]) }));
    const drawn = draw({
      title: "y ".repeat(5000),
      unit: "count",
      series,
      events: [{ at: START, name: "z".repeat(10_000) }],
    });
    const long = texts(drawn).filter((text) => text.endsWith("…"));
    assert.equal(long.length, 4, texts(drawn).join("|"));
    assert.ok(
      long.some((text) => text === `${flag.repeat((text.length - 1) / 4)}…`),
      "flags are whole",
    );
    for (const { attributes, text } of drawn.filter(({ text }) => text.endsWith("…")))
      assert.ok(Number(attributes["x"]) + widthOf(text, Number(attributes["font-size"] ?? 15)) <= 640);
  });

  it("is well-formed XML within its frame, or a clear error, whatever the chart", () => {
    fc.assert(
      fc.property(anyChart, fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kathmandu", "x"), (chart, zone) => {
        let drawing: ReturnType<typeof drawSvg>;
        try {
          drawing = drawSvg(chart, zone);
        } catch (error) {
          assert.ok(error instanceof NothingToDrawError, String(error));
          return;
        }
        assert.ok(drawing.svg.length < 60_000);
        for (const { name, attributes } of readXml(drawing.svg)) {
          if (name !== "text") continue;
          assert.ok(Number(attributes["x"]) >= 0 && Number(attributes["x"]) <= drawing.width);
          assert.ok(Number(attributes["y"]) >= 0 && Number(attributes["y"]) <= drawing.height);
        }
      }),
      { numRuns: 300 },
    );
  });
});
