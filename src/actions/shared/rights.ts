/** What an account may do beyond what its actions need: threat T64 of the security design. */
export type Rights = {
  /** Who the target says we are. */
  readonly who: string;
  /** Each as words that follow "it": "may read every secret". Empty where nothing is too much. */
  readonly excess: readonly string[];
};
