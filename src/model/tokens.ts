/** What a text of so many characters takes where the other side does not say: four a token is how OpenAI rounds English (platform.openai.com/tokenizer). */
export function guessTokens(characters: number): number {
  return Math.ceil(characters / 4);
}
