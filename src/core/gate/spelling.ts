/** A name as people may write it: without port, scheme or the v of a version, and without blanks that stand for nothing. */
export function spellingsOf(name: string): readonly string[] {
  const plain = name.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
  const bare = plain.replace(/^https?:\/\//, "").replace(/:\d+$/, "");
  return [...new Set([plain, bare, bare.replace(/^v(?=\d)/, ""), plain.replace(/\s/g, "")])];
}
