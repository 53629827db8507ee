import { shownSeverity } from "../core/incident/impact.ts";
import type { More } from "../core/incident/more.ts";
import { namesOf } from "../core/incident/subject.ts";
import { countsOf, type Incident, isLive, type Severity } from "../core/incident.ts";
import { nodeName } from "../core/topology/call.ts";
import { likelyCause } from "../core/topology/cause.ts";
import { formatDuration } from "../core/units.ts";
import { sayTime } from "../core/zone.ts";
import { inert, inertName } from "../util/inert.ts";

/** What an incident is, in words that call alerts alerts and anomalies anomalies. */

/** The verdict in one line. */
export function titleOf(incident: Incident, { now }: { readonly now: number }): string {
  const what = whatOf(incident);
  if (incident.status === "resolved") {
    const seconds = Math.max(0, (incident.endedAt ?? now) - incident.startedAt);
    return `Resolved after ${formatDuration(seconds)}: ${what}`;
  }
  return `${SEVERITY_WORDS[shownSeverity(incident)]}: ${what}`;
}

const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  critical: "Critical",
  warning: "Warning",
  info: "For information",
};

function whatOf(incident: Incident): string {
  const { subject, environment, names, isStorm, total, lines } = incident;
  const where = environment === undefined ? "" : ` (${inertName(environment, { max: 40 })})`;
  const [first] = names;
  const name = first === undefined ? "an alert" : inertName(first.name, { max: 80 });
  if (isStorm) {
    const others = names.length > 1 ? ` and ${names.length - 1} more kinds` : "";
    return `many ${manyOf(incident)} at once, ${total} so far: ${name}${others}${where}`;
  }
  // Of an anomaly alone, the figures say more than a name.
  if (total === 1 && lines[0]?.anomaly !== undefined) return `${inert(lines[0].summary)}${where}`;
  const led = ledBy(incident);
  if (led !== undefined) return `${led}${where}`;
  const more = names.length > 1 ? ` and ${names.length - 1} more` : "";
  return subject === undefined
    ? `${name}${more}${where}`
    : `${inertName(subject.name, { max: 80 })}: ${name}${more}${where}`;
}

/** "payments: HighErrorRate, then orders and frontend, which call it": of several things, that which began first and is called by the others. */
function ledBy({ dependencies = [], lines }: Incident): string | undefined {
  const cause = likelyCause(dependencies);
  if (cause?.isFirst !== true) return undefined;
  const own = lines.find(({ labels }) => namesOf(labels).some((name) => nodeName(name)?.name === cause.name));
  if (own === undefined) return undefined;
  const [first, second, ...others] = cause.callers.map(({ name }) => inertName(name, { max: 60 }));
  const follow = others.length > 0 ? `${first}, ${second} and ${others.length} more` : `${first} and ${second}`;
  const callers = second === undefined ? `${first}, which calls it` : `${follow}, which call it`;
  return `${inertName(cause.name, { max: 80 })}: ${inertName(own.name, { max: 80 })}, then ${callers}`;
}

function manyOf(incident: Incident): string {
  const { alerts, anomalies } = countsOf(incident);
  if (anomalies.total === 0) return "alerts";
  return alerts.total === 0 ? "anomalies" : "alerts and anomalies";
}

/** "2 alerts fire.", "1 anomaly goes on.", "1 of 2 alerts fires, 1 anomaly goes on, the others are over."; of one that is over: "Its alert is over." */
export function sayGoing(incident: Incident): string {
  const { alerts, anomalies } = countsOf(incident);
  if (!isLive(incident)) {
    const [first, ...others] = [
      ...(alerts.total > 0 ? [{ total: alerts.total, said: `${alerts.total} ${plural(alerts.total, ALERT)}` }] : []),
      ...(anomalies.total > 0
        ? [{ total: anomalies.total, said: `${anomalies.total} ${plural(anomalies.total, ANOMALY)}` }]
        : []),
    ];
    if (others.length > 0) return `${first?.said} and ${others[0]?.said} are over.`;
    const one = anomalies.total > 0 ? ANOMALY[0] : ALERT[0];
    return first === undefined || first.total === 1 ? `Its ${one} is over.` : `All ${first.said} are over.`;
  }
  const parts = [...goingOf(alerts, ALERT, ["fires", "fire"]), ...goingOf(anomalies, ANOMALY, ["goes on", "go on"])];
  return `${parts.join(", ")}${incident.firing < incident.total ? ", the others are over" : ""}.`;
}

/** "3 alerts fire", "2 alerts fire and 1 anomaly goes on": of what goes on alone. */
export function sayFiring(incident: Incident): string {
  const { alerts, anomalies } = countsOf(incident);
  const only = ({ firing }: { readonly firing: number }) => ({ firing, total: firing });
  const parts = [
    ...goingOf(only(alerts), ALERT, ["fires", "fire"]),
    ...goingOf(only(anomalies), ANOMALY, ["goes on", "go on"]),
  ];
  return parts.join(" and ");
}

/** What came to an incident since somebody has it: "2 other things fail since Ann acknowledged it at 14:20 UTC: db-1, db-2." */
export function sayMore(
  incident: Incident,
  more: More,
  { now, zone }: { readonly now: number; readonly zone: string },
) {
  const { by, had, things, names, was } = more;
  const since = `${inertName(by.name)} ${had} it at ${sayTime(by.at, now, zone)}`;
  const hidden = things - names.length;
  const named = `${names.map((name) => inertName(name, { max: 80 })).join(", ")}${hidden > 0 ? ` and ${hidden} more` : ""}`;
  const what =
    things === 0
      ? `It has become many more since ${since}: ${was ?? "fewer"} fired then.`
      : `${things === 1 ? "Something else fails" : `${things} other things fail`} since ${since}: ${named}.`;
  return `${what} ${more.reopens ? "It is open again." : "That is milder, so it stays as it is."} ${sayFiring(incident)}.`;
}

const ALERT = ["alert", "alerts"] as const;
const ANOMALY = ["anomaly", "anomalies"] as const;

function goingOf(
  { total, firing }: { readonly total: number; readonly firing: number },
  words: readonly [string, string],
  verbs: readonly [string, string],
): readonly string[] {
  if (firing === 0) return [];
  const count =
    firing === total ? `${firing} ${plural(firing, words)}` : `${firing} of ${total} ${plural(total, words)}`;
  return [`${count} ${plural(firing, verbs)}`];
}

function plural(count: number, [one, many]: readonly [string, string]): string {
  return count === 1 ? one : many;
}
