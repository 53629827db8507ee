import { countsWhatIsNamed, isOfAnother, namesByClaim, numberedIn, strangeSiblings, valuesOf } from "./gate/about.ts";
import { type Claim, claimsIn } from "./gate/claims.ts";
import { plainOf, strangeNumberIn } from "./gate/clean.ts";
import { isAgo, isOfAnotherMatter, type When } from "./gate/matter.ts";
import type { Measure } from "./gate/measure.ts";
import { blankNames, foreignCurrencyIn } from "./gate/names.ts";
import type { Quantity } from "./gate/quantity.ts";
import { LONGEST_SENTENCE, sentencesOf } from "./gate/sentences.ts";
import type { Labels } from "./series.ts";

/**
 * What a model says, held against what was found out in this turn. A sentence stays when each number in it is one that a
 * query returned, that code computed from those, or that the question has; when each name in it is one of the evidence; and
 * when no number is given to another thing than the one it was measured on. Everything else is left out, and said to be.
 *
 * Prompt rules alone do not keep models from inventing numbers, and checks that only warn are not read (see the README's
 * Decisions): so it is code that decides, sentence by sentence.
 */

/** A number that may be said. */
export type Fact = Quantity & {
  /** Where it comes from: a query's result, the span of a query, the question, or code that computed it from results. */
  readonly origin: "returned" | "span" | "question" | "computed";
  /** What it was measured on. */
  readonly labels?: Labels;
  /** Index of its query among the turn's evidence. */
  readonly query?: number;
  /** What it measures, where its query or its sentence tells. */
  readonly measure?: Measure;
  /** When it was so, unix seconds. */
  readonly at?: number;
  /** For a number out of a text that code wrote: the words that stand beside it there. */
  readonly beside?: ReadonlySet<string>;
};

/** What this turn knows. */
export type Known = {
  readonly facts: readonly Fact[];
  /** Whether a name (of a service, host, metric, label, version, …) stands in the evidence or the question. */
  readonly hasName: (name: string) => boolean;
  /** The moment of the turn. Without it, nothing is said to be of another time. */
  readonly when?: When;
};

export type Judged =
  | {
      readonly kept: true;
      readonly sentence: string;
      /** Indices of the queries that its numbers come from. */
      readonly queries: readonly number[];
    }
  | {
      readonly kept: false;
      readonly sentence: string /** Why, as a sentence for the record. */;
      readonly reason: string;
    };

/** Judges one sentence. Never throws. */
export function judge(sentence: string, known: Known): Judged {
  const drop = (reason: string): Judged => ({ kept: false, sentence, reason });
  if (sentence.length >= LONGEST_SENTENCE) return drop("It is too long for a sentence.");
  const plain = plainOf(sentence);
  if (plain.length > 2 * LONGEST_SENTENCE) return drop("It is too long for a sentence.");
  const strange = strangeNumberIn(plain);
  if (strange !== undefined) return drop(`“${strange}” is a number that cannot be checked.`);
  const values = valuesOf(known.facts);
  const numbered = numberedIn(plain, values);
  const { text, unknown } = blankNames(without(plain, numbered), known.hasName);
  const name =
    unknown[0] ?? numbered.find(({ isKnown }) => !isKnown)?.word ?? strangeSiblings(plain, values, known.hasName);
  if (name !== undefined) return drop(`“${name}” is in nothing that was asked.`);
  const currency = foreignCurrencyIn(plain, known.hasName);
  if (currency !== undefined) return drop(`“${currency}” is not the currency that was asked in.`);
  const queries = new Set<number>();
  const claims = claimsIn(text);
  const namedFor = namesByClaim(plain, claims, values);
  for (const claim of claims) {
    const right = rightFor(claim, plain, known.facts);
    if (right.length === 0 && (countsWhatIsNamed(claim, plain, values) || isAgo(claim, claims, plain, known))) continue;
    if (right.length === 0) return drop(`“${claim.text.trim()}” is no value that a query returned.`);
    const own = right.filter((fact) => !isOfAnother(fact, values, namedFor.get(claim)!));
    if (own.length === 0) return drop(`“${claim.text.trim()}” is the value of something else.`);
    const fitting = own.filter((fact) => !isOfAnotherMatter(fact, claim, claims, plain, values, known));
    if (fitting.length === 0)
      return drop(`“${claim.text.trim()}” is of another measure or time than the sentence says.`);
    const source = fitting.find(({ query }) => query !== undefined)?.query;
    if (source !== undefined) queries.add(source);
  }
  const left = /\d/.exec(without(text, claims));
  if (left !== null)
    return drop(
      `“${plain.slice(Math.max(0, left.index - 5), left.index + 6).trim()}” has digits that cannot be checked.`,
    );
  return { kept: true, sentence, queries: [...queries] };
}

const LEAVES = /\b(?:leaves?|leaving|left|free|remain(?:s|ing)?|the (?:rest|other))\b[^,;]{0,40}$/i;
const LEFT_AFTER = /^ (?:is|are|was|were|of it|of them|still)? ?(?:left|free|remain(?:s|ing)?|unused|idle)\b/i;

/** The facts that a claim may be about: what says the same, and what a share leaves of the whole where the sentence says so. */
function rightFor(claim: Claim, plain: string, facts: readonly Fact[]): readonly Fact[] {
  const same = facts.filter((fact) => saysTheSame(claim, fact));
  if (same.length > 0) return same;
  const isRest = LEAVES.test(plain.slice(0, claim.start)) || LEFT_AFTER.test(plain.slice(claim.end));
  if (!isRest || !claim.readings.some(({ family }) => family === "ratio")) return same;
  return facts.filter(
    (fact) =>
      (fact.family === "ratio" || fact.family === "plain") &&
      fact.value > 0 &&
      fact.value < 1 &&
      saysTheSame(claim, { ...fact, value: 1 - fact.value }),
  );
}

/** A whole text: what may be said of it, in its own layout, and what had to go. */
export function gate(text: string, known: Known): { readonly text: string; readonly judged: readonly Judged[] } {
  const judged = sentencesOf(text).map((sentence) => judge(sentence, known));
  const kept = judged.filter((one) => one.kept).map(({ sentence }) => sentence);
  return { text: kept.join("").trim(), judged };
}

/** No rounding may be coarser than this share of the value, whatever digits are stated. */
const COARSEST = 0.1;
/** "More than 1,000" says less, and is true of what is above. */
const COARSEST_BOUND = 0.3;
/** A share below this may be called "effectively zero". */
const AS_GOOD_AS_ZERO = 0.001;

function saysTheSame({ readings, bare, hedge }: Claim, fact: Fact): boolean {
  // a value whose unit nobody told may be said in any
  if (bare !== undefined && fact.family === "plain" && fact.origin !== "question" && isClose(bare, fact, hedge))
    return true;
  return readings.some((reading) => goTogether(reading.family, fact) && isClose(reading, fact, hedge));
}

function isClose(
  { value, within }: { readonly value: number; readonly within: number },
  fact: Fact,
  hedge: Claim["hedge"],
): boolean {
  // "dropped by 5 %" of a difference that code computed
  const truth = fact.origin === "computed" && value >= 0 ? Math.abs(fact.value) : fact.value;
  if (value === 0 && fact.family === "ratio" && (hedge === "about" || hedge === "under"))
    return Math.abs(truth) < AS_GOOD_AS_ZERO;
  if (value === 0 || truth === 0) return value === truth;
  const off = truth - value;
  const slack = 1e-9 * Math.abs(truth);
  const coarsest = hedge === "over" || hedge === "under" ? COARSEST_BOUND : COARSEST;
  if (Math.abs(off) > coarsest * Math.abs(truth) + slack) return false;
  if (hedge === "over") return off >= -slack && off <= within + slack;
  if (hedge === "under") return off <= slack && -off <= within + slack;
  return Math.abs(off) <= within + slack;
}

/**
 * A value whose unit nobody told may be said in any. A bare number may be all that is no time and no size in bytes; one
 * that counts something is a count. "1.28 times the budget" is a share that code worked out.
 */
function goTogether(stated: Quantity["family"], { value, family, origin }: Fact): boolean {
  if (stated === family || family === "plain") return true;
  if (stated === "factor") return family === "ratio" && origin === "computed" && value > 1;
  return stated === "plain" && family !== "time" && family !== "bytes" && family !== "bytes/s";
}

/** The text with those places blanked out, in the same length. */
function without(text: string, places: readonly { readonly start: number; readonly end: number }[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of places.toSorted((a, b) => a.start - b.start)) {
    if (end <= from) continue;
    parts.push(text.slice(from, Math.max(from, start)), " ".repeat(end - Math.max(from, start)));
    from = end;
  }
  return parts.join("") + text.slice(from);
}
