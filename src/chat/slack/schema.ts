import { z } from "zod";
import { type ButtonAction, CLICKS } from "../../core/card.ts";

/** What Slack sends, read once. Only the fields that are used are asked for; everything else is dropped. */

const id = z.string().min(1).max(255);

/** The outside of an event, a slash command and a click: who sent it, and what makes it the same one again. */
export const Envelope = z.union([
  z.object({
    type: z.literal("event_callback"),
    event_id: id,
    team_id: id.optional(),
    api_app_id: id.optional(),
    event: z.looseObject({ type: id }),
  }),
  z.object({
    command: z.string().startsWith("/").max(100),
    team_id: id,
    api_app_id: id.optional(),
    trigger_id: id.optional(),
    user_id: id,
    channel_id: id,
  }),
  z.object({
    type: z.enum(["block_actions", "view_submission", "view_closed", "shortcut", "message_action", "block_suggestion"]),
    team: z.object({ id }).nullish(),
    user: z.object({ id, team_id: id.optional() }),
    api_app_id: id.optional(),
    trigger_id: id.optional(),
    // Bolt reads the first of them without looking whether there is one.
    actions: z
      .array(z.looseObject({ action_id: z.string() }))
      .min(1)
      .optional(),
  }),
]);
export type Envelope = z.infer<typeof Envelope>;

const ts = z.string().regex(/^\d{1,12}\.\d{1,9}$/);

/** A message or a mention. Bots and everything but a person's plain words are told by `bot_id` and `subtype`. */
export const MessageEvent = z.object({
  user: id,
  channel: id,
  ts,
  thread_ts: ts.optional(),
  text: z.string().default(""),
  channel_type: z.string().optional(),
  bot_id: z.string().optional(),
  subtype: z.string().optional(),
  user_team: z.string().optional(),
  edited: z.unknown().optional(),
});
export type MessageEvent = z.infer<typeof MessageEvent>;

export const HomeEvent = z.object({ user: id, tab: z.string().default("home") });
export const JoinedEvent = z.object({ user: id, channel: id, team: z.string().optional() });
export const ChannelEvent = z.object({ channel: id });
export const AssistantEvent = z.object({ assistant_thread: z.object({ channel_id: id, thread_ts: ts }) });

export const Command = z.object({
  command: z.string(),
  text: z.string().default(""),
  user_id: id,
  user_name: z.string().default(""),
  channel_id: id,
  team_id: id,
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
});
export type Command = z.infer<typeof Command>;

/** A click on one of our buttons. `channel` is absent in the App Home. */
export const Click = z.object({
  team: z.object({ id }).nullish(),
  api_app_id: id.optional(),
  user: z.object({ id, name: z.string().optional(), username: z.string().optional(), team_id: z.string().optional() }),
  trigger_id: z.string().optional(),
  response_url: z.string().optional(),
  channel: z.object({ id }).optional(),
  message: z.object({ ts, thread_ts: ts.optional(), app_id: z.string().nullish() }).optional(),
  container: z
    .object({
      type: z.string().optional(),
      is_ephemeral: z.boolean().optional(),
      thread_ts: ts.optional(),
      message_ts: ts.optional(),
      channel_id: id.optional(),
    })
    .optional(),
  actions: z
    .array(
      z.object({ action_id: z.string(), value: z.string().max(2000).default(""), action_ts: z.string().optional() }),
    )
    .min(1),
});
export type Click = z.infer<typeof Click>;

/** A form of ours, filled in. `state` holds what was typed, by block and element. */
export const Submission = z.object({
  team: z.object({ id }).nullish(),
  api_app_id: id.optional(),
  user: z.object({ id, name: z.string().optional(), username: z.string().optional(), team_id: z.string().optional() }),
  view: z.object({
    id,
    type: z.literal("modal"),
    callback_id: z.literal("decide"),
    app_id: z.string().nullish(),
    private_metadata: z.string().max(3000),
    state: z.object({
      values: z.record(z.string(), z.record(z.string(), z.object({ value: z.string().max(3000).nullish() }))),
    }),
  }),
});
export type Submission = z.infer<typeof Submission>;

/** What a form of ours is about, as it is kept in it while it is open. */
export const FormAbout = z.strictObject({
  v: z.literal(1),
  decision: z.enum(CLICKS),
  proposal: z.string().min(1).max(200),
  code: z.string().min(1).max(100),
  channel: id,
  thread: z.union([ts, z.literal("")]),
  /** The message whose button opened it, as the sender's reference. */
  message: z.string().max(300).optional(),
});
export type FormAbout = z.infer<typeof FormAbout>;

const Action = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ask"), text: z.string().min(1).max(2000) }),
  z.object({ kind: z.literal("enough"), question: z.string().min(1).max(500) }),
]);
const Opinion = z.object({ answer: z.string().min(1).max(500), helpful: z.boolean() });

/** What a button of ours carries, or undefined when it is nothing we wrote. */
export function readAction(value: string): (ButtonAction & { kind: "ask" | "enough" }) | undefined {
  return Action.safeParse(json(value)).data;
}

/** What a feedback button of ours carries, or undefined when it is nothing we wrote. */
export function readOpinion(value: string): { readonly answer: string; readonly helpful: boolean } | undefined {
  return Opinion.safeParse(json(value)).data;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const UserInfo = z.object({
  user: z.object({
    name: z.string().optional(),
    real_name: z.string().optional(),
    profile: z.object({ display_name: z.string().optional(), real_name: z.string().optional() }).optional(),
    tz: z.string().optional(),
    team_id: z.string().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    is_bot: z.boolean().optional(),
    deleted: z.boolean().optional(),
  }),
});

export const AuthTest = z.object({ team_id: id, user_id: id, bot_id: id.optional(), url: z.url().optional() });
export type AuthTest = z.infer<typeof AuthTest>;
export const BotInfo = z.object({ bot: z.object({ app_id: id }) });
export const Opened = z.object({ channel: z.object({ id }) });
export const Posted = z.object({ ts, channel: id });
export const UploadUrl = z.object({ upload_url: z.url(), file_id: id });

export const Page = z.object({
  messages: z.array(
    z.object({
      ts,
      bot_id: z.string().optional(),
      streaming_state: z.string().nullish().catch(undefined),
      metadata: z
        .object({ event_type: z.string(), event_payload: z.looseObject({}) })
        .nullish()
        .catch(undefined),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});
export type Page = z.infer<typeof Page>;

export const ChannelMembers = z.object({
  members: z.array(z.string()),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

export const GroupMembers = z.object({ users: z.array(z.string()) });
