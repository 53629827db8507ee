import { setTimeout as sleep } from "node:timers/promises";
import { POINTS } from "../../src/flows/remedy/deps.ts";
import { randomNumbers } from "../tools/random.ts";
import { countsOf, createChanges, type Judged, judge } from "./changes.ts";
import { exactly, type Outcome, type Run, told } from "./figures.ts";
import { startWorld, type World } from "./world.ts";

const REPLICAS = 3;
/** Changes that are under way at once while the kills go on. */
const LOAD = 6;
/** How long a point is waited for: then it is killed where it is. */
const POINT_MS = 3000;
const NEVER = { kind: "kill at", point: "before claim", nth: Number.MAX_SAFE_INTEGER } as const;
const RANDOM_MS = 400;
/** Every so many kills is one of Redis. */
const REDIS_EVERY = 8;
/** In one world: then it is judged, and another one is made, so that looking through all of it stays quick. */
const IN_ONE_WORLD = 250;
const SETTLE_MS = 240_000;

type Counts = { named: number; random: number; redis: number };

/**
 * Kills replicas, and Redis, by SIGKILL at the named points of a change and at any moment, each replica again as soon as it stands, while people ask and
 * approve. Afterwards all that was asked for has ended, once, and is told truly.
 */
export async function kills({ size, seed, show }: Run): Promise<Outcome> {
  const chance = randomNumbers(seed);
  const counts: Counts = { named: 0, random: 0, redis: 0 };
  const odd: string[] = [];
  const found: Judged[] = [];
  const done = () => counts.named + counts.random + counts.redis;
  while (done() < size && odd.length === 0) {
    const some = Math.min(IN_ONE_WORLD, size - done());
    const told = () => show(done() / size, `${done()} of ${size} kills`);
    const before = done();
    try {
      found.push(await inOneWorld(some, chance, counts, odd, told));
    } catch (problem) {
      if (done() === before) throw problem; // it did not even begin
      odd.push(`a world broke off: ${String(problem)}`);
    }
  }
  const double = found.flatMap((one) => one.double);
  const lost = found.flatMap((one) => one.lost);
  const stuck = found.flatMap((one) => one.stuck);
  const untrue = found.flatMap((one) => one.untrue);
  const sum = (what: "proposals" | "executions" | "settled" | "reopened") =>
    found.reduce((total, one) => total + one[what], 0);
  return {
    done: done(),
    broken: [...odd, ...double, ...lost, ...stuck, ...untrue],
    figures: [
      told("replicas killed at a named point, at any moment", `${counts.named}, ${counts.random}`),
      told("Redis killed", counts.redis),
      told("proposals, executions", `${sum("proposals")}, ${sum("executions")}`),
      told("how they ended", countsOf(found.flatMap(({ statuses }) => statuses))),
      told("in doubt and settled by the target", sum("settled")),
      told("asked for again after a start of Redis", sum("reopened")),
      exactly("executed twice", double.length, 0),
      exactly("lost", lost.length, 0),
      exactly("stuck", stuck.length, 0),
      exactly("told otherwise than it was", untrue.length, 0),
    ],
  };
}

async function inOneWorld(
  size: number,
  chance: () => number,
  counts: Counts,
  odd: string[],
  show: () => void,
): Promise<Judged> {
  const world = await startWorld(REPLICAS);
  try {
    const changes = createChanges(world);
    let isOver = false;
    const load = Array.from({ length: LOAD }, async () => {
      while (!isOver) await changes.approve(await changes.propose());
    });
    for (const one of load) one.catch((problem: unknown) => odd.push(`people could not go on: ${String(problem)}`));
    let begun = 0;
    let redis: Promise<unknown> = Promise.resolve();
    const killer = async (place: number) => {
      while (begun < size && odd.length === 0) {
        const isRedis = begun++ % REDIS_EVERY === REDIS_EVERY - 1;
        if (isRedis) {
          // One after the other: each of them starts it again.
          redis = redis.then(() => killRedis(world, place, chance));
          await redis;
          counts.redis++;
        } else counts[await killReplica(world, place, chance, odd)]++;
        show();
      }
    };
    await Promise.all(world.replicas.map((_, place) => killer(place)));
    isOver = true;
    await Promise.allSettled(load);
    return await judge(world, changes, await changes.settle(SETTLE_MS));
  } finally {
    await world.stop();
  }
}

/** Kills the replica of that place, and starts it again. Resolves with where it was. */
async function killReplica(
  world: World,
  place: number,
  chance: () => number,
  odd: string[],
): Promise<"named" | "random"> {
  const one = world.replicas[place]!;
  const order = orderOf(chance);
  if (order !== undefined) one.tell(order);
  const isReached = order !== undefined && (await within(POINT_MS, () => !one.isAlive()));
  if (!isReached) {
    one.tell(NEVER);
    await sleep(chance() * RANDOM_MS);
    one.child.kill("SIGKILL");
  }
  const how = await one.ended;
  if (how !== "SIGKILL") odd.push(`${one.name} ended by itself (${how}): ${one.log.slice(-3).join(" ")}`);
  else await world.revive(place);
  return isReached ? "named" : "random";
}

/** Kills Redis, where the replica of that place comes to a named point, or at any moment, and starts it again. */
async function killRedis(world: World, place: number, chance: () => number): Promise<void> {
  const pid = world.redis.pid();
  const one = world.replicas[place]!;
  const order = orderOf(chance);
  if (order !== undefined) one.tell({ ...order, pid });
  const isReached = order !== undefined && (await within(POINT_MS, () => !isRunning(pid)));
  if (!isReached) {
    one.tell(NEVER);
    await sleep(chance() * RANDOM_MS);
  }
  await world.redis.restart();
}

/** Undefined for any moment. */
function orderOf(chance: () => number) {
  const isNamed = chance() < 2 / 3;
  const point = POINTS[Math.floor(chance() * POINTS.length)]!;
  const order = { kind: "kill at", point, nth: 1 + Math.floor(chance() * 3) } as const;
  return isNamed ? order : undefined;
}

async function within(ms: number, is: () => boolean): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(10)) if (is()) return true;
  return is();
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
