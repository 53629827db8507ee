import type { Chart } from "../core/card.ts";
import { drawChart } from "./png.ts";

/** Drawing as a thread does it. */
export function draw({ chart, zone }: { readonly chart: Chart; readonly zone: string }): Promise<Uint8Array> {
  return drawChart(chart, zone);
}
