/** `npm run schema`: writes the JSON Schema of the configuration file for editors, and the reference of all settings into README.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { jsonSchema } from "../../src/config/schema.ts";
import { withReference } from "../config/reference.ts";

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const written = {
  "docker/config/smartcloudops.schema.json": jsonSchema(),
  "README.md": withReference(readFileSync(at("README.md"), "utf8"), readFileSync(at(".env.example"), "utf8")),
};
for (const [path, content] of Object.entries(written)) {
  writeFileSync(at(path), content);
  process.stdout.write(`wrote ${at(path)}\n`);
}
