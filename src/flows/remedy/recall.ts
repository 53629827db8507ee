import { OPEN } from "../../core/proposal.ts";
import { change } from "./change.ts";
import type { RemedyDeps } from "./deps.ts";

/**
 * Compares the journal with the store before anything is carried out. What began and has no end noted may have run, also where
 * the store, put back from an older copy, still says that it waits: then it is unknown, and is looked at rather than run.
 */
export async function recall(deps: RemedyDeps): Promise<void> {
  for (const { key, proposal: id, fence } of await deps.journal.open()) {
    const reason = "It was begun, though the store no longer knew that: an older copy was put back.";
    const done = await change(deps, id, { kind: "recall", fence, reason });
    if (done.ok) deps.report("warn", "the journal knows of a start that the store had lost", { proposal: id });
    else if (done.code !== "too-late")
      deps.report("error", "what the journal says was begun cannot be looked after", {
        proposal: id,
        reason: done.reason,
      });
    else if (!OPEN.has((await deps.store.proposals.get(id))?.status ?? "unknown")) await deps.journal.ended(key);
  }
}
