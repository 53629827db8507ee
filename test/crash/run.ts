import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { progressOn } from "../../src/cli/progress.ts";
import { type Lane, runLane } from "./lane.ts";
import { MUTANTS, type Mutant } from "./mutants.ts";

/**
 * `npm run crash -- [--kills N] [--seed N] [--mutant NAME]`: kills bots that carry out approved changes, and checks that
 * nothing ran twice, nothing was lost and nothing is stuck. Exit code 1 when a promise was broken. With a mutant the
 * other way round: 1 when the mistake was not found.
 */
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    mutant: { type: "string" },
  },
});
const kills = Number(values.kills);
const mutant = values.mutant as Mutant | undefined;
if (!Number.isSafeInteger(kills) || kills < 1) fail(`--kills wants a whole number above 0: it is ${values.kills}.`);
if (mutant !== undefined && !MUTANTS.includes(mutant))
  fail(`--mutant wants one of ${MUTANTS.map((one) => `"${one}"`).join(", ")}: it is "${mutant}".`);

/** So many kills on one data folder, then a new one: a folder that went wrong is looked at soon. */
const EACH = 50;
const lanes: Lane[] = [];
let given = 0;
let done = 0;
const began = performance.now();
const progress = progressOn(process);

async function work(): Promise<void> {
  while (given < kills) {
    const share = Math.min(EACH, kills - given);
    given += share;
    const lane = await runLane(share, Number(values.seed) * 100_000 + given, mutant, tell);
    lanes.push(lane);
    if (mutant !== undefined && lane.wrong.length > 0) given = kills;
  }
}

/** Effects and what was wrong are counted at the end of each lane. */
function tell(): void {
  done++;
  const [effects, wrong] = [sum((lane) => lane.effects), sum((lane) => lane.wrong.length)];
  progress.show(done / kills, `${done} of ${kills} kills, ${effects} effects, ${wrong} wrong`);
}

function sum(of: (lane: Lane) => number): number {
  return lanes.reduce((total, lane) => total + of(lane), 0);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, work));
progress.end();
const wrong = lanes.flatMap((lane) => lane.wrong);
for (const line of wrong.slice(0, 20)) process.stdout.write(`WRONG: ${line}\n`);
const seconds = Math.round((performance.now() - began) / 1000);
process.stdout.write(
  `${sum((lane) => lane.kills)} kills in ${seconds} s: ${sum(({ proposals }) => proposals)} proposals, ${sum(({ effects }) => effects)} effects, ${sum(({ settled }) => settled)} in doubt and settled by the target, ${sum(({ asked }) => asked)} in doubt and asked of a person; ${wrong.length} promises broken.\n`,
);
process.exitCode = wrong.length > 0 === (mutant !== undefined) ? 0 : 1;
