import { editDistance, forgiven } from "../../util/distance.ts";
import type { Catalogue, Entity } from "../catalogue.ts";
import { guessName, kindsOf, looksLikeName, type Mention, tokensOf } from "./link.ts";
import type { Token } from "./normalise.ts";
import { PHRASES } from "./phrases/index.ts";
import type { ConceptIndex } from "./subject.ts";
import { canonical, fieldWords, isFieldWord, nameWords, STOP_WORDS } from "./vocabulary.ts";
import { readNumber } from "./words.ts";

/** A word that stands where a name stands, or looks like one, and names nothing known. `near` are names like it. */
export type UnknownName = {
  readonly text: string;
  readonly near: readonly Entity[];
  readonly token: number;
  readonly sure: boolean;
};

/** A typing error that was mended. Said in the answer when it is a name. */
export type Guess = { readonly typed: string; readonly meant: string };

export type Spelled = {
  /** The tokens with mended words. */
  readonly tokens: readonly Token[];
  readonly mentions: readonly Mention[];
  readonly unknown: readonly UnknownName[];
  /** Words of metrics' names that are known from nowhere else, or stand where a name stands: a measure is meant by them, or nothing. */
  readonly metricWords: readonly MetricWord[];
  readonly guesses: readonly Guess[];
};

export type MetricWord = { readonly text: string; readonly token: number };

type Input = {
  readonly tokens: readonly Token[];
  readonly taken: ReadonlySet<number>;
  readonly mentions: readonly Mention[];
  readonly catalogue: Catalogue;
  readonly index: ConceptIndex;
};

/** Words no concept knows: mends typing errors, and tells which of the rest must be names of things that do not exist. */
export function readUnknown(input: Input): Spelled {
  const { tokens, taken, mentions, catalogue } = input;
  const mentioned = new Set(mentions.flatMap(tokensOf));
  const mended = [...tokens];
  const found: Mention[] = [];
  const unknown: UnknownName[] = [];
  const guesses: Guess[] = [];
  const ofMetrics: MetricWord[] = [];
  tokens.forEach((token, at) => {
    if (taken.has(at) || mentioned.has(at)) return;
    const joined = joinsName(tokens, at, mentioned) || isServiceName(tokens, at);
    const isOfMetric = isOfMetrics(token, catalogue);
    if (isKnown(token, input, beside(tokens, at), joined)) {
      if (isOfMetric && !STOP_WORDS.has(token.fold) && !saysKind(token, catalogue) && standsAsName(tokens, at))
        ofMetrics.push({ text: token.text, token: at });
      return;
    }
    if (isOfMetric) {
      ofMetrics.push({ text: token.text, token: at });
      return;
    }
    const shaped =
      looksLikeName(token.text) && (/[\d_.]/.test(token.text) || standsAsName(tokens, at) || tokens.length <= 4);
    if (!shaped && /[^a-z-]/.test(token.fold)) {
      // letters of another script, or signs among letters: in a name's place it is a name, and none of ours
      if (/\p{L}{2}/u.test(token.text) && standsAsName(tokens, at) && catalogue.metrics.size > 0)
        unknown.push({ text: token.text, near: [], token: at, sure: true });
      return;
    }
    if (token.fold.length < 3) return;
    const entities = guessName(token.text, catalogue).filter((entity) => !VALUES.has(entity.kind));
    const word = shaped || beside(tokens, at) ? undefined : nearestWord(token.fold);
    if (PRODUCTS.has(token.fold)) {
      unknown.push({ text: token.text, near: [], token: at, sure: true });
      return;
    }
    const [entity] = entities;
    if (entity !== undefined) {
      const distance = editDistance(token.fold, entity.name.toLowerCase(), 3);
      if (word === undefined || distance <= word.distance) {
        found.push({ first: at, end: at + 1, text: token.text, entities, strong: true, typed: token.text });
        guesses.push({ typed: token.text, meant: entity.name });
        return;
      }
    }
    if (word !== undefined) {
      mended[at] = { ...token, fold: word.word };
      return;
    }
    if (shaped || standsAsName(tokens, at) || joinsName(tokens, at, mentioned)) {
      unknown.push({
        text: token.text,
        near: catalogue.like(token.text, 3),
        token: at,
        sure: shaped || beside(tokens, at),
      });
    }
  });
  return { tokens: mended, mentions: found, unknown, metricWords: ofMetrics, guesses };
}

function isKnown(token: Token, { index, catalogue }: Input, named: boolean, joined: boolean): boolean {
  const { fold } = token;
  if (PRODUCTS.has(fold) && !metricWords(catalogue).has(fold)) return false;
  if (catalogue.withValue(fold).length > 0) return true;
  if (STOP_WORDS.has(fold) || isFieldWord(fold) || (!joined && spoken().has(fold))) return true;
  if (/^<.*>$/.test(fold) || catalogue.metrics.has(token.text) || readNumber(fold) !== undefined) return true;
  if (/-(?:elle|il|on|ils|elles|vous|tu|je|nous|ce|la|le|les)$/.test(fold)) return true; // French: a verb and its subject
  const parts = fold.split("-");
  if (parts.length > 1 && named) return false;
  if (
    parts.length > 1 &&
    parts.every(
      (part) =>
        /^[a-z]+$/.test(part) && (part.length <= 2 || STOP_WORDS.has(part) || isFieldWord(part) || spoken().has(part)),
    )
  )
    return true;
  return canonical(fold).some((term) => index.words.has(term));
}

/** "the node": which kind of thing is meant, of which there are some. */
function saysKind({ fold }: Token, catalogue: Catalogue): boolean {
  return kindsOf(fold)?.some((kind) => catalogue.ofKind(kind).length > 0) === true;
}

function isOfMetrics({ fold }: Token, catalogue: Catalogue): boolean {
  return metricWords(catalogue).has(fold) || canonical(fold).some((term) => metricWords(catalogue).has(term));
}

/** Well-known software. Asked about and in no metric, it is something that this Prometheus does not watch. */
const PRODUCTS: ReadonlySet<string> = new Set(
  `kafka mysql mariadb mongodb mongo elasticsearch opensearch memcached nginx haproxy apache cassandra etcd zookeeper consul vault kibana jenkins argocd istio envoy traefik linkerd
  aws azure gcp s3 ec2 rds lambda dynamodb sqs sns kinesis oracle mssql sqlserver clickhouse influxdb solr hadoop spark flink airflow celery sidekiq nats activemq pulsar couchdb neo4j
  minio ceph glusterfs openstack vmware nomad salesforce stripe_ datadog splunk loki jaeger tempo zipkin sentry pagerduty jira snowflake bigquery redshift keycloak ldap`.split(
    /\s+/,
  ),
);

/** Labels whose values are words of everyday speech: no typing error is taken for one of them. */
const VALUES: ReadonlySet<string> = new Set(
  "mode state phase status result outcome code method resource condition severity alertstate alertname reason job type kind route handler device fstype".split(
    " ",
  ),
);

let ordinary: ReadonlySet<string> | undefined;

/** Words of everyday questions: those of the classifier's phrases. */
function spoken(): ReadonlySet<string> {
  ordinary ??= new Set(
    Object.values(PHRASES)
      .join(" ")
      .replace(/<\w+>/g, " ")
      .split(/[^\p{L}\d-]+/u)
      .filter((word) => word.length > 1),
  );
  return ordinary;
}

const perCatalogue = new WeakMap<Catalogue, ReadonlySet<string>>();

function metricWords(catalogue: Catalogue): ReadonlySet<string> {
  let words = perCatalogue.get(catalogue);
  if (words === undefined) {
    const all = new Set<string>();
    for (const metric of catalogue.metrics.values()) {
      for (const word of nameWords(metric.name)) all.add(word);
      for (const label of metric.labels.keys()) for (const word of nameWords(label)) all.add(word);
    }
    words = all;
    perCatalogue.set(catalogue, words);
  }
  return words;
}

let byLength: Map<number, string[]> | undefined;

function nearestWord(typed: string): { readonly word: string; readonly distance: number } | undefined {
  const limit = forgiven(typed.length);
  const swapsOnly = typed.length < 5; // "dsik" is disk, but "spot" is no slot
  if (limit === 0) return undefined;
  if (byLength === undefined) {
    byLength = new Map();
    for (const word of fieldWords()) {
      if (word.length < 4) continue;
      byLength.set(word.length, [...(byLength.get(word.length) ?? []), word]);
    }
  }
  let best: { word: string; distance: number } | undefined;
  for (let length = typed.length - limit; length <= typed.length + limit; length++) {
    for (const word of byLength.get(length) ?? []) {
      if (word[0] !== typed[0] && limit < 2) continue;
      if (swapsOnly && [...word].sort().join("") !== [...typed].sort().join("")) continue;
      const distance = editDistance(typed, word, limit);
      if (distance > limit || (best !== undefined && distance >= best.distance)) continue;
      best = { word, distance };
    }
  }
  return best;
}

/** "the X service": a name, unless X only describes the service. */
function isServiceName(tokens: readonly Token[], at: number): boolean {
  return (
    ARTICLES.test(tokens[at - 1]?.fold ?? "") &&
    /^(?:service|svc|app|deployment|dienst|servicio|servico)$/.test(tokens[at + 1]?.fold ?? "") &&
    !DESCRIBES.test(tokens[at]?.fold ?? "")
  );
}

const DESCRIBES =
  /^(?:slow\w*|fast\w*|new|old|main|other|same|whole|entire|fail\w*|broken|affected|bus\w+|next|last|first|second|best|worst|most|least|quiet\w*|critical|primary|secondary|public|internal|external|web|current|previous|only|particular|specific|whole|given)$/;

/** "orders and X", "orders vs X": joined to a name, at the end of the question. */
function joinsName(tokens: readonly Token[], at: number, mentioned: ReadonlySet<number>): boolean {
  const joint = tokens[at - 1]?.fold ?? "";
  return (
    mentioned.has(at - 2) &&
    at === tokens.length - 1 &&
    /^(?:and|or|vs|versus|against|und|oder|gegen|y|o|et|ou|e|aur|ya)$/.test(joint)
  );
}

const BEFORE_NAME =
  /^(?:of|on|for|at|from|in|to|von|auf|bei|fur|de|del|du|da|do|des|sur|en|em|no|na|para|pour|ka|ki|ke|par)$/;
const ARTICLES = /^(?:the|our|my|der|die|das|dem|den|el|la|le|los|les|o|a|os|as)$/;

/** "of X", "does X have", "X service", "service X": where names stand. Not "of the X hosts", which are several things. */
export function standsAsName(tokens: readonly Token[], at: number): boolean {
  if (beside(tokens, at)) return true;
  const next = tokens[at + 1]?.fold ?? "";
  if (next.endsWith("s") && kindsOf(next) !== undefined) return false;
  if (/^(?:does|did)$/.test(tokens[at - 1]?.fold ?? "") && /^(?:have|has|had|use|get|take|need)$/.test(next))
    return true;
  let before = at - 1;
  while (before >= 0 && ARTICLES.test(tokens[before]?.fold ?? "")) before--;
  return before >= 0 && BEFORE_NAME.test(tokens[before]?.fold ?? "");
}

/** "the X service", "host X": right beside a noun that says what kind of thing it is. */
function beside(tokens: readonly Token[], at: number): boolean {
  const next = tokens[at + 1]?.fold;
  const previous = tokens[at - 1]?.fold;
  const last = at === tokens.length - 1;
  return (
    (next !== undefined && !next.endsWith("s") && kindsOf(next) !== undefined) ||
    (last && previous !== undefined && !previous.endsWith("s") && kindsOf(previous) !== undefined)
  );
}
