const ADDRESS = /[a-z][a-z0-9+.-]{1,20}:\/\/|\bwww\.|\b(?:mailto|javascript|data):/i;
const DOMAIN = /(?<![\w.@/-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?![\w-])/gi;
const MENTION = /<[!@#]|<\/?at>|@(?:everyone|here|channel|all)\b|\]\(/i;
/** Written with a dot and no address. */
const NO_DOMAIN = /^(?:e\.g|i\.e|a\.m|p\.m|vs\.?|etc\.?|u\.s|node\.js)$/i;

/**
 * Why a sentence is left out that has an address, a mention or a link, which nobody asked a model for; undefined when it has none. Names
 * with dots that the evidence has may stay.
 */
export function strayAddress(sentence: string, isKnown: (name: string) => boolean): string | undefined {
  if (MENTION.test(sentence)) return "It has a mention or a link.";
  if (ADDRESS.test(sentence)) return "It has an address.";
  const plain = sentence.normalize("NFKC").replace(/\p{Cf}/gu, "");
  const stray = [...plain.matchAll(DOMAIN)]
    .map(([name]) => name)
    .find((name) => !NO_DOMAIN.test(name) && !isKnown(name));
  return stray === undefined ? undefined : `“${stray}” is in nothing that was asked.`;
}
