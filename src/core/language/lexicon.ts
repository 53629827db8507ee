/**
 * The closed word lists that rules need, in six languages, and a matcher for each. Every matcher takes a text (or its
 * tokens) and returns what it found with offsets into the text, or undefined.
 */
import { type Token, tokens } from "./normalise.ts";
import { type Found, findPhrase, phraseBook } from "./patterns.ts";
import { matchWord, readCount, readNumber } from "./words.ts";

export { findAction } from "./actions.ts";
export { matchWord, readNumber } from "./words.ts";

type Span = { readonly start: number; readonly end: number };
type Text = string | readonly Token[];

// ---------------------------------------------------------------- aggregations

export type Aggregation = "max" | "min" | "avg" | "sum" | "count" | "rate" | "current";
export type Per = "second" | "minute" | "hour" | "day";

const AGGREGATIONS = phraseBook<Exclude<Aggregation, "rate">>([
  [
    "max",
    "max, maximum, maximal, maximale, maximaler, peak, peaked, highest, hochste, hochster, hochstwert, spitze, spitzenwert, maximo, maxima, pico, maximum de, pic, plus haut, plus haute, mas alto, mas alta, mais alto, mais alta, worst, largest, biggest, sabse zyada, adhiktam",
  ],
  [
    "min",
    "min, minimum, minimal, minimale, lowest, smallest, niedrigste, niedrigster, kleinste, minimo, minima, plus bas, plus basse, mas bajo, mas baja, mais baixo, mais baixa, sabse kam, nyuntam",
  ],
  [
    "avg",
    "avg, average, averaged, mean, on average, durchschnitt, durchschnittlich, durchschnittliche, durchschnittlicher, mittel, mittlere, mittelwert, schnitt, promedio, media, medio, en promedio, moyenne, moyen, en moyenne, em media, medio, ausat, typical, typically",
  ],
  [
    "sum",
    "sum, total, totals, overall, altogether, in total, combined, summe, insgesamt, gesamt, suma, en total, totale, somme, au total, soma, no total, ao todo, kul, kul milakar",
  ],
  [
    "count",
    "how many, how often, how much times, number of, count, count of, amount of, wie viele, wieviele, wie oft, anzahl, cuantos, cuantas, cuantas veces, numero de, cantidad de, combien de, combien d, combien, combien de fois, nombre de, nombre d, quantos, quantas, quantas vezes, quantidade de, kitne, kitni baar, kitni",
  ],
  [
    "current",
    "current, currently, now, right now, at the moment, at present, this moment, live, latest value, jetzt, gerade, aktuell, aktuelle, aktueller, momentan, derzeit, ahora, ahora mismo, actual, actualmente, en este momento, maintenant, actuel, actuelle, actuellement, en ce moment, agora, atual, atualmente, neste momento, abhi, is waqt, filhaal",
  ],
]);

const PER = phraseBook<Per>([
  [
    "second",
    "per|a|each|every second, per sec, per s, pro sekunde, por segundo, par seconde, rps, qps, tps, iops, req/s, /s, s-1, prati second",
  ],
  [
    "minute",
    "per|each|every minute, a minute, per min, pro minute, por minuto, par minute, rpm, req/min, prati minute, har minute",
  ],
  [
    "hour",
    "per|each|every hour, an hour, per hr, pro stunde, por hora, par heure, hourly rate, prati ghanta, har ghante",
  ],
  ["day", "per day, pro tag, por dia, par jour, prati din"],
]);
const PER_SUFFIX: readonly (readonly [RegExp, Per])[] = [
  [/\/(?:s|sec)$/, "second"],
  [/\/min$/, "minute"],
  [/\/(?:h|hr)$/, "hour"],
  [/\/day$/, "day"],
];

/** "an hour ago" and "every hour" name a time, not a rate. */
function isRate(found: Found<Per>, all: readonly Token[]): boolean {
  const first = all[found.first]?.fold;
  const before = all[found.first - 1]?.fold ?? "";
  const after = all[found.last + 1]?.fold ?? "";
  if (first === "every" || first === "each" || first === "har") return false;
  if (first === "a" || first === "an")
    return after !== "ago" && after !== "from" && !/^(?:for|in|within|since|than|half|over|last|once)$/.test(before);
  return true;
}

function isAggregation(found: Found<Exclude<Aggregation, "rate">>, all: readonly Token[]): boolean {
  const word = all[found.first]?.fold ?? "";
  const before = all[found.first - 1]?.fold ?? "";
  const after = all[found.last + 1]?.fold ?? "";
  // "the last 5 min", "what does it mean", "sum up".
  if (word === "min") return readNumber(before) === undefined && !/^(?:per|last|pro|por|par|a|every)$/.test(before);
  if (word === "mean")
    return !all.slice(0, found.first).some((token) => /^(?:does|do|did|you|i|that)$/.test(token.fold));
  if (word === "sum") return after !== "up";
  return true;
}

/**
 * "peak", "durchschnittlich", "how many", "right now", "per minute" -> how values are to be put together. `per` says over
 * which time a rate is wanted; a bare rate is "rate". What is more telling wins: "how many requests per second" is a rate.
 */
export function findAggregation(text: Text): (Span & { readonly value: Aggregation; readonly per?: Per }) | undefined {
  const all = typeof text === "string" ? tokens(text) : text;
  const rate = findRate(all);
  const first = findPhrase(all, AGGREGATIONS, isAggregation);
  const telling =
    first?.value === "current" || first?.value === "count"
      ? (findPhrase(
          all,
          AGGREGATIONS,
          (found, at) => found.value !== "current" && found.value !== "count" && isAggregation(found, at),
        ) ?? first)
      : first;
  if (rate !== undefined) {
    const kind = telling?.value;
    const value = kind === "max" || kind === "min" || kind === "avg" || kind === "sum" ? kind : "rate";
    return value === "rate" || telling === undefined
      ? { ...rate, value: "rate" }
      : { value, per: rate.per, start: telling.start, end: telling.end };
  }
  return telling === undefined ? undefined : { value: telling.value, start: telling.start, end: telling.end };
}

function findRate(all: readonly Token[]): (Span & { readonly per: Per }) | undefined {
  for (const token of all) {
    const suffix = PER_SUFFIX.find(
      ([pattern]) => pattern.test(token.fold) && !token.fold.startsWith("http") && !token.fold.startsWith("/"),
    );
    if (suffix !== undefined && readNumber(token.fold) === undefined)
      return { per: suffix[1], start: token.start, end: token.end };
  }
  const found = findPhrase(all, PER, isRate);
  return found === undefined ? undefined : { per: found.value, start: found.start, end: found.end };
}

// ---------------------------------------------------------------- rankings

/** What a superlative is about when it says so itself: "slowest" is about latency, "fullest" about disks. */
export type RankedConcept =
  | "latency"
  | "traffic"
  | "errors"
  | "cpu"
  | "memory"
  | "disk"
  | "temperature"
  | "load"
  | "restarts";
export type Ranking = {
  /** How many are wanted, at most 100; 1 when the question names no number. */
  readonly k: number;
  readonly explicitK: boolean;
  /** "desc": the largest first. */
  readonly direction: "desc" | "asc";
  readonly concept?: RankedConcept;
};
type Superlative = { readonly direction: "desc" | "asc"; readonly concept?: RankedConcept };

const high = (concept?: RankedConcept): Superlative => ({
  direction: "desc",
  ...(concept === undefined ? {} : { concept }),
});
const low = (concept?: RankedConcept): Superlative => ({
  direction: "asc",
  ...(concept === undefined ? {} : { concept }),
});

const SUPERLATIVES = phraseBook<Superlative>([
  [
    high(),
    "most, rank, ranking, ranked by, sort, sorted by, ordered by, order ~ by, highest, top, greatest, maximum, max, peak, heaviest, worst, am meisten, meisten, meiste, hochste, hochsten, hochster, grossten, mas, el mas, la mas, mayor, mayores, le plus, la plus, les plus, plus de, o mais, a mais, mais, maior, maiores, sabse zyada, sabse jyada, sabse adhik, sabse upar",
  ],
  [
    low(),
    "least, lowest, fewest, minimum, bottom, am wenigsten, wenigsten, niedrigste, niedrigsten, geringste, menos, menor, menores, le moins, moins de, o menos, sabse kam, sabse neeche",
  ],
  [
    high("latency"),
    "slowest, slowest responding, laggiest, langsamste, langsamsten, langsamster, am langsamsten, tragsten, mas lento, mas lenta, mas lentos, mas lentas, plus lent, plus lente, plus lents, plus lentes, mais lento, mais lenta, mais lentos, mais lentas, sabse slow, sabse dheema, sabse dheemi",
  ],
  [
    low("latency"),
    "fastest, quickest, snappiest, schnellste, schnellsten, schnellster, am schnellsten, mas rapido, mas rapida, mas rapidos, plus rapide, plus rapides, mais rapido, mais rapida, mais rapidos, sabse fast, sabse tez",
  ],
  [
    high("traffic"),
    "busiest, most popular, most used, most requested, meistgenutzt, meistgenutzte, mas ocupado, mas usado, plus sollicite, plus occupe, mais ocupado, mais usado, mais acessado, sabse busy",
  ],
  [low("traffic"), "quietest, idlest, least busy, least used, least popular, ruhigste, menos usado, moins utilise"],
  [high("errors"), "most errors, most failing, most broken, flakiest, buggiest, worst offender, fehlerhafteste"],
  [
    high("temperature"),
    "hottest, warmest, heisseste, heissesten, warmste, warmsten, mas caliente, plus chaud, mais quente, sabse garam",
  ],
  [low("temperature"), "coolest, coldest, kuhlste, kalteste, mas frio, plus froid, mais frio, sabse thanda"],
  [
    high("disk"),
    "fullest, vollste, vollsten, am vollsten, mas lleno, mas llenos, plus plein, plus pleins, plus remplis, mais cheio, mais cheios, sabse bhara",
  ],
  [
    low("traffic"),
    "quietest, calmest, idlest, least busy, least used, ruhigste, ruhigsten, menos usado, moins utilise",
  ],
  [low("disk"), "emptiest, leerste, leersten, mas vacio, plus vide, mais vazio"],
  [high("memory"), "hungriest, memory hog, memory hogs, biggest memory hog, ram hog"],
  [high("cpu"), "cpu hog, cpu hogs, cpu eater, hottest cpu"],
  [
    high("load"),
    "most loaded, heaviest loaded, am starksten belastet, hochste last, mas cargado, plus charge, mais carregado",
  ],
  [low("load"), "least loaded, menos cargado"],
  [
    high(),
    "longest, langste, langsten, am langsten, mas largo, mas larga, mas largas, plus long, plus longue, plus longues, mais longo, mais longa, sabse lambi",
  ],
  [low(), "shortest, kurzeste, mas corta, plus courte, mais curta, sabse chhoti"],
  [
    high(),
    "biggest, largest, fattest, grosste, am grossten, mas grande, mas grandes, plus grand, plus grande, plus grandes, plus gros, plus grosse, sabse bada, sabse badi",
  ],
  [
    low(),
    "smallest, tiniest, kleinste, kleinsten, mas pequeno, mas pequena, plus petit, plus petite, mais pequeno, sabse chhota",
  ],
  [high(), "oldest, alteste, altesten, mas antiguo, plus ancien, mais antigo, sabse purana"],
  [low(), "newest, youngest, neueste, neuesten, plus recent, mas reciente, mais recente"],
  [high(), "noisiest, loudest, lauteste"],
  [high("restarts"), "most restarted, most crashing"],
]);

/** Number of rows first: "top 5", "first 3", "die ersten 3", "los 5", "les 3". */
const TOP_K = phraseBook<Superlative>([
  [
    high(),
    "top #, first #, worst #, best #, ersten #, die #, los #, las #, primeros #, les #, premiers #, os #, as #, primeiros #, the #",
  ],
  [low(), "bottom #, lowest #, last #"],
]);

function isRanking(found: Found<Superlative>, all: readonly Token[]): boolean {
  const word = all[found.first]?.fold ?? "";
  const before = all[found.first - 1]?.fold ?? "";
  const after = all[found.last + 1]?.fold ?? "";
  // "2 instances de plus de cart" adds, "le plus de" ranks.
  if (word === "plus" && before === "de") return false;
  if (found.first !== found.last) return !(/^(?:plus|moins)$/.test(word) && readNumber(after, false) !== undefined);
  // "at most", "at least", "most recent", "more than most", "on top", "al menos", "más de 70", "au moins", "autoscaler max".
  if (word === "most" || word === "least")
    return before !== "at" && after !== "recent" && after !== "recently" && before !== "than";
  if (word === "top") return before !== "on" && after !== "of";
  if (word === "mas" || word === "menos" || word === "mais")
    return (
      after !== "de" &&
      after !== "que" &&
      after !== "do" &&
      before !== "al" &&
      before !== "a" &&
      before !== "pelo" &&
      before !== "por" &&
      after !== ""
    );
  if (word === "max" || word === "maximum" || word === "minimum" || word === "peak")
    return (
      /^(?:which|what|who|welche\w*|que|quel\w*|qual)$/.test(all[0]?.fold ?? "") &&
      !/^(?:of|is|was|replicas?)$/.test(after)
    );
  return true;
}

/** "top 5", "3 services with the highest …", "slowest", "el más lento" -> how many, which end, and of what if it says so. */
export function findRanking(text: Text): (Span & { readonly value: Ranking }) | undefined {
  const all = typeof text === "string" ? tokens(text) : text;
  const counted = findPhrase(all, TOP_K, (found, at) => {
    const lead = at[found.first]?.fold ?? "";
    if (readCount(at[found.last]?.fold ?? "") === undefined) return false;
    // "the last 3 hours", "los 3 últimos días": a span unless a superlative follows.
    if (/^(?:top|worst|best|bottom)$/.test(lead)) return true;
    const rest = at.slice(found.last + 1, found.last + 5);
    if (/^(?:first|ersten|primeros|premiers|primeiros)$/.test(lead)) return !isSpan(rest[0]?.fold);
    return findPhrase(rest, SUPERLATIVES, isRanking) !== undefined && !isSpan(rest[0]?.fold);
  });
  const superlative = findPhrase(all, SUPERLATIVES, (found, at) => {
    const alone = /^(?:top|worst)$/.test(at[found.first]?.fold ?? "") && found.first === found.last;
    return isRanking(found, at) && !(alone && counted !== undefined && found.first === counted.first);
  });
  const one = preferTelling(all, superlative) ?? counted;
  if (one === undefined) return undefined;
  const kAt = counted === undefined ? bareCount(all, one.first) : counted.last;
  const k = kAt === undefined ? undefined : readCount(all[kAt]?.fold ?? "");
  // The span holds the number only where it stands next to the superlative: "3 slowest", not "3 services with the".
  const near = (at: number | undefined) => at !== undefined && Math.abs(at - one.first) <= 1;
  const joined = near(kAt) ? (all[kAt as number] as Token) : undefined;
  const start = Math.min(one.start, joined?.start ?? one.start);
  const end = Math.max(one.end, joined?.end ?? one.end);
  return {
    value: { ...one.value, k: k !== undefined && k > 0 ? Math.min(k, 100) : 1, explicitK: k !== undefined && k > 0 },
    start,
    end,
  };
}

/** Of "le plus lent" the words "plus lent" say what it is about. */
function preferTelling(all: readonly Token[], found: Found<Superlative> | undefined): Found<Superlative> | undefined {
  if (found === undefined || found.value.concept !== undefined) return found;
  const telling = findPhrase(all, SUPERLATIVES, (one) => one.value.concept !== undefined);
  return telling !== undefined && telling.first <= found.last + 1 && telling.last >= found.first ? telling : found;
}

const SPANS =
  /^(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|sekunden?|minuten|stunden?|tagen?|wochen?|segundos?|minutos?|horas?|dias?|semanas?|secondes?|heures?|jours?|semaines?|ghant[ae]|din)$/;
function isSpan(word: string | undefined): boolean {
  return word !== undefined && SPANS.test(word);
}

/** "3 services with the highest error rate", "five slowest routes": a count at most four words before the superlative. */
function bareCount(all: readonly Token[], superlative: number): number | undefined {
  for (let i = superlative - 1; i >= Math.max(0, superlative - 5); i -= 1) {
    const count = readCount(all[i]?.fold ?? "");
    if (count !== undefined && count > 0 && count <= 100 && !isSpan(all[i + 1]?.fold)) return i;
  }
  const next = all[superlative + 1];
  const count = next === undefined ? undefined : readCount(next.fold);
  return count !== undefined && !isSpan(all[superlative + 2]?.fold) ? superlative + 1 : undefined;
}

// ---------------------------------------------------------------- thresholds

export type Comparison = ">" | ">=" | "<" | "<=";
export type ThresholdUnit = "ratio" | "seconds" | "bytes" | "celsius" | "none";
export type Threshold = {
  readonly op: Comparison;
  /** The quantity as typed: "70%", "200 ms". */
  readonly text: string;
  /** In the base unit: 70 % is 0.7, 200 ms is 0.2, 2 GB is 2e9, 2 GiB is 2147483648. */
  readonly value: number;
  readonly unit: ThresholdUnit;
};

const COMPARISONS = phraseBook<Comparison>([
  [
    ">",
    "> , more than, greater than, higher than, larger than, bigger than, longer than, slower than, above, over, exceeds, exceed, exceeding, exceeded, beyond, hotter than, warmer than, older than, mehr als, grosser als, hoher als, langer als, langsamer als, uber, oberhalb von, mas de, mas del, mas que, mayor que, mayor a, superior a, por encima de, por encima del, por sobre, supera, superan, plus de, plus que, superieur a, superieure a, superieurs a, au dessus de, au-dessus de, depasse, depassent, mais de, mais que, maior que, maior do que, acima de, acima dos, passa de, passam de, ultrapassa",
  ],
  [
    ">=",
    ">=, at least, minimum of, no less than, not less than, from, mindestens, wenigstens, ab, al menos, por lo menos, como minimo, au moins, au minimum, pelo menos, no minimo, kam se kam",
  ],
  [
    "<",
    "<, less than, fewer than, lower than, smaller than, below, under, beneath, shorter than, faster than, quicker than, younger than, weniger als, kleiner als, niedriger als, unter, unterhalb von, menos de, menos que, menor que, menor a, inferior a, por debajo de, por debajo del, moins de, moins que, inferieur a, inferieure a, en dessous de, en-dessous de, au-dessous de, menos do que, menor do que, abaixo de, abaixo dos",
  ],
  [
    "<=",
    "<=, at most, no more than, not more than, up to, maximum of, hochstens, maximal, como mucho, como maximo, a lo sumo, au plus, au maximum, no maximo",
  ],
]);

/** What follows the number: "70% or more", "80 percent se zyada". */
const AFTER_NUMBER = phraseBook<Comparison>([
  [">", "se zyada, se jyada, se adhik, se upar, se bada, ke upar"],
  [
    ">=",
    "or more, or higher, or above, or greater, or over, and above, and up, oder mehr, und mehr, oder hoher, o mas, ou plus, et plus, ou mais",
  ],
  ["<", "se kam, se neeche, se niche, se chhota, ke neeche"],
  ["<=", "or less, or lower, or below, or fewer, or under, oder weniger, o menos, ou moins, ou menos"],
]);

const UNITS: readonly (readonly [RegExp, ThresholdUnit, number])[] = [
  [/^(?:%|percent|percentage|pct|prozent|porciento|pourcent|porcento|pratishat|pc)$/, "ratio", 0.01],
  [/^(?:ms|msec|millis|milliseconds?|millisekunden?|milisegundos?|millisecondes?|milissegundos?)$/, "seconds", 0.001],
  [/^(?:us|µs|microseconds?)$/, "seconds", 1e-6],
  [/^(?:s|sec|secs|seconds?|sekunden?|segundos?|secondes?)$/, "seconds", 1],
  [/^(?:m|min|mins|minutes?|minuten|minutos?)$/, "seconds", 60],
  [/^(?:h|hr|hrs|hours?|stunden?|horas?|heures?|ghant[ae])$/, "seconds", 3600],
  [/^(?:d|days?|tagen?|dias?|jours?|din)$/, "seconds", 86_400],
  [/^(?:w|weeks?|wochen?|semanas?|semaines?|hafte)$/, "seconds", 604_800],
  [/^(?:b|bytes?|octets?)$/, "bytes", 1],
  [/^(?:kb|kilobytes?|ko)$/, "bytes", 1e3],
  [/^(?:mb|megabytes?|megs?|mo)$/, "bytes", 1e6],
  [/^(?:gb|gigabytes?|gigs?|go)$/, "bytes", 1e9],
  [/^(?:tb|terabytes?|to)$/, "bytes", 1e12],
  [/^kib$/, "bytes", 1024],
  [/^mib$/, "bytes", 1024 ** 2],
  [/^gib$/, "bytes", 1024 ** 3],
  [/^tib$/, "bytes", 1024 ** 4],
  [/^(?:°c|c|celsius|degrees?|grad|grados|degres|graus)$/, "celsius", 1],
];
const MULTIPLES: Readonly<Record<string, number>> = {
  k: 1e3,
  thousand: 1e3,
  tausend: 1e3,
  mil: 1e3,
  mille: 1e3,
  hazaar: 1e3,
  million: 1e6,
  millions: 1e6,
  mio: 1e6,
};
/** "over 3 hours" and "from 10" mostly speak of time; only other units make them a threshold. */
const ALSO_TIME = /^(?:over|uber|from|ab|sobre)$/;

/** "more than 70%", "above 0.5", "über 200 ms", "> 2 GB", "80% or more" -> the comparison and the value in base units. */
export function findThreshold(text: Text): (Span & { readonly value: Threshold }) | undefined {
  const all = typeof text === "string" ? tokens(text) : text;
  for (let i = 0; i < all.length; i += 1) {
    if (readNumber((all[i] as Token).fold) === undefined) continue;
    const before = comparisonBefore(all, i);
    const quantity = readQuantity(all, i);
    if (quantity === undefined) continue;
    if (before !== undefined) {
      const lead = all[before.first]?.fold ?? "";
      const long = quantity.unit === "seconds" && quantity.scale >= 60;
      if (ALSO_TIME.test(lead) && (long || (lead !== "over" && lead !== "uber" && quantity.unit === "none"))) continue;
      return {
        value: {
          op: before.value,
          text: typed(all, i, quantity.last),
          value: quantity.value,
          unit: quantity.unit,
        },
        start: before.start,
        end: quantity.end,
      };
    }
    const after = findPhrase(
      all.slice(quantity.last + 1, quantity.last + 5),
      AFTER_NUMBER,
      (found) => found.first === 0,
    );
    if (after !== undefined)
      return {
        value: {
          op: after.value,
          text: typed(all, i, quantity.last),
          value: quantity.value,
          unit: quantity.unit,
        },
        start: (all[i] as Token).start,
        end: after.end,
      };
  }
  return undefined;
}

function typed(all: readonly Token[], first: number, last: number): string {
  return all
    .slice(first, last + 1)
    .map((token) => token.text)
    .join(" ");
}

/** The comparison whose last word stands right before the number ("about" and articles may stand between). */
function comparisonBefore(all: readonly Token[], number: number): Found<Comparison> | undefined {
  let end = number;
  while (
    end > 0 &&
    /^(?:about|around|a|an|the|of|roughly|etwa|ca|unos|environ|cerca|los|las|les|the|limit|threshold)$/.test(
      all[end - 1]?.fold ?? "",
    ) &&
    end > number - 2
  )
    end -= 1;
  for (const last of new Set([number, end])) {
    for (let first = Math.max(0, last - 4); first < last; first += 1) {
      const part = all.slice(first, last);
      const found = findPhrase(part, COMPARISONS, (one) => one.first === 0 && one.last === part.length - 1);
      if (found !== undefined) return { ...found, first, last: last - 1 };
    }
  }
  return undefined;
}

type Quantity = {
  readonly value: number;
  readonly unit: ThresholdUnit;
  readonly scale: number;
  readonly last: number;
  readonly end: number;
};

function readQuantity(all: readonly Token[], at: number): Quantity | undefined {
  const token = all[at] as Token;
  const number = readNumber(token.fold);
  if (number === undefined) return undefined;
  let { value, unit } = number;
  let last = at;
  if (unit === "" && MULTIPLES[all[at + 1]?.fold ?? ""] !== undefined) {
    value *= MULTIPLES[all[at + 1]?.fold ?? ""] as number;
    last = at + 1;
  }
  if (MULTIPLES[unit] !== undefined) {
    value *= MULTIPLES[unit] as number;
    unit = "";
  }
  if (unit === "") {
    const next = all[last + 1]?.fold ?? "";
    // "por ciento", "por cento", "pour cent" are two words; so is a percent sign that stands apart.
    if (/^(?:por|pour)$/.test(next) && /^(?:ciento|cento|cent)$/.test(all[last + 2]?.fold ?? "")) {
      unit = "%";
      last += 2;
    } else if (
      next === "%" ||
      (next.length > 1 && UNITS.some(([pattern]) => pattern.test(next))) ||
      /^[smhdbw]$/.test(next)
    ) {
      unit = next;
      last += 1;
    }
  }
  const known = UNITS.find(([pattern]) => pattern.test(unit));
  if (unit !== "" && known === undefined && !/^(?:rps|qps|req|x|\/s|\/min)/.test(unit)) return undefined;
  const scale = known?.[2] ?? 1;
  return {
    value: Number((value * scale).toPrecision(12)),
    unit: known?.[1] ?? "none",
    scale,
    last,
    end: (all[last] as Token).end,
  };
}

// ---------------------------------------------------------------- quantiles

const PERCENTILE_WORDS = [
  "percentile",
  "percentil",
  "perzentil",
  "percentiles",
  "pctl",
  "pct",
  "centile",
  "quantile",
  "quantil",
  "cuantil",
];
const MEDIAN = ["median", "mediana", "mediane", "mittlerer"];

/** "p95", "99th percentile", "95. Perzentil", "median" -> the quantile between 0 and 1. */
export function findQuantile(text: Text): (Span & { readonly value: number }) | undefined {
  const all = typeof text === "string" ? tokens(text) : text;
  for (let i = 0; i < all.length; i += 1) {
    const token = all[i] as Token;
    const next = all[i + 1];
    const short = /^p[ -]?(\d{2,4}|\d{2}[.,]\d{1,3})(?:th)?$/.exec(token.fold);
    if (short !== null) {
      const value = asQuantile(short[1] as string);
      if (value !== undefined) return { value, start: token.start, end: token.end };
    }
    if (token.fold === "p" && next !== undefined && /^\d{2}(?:[.,]\d{1,3})?$/.test(next.fold)) {
      const value = asQuantile(next.fold);
      if (value !== undefined) return { value, start: token.start, end: next.end };
    }
    if (MEDIAN.includes(token.fold) || (token.fold.length >= 6 && matchWord(token.fold, MEDIAN) === "median")) {
      return { value: 0.5, start: token.start, end: token.end };
    }
    if (matchWord(token.fold, PERCENTILE_WORDS) === undefined) continue;
    for (const j of [i - 1, i + 1, i - 2, i + 2]) {
      const number = /^(0[.,]\d{1,4}|\d{2}(?:[.,]\d{1,3})?)(?:th|st|nd|rd|e|eme|er|o|%|\.)?$/.exec(all[j]?.fold ?? "");
      const value = number === null ? undefined : asQuantile(number[1] as string);
      if (value !== undefined) {
        return {
          value,
          start: Math.min(token.start, (all[j] as Token).start),
          end: Math.max(token.end, (all[j] as Token).end),
        };
      }
    }
  }
  return undefined;
}

/** "95" -> 0.95, "99.9" -> 0.999, "999" -> 0.999, "0.99" -> 0.99. Undefined outside of (0, 1). */
function asQuantile(digits: string): number | undefined {
  const plain = digits.replace(",", ".");
  const value = plain.startsWith("0.")
    ? Number(plain)
    : plain.includes(".") || plain.length <= 2
      ? Number((Number(plain) / 100).toPrecision(8))
      : Number(`0.${plain}`);
  return value > 0 && value < 1 ? value : undefined;
}
