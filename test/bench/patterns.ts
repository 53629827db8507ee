/** `npm run bench -- patterns`: alerts after deployments, found in made histories whose truth is known, beside two simpler ways. */
import { performance } from "node:perf_hooks";
import { aWorld, byCount, byRate, ours, type PatternScore, scoreOf, type World } from "./pattern-score.ts";

const WORLDS = 40;
const KINDS = [
  ["of 13 weeks", false, 13],
  ["of 4 weeks", false, 4],
  ["of 13 weeks in which nothing follows deployments", true, 13],
] as const;
const WAYS = [
  ["Fisher's exact test against the same times of other days, Benjamini-Hochberg", ours],
  ["binomial test against the rate over all hours, no correction", byRate],
  ["three times together", byCount],
] as const;

console.log("576 pairs of an alert and a service; true are 5, in which the alert follows 30 to 80 % of deployments.");
for (const [kind, isChance, weeks] of KINDS) {
  const worlds = Array.from({ length: WORLDS }, (_, seed) => aWorld(seed + 1, isChance, weeks));
  console.log(`${WORLDS} histories ${kind}:`);
  for (const [name, find] of WAYS) {
    const started = performance.now();
    const all = worlds.map((world) => scoreOf(world, find(world)));
    console.log(`  ${name}: ${sayScore(all, worlds)}, ${((performance.now() - started) / WORLDS).toFixed(0)} ms each`);
  }
}

function sayScore(all: readonly PatternScore[], worlds: readonly World[]): string {
  const sum = (of: (one: PatternScore) => number) => all.reduce((total, one) => total + of(one), 0);
  const [right, wrong, truth] = [sum((one) => one.right), sum((one) => one.wrong), sum((one) => one.truth)];
  if (truth === 0)
    return `${wrong} patterns, all of them wrong, in ${all.filter((one) => one.wrong > 0).length} of ${worlds.length} histories`;
  const precision = right + wrong === 0 ? "none found" : (right / (right + wrong)).toFixed(3);
  return `precision ${precision}, recall ${(right / truth).toFixed(3)}`;
}
