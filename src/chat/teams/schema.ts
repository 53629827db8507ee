import { z } from "zod";

/** What is read of the Bot Framework's JSON. Everything else in it is left alone. */

const id = z.string().min(1).max(2048);
const name = z.string().max(1000).nullish();

const Account = z.object({
  id,
  name,
  aadObjectId: z.string().max(100).nullish(),
  tenantId: z.string().max(100).nullish(),
  role: z.string().max(50).nullish(),
  userRole: z.string().max(50).nullish(),
});

const ActivityShape = z.object({
  type: z.string().min(1).max(100),
  id,
  channelId: z.string().max(100),
  serviceUrl: z.string().max(2048),
  name: z.string().max(200).nullish(),
  action: z.string().max(50).nullish(),
  text: z.string().nullish(),
  localTimezone: z.string().max(100).nullish(),
  replyToId: z.string().max(2048).nullish(),
  from: Account,
  recipient: Account,
  conversation: z.object({
    id,
    conversationType: z.string().max(50).nullish(),
    isGroup: z.boolean().nullish(),
    tenantId: z.string().max(100).nullish(),
  }),
  channelData: z
    .object({
      tenant: z.object({ id: z.string().max(100) }).nullish(),
      team: z.object({ id: z.string().max(2048).nullish() }).nullish(),
      channel: z.object({ id: z.string().max(2048).nullish() }).nullish(),
    })
    .nullish(),
  membersAdded: z.array(z.object({ id })).max(10_000).nullish(),
  membersRemoved: z.array(z.object({ id })).max(10_000).nullish(),
  entities: z.array(z.unknown()).max(1000).nullish(),
  value: z.unknown().optional(),
});

/** An activity as the channel sends it, with the parts that the bot relies on present. */
export type Activity = z.infer<typeof ActivityShape>;

/** Undefined when a part that the bot relies on is missing or of another type, else the activity. Never throws. */
export function readActivity(value: unknown): Activity | { readonly problem: string } {
  const read = ActivityShape.safeParse(value);
  if (read.success) return read.data;
  const path = read.error.issues[0]?.path.join(".") ?? "";
  return {
    problem: path === "" ? "the body is not a JSON object" : `${path.slice(0, 60)} is missing or not as expected`,
  };
}

/** Something in `entities` that says who is mentioned. */
export const Mention = z.object({
  type: z.literal("mention"),
  text: z.string().max(2000).nullish(),
  mentioned: z.object({ id: z.string() }),
});

export const ClientInfo = z.object({ type: z.literal("clientInfo"), timezone: z.string().max(100).nullish() });

/** What a click means, as our own buttons carry it. */
export const AskAction = z.object({ kind: z.literal("ask"), text: z.string().trim().min(1).max(4000) });

const EnoughAction = z.object({ kind: z.literal("enough"), question: z.string().min(1).max(500) });

/** `value` of `Action.Submit`, and of `Action.Execute` inside `action.data`. */
export const ButtonData = z.object({ action: z.discriminatedUnion("kind", [AskAction, EnoughAction]) });

export const ExecuteValue = z.object({ action: z.object({ data: ButtonData }) });

export const FeedbackValue = z.object({
  actionName: z.literal("feedback"),
  actionValue: z.object({ reaction: z.enum(["like", "dislike"]) }),
});

/** What is needed to reach a conversation again, as it is kept in the store. */
export const Reference = z.object({
  serviceUrl: z.string(),
  conversationType: z.string(),
  tenantId: z.string().optional(),
  bot: z.object({ id: z.string(), name: z.string() }),
  team: z.string().optional(),
  /** The person's zone, in a conversation of two. */
  zone: z.string().optional(),
  /** Whose conversation of two it is. */
  person: z.string().optional(),
});
export type Reference = z.infer<typeof Reference>;

/** The two documents that tell the channel's keys. */
export const OpenIdConfiguration = z.object({ jwks_uri: z.string().max(2048) });
export const KeySet = z.object({
  keys: z
    .array(
      z.object({
        kty: z.string(),
        kid: z.string().optional(),
        n: z.string().optional(),
        e: z.string().optional(),
        endorsements: z.array(z.string()).optional(),
      }),
    )
    .max(1000),
});

/** One member of a conversation, of which only the role is read. */
export const Member = z.object({ userRole: z.string().nullish(), tenantId: z.string().nullish() });

export const TokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().default(3600) });
