/** Part of `npm run check`: prints each import cycle in src and test, and fails when there is one. */
import { fileURLToPath } from "node:url";
import { findCycles, readImports } from "./imports.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const graph = new Map([...readImports(root, "src"), ...readImports(root, "test")]);
const cycles = findCycles(graph);

for (const cycle of cycles) process.stdout.write(`cycle: ${[...cycle, cycle[0]].join(" -> ")}\n`);
process.stdout.write(`${graph.size} files, ${cycles.length} import cycles\n`);
process.exitCode = cycles.length === 0 ? 0 : 1;
