import { type Proposal, stepKey } from "../../core/proposal.ts";
import type { RemedyDeps } from "./deps.ts";
import { whyOtherCode } from "./extensions.ts";

/** Seconds after a start in which a target is asked. Some keep a mark of what ran for a week only: later, none would mean nothing. */
const ASKED_WITHIN = 6 * 86_400;

/** Seconds after the end of an attempt in which what it sent may still arrive: servers and proxies give up on a request within them. */
const IN_FLIGHT = 30;

/**
 * Asks the target what became of the step that was cut off. Steps after it did not run; so when it ran and was the last, all did.
 */
export async function probe(
  deps: Pick<RemedyDeps, "actions" | "clock">,
  proposal: Proposal,
  signal: AbortSignal,
): Promise<{ readonly outcome: "succeeded" | "failed" | "partial" | undefined; readonly reason: string }> {
  const { spec, steps = [] } = proposal;
  if (deps.clock() > (proposal.startedAt ?? proposal.approvedAt ?? spec.createdAt) + ASKED_WITHIN)
    return { outcome: undefined, reason: "it began so long ago that targets may have forgotten it." };
  const ended = steps.filter(({ state }) => state === "succeeded").length;
  const at = Math.min(ended, spec.steps.length - 1);
  const step = spec.steps[at];
  const action = step && deps.actions.get(step.uses);
  if (step === undefined || action === undefined)
    return { outcome: undefined, reason: step === undefined ? "it has no steps" : deps.actions.whyMissing(step.uses) };
  // Other code may look elsewhere for what this one did, and what it may do there nobody approved.
  const otherCode = whyOtherCode(deps, spec, [step]);
  if (otherCode !== undefined)
    return { outcome: undefined, reason: "its extension was changed since, so it is not asked." };
  const { found, isSure, text } = await action.probe(step.with, {
    key: stepKey(proposal, at),
    identity: spec.looks[at]?.identity ?? {},
    precondition: spec.looks[at]?.precondition ?? {},
    signal,
  });
  if (found === "unknown") return { outcome: undefined, reason: text };
  const lastSeen = proposal.endedAt ?? steps.at(-1)?.startedAt ?? proposal.startedAt ?? 0;
  if (found === "not_run" && isSure !== true && deps.clock() < lastSeen + IN_FLIGHT)
    return { outcome: undefined, reason: `${text} What was sent a moment ago may still arrive, so it is asked again.` };
  if (found === "ran")
    return at === spec.steps.length - 1
      ? { outcome: "succeeded", reason: `Asked afterwards, the target says that it ran: ${text}` }
      : {
          outcome: "partial",
          reason: `Asked afterwards, step ${at + 1} of ${spec.steps.length} ran and the rest did not: ${text}`,
        };
  return ended === 0
    ? { outcome: "failed", reason: `Asked afterwards, the target says that it did not run: ${text}` }
    : { outcome: "partial", reason: `Asked afterwards, ${ended} of ${spec.steps.length} steps ran: ${text}` };
}
