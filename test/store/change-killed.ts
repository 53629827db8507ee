import { DatabaseSync, StatementSync } from "node:sqlite";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { anEntry, aProposal, approvedBy, NOW } from "../fakes/proposals.ts";

/**
 * Makes a proposal and approves it, and ends like a killed process right before the n-th call of SQLite after
 * the store was opened. Says each change on stdout once it is confirmed, and "whole" when n was beyond the last call.
 */
const [dataDir = "", id = "", at = ""] = process.argv.slice(2);
const store = openSqliteStore({
  dataDir,
  retention: { conversations: 1, evidence: 1, seenEvents: 1, proposals: 1 },
  now: () => NOW,
});

let left = Number(at);
function killedAt(owner: object, name: string): void {
  const real = Reflect.get(owner, name) as (...args: unknown[]) => unknown;
  Object.defineProperty(owner, name, {
    value(...args: unknown[]) {
      left--;
      if (left === 0) process.kill(process.pid, "SIGKILL");
      return real.apply(this, args);
    },
  });
}
killedAt(DatabaseSync.prototype, "exec");
killedAt(StatementSync.prototype, "run");
killedAt(StatementSync.prototype, "all");

const target = { kind: "deployment", name: id, key: id };
const pending = aProposal({ id, target });
const approved = approvedBy(pending);
const changes = [
  () => store.proposals.insert(pending, [anEntry({ id })]),
  () => store.proposals.replace(approved, [anEntry({ id, action: "approve" }), anEntry({ id, action: "note" })]),
];
for (const change of changes) {
  await change();
  process.stdout.write("confirmed\n");
}
process.stdout.write("whole\n");
