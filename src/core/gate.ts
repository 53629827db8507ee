import { type Claim, claimsIn } from "./gate/claims.ts";
import { plainOf, STRANGE_NUMERAL } from "./gate/clean.ts";
import { blankNames } from "./gate/names.ts";
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
};

/** What this turn knows. */
export type Known = {
  readonly facts: readonly Fact[];
  /** Whether a name (of a service, host, metric, label, version, …) stands in the evidence or the question. */
  readonly hasName: (name: string) => boolean;
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
  const strange = STRANGE_NUMERAL.exec(plain);
  if (strange !== null) return drop(`“${strange[0]}” is a number that cannot be checked.`);
  const { text, unknown } = blankNames(plain, known.hasName);
  const [name] = unknown;
  if (name !== undefined) return drop(`“${name}” is in nothing that was asked.`);
  const queries = new Set<number>();
  const claims = claimsIn(text);
  const namedFor = namesByClaim(plain, claims, known.facts);
  for (const [at, claim] of claims.entries()) {
    const right = known.facts.filter((fact) => saysTheSame(claim, fact));
    if (right.length === 0) return drop(`“${claim.text.trim()}” is no value that a query returned.`);
    const own = right.filter((fact) => !isOfAnother(fact, known.facts, namedFor[at]!));
    if (own.length === 0) return drop(`“${claim.text.trim()}” is the value of something else.`);
    const source = own.find(({ query }) => query !== undefined)?.query;
    if (source !== undefined) queries.add(source);
  }
  const left = /\d/.exec(withoutClaims(text, claims));
  if (left !== null)
    return drop(
      `“${plain.slice(Math.max(0, left.index - 5), left.index + 6).trim()}” has digits that cannot be checked.`,
    );
  return { kept: true, sentence, queries: [...queries] };
}

/** A whole text: what may be said of it, in its own layout, and what had to go. */
export function gate(text: string, known: Known): { readonly text: string; readonly judged: readonly Judged[] } {
  const judged = sentencesOf(text).map((sentence) => judge(sentence, known));
  const kept = judged.filter((one) => one.kept).map(({ sentence }) => sentence);
  return { text: kept.join("").trim(), judged };
}

/** No rounding may be coarser than this share of the value, whatever digits are stated. */
const COARSEST = 0.1;

function saysTheSame({ readings, hedge }: Claim, fact: Fact): boolean {
  return readings.some(({ value, family, within }) => {
    if (!goTogether(family, fact.family)) return false;
    // "dropped by 5 %" of a difference that code computed
    const truth = fact.origin === "computed" && value >= 0 ? Math.abs(fact.value) : fact.value;
    if (value === 0 || truth === 0) return value === truth;
    const off = truth - value;
    const slack = 1e-9 * Math.abs(truth);
    if (Math.abs(off) > COARSEST * Math.abs(truth) + slack) return false;
    if (hedge === "over") return off >= -slack && off <= within + slack;
    if (hedge === "under") return off <= slack && -off <= within + slack;
    return Math.abs(off) <= within + slack;
  });
}

/**
 * A value whose unit nobody told may be said in any. A bare number may be all that is no time and no size in bytes; one
 * that counts something is a count.
 */
function goTogether(stated: Quantity["family"], fact: Quantity["family"]): boolean {
  if (stated === fact || fact === "plain") return true;
  return stated === "plain" && fact !== "time" && fact !== "bytes" && fact !== "bytes/s";
}

/**
 * Whether a measured value belongs to another thing than those the sentence names: it has a label whose values the sentence
 * names, and none of the named ones is its own.
 */
function isOfAnother({ origin, labels, query }: Fact, facts: readonly Fact[], named: ReadonlySet<string>): boolean {
  if (origin !== "returned" || labels === undefined) return false;
  return Object.entries(labels).some(([label, value]) => {
    if (isNamed(value, named)) return false;
    return facts.some(
      (other) => other.query === query && other.labels?.[label] !== undefined && isNamed(other.labels[label], named),
    );
  });
}

function isNamed(value: string, named: ReadonlySet<string>): boolean {
  return spellings(value).some((name) => named.has(name));
}

/**
 * The words that tell what each claim is about. Where a thing is named before the first number, each number belongs to the
 * names between the number before and itself ("orders 2 s, billing 3 s"); otherwise to those between itself and the next
 * ("2 s for orders, 3 s for billing"); and to all of the sentence's where there are none.
 */
function namesByClaim(plain: string, claims: readonly Claim[], facts: readonly Fact[]): readonly ReadonlySet<string>[] {
  const values = new Set(facts.flatMap(({ labels }) => Object.values(labels ?? {})).flatMap(spellings));
  const words = wordsOf(plain).filter(({ word }) => values.has(word));
  const all = new Set(words.map(({ word }) => word));
  const inOrder = claims.toSorted((a, b) => a.start - b.start);
  const isNamedFirst = words.some(({ start }) => start < (inOrder[0]?.start ?? 0));
  return claims.map((claim) => {
    const at = inOrder.indexOf(claim);
    const from = isNamedFirst ? (inOrder[at - 1]?.end ?? 0) : claim.end;
    const to = isNamedFirst ? claim.start : (inOrder[at + 1]?.start ?? plain.length);
    const own = words.filter(({ start }) => start >= from && start < to).map(({ word }) => word);
    return own.length === 0 ? all : new Set(own);
  });
}

function spellings(value: string): readonly string[] {
  const name = value.toLowerCase();
  return [name, name.replace(/:\d+$/, "")];
}

function wordsOf(plain: string): readonly { readonly word: string; readonly start: number }[] {
  return [...plain.toLowerCase().matchAll(/[a-z0-9_][\w.:/@-]*\w|\w/g)].flatMap(({ 0: word, index: start }) => [
    { word, start },
    { word: word.replace(/[.:/-]+$/, ""), start },
  ]);
}

function withoutClaims(text: string, claims: readonly Claim[]): string {
  let rest = text;
  for (const { start, end } of claims) rest = rest.slice(0, start) + " ".repeat(end - start) + rest.slice(end);
  return rest;
}
