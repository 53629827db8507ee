/**
 * `npm run bench -- clicks [--rounds N] [--limit MS]`: how long it takes from a click on Approve in Slack until its card shows
 * that the change runs, on the whole program with its store on disk, a stand-in for Slack over HTTP, and a real HTTP server
 * that takes the change. The limit is 500 ms for p95. Ends with 1 when a change ran twice or not at all.
 */
import { parseArgs } from "node:util";
import { BEN, buttonsIn, CHANNEL, remedyWorld } from "../fakes/remedy-world.ts";
import { arrival } from "../stories/stage.ts";
import { quantile } from "./timed.ts";

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "50" }, limit: { type: "string", default: "500" } },
});
const rounds = Number(options.rounds);
const world = await remedyWorld("http", { limits: 100 });
// The effect takes long enough for "running" to be shown before "done".
world.shop.state.delayMs = 1500;
const times: number[] = [];
try {
  for (let round = 0; round < rounds; round++) {
    const before = world.slack.sent(CHANNEL).length;
    await world.say("restart ferrydesk");
    const card = await arrival(
      () =>
        world.slack
          .sent(CHANNEL)
          .slice(before)
          .find(({ blocks }) => buttonsIn(blocks).length > 2),
      "a card with buttons",
    );
    const clicked = performance.now();
    await world.press(card, "approve", BEN);
    await arrival(() => (/running/i.test(JSON.stringify(card.blocks)) ? true : undefined), "a card that says running");
    times.push(performance.now() - clicked);
    await arrival(
      () => (/It helped|It had no effect|Done/i.test(JSON.stringify(card.blocks)) ? true : undefined),
      "the end",
    );
  }
} finally {
  await world.stop();
}
const [p50, p95, most] = [quantile(times, 0.5), quantile(times, 0.95), Math.max(...times)].map((ms) => ms.toFixed(0));
console.log(
  `${times.length} clicks: running on the card after p50 ${p50} ms, p95 ${p95} ms (limit ${options.limit} ms), at most ${most} ms`,
);
const keys = new Set(world.shop.effects.map(({ key }) => key));
console.log(`${world.shop.effects.length} calls with ${keys.size} keys for ${rounds} approvals`);
if (world.shop.effects.length !== rounds || keys.size !== rounds) process.exitCode = 1;
