/**
 * What a value measures, and what a clause speaks of: the memory of a host is not its processor, and a p99 is not a median. Both are
 * told by a small vocabulary. What it does not know it says nothing about, and then nothing is contradicted.
 */
export type Measure = {
  /** Things measured, such as "memory". Empty when the query does not tell. */
  readonly topics: readonly string[];
  /** The quantile that was asked for, 0 to 1. */
  readonly quantile?: number;
};

type Topic = {
  readonly name: string;
  /** How people write of it. */
  readonly said: RegExp;
  /** How queries write of it. */
  readonly asked: RegExp;
  /** What its values are called as well: requests take the time that their latency tells. */
  readonly also?: readonly string[];
};

/** A word of its own, and no part of a name such as "redis-cache". */
const word = (source: string) => new RegExp(`(?<![\\w.:/@-])(?:${source})(?![\\w:/@-]|\\.\\w)`, "gi");

const TOPICS: readonly Topic[] = [
  {
    name: "latency",
    said: word("latenc(?:y|ies)|response times?|percentiles?|median|p\\d{2,3}"),
    asked: /latency|duration|response_time|histogram_quantile/,
    also: ["requests"],
  },
  {
    name: "errors",
    said: word("errors?|fail(?:s|ed|ing|ures?)?|[45]xx"),
    asked: /error|fail|(?:code|status)\w*\s*=~?\s*["'][45]/,
    also: ["requests"],
  },
  {
    name: "requests",
    said: word("traffic|requests?|req/s|rps|throughput"),
    asked: /requests?_(?:total|count)|http_requests/,
  },
  { name: "cpu", said: word("cpu|processors?|cores?|millicores?"), asked: /cpu/ },
  { name: "memory", said: word("memory|ram|heap|rss|swap"), asked: /memory|mem_|heap|resident|rss|swap/ },
  {
    name: "disk",
    said: word("disks?|filesystems?|storage|volumes?"),
    asked: /filesystem|disk|volume|storage|mountpoint/,
  },
  {
    name: "connections",
    said: word("connections?|clients?"),
    asked: /connection|connected|pg_stat_activity|session|conns/,
  },
  { name: "messages", said: word("messages?|backlog|queued"), asked: /messages|queue_(?:depth|length|size)|backlog/ },
  { name: "consumers", said: word("consumers?(?! groups?)"), asked: /consumer(?!_?group)/ },
  { name: "lag", said: word("lags?|lagg(?:ed|ing)"), asked: /lag|behind|delay/, also: ["messages"] },
  { name: "restarts", said: word("restart(?:s|ed|ing)?"), asked: /restart/ },
  { name: "replicas", said: word("replicas?"), asked: /replicas/ },
  { name: "deadlocks", said: word("deadlocks?"), asked: /deadlock/ },
  { name: "hits", said: word("hit (?:rate|ratio)|cache hits?"), asked: /hit|miss/ },
  { name: "heat", said: word("temperatures?"), asked: /temp|celsius/ },
  { name: "certificates", said: word("certificates?|certs?"), asked: /cert|ssl|tls/ },
];

/** Things that are counted. Only a number that counts them speaks of them: "the pod uses 2 cores" is about cores. */
const THINGS =
  "pod|node|host|instance|container|service|server|partition|alert|user|job|topic|queue|database|deployment|target|series|group|thing";

/** Directions that exclude each other; a value may be of one, and of a topic besides. */
const DIRECTIONS: readonly (readonly Topic[])[] = [
  [
    { name: "received", said: word("receiv(?:e|es|ed|ing)|inbound|ingress"), asked: /receive|_rx_|ingress/ },
    {
      name: "sent",
      said: word("sends?|sent|sending|transmit(?:s|ted)?|outbound|egress"),
      asked: /transmit|_tx_|egress/,
    },
  ],
  [
    {
      name: "published",
      said: word("publish(?:ed|ing|es)?|produced|come in|arriv(?:e|es|ed|ing)"),
      asked: /publish|produced/,
    },
    { name: "delivered", said: word("deliver(?:s|ed|ing)?|consumed|drained"), asked: /deliver|consumed|_ack/ },
  ],
  [
    { name: "wanted", said: word("wants?|wanted|desired"), asked: /spec_replicas|desired/ },
    { name: "there", said: word("available|ready"), asked: /available|_ready/ },
  ],
];

/** Queries whose values are a number of things, whatever metric they count. */
const COUNTS = /\b(?:count|count_values|group)\b/;

/** How many series, services or hosts there are: said of things, and of no measure. */
export const NUMBER_OF_THINGS: Measure = { topics: THINGS.split("|") };

/** What the values of a query measure. */
export function measureOf(promql: string): Measure {
  const text = promql.toLowerCase();
  if (COUNTS.test(text)) return { topics: [] };
  const topics = TOPICS.filter(({ asked }) => asked.test(text)).flatMap(({ name, also = [] }) => [name, ...also]);
  const things = topics.length === 0 ? [] : THINGS.split("|").filter((thing) => text.includes(thing));
  const directions = DIRECTIONS.flat().filter(({ asked }) => asked.test(text));
  const quantile =
    /histogram_quantile\s*\(\s*(0?\.\d+|1)\b/.exec(text)?.[1] ?? /\bquantile\s*=\s*"(0?\.\d+)"/.exec(text)?.[1];
  return {
    topics: [...new Set([...topics, ...things, ...directions.map(({ name }) => name)])],
    ...(quantile !== undefined && { quantile: Number(quantile) }),
  };
}

/** What a text that code wrote speaks of. */
export function measureIn(plain: string): Measure {
  const topics = spokenOf(plain).flatMap((name) => [name, ...(TOPICS.find((one) => one.name === name)?.also ?? [])]);
  const quantiles = quantilesIn(plain);
  return { topics: [...new Set(topics)], ...(quantiles.length === 1 && { quantile: quantiles[0]! }) };
}

/** How a clause speaks of one number in it. `isName` tells words that are somebody's name. */
export type Spoken = { readonly topics: ReadonlySet<string>; readonly quantiles: readonly number[] };

/** What a clause speaks of, all in all. */
export function spokenIn(clause: string, isName: (word: string) => boolean): Spoken {
  return { topics: new Set(spokenOf(clause, isName)), quantiles: quantilesIn(clause) };
}

const FILLER = "(?!(?:of|and|or|in|on|at|for|with|is|are|was|has|have|to|from|while|than|per)\\b)[a-z-]+";
const COUNTED = new RegExp(`^(?: of)?(?: (?:the|its|all|these|those|their))?(?: \\d{1,3})?(?: ${FILLER}){1,3}`, "i");
const A_THING = new RegExp(`(?<![\\w-])(${THINGS})s?(?![\\w-])`, "i");

/** What a number counts or is a share of, when the words right after it tell: "96 open connections", "6 % of the requests". */
export function countedBy(after: string, isName: (word: string) => boolean): readonly string[] {
  const words = COUNTED.exec(after)?.[0] ?? "";
  const topics = TOPICS.filter(({ name, said }) => COUNTABLE.has(name) && saysOne(words, said, isName)).map(
    ({ name }) => name,
  );
  if (topics.length > 0) return topics;
  const thing = A_THING.exec(words)?.[1]?.toLowerCase();
  return thing === undefined ? [] : [thing];
}

/** What can be counted, or be a whole of which a number is a share. */
const COUNTABLE: ReadonlySet<string> = new Set(
  "requests cpu memory disk connections messages consumers restarts replicas deadlocks certificates errors".split(" "),
);

function saysOne(text: string, said: RegExp, isName: (word: string) => boolean): boolean {
  return [...text.matchAll(said)].some(([found]) => !isName(found.toLowerCase()));
}

/** Whether a value measures something else than is spoken of. */
export function isOfAnotherMeasure({ topics, quantile }: Measure, spoken: Spoken, counted: readonly string[]): boolean {
  if (counted.length > 0 && topics.length > 0 && !counted.some((one) => topics.includes(one))) return true;
  if (topics.includes("thing") && counted.length === 0 && spoken.topics.size > 0) return true;
  const axes = counted.length === 0 ? [TOPICS, ...DIRECTIONS] : DIRECTIONS;
  const excluded = axes.some((axis) => {
    const named = axis.filter(({ name }) => spoken.topics.has(name));
    const own = axis.filter(({ name }) => topics.includes(name));
    return named.length > 0 && own.length > 0 && !named.some((one) => own.includes(one));
  });
  if (excluded) return true;
  return (
    quantile !== undefined &&
    spoken.quantiles.length > 0 &&
    !spoken.quantiles.some((one) => Math.abs(one - quantile) < 1e-9)
  );
}

/** Whether a value measures anything that the vocabulary knows. */
export function isSpeaking({ topics, quantiles }: Spoken): boolean {
  return topics.size > 0 || quantiles.length > 0;
}

function spokenOf(text: string, isName: (word: string) => boolean = () => false): readonly string[] {
  return [...TOPICS, ...DIRECTIONS.flat()].flatMap(({ name, said }) => (saysOne(text, said, isName) ? [name] : []));
}

/** "p95", "95th percentile", "median". */
function quantilesIn(text: string): readonly number[] {
  const found = [
    ...text.matchAll(/(?<![\w.-])p(\d{2,3})(?![\w-]|\.\d)|(?<![\w.])(\d{2})(?:th|st|nd|rd)? percentile/gi),
  ];
  const written = found.map(([, short, long]) => {
    const digits = short ?? long ?? "";
    return Number(digits) / 10 ** digits.length;
  });
  return /(?<![\w-])median(?![\w-])/i.test(text) ? [...written, 0.5] : written;
}
