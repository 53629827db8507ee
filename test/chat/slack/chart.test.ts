import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { lineChart } from "../../../src/chat/slack/chart.ts";
import { rangesIn, stretchesOf } from "../../../src/chat/slack/stretches.ts";
import type { Chart } from "../../../src/core/card.ts";
import type { Point } from "../../../src/core/series.ts";

const NOON = 1_790_000_000 - (1_790_000_000 % 86_400) + 12 * 3600;
const every = (seconds: number, count: number, value: (i: number) => number = (i) => i): Point[] =>
  Array.from({ length: count }, (_, i) => [NOON + i * seconds, value(i)]);
const chart = (series: Record<string, Point[]>, more: Partial<Chart> = {}): Chart => ({
  title: "latency",
  unit: "none",
  series: Object.entries(series).map(([name, points]) => ({ name, points })),
  ...more,
});
function draw(one: Chart, zone = "UTC") {
  const picture = lineChart(one, zone);
  assert.ok(picture !== undefined);
  const { series, axis_config: axis } = picture.block.chart;
  return {
    labels: axis.categories,
    remarks: picture.remarks,
    lines: new Map(series.map(({ name, data }) => [name, data.map(({ value }) => value)])),
  };
}

const point = fc.tuple(fc.integer({ min: 1_700_000_000, max: 1_800_000_000 }), fc.integer({ min: -50, max: 50 }));
const byTime = (points: Point[]) => points.sort(([a], [b]) => a - b);

describe("the only line of a picture", () => {
  const name = "p95 latency of the storefront";
  it("is called by what it shows where its name would be cut and the title has it", () => {
    const spread = draw(chart({ [name]: every(60, 200) }, { title: `${name}, last 24 h` }));
    assert.deepEqual([...spread.lines.keys()], ["highest", "lowest"]);
    assert.doesNotMatch(spread.remarks.join(), /In the picture/);
    const flat = draw(chart({ [name]: every(60, 10, () => 1) }, { title: `${name}, last hour` }));
    assert.deepEqual([...flat.lines.keys()], ["measured"]);
  });

  it("keeps its name where it fits, or where nothing else says it", () => {
    assert.deepEqual([...draw(chart({ cpu: every(60, 200) }, { title: "cpu" })).lines.keys()], ["cpu max", "cpu min"]);
    const other = draw(chart({ [name]: every(60, 200) }, { title: "latency" }));
    assert.match([...other.lines.keys()].join(), /^p95 latency of … max,/);
    assert.match(other.remarks.join(), /In the picture/);
  });
});

describe("stretches of time for Slack's categories", () => {
  it("are equally long, at most as many as there may be, and hold every point's value", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(point, { minLength: 1, maxLength: 80 }).map(byTime), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 2, max: 20 }),
        (lines, most) => {
          const stretches = stretchesOf(lines, most);
          const { starts, seconds } = stretches;
          assert.ok(starts.length >= 1 && starts.length <= most);
          for (const [i, start] of starts.entries())
            assert.ok(Math.abs(start - starts[0]! - i * seconds) <= seconds / 50 + 1e-6);
          for (const points of lines) {
            const ranges = rangesIn(points, stretches).filter((range) => range !== undefined);
            const values = points.map(([, value]) => value);
            assert.equal(Math.max(...ranges.map(({ high }) => high)), Math.max(...values));
            assert.equal(Math.min(...ranges.map(({ low }) => low)), Math.min(...values));
            for (const { low, high } of ranges) assert.ok(values.includes(low) && values.includes(high));
          }
        },
      ),
    );
  });

  it("are as long as people count", () => {
    const lengthOf = (seconds: number) => stretchesOf([every(seconds, 101)], 20).seconds;
    assert.deepEqual(
      [36, 216, 864, 6048].map(lengthOf), // an hour, six hours, a day, a week
      [240, 1200, 5400, 43_200],
    );
  });
});

describe("a line chart in Slack", () => {
  it("shows points as they are when each has room, and has nothing to explain", () => {
    const { labels, lines, remarks } = draw(chart({ orders: every(300, 4) }));
    assert.deepEqual(labels, ["12:00", "12:05", "12:10", "12:15"]);
    assert.deepEqual(lines.get("orders"), [0, 1, 2, 3]);
    assert.deepEqual(remarks, []);
  });

  it("shows the highest and the lowest of each stretch, at equal distances, and says so", () => {
    const spiky = every(60, 120, (i) => (i === 7 ? 100 : i === 8 ? -100 : 5));
    const { labels, lines, remarks } = draw(chart({ orders: spiky }));
    assert.equal(labels[1], "12:06");
    assert.equal(labels.at(-1), "13:54");
    assert.deepEqual([lines.get("orders max")![1], lines.get("orders min")![1]], [100, -100]);
    assert.deepEqual([lines.get("orders max")![0], lines.get("orders min")![0]], [5, 5]);
    assert.deepEqual(remarks, ["The picture shows the highest and the lowest value of each 6 min."]);
  });

  it("shows of each stretch the value farthest from the median where two lines for each have no room", () => {
    const dip = every(60, 120, (i) => (i === 7 ? 0 : 5));
    const rise = every(60, 120, (i) => (i === 7 ? 9 : 5));
    const { lines, remarks } = draw(chart({ a: dip, b: rise, c: dip, d: rise }));
    assert.deepEqual([...lines.keys()], ["a", "b", "c", "d"]);
    assert.deepEqual(
      [...lines.values()].map((values) => values[1]),
      [0, 9, 0, 9],
    );
    assert.match(remarks.join(), /of each 6 min, the value farthest from the line's median/);
  });

  it("says where a line goes on without data", () => {
    const { lines, remarks } = draw(chart({ a: every(300, 6), b: every(300, 2, () => 7) }));
    assert.deepEqual(lines.get("b"), [7, 7, 7, 7, 7, 7]);
    assert.deepEqual(remarks, ["Where a line has no data, the picture goes on with its nearest value."]);
  });

  it("draws what was measured as the beginning of what begins where it ends", () => {
    const past = every(300, 4, () => 7);
    const [at] = past.at(-1)!;
    const ahead = Array.from({ length: 4 }, (_, i) => [at + 300 * i, 7 - i] as const);
    const { lines, remarks } = draw(chart({ measured: past, forecast: ahead, low: ahead }));
    assert.deepEqual(
      [...lines],
      [
        ["forecast", [7, 7, 7, 7, 6, 5, 4]],
        ["low", [7, 7, 7, 7, 6, 5, 4]],
      ],
    );
    assert.equal(remarks.length, 1);
    assert.match(remarks.join(), /^Up to \d\d:\d\d the picture shows what was measured\.$/);
  });

  it("draws what is ahead of each of several as going on from its own past", () => {
    const past = (level: number) => every(300, 4, () => level);
    const [at] = past(0).at(-1)!;
    const ahead = (level: number) => Array.from({ length: 4 }, (_, i): Point => [at + 300 * i, level - i]);
    const both = { a: past(7), "a, ahead": ahead(7), b: past(20), "b, ahead": ahead(20) };
    assert.deepEqual(
      [...draw(chart(both)).lines],
      [
        ["a, ahead", [7, 7, 7, 7, 6, 5, 4]],
        ["b, ahead", [20, 20, 20, 20, 19, 18, 17]],
      ],
    );
  });

  it("tells the whole of each name that it cuts, and gives no two lines the same", () => {
    const long = "checkout-service-of-the-shop";
    const points = () => every(300, 4);
    const { lines, remarks } = draw(chart({ [`${long}-1`]: points(), [`${long}-2`]: points(), short: points() }));
    assert.deepEqual([...lines.keys()], ["checkout-service-of…", "checkout-service-… 2", "short"]);
    assert.deepEqual(remarks, [
      `In the picture, “checkout-service-of…” is ${long}-1.`,
      `In the picture, “checkout-service-… 2” is ${long}-2.`,
    ]);
    const paired = draw(chart({ [`${long}-1`]: every(60, 120) }));
    assert.deepEqual([...paired.lines.keys()], ["checkout-servic… max", "checkout-servic… min"]);
    assert.match(paired.remarks.join(), new RegExp(`“checkout-servic…” is ${long}-1`));
  });

  it("counts the lines that it leaves out", () => {
    const series = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`s${i}`, every(300, 4)]));
    const { lines, remarks } = draw(chart(series, { band: { low: 1, high: 2 } }));
    assert.equal(lines.size, 6);
    assert.deepEqual(remarks, ["5 more lines are not in the picture: ask about one of them by name."]);
  });

  it("gives the hour that comes twice at the end of summer time two names", () => {
    const night = Date.UTC(2026, 9, 24, 23) / 1000;
    const points = Array.from({ length: 5 }, (_, i): Point => [night + i * 1800, i]);
    const { labels } = draw(chart({ a: points }), "Europe/Berlin");
    assert.equal(new Set(labels).size, 5);
    assert.deepEqual(
      [labels[0], labels[2], labels[4]],
      ["25 Oct 01:00 GMT+2", "25 Oct 02:00 GMT+2", "25 Oct 02:00 GMT+1"],
    );
  });
});
