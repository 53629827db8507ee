import type { Block, Card } from "../core/card.ts";
import type { Place } from "../core/chat.ts";
import { digestMessage } from "../core/digest/schedule.ts";
import { isNotifier } from "../core/incident/notice.ts";
import { isForAll, type Route } from "../core/incident/route.ts";
import { postOrEdit } from "../core/posted.ts";
import { proposalOf } from "../core/proposal-message.ts";
import type { Clock } from "../ports/clock.ts";
import type { Outgoing } from "../ports/outbox.ts";
import type { Store } from "../ports/store.ts";
import { inertName } from "../util/inert.ts";

export type MoveDeps = {
  readonly store: Pick<Store, "outbox" | "digests">;
  readonly routes: readonly Route[];
  readonly clock: Clock;
  /** Shows a proposal's card in that place too, as in its others. False where it is decided already, or unknown. */
  readonly showProposal: (id: string, place: Place) => Promise<boolean>;
  /** A message stands in the outbox. */
  readonly wake: () => void;
};

/** What stands for a stored thing in a channel, besides incidents: nobody waits for an answer there, but somebody has to see it. */
const KINDS = /^(?:digest|anomaly|rollout|silence|proposal):/;
const DIGESTS = 200;

/**
 * A message that can never arrive -> the fallback, where it shows something that goes on without the channel; one note says which channel it
 * is. A proposal gets its whole card there, which is decided as in any of its places; the rest is shown without buttons that decide, and
 * edited along. Whoever deleted a message wants none elsewhere.
 */
export async function move(deps: MoveDeps, message: Outgoing, reason: string): Promise<void> {
  const { id, edits = id, place } = message;
  if (!KINDS.test(edits) || /message_not_found/.test(reason)) return;
  const { put } = deps.store.outbox;
  for (const to of fallbacksOf(deps.routes, place)) {
    if (await isThere(deps, edits, place, to)) continue;
    const at = deps.clock();
    await put({ id: `moved:${nameOf(place)}:${nameOf(to)}`, place: to, card: noteCard(place, reason), at });
    const proposal = proposalOf(edits);
    if (proposal !== undefined && (await deps.showProposal(proposal, to))) continue;
    const card = withoutDecisions(message.card, place);
    await postOrEdit(
      put,
      { id: `moved:${edits}:${nameOf(to)}`, place: to, card, at },
      id.slice(edits.length) || "first",
    );
  }
  deps.wake();
}

function fallbacksOf(routes: readonly Route[], place: Place): readonly Place[] {
  const all = routes.filter((route) => route.isFallback === true && isForAll(route)).flatMap(({ to }) => to);
  const places = new Map(all.map((to) => [nameOf(to), to]));
  return [...places.values()].filter((to) => !isNotifier(to) && nameOf(to) !== nameOf(place));
}

/** Whether it is shown there anyway, as its own message: the id of one has the channel in it, but for digests, whose places are kept. */
async function isThere({ store }: MoveDeps, message: string, from: Place, to: Place): Promise<boolean> {
  const own = message.replace(nameOf(from), nameOf(to));
  if (own !== message) return (await store.outbox.fateOf(own)) !== undefined;
  if (!message.startsWith("digest:")) return false;
  const kept = (await store.digests.find({ limit: DIGESTS })).find(({ id, places }) =>
    places.some((_, at) => digestMessage(id, at) === message),
  );
  return kept?.places.some((one) => nameOf(one) === nameOf(to)) === true;
}

function nameOf({ platform, channel }: Place): string {
  return `${platform}/${channel}`;
}

function noteCard({ platform, channel }: Place, reason: string): Card {
  return {
    title: `${platform} ${inertName(channel)} cannot be written to: what belongs there stands here from now on.`,
    tone: "warning",
    blocks: [
      { kind: "text", text: `It says: ${inertName(reason, { max: 200 })}.` },
      { kind: "note", text: "Invite me there again, or name another channel in the settings." },
    ],
  };
}

/** Where it came from stands on it. Buttons that decide count on its own messages only. */
function withoutDecisions(card: Card, { platform, channel }: Place): Card {
  const blocks = card.blocks.flatMap((block): readonly Block[] => {
    if (block.kind !== "buttons") return [block];
    const buttons = block.buttons.filter(({ action }) => action.kind !== "decide");
    return buttons.length === 0 ? [] : [{ ...block, buttons }];
  });
  return { ...card, blocks: [...blocks, { kind: "note", text: `Meant for ${platform} ${inertName(channel)}.` }] };
}
