import { isDeepStrictEqual } from "node:util";
import type { App, Context } from "@slack/bolt";
import type { Reach } from "../../core/access.ts";
import { ASK_AGAIN, type Card } from "../../core/card.ts";
import type { Place } from "../../core/chat.ts";
import { readCommand } from "../../core/command-table.ts";
import type { DealHow, ProposalLists, SurfaceDeps } from "../../ports.ts";
import { reasonOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { EXAMPLES, greetingCard, helpCard, renderPrivate, withQuestion } from "./cards.ts";
import { onDecision, onForm } from "./decisions.ts";
import { homeView } from "./home.ts";
import type { createPeople, Person } from "./people.ts";
import type { Replies } from "./replies.ts";
import {
  AssistantEvent,
  ChannelEvent,
  Click,
  Command,
  HomeEvent,
  JoinedEvent,
  MessageEvent,
  Opened,
  readAction,
  readOpinion,
} from "./schema.ts";
import { type Api, threadOf } from "./sender.ts";
import { readText } from "./text.ts";

export type ListenerDeps = SurfaceDeps & {
  readonly api: Api;
  readonly people: ReturnType<typeof createPeople>;
  readonly replies: Replies;
  /** The slash command, as help shows it. */
  readonly command: string;
  readonly botUserId: string;
  /** The workspace's own address, such as "https://example.slack.com/". */
  readonly site: string | undefined;
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
  const id = `slack:${message.channel}:${message.ts}`;
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
  const id = `slack:command:${command.trigger_id ?? `${command.channel_id}:${deps.clock()}`}`;
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
  if (click === undefined || action === undefined) return;
  const place = await placeOf(click, deps);
  const id = `slack:click:${click.trigger_id ?? `${click.user.id}:${click.actions[0]!.action_ts ?? deps.clock()}`}`;
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
  try {
    if (late) return await asked.tell(ASK_AGAIN);
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
    const said = await deps.ask(question, signal);
    if (signal.aborted) return;
    if (said.shownApart === true && asked.isHidden) return await asked.tell(APART);
    if (said.repeated === true || said.shownApart === true) return;
    if (said.isPrivate === true) return await asked.tell(said.card);
    const card = asked.isHidden ? withQuestion(said.card, user.name, read.text) : said.card;
    const { id, place, reply: hint } = asked;
    const more = { ...(said.failed !== true && { answer: id }), ...(hint !== undefined && { hint }) };
    await say(`answer:${id}`, place, card, deps, more);
  } catch (err) {
    if (signal.aborted) return;
    deps.log.error({ err, id: asked.id }, "a question from Slack could not be answered");
    await asked.tell({ title: "I could not answer that just now. Please ask again.", tone: "warning", blocks: [] });
  }
}

type More = { readonly answer?: string; readonly hint?: string };

async function say(id: string, place: Place, card: Card, deps: ListenerDeps, more: More = {}): Promise<void> {
  if (await deps.store.outbox.put({ id, place, card, at: deps.clock(), ...more })) deps.wake();
}

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

// ---------------------------------------------------------------- around questions

async function onHome(event: unknown, deps: ListenerDeps): Promise<void> {
  const opened = HomeEvent.safeParse(event).data;
  if (opened === undefined || opened.tab !== "home") return;
  const lists = await listsFor(opened.user, deps);
  await bestEffort("views.publish", deps, { user_id: opened.user, view: homeView(deps.command, lists, deps.site) });
}

/** Undefined when they cannot be told now, or not to that person. */
async function listsFor(id: string, deps: ListenerDeps): Promise<ProposalLists | undefined> {
  try {
    const { user, isGuest, isExternal, isKnown, isPresent } = await deps.people(id);
    if (!isKnown || !isPresent) return undefined;
    const place: Place = { platform: "slack", channel: id, thread: "" };
    return await deps.proposalsFor({ user, place, isGuest, isExternal });
  } catch (err) {
    deps.log.warn({ reason: reasonOf(err) }, "the proposals for a home tab could not be listed");
    return undefined;
  }
}

async function onAssistant(event: unknown, deps: ListenerDeps): Promise<void> {
  const started = AssistantEvent.safeParse(event).data;
  if (started === undefined) return;
  await bestEffort("assistant.threads.setSuggestedPrompts", deps, {
    ...started.assistant_thread,
    title: "Questions to begin with",
    prompts: EXAMPLES.map((text) => ({ title: text, message: text })),
  });
}

async function onJoined(event: unknown, eventId: unknown, deps: ListenerDeps): Promise<void> {
  const joined = JoinedEvent.safeParse(event).data;
  if (joined === undefined || joined.user !== deps.botUserId) return;
  const place: Place = { platform: "slack", channel: joined.channel, thread: "" };
  const reference = { channel: joined.channel, ...(joined.team !== undefined && { team: joined.team }) };
  await deps.store.places.save(place, reference, deps.clock());
  await say(`hello:${String(eventId)}`, place, greetingCard(deps.command), deps);
}

async function onLeft(event: unknown, deps: ListenerDeps): Promise<void> {
  const left = ChannelEvent.safeParse(event).data;
  if (left === undefined) return;
  await deps.store.places.remove({ platform: "slack", channel: left.channel, thread: "" });
}

async function onRemoved(reason: string, deps: ListenerDeps): Promise<void> {
  deps.log.error({ reason }, "Slack: the app was removed from the workspace, or its tokens were revoked");
  for (const { place } of await deps.store.places.all("slack")) await deps.store.places.remove(place);
}

/** For comforts: an answer does not wait for them, and their failure is nobody's trouble. */
async function bestEffort(method: string, deps: ListenerDeps, options: Record<string, unknown>): Promise<void> {
  try {
    await deps.api.apiCall(method, options);
  } catch (err) {
    deps.log.info({ method, reason: reasonOf(err) }, "Slack did not take a comfort");
  }
}
