import { fileURLToPath } from "node:url";
import type { Admin } from "./admin.ts";

/** Who is who in the demo: whoever tries it out, and others. `teams` is the id of their account in the Playground. */
export type DemoPerson = { readonly id: string; readonly name: string; readonly teams: string };

export const YOU: DemoPerson = { id: "you", name: "You", teams: "00000000-0000-4000-8000-000000000020" };
export const COLLEAGUE: DemoPerson = { id: "robin", name: "Robin", teams: "00000000-0000-4000-8000-000000000021" };
/** In the chats with them, and on call for nothing. */
export const BYSTANDERS: readonly DemoPerson[] = ["Kim", "Luca", "Mina", "Noor"].map((name, at) => ({
  id: name.toLowerCase(),
  name,
  teams: `00000000-0000-4000-8000-00000000002${at + 2}`,
}));

/** The chat of the Playground in which everybody on call is. */
export const ON_CALL = "19:on-call@thread.v2";

/** Name under which runbooks know the shop's admin endpoint. */
const ENDPOINT = "shop";

/** The account that a colleague has in the demo's terminal: none of the operating system's. */
export function accountOf({ id }: DemoPerson): string {
  return `demo.${id}`;
}

/** Somebody on call, and their accounts by platform. */
export type OnCall = {
  readonly id: string;
  readonly name: string;
  readonly accounts: Readonly<Partial<Record<"slack" | "teams" | "terminal", string>>>;
};

/** The two whom the demo itself has. `account` is the name that whoever sits here has in the terminal. */
export function playedPeople(account: string): readonly OnCall[] {
  const played = ({ id, name, teams }: DemoPerson, terminal: string) => ({ id, name, accounts: { teams, terminal } });
  return [played(YOU, account), played(COLLEAGUE, accountOf(COLLEAGUE))];
}

/**
 * The demo's settings file, as JSON, which is YAML: people on call who approve each other's changes, and the shop's admin
 * endpoint, whose token stands in `tokenFile`.
 */
export function remedyYaml(admin: Pick<Admin, "url">, people: readonly OnCall[], tokenFile: string): string {
  const known = people.map(({ id, name, accounts }) => {
    const linked = Object.entries(accounts).map(([platform, account]) => [platform, [account]]);
    return [id, { name, ...Object.fromEntries(linked) }];
  });

  return JSON.stringify({
    people: Object.fromEntries(known),
    roles: { oncall: { people: people.map(({ id }) => id) } },
    approvals: {
      default: {
        approvals: 1,
        approvers: ["oncall"],
        four_eyes: true,
        approve_within: "30m",
        execute_within: "5m",
        reason: "optional",
      },
    },
    // Two days are enough to know the shop's rhythm, and are read in seconds.
    schedules: { detect: { every: "1m", history: "2d", post: [{ teams: ON_CALL }] } },
    runbooks: {
      builtin: false,
      folders: [fileURLToPath(new URL("runbooks", import.meta.url))],
      modes: { default: "act" },
      executors: {
        http: [
          {
            name: ENDPOINT,
            base_url: admin.url,
            hosts: ["127.0.0.1"],
            token_file: tokenFile,
            idempotent: true,
            allow_private: true,
            status_path: "/changes/{key}",
          },
        ],
      },
    },
  });
}
