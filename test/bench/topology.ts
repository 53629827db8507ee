/** `npm run bench -- topology`: alerts of faults that spread along calls, in made worlds whose truth is known: grouped, and their root named, beside two simpler ways. */
import { performance } from "node:perf_hooks";
import {
  aWorld,
  byTime,
  type Grouped,
  type MadeWorld,
  ours,
  oursFirst,
  oursWalked,
  scoreOf,
  type TopologyScore,
} from "./topology-score.ts";

const from = Number(process.argv[2] ?? 1000);
const WORLDS = 40;
const KINDS = [
  ["a tenth of the edges unknown, a tenth wrong", {}],
  ["a quarter of the faults in the same time", { faults: 6 }],
  ["every edge known, none wrong", { lost: 0, wrong: 0 }],
  ["half of the edges unknown, a third wrong", { lost: 0.5, wrong: 0.33 }],
  ["four times the faults in the same time", { faults: 96, noise: 120 }],
  ["no edge known", { lost: 1, wrong: 0 }],
] as const;
const WAYS: readonly (readonly [name: string, group: (world: MadeWorld) => Grouped])[] = [
  ["by thing, and by who calls whom", (world) => ours(world, world.graph)],
  ["the same groups, the first is the root", oursFirst],
  ["the same groups, the root by a random walk", oursWalked],
  ["by thing alone, the first is the root", (world) => ours(world, undefined)],
  ["by time alone (10 min), the first is the root", byTime],
];

console.log(
  "40 services, 24 faults in 12 hours and 30 alerts of none, unless said otherwise; rules wait for 1 to 10 min.",
);
for (const [name, options] of KINDS) {
  const worlds = Array.from({ length: WORLDS }, (_, seed) => aWorld(from + seed, options));
  console.log(`${WORLDS} worlds, ${name}:`);
  for (const [way, group] of WAYS) {
    const started = performance.now();
    const all = worlds.map((world) => scoreOf(world, group(world)));
    console.log(`  ${way}: ${sayScore(all)}, ${((performance.now() - started) / WORLDS).toFixed(0)} ms each`);
  }
}

function sayScore(all: readonly TopologyScore[]): string {
  const sum = (of: (one: TopologyScore) => number) => all.reduce((total, one) => total + of(one), 0);
  const [right, wrong, pairs] = [sum((one) => one.right), sum((one) => one.wrong), sum((one) => one.pairs)];
  const precision = right + wrong === 0 ? "-" : (right / (right + wrong)).toFixed(3);
  const hit = (sum((one) => one.hits) / sum((one) => one.faults)).toFixed(3);
  return `pairwise precision ${precision}, recall ${(right / pairs).toFixed(3)}, root hit@1 ${hit}, ${Math.round(sum((one) => one.messages) / all.length)} messages`;
}
