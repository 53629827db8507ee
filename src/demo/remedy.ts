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

/** Name under which runbooks know the shop's admin endpoint. */
const ENDPOINT = "shop";

/** The account that a colleague has in the demo's terminal: none of the operating system's. */
export function accountOf({ id }: DemoPerson): string {
  return `demo.${id}`;
}

/**
 * The demo's settings file, as JSON, which is YAML: two people on call who approve each other's changes, and the shop's
 * admin endpoint, whose token stands in `tokenFile`. `account` is the name that whoever sits here has in the terminal.
 */
export function remedyYaml(admin: Pick<Admin, "url">, account: string, tokenFile: string): string {
  const person = ({ name, teams }: DemoPerson, terminal: string) => ({ name, teams: [teams], terminal: [terminal] });

  return JSON.stringify({
    people: { [YOU.id]: person(YOU, account), [COLLEAGUE.id]: person(COLLEAGUE, accountOf(COLLEAGUE)) },
    roles: { oncall: { people: [YOU.id, COLLEAGUE.id] } },
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
