import type { Voter } from "../../core/people.ts";
import { modeOf } from "../../core/policy/rules.ts";
import type { Spec } from "../../core/proposal.ts";
import type { RemedyDeps } from "./deps.ts";

/**
 * True when a proposal needs no approval by the policy and the roles of now: its runbook only reads, no step's action changes
 * anything, somebody known asked for it in person, with a role of `approvals.readers`, and the bot may act there. What a model, an
 * alert or an anomaly suggests waits for approval, also where somebody's question led to it.
 */
export function mayReadFreely(
  { actions, policy, today }: Pick<RemedyDeps, "actions" | "policy" | "today">,
  {
    runbook,
    steps,
    requester,
    environment,
    cause,
  }: Pick<Spec, "runbook" | "steps" | "requester" | "environment" | "cause">,
): boolean {
  if (cause.kind !== "ask" && cause.kind !== "button") return false;
  const { readers = [] } = policy();
  if (runbook?.readOnly !== true || requester === undefined || readers.length === 0) return false;
  if (!steps.every(({ uses }) => actions.get(uses)?.changes === false)) return false;
  if (modeOf(policy(), environment) !== "act") return false;
  const { roles }: Pick<Voter, "roles"> = today(requester, [], "asker");
  return roles.some((role) => readers.includes(role));
}
