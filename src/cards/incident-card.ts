import type { Block, Button, Called, Card, Chart, EvidenceLine, Field, Tone } from "../core/card.ts";
import type { Call } from "../core/incident/escalate.ts";
import { shownSeverity } from "../core/incident/impact.ts";
import { isNotifier } from "../core/incident/notice.ts";
import { type AlertLine, countsOf, type Incident, isLive } from "../core/incident.ts";
import { matchersFor, sayMatcher } from "../core/silence.ts";
import { likelyCause } from "../core/topology/cause.ts";
import type { Anomaly } from "../core/watch/anomaly.ts";
import { nameOf } from "../core/watch.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import { inert, inertName } from "../util/inert.ts";
import { never } from "../util/never.ts";
import { type AnomalyContext, anomalyParts } from "./anomaly-card.ts";
import { callsAsked, sayCause } from "./dependency-lines.ts";
import { impactAsked, linesAsked, sayImpact } from "./impact-line.ts";
import { sayGoing, titleOf } from "./incident-words.ts";

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
  /** Where a person can see a query of that source. */
  readonly linkTo?: (promql: string, source: string) => string | undefined;
  /** Why there is no evidence: it could not be asked, or the rule is gone. */
  readonly missing?: string;
  /** Why its impact was not measured: a sentence. */
  readonly impactMissing?: string;
  /** Its anomalies, the gravest first, with what makes them believable. */
  readonly anomalies?: Omit<AnomalyContext, "now" | "zone" | "isBeside" | "wentOn"> & {
    readonly members: readonly Anomaly[];
  };
};

/**
 * An incident as its one message: the verdict, since when, what fires with the words of the rules' authors, the measure behind the
 * gravest alert, what its anomalies are measured by, and what people may do. Everything from labels and annotations is data.
 */
export function incidentCard(incident: Incident, context: IncidentContext): Card {
  const blocks: Block[] = [];
  const say = (text: string) => blocks.push({ kind: "text", text });
  say(whenLine(incident, context));
  const state = stateLine(incident, context);
  if (state !== "") say(state);
  const impact = sayImpact(incident, context);
  if (impact !== undefined) say(impact);
  const cause = sayCause(incident, context);
  if (cause !== undefined) say(cause);
  const anomalies = partsOf(incident, context);
  // What is gravest comes first, with its words and its chart.
  const isAlertFirst = incident.lines[0]?.anomaly === undefined;
  const inOrder = <T>(found: readonly T[], ofAlerts: readonly T[]) =>
    isAlertFirst ? [...ofAlerts, ...found] : [...found, ...ofAlerts];
  const lines = isToldByTitle(incident) ? [] : alertLines(incident, context);
  const list: readonly Block[] = lines.length > 0 ? [{ kind: "list", items: lines }] : [];
  const texts = inOrder(anomalies.texts, context.facts ?? []).map((text): Block => ({ kind: "text", text }));
  // Where reasons of several kinds follow, what they are about stands before them.
  blocks.push(...(isMixed(incident) ? [...list, ...texts] : [...texts, ...list]));
  for (const chart of inOrder(anomalies.charts, context.chart === undefined ? [] : [context.chart]))
    blocks.push({ kind: "chart", chart });
  const asked = linesAsked([...impactAsked(incident), ...callsAsked(incident)], context.linkTo);
  const evidence = [...anomalies.evidence, ...(context.evidence ?? []), ...asked];
  if (evidence.length > 0) blocks.push({ kind: "evidence", items: evidence });
  const { missing, impactMissing } = context;
  for (const text of [...[missing, impactMissing].filter((one) => one !== undefined), ...anomalies.notes])
    blocks.push({ kind: "note", text });
  const buttons = buttonsOf(incident, context);
  if (buttons.length > 0) blocks.push({ kind: "buttons", buttons });
  blocks.push({ kind: "note", text: noteOf(incident) });
  return { title: titleOf(incident, context), tone: toneOf(incident), blocks };
}

/** Its title has the figures of the one anomaly that it is. */
function isToldByTitle({ total, lines }: Incident): boolean {
  return total === 1 && lines[0]?.anomaly !== undefined;
}

function isMixed(incident: Incident): boolean {
  const { alerts, anomalies } = countsOf(incident);
  return alerts.total > 0 && anomalies.total > 0;
}

function partsOf(incident: Incident, { anomalies, now, zone }: IncidentContext): ReturnType<typeof anomalyParts> {
  if (anomalies === undefined) return { texts: [], charts: [], evidence: [], notes: [] };
  return anomalyParts(anomalies.members, { ...anomalies, now, zone, isBeside: isMixed(incident) });
}

function toneOf(incident: Incident): Tone {
  if (incident.status === "resolved") return "good";
  const severity = shownSeverity(incident);
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
  const began = sayTime(incident.startedAt, now, zone);
  const when = isLive(incident)
    ? `Since ${began}.`
    : `From ${began} to ${sayTime(incident.endedAt ?? now, now, zone)}.`;
  return `${when} ${sayGoing(incident)}`;
}

function stateLine(incident: Incident, context: IncidentContext): string {
  const { now, zone } = context;
  const parts: string[] = [];
  const { acknowledged, snoozed, more, isFlapping, isStorm } = incident;
  if (acknowledged !== undefined)
    parts.push(`${inertName(acknowledged.name)} acknowledged it at ${sayTime(acknowledged.at, now, zone)}.`);
  if (incident.status === "open" && more?.reopens === true && more.isGraver === undefined)
    parts.push(`More came after ${inertName(more.by.name)} ${more.had} it, so it is open again.`);
  else if (incident.status === "open" && acknowledged !== undefined)
    parts.push("It got worse since, so it is open again.");
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
  if (isStorm) parts.push("Too much came at once to tell apart; More lists what it holds.");
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
  const words = inert(line.summary).slice(0, 300);
  const severity = line.severity === shownSeverity(incident) ? "" : ` (${line.severity})`;
  const over = line.endsAt === undefined || !isLive(incident) ? "" : ` – over since ${sayTime(line.endsAt, now, zone)}`;
  if (line.anomaly !== undefined) return `Anomaly${severity}: ${words}${over}`;
  return `${inertName(line.name, { max: 80 })}${severity}${which}${words === "" ? "" : `: ${words}`}${over}`;
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

/** Teams shows no more: what has no room would be a line of text. */
const MOST_BUTTONS = 6;

function buttonsOf(incident: Incident, context: IncidentContext): readonly Button[] {
  const { canFix = false, canSilence = false } = context;
  const { id, status } = incident;
  const rate: readonly Button[] = incident.anomalies === undefined ? [] : [ask("Useful or not?", `anomaly ${id}`)];
  // The rest of what the message has no room for.
  const more: readonly Button[] =
    incident.isStorm || incident.total > incident.lines.length ? [ask("More", `incident ${id}`)] : [];
  if (!isLive(incident)) return [...rate, ...more];
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
  const first =
    status === "acknowledged" ? respond("Hand back", "unacknowledge") : respond("Acknowledge", "acknowledge");
  const snooze =
    status === "snoozed" ? respond("End snooze", "wake") : respond("Snooze…", "snooze", "asked", ANY_SNOOZE);
  const others = [
    snooze,
    ...(canSilence ? [respond("Silence…", "silence", "asked", silenceFields(incident))] : []),
    ...investigate(incident, context),
    ...rate,
    ...(canFix ? [respond("Propose fix", "fix")] : []),
    ...more,
  ];
  const room = status === "snoozed" ? 0 : Math.max(0, MOST_BUTTONS - 1 - others.length);
  const quick = SNOOZES.slice(0, room).map(([label, seconds]) => respond(label, "snooze", String(seconds)));
  return [first, ...quick, ...others];
}

function ask(label: string, text: string): Button {
  return { label, style: "plain", action: { kind: "ask", text } };
}

/** What is wrong with the thing; or why an anomaly is, where no alert says what is wrong. */
function investigate(incident: Incident, { anomalies }: IncidentContext): readonly Button[] {
  const { total, isStorm, subject, names } = incident;
  if (isStorm) return [];
  const unusual = anomalies?.members.find(({ kind, promql }) => kind === "unusual" && promql !== "");
  if (total === incident.anomalies?.total && unusual !== undefined)
    return [ask("Investigate", `why is ${nameOf(unusual.measure, unusual.subject)} unusual?`)];
  const cause = likelyCause(incident.dependencies ?? []);
  const about = (cause?.isFirst ? cause.name : undefined) ?? subject?.name ?? names[0]?.name;
  return about !== undefined && SAYABLE.test(about) ? [ask("Investigate", `what is wrong with ${about}?`)] : [];
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
