import { fold } from "../language/normalise.ts";

/** What a request says about a number of replicas: a number, or a change of what there is now. */
export type Replicas =
  | { readonly kind: "to"; readonly count: number }
  | { readonly kind: "by"; readonly more: number }
  | { readonly kind: "times"; readonly factor: number };

const WORDS: Readonly<Record<string, number>> = Object.fromEntries(
  [
    "zero null cero zéro nenhum nenhuma shunya",
    "a an one single another ein eine einen einer uno una un une um uma ek extra additional weiteren weitere",
    "two couple zwei dos deux dois duas do",
    "three drei tres trois teen",
    "four vier cuatro quatre quatro char chaar",
    "five funf fuenf cinco cinq paanch panch",
    "six sechs seis chhe",
    "seven sieben siete sept sete saat",
    "eight acht ocho huit oito aath",
    "nine neun nueve neuf nove",
    "ten zehn diez dix dez",
  ].flatMap((words, value) => words.split(" ").map((word) => [fold(word), value] as const)),
);

const NUMBER = `-?\\d+(?:\\.\\d+)?|${Object.keys(WORDS).join("|")}`;
const UNIT = "(?:replicas?|pods?|instances?|instanz\\w*|replik\\w*|instancias?|replicats?|repliques?|copies)";
const MORE =
  "(?:more|extra|additional|further|another|weitere\\w*|zusatzliche\\w*|mehr|mas|adicional\\w*|de plus|supplementaires?|en plus|a mais|mais|aur|other)";
const LESS = "(?:less|fewer|weniger|menos|moins|de moins|a menos|kam)";
const DOWN =
  /\b(?:down|downscale|remove|reduce|reducir?|reduza|reduziere\w*|fewer|less|minus|weniger|entfern\w*|quita\w*|reduis|reduit|enleve\w*|retire\w*|remov\w*|tira|decrease|shrink|drop|lower|baja\w*|baisse\w*|baixe|baixa|abaix\w+|senke|herunter\w*|runter\w*|kam|hata\w*|menos|moins)\b/;
const UP =
  /\b(?:up|upscale|add|increase|raise|more|plus|another|extra|additional|erhohe\w*|hinzu\w*|fuge?|mehr|weitere\w*|aument\w+|anade\w*|agrega\w*|sube|suba|mas|ajoute\w*|augmente\w*|adiciona\w*|adicione|acrescent\w+|mais|jodo|badha\w*|aur|hoch\w*)\b/;
const TO = "(?:to|auf|a|at|=|tak|sur|para|vers|back to|sean|en|em|that|it|them|have|has|ko)";
const BY = "(?:by|um|en|de|em|por|par)";

/**
 * The replicas a request asks for, in six languages: "to 4", "+2", "one pod less", "double", "auf drei", "à 3 répliques".
 * `names` (of targets) may hold digits and are left out. Undefined when it names no number.
 */
export function readReplicas(text: string, names: readonly string[]): Replicas | undefined {
  let rest = ` ${fold(text)} `;
  for (const name of [...names].sort((a, b) => b.length - a.length)) rest = rest.replaceAll(fold(name), " _ ");
  rest = rest.replace(/\bv\d[\w.]*|\d+(?:\.\d+){2,}/g, " ").replace(/(\d)[,'](?=\d{3}\b)/g, "$1");
  if (/\b(?:quadruple|vervierfach\w*|cuadruplica\w*)\b|\bx ?4\b|\b4x\b/.test(rest)) return { kind: "times", factor: 4 };
  if (/\b(?:triple|tripl\w+|verdreifach\w*)\b|\bx ?3\b|\b3x\b/.test(rest)) return { kind: "times", factor: 3 };
  if (
    /\b(?:double|doubl\w+|twice|verdopp\w+|duplic\w+|duplique\w*|dobr\w+|dugna|doguna|zweimal so viele)\b|\bx ?2\b|\b2x\b/.test(
      rest,
    )
  )
    return { kind: "times", factor: 2 };
  if (/\b(?:half|halve|halbier\w*|halfte|mitad|moitie|metade|aadha|aadhe)\b/.test(rest))
    return { kind: "times", factor: 0.5 };
  const to = numberOf(new RegExp(`\\b(?:to|auf|para|tak|=)\\s*:?\\s*(${NUMBER})(?![\\w%])`).exec(rest)?.[1]);
  if (to !== undefined) return { kind: "to", count: to };
  const signed = /(?<![\w.])([+-])\s?(\d{1,7})\b/.exec(rest);
  if (signed?.[2] !== undefined) return { kind: "by", more: (signed[1] === "-" ? -1 : 1) * Number(signed[2]) };
  const down = DOWN.test(rest);
  const direction = down ? -1 : 1;
  const by = numberOf(new RegExp(`\\b${BY}\\s+(${NUMBER})(?![\\w%])`).exec(rest)?.[1]);
  if (
    by !== undefined &&
    (/\b(?:by|um)\s/.test(rest) ||
      ((down || UP.test(rest)) &&
        /\b(?:aument\w+|augmente\w*|sube|suba|reduce|reduza|reduis|baja|baisse|baixe|scale|escala\w*)\b/.test(rest)))
  )
    return { kind: "by", more: direction * by };
  const less = numberOf(new RegExp(`(?<![\\w.])(${NUMBER})\\s+(?:${UNIT}\\s+)?(?:of\\s+)?${LESS}\\b`).exec(rest)?.[1]);
  if (less !== undefined) return { kind: "by", more: -less };
  const more = numberOf(
    new RegExp(`(?<![\\w.])(${NUMBER})\\s+(?:${UNIT}\\s+)?(?:of\\s+(?:them|these|those)\\s+)?${MORE}\\b`).exec(
      rest,
    )?.[1] ?? new RegExp(`\\b(?:another|mais|noch|aur|extra)\\s+(${NUMBER})(?![\\w%])`).exec(rest)?.[1],
  );
  if (more !== undefined) return { kind: "by", more: direction * more };
  if (
    /\b(?:add|remove|plus|minus|hinzu\w*|fug\w*|entfern\w*|anade\w*|agrega\w*|quita\w*|ajoute\w*|enleve\w*|retire\w*|adicion\w+|remov\w+|tira|jodo|badhao|hatao|another)\b/.test(
      rest,
    )
  ) {
    const plain = numberOf(
      new RegExp(`(?<![\\w.])(${NUMBER})\\s+(?:\\w+\\s+){0,2}?${UNIT}\\b`).exec(rest)?.[1] ??
        /(?<![\w.])(\d{1,7})(?![\w.%])/.exec(rest)?.[1],
    );
    if (plain !== undefined) return { kind: "by", more: direction * plain };
    if (new RegExp(`\\banother\\b|\\b(?:add|remove)\\s+(?:_\\s+)?${UNIT}\\b`).test(rest))
      return { kind: "by", more: direction };
  }
  const said = numberOf(
    new RegExp(`\\b${TO}\\s+(-?\\d+(?:\\.\\d+)?)(?![\\w%.])`).exec(rest)?.[1] ??
      new RegExp(`(?<![\\w.])(${NUMBER})\\s+(?:_\\s+|\\w+\\s+){0,2}?${UNIT}\\b`).exec(rest)?.[1] ??
      new RegExp(`\\b${TO}\\s+(${NUMBER})(?=\\s*(?:$|[.!,?]|please|bitte|por favor|s'il))`).exec(rest)?.[1] ??
      /(?<![\w.-])(\d+(?:\.\d+)?)(?![\w%.:-])/.exec(rest)?.[1] ??
      new RegExp(`\\bmach (${NUMBER}) draus`).exec(rest)?.[1],
  );
  return said === undefined ? undefined : { kind: "to", count: said };
}

/** The number wanted, when `now` replicas are there; undefined when it depends on them and they are not known. */
export function replicasFrom(wish: Replicas, now: number | undefined): number | undefined {
  if (wish.kind === "to") return wish.count;
  if (now === undefined) return undefined;
  return wish.kind === "by"
    ? now + wish.more
    : wish.factor < 1
      ? Math.max(1, Math.round(now * wish.factor))
      : Math.round(now * wish.factor);
}

function numberOf(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  return /^-?\d/.test(word) ? Number(word) : WORDS[word];
}
