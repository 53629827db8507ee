import type { Digests } from "../../ports/digests.ts";
import { DigestRow, PlanRow } from "../rows-digests.ts";
import type { Ledger } from "../seal.ts";
import { atMost, type Statements } from "./statements.ts";

/** `Digests` on SQLite. What is kept is on the disk at once: a time that was told is never told again. */
export function sqliteDigests(sql: Statements, ledger: Ledger): Digests {
  return {
    async keep(digest) {
      const { id, name, slot, revision } = digest;
      return sql.inserted(
        "INSERT INTO digests (id, name, at, revision, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [id, name, slot, revision, JSON.stringify(digest)],
      );
    },
    async revise(digest) {
      const { id, revision } = digest;
      const values = [revision, JSON.stringify(digest), id, revision - 1];
      return sql.run("UPDATE digests SET revision = ?, body = ? WHERE id = ? AND revision = ?", values) > 0;
    },
    async newest(name) {
      return sql.all(DigestRow, "SELECT body FROM digests WHERE name = ? ORDER BY at DESC LIMIT 1", [name])[0];
    },
    async find({ since, until, limit }) {
      return sql.all(
        DigestRow,
        "SELECT body FROM digests WHERE at BETWEEN ? AND ? ORDER BY at DESC, seq DESC LIMIT ?",
        [since ?? -1, until ?? Number.MAX_VALUE, atMost(limit)],
      );
    },
    async plans() {
      return sql.all(PlanRow, "SELECT body FROM digest_plans ORDER BY name", []);
    },
    async plan(record, entries) {
      return ledger.together(() => {
        const { name, revision } = record;
        const wrote = sql.run(
          `INSERT INTO digest_plans (name, revision, body) SELECT ?1, ?2, ?3
           WHERE ?2 = coalesce((SELECT revision FROM digest_plans WHERE name = ?1), 0) + 1
           ON CONFLICT (name) DO UPDATE SET revision = excluded.revision, body = excluded.body`,
          [name, revision, JSON.stringify(record)],
        );
        if (wrote === 0) return false;
        if (entries.length > 0) ledger.seal(entries);
        return true;
      });
    },
  };
}
