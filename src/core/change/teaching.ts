import { findAction } from "../language/actions.ts";

/** What a message wants of the words that a channel taught. `meant` corrects the question before it. */
export type Teaching =
  | { readonly kind: "teach"; readonly word: string; readonly meaning: string }
  | { readonly kind: "forget"; readonly word: string }
  | { readonly kind: "list" }
  | { readonly kind: "meant"; readonly text: string };

const QUOTE = "[\"'“”„‘’`«»]?";
const LEAD =
  /^(?:(?:no|nope|wrong|actually|please|ok|bitte|por favor|nein|non)[,:]?\s+)?(?:(?:here|in this channel|for us|hier|in diesem kanal|aqu[ií]|en este canal|para nosotros|ici|dans ce canal|pour nous|neste canal|para n[oó]s|yahan|yaha|remember(?: that)?|merk dir|recuerda(?: que)?|retiens(?: que)?|lembre(?: que)?|yaad rakho)[,:]?\s+)*(?:(?:when|if) (?:i|we) say\s+|wenn (?:ich|wir) (?:sage|sagen)\s+)?/iu;
const MEANS =
  /(?:\s+(?:hier|here|aqu[ií]|ici|yahan))?,?\s+(?:also\s+|just\s+|always\s+)?(?:means|stands for|is short for|is an alias (?:for|of)|is another (?:word|name) for|is what we call|refers to|=|bedeutet|hei(?:ß|ss)t|meint|steht f(?:ü|ue|u)r|ist kurz f(?:ü|ue|u)r|significa|quiere decir|es(?: la)? abreviatura de|veut dire|signifie|d[ée]signe|est le raccourci (?:de|pour)|quer dizer|[ée] abrevia[çc][ãa]o de|(?:we|i) mean|meinen wir|queremos decir)(?:\s+(?:hier|here|aqu[ií]|ici|yahan)(?=\s))?(?:\s+|$)/iu;
const HINDI =
  /^["'“”]?([\p{L}\p{N}._-]{1,60}(?: [\p{L}\p{N}._-]{1,60})??)["'“”]?\s+(?:ka (?:matlab|arth)|matlab)\s+(?:hai\s+)?(.*?)(?:\s+hai)?$/iu;
const CALL =
  /^(?:here[,:]?\s+)?(?:we call|call|nenn\w*|wir nennen|llamamos|llama|on appelle|appelle|chamamos|chame)\s+(?:the\s+)?["'“”`]?([\p{L}\p{N}./_:-]{2,80})["'“”`]?\s+(?:just\s+|simply\s+|as\s+|einfach\s+|simplemente\s+|de\s+)?["'“”`]?([\p{L}\p{N}._-]{2,60})["'“”`]?(?:\s+here)?$/iu;
const MEANT =
  /^(?:(?:no|nope|nein|non|n[ãa]o|nahi|nahin|sorry|actually)[,:.!]*\s+)+(?:(?:i|ich|mera|je|eu)\s+)?(?:meant|mean|meinte|meine|quise decir|quer[ií]a decir|me refer[ií]a a|voulais dire|parlais de|quis dizer|me referia a|matlab)\s+(.+?)(?:\s+(?:tha|thi|hai))?$/iu;
const SORRY =
  /^(?:no|nope|nein|non|n[ãa]o)[,:]?\s+(?:sorry|pardon|perd[oó]n|desculpa|entschuldigung|maaf)[,:]?\s+(\S+(?:\s+\S+){0,3})$/iu;
const FORGET =
  /^(?:please\s+|bitte\s+|por favor\s+)?(forget|vergiss|vergesst|olvida|oublie|oubliez|esque[cç]a|esquece|undo|remove|unlearn|delete)\s+(?:(?:the|das|la|el|le|o|a)\s+)?((?:word|lesson|alias|meaning|wort|palabra|mot|palavra)\s+(?:of\s+|for\s+|de\s+)?)?(?:what\s+)?["'“”`„]?([\p{L}\p{N}._-]{2,60}(?: [\p{L}\p{N}._-]{2,60})?)["'“”`]?(?:\s+(?:means|lesson|alias))?$/iu;
const FORGET_HINDI = /^["'“”]?([\p{L}\p{N}._-]{2,60})["'“”]?\s+(?:ko\s+)?(?:bhool|bhul) ja(?:o|iye)?$/iu;
const LIST =
  /\b(?:what (?:have you learn(?:ed|t)|(?:did|have) (?:i|we) t(?:each|aught) you|words (?:do you know|did (?:you learn|we teach)))|which words (?:do you know|did (?:you learn|we teach))|(?:list|show)(?: me)?(?: the| all| your)? (?:lessons|aliases|taught words|learn(?:ed|t) words|vocabulary)|was (?:haben|hab(?:e)?) (?:wir|ich) dir beigebracht|welche w(?:ö|oe|o)rter kennst du|qu[eé] te (?:hemos ense[nñ]ado|ense[nñ]amos|ense[nñ][eé])|qu[eé] palabras (?:conoces|aprendiste)|qu'?est-ce qu'?(?:on|je) t'?a(?:i|vons)? appris|quels mots connais-tu|que t'avons-nous appris|o que (?:te|lhe) ensinamos|que palavras voc[eê] (?:conhece|aprendeu)|(?:humne|hamne) (?:tumhe|tumko) kya sikhaya)/iu;
const NOT_WORDS =
  /^(?:it|that|this|what|which|who|how|das|es|eso|esto|ça|cela|isso|isto|about it|him|her|them|everything)$/i;

/**
 * "here, shop means checkout", "hier bedeutet shop checkout", "forget shop", "what did we teach you", "no, I meant p99";
 * undefined for anything else. A lesson is read even when it is bad, so that it can be refused with a reason. `lessons` are
 * the words known here: "delete shop" only forgets a word that was taught.
 */
export function readTeaching(text: string, lessons: ReadonlySet<string>): Teaching | undefined {
  const whole = text.trim().slice(0, 600);
  if (LIST.test(whole)) return { kind: "list" };
  if (/[?¿]/.test(whole)) return undefined;
  const plain = whole.replace(/(?:[.!,\s]|\s(?:please|bitte|por favor|pls)(?=[.!\s]*$))+$/i, "");
  const meant = MEANT.exec(plain)?.[1] ?? SORRY.exec(plain)?.[1];
  // A short correction goes on from the question before it; "and" is how a person says so.
  if (meant !== undefined)
    return { kind: "meant", text: meant.trim().split(/\s+/).length <= 3 ? `and ${meant}` : meant };
  const forget = forgotten(plain, lessons);
  if (forget !== undefined) return { kind: "forget", word: forget };
  if (/^(?:what|which|who|how|why|was|wer|welche\w*|qu[eé]|qui|quel\w*|o que|kya|kaun)\s/iu.test(plain))
    return undefined;
  return taught(plain);
}

function forgotten(plain: string, lessons: ReadonlySet<string>): string | undefined {
  const hindi = FORGET_HINDI.exec(plain)?.[1]?.toLowerCase();
  if (hindi !== undefined && !NOT_WORDS.test(hindi)) return hindi;
  const [, verb = "", noun, word] = FORGET.exec(plain) ?? [];
  if (word === undefined || NOT_WORDS.test(word)) return undefined;
  const folded = word.toLowerCase();
  if (lessons.has(folded)) return folded;
  // "delete x" is a change unless x is a taught word; "forget the word x" is always about words.
  const onlyForgets = !/^(?:undo|remove|delete)$/i.test(verb);
  return onlyForgets && (noun !== undefined || !folded.includes(" ")) ? folded : undefined;
}

function taught(plain: string): Teaching | undefined {
  const called = CALL.exec(plain);
  if (called?.[1] !== undefined && called[2] !== undefined && !/^(?:me|it|back|now|the)$/i.test(called[2]))
    return { kind: "teach", word: called[2].toLowerCase(), meaning: called[1] };
  const lead = LEAD.exec(plain)?.[0] ?? "";
  const hindi = HINDI.exec(plain.slice(lead.length));
  if (hindi?.[1] !== undefined && hindi[2] !== undefined) return lesson(hindi[1], hindi[2]);
  const rest = plain.slice(lead.length);
  // "hier bedeutet shop checkout", "ici signifie": the verb comes first.
  const first =
    lead === ""
      ? null
      : new RegExp(
          `^(?:bedeutet|hei(?:ß|ss)t|significa|quiere decir|signifie|veut dire)\\s+${QUOTE}([\\p{L}\\p{N}._-]{1,60})${QUOTE}\\s+(.+)$`,
          "iu",
        ).exec(rest);
  if (first?.[1] !== undefined && first[2] !== undefined) return lesson(first[1], first[2]);
  const verb = MEANS.exec(rest);
  if (verb === null) return undefined;
  const word = rest.slice(0, verb.index);
  // Without "here", only one or two words before the verb make a lesson; anything longer is a sentence.
  if (word.trim().split(/\s+/).length > (lead === "" ? 2 : 4)) return undefined;
  const meaning = rest.slice(verb.index + verb[0].length);
  // "give it a kick, I mean restart it" rewords an order.
  if (/\bmean\s*$/i.test(verb[0]) && findAction(meaning)?.imperative === true) return undefined;
  // "the = 90", "p99 = 200": an equation, not a lesson.
  if (lead === "" && !/\p{L}/u.test(meaning)) return undefined;
  return lesson(word, meaning);
}

function lesson(word: string, meaning: string): Teaching | undefined {
  const strip = (part: string): string => part.trim().replace(/^["'“”„‘’`«»\s]+|["'“”‘’`«»,\s]+$/gu, "");
  const short = strip(word).toLowerCase();
  if (short === "" || NOT_WORDS.test(short)) return undefined;
  return {
    kind: "teach",
    word: short,
    meaning: strip(strip(meaning).replace(/^(?:the|der|die|das|den|el|la|le|o)\s+(?=\S)/iu, "")),
  };
}
