import type { Block, Button, Called, Card, Chart, EvidenceLine, Field, Tone } from "../core/card.ts";
import type { Call } from "../core/incident/escalate.ts";
import { isNotifier } from "../core/incident/notice.ts";
import { type AlertLine, type Incident, isLive, type Severity } from "../core/incident.ts";
import { matchersFor, sayMatcher } from "../core/silence.ts";
import { formatDuration } from "../core/units.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import { inert, inertName } from "../util/inert.ts";
import { never } from "../util/never.ts";

/** What is known of an incident beyond its alerts. Everything but the time may be missing. */
export type IncidentContext = {
  readonly now: number;
  readonly zone: string;
  /** Counts up whenever any of the rest changed. */
  readonly edition: number;
  /** What the rule measures, over the last time. */
  readonly chart?: Chart;
  readonly evidence?: readonly EvidenceLine[];
  /** Sentences: the value now and its limit, what changed before, similar ones before. */
  readonly facts?: readonly string[];
  /** A runbook is for its alerts. */
  readonly canFix?: boolean;
  /** People by their ids, as a message calls them. */
  readonly called?: (people: readonly string[]) => readonly Called[];
  /** There is an Alertmanager to write silences into. */
  readonly canSilence?: boolean;
  /** Why there is no evidence: it could not be asked, or the rule is gone. */
  readonly missing?: string;
};

/**
 * An incident as its one message: the verdict, since when, what fires with the words of the rules' authors, the measure behind the
 * gravest alert, and what people may do. Everything from labels and annotations is data.
 */
export function incidentCard(incident: Incident, context: IncidentContext): Card {
  const blocks: Block[] = [];
  const say = (text: string) => blocks.push({ kind: "text", text });
  say(whenLine(incident, context));
  const state = stateLine(incident, context);
  if (state !== "") say(state);
  for (const fact of context.facts ?? []) say(fact);
  const lines = alertLines(incident, context);
  if (lines.length > 0) blocks.push({ kind: "list", items: lines });
  if (context.chart !== undefined) blocks.push({ kind: "chart", chart: context.chart });
  if (context.evidence !== undefined && context.evidence.length > 0)
    blocks.push({ kind: "evidence", items: context.evidence });
  if (context.missing !== undefined) blocks.push({ kind: "note", text: context.missing });
  const buttons = buttonsOf(incident, context);
  if (buttons.length > 0) blocks.push({ kind: "buttons", buttons });
  blocks.push({ kind: "note", text: noteOf(incident) });
  return { title: titleOf(incident, context), tone: toneOf(incident), blocks };
}

/** The verdict in one line. */
export function titleOf(incident: Incident, { now }: Pick<IncidentContext, "now">): string {
  const what = whatOf(incident);
  if (incident.status === "resolved") {
    const seconds = Math.max(0, (incident.endedAt ?? now) - incident.startedAt);
    return `Resolved after ${formatDuration(seconds)}: ${what}`;
  }
  return `${SEVERITY_WORDS[incident.severity]}: ${what}`;
}

const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  critical: "Critical",
  warning: "Warning",
  info: "For information",
};

function whatOf({ subject, environment, names, isStorm, total }: Incident): string {
  const where = environment === undefined ? "" : ` (${inertName(environment, { max: 40 })})`;
  const [first] = names;
  const name = first === undefined ? "an alert" : inertName(first.name, { max: 80 });
  if (isStorm) {
    const others = names.length > 1 ? ` and ${names.length - 1} more kinds` : "";
    return `many alerts at once, ${total} so far: ${name}${others}${where}`;
  }
  const more = names.length > 1 ? ` and ${names.length - 1} more` : "";
  return subject === undefined
    ? `${name}${more}${where}`
    : `${inertName(subject.name, { max: 80 })}: ${name}${more}${where}`;
}

function toneOf({ status, severity }: Incident): Tone {
  if (status === "resolved") return "good";
  switch (severity) {
    case "critical":
      return "danger";
    case "warning":
      return "warning";
    case "info":
      return "info";
    default:
      return never(severity);
  }
}

function whenLine(incident: Incident, { now, zone }: IncidentContext): string {
  const { startedAt, endedAt, total, firing } = incident;
  const began = sayTime(startedAt, now, zone);
  if (!isLive(incident)) {
    const ended = sayTime(endedAt ?? now, now, zone);
    return `From ${began} to ${ended}. ${total === 1 ? "Its alert is over." : `All ${total} alerts are over.`}`;
  }
  const count =
    total === firing
      ? `${total} ${total === 1 ? "alert fires" : "alerts fire"}`
      : `${firing} of ${total} alerts ${firing === 1 ? "fires" : "fire"}, the others are over`;
  return `Since ${began}. ${count}.`;
}

function stateLine(incident: Incident, context: IncidentContext): string {
  const { now, zone } = context;
  const parts: string[] = [];
  const { acknowledged, snoozed, isFlapping, isStorm } = incident;
  if (acknowledged !== undefined)
    parts.push(`${inertName(acknowledged.name)} acknowledged it at ${sayTime(acknowledged.at, now, zone)}.`);
  if (incident.status === "open" && acknowledged !== undefined) parts.push("It got worse since, so it is open again.");
  if (snoozed !== undefined && incident.status === "snoozed")
    parts.push(
      `Snoozed until ${sayTime(snoozed.until, now, zone)} by ${inertName(snoozed.name)}; it comes back earlier if it gets worse.`,
    );
  const call = incident.calls?.at(-1);
  if (call !== undefined && incident.status === "open") parts.push(callLine(incident, call, context));
  if (isFlapping)
    parts.push(
      "It flaps: it began three times or more within the last hour, so this message goes on instead of a new one.",
    );
  if (isStorm) parts.push("Too much came at once to tell apart; ask for this incident to see all of it.");
  return parts.join(" ");
}

function callLine(incident: Incident, { at, because, people }: Call, { now, zone, called }: IncidentContext): string {
  const when = sayMoment(at, now, zone);
  if (because === "idle")
    return `It was acknowledged and nothing moved, so it is open again since ${sayTime(at, now, zone)}.`;
  const names = called?.(people).map(({ name }) => inertName(name)) ?? people.map((id) => inertName(id));
  const steps = incident.escalated?.steps ?? 1;
  return names.length === 0
    ? `Nobody acknowledged it: step ${steps} of the escalation was made ${when}.`
    : `Nobody acknowledged it: ${names.join(", ")} ${names.length === 1 ? "was" : "were"} called ${when}.`;
}

/** One line for each of the gravest alerts: its name, its rule's words, and the labels that tell it from the others. */
function alertLines(incident: Incident, context: IncidentContext): readonly string[] {
  const { lines, total } = incident;
  const shared = sharedLabels(lines);
  const shown = lines.map((line) => alertLine(line, shared, incident, context));
  const rest = total - lines.length;
  return rest > 0 ? [...shown, `… and ${rest} more: ask me: incident ${incident.id}`] : shown;
}

function alertLine(
  line: AlertLine,
  shared: ReadonlySet<string>,
  incident: Incident,
  { now, zone }: IncidentContext,
): string {
  const own = Object.entries(line.labels)
    .filter(([label, value]) => !shared.has(`${label}=${value}`) && label !== "alertname" && label !== "severity")
    .slice(0, 4)
    .map(([label, value]) => `${inertName(label, { max: 40 })}=${inertName(value, { max: 60 })}`);
  const which = own.length === 0 ? "" : ` [${own.join(", ")}]`;
  const words = line.summary === "" ? "" : `: ${inert(line.summary).slice(0, 300)}`;
  const severity = line.severity === incident.severity ? "" : ` (${line.severity})`;
  const over = line.endsAt === undefined || !isLive(incident) ? "" : ` – over since ${sayTime(line.endsAt, now, zone)}`;
  return `${inertName(line.name, { max: 80 })}${severity}${which}${words}${over}`;
}

/** Labels that every shown alert has in the same way say nothing about any one of them. */
function sharedLabels(lines: readonly AlertLine[]): ReadonlySet<string> {
  const [first, ...others] = lines;
  if (first === undefined) return new Set();
  if (others.length === 0) return new Set(Object.entries(first.labels).map(([label, value]) => `${label}=${value}`));
  return new Set(
    Object.entries(first.labels)
      .filter(([label, value]) => others.every((other) => other.labels[label] === value))
      .map(([label, value]) => `${label}=${value}`),
  );
}

/** Snoozing is offered for these times, in seconds; and for any other, which is asked for in a form. */
const SNOOZES: readonly (readonly [label: string, seconds: number])[] = [
  ["Snooze 30 min", 1800],
  ["Snooze 2 h", 7200],
];
const ANY_SNOOZE: readonly Field[] = [
  {
    id: "until",
    label: "For how long, or until when: 45m, until 14:00, until morning, until monday 9:00",
    isRequired: true,
    value: "until morning",
  },
];

function silenceFields(incident: Incident): readonly Field[] {
  const matchers = matchersFor(incident).map(sayMatcher).join(", ");
  return [
    { id: "matchers", label: "Matchers: what all of them match is silenced", isRequired: true, value: matchers },
    { id: "time", label: "For how long, or until when", isRequired: true, value: "2h" },
    { id: "reason", label: "Why", isRequired: false },
  ];
}

function buttonsOf(incident: Incident, { canFix = false, canSilence = false }: IncidentContext): readonly Button[] {
  if (!isLive(incident)) return [];
  const { id, status } = incident;
  const respond = (
    label: string,
    decision: "acknowledge" | "unacknowledge" | "snooze" | "wake" | "silence" | "fix",
    code = "now",
    fields?: readonly Field[],
  ): Button => ({
    label,
    style: decision === "acknowledge" ? "primary" : "plain",
    action: { kind: "decide", decision, proposal: id, code, ...(fields !== undefined && { fields }) },
  });
  const buttons: Button[] = [];
  if (status !== "acknowledged") buttons.push(respond("Acknowledge", "acknowledge"));
  else buttons.push(respond("Hand back", "unacknowledge"));
  if (status === "snoozed") buttons.push(respond("End snooze", "wake"));
  else {
    for (const [label, seconds] of SNOOZES) buttons.push(respond(label, "snooze", String(seconds)));
    buttons.push(respond("Snooze…", "snooze", "asked", ANY_SNOOZE));
  }
  if (canSilence) buttons.push(respond("Silence…", "silence", "asked", silenceFields(incident)));
  const about = incident.subject?.name ?? incident.names[0]?.name;
  if (about !== undefined && !incident.isStorm && SAYABLE.test(about))
    buttons.push({
      label: "Investigate",
      style: "plain",
      action: { kind: "ask", text: `what is wrong with ${about}?` },
    });
  if (canFix) buttons.push(respond("Propose fix", "fix"));
  return buttons;
}

/** A name that is put into a question as it is: what else it could be read as is nobody's business. */
const SAYABLE = /^[\w.:/-]{1,80}$/;

function noteOf({ id, previous, lines, missed = [] }: Incident): string {
  const runbook = lines.find(
    ({ runbookUrl }) => runbookUrl !== undefined && /^https?:\/\//.test(runbookUrl),
  )?.runbookUrl;
  return [
    `Incident ${id}.`,
    previous === undefined ? "" : `It was there before, as incident ${previous}.`,
    ...missed.map(({ place, reason }) =>
      isNotifier(place)
        ? `${inertName(place.channel, { max: 80 })} could not be told (${inert(reason)}).`
        : `It could not be shown in ${place.platform} ${inertName(place.channel, { max: 80 })} (${inert(reason)}), so it stands here.`,
    ),
    runbook === undefined ? "" : `The rule's own page: ${inert(runbook).slice(0, 300)}`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}
