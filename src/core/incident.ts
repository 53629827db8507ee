import type { Place } from "./chat.ts";
import type { Call, Escalated } from "./incident/escalate.ts";
import type { Impact } from "./incident/impact.ts";
import type { More } from "./incident/more.ts";
import type { Dependency } from "./topology/join.ts";

/** Something that needs somebody: alerts and anomalies about one thing, told in one message for as long as it lasts. */

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const INCIDENT_STATUSES = ["open", "acknowledged", "snoozed", "resolved"] as const;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];

/** An alert as one delivery tells of it. Times in unix seconds. */
export type AlertEvent = {
  /** The same for the same set of labels. */
  readonly fingerprint: string;
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: number;
  /** When it ended, of a resolved one. */
  readonly endsAt?: number;
  /** Where its expression can be seen. */
  readonly generatorUrl?: string;
  /** The group that Alertmanager put it into, where it groups by anything. */
  readonly group?: string;
  /** When the bot was told. */
  readonly at: number;
  /** Read from a list of all that fires: once it is missing there, it is over. */
  readonly isListed?: true;
  /** Which list that was. */
  readonly listedBy?: string;
  /** Id of the anomaly that it is, in place of an alert, and its revision: what an older one says is no news. */
  readonly anomaly?: string;
  readonly revision?: number;
};

/** What is known of one alert, or of an anomaly that an incident holds as it holds alerts. */
export type AlertRecord = {
  readonly fingerprint: string;
  /** The incident it belongs to. Undefined for one that was told of only when it was over. */
  readonly incident: string | undefined;
  /** When it first came to that, unix seconds. */
  readonly joinedAt?: number;
  readonly name: string;
  readonly severity: Severity;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly runbookUrl?: string;
  readonly generatorUrl?: string;
  readonly startsAt: number;
  /** The newest beginning that its sender told of, where ours is another. */
  readonly sentStartsAt?: number;
  /** Undefined while it fires. */
  readonly endsAt?: number;
  /** When the bot was last told of it. */
  readonly seenAt: number;
  /** Times it began within the last day, as far as known: more than a few and it flaps. */
  readonly begins: readonly number[];
  /** It was in a list of all that fires: in this one at last. Without a name, in Alertmanager's own. */
  readonly isListed?: true;
  readonly listedBy?: string;
  /** Id of the anomaly that it is: no Alertmanager knows of it. And the newest revision of it that was told. */
  readonly anomaly?: string;
  readonly revision?: number;
};

/** Who did something about an incident. `account` is theirs on the platform they did it from. */
export type Responder = {
  readonly person: string;
  readonly name: string;
  readonly at: number;
  readonly account?: { readonly platform: string; readonly id: string };
};

/** What an incident is about: "service checkout", "instance web-1:9100". */
export type Subject = { readonly kind: string; readonly name: string };

export type Incident = {
  readonly id: string;
  /** 1 for a new one; each change is one more. */
  readonly revision: number;
  readonly status: IncidentStatus;
  /** The highest of the alerts that fire; of all of them once none does. What its impact makes of it, `shownSeverity` and `routedSeverity` say. */
  readonly severity: Severity;
  readonly subject: Subject | undefined;
  readonly environment: string | undefined;
  /** What other alerts join it by, see `keysOf`. */
  readonly keys: readonly string[];
  /** When its first alert began, when the bot was told, when it last changed, when its last alert ended. */
  readonly startedAt: number;
  readonly openedAt: number;
  readonly changedAt: number;
  readonly endedAt?: number;
  /** Different alerts in it, and those that fire now. */
  readonly total: number;
  readonly firing: number;
  /** How many of these are anomalies. Undefined for none. */
  readonly anomalies?: { readonly total: number; readonly firing: number };
  /** Its alerts by name, most first: all of them, however many series each has. */
  readonly names: readonly AlertName[];
  /** The gravest alerts, firing ones first, at most `LINES_KEPT`. The store has all. */
  readonly lines: readonly AlertLine[];
  /** Why alerts of other things are in it: one calls the other. Undefined for none. */
  readonly dependencies?: readonly Dependency[];
  /** What it does, as it was measured last. Undefined where it was not, or could not be. */
  readonly impact?: Impact;
  /** All its alerts, as far as routes, escalations and digests tell them apart; undefined of one stored before they were counted. */
  readonly parts?: readonly IncidentPart[];
  /** Alerts that began again and again within the hour. */
  readonly isFlapping: boolean;
  /** It holds what came when too much came at once, whatever it is about. */
  readonly isStorm: boolean;
  /** When a storm last took in an alert that had no incident. */
  readonly tookInAt?: number;
  /** `firing`: so many alerts fired then. */
  readonly acknowledged?: Responder & { readonly firing?: number };
  /** `severity` is the one it had then. */
  readonly snoozed?: Responder & {
    readonly until: number;
    readonly firing?: number;
    readonly severity?: Severity;
    /** Name of the maintenance window that keeps it back since it began: nobody was told of it. */
    readonly window?: string;
  };
  /** The newest snooze that ended while it went on, and why it did. `at` is when. */
  readonly woken?: {
    readonly at: number;
    readonly because: "time" | "worse";
    readonly snoozed: NonNullable<Incident["snoozed"]>;
  };
  /** What came since somebody has it, as was told last. */
  readonly more?: More;
  /** How far its escalation is, since it is open; and who was called lately, newest last. */
  readonly escalated?: Escalated;
  readonly calls?: readonly Call[];
  /** How often it was over and went on, since it flaps. */
  readonly reopened?: number;
  /** The resolved incident that this one is about again. */
  readonly previous?: string;
  /** Places where its message could not arrive, and why. */
  readonly missed?: readonly { readonly place: Place; readonly reason: string }[];
  /** Where its message stands. */
  readonly places: readonly Place[];
};

export type AlertName = {
  readonly name: string;
  readonly severity: Severity;
  readonly total: number;
  readonly firing: number;
};
/** Alerts of an incident that no route, escalation or digest tells apart. */
export type IncidentPart = {
  readonly key: string;
  /** Those labels of one of them that some filter asks for. */
  readonly labels: Readonly<Record<string, string>>;
  readonly environment?: string;
  /** The highest of those that fire; of all of them once none does. */
  readonly severity: Severity;
  readonly total: number;
  readonly firing: number;
  /** When it was first as grave as that in this incident, unix seconds. */
  readonly since: number;
};
export type AlertLine = Pick<
  AlertRecord,
  | "fingerprint"
  | "name"
  | "severity"
  | "summary"
  | "startsAt"
  | "endsAt"
  | "labels"
  | "generatorUrl"
  | "runbookUrl"
  | "anomaly"
>;

/** Alerts that an incident carries itself, for its message. */
export const LINES_KEPT = 8;

/** Where an incident still needs somebody. */
export const LIVE: readonly IncidentStatus[] = ["open", "acknowledged", "snoozed"];

/** Of so many in it, the alerts and the anomalies: each with how many there are and how many go on. */
export function countsOf({ total, firing, anomalies = NONE }: Pick<Incident, "total" | "firing" | "anomalies">) {
  return { alerts: { total: total - anomalies.total, firing: firing - anomalies.firing }, anomalies };
}

const NONE = { total: 0, firing: 0 };

/** The alerts in it by name, without its anomalies, as far as what it carries itself tells. */
export function alertsIn(
  incident: Pick<Incident, "total" | "firing" | "anomalies" | "names" | "lines">,
): readonly AlertName[] {
  if (countsOf(incident).alerts.total === 0) return [];
  const anomalies = new Set(incident.lines.filter(({ anomaly }) => anomaly !== undefined).map(({ name }) => name));
  return incident.names.filter(({ name }) => !anomalies.has(name));
}

export function isLive({ status }: Pick<Incident, "status">): boolean {
  return status !== "resolved";
}

/** Order of two severities: negative when `a` is the graver one. */
export function graverFirst(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(b) - SEVERITIES.indexOf(a);
}

/**
 * The severity that a rule's author wrote, in our three words. Unknown words count as a warning: somebody routed it to a person.
 * Words as mixins and Kubernetes' own rules use them.
 */
export function readSeverity(word: string | undefined): Severity {
  switch (word?.trim().toLowerCase()) {
    case "critical":
    case "page":
    case "emergency":
    case "fatal":
    case "disaster":
    case "p1":
    case "sev1":
      return "critical";
    case "info":
    case "informational":
    case "information":
    case "notice":
    case "low":
    case "none":
    case "debug":
    case "p4":
    case "p5":
      return "info";
    default:
      return "warning";
  }
}
