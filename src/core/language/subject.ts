import { autoConcept } from "../auto-concept.ts";
import type { Catalogue, Metric } from "../catalogue.ts";
import { type Bound, bind, type Concept, type ConceptPacks, escapeRegex, type Filter } from "../concept.ts";
import { isThing } from "./delexicalise.ts";
import { kindsOf, type Mention, tokensOf } from "./link.ts";
import type { Token } from "./normalise.ts";
import { canonical, nameWords, STOP_WORDS, stem } from "./vocabulary.ts";

/** What a question is about: a concept bound to what exists, narrowed by the things the question names. */
export type Subject = {
  readonly bound: Bound;
  readonly filters: readonly Filter[];
  /** 0..1: how much of the question it explains and how much of it the question names. */
  readonly score: number;
  /** Indices of the tokens it explains. */
  readonly covered: ReadonlySet<number>;
  /** Mentions that narrow it. */
  readonly mentions: readonly Mention[];
  /** Mentions it has no label for. */
  readonly unused: readonly Mention[];
};

/** The concepts of one catalogue with their words, ready for scoring. */
export type ConceptIndex = {
  readonly bound: readonly { readonly bound: Bound; readonly phrases: readonly (readonly string[])[] }[];
  readonly byId: ReadonlyMap<string, Bound>;
  /** Concepts whose metrics do not exist here. */
  readonly absent: readonly { readonly concept: Concept; readonly phrases: readonly (readonly string[])[] }[];
  /** How telling a word is: rare among concepts is high. Unknown words count as rare. */
  weight(word: string): number;
  readonly words: ReadonlySet<string>;
};

const indexes = new WeakMap<Catalogue, WeakMap<ConceptPacks, ConceptIndex>>();

/** Binds all concepts to a catalogue; once per catalogue. */
export function conceptIndex(packs: ConceptPacks, catalogue: Catalogue): ConceptIndex {
  let perPacks = indexes.get(catalogue);
  if (perPacks === undefined) {
    perPacks = new WeakMap();
    indexes.set(catalogue, perPacks);
  }
  const known = perPacks.get(packs);
  if (known !== undefined) return known;
  const index = buildIndex(packs, catalogue);
  perPacks.set(packs, index);
  return index;
}

function buildIndex(packs: ConceptPacks, catalogue: Catalogue): ConceptIndex {
  const bound = [];
  const byId = new Map<string, Bound>();
  const absent: { concept: Concept; phrases: readonly (readonly string[])[] }[] = [];
  const seenIn = new Map<string, number>();
  const words = new Set<string>();
  for (const concept of packs.concepts) {
    const phrases = concept.says.map((phrase) => [...new Set(phrase.toLowerCase().split(/\s+/).flatMap(canonical))]);
    for (const word of new Set(phrases.flat())) {
      words.add(word);
      seenIn.set(word, (seenIn.get(word) ?? 0) + 1);
    }
    const found = bind(concept, catalogue);
    if (found === undefined) {
      absent.push({ concept, phrases });
      continue;
    }
    bound.push({ bound: found, phrases });
    byId.set(concept.id, found);
  }
  const total = packs.concepts.length;
  return { bound, byId, absent, words, weight: (word) => weigh(word, seenIn.get(word), total) };
}

/** Words that name no measure at all by themselves. */
const EMPTY: ReadonlySet<string> = new Set("usage many number count total rate average time percent level".split(" "));

/** Words that say little about what is measured, whatever their rarity. */
const FAINT: ReadonlySet<string> = new Set(
  "usage many number count total rate average time service host node pod name percent level".split(" "),
);

function weigh(word: string, seenIn: number | undefined, total: number): number {
  const rarity = Math.log(1 + total / (1 + (seenIn ?? 0)));
  return FAINT.has(word) ? rarity * 0.35 : rarity;
}

export type SubjectInput = {
  readonly tokens: readonly Token[];
  /** Tokens that mean something else already: times, numbers, thresholds, verbs of ranking. */
  readonly taken: ReadonlySet<number>;
  readonly mentions: readonly Mention[];
  /** Words meant besides the typed ones: "slowest" means latency. */
  readonly implied: readonly string[];
  readonly catalogue: Catalogue;
  readonly index: ConceptIndex;
};

type Word = { readonly token: number; readonly term: string; readonly weight: number; readonly strong: boolean };

/** All subjects the question may be about, best first. */
export function findSubjects(input: SubjectInput): Subject[] {
  const words = contentWords(input);
  if (words.length > 0 && words.every((word) => FAINT.has(word.term)) && input.mentions.length === 0) return [];
  const subjects: Subject[] = [];
  for (const { bound, phrases } of input.index.bound) {
    const subject = scoreConcept(bound, phrases, words, input);
    if (subject !== undefined) subjects.push(subject);
  }
  for (const metric of candidates(words, input)) {
    const subject = scoreMetric(metric, words, input);
    if (subject !== undefined) subjects.push(subject);
  }
  // A metric that a concept already speaks for is only itself when its own name is meant much more.
  const spoken = new Map<string, number>();
  for (const { bound, score } of subjects)
    if (!bound.concept.id.startsWith("metric:"))
      spoken.set(bound.metric.name, Math.max(score, spoken.get(bound.metric.name) ?? 0));
  return subjects
    .filter(
      ({ bound, score }) =>
        !bound.concept.id.startsWith("metric:") || score > (spoken.get(bound.metric.name) ?? 0) + 0.12,
    )
    .sort((a, b) => b.score - a.score || a.bound.concept.id.localeCompare(b.bound.concept.id))
    .slice(0, 12);
}

/** A concept that fits the question better than all that exist, and whose metrics are not here: "swap" without swap metrics. */
export function absentConcept(input: SubjectInput, best: number): Concept | undefined {
  const words = contentWords(input).filter((word) => !word.strong);
  const weightOf = (terms: readonly string[]): number => sum(terms.map((term) => input.index.weight(term)));
  let found: { concept: Concept; score: number } | undefined;
  for (const { concept, phrases } of input.index.absent) {
    for (const phrase of phrases) {
      const hit = phrase.filter((term) => words.some((word) => word.term === term));
      if (hit.length < phrase.length) continue;
      const all = sum(words.map((word) => word.weight));
      const score = 0.62 * (all === 0 ? 0 : weightOf(hit) / Math.max(all, weightOf(hit))) + 0.38;
      if (score > best + 0.12 && score > (found?.score ?? 0)) found = { concept, score };
    }
  }
  return found?.concept;
}

function contentWords({ tokens, taken, mentions, implied, index }: SubjectInput): Word[] {
  const words: Word[] = [];
  const strong = new Set(mentions.filter((one) => one.strong).flatMap(tokensOf));
  tokens.forEach((token, at) => {
    if (taken.has(at)) return;
    if (strong.has(at)) {
      words.push({ token: at, term: stem(token.fold), weight: 4, strong: true });
      return;
    }
    if (STOP_WORDS.has(token.fold) && !["in", "out"].includes(token.fold)) return;
    const mentioned = mentions.some((one) => at >= one.first && at < one.end);
    for (const term of canonical(token.fold)) {
      if (term === "in" || term === "out") {
        if (token.fold === "in") continue; // the preposition; "incoming" and the like arrive under other spellings
        words.push({ token: at, term, weight: 2, strong: false });
        continue;
      }
      words.push({ token: at, term, weight: index.weight(term) * (mentioned ? 1.2 : 1), strong: false });
    }
  });
  for (const term of implied.flatMap(canonical))
    words.push({ token: -1, term, weight: index.weight(term), strong: false });
  return words;
}

function scoreConcept(
  bound: Bound,
  phrases: readonly (readonly string[])[],
  words: readonly Word[],
  input: SubjectInput,
): Subject | undefined {
  const things = narrow(bound, input);
  const mounts = things.filters.some((filter) => filter.label === "mountpoint")
    ? undefined
    : mountsNamed(bound, input.tokens, input.mentions);
  const narrowed: Narrowed =
    mounts === undefined
      ? things
      : {
          ...things,
          filters: [...things.filters, { label: "mountpoint", values: mounts.values }],
          covered: new Set([...things.covered, ...mounts.tokens]),
        };
  let best = 0;
  let bestPhrase: readonly string[] = [];
  for (const phrase of phrases) {
    let hit = 0;
    let length = 0;
    for (const term of phrase) {
      const weight = input.index.weight(term);
      length += weight;
      if (words.some((word) => word.term === term && !(word.strong && narrowed.covered.has(word.token)))) hit += weight;
    }
    if (hit === 0) continue;
    const precision = hit / length;
    const value = precision * precision * hit;
    if (value > best) {
      best = value;
      bestPhrase = phrase;
    }
  }
  if (best === 0) return undefined;
  const covered = new Set(narrowed.covered);
  const explained = new Set<Word>();
  for (const word of words) {
    if (bestPhrase.includes(word.term)) explained.add(word);
    if (explained.has(word)) covered.add(word.token);
  }
  const phraseWeight = sum(bestPhrase.map((term) => input.index.weight(term)));
  const phraseHit = sum(
    bestPhrase.filter((term) => words.some((word) => word.term === term)).map((term) => input.index.weight(term)),
  );
  const precision = phraseHit / phraseWeight;
  const recall = recallOf(
    words,
    (word) => explained.has(word) || narrowed.covered.has(word.token),
    0.15,
    kindWords(bound, words),
  );
  // "postgres" alone asks whether it is up only when nothing else is asked
  const only = [...explained].every((word) => EMPTY.has(word.term)); // "usage" alone names no measure
  const faint = only
    ? 0.5
    : bound.concept.unit === "bool" && bound.concept.intent === "health_check" && recall < 0.95
      ? 0.85
      : 1;
  return subjectOf(bound, narrowed, covered, faint * (0.62 * recall + 0.38 * precision + 0.03));
}

/** A word that only says which kind of thing is meant ("service", "host", "queue") is explained by a concept about that kind. */
function kindWords(bound: Bound, words: readonly Word[]): ReadonlySet<number> {
  const kinds = new Set([bound.concept.about, ...bound.concept.narrows, ...bound.metric.labels.keys()]);
  return new Set(words.filter((word) => kindsOf(word.term)?.some((kind) => kinds.has(kind))).map((word) => word.token));
}

function scoreMetric(metric: Metric, words: readonly Word[], input: SubjectInput): Subject | undefined {
  const bound = autoConcept(metric);
  const plain = narrow(bound, input);
  const narrowed = withPartialValues(bound, plain, words, input);
  const name = nameWords(metric.name).flatMap(canonical);
  const said = new Set(name);
  const help = new Set(nameWords(metric.help).flatMap(canonical));
  const labels = new Set([...metric.labels.keys()].flatMap(nameWords).flatMap(canonical));
  const covered = new Set(narrowed.covered);
  let weak = 0;
  for (const word of words) {
    if (covered.has(word.token) && word.strong) continue;
    if (said.has(word.term)) covered.add(word.token);
    else if (labels.has(word.term)) {
      covered.add(word.token);
      weak += word.weight * 0.25;
    } else if (help.has(word.term)) {
      covered.add(word.token);
      weak += word.weight * 0.45;
    }
  }
  const exact = words.some((word) => input.tokens[word.token]?.text === metric.name);
  if (exact)
    return subjectOf(
      bound,
      narrowed,
      new Set([
        ...covered,
        ...words.filter((word) => input.tokens[word.token]?.text === metric.name).map((word) => word.token),
      ]),
      1.2,
    );
  const meaningful = name.filter((term) => !PREFIXES.has(term));
  const hits = meaningful.filter((term) => words.some((word) => word.term === term));
  if (hits.length === 0 && covered.size <= plain.covered.size && !atHome(plain)) return undefined;
  const nameWeight = sum(meaningful.map((term) => input.index.weight(term))) || 1;
  const precision = sum(hits.map((term) => input.index.weight(term))) / nameWeight;
  const total = sum(words.map((word) => word.weight)) || 1;
  const recall = Math.max(0, recallOf(words, (word) => covered.has(word.token), 0.15, new Set()) - weak / total);
  return subjectOf(bound, narrowed, covered, 0.66 * recall + 0.34 * precision);
}

/** The named values are this metric's own: two of its labels at once, or a value that hardly any other metric has. */
function atHome({ filters, mentions }: Narrowed): boolean {
  if (filters.length >= 2) return true;
  return mentions.some(
    (mention) =>
      !isThing(mention) &&
      mention.entities.some((entity) =>
        entity.at.some(
          (place) =>
            place.metrics <= 2 &&
            filters.some((filter) => filter.label === place.label && filter.values.includes(place.value)),
        ),
      ),
  );
}

/** "mfa", "locked": words that are a part of a label's value, when they are no word of the metric's own name. */
function withPartialValues(
  bound: Bound,
  narrowed: Narrowed,
  words: readonly Word[],
  { tokens }: SubjectInput,
): Narrowed {
  const own = new Set(nameWords(bound.metric.name).flatMap(canonical));
  let filters = narrowed.filters;
  const covered = new Set(narrowed.covered);
  for (const word of words) {
    const fold = tokens[word.token]?.fold;
    if (fold === undefined || covered.has(word.token) || own.has(word.term) || fold.length < 3) continue;
    for (const [label, values] of bound.metric.labels) {
      const chosen = filters.find((filter) => filter.label === label && !narrowed.filters.includes(filter));
      if (chosen?.values.some((value) => nameWords(value).some((part) => part === fold || stem(part) === word.term)))
        covered.add(word.token);
      if (
        values.length > 50 ||
        filters.some((filter) => filter.label === label) ||
        ["instance", "pod", "job", "le"].includes(label)
      )
        continue;
      const hits = values.filter(
        (value) =>
          nameWords(value).length > 1 && nameWords(value).some((part) => part === fold || stem(part) === word.term),
      );
      if (hits.length === 0 || hits.length === values.length) continue;
      filters = [...filters, { label, values: hits }];
      covered.add(word.token);
      break;
    }
  }
  return filters === narrowed.filters ? narrowed : { ...narrowed, filters, covered };
}

/** Parts of metric names that name the exporter or the unit rather than what is measured. */
const PREFIXES: ReadonlySet<string> = new Set(
  "total seconds bytes ratio count sum bucket info ms cents celsius hours kube node container pg app go process http".split(
    " ",
  ),
);

function candidates(words: readonly Word[], { tokens, mentions, catalogue, index }: SubjectInput): Metric[] {
  const found = new Map<string, Metric>();
  for (const token of tokens) {
    const metric = catalogue.metrics.get(token.text);
    if (metric !== undefined) found.set(metric.name, metric);
  }
  for (const word of words) {
    const fold = tokens[word.token]?.fold;
    if (fold === undefined || fold.length < 3 || word.strong) continue;
    for (const hit of catalogue.withValue(fold).slice(0, 5)) {
      for (const name of hit.metrics.slice(0, 5)) {
        const metric = catalogue.metrics.get(name);
        if (metric !== undefined) found.set(name, metric);
      }
    }
  }
  const text = [...new Set(words.filter((word) => !word.strong).map((word) => word.term))].join(" ");
  if (text !== "") for (const { metric } of catalogue.search(text, 25)) found.set(metric.name, metric);
  const labels = new Set(
    mentions.flatMap((mention) =>
      mention.entities.flatMap((entity) => entity.at.map((place) => `${place.label}\0${place.value}`)),
    ),
  );
  if (labels.size > 0 && labels.size < 40) {
    for (const mention of mentions) {
      for (const place of mention.entities.flatMap((entity) => entity.at)) {
        if (place.metrics > 12) continue;
        for (const hit of catalogue.withValue(place.value)) {
          if (hit.label !== place.label || hit.value !== place.value) continue;
          for (const name of hit.metrics) {
            const metric = catalogue.metrics.get(name);
            if (metric !== undefined) found.set(name, metric);
          }
        }
      }
    }
  }
  for (const { bound } of index.bound) if (bound.metric.name.endsWith("_info")) found.delete(bound.metric.name);
  found.delete("ALERTS");
  found.delete("ALERTS_FOR_STATE");
  return [...found.values()].slice(0, 80);
}

type Narrowed = {
  readonly filters: readonly Filter[];
  readonly covered: ReadonlySet<number>;
  readonly mentions: readonly Mention[];
  readonly unused: readonly Mention[];
};

/** "the postgres volume", "root": words that name a mount point. Values of the label, or undefined. */
function mountsNamed(
  bound: Bound,
  tokens: readonly Token[],
  mentions: readonly Mention[],
): { readonly values: readonly string[]; readonly tokens: readonly number[] } | undefined {
  if (!bound.concept.rows.includes("mountpoint")) return undefined;
  const mounts = bound.metric.labels.get("mountpoint") ?? [];
  const found = new Set<string>();
  const used: number[] = [];
  tokens.forEach((token, at) => {
    if (mentions.some((mention) => at >= mention.first && at < mention.end && mention.strong)) return;
    const hits = /^(?:root|rootfs|wurzel|raiz|racine)$/.test(token.fold)
      ? mounts.filter((mount) => mount === "/")
      : token.fold.length >= 4
        ? mounts.filter((mount) =>
            mount
              .toLowerCase()
              .split("/")
              .some((part) => part.startsWith(token.fold) && token.fold !== "data"),
          )
        : [];
    if (hits.length === 0) return;
    used.push(at);
    for (const hit of hits) found.add(hit);
  });
  return found.size === 0 ? undefined : { values: [...found], tokens: used };
}

/** Which of the named things are labels of the metric, and as which matchers. */
export function narrow(bound: Bound, { mentions }: Pick<SubjectInput, "mentions">): Narrowed {
  const byLabel = new Map<string, Set<string>>();
  const regexes: Filter[] = [];
  const covered = new Set<number>();
  const used: Mention[] = [];
  const unused: Mention[] = [];
  for (const mention of mentions) {
    if (isDemanded(bound, mention)) {
      for (const index of tokensOf(mention)) covered.add(index);
      continue;
    }
    const place = placeOf(bound, mention);
    if (place === undefined) {
      unused.push(mention);
      continue;
    }
    used.push(mention);
    for (const index of tokensOf(mention)) covered.add(index);
    if ("regex" in place) {
      regexes.push({ label: place.label, values: [], regex: place.regex });
      continue;
    }
    const values = byLabel.get(place.label) ?? new Set();
    for (const value of place.values) values.add(value);
    byLabel.set(place.label, values);
  }
  const filters = [...[...byLabel].map(([label, values]) => ({ label, values: [...values].sort() })), ...regexes];
  return { filters, covered, mentions: used, unused };
}

type PlaceOf =
  | { readonly label: string; readonly values: readonly string[] }
  | { readonly label: string; readonly regex: string };

function placeOf(bound: Bound, mention: Mention): PlaceOf | undefined {
  const { metric, names } = bound;
  const found = new Map<string, string[]>();
  for (const entity of mention.entities) {
    for (const { label, value } of entity.at) {
      if (!metric.labels.get(label)?.includes(value) || isFixed(bound, label, value)) continue;
      found.set(label, [...new Set([...(found.get(label) ?? []), value])]);
    }
  }
  const self = names["self"];
  const label =
    self !== undefined && found.has(self) ? self : (ORDER.find((one) => found.has(one)) ?? [...found.keys()][0]);
  if (label !== undefined) return { label, values: found.get(label) ?? [] };
  // A cron job's runs carry its name in front of a number.
  for (const entity of mention.entities) {
    const runs = metric.labels.get("job_name")?.filter((run) => run.startsWith(`${entity.name}-`)) ?? [];
    if (runs.length > 0) return { label: "job_name", values: runs };
  }
  // A deployment's pods carry its name in front of two generated parts.
  const workload = mention.entities.find((entity) =>
    ["deployment", "service", "statefulset", "daemonset", "container", "horizontalpodautoscaler"].includes(entity.kind),
  );
  const pods = metric.labels.get("pod");
  if (workload !== undefined && pods !== undefined) {
    const prefix = `${workload.name}-`;
    if (pods.some((pod) => pod.startsWith(prefix)))
      return { label: "pod", regex: `${escapeRegex(workload.name)}-[a-z0-9]+(-[a-z0-9]+)?` };
  }
  return undefined;
}

/** True when the concept's own query already demands exactly that value: "cpu" for `resource="cpu"`. */
function isDemanded(bound: Bound, mention: Mention): boolean {
  return mention.entities.some((entity) =>
    entity.at.some(({ label, value }) => bound.concept.promql.includes(`${label}="${value}"`)),
  );
}

/** True when the concept's own query already demands another value of that label. */
function isFixed(bound: Bound, label: string, value: string): boolean {
  const fixed = new RegExp(`[{,]\\s*(?:\\$\\w+|${label})(=~?)"([^"]*)"`, "g");
  for (const [whole, op, demanded = ""] of bound.concept.promql.matchAll(fixed)) {
    const name = /\$(\w+)/.exec(whole.split("=")[0] ?? "")?.[1];
    if (name !== undefined && bound.names[name] !== label) continue;
    if (bound.concept.unit === "ratio") return true; // the query itself sets that label's part against the whole
    if (op === "=" ? demanded !== value : !new RegExp(`^(?:${demanded})$`).test(value)) return true;
  }
  return false;
}

/** When a name is a value of several labels of one metric, the one people mean. */
const ORDER = [
  "service",
  "deployment",
  "container",
  "instance",
  "node",
  "queue",
  "datname",
  "namespace",
  "project",
  "branch",
];

function recallOf(
  words: readonly Word[],
  covers: (word: Word) => boolean,
  unknownWeight: number,
  kinds: ReadonlySet<number>,
): number {
  let hit = 0;
  let all = 0;
  for (const word of words) {
    const weight = word.token === -1 ? word.weight : Math.max(unknownWeight, word.weight);
    if (kinds.has(word.token) && !covers(word)) continue;
    all += weight;
    if (covers(word)) hit += weight;
  }
  return all === 0 ? 0 : hit / all;
}

function subjectOf(bound: Bound, narrowed: Narrowed, covered: ReadonlySet<number>, score: number): Subject {
  return { bound, filters: narrowed.filters, score, covered, mentions: narrowed.mentions, unused: narrowed.unused };
}

function sum(numbers: readonly number[]): number {
  let total = 0;
  for (const one of numbers) total += one;
  return total;
}
