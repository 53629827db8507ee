import type { Fact } from "../gate.ts";
import type { Claim } from "./claims.ts";
import { UNIT_SOURCE } from "./quantity.ts";

/** What each number of a sentence is said of. */

/**
 * Whether a value belongs to another thing than those the sentence names: it has a label of which the sentence names values,
 * and none of the named ones is its own.
 */
export function isOfAnother({ labels }: Fact, facts: readonly Fact[], named: ReadonlySet<string>): boolean {
  if (labels === undefined) return false;
  return Object.entries(labels).some(([label, value]) => {
    if (isNamed(value, named)) return false;
    return facts.some((other) => other.labels?.[label] !== undefined && isNamed(other.labels[label], named));
  });
}

function isNamed(value: string, named: ReadonlySet<string>): boolean {
  return spellings(value).some((name) => named.has(name));
}

type Word = { readonly word: string; readonly start: number };
type Group = { readonly from: number; readonly to: number; readonly isApart: boolean };

/**
 * The names that tell what each claim is about. A clause with names and numbers stands for itself. Where a thing is named
 * before its first number, each number belongs to the names between the number before and itself ("orders 2 s, billing
 * 3 s"); otherwise to those between itself and the next ("2 s for orders, 3 s for billing"); and to all of the clause's
 * where there are none. A clause without names speaks of what the one before it names.
 */
export function namesByClaim(
  plain: string,
  claims: readonly Claim[],
  facts: readonly Fact[],
): ReadonlyMap<Claim, ReadonlySet<string>> {
  const values = new Set(facts.flatMap(({ labels }) => Object.values(labels ?? {})).flatMap(spellings));
  const words = [
    ...wordsOf(plain).filter(({ word }) => values.has(word) && !/^\d+$/.test(word)),
    ...numberedIn(plain, facts).map(({ word, start }) => ({ word, start })),
  ];
  const inOrder = claims.toSorted((a, b) => a.start - b.start);
  const named = new Map<Claim, ReadonlySet<string>>();
  let last: ReadonlySet<string> = new Set();
  for (const { from, to } of groupsOf(plain, words, inOrder)) {
    const here = words.filter(({ start }) => start >= from && start < to);
    const own = inOrder.filter(({ start }) => start >= from && start < to);
    const all = here.length === 0 ? last : new Set(here.map(({ word }) => word));
    const isNamedFirst = here.some(({ start }) => start < (own[0]?.start ?? 0));
    for (const [at, claim] of own.entries()) {
      const after = isNamedFirst ? (own[at - 1]?.end ?? from) : claim.end;
      const before = isNamedFirst ? claim.start : (own[at + 1]?.start ?? to);
      const nearest = here.filter(({ start }) => start >= after && start < before).map(({ word }) => word);
      const next = here.find(({ start }) => start >= claim.end)?.start ?? claim.end;
      const isApart = !isNamedFirst && COMPARED.test(plain.slice(claim.end, next));
      named.set(claim, nearest.length > 0 ? new Set(nearest) : isApart ? last : all);
    }
    last = all;
  }
  return named;
}

/** "2 s vs. 3 s for billing": the first is of something else. */
const COMPARED = /\b(?:vs|versus|against|compared|than|instead of)\b/i;

const BETWEEN_CLAUSES = /;|,? (?:and|while|but|whereas|though|although) |, /gi;

/** Clauses, put together until each has a name and a number. Nothing reaches back over a semicolon. */
function groupsOf(plain: string, words: readonly Word[], claims: readonly Claim[]): readonly Group[] {
  const clauses: Group[] = [];
  let from = 0;
  let isApart = false;
  for (const { 0: mark, index } of plain.matchAll(BETWEEN_CLAUSES)) {
    clauses.push({ from, to: index, isApart });
    from = index;
    isApart = mark === ";";
  }
  clauses.push({ from, to: plain.length, isApart });
  const has = (list: readonly { readonly start: number }[], { from: a, to: b }: Group) =>
    list.some(({ start }) => start >= a && start < b);
  const isWhole = (group: Group) => has(words, group) && has(claims, group);
  const groups: Group[] = [];
  for (const clause of clauses) {
    const open = groups.at(-1);
    if (open === undefined || clause.isApart || (isWhole(open) && has(words, clause))) groups.push(clause);
    else groups[groups.length - 1] = { ...open, to: clause.to };
  }
  return groups;
}

const DEFINITE = /\b(?:the|these|those|all) (?:other )?$/i;

/** "The two busiest are orders and billing": as many as the sentence names, which is no measure. */
export function countsWhatIsNamed(claim: Claim, plain: string, facts: readonly Fact[]): boolean {
  if (!DEFINITE.test(plain.slice(Math.max(0, claim.start - 16), claim.start))) return false;
  if (!claim.readings.some(({ family }) => family === "count" || family === "plain")) return false;
  const values = new Set(facts.flatMap(({ labels }) => Object.values(labels ?? {})).flatMap(spellings));
  const named = new Set(wordsOf(plain).flatMap(({ word }) => (values.has(word) && !/^\d+$/.test(word) ? [word] : [])));
  return named.size > 1 && claim.bare?.value === named.size;
}

type Numbered = { readonly word: string; readonly start: number; readonly end: number; readonly isKnown: boolean };

/**
 * "partition 0", "GPUs 0, 1 and 3", and the first cell of a table's row: values of a label that are numbers and count
 * nothing. Offsets are those of the whole, or of each further number. `isKnown` tells whether the label has the value.
 */
export function numberedIn(plain: string, facts: readonly Fact[]): readonly Numbered[] {
  const values = new Map<string, Set<string>>();
  for (const [label, value] of facts.flatMap(({ labels }) => Object.entries(labels ?? {})))
    if (/^\d+$/.test(value)) values.set(label, (values.get(label) ?? new Set<string>()).add(value));
  return [...values].flatMap(([label, known]) => [...inRow(plain, known), ...afterLabel(plain, label, known)]);
}

function inRow(plain: string, known: ReadonlySet<string>): readonly Numbered[] {
  const { 0: cell = "", 1: word = "" } = /^\s*\| *(\d+)(?= *\|)/.exec(plain) ?? [];
  return known.has(word) ? [{ word, start: 0, end: cell.length, isKnown: true }] : [];
}

function afterLabel(plain: string, label: string, known: ReadonlySet<string>): readonly Numbered[] {
  const name = label.replace(/\W/g, "\\$&");
  const listed = new RegExp(
    `\\b${name}(?:s?[ #=:-]{1,3})(?<list>\\d{1,6}(?:(?:, | and | or | & )\\d{1,6})*)(?![\\d%]|[.,:]\\d|[ -]?(?:${UNIT_SOURCE}))`,
    "gi",
  );
  return [...plain.matchAll(listed)].flatMap((match) => {
    const { list = "" } = match.groups!;
    const from = match.index + match[0].length - list.length;
    return [...list.matchAll(/\d+/g)].map(({ 0: word, index }, at) => ({
      word,
      start: at === 0 ? match.index : from + index,
      end: from + index + word.length,
      isKnown: known.has(word),
    }));
  });
}

function spellings(value: string): readonly string[] {
  const name = value.toLowerCase();
  return [name, name.replace(/:\d+$/, "")];
}

function wordsOf(plain: string): readonly Word[] {
  return [...plain.toLowerCase().matchAll(/[a-z0-9_/][\w.:/@-]*\w|\w/g)].flatMap(({ 0: word, index: start }) => [
    { word, start },
    { word: word.replace(/[.:/-]+$/, ""), start },
  ]);
}
