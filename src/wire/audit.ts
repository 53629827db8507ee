import * as z from "zod";
import type { AuditRecord } from "../core/audit.ts";
import type { Identity } from "../core/people.ts";
import { rfc3339 } from "../core/zone.ts";
import { once } from "../util/once.ts";
import { text, time } from "./parts.ts";

/** Audit records as other programs read them: a contract. */

export const auditSchema = once(() =>
  z
    .object({
      seq: z.int().min(1),
      at: time("By the store's clock."),
      actor: text("Random id of the person, or a name of the bot's own such as bot:sweep."),
      platform: z.string(),
      account: z.string().nullable().describe("Of the person; null once they were forgotten."),
      name: z.string().nullable().describe("Of the person; null once they were forgotten."),
      action: z.string(),
      id: text("What it is about."),
      hash: text("Hash of the spec; empty where there is none."),
      from: z.string(),
      to: z.string(),
      reason: z.string(),
      prev: text("`record_hash` of the record before."),
      record_hash: z.string(),
      signature: text("Ed25519 over `record_hash`, base64.").optional(),
      cause: text(
        "Id of the question, click, call or command that it came of, as the log's lines carry it.",
      ).optional(),
    })
    .meta({ id: "AuditRecord" }),
);

/** One record. The account and name are those of the person, null once they were forgotten. */
export type AuditLine = Omit<AuditRecord, "at"> & {
  readonly at: string;
  readonly account: string | null;
  readonly name: string | null;
};

/** Names of a line's values, in their order. */
export const AUDIT_COLUMNS = [
  ...["seq", "at", "actor", "platform", "account", "name", "action", "id", "hash", "from", "to", "reason"],
  ...["prev", "record_hash", "signature", "cause"],
] as const satisfies readonly string[];

export function auditLine(record: AuditRecord, accounts: readonly Identity[]): AuditLine {
  const identity = accounts.find(({ platform }) => platform === record.platform) ?? accounts[0];
  const { seq, at, actor, platform, action, id, hash, from, to, reason, prev, record_hash, signature, cause } = record;
  return {
    ...{ seq, at: rfc3339(at), actor, platform },
    ...{ account: identity?.account ?? null, name: identity?.name ?? null },
    ...{ action, id, hash, from, to, reason, prev, record_hash },
    ...(signature !== undefined && { signature }),
    ...(cause !== undefined && { cause }),
  };
}
