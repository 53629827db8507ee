/** Numbers and units of time as words, in English, German, Spanish, French, Portuguese and romanised Hindi. Folded. */

/** Regular expression sources: a match may not begin or end inside a name, a path, a version or a number. */
export const BEFORE = "(?<![\\w./:@#$\\[{=%-])";
export const AFTER = "(?![\\w/@=%-]|[.:,]\\w)";

const NUMBERS: Readonly<Record<string, number>> = {
  ...{
    a: 1,
    an: 1,
    one: 1,
    two: 2,
    three: 3,
    four: 4,
    five: 5,
    six: 6,
    seven: 7,
    eight: 8,
    nine: 9,
    ten: 10,
    eleven: 11,
    twelve: 12,
  },
  ...{ fifteen: 15, twenty: 20, thirty: 30, forty: 40, "forty-five": 45, fifty: 50, sixty: 60, ninety: 90 },
  ...{
    "a couple of": 2,
    "couple of": 2,
    "a couple": 2,
    couple: 2,
    "a few": 3,
    few: 3,
    half: 0.5,
    "half a": 0.5,
    "half an": 0.5,
  },
  ...{ "quarter of an": 0.25, "a quarter of an": 0.25, "one and a half": 1.5, "two and a half": 2.5 },
  ...{
    ein: 1,
    eine: 1,
    einen: 1,
    einer: 1,
    einem: 1,
    zwei: 2,
    drei: 3,
    vier: 4,
    funf: 5,
    fuenf: 5,
    sechs: 6,
    sieben: 7,
    acht: 8,
  },
  ...{
    neun: 9,
    zehn: 10,
    elf: 11,
    zwolf: 12,
    zwoelf: 12,
    funfzehn: 15,
    fuenfzehn: 15,
    zwanzig: 20,
    dreissig: 30,
    vierzig: 40,
  },
  ...{
    anderthalb: 1.5,
    eineinhalb: 1.5,
    "ein paar": 3,
    paar: 3,
    halbe: 0.5,
    halben: 0.5,
    "eine halbe": 0.5,
    "einer halben": 0.5,
    "einen halben": 0.5,
  },
  ...{
    un: 1,
    una: 1,
    uno: 1,
    dos: 2,
    tres: 3,
    cuatro: 4,
    cinco: 5,
    seis: 6,
    siete: 7,
    ocho: 8,
    nueve: 9,
    diez: 10,
    once: 11,
    doce: 12,
  },
  ...{ quince: 15, veinte: 20, treinta: 30, media: 0.5, "un par de": 2, "unas pocas": 3, unas: 3 },
  ...{
    une: 1,
    deux: 2,
    trois: 3,
    quatre: 4,
    cinq: 5,
    sept: 7,
    huit: 8,
    neuf: 9,
    dix: 10,
    onze: 11,
    douze: 12,
    quinze: 15,
    vingt: 20,
  },
  ...{ trente: 30, quelques: 3, demi: 0.5, demie: 0.5, "une demi": 0.5 },
  ...{
    um: 1,
    uma: 1,
    dois: 2,
    duas: 2,
    quatro: 4,
    sete: 7,
    oito: 8,
    nove: 9,
    dez: 10,
    doze: 12,
    vinte: 20,
    trinta: 30,
    meia: 0.5,
    "um par de": 2,
  },
  ...{
    ek: 1,
    teen: 3,
    tin: 3,
    char: 4,
    chaar: 4,
    paanch: 5,
    panch: 5,
    chhe: 6,
    chhah: 6,
    saat: 7,
    sat: 7,
    aath: 8,
    nau: 9,
    das: 10,
  },
  ...{ barah: 12, pandrah: 15, bees: 20, tees: 30, aadha: 0.5, aadhe: 0.5, adha: 0.5, dedh: 1.5, dhai: 2.5 },
};

/** Seconds, and the words. Months are 30 days and years 365: lengths, not calendar steps. */
const UNITS: readonly (readonly [number, string])[] = [
  [0.001, "ms|msecs?|milliseconds?|millisekunden?|milisegundos?|millisecondes?"],
  [1, "s|secs?|seconds?|sek|sekunden?|segundos?|secondes?"],
  [60, "m|mins?|minutes?|minuten?|minutos?|minat"],
  [3600, "h|hrs?|hours?|std|stunden?|horas?|heures?|ghant[ea]|ghanton"],
  [86_400, "d|days?|tage?n?|dias?|jours?|dino?n?"],
  [604_800, "w|wks?|weeks?|wochen?|semanas?|semaines?|haft[ae]|hafton"],
  [1_209_600, "fortnights?"],
  [2_592_000, "months?|monate?n?|mes|meses|mois|mahin[ae]|mahinon"],
  [31_536_000, "y|yrs?|years?|jahre?n?|anos?|ans|annees?|saal"],
];

const sizes = new Map<string, number>();
const unitPatterns = UNITS.map(([size, words]) => [new RegExp(`^(?:${words})$`), size] as const);

/** Seconds in one of that unit, or undefined when it is no unit. */
function unitSeconds(word: string): number | undefined {
  const known = sizes.get(word);
  if (known !== undefined) return known;
  const found = unitPatterns.find(([pattern]) => pattern.test(word))?.[1];
  if (found !== undefined) sizes.set(word, found); // only real words: the map can't grow
  return found;
}

/** A number in digits ("1.5", "2,5") or words, or undefined. */
function numberOf(text: string): number | undefined {
  if (/^\d/.test(text)) return Number(text.replace(",", "."));
  return NUMBERS[text] ?? (text === "do" ? 2 : undefined);
}

const longestFirst = (words: readonly string[]): string => [...words].sort((a, b) => b.length - a.length).join("|");

const NUMBER_WORD = `(?:${longestFirst(Object.keys(NUMBERS))})`;
const UNIT = `(?:${UNITS.map(([, words]) => words).join("|")})`;
/** Spelled out, without the letters that only mean a unit next to digits. */
export const LONG_UNIT = `(?:${UNITS.flatMap(([, words]) => words.split("|").filter((word) => word.replace(/\W/g, "").length > 1 && word !== "ms")).join("|")})`;
const HINDI_UNIT = "(?:ghant[ea]|ghanton|minat|minutes?|dino?n?|haft[ae]|mahin[ae])";

/** "last", "next" and the like between number and unit: "les 24 dernières heures", "las 2 últimas horas". */
const BETWEEN =
  "(?:(?:dernier(?:e?s)?|derniere|prochaine?s?|ultim[oa]s?|proxim[oa]s?|letzten?|nachsten?|last|past|next) )?";
const DIGITS = "\\d{1,6}(?:[.,]\\d{1,3})?";
const ATOM = `(?:${DIGITS}[ -]?${UNIT}|${DIGITS} ${BETWEEN}${LONG_UNIT}|${NUMBER_WORD}[ -]${BETWEEN}${LONG_UNIT}|do ${HINDI_UNIT})`;

/**
 * A length of time: "1h30m", "2 hours and 5 minutes", "half an hour", "eine halbe Stunde". No groups inside. The pieces of
 * "1h30m" touch, so the boundary is asked for only around the whole.
 */
export const LENGTH =
  `(?:${ATOM}(?: and a half| und eine halbe| y media| et demie?| e meia)?(?:(?: (?:and|und|y|et|e|aur) |, | )?${ATOM}){0,4}(?:30|15|45)?` +
  "|(?:a )?fortnight|(?:eine?r? )?dreiviertelstunden?|(?:eine?r? )?viertelstunden?|(?:a )?quarter (?:of an )?hour|hora y media|hora e meia)";

/** Stands somewhere in every text that `LENGTH` matches a part of. */
export const LENGTH_SIGN = new RegExp(`${ATOM}|fortnight|viertelstunde|quarter|hora`);

const atomAgain = new RegExp(
  `(?:(${DIGITS})[ -]?|(?<![a-z])(${NUMBER_WORD}|do)[ -])${BETWEEN}(${UNIT})(?![a-z])( and a half| und eine halbe| y media| et demie?| e meia)?`,
  "g",
);

/** Seconds of a text that `LENGTH` matched, or of a bare unit ("hour"). Undefined when it is neither. */
export function lengthOf(text: string): number | undefined {
  const whole = text.trim();
  if (/^(?:a )?quarter (?:of an )?hour$/.test(whole)) return 900;
  if (/dreiviertelstunde/.test(whole)) return 2700;
  if (/viertelstunde/.test(whole)) return 900;
  if (/^hora (?:y media|e meia)$/.test(whole)) return 5400;
  if (/^(?:a )?fortnight$/.test(whole)) return 1_209_600;
  const bare = unitSeconds(whole);
  if (bare !== undefined) return bare;
  let total = 0;
  let found = 0;
  let end = 0;
  let last = 0;
  for (const atom of whole.matchAll(atomAgain)) {
    const n = numberOf(atom[1] ?? atom[2]!);
    const size = unitSeconds(atom[3]!);
    if (n === undefined || size === undefined) continue;
    total += (n + (atom[4] === undefined ? 0 : 0.5)) * size;
    last = size;
    end = atom.index + atom[0].length;
    found++;
  }
  if (found === 0) return undefined;
  // "1h30" is an hour and thirty minutes.
  const trailing = /^\d\d$/.exec(whole.slice(end));
  return trailing !== null && last === 3600 ? total + Number(trailing[0]) * 60 : total;
}
