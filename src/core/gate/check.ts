import { type Judged, judge, type Known } from "../gate.ts";
import { plainOf } from "./clean.ts";
import { strayAddress } from "./stray.ts";

/** Why a sentence went that repeats a secret. */
export const HAS_SECRET = "It has a secret.";
/** Why a sentence went that repeats the prompt. */
export const IS_INSTRUCTION = "It repeats its instructions.";

const LONGEST_SENTENCE = 600;

/** Approvals are people's and code's to tell of, and what a model did is always: nothing. */
const CLAIMS_ACT = [
  /\bapprov(?:e|es|ed|ing|als?)\b/i,
  /\bproposals?\b/i,
  /\b(?:I|we)(?:'ve|'ll| have| will| just| already| now)* (?:approved?|applied|changed|deleted|drained|executed?|fixed|killed|lifted|paused|ran|rebooted|reloaded|removed|resolved|restarted|resumed|rolled back|scaled|silenced|stopped|triggered|updated)\b/i,
  /^\W*(?:done|executed|completed|fixed)\b(?! *[(%\d])/i,
  /\b(?:was|were|been|is|are) (?:now |just |already )?(?:executed|carried out)\b/i,
  /\brunbooks?\b.{0,40}\b(?:ran|succeeded|completed|was run|has run|executed)\b/i,
];

/** Sentences of a model that may be read as more than a sentence are left out like invented ones. */
export function checkSentence(sentence: string, known: Known): Judged {
  if (sentence.length > LONGEST_SENTENCE) return { kept: false, sentence, reason: "It is too long for a sentence." };
  const stray = strayAddress(sentence, known.hasName);
  if (stray !== undefined) return { kept: false, sentence, reason: stray };
  const plain = plainOf(sentence);
  if (/<\/?data\b|[{[]"/i.test(plain)) return { kept: false, sentence, reason: "It is data and no sentence." };
  if (CLAIMS_ACT.some((pattern) => pattern.test(plain)))
    return { kept: false, sentence, reason: "It speaks of approvals or of something that it did." };
  return judge(sentence, known);
}
