import { type CardContext, proposalCard } from "../../cards/proposal-card.ts";
import { postOrEdit } from "../../core/posted.ts";
import type { Proposal } from "../../core/proposal.ts";
import { messageId } from "../../core/proposal-message.ts";
import { sha256 } from "../../util/canonical.ts";
import type { RemedyDeps } from "./deps.ts";

export type ShowDeps = Pick<RemedyDeps, "store" | "clock" | "report"> & {
  readonly cardOf: (proposal: Proposal) => Promise<CardContext> | CardContext;
  /**
   * Proposals that are shown again though nothing about them changed, as nothing starts any more, or does again; `occasion` tells one such time
   * from another. Those that were shown are taken out.
   */
  readonly anew?: { readonly ids: Set<string>; readonly occasion: string };
  /** A message for that platform stands in the outbox. */
  readonly wake: () => void;
};

/**
 * Lets the messages catch up with the store: one message in each place, edited. What is in between two rounds is not
 * shown. One round; resolves when every proposal's newest revision stands in the outbox.
 */
export async function show(deps: ShowDeps): Promise<void> {
  for (const proposal of await deps.store.proposals.unshown(100)) {
    try {
      await showOne(deps, proposal);
    } catch (err) {
      // One that cannot be shown must not keep the others from it; it is tried again in the next round.
      deps.report("error", "a proposal could not be shown", { err, proposal: proposal.id });
    }
  }
}

async function showOne(deps: ShowDeps, proposal: Proposal): Promise<void> {
  const { outbox } = deps.store;
  const card = proposalCard(proposal, await deps.cardOf(proposal));
  for (const [at, place] of proposal.places.entries()) {
    if (place.platform === "terminal") continue;
    const id = messageId(proposal.id, at);
    // The same revision may be shown differently: an emergency stop came or went, and came again.
    const occasion = deps.anew?.ids.has(proposal.id) === true ? deps.anew.occasion : "";
    const looks = sha256(`${JSON.stringify(card)}${occasion}`).slice(0, 8);
    const { revision } = proposal;
    await postOrEdit(outbox.put, { id, place, card, at: deps.clock(), revision }, `${revision}:${looks}`);
  }
  await deps.store.proposals.shown(proposal.id, proposal.revision);
  deps.anew?.ids.delete(proposal.id);
  deps.wake();
}
