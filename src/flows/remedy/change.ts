import type { Identity } from "../../core/people.ts";
import { advance, type Event, type Proposal, type Refusal } from "../../core/proposal.ts";
import { BOT, type RemedyDeps } from "./deps.ts";

const TRIES = 200;

/** What became of an event: done, refused by the life of a proposal, or its target is held by another one. */
export type Changed =
  | { readonly ok: true; readonly proposal: Proposal }
  | Refusal
  | { readonly ok: false; readonly code: "held" | "gone"; readonly reason: string };

/**
 * Applies an event to the stored proposal, with its audit record, in one transaction. Somebody else's change in between
 * is read and the event tried on it: what the event means is decided by `advance` alone. `event` is made anew for each try
 * where it depends on the proposal; undefined gives up.
 */
export async function change(
  deps: Pick<RemedyDeps, "store" | "clock" | "changed" | "moved">,
  id: string,
  event: Event | ((proposal: Proposal) => Event),
  by: Identity = BOT,
): Promise<Changed> {
  const actor = by === BOT ? "bot" : await deps.store.audit.actorOf(by);
  for (let tries = 0; tries < TRIES; tries++) {
    const proposal = await deps.store.proposals.get(id);
    if (proposal === undefined) return { ok: false, code: "gone", reason: "I no longer know this proposal." };
    const advanced = advance(proposal, typeof event === "function" ? event(proposal) : event, deps.clock());
    if (!advanced.ok) return advanced;
    const entry = { ...advanced.entry, actor, platform: by.platform };
    switch (await deps.store.proposals.replace(advanced.proposal, [entry])) {
      case "done":
        if (advanced.proposal.status !== proposal.status) deps.moved?.(advanced.proposal);
        deps.changed();
        return { ok: true, proposal: advanced.proposal };
      case "held":
        return {
          ok: false,
          code: "held",
          reason: "Another change of the same target is running, or its end is unknown.",
        };
      default: // somebody was first: look again
    }
  }
  return { ok: false, code: "gone", reason: "Too many people changed it at once. Please try again." };
}
