import type { Clock } from "../../ports/clock.ts";
import { reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { Api } from "./message.ts";
import { GroupMembers } from "./schema.ts";

/** A role that somebody lost counts so much longer at most. */
const KEPT_SECONDS = 60;

/**
 * Which of these user groups somebody is in, as Slack says now, or said within the last minute. A group that cannot be
 * asked for gives nobody a role.
 */
export function createGroups(deps: { readonly api: () => Promise<Api>; readonly clock: Clock; readonly log: Log }) {
  const known = new Map<string, { readonly at: number; readonly members: Promise<ReadonlySet<string>> }>();

  async function read(group: string): Promise<ReadonlySet<string>> {
    const found = await (await deps.api()).apiCall("usergroups.users.list", { usergroup: group });
    return new Set(GroupMembers.parse(found).users);
  }

  function membersOf(group: string): Promise<ReadonlySet<string>> {
    const held = known.get(group);
    if (held !== undefined && deps.clock() - held.at < KEPT_SECONDS) return held.members;
    const members = read(group).catch((err: unknown) => {
      known.delete(group); // asked again next time
      deps.log.warn(
        { group, reason: reasonOf(err) },
        "the members of a Slack user group could not be read: nobody counts as one",
      );
      return new Set<string>();
    });
    known.set(group, { at: deps.clock(), members });
    return members;
  }

  return async (account: string, groups: readonly string[]): Promise<readonly string[]> => {
    const members = await Promise.all(groups.map(membersOf));
    return groups.filter((_, at) => members[at]?.has(account) === true);
  };
}
