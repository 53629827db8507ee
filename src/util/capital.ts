/** The text with its first letter in upper case: the beginning of a sentence. */
export function capitalFirst(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
