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
export const NUMBER_WORDS = `(?:a (?=dozen|hundred|thousand|million|billion))?${WORD}(?:(?: and |[- ])${WORD})*`;

/** The value of a match of NUMBER_WORDS. */
export function valueOfWords(text: string): number {
  let total = 0;
  let part = 0;
  let any = false;
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

/** Parts of a whole. */
export const PART_WORDS: readonly (readonly [RegExp, number])[] = [
  [/\b(?:two|2) thirds\b/i, 2 / 3],
  [/\bthree quarters\b/i, 0.75],
  [/\b(?:a|one) third\b/i, 1 / 3],
  [/\b(?:a|one) quarter\b/i, 0.25],
  [/\b(?:a|one) tenth\b/i, 0.1],
  [/\b(?:a|one) fifth\b/i, 0.2],
  [/\bhalf\b/i, 0.5],
];
