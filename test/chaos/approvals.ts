import { BEN, clickOn } from "../fakes/remedy-world.ts";
import { createChanges, judge } from "./changes.ts";
import { exactly, type Outcome, type Run, told } from "./figures.ts";
import { startWorld, type World } from "./world.ts";

const CLICKS = 100;
/** Proposals that are clicked on at the same moment: three sockets' worth of clicks for each replica's processor. */
const AT_ONCE = 6;
const SETTLE_MS = 300_000;

/** Three replicas, `size` proposals that all wait for approval, and a hundred clicks on each through all of them at once. */
export async function approvals({ size, show }: Run): Promise<Outcome> {
  const world = await startWorld(3);
  try {
    const changes = createChanges(world);
    let made = 0;
    await eachOf(size, 12, async () => {
      await changes.propose();
      show((0.2 * ++made) / size, "proposals made");
    });
    for (const change of changes.all) await changes.cardOf(change);
    const began = performance.now();
    let clicked = 0;
    let refused = 0;
    const left = [...changes.all];
    await eachOf(size, AT_ONCE, async () => {
      const change = left.pop()!;
      const { channel, thread } = change;
      const card = await changes.cardOf(change);
      const clicks = Array.from({ length: CLICKS }, () =>
        clickOn(world.slack, card, "approve", BEN, { channel, thread }),
      );
      refused += await rush(world, clicks);
      change.approved = true;
      show(0.2 + (0.7 * ++clicked) / size, "approved by a hundred clicks");
    });
    const proposals = await changes.settle(SETTLE_MS);
    const seconds = (performance.now() - began) / 1000;
    const found = await judge(world, changes, proposals);
    const votes = proposals.filter((one) => one.votes.length !== 1).map(({ id }) => `${id} has not one vote`);
    return {
      broken: [...found.double, ...found.lost, ...found.stuck, ...found.untrue, ...votes],
      figures: [
        exactly(
          `executions of ${size} approvals, ${CLICKS} parallel clicks each over 3 replicas`,
          found.executions,
          size,
        ),
        exactly("keys at the target", world.target.calls.size, size),
        exactly("executed twice", found.double.length, 0),
        told("how the proposals ended", found.ends),
        told("clicks that had to be sent again", refused),
        told("from the first click to the last end", `${seconds.toFixed(0)} s`),
      ],
    };
  } finally {
    await world.stop();
  }
}

/** All of them at once, each through another replica than the one before. Resolves with how many had to be sent again. */
async function rush(world: World, clicks: readonly Record<string, unknown>[]): Promise<number> {
  const sent = await Promise.all(
    clicks.map(async (click) => {
      const replica = world.any();
      if (replica !== undefined && (await world.send(replica, click, "click")) === 200) return 0;
      await world.tell(world.any, click, "click");
      return 1;
    }),
  );
  return sent.reduce<number>((sum, one) => sum + one, 0);
}

/** `work` so many times, some at once. */
export async function eachOf(times: number, atOnce: number, work: () => Promise<void>): Promise<void> {
  let left = times;
  const loop = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
}
