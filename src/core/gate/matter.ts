import type { Fact, Known } from "../gate.ts";
import { type Clause, clausesOf, type Values } from "./about.ts";
import type { Claim } from "./claims.ts";
import { countedBy, isOfAnotherMeasure, isSpeaking, type Spoken, spokenIn } from "./measure.ts";
import { isOfAnotherTime, type When } from "./moments.ts";

export type { When };

/** Whether the clause of a claim speaks of another measure, quantile or time than a value is of. */
export function isOfAnotherMatter(
  fact: Fact,
  claim: Claim,
  claims: readonly Claim[],
  plain: string,
  values: Values,
  { facts, when }: Known,
): boolean {
  if (fact.measure === undefined && fact.at === undefined) return false;
  const isName = (word: string) => values.all.has(word);
  const clauses = clausesOf(plain);
  const own = clauses.findIndex(({ from, to }) => claim.start >= from && claim.start < Math.max(to, from + 1));
  if (own < 0) return false;
  if (fact.measure !== undefined) {
    const counted = countedBy(plain.slice(claim.end, clauses[own]!.to), isName);
    const spoken = spokenFor(clauses, own, claims, plain, isName) ?? NOTHING;
    // "2 of 3 replicas are ready": the second is of all
    const isWhole = claims.some(
      ({ end }) => end <= claim.start && /^ (?:out )?of (?:the |its |all )?$/i.test(plain.slice(end, claim.start)),
    );
    if (isOfAnotherMeasure(fact.measure, isWhole ? NOTHING : spoken, counted)) return true;
  }
  const { from, to } = clauses[own]!;
  const ago = agoIn(claims, plain, clauses[own]!);
  if (ago !== undefined && fact.at !== undefined && when !== undefined && claims.length === 2)
    if (!isNear(when.now - fact.at, ago)) return true;
  const others = claims
    .filter((one) => one !== claim && one.start >= from && one.start < to)
    .map(({ start }) => start - from);
  return isOfAnotherTime(
    fact,
    plain.slice(from, to),
    { start: claim.start - from, end: claim.end - from },
    others,
    facts,
    when,
  );
}

const NOTHING: Spoken = { topics: new Set(), quantiles: [] };

/**
 * What is spoken of where a claim stands: in its clause, with those before it that have no number of their own; where that names no
 * measure and is but names and a number ("and payments 54"), what was told last; where nothing was told yet, the rest of the sentence.
 */
function spokenFor(
  clauses: readonly Clause[],
  own: number,
  claims: readonly Claim[],
  plain: string,
  isName: (word: string) => boolean,
): Spoken | undefined {
  const hasClaim = ({ from, to }: Clause) => claims.some(({ start }) => start >= from && start < to);
  const at = (index: number): Spoken => {
    let first = index;
    while (first > 0 && !hasClaim(clauses[first - 1]!)) first--;
    return spokenIn(plain.slice(clauses[first]!.from, clauses[index]!.to), isName);
  };
  const here = at(own);
  if (isSpeaking(here)) return here;
  if (!isElliptic(plain, clauses[own]!, claims, isName)) return undefined;
  for (let before = own - 1; before >= 0; before--) {
    const spoken = at(before);
    if (isSpeaking(spoken)) return spoken;
  }
  return own === 0 ? spokenIn(plain, isName) : undefined;
}

const FILLING =
  /^(?:and|but|or|only|at|to|is|for|of|on|in|by|the|its|with|just|about|also|was|still|both|respectively|has|have|even|not)$/i;

/** Only names and numbers, and words that tell nothing. */
function isElliptic(
  plain: string,
  { from, to }: Clause,
  claims: readonly Claim[],
  isName: (word: string) => boolean,
): boolean {
  let rest = plain.slice(from, to);
  for (const { start, end } of claims)
    if (start >= from && start < to)
      rest = rest.slice(0, start - from) + " ".repeat(end - start) + rest.slice(end - from);
  return (rest.match(/[\w.:/@-]*\w/g) ?? []).every((word) => FILLING.test(word) || isName(word.toLowerCase()));
}

/** Seconds that a clause goes back: "three hours ago". */
function agoIn(claims: readonly Claim[], plain: string, { from, to }: Clause): number | undefined {
  const one = claims.find((claim) => claim.start >= from && claim.start < to && isSaidAgo(claim, plain));
  return one?.readings.find(({ family }) => family === "time")?.value;
}

function isSaidAgo({ text, end, readings }: Claim, plain: string): boolean {
  return readings.some(({ family }) => family === "time") && (/ ago$/i.test(text) || /^ ago\b/i.test(plain.slice(end)));
}

/** A point of a trend is near enough within a tenth of the time, or ten minutes. */
function isNear(age: number, ago: number): boolean {
  return Math.abs(age - ago) <= Math.max(600, ago / 10);
}

/** "Three hours ago it was 81 %": the time is true when a value of the sentence is that old. */
export function isAgo(claim: Claim, claims: readonly Claim[], plain: string, { facts, when }: Known): boolean {
  if (when === undefined || !isSaidAgo(claim, plain)) return false;
  const ago = claim.readings.find(({ family }) => family === "time")!.value;
  const others = claims.filter((one) => one !== claim).flatMap(({ readings }) => readings);
  return facts.some(
    ({ at, value, family }) =>
      at !== undefined &&
      isNear(when.now - at, ago) &&
      others.some((one) => (one.family === family || family === "plain") && Math.abs(one.value - value) <= one.within),
  );
}
