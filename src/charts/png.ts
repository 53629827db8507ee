import { createRequire } from "node:module";
import type { Chart } from "../core/card.ts";
import { indexedPng } from "./indexed-png.ts";
import { drawSvg, FONT } from "./svg.ts";

/** Pixels of the picture for each of the drawing: sharp on a phone, and on a wide screen. */
export const ZOOM = 2;

const require = createRequire(import.meta.url);

let font: string | undefined;

/**
 * PNG bytes of a chart, drawn beside the event loop. `zone` is the IANA name of the clock that the time axis shows. Throws
 * `NothingToDrawError` when the chart has no finite point. What draws is loaded with the first chart.
 */
export async function drawChart(chart: Chart, zone: string): Promise<Uint8Array> {
  const { svg } = drawSvg(chart, zone);
  const { renderAsync } = await import("@resvg/resvg-js");
  font ??= require.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf");
  const image = await renderAsync(svg, {
    font: { loadSystemFonts: false, fontFiles: [font], defaultFontFamily: FONT, sansSerifFamily: FONT },
    background: "#ffffff",
    fitTo: { mode: "zoom", value: ZOOM },
    logLevel: "off",
  });
  return indexedPng(image.pixels, image.width, image.height);
}
