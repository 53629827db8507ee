import { BYSTANDERS, COLLEAGUE, type DemoPerson, ON_CALL, YOU } from "./remedy.ts";

/** The Playground's own name for its settings file, in the folder where it is started. */
export const SETTINGS_FILE = ".m365agentsplayground.yml";

/** How the Playground describes a person, to the bot and to its own page. */
export type PlaygroundPerson = { readonly id: string; readonly name: string; readonly aadObjectId: string };

export function playgroundPerson({ id, name, teams }: DemoPerson): PlaygroundPerson {
  return { id: `29:${id}`, name, aadObjectId: teams };
}

/**
 * The Playground's settings file, as JSON, which is YAML: who is in its chats, with ids in the form that Microsoft Entra gives
 * (its own built-in people have a digit too many). `user` is who sits at its page. It wants exactly five others.
 * https://aka.ms/teams-app-test-tool-config-guide
 */
export function playgroundYaml(): string {
  const user = (person: DemoPerson) => ({
    ...playgroundPerson(person),
    userPrincipleName: `${person.id}@shop.example`,
    givenName: person.name,
    surname: "Example",
    email: `${person.id}@shop.example`,
  });
  return `${JSON.stringify(
    {
      version: "0.1.1",
      tenantId: "00000000-0000-4000-8000-000000000001",
      bot: { id: "28:ops", name: "Ops" },
      currentUser: user(YOU),
      users: [COLLEAGUE, ...BYSTANDERS].map(user),
      personalChat: { id: "a:you-and-ops" },
      groupChat: { id: ON_CALL, name: "On call" },
      team: {
        id: "19:shop@thread.tacv2",
        name: "Shop",
        aadGroupId: "00000000-0000-4000-8000-000000000031",
        channels: [{ id: "19:announcements@thread.tacv2", name: "Announcements" }],
      },
    },
    null,
    2,
  )}\n`;
}
