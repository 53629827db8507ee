import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { inflateSync } from "node:zlib";
import { renderAsync } from "@resvg/resvg-js";
import fc from "fast-check";
import { describe, it } from "vitest";
import { drawChart, drawSvg, NothingToDrawError } from "../../src/charts/index.ts";
import { indexedPng } from "../../src/charts/indexed-png.ts";
import { widthOf } from "../../src/charts/text.ts";
import { anyChart, chartOf, every } from "./charts.ts";

const SIGNATURE = "89504e470d0a1a0a";

/** Size and colours of a PNG of ours, each pixel as [red, green, blue]. */
function read(png: Uint8Array) {
  const bytes = Buffer.from(png);
  assert.equal(bytes.subarray(0, 8).toString("hex"), SIGNATURE);
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.set(bytes.toString("latin1", at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const [width, height] = [chunks.get("IHDR")!.readUInt32BE(0), chunks.get("IHDR")!.readUInt32BE(4)];
  const palette = chunks.get("PLTE")!;
  const rows = inflateSync(chunks.get("IDAT")!);
  const pixel = (x: number, y: number) => [...palette.subarray(3 * rows[y * (width + 1) + 1 + x]!).subarray(0, 3)];
  return { width, height, colours: palette.length / 3, pixel, last: [...chunks.keys()].at(-1) };
}

describe("a chart as PNG", () => {
  it("has the size of the drawing, twice as fine, on white", async () => {
    const chart = chartOf(every(60, [0.3, 2, 1]), { band: { low: 0.2, high: 0.4 } });
    const png = read(await drawChart(chart, "UTC"));
    const { width, height } = drawSvg(chart, "UTC");
    assert.deepEqual([png.width, png.height], [2 * width, 2 * height]);
    assert.deepEqual(png.pixel(0, 0), [255, 255, 255]);
    assert.equal(png.last, "IEND");
  });

  it("shows the line in its colour and letters in ink", async () => {
    const png = read(await drawChart(chartOf(every(60, [1, 2, 3])), "UTC"));
    const seen = new Set<string>();
    for (let y = 0; y < png.height; y++) for (let x = 0; x < png.width; x++) seen.add(png.pixel(x, y).join());
    for (const colour of ["0,114,178", "29,28,29"]) assert.ok(seen.has(colour), `${colour} is not in the picture`);
  });

  it("is small, however much there was to draw", async () => {
    const noise = Array.from({ length: 2000 }, (_, i) => Math.abs(Math.sin(i * i)));
    assert.ok((await drawChart(chartOf(every(60, noise)), "UTC")).length < 100_000);
    assert.ok((await drawChart(chartOf(every(300, noise.slice(0, 288))), "UTC")).length < 60_000);
  });

  it("is a clear error when there is nothing to draw", async () => {
    await assert.rejects(drawChart(chartOf([]), "UTC"), NothingToDrawError);
  });

  it("can be drawn, whatever is in the chart", async () => {
    await fc.assert(
      fc.asyncProperty(anyChart, async (chart) => {
        const png = await drawChart(chart, "Asia/Kathmandu").catch((error: unknown) => {
          assert.ok(error instanceof NothingToDrawError, String(error));
          return undefined;
        });
        if (png !== undefined) assert.equal(Buffer.from(png.subarray(0, 8)).toString("hex"), SIGNATURE);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a picture with a palette", () => {
  it("keeps every pixel's colour as long as there are 256 of them", async () => {
    const rgba = Uint8Array.from({ length: 16 * 16 * 4 }, (_, i) =>
      i % 4 === 3 ? 255 : i % 4 === 0 ? i >> 2 : 7 * (i % 4),
    );
    const png = read(await indexedPng(rgba, 16, 16));
    assert.equal(png.colours, 256);
    for (let i = 0; i < 256; i++) assert.deepEqual(png.pixel(i % 16, i >> 4), [i, 7, 14]);
  });

  it("shows rare colours as their nearest, when there are more", async () => {
    const rgba = new Uint8Array(300 * 2 * 4).fill(255);
    // Two of each but the last 44.
    for (let i = 0; i < 600; i++)
      rgba.set(i % 300 >= 256 && i >= 300 ? [0, 0, 0] : [(i % 300) & 255, (i % 300) >> 8, 9], i * 4);
    const png = read(await indexedPng(rgba, 300, 2));
    assert.equal(png.colours, 256);
    assert.deepEqual(png.pixel(0, 1), [0, 0, 9]);
    const [red, green, blue] = png.pixel(299, 0);
    assert.ok(Math.abs(red! - 43) + Math.abs(green! - 1) + Math.abs(blue! - 9) <= 3, [red, green, blue].join());
  });

  it("is what another reader reads", async () => {
    const png = await indexedPng(new Uint8Array([255, 0, 0, 255, 0, 0, 255, 255]), 2, 1);
    const href = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2" height="1"><image href="${href}" width="2" height="1" image-rendering="optimizeSpeed"/></svg>`;
    const shown = await renderAsync(svg);
    assert.deepEqual([...shown.pixels], [255, 0, 0, 255, 0, 0, 255, 255]);
  });

  it("refuses a size that is not that of the pixels", async () => {
    await assert.rejects(indexedPng(new Uint8Array(8), 2, 2), /2 x 2 pixels are not 8 bytes/);
  });
});

describe("the width of text", () => {
  it("is that of the font", () => {
    const advance = readFont(
      readFileSync(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf")),
    );
    for (let code = 0x20; code < 0x7f; code++) {
      const letter = String.fromCharCode(code);
      assert.ok(Math.abs(widthOf(letter, 100) - 100 * advance(code)) <= 0.51, letter);
    }
    for (const letter of "äßéñ…·°µ") assert.ok(widthOf(letter, 100) >= 100 * advance(letter.codePointAt(0)!), letter);
  });
});

/** Advance widths by code point, in font sizes: tables cmap (format 4), hmtx, hhea and head of a TrueType font. */
function readFont(font: Buffer): (code: number) => number {
  const tables = new Map<string, number>();
  for (let i = 0; i < font.readUInt16BE(4); i++)
    tables.set(font.toString("latin1", 12 + i * 16, 16 + i * 16), font.readUInt32BE(20 + i * 16));
  const [cmap, hmtx] = [tables.get("cmap")!, tables.get("hmtx")!];
  const perEm = font.readUInt16BE(tables.get("head")! + 18);
  const known = font.readUInt16BE(tables.get("hhea")! + 34);
  let map = 0;
  for (let i = 0; i < font.readUInt16BE(cmap + 2); i++) {
    const at = cmap + 4 + i * 8;
    if (font.readUInt32BE(at) === 0x0003_0001) map = cmap + font.readUInt32BE(at + 4);
  }
  const segments = font.readUInt16BE(map + 6) / 2;
  return (code) => {
    let i = 0;
    while (font.readUInt16BE(map + 14 + i * 2) < code) i++;
    const start = font.readUInt16BE(map + 16 + (segments + i) * 2);
    const delta = font.readInt16BE(map + 16 + (2 * segments + i) * 2);
    const at = map + 16 + (3 * segments + i) * 2;
    const offset = font.readUInt16BE(at);
    const glyph = offset === 0 ? (code + delta) & 0xffff : font.readUInt16BE(at + offset + 2 * (code - start));
    return font.readUInt16BE(hmtx + 4 * Math.min(glyph, known - 1)) / perEm;
  };
}
