import { hostname } from "node:os";
import { join, relative } from "node:path";
import { readWholeConfig } from "../../app/whole-config.ts";
import { packApp } from "../../chat/teams/package.ts";
import { sayProblem } from "../../config.ts";
import { writeWhole } from "../../util/write-whole.ts";
import { type Call, EXIT } from "../command.ts";
import { ownVersion } from "../help.ts";
import { type Answers, variablesOf } from "./answers.ts";
import type { Asker } from "./asking.ts";
import { type DotEnv, realChanges, withChanges } from "./dot-env.ts";
import { slackAppLink } from "./parts.ts";
import { QUESTIONS } from "./questions.ts";
import { firstYaml, yamlFileOf } from "./yaml-file.ts";

type Given = {
  readonly call: Call;
  readonly asker: Asker | undefined;
  readonly answers: Answers;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Writes .env, a first YAML file and the Teams package, checks the whole, and says what is left to do. Returns the exit code. */
export async function writeAll(given: Given, dotEnv: DotEnv): Promise<number> {
  const { call, answers, env } = given;
  const say = (line: string) => call.stdout.write(`${line}\n`);
  const yaml = yamlFileOf(call.cwd, env);
  const variables = new Map(Object.values(QUESTIONS).flatMap((all) => [...variablesOf(all, answers)]));
  if (!yaml.named) variables.set("SMARTCLOUDOPS_CONFIG", relative(call.cwd, yaml.path));
  say("");
  if (!(await writeEnv(given, dotEnv, variables))) return EXIT.failed;
  await writeYaml(given, yaml, say);
  await writeTeamsPackage(given, say);
  const now = { ...env, ...Object.fromEntries(variables) };
  const { problems } = await readWholeConfig({ env: now, cwd: call.cwd });
  for (const problem of problems) say(`✗ ${sayProblem(problem)}`);
  for (const line of nextSteps(given)) say(line);
  return problems.length === 0 ? EXIT.ok : EXIT.config;
}

/** False when somebody does not want it. A file that is there is changed only where it has to be, and only when that is wanted. */
async function writeEnv(
  { call, asker }: Given,
  dotEnv: DotEnv,
  variables: ReadonlyMap<string, string | undefined>,
): Promise<boolean> {
  const path = join(call.cwd, ".env");
  const changes = realChanges(dotEnv, variables);
  if (changes.size === 0) {
    call.stdout.write(".env is as it has to be.\n");
    return true;
  }
  const names = [...changes.keys()].join(", ");
  if (dotEnv.isThere && asker !== undefined) {
    const wish = await asker.ask(`${path} is there. Change ${names} in it, and leave the rest? (Y/n) `);
    if (wish === undefined || /^n/i.test(wish)) {
      call.stdout.write("Nothing was written.\n");
      return false;
    }
  }
  await writeWhole(path, withChanges(dotEnv.text, changes));
  call.stdout.write(`.env has ${names}, readable by you alone.\n`);
  return true;
}

async function writeYaml(
  { call, answers }: Given,
  { path, isThere }: ReturnType<typeof yamlFileOf>,
  say: (line: string) => void,
): Promise<void> {
  const shown = relative(call.cwd, path);
  const value = (name: string) => {
    const answer = answers.get(name);
    return answer !== undefined && "value" in answer ? answer.value : undefined;
  };
  const channel = value("slack-channel");
  if (isThere) {
    say(
      `${shown} stays as it is.${channel === undefined ? "" : ` For messages about alerts: routes: [{ slack: [${channel}] }]`}`,
    );
    return;
  }
  await writeWhole(path, firstYaml(path, value("timezone") ?? "UTC", channel));
  say(`${shown} is a first settings file.`);
}

async function writeTeamsPackage({ call, answers, env }: Given, say: (line: string) => void): Promise<void> {
  const id = answers.get("teams-app-id");
  if (id === undefined || !("value" in id)) return;
  const packed = packApp({
    ...{ botId: id.value, version: ownVersion(), appId: env["TEAMS_APP_ID"], developer: env["TEAMS_DEVELOPER"] },
    ...{ website: env["TEAMS_WEBSITE_URL"], privacy: env["TEAMS_PRIVACY_URL"], terms: env["TEAMS_TERMS_URL"] },
  });
  await writeWhole(join(call.cwd, "smartcloudops-teams.zip"), packed);
  say("smartcloudops-teams.zip is the app: upload it in Teams under Apps, Manage your apps, Upload an app.");
}

function nextSteps({ answers, env, asker }: Given): readonly string[] {
  const port = env["PORT"]?.trim() || "3978";
  const alerts = answers.has("alertmanager-url")
    ? [
        "",
        "In alertmanager.yml, with the token of .env (ALERTMANAGER_WEBHOOK_TOKEN) in that file:",
        "  receivers:",
        "    - name: smartcloudops",
        "      webhook_configs:",
        `        - url: http://${hostname()}:${port}/webhooks/alertmanager`,
        "          http_config: { authorization: { credentials_file: /etc/alertmanager/smartcloudops_token } }",
        "From another machine than this one, the bot needs HOST=0.0.0.0 in .env.",
      ]
    : [];
  const slack =
    asker === undefined && !answers.has("slack-bot-token")
      ? ["", "A Slack app for it is made by this link:", slackAppLink()]
      : [];
  const channel = answers.has("slack-channel") ? ["Invite the bot into the channel: /invite @SmartCloudOps"] : [];
  return [
    ...alerts,
    ...slack,
    "",
    ...channel,
    "Start it: npm start",
    "Later: smartcloudops doctor looks at everything again.",
  ];
}
