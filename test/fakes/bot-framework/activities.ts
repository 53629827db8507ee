import { APP_ID, TENANT } from "./index.ts";

/** Activities as Teams sends them, written from the protocol. `serviceUrl` is the stand-in's. */

export const BOT = { id: `28:${APP_ID}`, name: "SmartCloudOps" };
export const ALICE = {
  id: "29:alice",
  name: "Alice Archer",
  aadObjectId: "00000000-0000-0000-0000-00000000a11c",
};

export type Json = Readonly<Record<string, unknown>>;
let count = 0;

/** A message in a chat of two. */
export function personal(serviceUrl: string, text: string, more: Json = {}): Json {
  return {
    type: "message",
    id: `${1_700_000_000_000 + ++count}`,
    timestamp: "2026-11-21T06:00:00.000Z",
    localTimezone: "Europe/Berlin",
    channelId: "msteams",
    serviceUrl,
    from: ALICE,
    recipient: BOT,
    conversation: { conversationType: "personal", tenantId: TENANT, id: "a:chat-with-alice" },
    channelData: { tenant: { id: TENANT } },
    text,
    textFormat: "plain",
    entities: [{ type: "clientInfo", locale: "en-US", country: "US", platform: "Web", timezone: "Europe/Berlin" }],
    ...more,
  };
}

/** A message that mentions the bot in a channel, in the thread of `root`. */
export function channel(serviceUrl: string, text: string, root: string, more: Json = {}): Json {
  return personal(serviceUrl, `<at>SmartCloudOps</at> ${text}`, {
    conversation: {
      conversationType: "channel",
      isGroup: true,
      tenantId: TENANT,
      id: `19:general@thread.tacv2;messageid=${root}`,
    },
    channelData: {
      tenant: { id: TENANT },
      team: { id: "19:team@thread.tacv2" },
      channel: { id: "19:general@thread.tacv2" },
    },
    entities: [{ type: "mention", mentioned: BOT, text: "<at>SmartCloudOps</at>" }],
    ...more,
  });
}

/** A message that mentions the bot in a chat of several people. */
export function group(serviceUrl: string, text: string, more: Json = {}): Json {
  return channel(serviceUrl, text, "", {
    conversation: { conversationType: "groupChat", isGroup: true, tenantId: TENANT, id: "19:group@thread.v2" },
    channelData: { tenant: { id: TENANT } },
    ...more,
  });
}

/** A click on an `Action.Execute`. */
export function click(serviceUrl: string, data: unknown, more: Json = {}): Json {
  return personal(serviceUrl, "", {
    type: "invoke",
    name: "adaptiveCard/action",
    value: { action: { type: "Action.Execute", verb: "ask", data }, trigger: "manual" },
    ...more,
  });
}

/** The bot is added to (or with `remove` removed from) the chat of two. */
export function installed(serviceUrl: string, action: "add" | "remove", more: Json = {}): Json {
  return personal(serviceUrl, "", { type: "installationUpdate", action, text: undefined, ...more });
}
