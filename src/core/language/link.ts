import { editDistance, forgiven } from "../../util/distance.ts";
import type { Catalogue, Entity } from "../catalogue.ts";
import type { Token } from "./normalise.ts";
import { canonical, isFieldWord, STOP_WORDS } from "./vocabulary.ts";

/** A stretch of the question that names something which exists. The same words may also be ordinary words. */
export type Mention = {
  /** Token indices, end exclusive. */
  readonly first: number;
  readonly end: number;
  readonly text: string;
  /** Everything of that name, of whatever kind. */
  readonly entities: readonly Entity[];
  /** It can hardly be anything else: it has a digit, a dash or a dot, or stands beside its kind ("the cart service"). */
  readonly strong: boolean;
  /** What was typed, when the name is our guess at a typing error. */
  readonly typed?: string;
};

/** The indices of the tokens it is made of. */
export function tokensOf({ first, end }: Pick<Mention, "first" | "end">): number[] {
  return Array.from({ length: end - first }, (_, offset) => first + offset);
}

const KIND_NOUNS: Readonly<Record<string, readonly string[]>> = {
  service: ["service", "deployment"],
  host: ["host", "instance"],
  node: ["node", "host"],
  queue: ["queue"],
  topic: ["topic"],
  database: ["database"],
  namespace: ["namespace"],
  deployment: ["deployment", "service"],
  pod: ["pod", "container", "deployment"],
  container: ["container", "pod"],
  pipeline: ["project", "pipeline", "repo"],
  project: ["project"],
  website: ["domain"],
  domain: ["domain"],
  endpoint: ["domain", "route"],
  gateway: ["gateway"],
  route: ["route", "handler"],
  flag: ["flag"],
  rack: ["rack"],
  site: ["site"],
  job: ["job", "job_name", "cronjob"],
  cronjob: ["cronjob"],
  volume: ["persistentvolumeclaim"],
  pvc: ["persistentvolumeclaim"],
  autoscaler: ["horizontalpodautoscaler", "hpa"],
  hpa: ["horizontalpodautoscaler", "hpa"],
  slot: ["slot_name"],
};

/** Kinds of entity a noun stands for ("queue" -> queue), or undefined. `word` is folded. */
export function kindsOf(word: string): readonly string[] | undefined {
  if (word.includes("-")) return undefined;
  for (const term of canonical(word)) {
    const kinds = KIND_NOUNS[term];
    if (kinds !== undefined && Object.hasOwn(KIND_NOUNS, term)) return kinds;
  }
  return undefined;
}

const LONGEST_NAME = 4;

/** Finds the names of existing things, longest first. Words inside `taken` (times, code) are left alone. */
export function findMentions(tokens: readonly Token[], taken: ReadonlySet<number>, catalogue: Catalogue): Mention[] {
  const mentions: Mention[] = [];
  let index = 0;
  while (index < tokens.length) {
    const mention = taken.has(index) ? undefined : mentionAt(tokens, index, taken, catalogue);
    if (mention !== undefined) mentions.push(mention);
    index = mention?.end ?? index + 1;
  }
  return mentions;
}

function mentionAt(
  tokens: readonly Token[],
  first: number,
  taken: ReadonlySet<number>,
  catalogue: Catalogue,
): Mention | undefined {
  for (let length = Math.min(LONGEST_NAME, tokens.length - first); length >= 1; length--) {
    const part = tokens.slice(first, first + length);
    if (part.some((_, offset) => taken.has(first + offset))) continue;
    if (length === 1 && !mayBeName(part[0]) && !isRegion(tokens, first, catalogue)) continue;
    if (
      length > 1 &&
      [part[0], part.at(-1)].some((token) => token !== undefined && STOP_WORDS.has(token.fold) && token.fold.length < 3)
    )
      continue;
    const entities = lookUp(part, catalogue);
    if (entities.length === 0) continue;
    const text = part.map((token) => token.text).join(" ");
    return { first, end: first + length, text, entities, strong: isStrong(tokens, first, first + length, entities) };
  }
  return undefined;
}

/** "in the us": a region that is spelled like a small word. */
function isRegion(tokens: readonly Token[], at: number, catalogue: Catalogue): boolean {
  const token = tokens[at];
  if (token === undefined || token.fold.length !== 2 || !/^(?:in|the)$/.test(tokens[at - 1]?.fold ?? "")) return false;
  return catalogue
    .named(token.text)
    .some((entity) => ["region", "country", "zone", "site", "location"].includes(entity.kind));
}

function mayBeName(token: Token | undefined): boolean {
  if (token === undefined || token.fold.length < 2) return false;
  return !STOP_WORDS.has(token.fold);
}

function lookUp(part: readonly Token[], catalogue: Catalogue): readonly Entity[] {
  const words = part.map((token) => token.text.replace(/['’]s$/i, ""));
  if (words.length === 1) {
    const word = words[0] ?? "";
    const found = catalogue.named(word);
    if (found.length > 0) return found;
    // "catalog-Datenbank": a name and its kind in one word
    const parts = word.split("-");
    const [head = "", tail = ""] = parts;
    if (
      parts.length === 2 &&
      (kindsOf(tail.toLowerCase()) !== undefined || kindsOf(head.toLowerCase()) !== undefined)
    ) {
      const named = kindsOf(tail.toLowerCase()) !== undefined ? catalogue.named(head) : catalogue.named(tail);
      if (named.length > 0) return named;
    }
    // "fallaron", "gescheitert": a translated outcome that is a label's value
    if (isFieldWord(word.toLowerCase())) {
      for (const term of canonical(word.toLowerCase())) {
        const outcome = [...catalogue.named(`${term}ed`), ...catalogue.named(term)].filter((entity) =>
          OUTCOMES.has(entity.kind),
        );
        if (outcome.length > 0) return outcome;
      }
    }
    const code = /^([1-5]\d\d)s?$/.exec(word)?.[1];
    if (code !== undefined) return statusCode(code, catalogue);
    if (/^[1-5]\d\ds$/.test(word) || (/[a-z]s$/i.test(word) && word.length > 4 && !isFieldWord(word.toLowerCase())))
      return catalogue.named(word.slice(0, -1));
    return [];
  }
  for (const joint of ["-", "_", " ", "", "."]) {
    const found = catalogue.named(words.join(joint));
    if (found.length > 0) return found;
  }
  return [];
}

const OUTCOMES: ReadonlySet<string> = new Set(["status", "result", "outcome", "state"]);

const CODE_LABELS = ["code", "status", "status_code", "response_code", "http_status"];

/** An HTTP status code, where some metric counts it. Bare numbers are no entities of the catalogue. */
function statusCode(code: string, catalogue: Catalogue): readonly Entity[] {
  const at = CODE_LABELS.flatMap((label) => {
    let metrics = 0;
    for (const metric of catalogue.metrics.values()) if (metric.labels.get(label)?.includes(code)) metrics += 1;
    return metrics === 0 ? [] : [{ label, value: code, metrics }];
  });
  return at.length === 0 ? [] : [{ kind: "code", name: code, at }];
}

function isStrong(tokens: readonly Token[], first: number, end: number, entities: readonly Entity[]): boolean {
  const text = tokens
    .slice(first, end)
    .map((token) => token.text)
    .join("-");
  if (end - first === 1 && /[\d./:_-]/.test(text)) return true;
  const kinds = new Set(entities.map((entity) => entity.kind));
  for (const neighbour of [tokens[first - 1], tokens[end], tokens[end + 1]]) {
    if (neighbour !== undefined && kindsOf(neighbour.fold)?.some((kind) => kinds.has(kind))) return true;
  }
  return false;
}

/**
 * The thing that a mistyped name most likely means: one clear nearest within the forgiven number of typing errors.
 * Names that differ in a digit are different things (web-1, web-9), never typing errors.
 */
export function guessName(typed: string, catalogue: Catalogue): readonly Entity[] {
  const folded = typed.toLowerCase();
  const limit = forgiven(folded.length);
  if (limit === 0) return [];
  let best = limit + 1;
  let names = new Set<string>();
  for (const entity of catalogue.like(typed, 12)) {
    const name = entity.name.toLowerCase();
    if (digits(name) !== digits(folded)) continue;
    if (folded.length < 5 && letters(name) !== letters(folded)) continue; // "part" is no cart
    const distance = editDistance(folded, name, limit);
    if (distance > limit || distance > best) continue;
    if (distance < best) names = new Set();
    best = distance;
    names.add(name);
  }
  const [only, ...others] = names;
  return only === undefined || others.length > 0 ? [] : catalogue.named(only);
}

/** The letters and digits of a name in order of the alphabet: equal for swapped ones. */
function letters(name: string): string {
  return [...name.replace(/[^\p{L}\d]/gu, "")].sort().join("");
}

function digits(name: string): string {
  return name.replace(/\D+/g, " ").trim();
}

/** True when a word is shaped like a machine's or a service's name: letters with digits or joined by dashes or dots. */
export function looksLikeName(text: string): boolean {
  if (/^(?:v?\d[\d.]*[a-z%]{0,3}|\d+x+|p\d+(?:\.\d+)?|\d+(?:st|nd|rd|th)|https?:|[a-z]+'[a-z]+)$/i.test(text))
    return false;
  return /^[a-z][\w.]*(?:[-_.][a-z0-9]+)+$/i.test(text)
    ? !/^(?:e-?mails?|sign-?ins?|log-?ins?|in-flight|check-?in|up-to-date|real-time|[a-z]{1,3}\.)$/i.test(text)
    : /^[a-z]{2,}\d+$/i.test(text) && !/^(?:top|p|http|load|last|h|sha|ipv|s|k|x|v|utf|base|rot)\d+$/i.test(text);
}
