/**
 * `npm run bench:detect`: how good the detector is and how fast.
 *
 *   npm run bench:detect -- --dir KIT    with a benchmark kit: KIT/series, KIT/labels.json and the kit's own KIT/score.mjs, which
 *                                        judges what the command `detect` writes; of all of it, and of the two parts below
 *   npm run bench:detect                 without one: anomalies put into the demo's world, which says whether it works at all, and
 *                                        several metrics of one thing together: false alarms, and what no single series shows
 *
 * A third of the kit's series, by a hash of their names, was kept aside while the detector was made: choices were made on the
 * other two thirds, called open. Then the speed of the streaming path, and of the forest beside scikit-learn in the same run where
 * Debian's packages of it can be had. Machines differ: read the ratios. Ends with 0 whatever the figures are.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { injectedScore } from "./detect/injected.ts";
import { kitScores } from "./detect/kit.ts";
import { forestFigures, streamingFigures } from "./detect/speed.ts";
import { togetherFigures } from "./detect/together.ts";

const { values: options } = parseArgs({ options: { dir: { type: "string" }, "no-speed": { type: "boolean" } } });
const work = mkdtempSync(join(tmpdir(), "smartcloudops-bench-detect-"));
try {
  if (options.dir === undefined) {
    console.log("No kit was given with --dir, so this is a smoke test and no score.");
    for (const line of injectedScore()) console.log(line);
    for (const line of togetherFigures()) console.log(line);
  } else {
    for (const line of await kitScores(resolve(options.dir), work)) console.log(line);
  }
  if (options["no-speed"] !== true) {
    for (const line of streamingFigures()) console.log(line);
    for (const line of await forestFigures(work)) console.log(line);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
