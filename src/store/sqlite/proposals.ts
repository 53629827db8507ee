import type { SQLInputValue } from "node:sqlite";
import { HOLDING, OPEN, type Proposal } from "../../core/proposal.ts";
import type { Proposals } from "../../ports/store.ts";
import { EPOCH, restoredPart } from "../restored.ts";
import { UNDECIDED } from "../retention.ts";
import { ProposalRow } from "../rows.ts";
import { sameKey } from "../same.ts";
import { insistOnEntries, type Ledger } from "../seal.ts";
import { atMost, type Statements } from "./statements.ts";

const OPEN_SQL = listed(OPEN);
const HOLDING_SQL = listed(HOLDING);
/** As `UNDECIDED`, for a statement. */
export const UNDECIDED_SQL = listed(UNDECIDED);

/** `Proposals` on SQLite. Each write is one transaction together with its records. */
export function sqliteProposals(sql: Statements, ledger: Ledger): Proposals {
  const { restored, acceptRestored } = restoredPart(ledger);
  const one = (where: string, values: readonly SQLInputValue[]): Proposal | undefined =>
    sql.all(ProposalRow, `SELECT body FROM proposals WHERE ${where} LIMIT 1`, values)[0];

  return {
    async insert(proposal, entries) {
      insistOnEntries(entries);
      const same = sameKey(proposal);
      return ledger.together(() => {
        const taken = one("id = ?", [proposal.id]);
        if (taken !== undefined) return { kind: "exists" as const, proposal: taken };
        const open = OPEN.has(proposal.status) ? one(`same = ? AND status IN (${OPEN_SQL})`, [same]) : undefined;
        if (open !== undefined) return { kind: "same" as const, proposal: open };
        const { id, revision, hash, status, spec } = proposal;
        const changed = ledger.seal(entries);
        sql.run(
          `INSERT INTO proposals (id, at, revision, hash, status, same, target, runbook, changed, shown, body)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`,
          [
            ...[id, spec.createdAt, revision, hash, status, same, spec.target.key, spec.runbook?.id ?? null],
            ...[changed, JSON.stringify(proposal)],
          ],
        );
        return { kind: "inserted" as const };
      });
    },

    async get(id) {
      return one("id = ?", [id]);
    },

    async find({ status, target, runbook, since, until, limit, skip = 0, oldestFirst }) {
      const wanted: readonly (readonly [string, SQLInputValue | undefined])[] = [
        ["status IN (SELECT value FROM json_each(?))", status && JSON.stringify(status)],
        ["target = ?", target],
        ["runbook = ?", runbook],
        ["at >= ?", since],
        ["at <= ?", until],
      ];
      const asked = wanted.filter((pair): pair is [string, SQLInputValue] => pair[1] !== undefined);
      const where = asked.length === 0 ? "" : `WHERE ${asked.map(([text]) => text).join(" AND ")}`;
      const order = oldestFirst === true ? "at, seq" : "at DESC, seq DESC";
      return sql.all(ProposalRow, `SELECT body FROM proposals ${where} ORDER BY ${order} LIMIT ? OFFSET ?`, [
        ...asked.map(([, value]) => value),
        atMost(limit),
        skip,
      ]);
    },

    async replace(next, entries) {
      insistOnEntries(entries);
      const { id, revision, hash, status, spec } = next;
      return ledger.together(() => {
        if (one("id = ? AND revision = ? AND hash = ?", [id, revision - 1, hash]) === undefined)
          return "stale" as const;
        if (HOLDING.has(status) && one(`target = ? AND id <> ? AND status IN (${HOLDING_SQL})`, [spec.target.key, id]))
          return "held" as const;
        const changed = ledger.seal(entries);
        sql.run("UPDATE proposals SET revision = ?, status = ?, changed = ?, body = ? WHERE id = ?", [
          ...[revision, status, changed, JSON.stringify(next), id],
        ]);
        return "done" as const;
      });
    },

    async unshown(limit) {
      return sql.all(ProposalRow, "SELECT body FROM proposals WHERE shown < revision ORDER BY changed, seq LIMIT ?", [
        atMost(limit),
      ]);
    },

    async shown(id, revision) {
      sql.run("UPDATE proposals SET shown = ?1 WHERE id = ?2 AND (?1 = 0 OR shown < ?1)", [revision, id]);
    },

    async epoch() {
      return ledger.meta.get(EPOCH) ?? "";
    },
    async restored() {
      return restored();
    },
    async acceptRestored(by, claimed) {
      return acceptRestored(by, claimed);
    },
  };
}

function listed(states: Iterable<string>): string {
  return [...states].map((state) => `'${state}'`).join(", ");
}
