import type { Spec } from "../../core/proposal.ts";
import { saySuspended, suspendedBy, TOLD, type Tried, triedOn } from "../../core/runbook/record.ts";
import type { RemedyDeps } from "./deps.ts";

const LOOKED_AT = 1000;

/** How that runbook did on targets of that kind, newest first: as far back as proposals are kept. */
export async function recordOf(
  { store }: Pick<RemedyDeps, "store">,
  runbook: string,
  kind: string,
): Promise<readonly Tried[]> {
  return triedOn(await store.proposals.find({ status: TOLD, runbook, limit: LOOKED_AT }), runbook, kind);
}

/**
 * Why the runbook of that spec may not run on such a target, with the proposal on whose card a person can let it go on; undefined when it
 * may. What only reads is never suspended, and neither is a way back.
 */
export async function suspension(
  deps: Pick<RemedyDeps, "store">,
  { runbook, target, cause }: Pick<Spec, "runbook" | "target"> & { readonly cause: Pick<Spec["cause"], "kind"> },
): Promise<{ readonly reason: string; readonly newest: string } | undefined> {
  if (runbook === undefined || runbook.readOnly || cause.kind === "rollback") return undefined;
  const runs = suspendedBy(await recordOf(deps, runbook.id, target.kind));
  const newest = runs?.[0]?.proposal;
  if (runs === undefined || newest === undefined) return undefined;
  return { reason: `${saySuspended(runbook.id, target.kind, runs)} ${howToEnable(newest)}`, newest };
}

function howToEnable(proposal: string): string {
  return `Somebody who may approve it lets it go on with "Re-enable runbook" on the card of proposal ${proposal}, or with \`smartcloudops proposals re-enable ${proposal}\`; break-glass does not.`;
}
