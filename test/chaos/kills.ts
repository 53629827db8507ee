import { setTimeout as sleep } from "node:timers/promises";
import { POINTS } from "../../src/flows/remedy/deps.ts";
import { randomNumbers } from "../tools/random.ts";
import { createChanges, judge } from "./changes.ts";
import { exactly, type Outcome, type Run, told } from "./figures.ts";
import { startWorld, until } from "./world.ts";

const REPLICAS = 3;
/** Changes that are under way at once while the kills go on. */
const LOAD = 4;
/** How long a point is waited for: then it is killed where it is. */
const POINT_MS = 5000;
const NEVER = { kind: "kill at", point: "before claim", nth: Number.MAX_SAFE_INTEGER } as const;
const RANDOM_MS = 400;
/** Every so many kills is one of Redis. */
const REDIS_EVERY = 8;
const SETTLE_MS = 240_000;

/**
 * Kills replicas, and Redis, by SIGKILL at the named points of a change and at any moment, while people ask and approve. Afterwards all that was asked for
 * has ended, once, and is told truly.
 */
export async function kills({ size, seed, show }: Run): Promise<Outcome> {
  const chance = randomNumbers(seed);
  const world = await startWorld(REPLICAS);
  const odd: string[] = [];
  const reviving = new Set<Promise<unknown>>();
  const counts = { named: 0, random: 0, redis: 0 };
  try {
    const changes = createChanges(world);
    let isOver = false;
    const load = Array.from({ length: LOAD }, async () => {
      while (!isOver) {
        const change = await changes.propose();
        await changes.approve(change);
      }
    });
    for (const one of load) one.catch((problem: unknown) => odd.push(`people could not go on: ${String(problem)}`));
    for (let done = 0; done < size && odd.length === 0; done++) {
      show((0.95 * done) / size, `${done} of ${size} kills`);
      const living = await until(() => {
        const all = world.replicas.flatMap((one) => (one?.isAlive() === true ? [one] : []));
        return all.length > 1 ? all : undefined;
      }, "two replicas that live");
      const isNamed = chance() < 2 / 3;
      const point = POINTS[Math.floor(chance() * POINTS.length)]!;
      const order = { kind: "kill at", point, nth: 1 + Math.floor(chance() * 3) } as const;
      if (done % REDIS_EVERY === REDIS_EVERY - 1) {
        const pid = world.redis.pid();
        if (isNamed) for (const one of living) one.tell({ ...order, pid });
        const isReached = isNamed && (await within(POINT_MS, () => !isRunning(pid)));
        if (!isReached) await sleep(chance() * RANDOM_MS);
        for (const one of living) one.tell(NEVER);
        await world.redis.restart();
        counts.redis++;
        continue;
      }
      // Whoever comes there first.
      if (isNamed) for (const one of living) one.tell(order);
      const isReached = isNamed && (await within(POINT_MS, () => living.some((one) => !one.isAlive())));
      for (const one of living) one.tell(NEVER);
      if (!isReached) {
        await sleep(chance() * RANDOM_MS);
        living[Math.floor(chance() * living.length)]!.child.kill("SIGKILL");
      }
      counts[isReached ? "named" : "random"]++;
      await within(POINT_MS, () => living.some((one) => !one.isAlive()));
      for (const [place, one] of world.replicas.entries())
        if (one?.isAlive() === false) {
          const how = await one.ended;
          if (how !== "SIGKILL") odd.push(`${one.name} ended by itself (${how}): ${one.log.slice(-3).join(" ")}`);
          reviving.add(world.revive(place).catch((problem: unknown) => void odd.push(String(problem))));
        }
    }
    await Promise.all(reviving);
    for (const [place, one] of world.replicas.entries()) if (one?.isAlive() !== true) await world.revive(place);
    isOver = true;
    await Promise.allSettled(load);
    show(0.95, "what is left is looked after");
    const proposals = await changes.settle(SETTLE_MS);
    const found = await judge(world, changes, proposals);
    return {
      broken: [...odd, ...found.double, ...found.lost, ...found.stuck, ...found.untrue],
      figures: [
        told("replicas killed at a named point, at any moment", `${counts.named}, ${counts.random}`),
        told("Redis killed", counts.redis),
        told("proposals, executions", `${found.proposals}, ${found.executions}`),
        told("how they ended", found.ends),
        told("in doubt and settled by the target", found.settled),
        told("asked for again after a start of Redis", found.reopened),
        exactly("executed twice", found.double.length, 0),
        exactly("lost", found.lost.length, 0),
        exactly("stuck", found.stuck.length, 0),
        exactly("told otherwise than it was", found.untrue.length, 0),
      ],
    };
  } finally {
    await world.stop();
  }
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
