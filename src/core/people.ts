import type { User } from "./chat.ts";

/** Who somebody is: one person may have accounts on several platforms, and counts once. */

/** A person as the configuration lists them. */
export type Person = {
  /** Chosen in the configuration, such as "ann". */
  readonly id: string;
  readonly name: string;
  /** Platform -> ids of the accounts there. */
  readonly accounts: Readonly<Record<string, readonly string[]>>;
  /** By which calendars name them. */
  readonly emails?: readonly string[];
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
  /** See `User`. */
  readonly directory?: string;
};

/** A voter: who it is, and the roles they have now. */
export type Voter = Identity & {
  readonly roles: readonly string[];
  /** Guests, people of other organisations and bots never decide. */
  readonly isGuest: boolean;
  readonly isExternal: boolean;
  readonly isBot?: boolean;
};

/** Who has a role: people, single accounts, and groups that a platform keeps. */
export type Role = {
  /** Ids of people. */
  readonly people: readonly string[];
  /** Platform -> ids of accounts; and of groups, whose members only the platform knows. */
  readonly accounts: Readonly<Record<string, readonly string[]>>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
};

export type Roles = Readonly<Record<string, Role>>;

/** The person whose account it is. Accounts compare without case; Teams' "tenant/object id" also by its second part. */
export function identify(people: readonly Person[], user: User): Identity {
  const person = people.find((one) => (one.accounts[user.platform] ?? []).some((id) => isAccount(id, user.id)));
  return {
    person: person?.id ?? `${user.platform}:${user.id.toLowerCase()}`,
    name: person?.name ?? user.name,
    platform: user.platform,
    account: user.id,
    isLinked: person !== undefined,
    ...(user.directory !== undefined && { directory: user.directory }),
  };
}

/**
 * The person who asks. At a terminal anybody may call themselves what they like (`--user`): only under `here`, the account of
 * the operating system, are they the person whom the configuration links to it. Under another name they are linked to nobody,
 * so what they ask for cannot be approved as if somebody else had asked.
 */
export function identifyAsker(people: readonly Person[], user: User, here: string): Identity {
  const isClaim = user.platform === "terminal" && user.id.toLowerCase() !== here.toLowerCase();
  return identify(isClaim ? [] : people, user);
}

/** True when the configured id names that account. */
export function isAccount(configured: string, account: string): boolean {
  const own = account.toLowerCase();
  const wanted = configured.toLowerCase();
  return wanted === own || wanted === own.split("/").at(-1);
}

/**
 * Roles of whoever is behind an account: those that name the person, any account of the person, this account, or one of
 * `groups`, the ids of the groups that the platform says this account is in.
 */
export function rolesOf(
  roles: Roles,
  people: readonly Person[],
  identity: Pick<Identity, "person" | "platform" | "account">,
  groups: readonly string[],
): readonly string[] {
  const person = people.find(({ id }) => id === identity.person);
  const accounts = [
    ...Object.entries(person?.accounts ?? {}).flatMap(([platform, ids]) => ids.map((id) => ({ platform, id }))),
    { platform: identity.platform, id: identity.account },
  ];
  return Object.entries(roles).flatMap(([name, role]) => {
    const isNamed = person !== undefined && role.people.includes(person.id);
    const hasAccount = accounts.some(({ platform, id }) =>
      (role.accounts[platform] ?? []).some((one) => isAccount(one, id) || isAccount(id, one)),
    );
    const isInGroup = (role.groups[identity.platform] ?? []).some((one) =>
      groups.some((group) => group.toLowerCase() === one.toLowerCase()),
    );
    return isNamed || hasAccount || isInGroup ? [name] : [];
  });
}

/** Platforms on which a human has one account per directory. On a terminal, one may well have several. */
const ONE_ACCOUNT_EACH: ReadonlySet<string> = new Set(["slack", "teams"]);

/**
 * Whether two accounts belong to one human. "unknown" where the configuration does not say: accounts on two platforms of
 * which one is linked to nobody, or of two tenants or workspaces, or two accounts of one machine.
 */
export function areSame(a: Identity, b: Identity): "same" | "different" | "unknown" {
  if (a.person === b.person) return "same";
  const isSamePlatform = a.platform === b.platform;
  if (isSamePlatform && (isAccount(a.account, b.account) || isAccount(b.account, a.account))) return "same";
  if (a.isLinked && b.isLinked) return "different";
  const isOneDirectory = isSamePlatform && directoryOf(a) === directoryOf(b);
  return isOneDirectory && ONE_ACCOUNT_EACH.has(a.platform) ? "different" : "unknown";
}

/** The tenant in Teams' "tenant/object id"; Slack's workspace where there are several. */
function directoryOf({ account, directory }: Identity): string {
  return directory ?? (account.includes("/") ? (account.split("/")[0] ?? "").toLowerCase() : "");
}
