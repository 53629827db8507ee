import type { Fact } from "../gate.ts";
import { STOP_WORDS } from "../language/vocabulary.ts";
import type { Claim } from "./claims.ts";
import { UNIT_SOURCE } from "./quantity.ts";

/** What each number of a sentence is said of. */

/** What the labels of a turn's facts have. */
export type Values = {
  /** Every value of every label, in all its spellings. */
  readonly all: ReadonlySet<string>;
  readonly byLabel: ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * Labels that name the same things: they share a value (a database is called as its service), or the values of one begin with those
   * of the other (a pod is called after its deployment).
   */
  readonly kin: ReadonlyMap<string, readonly string[]>;
};

const remembered = new WeakMap<readonly Fact[], { readonly count: number; readonly values: Values }>();

/** Worked out once for a list of facts, and again when it has grown. */
export function valuesOf(facts: readonly Fact[]): Values {
  const before = remembered.get(facts);
  if (before?.count === facts.length) return before.values;
  const byLabel = new Map<string, Set<string>>();
  const seen = new Set<Fact["labels"]>();
  for (const { labels } of facts) {
    if (labels === undefined || seen.has(labels)) continue;
    seen.add(labels);
    for (const [label, value] of Object.entries(labels)) {
      const own = byLabel.get(label) ?? new Set<string>();
      for (const name of spellings(value)) own.add(name);
      byLabel.set(label, own);
    }
  }
  const values = { byLabel, all: new Set([...byLabel.values()].flatMap((own) => [...own])), kin: kinOf(byLabel) };
  remembered.set(facts, { count: facts.length, values });
  return values;
}

function kinOf(byLabel: ReadonlyMap<string, ReadonlySet<string>>): Values["kin"] {
  const owners = new Map<string, Set<string>>();
  for (const [label, names] of byLabel)
    for (const name of names) owners.set(name, (owners.get(name) ?? new Set<string>()).add(label));
  const kin = new Map([...byLabel.keys()].map((label) => [label, new Set([label])]));
  for (const [name, labels] of owners)
    for (const one of [name, ...stemsOf(name)])
      for (const other of owners.get(one) ?? [])
        for (const label of labels) {
          kin.get(label)!.add(other);
          kin.get(other)!.add(label);
        }
  return new Map([...kin].map(([label, others]) => [label, [...others]]));
}

/** "frontend-7c9d" and "frontend" of "frontend-7c9d-abcde". */
function stemsOf(name: string): readonly string[] {
  const parts = name.split("-").slice(0, 8);
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("-"));
}

/**
 * Whether a value belongs to another thing than those the sentence names: it has a label of which the sentence names values, or values
 * of a label that names the same things, and none of them is its own; or it stands beside names in a text, and not beside these.
 */
export function isOfAnother({ labels, beside }: Fact, values: Values, named: ReadonlySet<string>): boolean {
  if (named.size === 0) return false;
  if (beside !== undefined && [...beside].some((name) => values.all.has(name)))
    return ![...named].some((name) => beside.has(name));
  if (labels === undefined) return false;
  const own = Object.entries(labels);
  return own.some(([label, value]) => {
    if (isNamed(value, named)) return false;
    return values.kin.get(label)!.some((kin) => {
      const known = values.byLabel.get(kin)!;
      const isOwn = own.some(([other, name]) => other === kin && isNamed(name, named));
      return !isOwn && [...named].some((name) => known.has(name));
    });
  });
}

function isNamed(value: string, named: ReadonlySet<string>): boolean {
  return spellings(value).some((name) => named.has(name) || stemsOf(name).some((stem) => named.has(stem)));
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
  values: Values,
): ReadonlyMap<Claim, ReadonlySet<string>> {
  const words = [
    ...wordsOf(plain).filter(({ word }) => values.all.has(word) && !/^\d+$/.test(word)),
    ...numberedIn(plain, values).map(({ word, start }) => ({ word, start })),
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
export function countsWhatIsNamed(claim: Claim, plain: string, values: Values): boolean {
  if (!DEFINITE.test(plain.slice(Math.max(0, claim.start - 16), claim.start))) return false;
  if (!claim.readings.some(({ family }) => family === "count" || family === "plain")) return false;
  const named = new Set(
    wordsOf(plain).flatMap(({ word }) => (values.all.has(word) && !/^\d+$/.test(word) ? [word] : [])),
  );
  return named.size > 1 && claim.bare?.value === named.size;
}

type Numbered = { readonly word: string; readonly start: number; readonly end: number; readonly isKnown: boolean };

/**
 * "partition 0", "GPUs 0, 1 and 3", and the first cell of a table's row: values of a label that are numbers and count
 * nothing. Offsets are those of the whole, or of each further number. `isKnown` tells whether the label has the value.
 */
export function numberedIn(plain: string, { byLabel }: Values): readonly Numbered[] {
  return [...byLabel].flatMap(([label, all]) => {
    const known = new Set([...all].filter((value) => /^\d+$/.test(value)));
    return known.size === 0 ? [] : [...inRow(plain, known), ...afterLabel(plain, label, known)];
  });
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

/** Each run of letters, digits and what joins them, without what it only begins or ends with. Linear in the text. */
function wordsOf(plain: string): readonly Word[] {
  return [...plain.toLowerCase().matchAll(/[\w.:/@-]+/g)].flatMap(({ 0: run, index }) => {
    let from = 0;
    let to = run.length;
    while (from < to && /[.:@-]/.test(run[from]!)) from++;
    while (to > from && /[.:/@-]/.test(run[to - 1]!)) to--;
    return from === to ? [] : [{ word: run.slice(from, to), start: index + from }];
  });
}

const SUFFIX =
  /-(?:level|based|wide|related|side|specific|only|heavy|bound|like|ready|facing|local|aware|backed|driven|free|intensive|owned|hosted|scale|scaled|to|and|by|the|style|type|size|sized|tier|layer|class|internal|side|owned)s?$/;
const DOING =
  "is|are|was|were|has|had|does|did|gets|got|takes|took|spent|uses|used|shows|serves|fails|failed|holds|sends|receives|runs|stays";
/** What a thing of that kind has, and no name of one: "queue depth is", "host memory was". */
const ASPECT =
  /^(?:latency|latencies|memory|cpu|disk|errors?|load|lag|length|depth|size|counts?|usage|levels?|time|times|type|names?|age|state|status|growth|rate|rates|traffic|backlog|requests?|restarts?|connections?|health|capacity|limits?|metrics?|alerts?|also|still|itself|now|which|that|it|and|or|who|why|what|then|there|never|always|only)$/;

/**
 * Names that are shaped as those of the evidence and are none of them: "nat-c" beside nat-a and nat-b, "team mobile" where `team` is a
 * label. `isKnown` tells whether the evidence or the question has a name.
 */
export function strangeSiblings(
  plain: string,
  { all, byLabel }: Values,
  isKnown: (name: string) => boolean,
): string | undefined {
  const families = new Set(
    [...all].flatMap((name) => (/^[a-z]+-/.test(name) ? [name.slice(0, name.indexOf("-"))] : [])),
  );
  const stranger = wordsOf(plain).find(
    ({ word }) =>
      /^[a-z]+-[a-z]+$/.test(word) &&
      families.has(word.slice(0, word.indexOf("-"))) &&
      !SUFFIX.test(word) &&
      !isKnown(word),
  );
  if (stranger !== undefined) return stranger.word;
  for (const label of byLabel.keys()) {
    if (!/^[a-z]{3,20}$/.test(label)) continue;
    const called = new RegExp(`(?<![\\w-])${label} ([a-z]{3,30}) (?:${DOING})(?![\\w-])`, "gi");
    for (const [, name = ""] of plain.matchAll(called))
      if (!ASPECT.test(name.toLowerCase()) && !STOP_WORDS.has(name.toLowerCase()) && !isKnown(name)) return name;
  }
  return undefined;
}

/** The words of a text that may be somebody's name, as `Fact.beside` has them. */
export function namesBeside(plain: string): ReadonlySet<string> {
  return new Set(wordsOf(plain).flatMap(({ word }) => spellings(word)));
}

export type Clause = { readonly from: number; readonly to: number };

/** The clauses of a sentence, in order. */
export function clausesOf(plain: string): readonly Clause[] {
  const clauses: Clause[] = [];
  let from = 0;
  for (const { 0: mark, index } of plain.matchAll(BETWEEN_CLAUSES)) {
    clauses.push({ from, to: index });
    from = index + mark.length;
  }
  return [...clauses, { from, to: plain.length }];
}
