import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../../src/actions/postgres/client.ts";
import { createPostgresActions } from "../../../src/actions/postgres/index.ts";
import type { Action } from "../../../src/ports/changes.ts";
import { secret } from "../../../src/util/secret.ts";
import { type Cluster, startPostgres } from "../../fakes/programs/postgres.ts";
import { startProxy } from "../../fakes/programs/proxy.ts";
import { contextOf, deps, lookAndRun, named, never, until } from "../steps.ts";

let cluster: Cluster;
let missing: string | undefined;
const open: Client[] = [];

beforeAll(async () => {
  const started = await startPostgres();
  if ("skipped" in started) missing = started.skipped;
  else cluster = started;
});
afterAll(async () => await cluster?.stop());
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});
afterEach(async () => {
  await cluster?.sql(
    "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()",
  );
  await Promise.all(open.splice(0).map((client) => client.end().catch(() => undefined)));
});

const action = (name: string, over: Partial<Database> = {}): Action =>
  named(createPostgresActions([{ ...cluster.settings, ...over }], deps), name);

/** A session that sleeps for minutes; its number, and how the query ends. */
async function sleeper(user = "root", text = "select pg_sleep(600)"): Promise<{ pid: number; ended: Promise<string> }> {
  const client = await cluster.connect(user, "orders");
  open.push(client);
  const [row] = (await client.query("select pg_backend_pid() as pid")).rows;
  const ended = client.query(text).then(
    () => "done",
    (problem: Error) => problem.message,
  );
  await until(
    async () =>
      (await cluster.sql(`select 1 from pg_stat_activity where pid = ${row.pid} and state = 'active'`)).length > 0,
    "it runs",
  );
  return { pid: row.pid, ended };
}

/** So old that the look sees it: a second is the least that can be asked for. */
const old = async (pid: number) =>
  await until(
    async () =>
      (
        await cluster.sql(
          `select 1 from pg_stat_activity where pid = ${pid} and query_start < now() - interval '1.1 seconds'`,
        )
      ).length > 0,
    "it is old enough",
  );

const CANCEL = { database: "orders-db", older_than_seconds: 1, max: 10 };

describe("cancelling queries that run too long", () => {
  it("cancels exactly those that were shown", async () => {
    const long = await sleeper("nobody");
    await old(long.pid);
    const cancel = action("postgres/cancel_queries");
    const look = await cancel.look(CANCEL, never());
    expect(look.facts.join("\n")).toContain("select pg_sleep(600)");
    const later = await sleeper("nobody");
    await old(later.pid);
    const ran = await cancel.run(CANCEL, contextOf(look));
    expect(ran).toMatchObject({
      outcome: "succeeded",
      parts: [{ name: String(long.pid), outcome: "succeeded", output: "was cancelled" }],
    });
    expect(await long.ended).toContain("canceling statement due to user request");
    expect(await cluster.sql(`select state from pg_stat_activity where pid = ${later.pid}`)).toEqual([
      { state: "active" },
    ]);
  });

  it("leaves a session alone that has gone on to another query", async () => {
    const client = await cluster.connect("nobody", "orders");
    open.push(client);
    const holder = await cluster.connect("root", "orders");
    open.push(holder);
    await holder.query("select pg_advisory_lock(7)");
    const [{ pid }] = (await client.query("select pg_backend_pid() as pid")).rows;
    const first = client.query("select pg_advisory_lock(7)");
    await until(
      async () =>
        (await cluster.sql(`select 1 from pg_stat_activity where pid = ${pid} and wait_event = 'advisory'`)).length > 0,
      "it waits",
    );
    await old(pid);
    const cancel = action("postgres/cancel_queries");
    const look = await cancel.look(CANCEL, never());
    expect(look.precondition["queries"]).toHaveLength(1);
    await holder.query("select pg_advisory_unlock(7)");
    await first;
    const second = client.query("select pg_sleep(0.5), 7 as answer");
    const ran = await cancel.run(CANCEL, contextOf(look));
    expect(ran).toMatchObject({ outcome: "succeeded", parts: [{ output: "had ended before" }] });
    expect((await second).rows).toMatchObject([{ answer: 7 }]);
  });

  it("ends sessions where that is asked for, also one that holds a transaction open and does nothing", async () => {
    const idle = await cluster.connect("nobody", "orders");
    open.push(idle);
    await idle.query("begin");
    const [row] = (await idle.query("select pg_backend_pid() as pid")).rows;
    await old(row.pid);
    expect((await action("postgres/cancel_queries").look(CANCEL, never())).precondition).toEqual({ queries: [] });
    const ran = await lookAndRun(action("postgres/cancel_queries"), { ...CANCEL, terminate: true });
    expect(ran).toMatchObject({
      outcome: "succeeded",
      parts: [{ name: String(row.pid), output: "its session was ended" }],
    });
    await until(
      async () => (await cluster.sql(`select 1 from pg_stat_activity where pid = ${row.pid}`)).length === 0,
      "it is gone",
    );
  });

  it("knows a query as cancelled whose transaction stays open", async () => {
    const client = await cluster.connect("nobody", "orders");
    open.push(client);
    await client.query("begin");
    const [{ pid }] = (await client.query("select pg_backend_pid() as pid")).rows;
    const ended = client.query("select pg_sleep(600)").catch((problem: Error) => problem.message);
    await until(
      async () =>
        (await cluster.sql(`select 1 from pg_stat_activity where pid = ${pid} and state = 'active'`)).length > 0,
      "it runs",
    );
    await old(pid);
    const cancel = action("postgres/cancel_queries");
    const look = await cancel.look(CANCEL, never());
    const ran = await cancel.run(CANCEL, contextOf(look));
    expect(await ended).toContain("canceling statement due to user request");
    expect(await cluster.sql(`select state from pg_stat_activity where pid = ${pid}`)).toEqual([
      { state: "idle in transaction (aborted)" },
    ]);
    expect(ran).toMatchObject({ outcome: "succeeded", parts: [{ name: String(pid), output: "was cancelled" }] });
    expect(await cancel.probe(CANCEL, contextOf(look))).toMatchObject({ found: "ran" });
  });

  it("tells each one apart when some cannot be cancelled", async () => {
    const allowed = await sleeper("nobody");
    const superuser = await sleeper("root");
    await old(superuser.pid);
    const ran = await lookAndRun(action("postgres/cancel_queries"), CANCEL);
    expect(ran.outcome).toBe("partial");
    expect(ran.parts?.find(({ name }) => name === String(allowed.pid))).toMatchObject({ outcome: "succeeded" });
    expect(ran.parts?.find(({ name }) => name === String(superuser.pid))).toMatchObject({ outcome: "failed" });
    expect(ran.parts?.find(({ name }) => name === String(superuser.pid))?.output).toContain("superuser");
    expect(ran.output.split("\n").at(-1)).toBe("1 of 2 do not run any more.");
  });

  it("takes the oldest ones up to the bound, and does nothing when none is there", async () => {
    const first = await sleeper("nobody");
    const second = await sleeper("nobody");
    await old(second.pid);
    const cancel = action("postgres/cancel_queries");
    const look = await cancel.look({ ...CANCEL, max: 1 }, never());
    expect(look.precondition["queries"]).toMatchObject([{ pid: first.pid }]);
    const none = await cancel.look({ ...CANCEL, older_than_seconds: 86_400 }, never());
    expect(none.precondition).toEqual({ queries: [] });
    expect(await cancel.run(CANCEL, contextOf(none))).toMatchObject({ outcome: "failed" });
  });

  it("still is what was shown while one of them runs, and is not once all have ended", async () => {
    const long = await sleeper("nobody");
    await old(long.pid);
    const cancel = action("postgres/cancel_queries");
    const shown = await cancel.look(CANCEL, never());
    const other = await sleeper("nobody");
    await old(other.pid);
    expect(cancel.moved?.(shown, await cancel.look(CANCEL, never()))).toBeUndefined();
    await cluster.sql(`select pg_cancel_backend(${long.pid})`);
    await long.ended;
    expect(cancel.moved?.(shown, await cancel.look(CANCEL, never()))).toBe(
      "the queries that were shown have all ended",
    );
  });

  it("a probe tells whether they still run", async () => {
    const long = await sleeper("nobody");
    await old(long.pid);
    const cancel = action("postgres/cancel_queries");
    const context = contextOf(await cancel.look(CANCEL, never()));
    expect(await cancel.probe(CANCEL, context)).toMatchObject({ found: "not_run" });
    await cancel.run(CANCEL, context);
    expect(await cancel.probe(CANCEL, context)).toMatchObject({ found: "ran" });
  });
});

describe("vacuuming a table", () => {
  const VACUUM = { table: "public.Orders", analyze: true };
  beforeEach(async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    await cluster.sql(
      'drop table if exists "Orders"; create table "Orders" (n int); insert into "Orders" select generate_series(1, 1000); delete from "Orders" where n < 500; alter table "Orders" owner to ops',
    );
  });

  it("vacuums it, with a name that needs quotes, and shows what is dead", async () => {
    const vacuum = action("postgres/vacuum");
    const look = await vacuum.look(VACUUM, never());
    const ran = await vacuum.run(VACUUM, contextOf(look));
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output.split("\n").at(-1)).toBe("public.Orders was vacuumed. It has 0 dead rows now.");
  });

  it("runs once: a second attempt sees that it was vacuumed, and so does a probe", async () => {
    const vacuum = action("postgres/vacuum");
    const context = contextOf(await vacuum.look(VACUUM, never()));
    expect(await vacuum.probe(VACUUM, context)).toMatchObject({ found: "not_run" });
    expect(await vacuum.run(VACUUM, context)).toMatchObject({ outcome: "succeeded" });
    expect(await vacuum.probe(VACUUM, context)).toMatchObject({ found: "ran" });
    expect(await vacuum.run(VACUUM, context)).toMatchObject({
      outcome: "failed",
      output: "public.Orders was vacuumed since this was shown. Nothing was done.",
    });
  });

  it("does not act on another table of the same name", async () => {
    const vacuum = action("postgres/vacuum");
    const look = await vacuum.look(VACUUM, never());
    await cluster.sql('drop table "Orders"; create table "Orders" (n int); alter table "Orders" owner to ops');
    const ran = await vacuum.run(VACUUM, contextOf(look));
    expect(ran).toMatchObject({ outcome: "failed" });
    expect(ran.output).toContain("another table");
  });

  it("does not believe a server that warns and reports no error", async () => {
    const ran = await lookAndRun(action("postgres/vacuum", { user: "nobody" }), VACUUM);
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("The role nobody may not vacuum public.Orders");
  });

  it("is cut off by the server when it takes too long, and nothing is claimed", async () => {
    const holder = await cluster.connect("root", "orders");
    open.push(holder);
    const vacuum = action("postgres/vacuum");
    const look = await vacuum.look(VACUUM, never());
    await holder.query('begin; lock table "Orders" in share update exclusive mode');
    const ran = await vacuum.run(VACUUM, contextOf(look, { timeoutMs: 1000 }));
    await holder.query("rollback");
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("statement timeout");
    expect(await vacuum.probe(VACUUM, contextOf(look))).toMatchObject({ found: "not_run" });
  });

  it("is unknown when a stop cuts it off; the server is told, and the probe finds that it did not run", async () => {
    const holder = await cluster.connect("root", "orders");
    open.push(holder);
    const vacuum = action("postgres/vacuum");
    const look = await vacuum.look(VACUUM, never());
    await holder.query('begin; lock table "Orders" in share update exclusive mode');
    const stop = new AbortController();
    const context = contextOf(look, { signal: stop.signal });
    const running = vacuum.run(VACUUM, context);
    const ours = `select 1 from pg_stat_activity where application_name = 'smartcloudops/${context.key}' and state = 'active' and query like 'vacuum%'`;
    await until(async () => (await cluster.sql(ours)).length > 0, "the vacuum waits");
    stop.abort();
    expect(await running).toMatchObject({ outcome: "unknown" });
    await until(async () => (await cluster.sql(ours)).length === 0, "the server left it off");
    await holder.query("rollback");
    expect(await vacuum.probe(VACUUM, contextOf(look))).toMatchObject({ found: "not_run" });
  });

  it.each([
    ["a table that is not allowed", "secrets.keys", "none of the tables"],
    ["a table without a schema", "Orders", "with its schema"],
    ["an injection", 'public.Orders"; drop table "Orders', "with its schema"],
    ["an option", "--all", "with its schema"],
    ["a line", "public.Orders\n", "with its schema"],
    ["letters that look alike", "public.Оrders", "with its schema"],
  ])("refuses %s", (_, table, says) => {
    expect(action("postgres/vacuum").check({ table, analyze: false })).toContain(says);
  });
});

describe("dropping a replication slot", () => {
  const DROP = { slot: "old_replica" };
  beforeEach(async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    await cluster.sql(
      "alter role ops replication; select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active; select pg_create_physical_replication_slot('old_replica', true)",
    );
  });

  it("drops an unused one and says what it kept", async () => {
    const drop = action("postgres/drop_slot");
    const look = await drop.look(DROP, never());
    expect(look.captured).toMatchObject({ slot: "old_replica", type: "physical" });
    const context = contextOf(look);
    expect(await drop.probe(DROP, context)).toMatchObject({ found: "not_run" });
    expect(await drop.run(DROP, context)).toEqual({
      outcome: "succeeded",
      output: "The slot old_replica was dropped.",
    });
    expect(await drop.probe(DROP, context)).toMatchObject({ found: "ran" });
    expect(await drop.run(DROP, context)).toMatchObject({ outcome: "failed" });
  });

  it("leaves one alone that was made anew since it was shown", async () => {
    const drop = action("postgres/drop_slot");
    const look = await drop.look(DROP, never());
    await cluster.sql(
      "select pg_drop_replication_slot('old_replica'); select pg_create_physical_replication_slot('old_replica')",
    );
    expect(await drop.run(DROP, contextOf(look))).toMatchObject({ outcome: "failed" });
    expect(await cluster.sql("select slot_name from pg_replication_slots")).toEqual([{ slot_name: "old_replica" }]);
  });

  it("refuses one that is in use", async () => {
    const { default: pg } = await import("pg");
    const { host, port } = cluster.settings;
    const replica = new pg.Client({
      host,
      ...(port === undefined ? {} : { port }),
      user: "root",
      database: "orders",
      ...{ replication: "true" },
    });
    replica.on("error", () => undefined);
    open.push(replica);
    await replica.connect();
    const [row] = await cluster.sql(
      "select restart_lsn::text as lsn from pg_replication_slots where slot_name = 'old_replica'",
    );
    void replica.query(`START_REPLICATION SLOT old_replica PHYSICAL ${row?.["lsn"]}`).catch(() => undefined);
    await until(
      async () => (await cluster.sql("select 1 from pg_replication_slots where active")).length > 0,
      "it is in use",
    );
    await expect(action("postgres/drop_slot").look(DROP, never())).rejects.toMatchObject({
      name: "RefusedError",
      status: 409,
    });
    await cluster.sql("select pg_terminate_backend(active_pid) from pg_replication_slots where active");
    await until(
      async () => (await cluster.sql("select 1 from pg_replication_slots where active")).length === 0,
      "it is unused",
    );
  });
});

describe("reading", () => {
  it("tells who does what, and who waits for whom", async () => {
    const long = await sleeper("nobody");
    const ran = await lookAndRun(action("postgres/activity"), {});
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toContain(`${long.pid} nobody active`);
    expect(ran.output).toContain("waits for Timeout/PgSleep: select pg_sleep(600)");
  });

  it("gives the last lines of the log to a role that may read it, without secrets", async () => {
    await cluster
      .sql("grant execute on function pg_read_binary_file(text, bigint, bigint) to ops")
      .catch(() => undefined);
    await cluster.sql("select 'pass-of-the-test', nothing").catch(() => undefined);
    const log = action("postgres/log");
    await until(
      async () => (await lookAndRun(log, { lines: 50 })).output.includes('column "nothing" does not exist'),
      "it is in the log",
    );
    const ran = await lookAndRun(log, { lines: 50 });
    expect(ran.outcome).toBe("succeeded");
    expect(ran.output).toContain("select '<hidden>', nothing");
  });

  it("says which right is missing for the log", async () => {
    const ran = await lookAndRun(action("postgres/log", { user: "nobody" }), { lines: 5 });
    expect(ran.outcome).toBe("failed");
    expect(ran.output).toContain("nobody has to be a member of pg_monitor");
  });
});

describe("a database that cannot be reached, or not be trusted", () => {
  it("says so when nobody listens, when the database is not there, and when its TLS is not to be trusted", async () => {
    const proxy = await startProxy(cluster.settings.port ?? 0);
    await proxy.stop();
    await expect(action("postgres/cancel_queries", { port: proxy.port }).look(CANCEL, never())).rejects.toMatchObject({
      name: "UnreachableError",
    });
    await expect(
      action("postgres/cancel_queries", { database: "nothing" }).look(CANCEL, never()),
    ).rejects.toMatchObject({ status: 404 });
    await expect(action("postgres/cancel_queries", { tls: true }).look(CANCEL, never())).rejects.toMatchObject({
      name: "RefusedError",
      status: 403,
    });
  });

  it("trusts a certificate by the configured authority, for the very address that it was asked at", async ({
    skip,
  }) => {
    const caFile = cluster.certificate ?? skip("There is no openssl.");
    const trusted = action("postgres/cancel_queries", { tls: true, caFile });
    expect((await trusted.look(CANCEL, never())).identity).toMatchObject({ database: "orders" });
    const other = action("postgres/cancel_queries", { tls: true, caFile, host: "127.0.0.2" });
    await expect(other.look(CANCEL, never())).rejects.toMatchObject({ name: "RefusedError", status: 403 });
    const gone = action("postgres/cancel_queries", { tls: true, caFile: "/nonexistent/ca.pem" });
    await expect(gone.look(CANCEL, never())).rejects.toThrow(/certificate file cannot be read/);
  });

  it("refuses a wrong password, and does not tell it", async () => {
    await cluster.sql("select 1");
    const wrong = action("postgres/cancel_queries", { user: "guarded", password: secret("wrong-password-1") });
    const problem = await wrong.look(CANCEL, never()).then(
      () => "no error",
      (thrown: Error) => thrown.message,
    );
    expect(problem).toBe("postgres orders-db: it does not let guarded in");
  });

  it("is not run when the connection breaks before anything was asked", async () => {
    const proxy = await startProxy(cluster.settings.port ?? 0);
    const drop = action("postgres/vacuum", { port: proxy.port });
    await cluster.sql('create table if not exists "Plain" (n int); alter table "Plain" owner to ops');
    const look = await drop.look({ table: "public.Plain", analyze: false }, never());
    proxy.hang();
    const ran = await drop.run(
      { table: "public.Plain", analyze: false },
      contextOf(look, { signal: AbortSignal.timeout(800) }),
    );
    expect(ran).toMatchObject({ outcome: "failed" });
    await proxy.stop();
  });

  it("is unknown when it breaks while a change is under way", async () => {
    await cluster.sql('create table if not exists "Plain" (n int); alter table "Plain" owner to ops');
    const proxy = await startProxy(cluster.settings.port ?? 0);
    const vacuum = action("postgres/vacuum", { port: proxy.port });
    const args = { table: "public.Plain", analyze: false };
    const look = await vacuum.look(args, never());
    const holder = await cluster.connect("root", "orders");
    open.push(holder);
    await holder.query('begin; lock table "Plain" in share update exclusive mode');
    const context = contextOf(look);
    const running = vacuum.run(args, context);
    await until(
      async () =>
        (
          await cluster.sql(
            `select 1 from pg_stat_activity where application_name = 'smartcloudops/${context.key}' and query like 'vacuum%'`,
          )
        ).length > 0,
      "the vacuum waits",
    );
    proxy.cut();
    const ran = await running;
    expect(ran.outcome).toBe("unknown");
    expect(ran.output).toContain("The connection was lost before the database said how it ended");
    expect(await action("postgres/vacuum").probe(args, context)).toMatchObject({
      found: "unknown",
      text: "VACUUM of public.Plain still runs.",
    });
    await holder.query("rollback");
    await until(
      async () => (await action("postgres/vacuum").probe(args, context)).found === "ran",
      "the probe finds it",
    );
    await proxy.stop();
  });

  it("does not act on another database behind the same name", async () => {
    const drop = action("postgres/drop_slot");
    await cluster.sql("select pg_create_physical_replication_slot('moved', true)");
    const look = await drop.look({ slot: "moved" }, never());
    const ran = await drop.run({ slot: "moved" }, contextOf({ ...look, identity: { ...look.identity, system: "1" } }));
    expect(ran).toMatchObject({ outcome: "failed" });
    expect(ran.output).toContain("another database");
    expect(await cluster.sql("select slot_name from pg_replication_slots where slot_name = 'moved'")).toHaveLength(1);
  });
});
