import type { AuditEntry } from "../core/audit.ts";
import {
  anchored,
  type Due,
  dueFor,
  type Escalation,
  escalated,
  escalationsFor,
  handedBack,
  stepsOf,
} from "../core/incident/escalate.ts";
import type { Incident } from "../core/incident.ts";
import { type Above, onCallAt, type Schedule } from "../core/oncall/schedule.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";

export type EscalateDeps = {
  readonly store: Pick<Store, "incidents">;
  readonly clock: Clock;
  readonly escalations: readonly Escalation[];
  readonly schedules: readonly Schedule[];
  readonly above: () => Promise<Above>;
  /** Incidents were changed. */
  readonly changed: () => void;
};

/** After a change that somebody else made at the same moment, in seconds. */
const AGAIN = 1;

/**
 * One round over the incidents that need somebody: the step that is due is noted in the store, which is what makes it happen once; who is
 * shown the incident posts it. Resolves with the seconds until the next one is due; undefined when none will be.
 */
export async function escalate(deps: EscalateDeps): Promise<number | undefined> {
  if (deps.escalations.length === 0) return undefined;
  const above = await deps.above();
  let next: number | undefined;
  const soon = (seconds: number) => {
    next = Math.min(next ?? seconds, seconds);
  };
  for (const incident of await deps.store.incidents.live()) {
    const escalations = escalationsFor(deps.escalations, incident);
    if (escalations.length === 0) continue;
    const now = deps.clock();
    const due = dueFor(escalations, incident, now);
    if (due.kind === "nothing") continue;
    if (due.kind === "wait") {
      soon(due.seconds);
      continue;
    }
    const { after, entry } =
      due.kind === "step"
        ? made(deps, above, incident, escalations, due, now)
        : due.kind === "idle"
          ? {
              after: handedBack(incident, now),
              entry: entryOf(incident, "hand back incident", "open", "nothing moved"),
            }
          : { after: anchored(incident, due, escalations, now), entry: undefined };
    const entries = entry === undefined ? [] : [entry];
    if (await deps.store.incidents.save({ incidents: [after], alerts: [], entries })) deps.changed();
    soon(AGAIN);
  }
  return next;
}

function made(
  deps: EscalateDeps,
  above: Above,
  incident: Incident,
  escalations: readonly Escalation[],
  due: Extract<Due, { kind: "step" }>,
  now: number,
) {
  const { step, escalation } = due;
  const onCall = step.schedules.flatMap((name) => {
    const schedule = deps.schedules.find((one) => one.name === name);
    const shift = schedule === undefined ? undefined : onCallAt(schedule, above, now);
    return shift === undefined ? [] : [shift.person];
  });
  const people = [...new Set([...onCall, ...step.people])];
  const after = escalated(incident, due, escalations, people, now);
  const reason = `${escalation.name}, step ${stepsOf(escalation, after)}: ${people.join(", ") || "nobody"}`;
  return { after, entry: entryOf(incident, "escalate incident", incident.status, reason) };
}

function entryOf({ id, status }: Incident, action: string, to: string, reason: string): AuditEntry {
  return { actor: "bot:escalation", platform: "bot", action, id, hash: "", from: status, to, reason };
}
