/** Charts as pictures, for platforms and messages that cannot carry one as data. */
export { type ChartDrawer, createChartDrawer } from "./beside.ts";
export { drawChart } from "./png.ts";
export { drawSvg, NothingToDrawError } from "./svg.ts";
