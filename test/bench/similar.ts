/** `npm run bench -- similar`: how often an incident of the same cause is among the three most alike, over ten made worlds. */
import { scoreSimilar } from "./similar-score.ts";

const all = Array.from({ length: 10 }, (_, seed) => scoreSimilar(seed + 1));
const mean = (of: (one: (typeof all)[number]) => number) => all.reduce((sum, one) => sum + of(one), 0) / all.length;
console.log(
  `incidents asked about: ${all.reduce((sum, { incidents }) => sum + incidents, 0)} in ${all.length} worlds of 12 causes`,
);
console.log(`hit@3, TF-IDF cosine of alerts, thing and words: ${mean(({ ours }) => ours).toFixed(3)}`);
console.log(`hit@3, the newest three with the same first alert:  ${mean(({ byName }) => byName).toFixed(3)}`);
