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
import { readSubjects } from "./gate/subject.ts";
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

const isWhole = ({ text, known, bad }: Sentence): boolean => {
  const { text: said, judged } = gate(text, known);
  return bad === undefined ? judged.every(({ kept }) => kept) : said.includes(bad);
};

/** Sentences that were written apart: prints what is found of the bad and lost of the honest ones. */
function tell(name: string, what: string, sentences: readonly Sentence[]): void {
  const [good, bad] = [sentences.filter(({ isHonest }) => isHonest), sentences.filter((one) => !one.isHonest)];
  const lost = good.filter((one) => !isWhole(one));
  const missed = bad.filter(isWhole);
  if (options.show) {
    for (const { text, known } of lost) {
      const reasons = gate(text, known).judged.flatMap((each) => (each.kept ? [] : [each.reason]));
      console.log(`dropped (${name}): ${text}\n    ${reasons.join(" ")}`);
    }
    for (const { text } of missed) console.log(`passed (${name}): ${text}`);
  }
  const found = `${bad.length - missed.length} of ${bad.length} (${share(bad.length - missed.length, bad.length)})`;
  console.log(`${`${name}: ${what} found`.padEnd(28)}${found}`);
  console.log(
    `${`${name}: honest dropped`.padEnd(28)}${lost.length} of ${good.length} (${share(lost.length, good.length)})`,
  );
}

tell("prose", "invented", readProse());
tell("subject", "misplaced", await readSubjects("subject"));
tell("subject, later", "found", await readSubjects("subject-after"));
console.log(
  `time per text               p50 ${quantile(times, 0.5).toFixed(2)} ms, p95 ${quantile(times, 0.95).toFixed(2)} ms`,
);
process.exitCode = passed.length === 0 && dropped.length <= honest.length / 100 ? 0 : 1;
