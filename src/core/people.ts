import type { User } from "./chat.ts";

/** Who somebody is: one person may have accounts on several platforms, and counts once. */

/** A person as the configuration lists them. */
export type Person = {
  /** Chosen in the configuration, such as "ann". */
  readonly id: string;
  readonly name: string;
  /** Platform -> ids of the accounts there. */
  readonly accounts: Readonly<Record<string, readonly string[]>>;
};

/** A person behind one account. */
export type Identity = {
  /** The person's id, or "platform:account" for an account that the configuration does not know. */
  readonly person: string;
  readonly name: string;
  readonly platform: string;
  readonly account: string;
  /** False for an account that the configuration links to nobody: it may be a second account of anybody. */
  readonly isLinked: boolean;
};

/** A voter: who it is, and the roles they have now. */
export type Voter = Identity & {
  readonly roles: readonly string[];
  /** Guests, people of other organisations and bots never decide. */
  readonly isGuest: boolean;
  readonly isExternal: boolean;
};

/** The person whose account it is. Accounts compare without case; Teams' "tenant/object id" also by its second part. */
export function identify(people: readonly Person[], user: User): Identity {
  const person = people.find((one) => (one.accounts[user.platform] ?? []).some((id) => isAccount(id, user.id)));
  return {
    person: person?.id ?? `${user.platform}:${user.id}`,
    name: person?.name ?? user.name,
    platform: user.platform,
    account: user.id,
    isLinked: person !== undefined,
  };
}

/** True when the configured id names that account. */
export function isAccount(configured: string, account: string): boolean {
  const own = account.toLowerCase();
  const wanted = configured.toLowerCase();
  return wanted === own || wanted === own.split("/").at(-1);
}
