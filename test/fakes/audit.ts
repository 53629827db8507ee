import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readExport } from "../../src/cli/audit/lines.ts";
import type { AuditRecord } from "../../src/core/audit.ts";

/** An export and its key as a version wrote them whose records had no cause yet. */
export const OLD_EXPORT = fileURLToPath(new URL("../fixtures/audit/before-causes.jsonl", import.meta.url));
export const OLD_KEY = fileURLToPath(new URL("../fixtures/audit/before-causes.pem", import.meta.url));

/** Its records as they stood in the chain. */
export function oldChain(): { readonly records: readonly AuditRecord[]; readonly publicKey: string } {
  return {
    records: [...readExport(readFileSync(OLD_EXPORT, "utf8"))],
    publicKey: readFileSync(OLD_KEY, "utf8"),
  };
}
