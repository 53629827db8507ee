/** Numbers that are written as words. */

const ONES =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const LARGE: Readonly<Record<string, number>> = { hundred: 100, thousand: 1e3, million: 1e6, billion: 1e9 };

const VALUES: ReadonlyMap<string, number> = new Map([
  ...ONES.map((word, value) => [word, value] as const),
  ...TENS.map((word, at) => [word, 20 + 10 * at] as const),
  ["dozen", 12],
]);

const WORD = `(?:${[...VALUES.keys(), ...Object.keys(LARGE)].join("|")})`;

/** A number in words: "two", "twenty-five", "one hundred and five", "a dozen". For a larger pattern; case does not matter. */
export const NUMBER_WORDS = `(?:a (?=dozen|hundred|thousand|million|billion))?${WORD}(?:(?: and |[- ])${WORD})*(?: and (?:a half|a quarter|three quarters)(?: (?:thousand|million|billion))?)?`;

/** The value of a match of NUMBER_WORDS. */
export function valueOfWords(text: string): number {
  let total = 0;
  let part = 0;
  let any = false;
  const mixed = /^(.*) and (a half|a quarter|three quarters)(?: (\w+))?$/i.exec(text);
  if (mixed !== null) {
    const more = /half$/i.test(mixed[2]!) ? 0.5 : /^three/i.test(mixed[2]!) ? 0.75 : 0.25;
    return (valueOfWords(mixed[1]!) + more) * (LARGE[mixed[3]?.toLowerCase() ?? ""] ?? 1);
  }
  for (const word of text.toLowerCase().split(/[- ]+/)) {
    const large = LARGE[word];
    if (large !== undefined) {
      part = (any && part > 0 ? part : 1) * large;
      if (large > 100) {
        total += part;
        part = 0;
      }
    } else if (word === "dozen") part = (part === 0 ? 1 : part) * 12;
    else part += VALUES.get(word) ?? 0;
    any = true;
  }
  return total + part;
}

/** Words that say how many times as much, or which part. */
export const FACTOR_WORDS: Readonly<Record<string, number>> = {
  twice: 2,
  double: 2,
  doubled: 2,
  doubles: 2,
  doubling: 2,
  thrice: 3,
  triple: 3,
  tripled: 3,
  triples: 3,
  tripling: 3,
  quadruple: 4,
  quadrupled: 4,
  twofold: 2,
  threefold: 3,
  fourfold: 4,
  fivefold: 5,
  sixfold: 6,
  sevenfold: 7,
  eightfold: 8,
  ninefold: 9,
  tenfold: 10,
  halved: 0.5,
  halves: 0.5,
};

const PARTS: ReadonlyMap<string, number> = new Map([
  ["third", 3],
  ["quarter", 4],
  ["fourth", 4],
  ["fifth", 5],
  ["sixth", 6],
  ["seventh", 7],
  ["eighth", 8],
  ["ninth", 9],
  ["tenth", 10],
]);
const PART_NAMES = [...PARTS.keys()].join("|");
const UP_TO_NINE = ONES.slice(1, 10);

/** A part of a whole in words: "half", "a third", "two thirds", "three quarters". For a larger pattern. */
export const PART_WORDS = `(?<!\\b${WORD} and (?:a )?)(?:half|(?:an?|${UP_TO_NINE.join("|")}|[1-9])[- ](?:${PART_NAMES})s?)`;

/** The value of a match of PART_WORDS. */
export function valueOfPart(text: string): number {
  if (/^half$/i.test(text)) return 0.5;
  const [many = "", part = ""] = text.toLowerCase().split(/[- ]/);
  return (/^an?$/.test(many) ? 1 : smallNumber(many)) / (PARTS.get(part.replace(/s$/, "")) ?? 1);
}

/** "two" or "2". */
export function smallNumber(text: string): number {
  return VALUES.get(text.toLowerCase()) ?? Number(text);
}

/** "three nines": a share of 99.9 %. */
export const NINES = new RegExp(`\\b(${UP_TO_NINE.join("|")}|[1-9]) nines\\b`, "gi");

/** "every third request": one of so many. "Every second" is a rate. */
export const EVERY_NTH = new RegExp(`\\bevery (other|${PART_NAMES})\\b`, "gi");

/** The number that a match of EVERY_NTH names. */
export function valueOfNth(text: string): number {
  return PARTS.get(text.toLowerCase()) ?? 2;
}

/** "an order of magnitude", "two orders of magnitude": so many tens. */
export const MAGNITUDES = new RegExp(`\\b(an?|${UP_TO_NINE.join("|")}|[1-9]) orders? of magnitude\\b`, "gi");
