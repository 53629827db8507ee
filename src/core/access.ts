import type { Place, User } from "./chat.ts";

/** Who may read what: a rule opens sources to people, and what no rule opens stays closed. */

export type Kind = "members" | "guests" | "externals";

/** What a program may read by the HTTP API. */
export const SCOPES = ["ask", "incidents", "anomalies", "proposals", "digests", "audit"] as const;
export type Scope = (typeof SCOPES)[number];

export type AccessRule = {
  /** Which kinds of accounts it is for. */
  readonly people: readonly Kind[];
  /** Ids of channels; undefined for all. */
  readonly channels?: readonly string[];
  /** Names of roles; undefined for everybody of those kinds. */
  readonly roles?: readonly string[];
  /** Names of sources, and of environments, that it opens; undefined for all. */
  readonly sources?: readonly string[];
  readonly environments?: readonly string[];
};

export type Access = {
  /** Undefined: members may read everything and others nothing. An empty list opens nothing to anybody. */
  readonly rules: readonly AccessRule[] | undefined;
  /** Role -> platform -> ids of its accounts. */
  readonly roles: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
};

/** Somebody who asks, as the platform vouches for them. */
export type Visitor = {
  readonly user: User;
  readonly place: Place;
  /** A guest of the workspace or tenant. */
  readonly isGuest: boolean;
  /** A member of another workspace or tenant (Slack Connect, a federated or shared channel). */
  readonly isExternal: boolean;
};

/** What one person may read from where they ask. */
export type Reach =
  | { readonly allowed: true /** Names of sources; undefined for all. */; readonly sources?: readonly string[] }
  | { readonly allowed: false /** A sentence for that person alone. */; readonly reason: string };

/**
 * True when a proposal may be read: every source is open, or its card stands in that very channel. `isTheirs`, because they asked for
 * it or may decide it, also opens those of the sources that are open: what others ask elsewhere stays there.
 */
export function mayReadProposal(
  { sources, place }: { readonly sources?: readonly string[]; readonly place: Place },
  { spec, places }: { readonly spec: { readonly source: string | undefined }; readonly places: readonly Place[] },
  isTheirs = false,
): boolean {
  return (
    sources === undefined ||
    (isTheirs && spec.source !== undefined && sources.includes(spec.source)) ||
    places.some(({ platform, channel }) => platform === place.platform && channel === place.channel)
  );
}

/** True when an incident may be read: every source is open, or its message stands in that very channel, or a source of its environment is open. */
export function mayReadIncident(
  { sources, place }: { readonly sources?: readonly string[]; readonly place: Place },
  { environment, places }: { readonly environment: string | undefined; readonly places: readonly Place[] },
  all: readonly Source[],
): boolean {
  return (
    sources === undefined ||
    places.some(({ platform, channel }) => platform === place.platform && channel === place.channel) ||
    (environment !== undefined && all.some((one) => one.environment === environment && sources.includes(one.name)))
  );
}

type Source = { readonly name: string; readonly environment: string | undefined };

/**
 * What somebody may read from where they ask. `sources` is undefined for all of them; otherwise names, in the order of
 * `all`. A refusal comes with a sentence for that person.
 */
export function reachOf(access: Access, visitor: Visitor, all: readonly Source[]): Reach {
  const kind: Kind = visitor.isExternal ? "externals" : visitor.isGuest ? "guests" : "members";
  const rules = access.rules ?? [{ people: ["members"] as const }];
  const mine = rules.filter((rule) => isFor(rule, kind, visitor, access.roles));
  if (mine.length === 0) return { allowed: false, reason: REFUSALS[kind] };
  if (mine.some((rule) => rule.sources === undefined && rule.environments === undefined)) return { allowed: true };
  const open = all.filter(({ name, environment }) =>
    mine.some(
      (rule) =>
        rule.sources?.includes(name) === true ||
        (environment !== undefined && rule.environments?.includes(environment) === true),
    ),
  );
  return open.length === 0
    ? {
        allowed: false,
        reason: "None of the sources that this bot asks are open to you here. Its owner can change that.",
      }
    : { allowed: true, sources: open.map(({ name }) => name) };
}

const REFUSALS: Readonly<Record<Kind, string>> = {
  members: "You may not ask me here. The bot's owner can change that, or tell you in which channel you may.",
  guests: "Guests may not ask me here. The bot's owner can change that.",
  externals: "People of other organisations may not ask me here. The bot's owner can change that.",
};

function isFor(rule: AccessRule, kind: Kind, { user, place }: Visitor, roles: Access["roles"]): boolean {
  if (!rule.people.includes(kind)) return false;
  if (rule.channels !== undefined && !rule.channels.includes(place.channel)) return false;
  return rule.roles === undefined || rule.roles.some((role) => hasAccount(roles[role]?.[user.platform] ?? [], user.id));
}

/** Teams' accounts are "tenant/object id", of which the configuration may name the second alone: it is one in the world. */
function hasAccount(ids: readonly string[], id: string): boolean {
  const own = id.toLowerCase();
  return ids.some((one) => one.toLowerCase() === own || one.toLowerCase() === own.split("/").at(-1));
}
