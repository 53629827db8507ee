import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import type { Database } from "../../../src/actions/postgres/client.ts";
import { freePorts } from "../../../src/demo/ports.ts";
import { secret } from "../../../src/util/secret.ts";
import { selfSigned } from "../certificate.ts";
import { debianPrograms, RUNNER } from "./debian.ts";

/** A real PostgreSQL of its own in a temporary folder, on loopback, with passwords. */
export type Cluster = {
  readonly settings: Database;
  readonly pid: number;
  /** The server's own certificate, for 127.0.0.1; undefined where openssl is not there, and the server has no TLS. */
  readonly certificate: string | undefined;
  /** A connection of the superuser, or of another role. Closed by `stop`. */
  connect(user?: string, database?: string): Promise<Client>;
  sql(text: string): Promise<readonly Record<string, unknown>[]>;
  stop(): Promise<void>;
};

export const PASSWORD = "pass-of-the-test";

/** Starts one. Where PostgreSQL cannot be had, says why, for the test to skip. */
export async function startPostgres(): Promise<Cluster | { readonly skipped: string }> {
  const versions = readdirSync("/usr/lib", { encoding: "utf8" }).includes("postgresql")
    ? readdirSync("/usr/lib/postgresql", { encoding: "utf8" }).sort().reverse()
    : [];
  const folders = [...new Set([...versions, "18", "17", "16", "15", "14", "13"])].map(
    (version) => `/usr/lib/postgresql/${version}/bin`,
  );
  const programs = await debianPrograms(["initdb", "postgres"], ["postgresql-15", "postgresql-client-15", "libpq5"], {
    folders,
  });
  if ("skipped" in programs) return programs;
  const folder = mkdtempSync(join(tmpdir(), "postgres-"));
  const data = join(folder, "data");
  const { uid = process.getuid?.() ?? 0, gid = process.getgid?.() ?? 0 } = RUNNER;
  mkdirSync(data);
  for (const path of [folder, data]) chownSync(path, uid, gid);
  chmodSync(folder, 0o755);
  let { initdb, postgres } = programs.files;
  const env: Record<string, string> = { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", ...programs.env };
  if (programs.root !== undefined) {
    // The checkout may be closed to whoever runs the server.
    const copy = join(folder, "programs");
    cpSync(programs.root, copy, { recursive: true });
    [initdb, postgres] = [initdb, postgres].map((file) => file.replace(programs.root!, copy)) as [string, string];
    env["LD_LIBRARY_PATH"] = (env["LD_LIBRARY_PATH"] ?? "").replaceAll(programs.root, copy);
  }
  await ended(initdb, ["-D", data, "-U", "root", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8"], env);
  const [port = 0] = await freePorts(1);
  appendFileSync(
    join(data, "postgresql.conf"),
    `listen_addresses='127.0.0.1,127.0.0.2'\nport=${port}\nunix_socket_directories=''\nfsync=off\nwal_level=logical\nlogging_collector=on\nlog_directory='log'\nlog_min_error_statement=error\nmax_connections=60\nautovacuum=off\n`,
  );
  writeFileSync(
    join(data, "pg_hba.conf"),
    "host all root 127.0.0.0/24 trust\nhost replication root 127.0.0.0/24 trust\nhost all all 127.0.0.0/24 scram-sha-256\n",
  );
  const made = selfSigned();
  const certificate = "missing" in made ? undefined : join(folder, "cert.pem");
  if (!("missing" in made)) {
    writeFileSync(join(folder, "cert.pem"), made.cert);
    for (const [name, text] of [
      ["server.crt", made.cert],
      ["server.key", made.key],
    ] as const) {
      writeFileSync(join(data, name), text, { mode: 0o600 });
      chownSync(join(data, name), uid, gid);
    }
    appendFileSync(join(data, "postgresql.conf"), "ssl=on\n");
  }
  const child = spawn(postgres, ["-D", data], { ...RUNNER, env, stdio: ["ignore", "ignore", "pipe"], detached: true });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const clients: Client[] = [];
  async function connect(user = "root", database = "postgres"): Promise<Client> {
    const { default: pg } = await import("pg");
    const client = new pg.Client({
      host: "127.0.0.1",
      port,
      user,
      database,
      password: PASSWORD,
      application_name: "test",
    });
    client.on("error", () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  }
  async function sql(text: string): Promise<readonly Record<string, unknown>[]> {
    const client = await connect("root", "orders").catch(() => connect());
    try {
      const result = await client.query(text);
      return (Array.isArray(result) ? result.at(-1) : result).rows;
    } finally {
      await client.end();
    }
  }
  for (let n = 0; ; n++) {
    if (child.exitCode !== null || n > 400) throw new Error(`PostgreSQL did not start: ${said}`);
    try {
      const first = await connect();
      await first.query("create database orders");
      await first.query(`create role ops login password '${PASSWORD}'`);
      await first.query("grant pg_monitor, pg_signal_backend to ops");
      await first.query(`create role guarded login password '${PASSWORD}'`);
      await first.query(`create role nobody login password '${PASSWORD}'`);
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    settings: {
      name: "orders-db",
      host: "127.0.0.1",
      port,
      database: "orders",
      user: "ops",
      password: secret(PASSWORD),
      tls: false,
      tables: ["public.*"],
    },
    pid: child.pid!,
    certificate,
    connect,
    sql,
    async stop() {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      const exit = once(child, "exit");
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGCONT");
        child.kill("SIGQUIT");
        await exit;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(command: string, argv: readonly string[], env: Record<string, string>): Promise<void> {
  const child = spawn(command, argv, { ...RUNNER, env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${said}`);
}
