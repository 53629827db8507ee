import type { Card } from "../../core/card.ts";
import type { Place } from "../../core/chat.ts";
import type { ProposalLists } from "../../ports/chat.ts";
import { reasonOf } from "../../util/errors.ts";
import { EXAMPLES, greetingCard } from "./cards.ts";
import { homeView } from "./home.ts";
import type { ListenerDeps } from "./listeners.ts";
import { AssistantEvent, ChannelEvent, HomeEvent, JoinedEvent } from "./schema.ts";

/** What happens around questions: the home tab, suggestions, coming and going. */

export async function onHome(event: unknown, deps: ListenerDeps): Promise<void> {
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

export async function onAssistant(event: unknown, deps: ListenerDeps): Promise<void> {
  const started = AssistantEvent.safeParse(event).data;
  if (started === undefined) return;
  await bestEffort("assistant.threads.setSuggestedPrompts", deps, {
    ...started.assistant_thread,
    title: "Questions to begin with",
    prompts: EXAMPLES.map((text) => ({ title: text, message: text })),
  });
}

export async function onJoined(event: unknown, eventId: unknown, deps: ListenerDeps): Promise<void> {
  const joined = JoinedEvent.safeParse(event).data;
  if (joined === undefined || joined.user !== deps.botUserId) return;
  const place: Place = { platform: "slack", channel: joined.channel, thread: "" };
  const reference = { channel: joined.channel, ...(joined.team !== undefined && { team: joined.team }) };
  await deps.store.places.save(place, reference, deps.clock());
  await say(`hello:${String(eventId)}`, place, greetingCard(deps.command), deps);
}

export async function onLeft(event: unknown, deps: ListenerDeps): Promise<void> {
  const left = ChannelEvent.safeParse(event).data;
  if (left === undefined) return;
  await deps.store.places.remove({ platform: "slack", channel: left.channel, thread: "" });
}

export async function onRemoved(reason: string, deps: ListenerDeps): Promise<void> {
  deps.log.error({ reason }, "Slack: the app was removed from the workspace, or its tokens were revoked");
  for (const { place } of await deps.store.places.all("slack")) await deps.store.places.remove(place);
}

/** For comforts: an answer does not wait for them, and their failure is nobody's trouble. */
export async function bestEffort(method: string, deps: ListenerDeps, options: Record<string, unknown>): Promise<void> {
  try {
    await deps.api.apiCall(method, options);
  } catch (err) {
    deps.log.info({ method, reason: reasonOf(err) }, "Slack did not take a comfort");
  }
}

export type More = { readonly answer?: string; readonly hint?: string; readonly edits?: string };

/** Puts a message into the outbox, once for each id. */
export async function say(id: string, place: Place, card: Card, deps: ListenerDeps, more: More = {}): Promise<void> {
  if (await deps.store.outbox.put({ id, place, card, at: deps.clock(), ...more })) deps.wake();
}
