import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, it } from "vitest";
import { parse } from "yaml";
import { CHAT_COMMANDS } from "../../../src/core/command-table.ts";
import { keptFile, manifestFile } from "../../tools/slack-manifests.ts";

/** What Slack's reference of manifests demands of the parts that are used. Nothing else may be there. */
const text = (most: number, least = 1) => ({ type: "string", minLength: least, maxLength: most });
const bool = { type: "boolean" };
const url = { type: "string", pattern: "^https://", maxLength: 3000 };
const closed = (properties: object, required: readonly string[] = Object.keys(properties)) => ({
  type: "object",
  additionalProperties: false,
  properties,
  required,
});
const list = (items: object, maxItems: number) => ({ type: "array", items, minItems: 1, maxItems, uniqueItems: true });
const prompt = closed({ title: text(100), message: text(300) });
const SCHEMA = closed({
  _metadata: closed({ major_version: { const: 2 }, minor_version: { type: "integer" } }),
  display_information: closed({
    name: text(35),
    description: text(140),
    background_color: { type: "string", pattern: "^#[0-9a-f]{6}$" },
  }),
  features: closed({
    app_home: closed({ home_tab_enabled: bool, messages_tab_enabled: bool, messages_tab_read_only_enabled: bool }),
    bot_user: closed({ display_name: { ...text(80), pattern: "^[a-z0-9._-]+$" }, always_online: bool }),
    assistant_view: closed({ assistant_description: text(300), suggested_prompts: list(prompt, 4) }),
    slash_commands: list(
      closed(
        {
          command: { ...text(32, 2), pattern: "^/[a-z0-9_-]+$" },
          url,
          description: text(2000),
          usage_hint: text(1000),
          should_escape: bool,
        },
        ["command", "description"],
      ),
      50,
    ),
  }),
  oauth_config: closed({ scopes: closed({ bot: list({ type: "string", pattern: "^[a-z_]+(:[a-z]+)?$" }, 255) }) }),
  settings: closed({
    event_subscriptions: closed({ request_url: url, bot_events: list(text(100), 100) }, ["bot_events"]),
    interactivity: closed({ is_enabled: bool, request_url: url }, ["is_enabled"]),
    org_deploy_enabled: bool,
    socket_mode_enabled: bool,
    token_rotation_enabled: bool,
  }),
});

/** Scopes that Slack asks for with an event or a method. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  app_mention: ["app_mentions:read"],
  assistant_thread_started: ["assistant:write"],
  channel_left: ["channels:read"],
  group_left: ["groups:read"],
  member_joined_channel: ["channels:read", "groups:read"],
  "message.im": ["im:history"],
  "chat.postMessage": ["chat:write"],
  "conversations.history": ["channels:history", "groups:history", "im:history"],
  "conversations.open": ["im:write"],
  "usergroups.users.list": ["usergroups:read"],
  "users.info": ["users:read"],
  "files.getUploadURLExternal": ["files:write"],
  command: ["commands"],
};

type Manifest = {
  features: { slash_commands: { usage_hint: string; url?: string }[] };
  oauth_config: { scopes: { bot: string[] } };
  settings: {
    socket_mode_enabled: boolean;
    event_subscriptions: { bot_events: string[]; request_url?: string };
    interactivity: { request_url?: string };
  };
};

for (const mode of ["socket", "http"] as const) {
  describe(`the Slack manifest for ${mode} mode`, () => {
    const manifest = parse(keptFile(mode)) as Manifest;

    it("is what the table of commands makes: node test/tools/slack-manifests.ts", () => {
      assert.equal(keptFile(mode), manifestFile(mode));
      for (const { name } of CHAT_COMMANDS)
        assert.match(manifest.features.slash_commands[0]!.usage_hint, new RegExp(name));
    });

    it("has the shape that Slack takes", () => {
      const validate = new Ajv({ allErrors: true }).compile(SCHEMA);
      assert.ok(validate(manifest), JSON.stringify(validate.errors));
    });

    it("asks for the scopes that it needs and no others", () => {
      const wanted = new Set(Object.values(NEEDS).flat());
      assert.deepEqual(manifest.oauth_config.scopes.bot, [...wanted].toSorted());
    });

    it("hears the events that the bot listens to", () => {
      const source = readFileSync(new URL("../../../src/chat/slack/listeners.ts", import.meta.url), "utf8");
      for (const event of manifest.settings.event_subscriptions.bot_events) {
        assert.ok(source.includes(`"${event.replace(/\..*/, "")}"`), event);
      }
    });

    it("names the address where Slack calls, when it does", () => {
      const { settings, features } = manifest;
      assert.equal(settings.socket_mode_enabled, mode === "socket");
      const urls = [settings.event_subscriptions.request_url, settings.interactivity.request_url];
      for (const one of [...urls, features.slash_commands[0]!.url]) {
        assert.equal(one?.endsWith("/slack/events"), mode === "http" ? true : undefined);
      }
    });
  });
}
