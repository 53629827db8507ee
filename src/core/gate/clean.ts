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

/** A digit or numeral that no rule here reads: of another script, or a letter that stands for a number. */
export const STRANGE_NUMERAL = /(?![0-9])\p{N}|[一二三四五六七八九十百千万億零〇]|\b[IVX]{2,}\b/u;
