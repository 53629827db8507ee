import type { Person, Role, Roles } from "../core/people.ts";
import { nearest, type Report } from "./problem.ts";
import type { Deps } from "./sources.ts";
import { show } from "./values.ts";

/** Who is who, and who has which role. An id that no platform would give is a slip that would lock people out. */

const PLATFORMS = ["slack", "teams", "terminal"] as const;
type Platform = (typeof PLATFORMS)[number];

const GUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const ACCOUNTS: Readonly<Record<Platform, { readonly form: RegExp; readonly says: string }>> = {
  slack: { form: /^[UW][A-Z0-9]{1,20}$/, says: "the id of a Slack user, such as U0123ABCD" },
  teams: {
    form: new RegExp(`^(?:${GUID}/)?${GUID}$`, "i"),
    says: "the object id of an account in Microsoft Entra, such as 01234567-89ab-cdef-0123-456789abcdef",
  },
  terminal: { form: /^[A-Za-z_][\w.@\\-]{0,63}$/, says: "the name of an account of the operating system" },
};
const SLACK_GROUP = /^S[A-Z0-9]{1,20}$/;

/** People of the file. One account must not belong to two of them. */
export function readPeople({ file, report }: Deps): readonly Person[] {
  const owners = new Map<string, string>();
  return Object.entries(file.settings.people ?? {}).map(([id, entry]) => {
    for (const platform of PLATFORMS)
      for (const [index, account] of (entry[platform] ?? []).entries()) {
        const where = file.where(["people", id, platform, index]);
        checkForm(platform, account, where, report);
        const key = `${platform}:${account.toLowerCase().split("/").at(-1)}`;
        const owner = owners.get(key);
        if (owner !== undefined && owner !== id)
          report(where, `must belong to one person: ${show(account)} is ${owner}'s too. Remove it from one of them.`);
        owners.set(key, id);
      }
    const { emails } = entry;
    return { id, name: entry.name ?? id, accounts: accountsOf(entry), ...(emails !== undefined && { emails }) };
  });
}

/** Roles of the file. The people they name must exist. */
export function readRoles({ file, report }: Deps, people: readonly Person[]): Roles {
  const known = people.map(({ id }) => id);
  return Object.fromEntries(
    Object.entries(file.settings.roles ?? {}).map(([name, entry]): [string, Role] => {
      const path = (...rest: PropertyKey[]) => file.where(["roles", name, ...rest]);
      for (const [index, id] of (entry.people ?? []).entries())
        if (!known.includes(id)) {
          const meant = nearest(id, known);
          const cure = meant === undefined ? "people has no such id" : `did you mean ${meant}?`;
          report(path("people", index), `must name one of the people: it is ${show(id)}, and ${cure}.`);
        }
      for (const platform of PLATFORMS)
        for (const [index, account] of (entry[platform] ?? []).entries())
          if (platform !== "slack" || !SLACK_GROUP.test(account))
            checkForm(platform, account, path(platform, index), report, platform === "slack");
      for (const [index, id] of (entry.teams_groups ?? []).entries())
        if (!new RegExp(`^${GUID}$`, "i").test(id))
          report(
            path("teams_groups", index),
            `must be the object id of a group in Microsoft Entra: it is ${show(id)}.`,
          );
      const slackGroups = (entry.slack ?? []).filter((id) => SLACK_GROUP.test(id));
      const accounts = accountsOf({ ...entry, slack: (entry.slack ?? []).filter((id) => !SLACK_GROUP.test(id)) });
      const groups = {
        ...(slackGroups.length > 0 && { slack: slackGroups }),
        ...((entry.teams_groups ?? []).length > 0 && { teams: entry.teams_groups ?? [] }),
      };
      return [name, { people: entry.people ?? [], accounts, groups }];
    }),
  );
}

function checkForm(platform: Platform, account: string, where: string, report: Report, orGroup = false): void {
  const { form, says } = ACCOUNTS[platform];
  const other = orGroup ? ", or of a user group, such as S0123ABCD" : "";
  if (!form.test(account)) report(where, `must be ${says}${other}: it is ${show(account)}.`);
}

function accountsOf(entry: Partial<Record<Platform, readonly string[] | undefined>>): Person["accounts"] {
  return Object.fromEntries(
    PLATFORMS.flatMap((platform) => {
      const ids = entry[platform] ?? [];
      return ids.length === 0 ? [] : [[platform, ids]];
    }),
  );
}
