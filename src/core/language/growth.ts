/** "If traffic grows by 30 %": a question about what has not happened. Text is lower case without accents (`normalise.ts`). */

/** A supposed change of traffic: 0.3 for 30 % more, -0.5 for half. */
export type Growth = { readonly ratio: number };

const SUPPOSING =
  /\b(?:if|what if|what happens|take|handle|surviv\w*|cope|bear|absorb|verkraft\w*|aguant\w*|suppos\w*|assum\w*|imagin\w*|can (?:we|it|they|the)|could (?:we|it)|enough (?:room|capacity)|wenn|falls|was passiert|angenommen|si|que pasa|se|o que acontece|que se passe|agar|kya hoga)\b/;
const PAST = /\b(?:did|has|have|had|since|yesterday|last|gestern|seit|ayer|hier|ontem|kal)\b/;
const TRAFFIC =
  "(?:traffic|requests?|load|demand|visitors|users|throughput|verkehr|last|anfragen|trafico|peticiones|carga|trafic|requetes|trafego|requisicoes)";
const MORE =
  "(?:grow\\w*|ris\\w*|increas\\w*|go(?:es)? up|climb\\w*|steig\\w*|wachs\\w*|zunimm\\w*|zunehm\\w*|sub\\w*|aument\\w*|crec\\w*|augment\\w*|mont\\w*|cresc\\w*|badh\\w*|more|mehr|mas|plus|mais|higher|additional|zyada)";
const LESS =
  "(?:fall\\w*|drop\\w*|decreas\\w*|shrink\\w*|sink\\w*|go(?:es)? down|baj\\w*|baiss\\w*|cai\\w*|ghat\\w*|less|fewer|weniger|menos|moins|kam)";
const PERCENT = /(\d{1,4}(?:[.,]\d+)?) ?(?:%|percent|per cent|pct|prozent|por ciento|pour cent|por cento|pratishat)/;
const TIMES = [
  [/\b(?:doubl\w*|twice|verdoppel\w*|doppelt\w*|duplic\w*|dobr\w*|dugna|duguna)\b/, 1],
  [/\b(?:tripl\w*|three times|thrice|verdreifach\w*|teen guna)\b/, 2],
] as const;

/** The supposed change of traffic in a question; undefined when it supposes none, or speaks of what has been. */
export function readGrowth(plain: string): Growth | undefined {
  if (!SUPPOSING.test(plain) || PAST.test(withoutLoad(plain))) return undefined;
  const times = TIMES.find(([word]) => word.test(plain));
  if (times !== undefined) return new RegExp(`\\b${TRAFFIC}\\b`).test(plain) ? { ratio: times[1] } : undefined;
  const percent = Number(PERCENT.exec(plain)?.[1]?.replace(",", ".") ?? Number.NaN);
  if (!Number.isFinite(percent) || percent === 0) return undefined;
  if (moves(plain, LESS)) return percent < 100 ? { ratio: -percent / 100 } : undefined;
  return moves(plain, MORE) ? { ratio: percent / 100 } : undefined;
}

/** "traffic of orders grows", "30 % more traffic": it is traffic that moves, not what it is asked about. */
function moves(plain: string, how: string): boolean {
  return new RegExp(
    `\\b${TRAFFIC}\\b(?: \\S+){0,4}? ${how}\\b|(?:%|percent|prozent|cent\\w?) ${how} (?:\\S+ )?${TRAFFIC}\\b`,
  ).test(plain);
}

/** Whether a word only says that it is about traffic and its growth. */
export function isOfTraffic(word: string): boolean {
  return new RegExp(`^(?:${TRAFFIC}|${MORE}|happens?|what|${TIMES.map(([times]) => times.source).join("|")})$`).test(
    word,
  );
}

/** German "die Last" is no "last week". */
function withoutLoad(plain: string): string {
  return plain.replace(/\b(?:die|der) last\b/g, "");
}

const ANOTHER_NODE =
  /\b(?:when|how long|how soon|wann|wie lange|cuando|quand|quando|kab)\b.*\b(?:need|needs|add|buy|require\w*|brauch\w*|necesit\w*|besoin|faudra|faut|precis\w*|chahiye)\b.*\b(?:another|more|additional|new|extra|one more|next|weitere\w*|mehr|neue\w*|otro|mas|autre|plus|nouveau|outro|mais|aur)\b.*\b(?:nodes?|hosts?|machines?|servers?|vms?|capacity|hardware|knoten|server|maschinen?|nodos?|servidor\w*|maquinas?|noeuds?|serveurs?)\b|\bwhen (?:will|does|is) (?:the |our )?cluster (?:be )?(?:full|out of (?:room|capacity))\b|\brun out of (?:cluster |node |compute )?capacity\b/;

/** Whether a question is when more machines will be needed. */
export function wantsAnotherNode(plain: string): boolean {
  return ANOTHER_NODE.test(plain);
}
