import type { Incident } from "../incident.ts";
import { isChangeOf } from "../pattern/pattern.ts";
import type { Proposal } from "../proposal.ts";

/** Whether somebody did something about an incident. */
export type IsActed = (incident: Incident) => boolean;

/**
 * Somebody acknowledged it or snoozed it. A maintenance window is nobody, and who silences its alert may have been glad never to have heard of
 * it: a silence counts as nothing.
 */
export function isTakenUp({ acknowledged, snoozed, woken, more }: Incident): boolean {
  const snoozes = [snoozed, woken?.snoozed].filter((one) => one !== undefined);
  // What came since somebody had it took it out of their hands.
  return acknowledged !== undefined || more !== undefined || snoozes.some(({ window }) => window === undefined);
}

/** The same, and a change that ran for it. `changes`: of that time, in any order. */
export function actedWith(changes: readonly Proposal[]): IsActed {
  const ran = changes.filter(({ startedAt, spec }) => startedAt !== undefined && spec.runbook?.readOnly !== true);
  const byTarget = Map.groupBy(ran, ({ spec }) => spec.action.target);
  const byName = Map.groupBy(ran, ({ spec }) => /^Incident ([^\s:]+)/.exec(spec.cause.text)?.[1]);
  return (incident) => {
    if (isTakenUp(incident)) return true;
    const near = incident.subject === undefined ? [] : (byTarget.get(incident.subject.name) ?? []);
    return byName.has(incident.id) || near.some((change) => isChangeOf(change, incident));
  };
}
