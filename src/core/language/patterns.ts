/**
 * A small language for phrases. Words are parted by blanks; `a|b` is either word, `~` is a gap of at most four words, `#`
 * a number ("70%", "five"). Words are compared folded; a word of five letters or more may have a typo.
 */
import { type Token, tokens } from "./normalise.ts";
import { matchWord, readNumber } from "./words.ts";

const LONGEST_GAP = 4;

type Step =
  | { readonly kind: "gap" }
  | { readonly kind: "number" }
  | { readonly kind: "word"; readonly any: readonly string[] };
export type Phrase<T> = { readonly steps: readonly Step[]; readonly value: T };
export type Found<T> = {
  readonly value: T;
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
};
export type PhraseBook<T> = {
  readonly phrases: readonly Phrase<T>[];
  readonly firstWords: readonly string[];
  readonly byFirst: ReadonlyMap<string, readonly Phrase<T>[]>;
};

/** Reads phrases, one a line or parted by commas, all with the same value per entry. */
export function phraseBook<T>(entries: readonly (readonly [T, string])[]): PhraseBook<T> {
  const phrases: Phrase<T>[] = [];
  const byFirst = new Map<string, Phrase<T>[]>();
  for (const [value, list] of entries) {
    for (const text of list.split(/[,\n]/)) {
      const words = text
        .trim()
        .split(/ +/)
        .filter((word) => word !== "");
      if (words.length === 0) continue;
      const steps = words.map((word): Step => {
        if (word === "~") return { kind: "gap" };
        return word === "#" ? { kind: "number" } : { kind: "word", any: word.split("|") };
      });
      const phrase = { steps, value };
      phrases.push(phrase);
      const first = steps[0] as Step;
      for (const key of first.kind === "word" ? first.any : ["#"])
        byFirst.set(key, [...(byFirst.get(key) ?? []), phrase]);
    }
  }
  return { phrases, firstWords: [...byFirst.keys()], byFirst };
}

/** The first place where a phrase of the book fits, the longest one there. Linear in the words of the text. */
export function findPhrase<T>(
  text: string | readonly Token[],
  book: PhraseBook<T>,
  accept: (found: Found<T>, all: readonly Token[]) => boolean = () => true,
): Found<T> | undefined {
  const all = typeof text === "string" ? tokens(text) : text;
  for (let i = 0; i < all.length; i += 1) {
    const token = all[i] as Token;
    const first = matchWord(token.fold, book.firstWords);
    const candidates = [
      ...(first === undefined ? [] : (book.byFirst.get(first) ?? [])),
      ...(readNumber(token.fold) === undefined ? [] : (book.byFirst.get("#") ?? [])),
    ];
    let best: Found<T> | undefined;
    for (const phrase of candidates) {
      const last = fits(phrase.steps, 1, all, i + 1);
      if (last === undefined || (best !== undefined && last <= best.last)) continue;
      const found = { value: phrase.value, start: token.start, end: (all[last] as Token).end, first: i, last };
      if (accept(found, all)) best = found;
    }
    if (best !== undefined) return best;
  }
  return undefined;
}

/** Index of the last token when the steps from `step` on fit from `at` on. */
function fits(steps: readonly Step[], step: number, all: readonly Token[], at: number): number | undefined {
  const wanted = steps[step];
  if (wanted === undefined) return at - 1;
  if (wanted.kind === "gap") {
    for (let skip = 0; skip <= LONGEST_GAP; skip += 1) {
      const last = fits(steps, step + 1, all, at + skip);
      if (last !== undefined) return last;
    }
    return undefined;
  }
  const token = all[at];
  if (token === undefined) return undefined;
  const same =
    wanted.kind === "number" ? readNumber(token.fold) !== undefined : matchWord(token.fold, wanted.any) !== undefined;
  return same ? fits(steps, step + 1, all, at + 1) : undefined;
}
