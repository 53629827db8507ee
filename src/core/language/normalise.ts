/**
 * What a person typed -> text to match on. Removes the markup of Slack and Teams, keeps code apart, drops greetings and
 * other filler, and guesses the language. Every pass is linear in the length of the text.
 */

export type Language = "en" | "de" | "es" | "fr" | "pt" | "hi";

export type Normalised = {
  /** Without markup, case and accents as typed. */
  readonly text: string;
  /** `text` without leading and trailing filler ("hey bot", "could you tell me", "por favor") and stretched letters. */
  readonly plain: string;
  /** What stood in quotation marks. */
  readonly quoted: readonly string[];
  /** What stood in code ticks or fences; it is part of `text` as well. */
  readonly code: readonly string[];
  readonly language: Language;
};

/** A word of a text. `fold` is what rules compare; `start` and `end` are offsets in the text it was taken from. */
export type Token = { readonly text: string; readonly fold: string; readonly start: number; readonly end: number };

/** Longer texts are cut: a question stands at the beginning or at the end, a pasted log in between. */
const LONGEST_HEAD = 6_000;
const LONGEST_TAIL = 2_000;

const COMBINING = /\p{M}+/gu;

/** Lower case, without accents, ß as ss, typographic apostrophes as '. */
export function fold(text: string): string {
  const lower = text.toLowerCase();
  // Most questions are plain ASCII: then there is nothing to decompose.
  if (/^[\x00-\x7f]*$/.test(lower)) return lower;
  return lower.normalize("NFKD").replace(COMBINING, "").replaceAll("ß", "ss").replace(/[‘’ʼ]/g, "'");
}

// One alternative per kind of word, tried in this order. No alternative can give back what it took and try again longer.
const WORD =
  /https?:\/\/[^\s<>"'`|]+|<[a-z]+>|[<>=!]=|=~|[<>]|(?<=\d )%|(?<![\p{L}\p{N}])\/[\p{L}\p{N}_][\p{L}\p{N}_./-]*|[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_.:@%'’-]|(?<=\d),(?=\d))*|(?<=\s|^)\/(?=\s|$)/gu;
const ELISION = /^(?:[cdjlmnst]|qu|jusqu|lorsqu)['’](?=.)/iu;
const REQUEST_PER = /\/(?:s|sec|min|h|hr|day)\b/y;

/**
 * The words of a text. Names stay whole (node-7, v2.3.0, order_events, p99, /var/lib/x, https://a.b, 10:30, 70%, <service>),
 * comparison signs are words of their own, French elisions are parted (l'erreur), English ones joined (what's -> whats).
 */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  WORD.lastIndex = 0;
  for (let match = WORD.exec(text); match !== null; match = WORD.exec(text)) {
    let start = match.index;
    let word = match[0];
    if (/^[\p{L}\p{N}_/]/u.test(word)) {
      word = withoutTail(word);
      const elision = ELISION.exec(word);
      if (elision !== null) {
        const cut = elision[0].length;
        found.push({ text: word.slice(0, cut - 1), fold: fold(word.slice(0, cut - 1)), start, end: start + cut - 1 });
        start += cut;
        word = word.slice(cut);
      }
      // req/s and 10/min are one word; and/or, latency/errors are two.
      REQUEST_PER.lastIndex = start + word.length;
      const per = start + word.length === WORD.lastIndex ? REQUEST_PER.exec(text) : null;
      if (per !== null && !word.startsWith("/") && !word.startsWith("http")) {
        word += per[0];
        WORD.lastIndex = start + word.length;
      }
    }
    if (word === "") continue;
    found.push({ text: word, fold: fold(word).replaceAll("'", ""), start, end: start + word.length });
  }
  return found;
}

/** The words of a text, folded: see `tokens`. */
export function words(text: string): string[] {
  return tokens(text).map((token) => token.fold);
}

function withoutTail(word: string): string {
  let end = word.length;
  while (end > 0 && ".:@'’-".includes(word[end - 1] as string)) end -= 1;
  return word.slice(0, end);
}

// ---------------------------------------------------------------- markup

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  hellip: "...",
  ndash: "-",
  mdash: "-",
  lsquo: "'",
  rsquo: "'",
  ldquo: '"',
  rdquo: '"',
};

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[(name as string).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : " ";
  });
}

/** <https://x|label> -> label when it is the address itself, else both. Mentions go, channels keep their name. */
function plainSlackLink(_whole: string, inner: string): string {
  const bar = inner.indexOf("|");
  const address = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? "" : inner.slice(bar + 1);
  if (address.startsWith("@")) return " ";
  if (address.startsWith("!")) return address.startsWith("!date") ? label : " ";
  if (address.startsWith("#")) return label;
  if (address.startsWith("mailto:") || address.startsWith("tel:"))
    return label || address.slice(address.indexOf(":") + 1);
  if (label === "" || label === address) return address;
  return address.includes(label) ? label : `${label} ${address}`;
}

const SLACK_LINK = /<((?:[@#!]|https?:|mailto:|tel:)[^<>\n]*)>/g;

function stripMarkup(text: string): string {
  const bare = text
    .replace(/<at\b[^<>]*>[^<>]*<\/at>/gi, " ")
    .replace(SLACK_LINK, plainSlackLink)
    .replace(/<!--|-->/g, " ")
    .replace(/<\/?[a-z][a-z0-9]*(?:\s[^<>]*)?\/?>/gi, (tag) =>
      /^<\/?(?:b|i|u|s|em|strong|span|a|at)\b/i.test(tag) ? "" : "\n",
    );
  return decodeEntities(bare)
    .replace(/(?<!\w):[a-z+-][a-z0-9_+'-]{0,40}:(?!\w)/g, " ")
    .replace(/^[ \t]*>[ \t]?(?=[^\s=\d])/gm, "")
    .replace(/(?<![\w*])\*{1,2}(?=[^\s*])([^*\n]+)(?<=[^\s*])\*{1,2}(?![\w*])/g, "$1")
    .replace(/(?<![\w/.])_(?=[^\s_])((?:[^_\n]|(?<=\w)_(?=\w))+)(?<=[^\s_])_(?![\w/])/g, "$1")
    .replace(/(?<![\w~=!])~{1,2}(?=[^\s~])([^~\n]+)(?<=[^\s~])~{1,2}(?![\w~])/g, "$1")
    .replace(/[!?]{2,}/g, (marks) => (marks.includes("?") ? "?" : "!"))
    .replace(/\.{4,}/g, "...")
    .replace(/,{2,}/g, ",")
    .replace(/\p{Extended_Pictographic}|[\u{1f3fb}-\u{1f3ff}\ufe0f]/gu, " ");
}

type Piece = { readonly kind: "text" | "code"; readonly body: string };

/** Parts code (fences, ticks, Teams' <pre> and <code>) from prose. An unclosed tick is prose. */
function pieces(raw: string): Piece[] {
  const found: Piece[] = [];
  let rest = 0;
  const opener = /```|`|<(?:pre|code|codeblock)\b[^<>]{0,100}>/gi;
  for (let match = opener.exec(raw); match !== null; match = opener.exec(raw)) {
    const mark = match[0];
    const closer = mark.startsWith("<") ? `</${/[a-z]+/i.exec(mark)?.[0] ?? ""}>` : mark;
    const from = match.index + mark.length;
    const to = raw.indexOf(closer, from);
    if (to < 0 || (mark === "`" && raw.slice(from, to).includes("\n"))) {
      // Nothing closes it: from here on this opener cannot match either, so it is not searched for again.
      if (to < 0 && mark !== "`") break;
      continue;
    }
    if (match.index > rest) found.push({ kind: "text", body: raw.slice(rest, match.index) });
    const body =
      mark === "```"
        ? raw.slice(from, to).replace(/^(?:promql|sql|bash|sh|text|json|yaml)?\n/, "")
        : raw.slice(from, to);
    found.push({ kind: "code", body });
    rest = to + closer.length;
    opener.lastIndex = rest;
  }
  if (rest < raw.length) found.push({ kind: "text", body: raw.slice(rest) });
  return found;
}

function cleanCode(body: string): string {
  return decodeEntities(body.replace(SLACK_LINK, plainSlackLink).replace(/<\/?[a-z]+[^<>=]{0,100}>/gi, " ")).trim();
}

// ---------------------------------------------------------------- filler

/** Whole phrases that may stand before or after a question without changing it. */
const FILLER = `
hey|hi|hello|hallo|yo|hiya|heya|howdy|hola|bonjour|salut|coucou|ola|oi|namaste|servus|moin|namaskar
hello there|hi there|hey there|hi all|hi team|hey team|hi folks|hey folks|hi everyone|hey guys|hi guys|hello team|hello everyone
good morning|good afternoon|good evening|guten morgen|guten tag|guten abend|buenos dias|buenas tardes|buenas|bom dia|boa tarde|boa noite|bonsoir
bot|opsbot|ops bot|hey bot|hi bot|hello bot|dear bot|robot|mate|man|dude|bro|buddy|team|folks|guys|bhai|yaar|arre|arrey|are yaar
please|pls|plz|plx|pleas|plese|kindly|bitte|por favor|porfa|porfavor|pf|sil te plait|si te plait|s il te plait|s il vous plait|svp|stp|se faz favor|kripya|zara
can you|can u|could you|could u|would you|would u|will you|can someone|could someone|can anyone|could anyone|may i ask|can i ask|could i ask|may i know|can i know|can we|could we
could you please|can you please|would you mind|are you able to|would it be possible to|is it possible to
kannst du|konntest du|konnen sie|konnten sie|kann mir jemand sagen|kannst du mir sagen|konntest du mir sagen|sag mir|sag mal|sagst du mir|weisst du|mal|mal eben|kurz|eben
puedes|podrias|puede|podria|me puedes decir|puedes decirme|podrias decirme|me dices|dime|sabes|oye|una pregunta|quisiera saber|quiero saber|me gustaria saber
peux tu|peux-tu|pouvez vous|pouvez-vous|pourrais tu|pourrais-tu|pourriez vous|pourriez-vous|tu peux|vous pouvez|est ce que tu peux|dis moi|dis-moi|peux tu me dire|peux-tu me dire|pourrais-tu me dire|je voudrais savoir|je veux savoir|une question
voce pode|voce poderia|pode|poderia|pode me dizer|poderia me dizer|me diz|me diga|me fala|sabe me dizer|queria saber|quero saber|gostaria de saber|uma pergunta
kya tum|kya aap|batao|bata do|bata|mujhe batao|zara batao|bataiye|mujhe bata do|suno
do you know|do u know|any idea|any idea on|i want to know|i would like to know|id like to know|i need to know|i wanna know|i was wondering|i was wondering if|i am wondering|im wondering|just wondering|wondering|wondering if|i wonder|wonder
quick question|quick q|quick one|one question|a question|question|small question|dumb question|stupid question|kurze frage|schnelle frage|eine frage|frage
let me know|lemme know|just tell me|would like to know|need to know|want to know
sorry|sorry to bother|sorry to bother you|excuse me|pardon|my bad|entschuldigung|perdon|disculpa|desculpa|pardonne moi
so|ok|okay|well|um|uh|umm|uhm|hmm|hm|err|btw|by the way|fyi|also|then|now then|right so|alright|listen|look|just|basically|actually|kindly|ah|oh|also
thanks in advance|thank you in advance|thanks|thx|ty|thank you|tnx|cheers|danke|vielen dank|danke dir|gracias|muchas gracias|merci|merci beaucoup|obrigado|obrigada|valeu|shukriya|dhanyavaad|na
for me|if you can|if possible|when you have a sec|when you have a minute|when you get a chance|real quick|quickly|asap|for a second|tia
`;

/** These only go when what follows is itself a question: "tell me how many" but not "tell me a joke". */
const FILLER_BEFORE_QUESTION = `
tell me|can you tell me|could you tell me|can u tell me|could u tell me|please tell me|pls tell me|plz tell me|would you tell me|can someone tell me|could someone tell me|can anyone tell me|you tell me
can you check|could you check|check|chk|please check|can you please check|can you have a look|can you find out|find out|figure out
`;
const QUESTION_WORDS = new Set(
  "what whats which how hows when why where who if whether is are was were does do did has have the wie was welche welcher welches wann warum ob que cual cuanto cuanta cuantos cuantas cuando como si quel quelle quels quelles combien quand pourquoi qual quais quanto quantos quanta quantas kitna kitni kitne kya kab kaun".split(
    " ",
  ),
);

type FillerPhrase = { readonly words: readonly string[]; readonly onlyBeforeQuestion: boolean };

function fillerBy(edge: "first" | "last"): Map<string, FillerPhrase[]> {
  const index = new Map<string, FillerPhrase[]>();
  for (const [list, onlyBeforeQuestion] of [
    [FILLER, false],
    [FILLER_BEFORE_QUESTION, true],
  ] as const) {
    for (const phrase of list.trim().split(/[|\n]/)) {
      const parts = phrase.split(" ");
      const key = (edge === "first" ? parts[0] : parts.at(-1)) as string;
      const known = index.get(key) ?? [];
      known.push({ words: parts, onlyBeforeQuestion });
      index.set(key, known);
    }
  }
  for (const known of index.values()) known.sort((a, b) => b.words.length - a.words.length);
  return index;
}

const FILLER_FROM = fillerBy("first");
const FILLER_TO = fillerBy("last");

/** "when the queue goes over 5000" after "tell me" is a wish to be told, "when was it restarted" a question. */
function waitsFor(rest: readonly Token[]): boolean {
  return (
    /^(?:when|once|if)$/.test(rest[0]?.fold ?? "") &&
    !/^(?:did|does|do|was|were|is|are|has|have|will|would|can|could)$/.test(rest[1]?.fold ?? "") &&
    rest
      .slice(2, 12)
      .some(({ fold }) =>
        /^(?:goes|gets|hits|reaches|drops|falls|exceeds|rises|crosses|climbs|passes|comes|recovers|finishes|fails|breaks|stops|starts|changes)$/.test(
          fold,
        ),
      )
  );
}

function withoutFiller(text: string): string {
  const all = tokens(text);
  let first = 0;
  let last = all.length;
  const fits = (phrase: FillerPhrase, at: number) => phrase.words.every((word, i) => all[at + i]?.fold === word);
  for (let going = true; going && first < last; ) {
    const phrase = FILLER_FROM.get(all[first]?.fold ?? "")?.find(
      (candidate) =>
        fits(candidate, first) &&
        (!candidate.onlyBeforeQuestion || QUESTION_WORDS.has(all[first + candidate.words.length]?.fold ?? "")) &&
        !(candidate.words.at(-1) === "me" && waitsFor(all.slice(first + candidate.words.length))),
    );
    going = phrase !== undefined;
    first += phrase?.words.length ?? 0;
  }
  for (let going = true; going && first < last; ) {
    const phrase = FILLER_TO.get(all[last - 1]?.fold ?? "")?.find(
      (candidate) =>
        !candidate.onlyBeforeQuestion &&
        candidate.words.length <= last - first &&
        fits(candidate, last - candidate.words.length),
    );
    going = phrase !== undefined;
    last -= phrase?.words.length ?? 0;
  }
  // Nothing but filler is the message itself: "hi", "thank you".
  if (first >= last) return text;
  const from = first === 0 ? 0 : (all[first] as Token).start;
  const to = last === all.length ? text.length : (all[last - 1] as Token).end;
  return text.slice(from, to).trim();
}

/** "heeelp", "sooo" -> "help", "so". Not w, x and i: www, xxx and roman numbers are names. */
function withoutStretch(text: string): string {
  return text.replace(/([a-hj-vyz])\1{2,}/gi, "$1");
}

// ---------------------------------------------------------------- language

/** Words that are frequent in one language. A word listed in several counts for each of them. */
const FUNCTION_WORDS: Readonly<Record<Language, string>> = {
  en: "the is are was were what whats which how hows when why who where does do did has have been any anything of on in for to with and or show me give list my all over last right now than more it this that there can you i we from at by up down since please not be get got me a my tell write run need want",
  de: "der die das den dem des ein eine einen einem einer ist sind war waren wie was welche welcher welches welchem wann warum wieso wer wo hat haben wird werden gibt es und oder von vom auf fur mit im am zum zur bei seit letzten letzte letzter stunde stunden tage tagen heute gestern jetzt gerade aktuell bitte nicht mehr als uber unter viel viele hoch alle alles zeig zeige mir ich wir du sich noch kein keine lauft laufen neu welchen speicher festplatte fehler anfragen dienst warteschlange alarme starten starte durchschnittliche hoch auslastung",
  es: "el la los las un una es esta estan son fue hay que cual cuales cuanto cuanta cuantos cuantas cuando como por para con del de en y o se ha han hoy ayer ahora ultimas ultimos ultima ultimo hora horas muestra muestrame dame todo todos todas mas menos uso cola lo su al tiene esta funciona hace desde donde errores servidor memoria disco reinicia alertas latencia peticiones despliegue",
  fr: "le la les un une des du de est sont etait ete y quel quelle quels quelles combien quand comment pourquoi qui que quoi sur pour avec dans et ou a ont il elle ce cette ces aujourdhui hier maintenant dernieres derniere derniers dernier heure heures montre affiche moi tout tous toutes plus moins au aux en est-ce pas je tu nous depuis l d qu va vont latence serveur erreur erreurs memoire disque requetes redemarre redemarrer alertes file deploiement taux",
  pt: "o os as um uma e esta estao sao foi ha que qual quais quanto quanta quantos quantas quando como por porque para com do da dos das no na nos nas em se tem hoje ontem agora ultimas ultimos ultima ultimo hora horas mostra mostre me tudo todos todas mais menos uso fila ao voce nao de pelo desde onde erros servidor memoria disco reinicia alertas latencia requisicoes implantacao taxa",
  hi: "hai hain kya kitna kitni kitne kyun kyu kyon kaise kaisa kaisi kab kaun kaunsa kaunsi kahan ka ki ke ko se mein mai par pe aur nahi nahin abhi sab sabse zyada jyada kam karo kar karna kardo dikhao dikha batao bata raha rahi rahe tha thi gaya gayi hua hui ho chal chalu band wala wali bhai yaar kal aaj ghante tak mujhe iska uska ye yeh wo woh koi kuch theek thik",
};

const VOTES = new Map<string, Language[]>();
for (const [language, list] of Object.entries(FUNCTION_WORDS) as [Language, string][]) {
  for (const word of new Set(list.split(" "))) VOTES.set(word, [...(VOTES.get(word) ?? []), language]);
}

const LETTERS: readonly (readonly [RegExp, Language])[] = [
  [/[äöüß]/gi, "de"],
  [/[ñ¿¡]/gi, "es"],
  [/[áíúó]/gi, "es"],
  [/[àèêëîïôûœù]/gi, "fr"],
  [/[ãõ]/gi, "pt"],
  [/[áíúóêç]/gi, "pt"],
];

/** The language a text is most likely in, by its function words and accented letters; "en" when nothing tells. */
export function guessLanguage(text: string): Language {
  const score: Record<Language, number> = { en: 0, de: 0, es: 0, fr: 0, pt: 0, hi: 0 };
  for (const token of tokens(text)) {
    const languages = VOTES.get(token.fold);
    for (const language of languages ?? []) score[language] += 1 / (languages?.length ?? 1);
  }
  for (const [letters, language] of LETTERS) score[language] += Math.min(3, text.match(letters)?.length ?? 0) * 0.4;
  let best: Language = "en";
  for (const language of Object.keys(score) as Language[]) if (score[language] > score[best] + 1e-9) best = language;
  return best;
}

// ---------------------------------------------------------------- all of it

/** A message as typed -> what the rules and the classifier read. Never throws; anything beyond 8,000 characters is cut. */
export function normalise(message: string): Normalised {
  const bounded =
    message.length <= LONGEST_HEAD + LONGEST_TAIL
      ? message
      : `${message.slice(0, LONGEST_HEAD)}\n${message.slice(message.length - LONGEST_TAIL)}`;
  const raw = bounded
    .normalize("NFC")
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]/g, "")
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u00a0\u2000-\u200a\u202f\u3000]/g, " ")
    .replace(/[‘’‚‛ʼ´]/g, "'")
    .replace(/[“”„‟«»]/g, '"')
    .replace(/[‐‑‒–—−]/g, "-");
  const code: string[] = [];
  let joined = "";
  for (const piece of pieces(raw)) {
    if (piece.kind === "text") joined += stripMarkup(piece.body);
    else {
      const clean = cleanCode(piece.body);
      if (clean !== "") code.push(clean);
      joined += clean;
    }
  }
  const text = joined
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n[ \n]*/g, "\n")
    .trim();
  const quoted = [...text.matchAll(/"([^"\n]{1,200})"|(?<!\w)'([^'\n]{1,200})'(?!\w)/g)].map((m) =>
    (m[1] ?? m[2] ?? "").trim(),
  );
  return {
    text,
    plain: withoutStretch(withoutFiller(text)),
    quoted: quoted.filter((part) => part !== ""),
    code,
    language: guessLanguage(text),
  };
}
