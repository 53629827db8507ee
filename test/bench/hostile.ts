/**
 * `npm run bench -- hostile [--dir DIR]`: hostile inputs (forged and malformed requests to Slack's and Teams' addresses,
 * mentions and links in text from outside, hidden characters, sizes) played at a bot that runs, with Slack and the Bot
 * Framework played around it. Prints each entry that did not end as its file expects, and counts by group. The project's
 * own entries stand in `test/bench/hostile/`; `--dir` takes a folder with others of that format. Ends with 1 when an
 * entry did not end as expected.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Entry, readEntries } from "./hostile/entry.ts";
import { type Outcome, play, seriesOf } from "./hostile/play.ts";
import { World } from "./hostile/world.ts";

const GROUPS = { HSL: "Slack's address", HTM: "Teams' address", MRK: "markup", UNI: "Unicode", OVR: "size" } as const;

const { values: options } = parseArgs({
  options: {
    dir: { type: "string", default: fileURLToPath(new URL("hostile", import.meta.url)) },
    only: { type: "string" },
  },
});

async function run(): Promise<void> {
  const all = readEntries(options.dir, Object.keys(GROUPS));
  const entries = all.filter(({ id }) => options.only === undefined || id.startsWith(options.only));
  if (entries.length === 0) throw new Error(`${options.dir} has no entries of ${Object.keys(GROUPS).join(", ")}`);
  const world = await World.open((prometheus) => prometheus.tell(labels(entries)));
  const outcomes = new Map<Entry, Outcome>();
  try {
    for (let i = 0; i < 10; i++) await world.settled(); // what a first question loads is no growth
    for (const [i, entry] of entries.entries()) {
      const outcome = await play(entry, i, world);
      outcomes.set(entry, outcome);
      if (outcome.kind === "not played") console.log(`${entry.id} not played: ${outcome.why}`);
      if (outcome.kind === "not as expected") for (const why of outcome.why) console.log(`${entry.id} ${why}`);
      if (world.bot.exitCode() !== null) break;
    }
  } finally {
    await world.close();
  }
  const count = (group: string, kind: Outcome["kind"]) =>
    [...outcomes].filter(([{ id }, outcome]) => id.startsWith(group) && outcome.kind === kind).length;
  for (const [group, words] of Object.entries(GROUPS)) {
    const total = entries.filter(({ id }) => id.startsWith(group)).length;
    const told = `${count(group, "as expected")} of ${total} as expected`;
    const skipped = count(group, "not played");
    console.log(`${group}  ${words.padEnd(16)} ${told}${skipped === 0 ? "" : `, ${skipped} not played`}`);
  }
  if (count("", "as expected") + count("", "not played") < entries.length) process.exitCode = 1;
}

function labels(entries: readonly Entry[]) {
  return new Map([["fence", [{ labels: { service: "fence" }, value: 1 }]] as const, ...entries.flatMap(seriesOf)]);
}

await run();
