import type { Place } from "../../core/chat.ts";
import { isShownIn } from "../../core/proposal.ts";
import { change } from "./change.ts";
import type { RemedyDeps } from "./deps.ts";

/** Shows a proposal in one more place, on a card that is edited and decided as the others are. False where it is decided, or not known. */
export async function showIn(
  deps: Pick<RemedyDeps, "store" | "clock" | "changed" | "moved">,
  id: string,
  place: Place,
): Promise<boolean> {
  const proposal = await deps.store.proposals.get(id);
  if (proposal !== undefined && isShownIn(proposal, place)) return true;
  return (await change(deps, id, { kind: "place", place })).ok;
}
