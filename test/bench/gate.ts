/**
 * `npm run bench:gate [-- --show]`: how many invented figures and names the number gate finds, and how many honest sentences
 * it drops. Five hundred of each, some written by hand, the others made by a seed; each sentence is a text of its own.
 * Then the same of prose that was written apart from the gate, which says more about a stranger's. Ends with 1 when an
 * invented one of the five hundred passes, or more than 1 % of the honest ones are dropped. `--show` prints those.
 */
import { parseArgs } from "node:util";
import { gate } from "../../src/core/gate.ts";
import { HONEST_BY_HAND, INVENTED_BY_HAND } from "./gate/by-hand.ts";
import { type Case, honestCases, inventedCases } from "./gate/cases.ts";
import { readProse, type Sentence } from "./gate/prose.ts";
import { quantile } from "./timed.ts";

const COUNT = 500;
const { values: options } = parseArgs({ options: { show: { type: "boolean", default: false } } });

const honest = [...HONEST_BY_HAND, ...honestCases(COUNT - HONEST_BY_HAND.length)];
const invented = [...INVENTED_BY_HAND, ...inventedCases(COUNT - INVENTED_BY_HAND.length)];
const times: number[] = [];

function isKept({ text, known }: Case): boolean {
  const start = performance.now();
  const { judged } = gate(text, known);
  times.push(performance.now() - start);
  return judged.every(({ kept }) => kept);
}

const dropped = honest.filter((one) => !isKept(one));
const passed = invented.filter(isKept);
if (options.show) {
  for (const one of dropped) {
    const { judged } = gate(one.text, one.known);
    console.log(`dropped: ${one.text}\n    ${judged.flatMap((each) => (each.kept ? [] : [each.reason])).join(" ")}`);
  }
  for (const { text, how } of passed) console.log(`passed (${how}): ${text}`);
}
const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
console.log(
  `invented figures found      ${invented.length - passed.length} of ${invented.length} (${share(invented.length - passed.length, invented.length)})`,
);
console.log(
  `honest sentences dropped    ${dropped.length} of ${honest.length} (${share(dropped.length, honest.length)}; at most 1 %)`,
);

const prose = readProse();
const isWhole = ({ text, known, bad }: Sentence): boolean => {
  const { text: said, judged } = gate(text, known);
  return bad === undefined ? judged.every(({ kept }) => kept) : said.includes(bad);
};
const [honestProse, inventedProse] = [prose.filter(({ isHonest }) => isHonest), prose.filter((one) => !one.isHonest)];
const lost = honestProse.filter((one) => !isWhole(one));
const missed = inventedProse.filter(isWhole);
if (options.show) {
  for (const { text } of lost) console.log(`dropped (prose): ${text}`);
  for (const { text } of missed) console.log(`passed (prose): ${text}`);
}
console.log(
  `prose: invented found       ${inventedProse.length - missed.length} of ${inventedProse.length} (${share(inventedProse.length - missed.length, inventedProse.length)})`,
);
console.log(
  `prose: honest dropped       ${lost.length} of ${honestProse.length} (${share(lost.length, honestProse.length)})`,
);
console.log(
  `time per text               p50 ${quantile(times, 0.5).toFixed(2)} ms, p95 ${quantile(times, 0.95).toFixed(2)} ms`,
);
process.exitCode = passed.length === 0 && dropped.length <= honest.length / 100 ? 0 : 1;
