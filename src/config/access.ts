import type { Person, Role, Roles } from "../core/people.ts";
import { nearest } from "./problem.ts";
import type { Deps } from "./sources.ts";
import type { AccessConfig, SourceConfig } from "./types.ts";
import { show } from "./values.ts";

/** The rules about who may read what; what they name must exist. */
export function readAccess(
  { file, report }: Deps,
  sources: readonly SourceConfig[],
  roles: Roles,
  people: readonly Person[],
): AccessConfig {
  const { access } = file.settings;
  const known = {
    roles: Object.keys(roles),
    sources: sources.map(({ name }) => name),
    environments: sources.flatMap(({ environment }) => environment ?? []),
  };
  for (const [index, rule] of (access ?? []).entries())
    for (const key of ["roles", "sources", "environments"] as const)
      for (const [at, name] of (rule[key] ?? []).entries())
        if (!known[key].includes(name)) {
          const meant = nearest(name, known[key]);
          const list =
            known[key].length === 0 ? "none is configured" : `known are ${[...new Set(known[key])].join(", ")}`;
          const cure = meant === undefined ? list : `did you mean ${meant}?`;
          report(
            file.where(["access", index, key, at]),
            `must name one of the ${key}: it is ${show(name)}, and ${cure}.`,
          );
        }
  return {
    rules: access?.map((rule) => ({ ...rule, people: rule.people ?? ["members"] })) as AccessConfig["rules"],
    roles: Object.fromEntries(Object.entries(roles).map(([name, role]) => [name, accountsOf(role, people)])),
  };
}

/** All accounts of a role by platform, those of its people included. */
function accountsOf(role: Role, people: readonly Person[]): Readonly<Record<string, readonly string[]>> {
  const own = people.filter(({ id }) => role.people.includes(id)).map(({ accounts }) => accounts);
  const platforms = new Set([role.accounts, ...own].flatMap((accounts) => Object.keys(accounts)));
  return Object.fromEntries(
    [...platforms].map((platform) => [
      platform,
      [...new Set([role.accounts, ...own].flatMap((accounts) => accounts[platform] ?? []))],
    ]),
  );
}
