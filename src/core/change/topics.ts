import { findAction } from "../language/actions.ts";
import { fold } from "../language/normalise.ts";

/** What a question for help is about. */
export type Topic =
  | "silence"
  | "ack"
  | "change"
  | "schedule"
  | "approve"
  | "teach"
  | "promql"
  | "forecast"
  | "alerts"
  | "chart"
  | "compare"
  | "privacy";

const TOPICS: readonly (readonly [Topic, RegExp])[] = [
  ["approve", /\b(?:approv\w*|genehmig\w*|freigeb\w*|aprob\w*|approuv\w*|aprov\w*|manjoor\w*)\b/],
  [
    "teach",
    /\b(?:teach\w*|alias\w*|nicknames?|synonyms?|own words?|lessons?|vocabulary|beibring\w*|ensen\w*|apprendre|ensin\w*|sikha\w*)\b/,
  ],
  ["silence", /\b(?:silenc\w*|mut(?:e|ing)|snooz\w*|stummschalt\w*|stumm|silenci\w*|sourdine|maintenance window)\b/],
  ["ack", /\b(?:ack|acknowledg\w*|quittier\w*|reconoc\w*|acquitt\w*|reconhec\w*)\b/],
  [
    "schedule",
    /\b(?:schedul\w*|remind\w*|digests?|reports?|summar(?:y|ies)|watch\w*|notif\w*|subscri\w*|erinner\w*|recordatori\w*|rappel\w*|lembret\w*)\b/,
  ],
  ["promql", /\b(?:promql|quer(?:y|ies)|expressions?)\b/],
  ["forecast", /\b(?:forecast\w*|predict\w*|vorhersag\w*|pronostic\w*|previsi\w*)\b/],
  ["chart", /\b(?:charts?|graphs?|plots?|diagramm\w*|grafic\w*|graphiques?)\b/],
  ["compare", /\b(?:compar\w*|vergleich\w*)\b/],
  ["alerts", /\b(?:alerts?|alarm\w*|alertas?|alertes?)\b/],
  ["privacy", /\b(?:privacy|stor(?:e|ed|ing)|remember|data protection|forget me|datenschutz)\b/],
];

/** The topic of "how do I … with you", or undefined when help in general is wanted. */
export function topicOf(text: string): Topic | undefined {
  const folded = fold(text);
  const named = TOPICS.find(([, pattern]) => pattern.test(folded))?.[0];
  if (named !== undefined) return named;
  return findAction(text) === undefined ? undefined : "change";
}

/** Questions that no monitoring answers: weather, jokes, recipes, in six languages. */
const ELSEWHERE =
  /\b(?:weather|wetter|meteo|mausam|clima (?:hoy|de|hoje)|tiempo (?:hace|hara|hoy)|previsao do tempo|quel temps|jokes?|witz\w*|chistes?|blagues?|piadas?|chutkul\w*|recipes?|rezept\w*|recetas?|recettes?|receitas?|poems?|gedicht\w*|poemas?|poemes?|lottery|lotto|horoscope\w*|horoskop\w*|bitcoin|stock price|football|soccer|fussball|futbol|futebol|cricket|president|capital of|hauptstadt|movie|film tipp|love me|lunch|dinner|pizza|homework)\b/;

/** True when a text asks for something that has nothing to do with running systems. */
export function isElsewhere(text: string): boolean {
  return ELSEWHERE.test(fold(text));
}
