import type { Place } from "../chat.ts";
import type { IncidentStatus, Severity } from "../incident.ts";

/** What is told of an incident where there is no chat: one thing that happened, told once. All text is inert. */

export const NOTICE_KINDS = ["opened", "worse", "more", "acknowledged", "called", "again", "resolved", "test"] as const;
/**
 * `more`: other things fail since somebody has it, or many more. `acknowledged`: somebody has it, also by a snooze. `called`: a step of the escalation. `again`: it needs somebody once more, since a
 * snooze is over, nothing moved, or it began again.
 */
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export type Notice = {
  /** Of the incident's part in this notifier and what happened: the same however often it is sent. */
  readonly id: string;
  readonly kind: NoticeKind;
  /** When it was written, unix seconds. */
  readonly at: number;
  /** The verdict in one line. */
  readonly title: string;
  /** One sentence or alert each. */
  readonly lines: readonly string[];
  readonly incident: {
    readonly id: string;
    readonly status: IncidentStatus;
    readonly severity: Severity;
    /** "service checkout", or undefined. */
    readonly subject?: string;
    readonly environment?: string;
    /** Unix seconds. */
    readonly startedAt: number;
    readonly endedAt?: number;
    readonly total: number;
    readonly firing: number;
    /** Names of its alerts, the gravest first. */
    readonly alerts: readonly string[];
  };
};

const PREFIX = "notifier/";

/** The place that stands for a notifier in routes, by its name in the configuration. */
export function notifierPlace(name: string): Place {
  return { platform: `${PREFIX}${name}`, channel: name, thread: "" };
}

export function isNotifier({ platform }: Pick<Place, "platform">): boolean {
  return platform.startsWith(PREFIX);
}
