import { fold } from "./normalise.ts";

/** Small signs in a folded question that change how it is answered. */
export type Cues = {
  /** "per minute", "pro Stunde": the time unit a speed is wanted in. */
  readonly per: "s" | "min" | "hour" | "day" | undefined;
  /** "by region", "per gateway", "je Route": a word that may be a label. */
  readonly by: string | undefined;
  /** A yes or no is expected. */
  readonly yesNo: boolean;
  /** The question names the bad state: "is anything down?" */
  readonly asksForBad: boolean;
  readonly wantsShare: boolean;
  readonly wantsChart: boolean;
  /** "and memory?", "same for …", "why?": continues what was said before. */
  readonly continues: boolean;
  /** "it", "that one", "dort": points at something said before. */
  readonly pointsBack: boolean;
};

const PER: readonly (readonly [RegExp, Cues["per"]])[] = [
  [
    /(?:\/|\b(?:per|pro|por|par|a|each|every|je|prati|har)\s+)(?:s|sec|second|sekunde|segundo|seconde)\b|\b(?:rps|qps|tps|ops)\b/,
    "s",
  ],
  [/(?:\/|\b(?:per|pro|por|par|a|each|every|je|prati|har)\s+)(?:m|min|minute|minuten|minuto|minut)\b|\brpm\b/, "min"],
  [
    /(?:\/|\b(?:per|pro|por|par|an|each|every|je|prati|har)\s+)(?:h|hr|hour|stunde|hora|heure|ghante|ghanta)\b|\bhourly\b/,
    "hour",
  ],
  [/(?:\/|\b(?:per|pro|por|par|each|je|prati)\s+)(?:d|day|tag|dia|jour|din)\b/, "day"],
];

const BY =
  /\b(?:(?:broken down |grouped |split |aufgeschlusselt |gruppiert )?(?:by|per|for each|for every|pro|je|nach|por|par|por cada|par chaque|cada|each)\s+)(?:the\s+)?([a-z_][a-z0-9_-]{1,40})\b/g;

const TIME_UNITS =
  /^(?:s|sec|secs?|seconds?|min|mins?|minutes?|h|hr|hours?|days?|weeks?|months?|sekunden?|minuten?|stunden?|tage?|segundos?|minutos?|horas?|dias?|secondes?|heures?|jours?|the|a|an|my|now|default|far|chance|email|mail)$/;

const YES_NO =
  /^(?:(?:so|and|but|hey|ok|hm+|also|und|y|et|e|aur)\s+)*(?:(?:can (?:you|u) |please )?(?:check|tell me|see) (?:if|whether)|whether|is|are|was|were|do|does|did|has|have|had|can|will|any(?:thing|one|body)?|anything|ist|sind|war|hat|haben|lauft|gibt|wird|geht|funktioniert|esta|estan|hay|ha|han|funciona|est-ce|est|y a-t-il|sont|esta o|ha algum|tem|existe|kya)\b/;

const BAD =
  /(?<![\w-])(?:down|not (?:up|ready|healthy|running|available|being scraped|scraped|responding|reachable|working|scheduled|green|ok)|n't (?:up|ready|running|responding|reachable|working)|isnt|arent|unready|unavailable|unhealthy|unreachable|offline|dead|fail\w*|broken|red|crash\w*|missing|inactive|cordoned|unschedulable|pressure|stuck|rot|kaputt|ausgefallen|nicht (?:bereit|erreichbar|ok|gesund|verfugbar)|caido|caida|caidos|rojo|no (?:listo|disponible)|en panne|hors ligne|pas (?:pret|disponible)|fora do ar|com falha|band|kharab|inactivos?|inactifs?)(?![\w-])/;

const SHARE =
  /\b(?:rate|ratio|percent\w*|pct|share|fraction|proportion|quote|anteil|prozent|tasa|porcentaje|taux|pourcentage|taxa|porcentagem|pratishat)\b|%/;

const CHART =
  /\b(?:graph|chart|plot|draw|diagram|diagramm|grafik|graph[ie]que|grafic[ao]|courbe|trend|visuali[sz]e|picture|sparkline|verlauf|kurve)\b/;

const CONTINUES =
  /^(?:(?:and|und|y|et|e|aur|also|or|ok(?:ay)?|but|then|plus)\b|what about|how about|wie (?:ist|sieht) es mit|was ist mit|que (?:tal|hay de)|et pour|e quanto|and for|same|the same|likewise|ditto|genauso|lo mismo|la meme|pareil|o mesmo|why\b|warum\b|wieso\b|por que\b|pourquoi\b|kyu+n?\b|since\b|seit\b|desde\b|depuis\b|compared\b|vs\b|versus\b|in (?:the )?last\b|over (?:the )?last\b|for (?:the )?last\b|now\b|yesterday\b|gestern\b|ayer\b|hier\b|ontem\b|last (?:week|month|hour|night)\b|instead\b|only\b|just\b|show me (?:the |a )?(?:graph|chart|plot)|(?:the |a )?(?:graph|chart|plot)\b)/;

const POINTS_BACK =
  /\b(?:it|its|itself|that (?:one|service|host|server|queue|pod|database|box|machine|thing)|this (?:one|service|host|server)|they|them|their|those|these|there|the same|es|davon|dort|deren|dessen|dieser|dieses|ella|ello|ese|esa|eso|celui-ci|celle-ci|y|en|ele|ela|isso|uska|iska|usme|wahan)\b/;

/** Reads them all. `text` as typed. */
export function readCues(text: string): Cues {
  const folded = fold(text.slice(0, 4000)).replace(/[’]/g, "'").trim();
  const per = PER.find(([pattern]) => pattern.test(folded))?.[1];
  let by: string | undefined;
  for (const [, word = ""] of folded.matchAll(BY)) {
    if (TIME_UNITS.test(word)) continue;
    by = word;
    break;
  }
  return {
    per,
    by,
    yesNo: YES_NO.test(folded),
    asksForBad: BAD.test(folded),
    wantsShare: SHARE.test(folded),
    wantsChart: CHART.test(folded),
    continues: CONTINUES.test(folded),
    pointsBack: POINTS_BACK.test(folded),
  };
}
