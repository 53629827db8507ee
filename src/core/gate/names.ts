import { STOP_WORDS } from "../language/vocabulary.ts";

/** What stands in a text and looks like a number, and is none. */
const NO_NUMBERS: readonly RegExp[] = [
  // moments: "2026-11-21T14:02:11Z", "14:02 UTC", "21 Nov 2026", "November 21st"
  /\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?(?!\d)/g,
  /(?<![\d:.])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?![\d%]|:\d)(?: ?(?:Z|UTC|GMT|am|pm|[+-]\d\d:\d\d)(?![a-z]))?/gi,
  /(?<![\d.])(?:[1-9]|1[0-2]) ?[ap]m(?![a-z])/gi,
  /\b(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?\.? (?:of )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?(?:,? 20\d\d)?(?![a-z\d])/g,
  /\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? (?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?:,? 20\d\d)?(?![\d%:])/g,
  // ordinals, quantiles, classes of status codes
  /\b\d{1,3}(?:st|nd|rd|th)\b/gi,
  /\bp(?:50|75|90|95|98|99|99\.9|99\.99|999)(?![\d.]*\d)\b/gi,
  /\b[1-5]xx\b/gi,
  // a year; a step of what is advised; how many reasons are given
  /\b(?:in|since|of|until|by|before) 20[23]\d(?=[.;:)]?$|[.;:)] |,? (?:it|the|we|there|this|that|and|was)\b)/gi,
  /^\W*(?:step|option|phase) \d{1,2}(?=[:.)])/gi,
  /\b(?:two|three|four|five|six|[2-6]) (?:[a-z]+ ){0,2}(?:things|causes|reasons|explanations|options|possibilities|ways|questions|hypotheses|observations|suspects|takeaways|caveats)\b/gi,
];

/** Marks of a list at the start of a line: "1. ", "2) ". */
const LIST_MARK = /^\s*(?:[-•] )?(?:1?\d|20)[.)] (?=\S)/;

/** Tokens that only a name, a version or an identifier has: letters with digits, underscores, dots inside, paths. */
const SHAPED =
  /(?<![\w.:/@-])(?=[\w.:/@-]*[a-z])(?=[\w.:/@-]*(?:\d|_|[a-z0-9]\/[a-z0-9]))[a-z0-9_][\w.:/@-]*\w|(?<![\w.])\d+(?:\.\d+){2,}(?:[-+][\w.]*\w)?(?!\.?\w)/gi;

/** Numbers with a unit written close: "250ms", "7.3%", "5xx", "3h20m", "2x". They are no names. */
const CLOSE_UNIT =
  /^[-+]?\d[\d.,]*(?:e[+-]?\d+)?-?(?:(?:k|ns|us|µs|ms|s|m|h|d|w|x|fold|times|month|min|hrs?|sec|secs|mins|hours?|days?|weeks?|seconds?|minutes?|[kmgtp]i?b|[kmgtp]i|[mgt]|[kmgtp]bits?|b|rps|qps|tps|iops|rpm|cores?|pp|[cf])(?:\/s|\/min|\/h)?|(?:[kmgtp]i?b|[kmgtp]?bits?|[a-z]{1,20})(?:\/s(?:ec(?:ond)?)?|\/min(?:ute)?|\/h(?:r|our)?|ps)|\/(?:s|sec|second|min|minute|h|hr|hour|d|day))$/i;
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/i;
const UNIT = /^[a-z]+\/(?:s|min|h|d|sec|second|minute|hour|day)$/i;
const ENGLISH =
  /^(?:and\/or|either\/or|yes\/no|on\/off|up\/down|i\/o|n\/a|read\/write|in\/out|before\/after|client\/server|ci\/cd|k8s|ipv4|ipv6|http2?|http\/[123](?:\.\d)?|s3|ec2|oauth2|utf-?8|b2b|m365|24\/7)$/i;

export type Blanked = {
  /** The text with every known name, moment and ordinal blanked out, in the same length. */
  readonly text: string;
  /** Names that nothing asked in this turn has. */
  readonly unknown: readonly string[];
};

/**
 * Takes out of a plain sentence what is no number, and finds the names in it that are not known: what stands in backticks,
 * what is shaped as a name ("pg-1", "orders_total", "v4.12.0"), and "the NAME service". `isKnown` tells whether the evidence
 * or the question has the name.
 */
export function blankNames(plain: string, isKnown: (name: string) => boolean): Blanked {
  const unknown: string[] = [];
  const blank = (text: string) => " ".repeat(text.length);
  const judge = (name: string, whole: string): string => {
    if (isKnown(name)) return blank(whole);
    unknown.push(name);
    return blank(whole);
  };
  let text = plain.replace(LIST_MARK, blank);
  text = text.replace(/`([^`]+)`/g, (whole, inside: string) => {
    const name = inside.trim();
    // a number, or a command or query: its own names are judged below
    if (name === "" || /^[\d.,]+$/.test(name) || CLOSE_UNIT.test(name) || /[\s(]/.test(name))
      return whole.replaceAll("`", " ");
    return judge(name, whole);
  });
  text = text.replace(RELEASE, (whole, product: string, version: string) => {
    if (!isKnown(version) && !isKnown(`${product} ${version}`)) unknown.push(whole);
    return blank(whole);
  });
  text = text.replace(STATUS, (whole, code: string) => (isKnown(code) ? blank(whole) : whole));
  for (const pattern of NO_NUMBERS) text = text.replace(pattern, blank);
  text = text.replace(SHAPED, (token) => {
    const bare = token.replace(/[.:/-]+$/, "");
    if (ENGLISH.test(bare)) return blank(token);
    if (UNIT.test(bare)) return token;
    if (CLOSE_UNIT.test(bare) || DURATION.test(bare) || (/^[\d.,:/-]+$/.test(bare) && !/^\d+(?:\.\d+){2,}$/.test(bare)))
      return token;
    if (/^\d+(?:\.\d+)?(?:-|\/)\d/.test(bare)) return token; // a range: "5-10ms"
    return judge(bare, token);
  });
  text = text.replace(DOTTED, (token) => judge(token, token));
  text = text.replace(LIKE_A_NAME, (token) => (PRODUCTS.test(token) ? token : judge(token, token)));
  text = text.replace(BESIDE_KIND, (whole, name: string) => {
    if (!isKnown(name) && !isOrdinary(name)) unknown.push(name);
    return whole;
  });
  for (const [, name = ""] of text.matchAll(AFTER_KIND)) if (!isKnown(name) && !isOrdinary(name)) unknown.push(name);
  return { text, unknown };
}

/** "PostgreSQL 13 has a known bug": a release and no measure. */
const RELEASE =
  /\b(PostgreSQL|Postgres|MySQL|MariaDB|Redis|Kafka|MongoDB|RabbitMQ|Kubernetes|Java|JDK|Python|Ubuntu|Debian|Linux|nginx|Node\.js) v?(\d+(?:\.\d+)?)(?= (?:is|has|had|was|does|and later|or later|introduced|changed|fixes|fixed)\b|[.,;)]|$)/gi;

/** A code that means something and counts nothing. */
const STATUS = /\b(?:HTTP|status|(?:status|error|exit) code)(?: status)? (\d{1,3})(?![\d.,%])/gi;

/** "DiskPressure", "orders-api": two words in one with capitals, or one with what things are called after. */
const LIKE_A_NAME =
  /(?<![\w.:/@-])(?:[A-Z][a-z]+(?:[A-Z]+[a-z]*)+|(?!(?:per|cross|multi|single|inter|intra|micro|non|sub|each|in|on|off|down|up)-)[a-z][a-z-]*-(?:api|svc|service|gateway|proxy|worker|server|db|cache|prod|staging|dev|canary|blue|green|backup|dlq|vm|lb|consumer|producer|scheduler|controller|operator|exporter|agent|daemon|frontend|backend))(?![\w-]|[.:/@]\w)/g;

/** "vpn.acme.io", "db.prod.svc": a host, or another path of names. */
const DOTTED =
  /(?<![\w.:/@-])[a-z][\w-]+(?:(?:\.[a-z][\w-]+){2,}|\.(?:com|net|org|io|dev|internal|local|lan|cloud))(?![\w-]|[.:/@]\w)/gi;

const PRODUCTS =
  /^(?:[KMGTP]iB?|PostgreSQL|MySQL|MariaDB|SQLite|MongoDB|DynamoDB|InfluxDB|CockroachDB|TimescaleDB|ClickHouse|OpenSearch|RabbitMQ|ActiveMQ|PgBouncer|HAProxy|GitHub|GitLab|GitOps|DevOps|JavaScript|TypeScript|GraphQL|PromQL|LogQL|OpenTelemetry|VictoriaMetrics|CloudWatch|CloudFront|PagerDuty|OpsGenie|AlertManager|OpenShift|FastAPI|WebSockets?|NodeJS|ConfigMaps?|StatefulSets?|DaemonSets?|ReplicaSets?|CronJobs?|LoadBalancers?|NetworkPolicy|SmartCloudOps)$/;

const BESIDE_KIND =
  /\b(?:the|on|of|in|from|by|for|and) ([a-z][\w-]{2,})(?= (?:service|host|node|pod|deployment|database|queue|namespace|cluster)\b)/gi;

const AFTER_KIND =
  /\b(?:service|host|node|pod|deployment|database|queue|namespace|cluster|pool|topic|group|job|client|bucket|table|index|region|zone|team|instance|server|container|device|app) ([a-z]\w*-[\w-]*\w)/gi;

const ADJECTIVES: ReadonlySet<string> = new Set(
  `affected slow slowest fast busy busiest same other whole entire main first second last next new old named given only single worst best upstream downstream
  failing failed broken unhealthy healthy critical remaining underlying relevant respective parent child primary secondary backend frontend payment user web
  message work job task dead-letter retry default production staging kubernetes postgresql postgres mysql redis rabbitmq kafka prometheus linux virtual physical
  external internal public private shared local remote single-node multi-node three-node another each every any one two three both all some most many few no this
  that these those its their our your which what whose previous current existing target particular specific corresponding dependent depending overloaded saturated
  idle drained cordoned replacement replica standby leader follower worker control-plane client server source destination problematic suspect suspected culprit`.split(
    /\s+/,
  ),
);

/** What services and environments are called after, and does not tell how one is. */
const CALLED_LIKE_WORK = /(?:billing|booking|invoicing|messaging|pricing|shipping|staging|ticketing|onboarding)$/;

function isOrdinary(word: string): boolean {
  const fold = word.toLowerCase();
  return STOP_WORDS.has(fold) || ADJECTIVES.has(fold) || (/(?:ing|ed|est)$/.test(fold) && !CALLED_LIKE_WORK.test(fold));
}

const CURRENCIES: readonly (readonly [code: string, written: RegExp])[] = [
  ["EUR", /€|\b(?:euros?|EUR)\b/i],
  ["USD", /\$|\b(?:dollars?|USD)\b/i],
  ["GBP", /£|\b(?:pounds?|GBP)\b/i],
];

/** A currency in the sentence that is not among those of the evidence, where the evidence has one. */
export function foreignCurrencyIn(plain: string, isKnown: (name: string) => boolean): string | undefined {
  if (!CURRENCIES.some(([code]) => isKnown(code))) return undefined;
  return CURRENCIES.flatMap(([code, written]) => (isKnown(code) ? [] : [written.exec(plain)?.[0]])).find(
    (found) => found !== undefined,
  );
}
