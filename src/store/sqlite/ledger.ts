import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { FIRST_PREV } from "../../core/audit.ts";
import { type AnchorLine, appendAnchor, newestAnchor } from "../anchors.ts";
import { EPOCH, markRestored, whyRestored } from "../restored.ts";
import type { RowSchema } from "../rows.ts";
import { caused, insistOnEntries, type Ledger, type SealSettings, sealAll } from "../seal.ts";
import { AuditRow } from "./audit.ts";
import type { Statements } from "./statements.ts";

export type LedgerSettings = SealSettings & {
  readonly dataDir: string;
  readonly readOnly?: boolean;
  readonly warn?: (problem: unknown, message: string) => void;
};

const MetaRow: RowSchema<{ value: string }> = () => z.object({ value: z.string() });
const ActorRow: RowSchema<{ id: string }> = () => z.object({ id: z.string() });

/**
 * The chain of records in SQLite. Opened for writing, it looks first whether the file is an older copy of what the
 * anchors beside it know, and gives it a new epoch then. Throws `StoreError`.
 */
export function openLedger(db: DatabaseSync, sql: Statements, settings: LedgerSettings): Ledger {
  const { dataDir, now } = settings;
  let sealed: Omit<AnchorLine, "epoch" | "at"> | undefined;

  const meta: Ledger["meta"] = {
    get: (key) => sql.all(MetaRow, "SELECT value FROM meta WHERE key = ?", [key])[0]?.value,
    set(key, value) {
      if (value === undefined) sql.run("DELETE FROM meta WHERE key = ?", [key]);
      else
        sql.run("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", [
          key,
          value,
        ]);
    },
  };

  const head = () => sql.all(AuditRow, "SELECT * FROM audit ORDER BY seq DESC LIMIT 1", [])[0];

  const ledger: Ledger = {
    meta,
    now,
    together(work) {
      sealed = undefined;
      const result = sql.together(work);
      if (sealed !== undefined) anchor(sealed);
      return result;
    },
    seal(entries) {
      insistOnEntries(entries);
      const records = sealAll(caused(entries), head(), settings);
      for (const one of records)
        sql.run(
          `INSERT INTO audit (seq, at, actor, platform, action, id, hash, "from", "to", reason, prev, record_hash, signature, cause)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          [
            ...[one.seq, one.at, one.actor, one.platform, one.action, one.id, one.hash, one.from, one.to, one.reason],
            ...[one.prev, one.record_hash, one.signature ?? null, one.cause ?? null],
          ],
        );
      const last = records.at(-1)!;
      sealed = { seq: last.seq, record_hash: last.record_hash };
      return last.seq;
    },
    actorOf({ person, name, platform, account, isLinked }) {
      const known = sql.all(ActorRow, "SELECT id FROM actors WHERE person = ? LIMIT 1", [person])[0]?.id;
      const id = known ?? `a-${randomUUID()}`;
      const values = [id, person, platform, account, name, isLinked ? 1 : 0];
      const same = "id = ? AND person = ? AND platform = ? AND account = ? AND name = ? AND is_linked = ?";
      const newest = "seq = (SELECT max(seq) FROM actors WHERE person = ?)";
      if (sql.all(ActorRow, `SELECT id FROM actors WHERE ${same} AND ${newest}`, [...values, person]).length === 0) {
        sql.run("DELETE FROM actors WHERE person = ? AND platform = ? AND account = ?", [person, platform, account]);
        sql.run(
          "INSERT INTO actors (id, person, platform, account, name, is_linked) VALUES (?, ?, ?, ?, ?, ?)",
          values,
        );
      }
      return id;
    },
  };

  /** What was committed stays so, whatever becomes of its anchor: the next one covers it too. */
  function anchor(at: Omit<AnchorLine, "epoch" | "at">, isFirst = false): void {
    try {
      appendAnchor(dataDir, { ...at, epoch: meta.get(EPOCH) ?? "", at: now() }, { isFirst });
    } catch (problem) {
      if (isFirst) throw problem;
      settings.warn?.(
        problem,
        "audit.anchors cannot be written, so a store put back from an older copy may go unnoticed",
      );
    }
  }

  function lookForRestore(): void {
    // The anchor first: what is committed in between only takes the store further.
    const newest = newestAnchor(dataDir);
    const found = (anchored: AnchorLine | undefined) =>
      whyRestored(anchored, {
        epoch: meta.get(EPOCH) ?? "",
        head: head(),
        at: (seq) => sql.all(AuditRow, "SELECT * FROM audit WHERE seq = ?", [seq])[0]?.record_hash,
      });
    if (found(newest) !== undefined)
      ledger.together(() => {
        // Again where nobody can write: another process may have made the first anchor and record just now.
        const reason = found(newestAnchor(dataDir));
        if (reason !== undefined) markRestored(ledger, reason, randomUUID());
      });
    else if (newest === undefined) anchor({ seq: 0, record_hash: FIRST_PREV }, true);
  }

  if (settings.readOnly !== true && db.isOpen) lookForRestore();
  return ledger;
}
