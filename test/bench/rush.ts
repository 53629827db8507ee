/**
 * `npm run bench -- rush [--rounds N]`: one proposal shown in Slack and Teams at once, and a hundred clicks on Approve on
 * both at the same time, on the whole program with its store on disk, stand-ins for both platforms over HTTP, and a real HTTP
 * server that counts what it is asked. Default 20 rounds; Ctrl-C ends it after the round at hand. Ends with 1 unless every
 * round had one call and one vote.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Proposal, shortHash } from "../../src/core/proposal.ts";
import { BEN, CHANNEL, remedyWorld, suggestOnBoth } from "../fakes/remedy-world.ts";
import { arrival } from "../stories/stage.ts";

const CLICKS = 100;
const HEAD_START_MS = 80;
const NOTE_EVERY = 50;
const MOVING = new Set(["pending", "approved", "claimed", "started", "succeeded", "partial", "verifying"]);

const { values: options } = parseArgs({ options: { rounds: { type: "string", default: "20" } } });
const rounds = Number(options.rounds);
const world = await remedyWorld("http", { limits: 100 });
const { app } = world.serving();
const started = performance.now();
const odd: string[] = [];
/** Rounds in which the click that counted came from there. */
const won: Record<string, number> = {};
let done = 0;
let failed = 0;
let lost = 0;
let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    isStopped = true;
  });
try {
  await world.sayInTeams("help");
  await world.framework.arrived(1);
  for (; done < rounds && !isStopped; done++) {
    const before = { calls: world.shop.effects.length, slack: world.slack.sent(CHANNEL).length };
    const { proposal, teams } = await suggestOnBoth(world);
    const card = await arrival(() => world.slack.sent(CHANNEL)[before.slack], "the card in Slack");
    const about = `v1|${proposal.id}|${shortHash(proposal.hash)}`;
    // Slack's clicks are taken faster: in every other round Teams' have a start, so that both sides win some.
    const click = async (at: number) => {
      if (at % 2 === 1) return world.pressInTeams(teams.id, about);
      if (done % 2 === 1) await sleep(HEAD_START_MS);
      return world.press(card, "approve", BEN);
    };
    // A click that the bot did not take, as its connection was closed or the machine was too busy, is made once more.
    const again = async (at: number) => {
      try {
        await click(at);
      } catch {
        failed++;
        await click(at).catch(() => lost++);
      }
    };
    await Promise.all(Array.from({ length: CLICKS }, (_, at) => again(at)));
    const ended = await settled(proposal.id);
    const calls = world.shop.effects.length - before.calls;
    const by = ended?.votes[0]?.platform ?? "nobody";
    won[by] = (won[by] ?? 0) + 1;
    if (calls !== 1 || ended?.votes.length !== 1 || ended.status !== "verified")
      odd.push(`round ${done + 1}: ${calls} calls, ${ended?.votes.length} votes, ${ended?.status}`);
    if ((done + 1) % NOTE_EVERY === 0) console.error(`rush: ${done + 1} rounds, ${odd.length} of them odd`);
  }
} finally {
  await world.stop();
}
const keys = new Set(world.shop.effects.map(({ key }) => key)).size;
const winners = Object.entries(won).map(([platform, times]) => `${platform} ${times}`);
for (const line of odd) console.log(line);
console.log(
  `${done} rounds of ${CLICKS} clicks over Slack and Teams at once: ${world.shop.effects.length} calls with ${keys} keys, ${odd.length} rounds not as they should be; the click that counted: ${winners.join(", ")}; ${failed} clicks made anew, ${lost} of them in vain; ${((performance.now() - started) / 60_000).toFixed(1)} min`,
);
if (odd.length > 0 || done !== rounds || keys !== rounds) process.exitCode = 1;

/** The proposal once nothing more will happen to it. */
async function settled(id: string): Promise<Proposal | undefined> {
  for (;;) {
    const found = await app.store.proposals.get(id);
    if (found === undefined || !MOVING.has(found.status)) return found;
    await sleep(10);
  }
}
