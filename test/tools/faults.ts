/** `npm run faults`: writes the matrix of faults, as its tests have it, into README.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withFaults } from "../faults/readme.ts";

const file = fileURLToPath(new URL("../../README.md", import.meta.url));
writeFileSync(file, withFaults(readFileSync(file, "utf8")));
process.stdout.write(`wrote ${file}\n`);
