import type { Model, TargetKey } from "../model.ts";
import { shoppers } from "../noise.ts";
import { DATABASES, MAX_CONNECTIONS, QUEUES } from "../shop.ts";

const MAIN: TargetKey = { job: "postgres", instance: "pg-1:9187" };
const REPLICA: TargetKey = { job: "postgres", instance: "pg-2:9187" };
const REDIS: TargetKey = { job: "redis", instance: "redis-1:9121" };
const RABBIT: TargetKey = { job: "rabbitmq", instance: "rabbit-1:15692" };
const GIB = 2 ** 30;

/** What databases, the cache and the message broker tell. */
export function addStores(model: Model): void {
  addPostgres(model);
  addRedis(model);
  addRabbit(model);
}

function addPostgres(model: Model): void {
  for (const server of [MAIN, REPLICA]) {
    model.gauge(server, "pg_up", "Whether the database answers its exporter.", {}, () => 1, { steady: true });
    model.gauge(server, "pg_settings_max_connections", "Connections the server allows.", {}, () => MAX_CONNECTIONS, {
      steady: true,
    });
  }
  const lag = model.signal("lag/pg-2", (at) => 0.6 + 0.5 * Math.abs(model.noise("lag", at, 300)));
  model.gauge(
    REPLICA,
    "pg_replication_lag_seconds",
    "How far the replica is behind, in seconds.",
    {},
    (at) => lag.at(at),
    { digits: 2 },
  );
  model.gauge(
    REPLICA,
    "pg_stat_activity_count",
    "Connections by state.",
    { datname: "orders", state: "active" },
    (at) => 3 + 2 * shoppers(at) + model.noise("replica", at, 200),
  );

  for (const database of DATABASES) {
    const labels = { datname: database.name };
    const wobble = (name: string, at: number) =>
      (0.8 + 0.15 * shoppers(at)) * (1 + 0.12 * model.noise(`${name}/${database.name}`, at, 400));
    const states = [
      ["active", model.signal(`connections/${database.name}`, (at) => database.active * wobble("active", at))],
      ["idle", model.signal(`idle/${database.name}`, (at) => database.idle * wobble("idle", at))],
      ["idle in transaction", model.signal(`stuck/${database.name}`, (at) => database.stuck * wobble("stuck", at))],
    ] as const;
    for (const [state, count] of states) {
      model.gauge(MAIN, "pg_stat_activity_count", "Connections by state.", { ...labels, state }, (at) => count.at(at));
    }
    const commits = model.signal(
      `commits/${database.name}`,
      (at) => database.transactions * shoppers(at) * (1 + 0.08 * model.noise(`commits/${database.name}`, at, 500)),
    );
    const longest = model.signal(
      `longest/${database.name}`,
      (at) => 0.4 + 0.35 * model.noise(`longest/${database.name}`, at, 240),
    );
    model.gauge(
      MAIN,
      "pg_stat_activity_max_tx_duration",
      "Age of the longest transaction, in seconds.",
      labels,
      (at) => longest.at(at),
      { digits: 2 },
    );
    model.counter(MAIN, "pg_stat_database_xact_commit", "Transactions committed.", labels, (at) => commits.at(at));
    model.counter(
      MAIN,
      "pg_stat_database_xact_rollback",
      "Transactions rolled back.",
      labels,
      (at) => commits.at(at) * 0.004,
    );
    model.counter(MAIN, "pg_stat_database_deadlocks", "Deadlocks found.", labels, () => 0.00002);
    model.counter(MAIN, "pg_stat_database_blks_hit", "Blocks found in memory.", labels, (at) => commits.at(at) * 210);
    model.counter(MAIN, "pg_stat_database_blks_read", "Blocks read from disk.", labels, (at) => commits.at(at) * 2.4);
    model.gauge(
      MAIN,
      "pg_database_size_bytes",
      "Size of the database, in bytes.",
      labels,
      (at) => database.gigabytes * 1e9 * (1 - 0.03 * ((model.end - at) / (model.end - model.origin))),
    );
  }
}

function addRedis(model: Model): void {
  const max = 24 * GIB;
  const used = model.signal(
    "redis/memory",
    (at) => 0.6 + 0.03 * shoppers(at) + 0.008 * model.noise("redis/memory", at, 4000),
    { high: 0.996 },
  );
  const commands = model.signal(
    "redis/commands",
    (at) => 2400 * shoppers(at) * (1 + 0.06 * model.noise("redis/commands", at, 500)),
  );
  const hits = model.signal("redis/hits", (at) => 0.94 + 0.012 * model.noise("redis/hits", at, 3000), {
    low: 0,
    high: 1,
  });
  const evictions = model.signal("redis/evictions", () => 0);
  model.gauge(REDIS, "redis_up", "Whether Redis answers its exporter.", {}, () => 1, { steady: true });
  model.gauge(REDIS, "redis_memory_max_bytes", "Memory that Redis may use, in bytes.", {}, () => max, { steady: true });
  model.gauge(REDIS, "redis_memory_used_bytes", "Memory that Redis uses, in bytes.", {}, (at) => max * used.at(at));
  model.gauge(
    REDIS,
    "redis_connected_clients",
    "Clients connected.",
    {},
    (at) => 64 + 22 * shoppers(at) + 4 * model.noise("redis/clients", at, 200),
  );
  model.gauge(REDIS, "redis_db_keys", "Keys stored.", { db: "db0" }, (at) => 3_100_000 * used.at(at));
  model.counter(REDIS, "redis_commands_processed_total", "Commands run.", {}, (at) => commands.at(at));
  model.counter(
    REDIS,
    "redis_keyspace_hits_total",
    "Look-ups that found a key.",
    {},
    (at) => commands.at(at) * 0.7 * hits.at(at),
  );
  model.counter(
    REDIS,
    "redis_keyspace_misses_total",
    "Look-ups that found no key.",
    {},
    (at) => commands.at(at) * 0.7 * (1 - hits.at(at)),
  );
  model.counter(REDIS, "redis_evicted_keys_total", "Keys thrown out for lack of memory.", {}, (at) => evictions.at(at));
}

function addRabbit(model: Model): void {
  for (const queue of QUEUES) {
    const labels = { queue: queue.name, vhost: "/" };
    const depth = model.signal(
      `queue/${queue.name}`,
      (at) => queue.depth * shoppers(at) * (1 + 0.4 * model.noise(`queue/${queue.name}`, at, 240)),
    );
    const published = model.signal(
      `published/${queue.name}`,
      (at) => queue.rate * shoppers(at) * (1 + 0.1 * model.noise(`published/${queue.name}`, at, 300)),
    );
    const consumers = model.signal(`consumers/${queue.name}`, () => queue.consumers);
    // What leaves a queue is what came in, less what stayed.
    const stayed = (at: number) => (depth.at(at + 60) - depth.at(Math.max(model.origin, at - 60))) / 120;
    model.gauge(RABBIT, "rabbitmq_queue_messages", "Messages in the queue.", labels, (at) => depth.at(at));
    model.gauge(RABBIT, "rabbitmq_queue_consumers", "Programs that read the queue.", labels, (at) => consumers.at(at));
    model.counter(RABBIT, "rabbitmq_queue_messages_published_total", "Messages put into the queue.", labels, (at) =>
      published.at(at),
    );
    model.counter(
      RABBIT,
      "rabbitmq_queue_messages_acked_total",
      "Messages taken out of the queue and done.",
      labels,
      (at) => Math.max(0, published.at(at) - stayed(at)),
    );
  }
}
