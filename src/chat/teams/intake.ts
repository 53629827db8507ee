import type { Visitor } from "../../core/access.ts";
import type { Place, User } from "../../core/chat.ts";
import { readCommand } from "../../core/command-table.ts";
import { type Urgency, urgencyOfClick, urgencyOfText } from "../../core/urgency.ts";
import { safeZone } from "../../core/zone.ts";
import { type Decided, readDecided } from "./decide-action.ts";
import { type Activity, ButtonData, ClientInfo, ExecuteValue, FeedbackValue, Mention, readActivity } from "./schema.ts";

/** What an activity means for the bot. */
export type Heard =
  | { readonly kind: "ask"; readonly text: string }
  | { readonly kind: "help"; readonly unknown?: string }
  | { readonly kind: "added" }
  | { readonly kind: "removed" }
  /** A click on one of our buttons, answered within its own request. */
  | { readonly kind: "click"; readonly text: string }
  /** A click on the button that ends the further look into a question. */
  | { readonly kind: "enough"; readonly question: string }
  /** A click on a button of a proposal's card: `message` is the one that was clicked on. */
  | { readonly kind: "decide"; readonly decided: Decided; readonly message: string | undefined }
  | { readonly kind: "feedback"; readonly message: string; readonly helpful: boolean }
  | { readonly kind: "unreadable" }
  | { readonly kind: "nothing" };

/** UTF-16 units that are looked at: more than any question may have, so that a longer one is told that it was cut. */
const LONGEST = 20_001;

/** An activity that passed the gate -> what to do about it. Never throws. */
export function hear(activity: Activity): Heard {
  if (activity.from.id === activity.recipient.id || activity.from.role === "bot") return { kind: "nothing" };
  switch (activity.type) {
    case "message":
      return hearMessage(activity);
    case "invoke":
      return hearInvoke(activity);
    case "installationUpdate":
      return { kind: activity.action?.startsWith("remove") === true ? "removed" : "added" };
    case "conversationUpdate":
      return hearMembers(activity);
    default:
      return { kind: "nothing" };
  }
}

/** How soon an activity has its turn. Never throws. */
export function urgencyOf(body: unknown): Urgency {
  const activity = readActivity(body);
  const heard: Heard = "problem" in activity ? { kind: "unreadable" } : hear(activity);
  if (heard.kind === "decide") return urgencyOfClick(heard.decided.decision);
  return heard.kind === "ask" || heard.kind === "click" ? urgencyOfText(heard.text) : "usual";
}

function hearMessage(activity: Activity): Heard {
  const typed = textOf(activity);
  const click = typed === "" ? ButtonData.safeParse(activity.value) : undefined;
  const action = click?.data?.action;
  if (action !== undefined) return action.kind === "enough" ? action : { kind: "ask", text: action.text };
  return readCommand(typed);
}

function hearInvoke({ name, value, replyToId }: Activity): Heard {
  if (name === "adaptiveCard/action") {
    const decided = readDecided(value);
    if (decided !== undefined) return { kind: "decide", decided, message: replyToId ?? undefined };
    const action = ExecuteValue.safeParse(value).data?.action.data.action;
    if (action === undefined) return { kind: "unreadable" };
    return action.kind === "enough" ? action : { kind: "click", text: action.text };
  }
  if (name === "message/submitAction") {
    const read = FeedbackValue.safeParse(value);
    if (!read.success || typeof replyToId !== "string") return { kind: "unreadable" };
    return { kind: "feedback", message: replyToId, helpful: read.data.actionValue.reaction === "like" };
  }
  return { kind: "unreadable" };
}

function hearMembers({ membersAdded, membersRemoved, recipient }: Activity): Heard {
  if (membersAdded?.some(({ id }) => id === recipient.id) === true) return { kind: "added" };
  if (membersRemoved?.some(({ id }) => id === recipient.id) === true) return { kind: "removed" };
  return { kind: "nothing" };
}

/** What was typed, without the mention of the bot that wakes it in channels, as plain text. */
export function textOf({ text, entities, recipient }: Activity): string {
  let typed = (text ?? "").slice(0, LONGEST);
  for (const entity of entities ?? []) {
    const read = Mention.safeParse(entity);
    if (read.success && read.data.mentioned.id === recipient.id && read.data.text)
      typed = typed.replaceAll(read.data.text, " ");
  }
  // Other people's mentions stay as their names; tags go, as Teams sends `<p>` and the like from some clients.
  return decode(typed.replace(/<\/?(at|p|div|span|br)\b[^<>]{0,200}>/gi, " "))
    .replace(/[\s\u00a0]+/g, " ")
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** HTML entities as the characters they stand for; those nobody knows stay as they are. */
function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : whole;
  });
}

// ---------------------------------------------------------------- who and where

/** The conversation's id without the message that its thread hangs on. */
export function channelOf(conversation: string): string {
  return conversation.split(";messageid=")[0]!;
}

/** Channels have threads, named after their first message. Chats of two or more people are one thread. */
export function placeOf({ conversation, id }: Activity): Place {
  const channel = channelOf(conversation.id);
  const root = conversation.id.split(";messageid=")[1];
  const isChannel = conversation.conversationType === "channel";
  return { platform: "teams", channel, thread: isChannel ? (root ?? id) : channel };
}

/** The channel or chat as a whole: where the bot greets, and what is kept to reach it again. */
export function wholeOf(channel: string): Place {
  return { platform: "teams", channel, thread: channel };
}

/** The id that the connector knows a place by. */
export function conversationOf({ channel, thread }: Place): string {
  return thread === channel ? channel : `${channel};messageid=${thread}`;
}

/** Who asks. `isGuest` is what the activity itself says: most say nothing. */
export function visitorOf(activity: Activity): Visitor {
  const { from, conversation, channelData } = activity;
  const home = (conversation.tenantId ?? channelData?.tenant?.id ?? "").toLowerCase();
  const theirs = (from.tenantId ?? "").toLowerCase();
  const zone = zoneOf(activity);
  const user: User = {
    platform: "teams",
    id: from.aadObjectId ? `${theirs || home}/${from.aadObjectId}`.replace(/^\//, "") : from.id,
    name: from.name ?? "",
    ...(zone === undefined ? {} : { zone }),
  };
  const role = (from.userRole ?? from.role ?? "").toLowerCase();
  return { user, place: placeOf(activity), isGuest: role === "guest", isExternal: theirs !== "" && theirs !== home };
}

/** The person's time zone, when their client says one that exists. */
export function zoneOf({ localTimezone, entities }: Activity): string | undefined {
  const said = (entities ?? []).map((entity) => ClientInfo.safeParse(entity)).find((read) => read.success);
  for (const zone of [localTimezone, said?.data.timezone])
    if (typeof zone === "string" && zone.includes("/") && safeZone(zone) === zone) return zone;
  return undefined;
}
