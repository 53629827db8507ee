import { refusalCard } from "../../cards/proposal-card.ts";
import type { Card, ClickMeaning } from "../../core/card.ts";
import type { Identity } from "../../core/people.ts";
import type { Click } from "../../ports/chat.ts";
import { budget } from "../../util/budget.ts";
import type { RemedyDeps } from "./deps.ts";

/** What one person may do within a minute. A dry run asks the targets, which is more than a look at the store. */
export const CLICKS_A_MINUTE = 30;
export const DRY_RUNS_A_MINUTE = 6;
const MINUTE = 60;

/** What stops something is always safe, so nothing keeps anybody from it. */
const ALWAYS: ReadonlySet<ClickMeaning> = new Set(["reject", "withdraw"]);

/**
 * Keeps one person from clicking so much that others wait. The returned function says to that person alone when they may
 * go on; undefined when they may now. The first refusal of a minute is in the audit.
 */
export function pace({
  store,
  clock,
}: Pick<RemedyDeps, "store" | "clock">): (click: Click, by: Identity) => Promise<Card | undefined> {
  const clicks = budget(CLICKS_A_MINUTE, MINUTE);
  const dryRuns = budget(DRY_RUNS_A_MINUTE, MINUTE);
  return async ({ decision, proposal }, by) => {
    if (ALWAYS.has(decision)) return undefined;
    const all = clicks(by.person, clock());
    const isTry = decision === "dry_run";
    const found = all.kind === "go" && isTry ? dryRuns(by.person, clock()) : all;
    if (found.kind === "go") return undefined;
    const what = all.kind === "go" ? `${DRY_RUNS_A_MINUTE} dry runs` : `${CLICKS_A_MINUTE} clicks`;
    const reason = `That was more than ${what} in a minute. Click again in ${found.seconds} s; reject and stop work at any time.`;
    if (found.isFirst)
      await store.audit.append([
        {
          actor: await store.audit.actorOf(by),
          platform: by.platform,
          action: `refused ${decision}`,
          id: proposal.slice(0, 200),
          hash: "",
          from: "",
          to: "",
          reason,
        },
      ]);
    return refusalCard(reason);
  };
}
