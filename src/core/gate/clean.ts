/**
 * A text as it is checked: one spelling for what looks alike (NFKC), without invisible characters and emphasis marks that
 * could stand inside a number, and with the quotes and signs of a typewriter.
 */
export function plainOf(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/\p{Cf}|[\uFE00-\uFE0F]|\u20E3/gu, "")
    .replace(/[\p{Zs}\t]/gu, " ")
    .replace(/[‐‑‒–—−]/g, "-")
    .replace(/[‘’ʼ]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/⁄/g, "/")
    .replace(/\*{1,3}|~~|__/g, "");
}

/** Digits and numerals that no rule here reads: of another script, or letters that stand for a number. */
const STRANGE = /(?![0-9])\p{N}|[一二三四五六七八九十百千万億零〇]|\b[IVX]{2,}\b/u;

/** Words that state a size so vaguely that it cannot be compared. */
const VAGUE =
  /\b(?:single|double|triple|two|three|four|five|six|seven|eight|nine)[- ](?:digits?|figures?)\b|\b(?:tens|dozens|scores|hundreds|thousands|millions|billions) of\b|\b(?:twen|thir|for|fif|six|seven|eigh|nine)ties\b|(?<!\b(?:an?|one|two|three|four|five|six|seven|eight|nine|\d) )\borders? of magnitude\b/i;

/** A number in the plain text that cannot be checked, if there is one. */
export function strangeNumberIn(plain: string): string | undefined {
  return STRANGE.exec(plain)?.[0] ?? VAGUE.exec(plain)?.[0];
}
