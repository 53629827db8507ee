/** Comparing single words: spelling distance within closed lists, and numbers in words and digits. */

import { editDistance } from "../../util/distance.ts";

type Index = { readonly exact: ReadonlySet<string>; readonly byFirst: ReadonlyMap<string, readonly string[]> };
const indexes = new WeakMap<readonly string[], Index>();

/** Real words that are one letter away from a word of a list. They are never taken for a typo. */
const NOT_TYPOS = new Set(
  "abertas aberto aberta rollbacks aktive aktiven activas activos activo falta faltan autoscaler autoscalers state stats status stage stale started starts starting stopped scales scaled scalar least leased lease last past fast least releases trained trains draining drained drains cause causes causing paused pauses flushed restarts restarted restarting reverted reverts mutes muted cleared cleans cleaned clearer running number numbers under over those these there their where which while above about averse silenced silences resumed resumes schedules scheduled rotates rotated deleted deletes purged toggles toggled reboots rebooted bounced bounces killed cordoned uncordoned drained minutes minute latest lowered lower fewer power totally totals counts counter county counted rates rated peaks worse worst first third medial fails failed failing failures failover slowly fastest quickly biggest bigger larger large longer longest higher high hot hotter cooler moins mayor mayo meno".split(
    " ",
  ),
);

function indexOf(list: readonly string[]): Index {
  const known = indexes.get(list);
  if (known !== undefined) return known;
  const byFirst = new Map<string, string[]>();
  for (const word of list) {
    if (word.length < 5) continue;
    const first = word[0] ?? "";
    const same = byFirst.get(first);
    if (same === undefined) byFirst.set(first, [word]);
    else same.push(word);
  }
  const index = { exact: new Set(list), byFirst };
  indexes.set(list, index);
  return index;
}

/** How many mistakes a word of a list may have and still be meant: none below 5 letters, 1 from 5, 2 from 9. */
function allowed(length: number): number {
  return length >= 9 ? 2 : length >= 5 ? 1 : 0;
}

/**
 * The word of `list` that a folded token is or was meant to be, undefined when there is none. The first letter must be
 * right (or swapped with the second), which keeps "cause" from being "pause". Lists are indexed once: keep and reuse them.
 */
export function matchWord(token: string, list: readonly string[]): string | undefined {
  const { exact, byFirst } = indexOf(list);
  if (exact.has(token)) return token;
  if (token.length < 4 || token.length > 40 || NOT_TYPOS.has(token) || /[\d<>/]/.test(token)) return undefined;
  let best: string | undefined;
  let least = 3;
  for (const first of new Set([token[0] ?? "", token[1] ?? ""])) {
    for (const word of byFirst.get(first) ?? []) {
      if (Math.abs(word.length - token.length) > 2) continue;
      if (word[0] !== token[0] && !(word[0] === token[1] && word[1] === token[0])) continue;
      const most = Math.min(allowed(word.length), least - 1);
      const distance = editDistance(token, word, most);
      if (distance <= most) {
        best = word;
        least = distance;
      }
    }
  }
  return best;
}

const NUMBER_WORDS: ReadonlyMap<string, number> = new Map(
  [
    "zero null cero nenhum shunya",
    "one ein eine einen einem uno una une um uma ek",
    "two zwei dos deux dois duas do couple pair",
    "three drei tres trois teen",
    "four vier cuatro quatre quatro char chaar",
    "five funf fuenf cinco cinq paanch panch",
    "six sechs seis chhe",
    "seven sieben siete sept sete saat",
    "eight acht ocho huit oito aath",
    "nine neun nueve neuf nove nau",
    "ten zehn diez dix dez das",
  ].flatMap((words, value) => words.split(" ").map((word) => [word, value] as const)),
);

/** Number words that are everyday words as well; only digits count where these may stand. */
const ALSO_ORDINARY = new Set([
  "one",
  "um",
  "uma",
  "une",
  "una",
  "ein",
  "eine",
  "einen",
  "einem",
  "do",
  "das",
  "sept",
  "teen",
  "char",
  "nau",
  "couple",
  "pair",
  "six",
]);

/**
 * "70%", "0.5", "2,5", "1.5k", "200ms", "five" -> the number and what follows it ("%", "ms", "").
 * With `wordsToo: false` only digits are read. Thousands may be parted ("10,000").
 */
export function readNumber(
  fold: string,
  wordsToo = true,
): { readonly value: number; readonly unit: string } | undefined {
  const digits = /^(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,15}(?:[.,]\d{1,9})?)(%|[a-z°/]{0,12}(?:\/[a-z]{1,6})?)$/.exec(
    fold,
  );
  if (digits !== null) {
    const number = digits[1] as string;
    const plain = /^\d{1,3}(?:,\d{3})+/.test(number) ? number.replaceAll(",", "") : number.replace(",", ".");
    return { value: Number(plain), unit: digits[2] ?? "" };
  }
  const word = wordsToo ? NUMBER_WORDS.get(fold) : undefined;
  return word === undefined ? undefined : { value: word, unit: "" };
}

/** As `readNumber`, for places where articles may stand: "un", "eine" or "do" are no numbers there. */
export function readCount(fold: string): number | undefined {
  if (ALSO_ORDINARY.has(fold)) return undefined;
  const read = readNumber(fold);
  return read !== undefined && read.unit === "" && Number.isInteger(read.value) ? read.value : undefined;
}
