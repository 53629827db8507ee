import type { AuditRecord } from "../../core/audit.ts";
import type { AuditLine } from "../../wire/audit.ts";
import { UsageError } from "../command.ts";

/** The records of an export in JSON, as they stood in the chain. Throws `UsageError` for a line that is no JSON object. */
export function* readExport(text: string): Generator<AuditRecord> {
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    let read: unknown;
    try {
      read = JSON.parse(line);
    } catch {
      read = undefined;
    }
    if (typeof read !== "object" || read === null)
      throw new UsageError(`line ${index + 1} of the export is no JSON object.`);
    const { account: _, name: __, at, ...record } = read as AuditLine;
    // What is odd about it is for the verdict to say.
    yield { ...record, at: Date.parse(at) / 1000 };
  }
}
