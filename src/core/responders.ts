import type { Voter } from "./people.ts";

/**
 * Why somebody may not do `what` ("silence alerts"), as a sentence; undefined when they may. Those with one of the roles may, and whoever is on
 * call; guests and people of other organisations never.
 */
export function whyNoResponder(
  by: Pick<Voter, "person" | "roles" | "isGuest" | "isExternal">,
  roles: readonly string[],
  onCall: readonly string[],
  what: string,
): string | undefined {
  if (by.isGuest || by.isExternal) return `Guests and people of other organisations may not ${what}.`;
  if (onCall.includes(by.person) || by.roles.some((role) => roles.includes(role))) return undefined;
  return roles.length === 0
    ? `Nobody but those on call may ${what} here: name the roles who may under \`responders\` in smartcloudops.yaml.`
    : `Only people with one of these roles, and those on call, may ${what}: ${roles.join(", ")}.`;
}
