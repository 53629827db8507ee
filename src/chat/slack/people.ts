import type { User } from "../../core/chat.ts";
import { isZone } from "../../core/zone.ts";
import type { Clock } from "../../ports/clock.ts";
import { reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { Api } from "./message.ts";
import { UserInfo } from "./schema.ts";

/** Who somebody is, as the workspace vouches. */
export type Person = {
  readonly user: User;
  readonly isGuest: boolean;
  readonly isExternal: boolean;
  /** False for bots, and for people who have left. */
  readonly isPresent: boolean;
  /** False when Slack did not say: then it may be anybody. */
  readonly isKnown: boolean;
};

const KEPT_SECONDS = 600;
const MOST = 5000;

/** What the event itself said: a name, and the person's workspace where that is told. */
type Hint = { readonly name?: string; readonly team?: string };

/**
 * Looks people up, and remembers them for ten minutes, or as long as the caller may rely on it. When Slack does not
 * answer, `isKnown` is false.
 */
export function createPeople(deps: {
  readonly api: () => Promise<Api>;
  readonly teams: () => ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Log;
}): (id: string, hint?: Hint, forSeconds?: number) => Promise<Person> {
  const known = new Map<string, { readonly at: number; readonly info: Promise<Info | undefined> }>();
  const lookUp = (id: string, forSeconds: number): Promise<Info | undefined> => {
    const now = deps.clock();
    const held = known.get(id);
    if (held !== undefined && now - held.at < forSeconds) return held.info;
    const info = readPerson(id, deps).catch((err: unknown) => {
      known.delete(id); // asked again next time
      deps.log.warn({ reason: reasonOf(err) }, "a person could not be looked up in Slack");
      return undefined;
    });
    if (known.size >= MOST) known.delete(known.keys().next().value!);
    known.set(id, { at: now, info });
    return info;
  };
  return async (id, hint = {}, forSeconds = KEPT_SECONDS) => {
    const info = await lookUp(id, forSeconds);
    const isElsewhere = (team: string | undefined) => team !== undefined && team !== "" && !deps.teams().has(team);
    const name = info?.name ?? hint.name ?? id;
    const team = info?.team ?? hint.team;
    return {
      user: {
        ...{ platform: "slack", id, name },
        ...(info?.zone !== undefined && { zone: info.zone }),
        // In one workspace a human has one account; in several, one in each.
        ...(deps.teams().size > 1 && team !== undefined && { directory: team }),
      },
      isKnown: info !== undefined,
      isPresent: info?.isPresent ?? false,
      isGuest: info?.isGuest ?? false,
      isExternal: isElsewhere(hint.team) || isElsewhere(info?.team) || (info?.isStranger ?? false),
    };
  };
}

type Info = {
  readonly name: string | undefined;
  readonly zone: string | undefined;
  readonly team: string | undefined;
  readonly isGuest: boolean;
  readonly isStranger: boolean;
  readonly isPresent: boolean;
};

async function readPerson(id: string, deps: { readonly api: () => Promise<Api> }): Promise<Info> {
  const api = await deps.api();
  const { user } = UserInfo.parse(await api.apiCall("users.info", { user: id }));
  const names = [user.profile?.display_name, user.profile?.real_name, user.real_name, user.name];
  return {
    name: names.find((name) => name !== undefined && name.trim() !== ""),
    zone: user.tz !== undefined && isZone(user.tz) ? user.tz : undefined,
    team: user.team_id,
    isGuest: user.is_restricted === true || user.is_ultra_restricted === true,
    isStranger: user.is_stranger === true,
    isPresent: user.deleted !== true && user.is_bot !== true,
  };
}
