import type { AuditRecord } from "../../core/audit.ts";
import type { Identity } from "../../core/people.ts";
import { rfc3339 } from "../../core/zone.ts";
import { UsageError } from "../command.ts";

/** One line of an export: a contract. The account and name are those of the person, null once they were forgotten. */
export type Line = Omit<AuditRecord, "at"> & {
  readonly at: string;
  readonly account: string | null;
  readonly name: string | null;
};

/** Names of a line's values, in their order. */
export const COLUMNS = [
  ...["seq", "at", "actor", "platform", "account", "name", "action", "id", "hash", "from", "to", "reason"],
  ...["prev", "record_hash", "signature"],
] as const satisfies readonly string[];

export function lineOf(record: AuditRecord, accounts: readonly Identity[]): Line {
  const identity = accounts.find(({ platform }) => platform === record.platform) ?? accounts[0];
  const { seq, at, actor, platform, action, id, hash, from, to, reason, prev, record_hash, signature } = record;
  return {
    ...{ seq, at: rfc3339(at), actor, platform },
    ...{ account: identity?.account ?? null, name: identity?.name ?? null },
    ...{ action, id, hash, from, to, reason, prev, record_hash },
    ...(signature !== undefined && { signature }),
  };
}

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
    const { account: _, name: __, at, ...record } = read as Line;
    // What is odd about it is for the verdict to say.
    yield { ...record, at: Date.parse(at) / 1000 };
  }
}
