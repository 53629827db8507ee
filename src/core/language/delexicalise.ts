import type { Mention } from "./link.ts";
import type { Token } from "./normalise.ts";
import type { Subject } from "./subject.ts";
import type { TimeExpression } from "./time.ts";

/** Kinds of entity with a placeholder of their own; others stand as <name>. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  service: "<service>",
  deployment: "<service>",
  host: "<host>",
  instance: "<host>",
  node: "<host>",
  namespace: "<namespace>",
  pod: "<pod>",
  container: "<pod>",
  queue: "<queue>",
  topic: "<queue>",
  database: "<database>",
  domain: "<domain>",
  project: "<pipeline>",
  pipeline: "<pipeline>",
};

const KIND_ORDER = [
  "service",
  "deployment",
  "host",
  "queue",
  "domain",
  "database",
  "project",
  "namespace",
  "pod",
  "node",
];

export type DelexicaliseInput = {
  readonly tokens: readonly Token[];
  readonly text: string;
  readonly times: readonly TimeExpression[];
  readonly mentions: readonly Mention[];
  readonly alertNames: ReadonlySet<string>;
  readonly subject: Subject | undefined;
};

/** A question with names, times and numbers replaced by placeholders: what the classifier was trained on. */
export function delexicalise({ tokens, times, mentions, alertNames, subject }: DelexicaliseInput): string {
  const out: string[] = [];
  const generic = subject !== undefined && subject.score > 0.6 && subject.bound.concept.id.startsWith("metric:");
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) continue;
    const time = times.find((one) => token.start >= one.start && token.start < one.end);
    if (time !== undefined) {
      const placeholder = time.kind === "window" || time.kind === "future" ? "<duration>" : "<time>";
      if (time.kind === "schedule" || time.kind === "offset") out.push(token.fold);
      else if (out.at(-1) !== placeholder) out.push(placeholder);
      continue;
    }
    const mention = mentions.find((one) => at >= one.first && at < one.end);
    if (mention !== undefined && standsForThing(mention)) {
      if (at === mention.first) out.push(placeholderOf(mention));
      continue;
    }
    if (alertNames.has(token.text.toLowerCase())) out.push("<alert>");
    else if (generic && subject.covered.has(at)) {
      if (out.at(-1) !== "<metric>") out.push("<metric>");
    } else if (/^v\d+(?:\.\d+)+/.test(token.fold)) out.push("<version>");
    else if (/^[-+]?\d+(?:[.,]\d+)?%?$/.test(token.fold)) out.push("<n>");
    else out.push(token.fold);
  }
  return out.join(" ");
}

/** Services, hosts, queues and the like, which people ask about; not mere values of a label. */
export function isThing(mention: Mention): boolean {
  return mention.entities.some((entity) => PLACEHOLDERS[entity.kind] !== undefined);
}

/** Values like "failed" or "active" are words of the question; services, hosts and the like are names. */
function standsForThing(mention: Mention): boolean {
  return mention.strong || isThing(mention);
}

function placeholderOf(mention: Mention): string {
  const kinds = new Set(mention.entities.map((entity) => entity.kind));
  const kind = KIND_ORDER.find((one) => kinds.has(one)) ?? [...kinds][0] ?? "";
  return PLACEHOLDERS[kind] ?? "<name>";
}
