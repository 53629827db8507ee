import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";

/** Draws the icons of the Teams app from their SVG: `node test/tools/teams-icons.ts`. */

const folder = fileURLToPath(new URL("../../manifests/teams/", import.meta.url));

for (const name of ["color", "outline"]) {
  const svg = readFileSync(`${folder}${name}.svg`, "utf8");
  writeFileSync(`${folder}${name}.png`, new Resvg(svg, { font: { loadSystemFonts: false } }).render().asPng());
}
