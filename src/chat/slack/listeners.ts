import { isDeepStrictEqual } from "node:util";
import type { App, Context } from "@slack/bolt";
import type { Reach } from "../../core/access.ts";
import { ASK_AGAIN, type Card } from "../../core/card.ts";
import type { Place } from "../../core/chat.ts";
import { readCommand } from "../../core/command-table.ts";
import type { DealHow, Live, LiveOn, SurfaceDeps } from "../../ports/chat.ts";
import { sha256 } from "../../util/canonical.ts";
import type { Log } from "../../util/log.ts";
import { bestEffort, onAssistant, onHome, onJoined, onLeft, onRemoved, say } from "./around.ts";
import { helpCard, renderPrivate, withQuestion } from "./cards.ts";
import { idOfClick, onDecision, onForm } from "./decisions.ts";
import { draftHint } from "./drafts.ts";
import { type Api, threadOf } from "./message.ts";
import type { createPeople, Person } from "./people.ts";
import type { Replies } from "./replies.ts";
import { Click, Command, MessageEvent, Opened, readAction, readOpinion } from "./schema.ts";
import { readText } from "./text.ts";

export type ListenerDeps = Omit<SurfaceDeps, "live"> & {
  readonly api: Api;
  readonly people: ReturnType<typeof createPeople>;
  readonly replies: Replies;
  /** The slash command, as help shows it. */
  readonly command: string;
  readonly botUserId: string;
  /** The workspace's own address, such as "https://example.slack.com/". */
  readonly site: string | undefined;
  /** Shows an answer on its way. */
  readonly liveIn: (message: Parameters<LiveOn>[1]) => Live;
  /** Notes the zone of whoever asked last there. */
  readonly noteZone: (place: Place, zone: string | undefined) => void;
  readonly log: Log;
};

/** Nobody saw the command, and where the bot is no member its card cannot be posted. */
const APART: Card = {
  title: "Proposed: its card follows in this channel.",
  tone: "info",
  blocks: [
    {
      kind: "note",
      text: "If it does not, invite me to the channel and ask again; `smartcloudops proposals list` has it too.",
    },
  ],
};

/** An event's own part, as far as it decides who deals with it. */
type Heard = { readonly type: string; readonly channel_type?: string };

/** What a person asked, from wherever it came. */
type Asked = {
  /** The same for the same message, command or click. */
  readonly id: string;
  readonly place: Place;
  readonly user: string;
  readonly hint: { readonly name?: string; readonly team?: string };
  readonly text: string;
  readonly command: string;
  /** Others did not see the question: it is repeated above the answer. */
  readonly isHidden: boolean;
  /** How a command is answered where the bot cannot post, see `Replies`. */
  readonly reply?: string;
  readonly how: DealHow;
  /** Says something to that person alone. */
  readonly tell: (card: Card) => Promise<void>;
};

/** Slack's events -> questions -> the outbox. Everything was acknowledged before it comes here. */
export function listen(app: App, deps: ListenerDeps): void {
  // One listener for all: bolt asks each of them about each event.
  app.event(/./, ({ event, body, context }) => onEvent(event, body, howOf(context), deps));
  app.command(/^\//, ({ body, context }) => onCommand(body, howOf(context), deps));
  app.action(/^ask:\d+$/, ({ body, context }) => onButton(body, howOf(context), deps));
  app.action(/^enough:\d+$/, ({ body, context }) => onEnough(body, howOf(context), deps));
  app.action(/^decide:/, ({ body, context }) => onDecision(body, howOf(context), deps));
  app.view("decide", ({ body, context }) => onForm(body, howOf(context), deps));
  app.action("feedback", ({ body }) => onFeedback(body, deps));
  app.error(async (err) => deps.log.error({ err }, "something from Slack could not be handled"));
}

/** What was given to bolt together with the event. */
function howOf(context: Context): DealHow {
  return context as unknown as DealHow;
}

async function onEvent(event: Heard, body: unknown, how: DealHow, deps: ListenerDeps): Promise<void> {
  switch (event.type) {
    case "app_mention":
      return onMessage(event, body, how, deps);
    case "message":
      // In channels the bot hears what mentions it, and nothing else.
      return event.channel_type === "im" ? onMessage(event, body, how, deps) : undefined;
    case "app_home_opened":
      return onHome(event, deps);
    case "assistant_thread_started":
      return onAssistant(event, deps);
    case "member_joined_channel":
      return onJoined(event, (body as { event_id?: unknown }).event_id, deps);
    case "channel_left":
    case "group_left":
      return onLeft(event, deps);
    case "app_uninstalled":
    case "tokens_revoked":
      return onRemoved(event.type, deps);
    default:
      return undefined; // something that the app was subscribed to and nobody here needs
  }
}

// ---------------------------------------------------------------- questions

async function onMessage(event: unknown, body: unknown, how: DealHow, deps: ListenerDeps): Promise<void> {
  const message = MessageEvent.safeParse(event).data;
  if (message === undefined || message.bot_id !== undefined || !SPOKEN.has(message.subtype)) return;
  if (message.edited !== undefined || message.user === deps.botUserId) return;
  const isDirect = message.channel_type === "im" || message.channel.startsWith("D");
  const thread = message.thread_ts ?? (isDirect ? "" : message.ts);
  const place: Place = { platform: "slack", channel: message.channel, thread };
  // The audit keeps it for good, and a direct channel is one person's: it says nobody's name.
  const said = `${message.channel}:${message.ts}`;
  const id = `slack:${isDirect ? `direct:${sha256(said).slice(0, 32)}` : said}`;
  const tell = isDirect
    ? (card: Card) => say(`tell:${id}`, place, card, deps)
    : (card: Card) => deps.replies.ephemeral(place, message.user, renderPrivate(card));
  await ask(
    {
      id,
      place,
      user: message.user,
      hint: { ...teamOf(message.user_team, body) },
      text: readText(message.text, deps.botUserId),
      command: deps.command,
      isHidden: false,
      how,
      tell,
    },
    deps,
  );
}

/** The person's workspace, where the event tells it. */
function teamOf(userTeam: string | undefined, body: unknown): { readonly team?: string } {
  if (userTeam !== undefined) return { team: userTeam };
  const { event } = body as { event?: { source_team?: unknown } };
  return typeof event?.source_team === "string" ? { team: event.source_team } : {};
}

async function onCommand(body: unknown, how: DealHow, deps: ListenerDeps): Promise<void> {
  const command = Command.safeParse(body).data;
  if (command === undefined) return;
  const id = `slack:command:${command.trigger_id ?? sha256(`${command.channel_id}:${deps.clock()}`).slice(0, 32)}`;
  const place: Place = { platform: "slack", channel: command.channel_id, thread: "" };
  await ask(
    {
      id,
      place,
      user: command.user_id,
      hint: { ...(command.user_name !== "" && { name: command.user_name }) },
      text: readText(command.text, deps.botUserId),
      command: command.command,
      isHidden: true,
      reply: deps.replies.hintOf(command.user_id, command.response_url),
      how,
      tell: (card) => deps.replies.private(command.response_url, place, command.user_id, renderPrivate(card)),
    },
    deps,
  );
}

async function onButton(body: unknown, how: DealHow, deps: ListenerDeps): Promise<void> {
  const click = Click.safeParse(body).data;
  const action = click === undefined ? undefined : readAction(click.actions[0]!.value);
  if (click === undefined || action?.kind !== "ask") return;
  const place = await placeOf(click, deps);
  const id = idOfClick(click, click.actions[0]!.action_ts ?? String(deps.clock()));
  const name = click.user.name ?? click.user.username;
  await ask(
    {
      id,
      place,
      user: click.user.id,
      hint: {
        ...(name !== undefined && { name }),
        ...(click.user.team_id !== undefined && { team: click.user.team_id }),
      },
      text: action.text,
      command: deps.command,
      isHidden: true,
      how,
      tell: (card) => deps.replies.private(click.response_url, place, click.user.id, renderPrivate(card)),
    },
    deps,
  );
}

/** What is said of a wish that a look ends. One that ends shows that itself. */
const NO_MORE = {
  stopping: undefined,
  over: "That look is over already.",
  unknown: "I cannot pass that on just now. Press it again in a moment.",
} as const;

/** "Stop looking": by anybody who may ask there. */
async function onEnough(body: unknown, how: DealHow, deps: ListenerDeps): Promise<void> {
  const click = Click.safeParse(body).data;
  const action = click === undefined ? undefined : readAction(click.actions[0]!.value);
  if (click === undefined || action?.kind !== "enough" || how.late) return;
  const place = await placeOf(click, deps);
  const name = click.user.name ?? click.user.username;
  const person = await deps.people(click.user.id, { ...(name !== undefined && { name }) });
  const reach = reachOf(person, place, deps.mayRead);
  const tell = (title: string) =>
    deps.replies.aside(place, click.user.id, renderPrivate({ title, tone: "info", blocks: [] }), click.response_url);
  if (!reach.allowed) return tell(reach.reason);
  const told = NO_MORE[await deps.enough(action.question, place, person.user.name)];
  if (told !== undefined) return tell(told);
}

/** Where the message with the button is; a click in the home tab goes on in the direct messages. */
async function placeOf(click: Click, deps: ListenerDeps): Promise<Place> {
  const channel = click.channel?.id ?? click.container?.channel_id;
  if (channel !== undefined) {
    const thread = click.message?.thread_ts ?? click.container?.thread_ts ?? "";
    return { platform: "slack", channel, thread };
  }
  const opened = Opened.parse(await deps.api.apiCall("conversations.open", { users: click.user.id }));
  return { platform: "slack", channel: opened.channel.id, thread: "" };
}

/** A person's own words: plain, with a file, or a reply that is shown in the channel too. */
const SPOKEN: ReadonlySet<string | undefined> = new Set([undefined, "file_share", "thread_broadcast"]);

/** Of somebody whom Slack does not tell, only what is the same for everybody counts. */
function reachOf(person: Person, place: Place, mayRead: ListenerDeps["mayRead"]): Reach {
  const { user, isGuest, isExternal, isKnown } = person;
  const reach = mayRead({ user, place, isGuest, isExternal });
  if (isKnown) return reach;
  const others = [
    mayRead({ user, place, isGuest: true, isExternal: false }),
    mayRead({ user, place, isGuest: false, isExternal: true }),
  ];
  if (others.every((other) => isDeepStrictEqual(other, reach))) return reach;
  return { allowed: false, reason: "I could not look up your account in Slack just now. Ask again in a minute." };
}

async function ask(asked: Asked, deps: ListenerDeps): Promise<void> {
  const { late, signal } = asked.how;
  const answer = `answer:${asked.id}`;
  const hint = draftHint(asked.user, asked.hint.team);
  const live = deps.liveIn({ id: answer, place: asked.place, hint });
  /** In the place of what was shown of the answer, else to that person alone. */
  const sayOrTell = (card: Card, draft: string | undefined) =>
    draft === undefined ? asked.tell(card) : say(answer, asked.place, card, deps, { edits: draft });
  try {
    if (late) return await sayOrTell(ASK_AGAIN, await live.end());
    const read = readCommand(asked.text);
    if (read.kind === "help") return await asked.tell(helpCard(asked.command, read.unknown));
    const person = await deps.people(asked.user, asked.hint);
    const { user } = person;
    const reach = reachOf(person, asked.place, deps.mayRead);
    if (!reach.allowed) return await asked.tell({ title: reach.reason, tone: "info", blocks: [] });
    deps.noteZone(asked.place, user.zone);
    await showWorking(asked.place, deps);
    const sources = reach.sources !== undefined && { sources: reach.sources };
    const outsider = (person.isGuest || person.isExternal || !person.isKnown) && { isOutsider: true as const };
    const question = {
      id: asked.id,
      place: asked.place,
      user,
      text: read.text,
      at: deps.clock(),
      ...sources,
      ...outsider,
    };
    const said = await deps.ask(question, signal, live.onlooker);
    // What stops now is answered after the restart, in the place of what was shown.
    const draft = await live.end();
    if (signal.aborted) return;
    if (draft !== undefined && (said.repeated ?? said.shownApart ?? said.isPrivate) !== undefined)
      await say(answer, asked.place, said.card, deps, { edits: draft });
    if (said.shownApart === true && asked.isHidden) return await asked.tell(APART);
    if (said.repeated === true || said.shownApart === true) return;
    if (said.isPrivate === true) return await asked.tell(said.card);
    const card = asked.isHidden ? withQuestion(said.card, user.name, read.text) : said.card;
    const { id, place, reply: hint } = asked;
    const more = {
      ...(said.failed !== true && { answer: id }),
      ...(hint !== undefined && { hint }),
      ...(draft !== undefined && { edits: draft }),
    };
    await say(answer, place, card, deps, more);
  } catch (err) {
    if (signal.aborted) return;
    deps.log.error({ err, id: asked.id }, "a question from Slack could not be answered");
    await sayOrTell(NOT_NOW, await live.end());
  } finally {
    void live.end();
  }
}

const NOT_NOW: Card = { title: "I could not answer that just now. Please ask again.", tone: "warning", blocks: [] };

/** "is looking it up" beside the bot's name, in threads of direct messages. It goes when the answer comes. */
async function showWorking(place: Place, deps: ListenerDeps): Promise<void> {
  const thread = threadOf(place);
  if (thread === undefined || !place.channel.startsWith("D")) return;
  await bestEffort("assistant.threads.setStatus", deps, {
    channel_id: place.channel,
    thread_ts: thread,
    status: "is looking it up…",
  });
}

// ---------------------------------------------------------------- feedback

async function onFeedback(body: unknown, deps: ListenerDeps): Promise<void> {
  const click = Click.safeParse(body).data;
  const opinion = click === undefined ? undefined : readOpinion(click.actions[0]!.value);
  if (click === undefined || opinion === undefined) return;
  const name = click.user.name ?? click.user.username ?? click.user.id;
  const user = { platform: "slack", id: click.user.id, name };
  await deps.store.feedback.save({ ...opinion, user, at: deps.clock() });
}
