import type { z } from "zod";
import type { Action, Arguments, Look, Probed, Ran, RunContext, Simulated } from "../../ports/changes.ts";
import { reasonOf } from "../../util/errors.ts";
import { choose } from "../shared/choose.ts";
import { outputOf, type Redact } from "../shared/output.ts";
import { checkWith, readWith } from "../shared/patterns.ts";
import { type Database, LostError, type Session, serviceOf, withSession } from "./client.ts";

export type PostgresWorld = { readonly databases: readonly Database[]; readonly redact: Redact };

/** What one action does in a session. */
export type Work<A> = {
  readonly name: string;
  readonly changes: boolean;
  readonly schema: z.ZodType<A & { readonly database?: string | undefined }>;
  readonly forbids: (args: A, db: Database) => string | undefined;
  readonly look: (args: A, db: Database, session: Session) => Promise<Look>;
  readonly simulate: (args: A, db: Database, look: Look) => Simulated;
  readonly run: (args: A, db: Database, session: Session, context: RunContext) => Promise<Ran>;
  readonly probe: (
    args: A,
    db: Database,
    session: Session,
    context: Pick<RunContext, "key" | "precondition">,
  ) => Promise<Probed>;
  readonly moved?: Action["moved"];
};

const LOOK_MS = 10_000;

/** The database itself, whatever its address is called. A system identifier is made when a cluster is. */
export async function identityOf(db: Database, session: Session): Promise<Readonly<Record<string, string>>> {
  const [row = {}] = await session.rows(
    "select (select oid::text from pg_database where datname = current_database()) as oid, current_database() as name",
  );
  // Some providers take this right away.
  const [control = {}] = await session
    .rows("select system_identifier::text as id from pg_control_system()")
    .catch((problem: unknown) => {
      if (problem instanceof LostError) throw problem;
      return [{}];
    });
  return { host: db.host, database: String(row["name"]), oid: String(row["oid"]), system: String(control["id"] ?? "") };
}

/** Identities may hold more, which each action looks at itself: a table, a slot. */
function isOther(now: Readonly<Record<string, string>>, shown: Readonly<Record<string, string>>): boolean {
  return Object.entries(now).some(([name, value]) => Object.hasOwn(shown, name) && shown[name] !== value);
}

export function actionOf<A>(work: Work<A>, { databases, redact }: PostgresWorld): Action {
  function known(args: Arguments): { readonly read: A; readonly db: Database } {
    const read = readWith(work.schema, args);
    const chosen = choose(databases, read.database, "database");
    if (chosen.kind === "none") throw new Error(chosen.why);
    const forbidden = work.forbids(read, chosen.entry);
    if (forbidden !== undefined) throw new Error(forbidden);
    return { read, db: chosen.entry };
  }
  const clean = (ran: Ran): Ran => ({
    ...ran,
    output: outputOf(ran.output, redact),
    ...(ran.parts === undefined
      ? {}
      : { parts: ran.parts.map((part) => ({ ...part, output: outputOf(part.output, redact, 2000) })) }),
  });

  return {
    name: work.name,
    changes: work.changes,
    ...(work.moved === undefined ? {} : { moved: work.moved }),
    check(args) {
      const wrong = checkWith(work.schema, args);
      if (wrong !== undefined) return wrong;
      try {
        known(args);
        return undefined;
      } catch (problem) {
        return reasonOf(problem);
      }
    },
    async look(args, signal) {
      const { read, db } = known(args);
      return await withSession(db, { key: "look", timeoutMs: LOOK_MS, signal }, (session) =>
        work.look(read, db, session),
      );
    },
    async simulate(args, look) {
      const { read, db } = known(args);
      return work.simulate(read, db, look);
    },
    async run(args, context) {
      let asked = false;
      try {
        const { read, db } = known(args);
        const ran = await withSession(db, context, async (session) => {
          const identity = await identityOf(db, session);
          if (work.changes && isOther(identity, context.identity))
            return {
              outcome: "failed" as const,
              output: `${serviceOf(db)} is another database than the one that was shown. Nothing was done.`,
            };
          asked = true;
          return await work.run(read, db, session, context);
        });
        return clean(ran);
      } catch (problem) {
        // Lost after it was asked to change something: it may have done it. An answer that says no is an answer.
        const isDoubtful = asked && work.changes && problem instanceof LostError;
        const text = isDoubtful
          ? `The connection was lost before the database said how it ended (${reasonOf(problem)}).`
          : `${reasonOf(problem)}. Nothing was done.`;
        return clean({ outcome: isDoubtful ? "unknown" : "failed", output: text });
      }
    },
    async probe(args, context) {
      try {
        const { read, db } = known(args);
        const limits = { key: "probe", timeoutMs: LOOK_MS, signal: context.signal };
        const found = await withSession(db, limits, async (session): Promise<Probed> => {
          const identity = await identityOf(db, session);
          if (isOther(identity, context.identity))
            return { found: "unknown", text: `${serviceOf(db)} is another database than the one that was shown.` };
          return await work.probe(read, db, session, context);
        });
        return { ...found, text: outputOf(found.text, redact) };
      } catch (problem) {
        return { found: "unknown", text: outputOf(reasonOf(problem), redact) };
      }
    },
  };
}

/** For what only reads. */
export const reads = {
  changes: false,
  look: async (_: unknown, db: Database, session: Session): Promise<Look> => ({
    identity: await identityOf(db, session),
    precondition: {},
    captured: {},
    facts: [],
    blast: { kind: "known", text: "Nothing: it only reads." },
  }),
  simulate: (): Simulated => ({ kind: "simulated", text: "It only reads: running it changes nothing." }),
  probe: async (): Promise<Probed> => ({
    found: "not_run",
    isSure: true,
    text: "It only reads: running it again harms nothing.",
  }),
} as const;
