import type { SQLInputValue } from "node:sqlite";
import { lineOf } from "../../core/ci/run.ts";
import type { Runs } from "../../ports/runs.ts";
import { RunRow } from "../rows-runs.ts";
import { atMost, type Statements } from "./statements.ts";

/** `Runs` on SQLite. `later` shares its wait for the disk with other writes. */
export function sqliteRuns(
  sql: Statements,
  later: { readonly inserted: (text: string, values: readonly SQLInputValue[]) => Promise<boolean> },
): Runs {
  return {
    async keep(run) {
      return later.inserted(
        "INSERT INTO runs (id, line, at, deploys, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [run.id, lineOf(run), run.endedAt, run.deploys === undefined ? 0 : 1, JSON.stringify(run)],
      );
    },
    async of(line, before, limit) {
      return sql.all(RunRow, "SELECT body FROM runs WHERE line = ? AND at < ? ORDER BY at DESC, seq DESC LIMIT ?", [
        line,
        before,
        atMost(limit),
      ]);
    },
    async since(at, limit, only) {
      const which = only === undefined ? "" : "AND deploys = 1";
      return sql.all(RunRow, `SELECT body FROM runs WHERE at >= ? ${which} ORDER BY at DESC, seq DESC LIMIT ?`, [
        at,
        atMost(limit),
      ]);
    },
  };
}
