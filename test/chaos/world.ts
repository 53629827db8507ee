import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Identity } from "../../src/core/people.ts";
import type { Store } from "../../src/ports/store.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { type Cluster, type Replica, startCluster } from "../e2e/cluster.ts";
import { type Line, startProxy } from "../fakes/programs/proxy.ts";
import { ANN, BEN } from "../fakes/remedy-world.ts";
import { startTarget, type Target } from "./target.ts";

/** Three replicas of the whole program on one real Redis, people who ask and approve in a Slack, and a target that counts. */
export type World = Cluster & {
  readonly target: Target;
  /** The way of the replicas to Redis, which can break. */
  readonly line: Line;
  /** For looking: the store as whoever reads it sees it. */
  readonly store: Store;
  /** By their place; a place is empty while its replica starts. */
  readonly replicas: (Replica | undefined)[];
  /** One that lives, another one each time; undefined when there is none at this moment. */
  readonly any: () => Replica | undefined;
  /** Starts the replica of that place anew. */
  readonly revive: (place: number) => Promise<Replica>;
};

/** Kinds of things that can be restarted: each has a runbook of its own, so that none has too long a record. */
export const KINDS = Array.from({ length: 20 }, (_, at) => `desk${at}`);
export const CHANNELS = Array.from({ length: 20 }, (_, at) => `C0CHAOS${String(at).padStart(3, "0")}`);
export const WEBHOOK_TOKEN = "invented-webhook-token";
export const ASKER: Identity = { person: "ann", name: "Ann", platform: "slack", account: ANN, isLinked: true };

const FOREVER = 10 * 365 * 86_400;

export async function startWorld(replicas: number): Promise<World> {
  const target = await startTarget();
  let line: Line | undefined;
  const started = await startCluster(async (folder, redis) => {
    writeSettings(folder, target.url);
    line = await startProxy(redis.settings.port ?? 0);
    const url = new URL(redis.urlOf(0).reveal());
    url.port = String(line.port);
    return { redisUrl: url.href, env: { ALERTMANAGER_WEBHOOK_TOKEN: WEBHOOK_TOKEN } };
  });
  if ("skipped" in started || line === undefined) {
    await target.stop();
    throw new Error(`There is no Redis to run this on: ${"skipped" in started ? started.skipped : "no way to it"}`);
  }
  const [cluster, way] = [started, line];
  for (const channel of CHANNELS) cluster.slack.channels.set(channel, { isArchived: false, isMember: true });
  const all: (Replica | undefined)[] = [];
  const revive = async (place: number) => {
    all[place] = undefined;
    const replica = await cluster.start(`replica-${place}`);
    all[place] = replica;
    return replica;
  };
  await Promise.all(Array.from({ length: replicas }, (_, place) => revive(place)));
  const store = await openRedisStore({
    ...{ url: cluster.redis.urlOf(0), dataDir: join(cluster.folder, "look"), readOnly: true, patienceMs: 20_000 },
    retention: { conversations: FOREVER, evidence: FOREVER, seenEvents: FOREVER, proposals: FOREVER },
    now: () => Date.now() / 1000,
  });
  let turn = 0;
  return {
    ...cluster,
    ...{ target, line: way, store, replicas: all, revive },
    any() {
      const living = all.filter((one) => one?.isAlive() === true);
      turn += 1;
      return living[turn % living.length];
    },
    async stop() {
      await store.close();
      await cluster.stop();
      await Promise.all([way.stop(), target.stop()]);
    },
  };
}

/** What it comes to, looked for until it is there. Throws after that many milliseconds with what was wanted. */
export async function until<T>(
  find: () => T | undefined | Promise<T | undefined>,
  wanted: string,
  ms = 60_000,
): Promise<T> {
  for (const end = performance.now() + ms; ; await sleep(20)) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${wanted}: not within ${Math.round(ms / 1000)} s`);
  }
}

function writeSettings(folder: string, url: string): void {
  for (const kind of KINDS) runbookFor(folder, kind);
  const settings = {
    people: { ann: { name: "Ann", slack: [ANN] }, ben: { name: "Ben", slack: [BEN] } },
    roles: { oncall: { people: ["ann", "ben"] } },
    routes: [{ slack: [CHANNELS[0]] }],
    approvals: {
      default: { approvals: 1, approvers: ["oncall"], approve_within: "1d", execute_within: "1d" },
      limits: { open_per_thread: 100, per_channel_hour: 1000, per_target_hour: 1000 },
    },
    runbooks: {
      ...{ builtin: false, folders: ["./runbooks"], modes: { default: "act" } },
      executors: {
        http: [
          {
            ...{ name: "harbour", base_url: url, hosts: ["127.0.0.1"], allow_private: true, idempotent: false },
            status_path: "/status/{key}",
          },
        ],
      },
    },
  };
  writeFileSync(join(folder, "smartcloudops.yaml"), JSON.stringify(settings));
}

/** The runbook that restarts things of that kind by a call of the executor "harbour". */
export function runbookFor(folder: string, kind: string): void {
  mkdirSync(join(folder, "runbooks"), { recursive: true });
  writeFileSync(
    join(folder, "runbooks", `${kind}.yaml`),
    JSON.stringify({
      ...{ id: `restart-${kind}`, title: `Restart ${kind}`, does: "Restarts one desk.", not_when: "Never mind." },
      ...{ risk: "medium", cooldown: "0s", per_hour: 1000, step_timeout: "30s", minutes_by_hand: 5 },
      params: {
        endpoint: { of: "http", about: "The harbour.", example: "harbour" },
        service: { like: "k8s_name", takes: ["deployment", "name"], about: "The desk.", example: "ferrydesk" },
      },
      target: { kind, name: "{{ params.service }}", key: "http/{{ params.service }}" },
      steps: [
        {
          ...{ name: "restart {{ params.service }}", uses: "http/call" },
          with: { endpoint: "{{ params.endpoint }}", method: "POST", path: "/restart/{{ params.service }}" },
        },
      ],
      matches: { asks: [{ verb: "restart", kinds: [kind] }] },
    }),
  );
}
