import type { Rights } from "../shared/rights.ts";
import { type Database, withSession } from "./client.ts";

const ATTRIBUTES: Readonly<Record<string, string>> = {
  super: "is a superuser",
  createrole: "may make roles",
  bypassrls: "bypasses row security",
  program: "may run programs on the server (pg_execute_server_program)",
  files: "may write files of the server (pg_write_server_files)",
};

/** What the role may do beyond cancelling, vacuuming and looking. Throws `UnreachableError` and `RefusedError`. */
export async function postgresRights(db: Database, signal: AbortSignal): Promise<Rights> {
  const [row = {}] = await withSession(db, { key: "doctor", timeoutMs: 10_000, signal }, (session) =>
    session.rows(
      `select rolname as name, rolsuper as super, rolcreaterole as createrole, rolbypassrls as bypassrls,
         pg_has_role(oid, 'pg_execute_server_program', 'member') as program, pg_has_role(oid, 'pg_write_server_files', 'member') as files
       from pg_roles where rolname = current_user`,
    ),
  );
  // A superuser has every other right as well, which need not be said.
  const held = Object.entries(ATTRIBUTES).filter(([name]) => row[name] === true);
  return {
    who: `the role ${String(row["name"] ?? db.user)}`,
    excess: (row["super"] === true ? held.slice(0, 1) : held).map(([, says]) => says),
  };
}
