/** `node src/launch.mjs --tool schema`: writes the JSON Schema of the configuration file for editors. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { jsonSchema } from "../../src/config/schema.ts";

const file = fileURLToPath(new URL("../../docker/config/smartcloudops.schema.json", import.meta.url));
writeFileSync(file, jsonSchema());
process.stdout.write(`wrote ${file}\n`);
