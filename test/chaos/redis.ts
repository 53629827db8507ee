import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { STATUSES } from "../../src/core/proposal.ts";
import { every } from "../../src/flows/remedy/walk.ts";
import { openRedisStore } from "../../src/store/redis.ts";
import { eventBody, mentionEvent } from "../fakes/slack/index.ts";
import { randomNumbers } from "../tools/random.ts";
import { type Changes, createChanges, judge } from "./changes.ts";
import { below, exactly, type Outcome, type Run, told } from "./figures.ts";
import { ASKER, CHANNELS, startWorld, until, type World } from "./world.ts";

const LOAD = 3;
const FAULTS = ["kill", "stop", "pause", "partition", "cut", "older copy"] as const;
type Fault = (typeof FAULTS)[number];

/** Seconds within which everything goes on. */
const RECOVERY = 10;
const LONGEST_MS = 6000;
/** Between the copy and the fault: in this time changes run that the copy knows nothing of. */
const AHEAD_MS = 2500;
const FROZEN_MS = 2500;
/** What was on its way to the target when Redis ended has arrived by then. */
const ON_ITS_WAY_MS = 500;
const SETTLE_MS = 240_000;

/**
 * Redis ends, stands still, is cut off, or comes back as an older copy of itself, under replicas through which people ask and approve. Each time all
 * replicas go on by themselves; after an older copy nothing starts until a person said that it is the right one.
 */
export async function redis({ size, seed, show }: Run): Promise<Outcome> {
  const chance = randomNumbers(seed);
  const world = await startWorld(3);
  const odd: string[] = [];
  const recovered: number[] = [];
  const counts = Object.fromEntries(FAULTS.map((name) => [name, 0])) as Record<Fault, number>;
  let [frozen, early] = [0, 0];
  try {
    const changes = createChanges(world);
    let isOver = false;
    const load = Array.from({ length: LOAD }, async () => {
      while (!isOver) {
        // After an older copy was put back, a proposal may be one that nobody knows any more.
        await changes
          .propose()
          .then(changes.approve)
          .catch(() => undefined);
      }
    });
    for (let done = 0; done < size; done++) {
      const fault = FAULTS[done % FAULTS.length]!;
      show((0.95 * done) / size, `${done} of ${size} faults, now: ${fault}`);
      const ms = 200 + chance() * LONGEST_MS;
      if (fault === "older copy") {
        const seen = await takeBack(world, changes);
        if (seen.isFrozen) frozen++;
        early += seen.early;
      } else await inject(world, fault, ms);
      recovered.push(await recovery(world));
      counts[fault]++;
      const ended = world.replicas.filter((one) => one?.isAlive() !== true);
      if (ended.length > 0)
        odd.push(`${ended.map((one) => one?.name).join(", ")} ended: ${ended[0]?.log.slice(-3).join(" ")}`);
      if (odd.length > 0) break;
    }
    isOver = true;
    await Promise.allSettled(load);
    show(0.95, "what is left is looked after");
    const proposals = await changes.settle(SETTLE_MS);
    const found = await judge(world, changes, proposals);
    return {
      broken: [...odd, ...found.double, ...found.lost, ...found.stuck, ...found.untrue],
      figures: [
        ...Object.entries(counts).map(([name, times]) => told(`faults: ${name}`, times)),
        told("proposals, executions", `${found.proposals}, ${found.executions}`),
        told("how they ended", found.ends),
        told("ran, forgotten by an older copy, told by a replica's journal", found.recalled),
        exactly("executed twice", found.double.length, 0),
        exactly("lost", found.lost.length, 0),
        exactly("stuck", found.stuck.length, 0),
        exactly("told otherwise than it was", found.untrue.length, 0),
        below("slowest recovery of all replicas", Math.max(...recovered), RECOVERY, "s"),
        exactly("older copies after which it stood still", frozen, counts["older copy"]),
        exactly("executions before a person accepted the older copy", early, 0),
      ],
    };
  } finally {
    world.redis.pause(false);
    world.line.hold(false);
    await world.stop();
  }
}

async function inject(world: World, fault: Exclude<Fault, "older copy">, ms: number): Promise<void> {
  switch (fault) {
    case "kill":
      return world.redis.restart(() => sleep(ms));
    case "stop":
      world.redis.pause(true);
      await sleep(ms);
      return world.redis.pause(false);
    case "pause":
      await world.redis.redis.call("CLIENT", "PAUSE", String(Math.round(ms)), "ALL");
      return void (await sleep(ms));
    case "partition":
      // What was sent meanwhile arrives late.
      world.line.hold(true);
      await sleep(ms);
      return world.line.hold(false);
    default:
      world.line.cut();
  }
}

/** Ends Redis and starts it on a copy of some seconds before. Then waits for what the replicas make of it, and accepts it. */
async function takeBack(world: World, changes: Changes) {
  const { redis: server, target } = world;
  const [data, copy] = [join(server.folder, "appendonlydir"), join(world.folder, "older-copy")];
  const callsNow = () => [...target.calls.values()].reduce((a, b) => a + b, 0);
  rmSync(copy, { recursive: true, force: true });
  cpSync(data, copy, { recursive: true });
  const calls = callsNow();
  await sleep(AHEAD_MS);
  await until(() => callsNow() > calls || undefined, "a change that the copy knows nothing of");
  await server.restart(async () => {
    rmSync(data, { recursive: true });
    cpSync(copy, data, { recursive: true });
  });
  await sleep(ON_ITS_WAY_MS);
  const before = callsNow();
  const isFrozen = await until(
    async () => ((await world.store.proposals.restored()) === undefined ? undefined : true),
    "a freeze",
    RECOVERY * 1000,
  ).catch(() => false);
  await sleep(FROZEN_MS);
  const early = callsNow() - before;
  changes.forget(await every(world.store, STATUSES));
  const human = await openRedisStore({
    ...{ url: server.urlOf(0), dataDir: join(world.folder, "human"), now: () => Date.now() / 1000 },
    retention: { conversations: 1e9, evidence: 1e9, seenEvents: 1e9, proposals: 1e9 },
  });
  await human.proposals.acceptRestored(ASKER);
  await human.close();
  rmSync(join(world.folder, "human"), { recursive: true });
  return { isFrozen, early };
}

let asked = 0;
/** Seconds until each replica has taken a question into the store. */
async function recovery(world: World): Promise<number> {
  const began = performance.now();
  const all = world.replicas.flatMap((one) => (one?.isAlive() === true ? [one] : []));
  await Promise.all(
    all.map((one) => {
      const question = eventBody(mentionEvent(`\`up > ${++asked}\``, { channel: CHANNELS[asked % CHANNELS.length] }));
      return world.tell(() => one, question, "event", 60_000);
    }),
  );
  return (performance.now() - began) / 1000;
}
