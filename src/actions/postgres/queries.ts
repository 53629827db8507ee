import { z } from "zod";
import { formatDuration } from "../../core/units.ts";
import type { Action, Ran, RunContext } from "../../ports/changes.ts";
import type { Json } from "../../util/canonical.ts";
import { inertName } from "../../util/inert.ts";
import { pause } from "../shared/deadline.ts";
import { argumentsOf, entryName, integer } from "../shared/patterns.ts";
import { actionOf, identityOf, type PostgresWorld } from "./action.ts";
import { type Database, LostError, OURS, type Session } from "./client.ts";

const schema = argumentsOf({
  database: entryName.optional(),
  older_than_seconds: integer(1, 30 * 86_400),
  max: integer(1, 100),
  terminate: z.boolean("must be true or false").default(false),
});
type Args = z.output<typeof schema>;

/** One query of one session: a session's number comes again, and a session goes on to other queries. */
const Pin = z.object({ pid: z.int(), backend_start: z.string(), query_start: z.string() });
type Pin = z.output<typeof Pin>;

const instant = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')`;
const SESSIONS = `pg_stat_activity a where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_type = 'client backend' and a.application_name not like '${OURS}%'`;
const BUSY = "a.state in ('active', 'fastpath function call')";
/** Ending a session also helps against one that holds locks and does nothing. */
const BUSY_OR_OPEN = `(${BUSY} or a.state like 'idle in transaction%')`;
const SAME = `a.pid = $1::int4 and ${instant("a.backend_start")} = $2 and ${instant("a.query_start")} = $3`;
const SETTLE_MS = 10_000;
const POLL_MS = 100;

/** `postgres/cancel_queries`: cancels queries that run too long, or ends their sessions; exactly those that were shown. */
export function cancelQueries(world: PostgresWorld): Action {
  return actionOf<Args>(
    {
      name: "postgres/cancel_queries",
      changes: true,
      schema,
      forbids: () => undefined,
      async look(args, db, session) {
        const { older_than_seconds, max, terminate } = args;
        const found = await session.rows(
          `select a.pid, ${instant("a.backend_start")} as backend_start, ${instant("a.query_start")} as query_start, a.usename, a.application_name, a.state,
             extract(epoch from now() - a.query_start)::float8 as seconds, left(a.query, 300) as query
           from ${SESSIONS} and ${terminate ? BUSY_OR_OPEN : BUSY} and a.query_start < now() - make_interval(secs => $1)
           order by a.query_start, a.pid limit $2`,
          [older_than_seconds, max],
        );
        const [hidden = {}] = await session.rows(`select count(*)::int4 as n from ${SESSIONS} and a.state is null`);
        const unseen = Number(hidden["n"] ?? 0);
        const what = terminate ? "session" : "query";
        return {
          identity: await identityOf(db, session),
          precondition: { queries: found.map((row) => ({ ...Pin.parse(row) })) },
          captured: {},
          facts: [
            ...(found.length === 0
              ? [`No query of ${db.database} has run longer than ${formatDuration(older_than_seconds)}.`]
              : []),
            ...found.map(
              (row) =>
                `${row["pid"]}: ${row["usename"]}${row["application_name"] === "" ? "" : ` (${inertName(String(row["application_name"]), { max: 60 })})`}, ${row["state"]}, ${formatDuration(Number(row["seconds"]))}: ${inertName(String(row["query"]), { max: 160 })}`,
            ),
            ...(unseen === 0
              ? []
              : [`${unseen} more sessions cannot be judged: ${db.user} is no member of pg_read_all_stats.`]),
          ],
          blast: {
            kind: "known",
            text: `${found.length} ${found.length === 1 ? what : what === "query" ? "queries" : "sessions"} of ${db.database}; their transactions are rolled back.`,
          },
        };
      },
      moved(shown, now) {
        if (JSON.stringify(shown.identity) !== JSON.stringify(now.identity))
          return "it is another database than the one that was shown";
        const still = new Set(pinsOf(now.precondition).map(nameOf));
        return pinsOf(shown.precondition).some((pin) => still.has(nameOf(pin)))
          ? undefined
          : "the queries that were shown have all ended";
      },
      simulate: ({ terminate }, _, look) => ({
        kind: "simulated",
        text: [`Would ${terminate ? "end the sessions of" : "cancel"} these, and no others:`, ...look.facts].join("\n"),
      }),
      run: (args, db, session, context) => run(args, db, session, context),
      async probe({ terminate }, _, session, { precondition }) {
        const pins = pinsOf(precondition);
        const still = await stillThere(pins, session, terminate);
        if (still.length === 0)
          return {
            found: "ran",
            text: "None of the queries runs any more: they were cancelled, or ended by themselves.",
          };
        if (still.length === pins.length) return { found: "not_run", text: "All of the queries still run." };
        return { found: "unknown", text: `${still.length} of the ${pins.length} queries still run.` };
      },
    },
    world,
  );
}

async function run({ terminate }: Args, db: Database, session: Session, context: RunContext): Promise<Ran> {
  const pins = pinsOf(context.precondition);
  if (pins.length === 0) return { outcome: "failed", output: "No query was shown, so none was cancelled." };
  const does = terminate ? "pg_terminate_backend" : "pg_cancel_backend";
  const parts = new Map<number, { outcome: Ran["outcome"]; output: string }>();
  const sent: Pin[] = [];
  for (const pin of pins) {
    try {
      // The look and the signal are one statement: what it signals is what it saw.
      const [row] = await session.rows(`select ${does}(a.pid) as sent from ${SESSIONS} and ${SAME}`, valuesOf(pin));
      if (row === undefined) parts.set(pin.pid, { outcome: "succeeded", output: "had ended before" });
      else if (row["sent"] === true) sent.push(pin);
      else parts.set(pin.pid, { outcome: "failed", output: "could not be signalled" });
    } catch (problem) {
      if (problem instanceof LostError) throw problem;
      parts.set(pin.pid, { outcome: "failed", output: whyNot(problem, db) });
    }
  }
  const left = await untilGone(sent, session, terminate, context);
  for (const pin of sent)
    parts.set(
      pin.pid,
      left.some((one) => one.pid === pin.pid)
        ? { outcome: "failed", output: "was told to end, and still runs" }
        : { outcome: "succeeded", output: terminate ? "its session was ended" : "was cancelled" },
    );
  const all = pins.map(({ pid }) => ({
    name: String(pid),
    ...(parts.get(pid) ?? { outcome: "unknown" as const, output: "" }),
  }));
  const good = all.filter(({ outcome }) => outcome === "succeeded").length;
  return {
    outcome: good === all.length ? "succeeded" : good === 0 ? "failed" : "partial",
    output: [
      ...all.map(({ name, output }) => `${name}: ${output}`),
      `${good} of ${all.length} do not run any more.`,
    ].join("\n"),
    parts: all,
  };
}

/** Those that still run after a while. A query ends when it next looks for interrupts. */
async function untilGone(
  pins: readonly Pin[],
  session: Session,
  terminate: boolean,
  { signal, timeoutMs }: RunContext,
): Promise<readonly Pin[]> {
  const until = performance.now() + Math.min(SETTLE_MS, timeoutMs / 2);
  let left = pins;
  while (left.length > 0) {
    left = await stillThere(left, session, terminate);
    if (left.length === 0 || performance.now() > until || !(await pause(POLL_MS, signal))) break;
  }
  return left;
}

/** Those of which the query still runs, or, where the session was to end, the session. A cancelled query leaves an open transaction. */
async function stillThere(pins: readonly Pin[], session: Session, terminate: boolean): Promise<readonly Pin[]> {
  const left: Pin[] = [];
  for (const pin of pins) {
    const rows = await session.rows(
      `select 1 from ${SESSIONS} and ${SAME} and ${terminate ? BUSY_OR_OPEN : BUSY}`,
      valuesOf(pin),
    );
    if (rows.length > 0) left.push(pin);
  }
  return left;
}

function whyNot(problem: unknown, db: Database): string {
  return `${problem instanceof Error ? problem.message : String(problem)} (a member of pg_signal_backend may; sessions of superusers only superusers; the role is ${db.user})`;
}

const valuesOf = ({ pid, backend_start, query_start }: Pin) => [pid, backend_start, query_start];
const nameOf = ({ pid, backend_start, query_start }: Pin) => `${pid} ${backend_start} ${query_start}`;

function pinsOf(precondition: Readonly<Record<string, Json>>): readonly Pin[] {
  return z.array(Pin).parse(precondition["queries"] ?? []);
}
