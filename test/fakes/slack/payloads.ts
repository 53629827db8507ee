/** Bodies in the shape of Slack's protocol. All ids, names and tokens are invented. */

export const TEAM = "T0TESTTEAM";
export const APP = "A0TESTAPP1";
export const BOT = "B0TESTBOT1";
export const BOT_USER = "U0TESTBOT1";
export const OTHER_TEAM = "T0ELSEWHERE";

let counter = 0;
/** A new one each time, as the platform's own ids are. */
export function fresh(prefix: string): string {
  counter++;
  return `${prefix}${String(counter).padStart(8, "0")}`;
}

export function eventBody(event: Record<string, unknown>, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    token: "invented-verification-token",
    team_id: TEAM,
    context_team_id: TEAM,
    context_enterprise_id: null,
    api_app_id: APP,
    type: "event_callback",
    event_id: fresh("Ev"),
    event_time: 1_780_000_000,
    authorizations: [
      { enterprise_id: null, team_id: TEAM, user_id: BOT_USER, is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
    event_context: "4-invented",
    event,
    ...over,
  };
}

export function mentionEvent(text: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: "app_mention",
    user: "U0ALICE001",
    text: `<@${BOT_USER}> ${text}`,
    ts: stamp(),
    client_msg_id: "00000000-0000-4000-8000-000000000001",
    team: TEAM,
    channel: "C0GENERAL1",
    blocks: [],
    ...over,
    ...(over["ts"] === undefined ? {} : { event_ts: over["ts"] }),
  };
}

export function directEvent(text: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: "message",
    user: "U0ALICE001",
    text,
    ts: stamp(),
    team: TEAM,
    channel: "D0ALICE001",
    channel_type: "im",
    ...over,
  };
}

export function commandBody(text: string, over: Record<string, string> = {}): Record<string, string> {
  return {
    token: "invented-verification-token",
    team_id: TEAM,
    team_domain: "example",
    channel_id: "C0GENERAL1",
    channel_name: "general",
    user_id: "U0ALICE001",
    user_name: "alice",
    command: "/ops",
    text,
    api_app_id: APP,
    is_enterprise_install: "false",
    trigger_id: fresh("101.202."),
    ...over,
  };
}

export function clickBody(
  action: Record<string, unknown>,
  over: Record<string, unknown> = {},
): Record<string, unknown> {
  const ts = stamp();
  return {
    type: "block_actions",
    user: { id: "U0ALICE001", username: "alice", name: "alice", team_id: TEAM },
    api_app_id: APP,
    token: "invented-verification-token",
    container: { type: "message", message_ts: ts, channel_id: "C0GENERAL1", is_ephemeral: false },
    trigger_id: fresh("303.404."),
    team: { id: TEAM, domain: "example" },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: "C0GENERAL1", name: "general" },
    message: { type: "message", ts, text: "an answer", bot_id: BOT, app_id: APP, user: BOT_USER },
    actions: [{ block_id: "b1", type: "button", action_ts: ts, ...action }],
    ...over,
  };
}

/** A form that was filled in: `form` as Slack keeps it, `values` by block. */
export function formBody(
  form: Record<string, unknown>,
  values: Readonly<Record<string, string | null>>,
  over: Record<string, unknown> = {},
): Record<string, unknown> {
  const typed = Object.entries(values).map(([block, value]) => [block, { value: { type: "plain_text_input", value } }]);
  return {
    type: "view_submission",
    team: { id: TEAM, domain: "example" },
    user: { id: "U0ALICE001", username: "alice", name: "alice", team_id: TEAM },
    api_app_id: APP,
    token: "invented-verification-token",
    trigger_id: fresh("505.606."),
    view: { ...form, state: { values: Object.fromEntries(typed) }, hash: "1.invented", bot_id: BOT },
    response_urls: [],
    is_enterprise_install: false,
    enterprise: null,
    ...over,
  };
}

let tick = 0;
/** A message's time, which is also its name. */
export function stamp(): string {
  tick++;
  return `1780000000.${String(tick).padStart(6, "0")}`;
}
