import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { EXAMPLES } from "../../src/chat/slack/cards.ts";
import { CHAT_COMMANDS } from "../../src/core/command-table.ts";

/** Writes manifests/slack from the table of commands: `node test/tools/slack-manifests.ts`. */

export type Mode = "socket" | "http";

/** Where the bot's server is reached from outside. To be replaced by whoever pastes the manifest. */
const ADDRESS = "https://YOUR-HOST.example/slack/events";

/** Each with what it is for. */
const SCOPES: Readonly<Record<string, string>> = {
  "app_mentions:read": "hear questions that mention the bot",
  "assistant:write": "suggested questions and the line that says it is looking",
  "channels:history": "find a message of its own again before sending it twice, in public channels",
  "channels:read": "notice when it is added to a public channel or removed",
  "chat:write": "answer",
  commands: "the slash command",
  "files:write": "charts as pictures where they cannot be drawn",
  "groups:history": "the same as channels:history, in private channels it was added to",
  "groups:read": "the same as channels:read, in private channels",
  "im:history": "hear direct messages",
  "im:write":
    "write in a direct message: buttons of the home tab, commands of channels it was not added to, and whom routes and escalations name",
  "usergroups:read": "who is in a user group that a role names",
  "users:read": "time zone, and whether somebody is a guest or from another workspace",
};

const EVENTS = [
  "app_home_opened",
  "app_mention",
  "app_uninstalled",
  "assistant_thread_started",
  "channel_left",
  "group_left",
  "member_joined_channel",
  "message.im",
  "tokens_revoked",
];

export function manifestOf(mode: Mode): Record<string, unknown> {
  const url = mode === "http" ? { url: ADDRESS } : {};
  const requestUrl = mode === "http" ? { request_url: ADDRESS } : {};
  return {
    _metadata: { major_version: 2, minor_version: 1 },
    display_information: {
      name: "SmartCloudOps",
      description: "Answers questions about your systems from their metrics, with the query shown.",
      background_color: "#1f2933",
    },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: "ops", always_online: true },
      assistant_view: {
        assistant_description: "Ask about services, hosts, alerts and trends in plain words.",
        suggested_prompts: EXAMPLES.map((text) => ({ title: text, message: text })),
      },
      slash_commands: [
        {
          command: "/ops",
          ...url,
          description: "Ask about your systems",
          usage_hint: ["help", ...CHAT_COMMANDS.map(({ name, usage }) => `${name} ${usage}`.trim())].join(" | "),
          should_escape: true,
        },
      ],
    },
    oauth_config: { scopes: { bot: Object.keys(SCOPES) } },
    settings: {
      event_subscriptions: { ...requestUrl, bot_events: EVENTS },
      interactivity: { is_enabled: true, ...requestUrl },
      org_deploy_enabled: false,
      socket_mode_enabled: mode === "socket",
      token_rotation_enabled: false,
    },
  };
}

const HOW: Readonly<Record<Mode, string>> = {
  socket: `Paste at https://api.slack.com/apps?new_app=1 under "From a manifest". The bot connects to Slack by itself.
Afterwards: install the app; SLACK_BOT_TOKEN is under OAuth & Permissions (xoxb-...);
SLACK_APP_TOKEN is made under Basic Information, App-Level Tokens, scope connections:write (xapp-...).`,
  http: `Replace YOUR-HOST.example (three times) by where Slack reaches the bot's server, and start the bot first.
Paste at https://api.slack.com/apps?new_app=1 under "From a manifest" and install the app.
SLACK_BOT_TOKEN is under OAuth & Permissions (xoxb-...); SLACK_SIGNING_SECRET under Basic Information.`,
};

/** The whole file, comments included. */
export function manifestFile(mode: Mode): string {
  const scopes = Object.entries(SCOPES).map(([scope, why]) => `  ${scope}: ${why}`);
  const head = [HOW[mode], "What each scope is for:", ...scopes].join("\n");
  const comment = head.replace(/^/gm, "# ");
  return `${comment}\n${stringify(manifestOf(mode), { lineWidth: 0 })}`;
}

export function pathOf(mode: Mode): string {
  return fileURLToPath(new URL(`../../manifests/slack/manifest.${mode}.yaml`, import.meta.url));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const mode of ["socket", "http"] as const) writeFileSync(pathOf(mode), manifestFile(mode));
}

/** What is in the repository. */
export function keptFile(mode: Mode): string {
  return readFileSync(pathOf(mode), "utf8");
}
