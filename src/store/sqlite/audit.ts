import { z } from "zod";
import type { AuditRecord } from "../../core/audit.ts";
import type { Identity } from "../../core/people.ts";
import type { Audit } from "../../ports/store.ts";
import type { RowSchema } from "../rows.ts";
import type { Ledger } from "../seal.ts";
import { atMost, type Statements } from "./statements.ts";

let recordRow: z.ZodType<AuditRecord> | undefined;
/** Read as it stands: what is odd about a record is for `verifyChain` to say. */
export const AuditRow: RowSchema<AuditRecord> = () => {
  const text = z.string();
  recordRow ??= z
    .object({
      ...{ seq: z.number(), at: z.number(), actor: text, platform: text, action: text, id: text, hash: text },
      ...{ from: text, to: text, reason: text, prev: text, record_hash: text, signature: text.nullable() },
      cause: text.nullable(),
    })
    .transform(({ signature, cause, ...record }) => ({
      ...record,
      ...(cause !== null && { cause }),
      ...(signature !== null && { signature }),
    }));
  return recordRow;
};

type Actor = { readonly id: string; readonly identity: Identity };
let actorRow: z.ZodType<Actor> | undefined;
const ActorRow: RowSchema<Actor> = () => {
  actorRow ??= z
    .object({
      ...{ id: z.string(), person: z.string(), platform: z.string(), account: z.string() },
      ...{ name: z.string(), is_linked: z.number() },
    })
    .transform(({ id, is_linked, ...identity }) => ({ id, identity: { ...identity, isLinked: is_linked === 1 } }));
  return actorRow;
};

/** `Audit` on SQLite. */
export function sqliteAudit(sql: Statements, ledger: Ledger): Audit {
  function accounts(ids: readonly string[]): Map<string, Identity[]> {
    const found = new Map<string, Identity[]>();
    const rows = sql.all(
      ActorRow,
      `SELECT id, person, platform, account, name, is_linked FROM actors
       WHERE id IN (SELECT value FROM json_each(?)) ORDER BY seq DESC`,
      [JSON.stringify(ids)],
    );
    for (const { id, identity } of rows) found.set(id, [...(found.get(id) ?? []), identity]);
    return found;
  }

  return {
    async append(entries) {
      if (entries.length > 0) ledger.together(() => ledger.seal(entries));
    },
    async range(after, limit) {
      return sql.all(AuditRow, "SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", [after, atMost(limit)]);
    },
    async head() {
      return sql.all(AuditRow, "SELECT * FROM audit ORDER BY seq DESC LIMIT 1", [])[0];
    },
    async actorOf(identity) {
      return ledger.together(() => ledger.actorOf(identity));
    },
    async actors(ids) {
      return new Map([...accounts(ids)].map(([id, identities]) => [id, identities[0]!]));
    },
    async accounts(ids) {
      return accounts(ids);
    },
    async forget(person) {
      return sql.run("DELETE FROM actors WHERE person = ?", [person]) > 0;
    },
  };
}
