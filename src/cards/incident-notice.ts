import type { Call } from "../core/incident/escalate.ts";
import { routedSeverity } from "../core/incident/impact.ts";
import type { Notice, NoticeKind } from "../core/incident/notice.ts";
import { type Incident, isLive } from "../core/incident.ts";
import { formatDuration } from "../core/units.ts";
import { sayTime } from "../core/zone.ts";
import { inert, inertName } from "../util/inert.ts";
import { sayCause } from "./dependency-lines.ts";
import { sayImpact } from "./impact-line.ts";
import type { IncidentContext } from "./incident-card.ts";
import { sayGoing, sayMore, titleOf } from "./incident-words.ts";

/** What happened to an incident, in words for a mail, a page or a ticket: no markup, nothing that acts. */

/** What makes a notice one of its own, besides the incident as it stands. */
export type Happened = { readonly id: string; readonly kind: NoticeKind; readonly call?: Call };

const LINES = 8;

export function incidentNotice(
  incident: Incident,
  { id, kind, call }: Happened,
  context: Pick<IncidentContext, "now" | "zone" | "called">,
): Notice {
  const { subject, environment, endedAt } = incident;
  return {
    id,
    kind,
    at: context.now,
    title: titleFor(incident, kind, context),
    lines: [...saidOf(incident, kind, call, context), ...alertLines(incident)],
    incident: {
      id: incident.id,
      status: incident.status,
      severity: routedSeverity(incident),
      ...(subject !== undefined && { subject: inertName(`${subject.kind} ${subject.name}`, { max: 120 }) }),
      ...(environment !== undefined && { environment: inertName(environment, { max: 40 }) }),
      startedAt: incident.startedAt,
      ...(endedAt !== undefined && { endedAt }),
      total: incident.total,
      firing: incident.firing,
      alerts: incident.names.map(({ name }) => inertName(name, { max: 80 })),
    },
  };
}

/** A test that somebody sends through a route. It is marked as one in each of its lines. */
export function testNotice(test: {
  readonly id: string;
  readonly route: string;
  readonly by: string;
  readonly at: number;
}) {
  const notice: Notice = {
    id: test.id,
    kind: "test",
    at: test.at,
    title: `TEST: an alert of route ${inertName(test.route)} would be told here.`,
    lines: [`${inertName(test.by)} tests the routes. Nothing is wrong, and nothing has to be done.`],
    incident: {
      id: `test-${test.id.replace(/[^\w-]/g, "-")}`,
      status: "open",
      severity: "info",
      startedAt: test.at,
      total: 0,
      firing: 0,
      alerts: [],
    },
  };
  return notice;
}

function titleFor(incident: Incident, kind: NoticeKind, context: Pick<IncidentContext, "now">): string {
  const title = titleOf(incident, context);
  switch (kind) {
    case "worse":
      return `Worse. ${title}`;
    case "more":
      return `${incident.status === "open" ? "Open again" : "More"}. ${title}`;
    case "acknowledged":
      return `${incident.status === "snoozed" ? "Snoozed" : "Acknowledged"}. ${title}`;
    case "called":
      return `Unacknowledged. ${title}`;
    case "again":
      return `Open again. ${title}`;
    default:
      return title;
  }
}

function saidOf(
  incident: Incident,
  kind: NoticeKind,
  call: Call | undefined,
  { now, zone, called }: Pick<IncidentContext, "now" | "zone" | "called">,
): readonly string[] {
  const { acknowledged, snoozed, startedAt, endedAt } = incident;
  const lines: string[] = [];
  if (kind === "acknowledged" && incident.status === "snoozed" && snoozed !== undefined)
    lines.push(`${inertName(snoozed.name)} snoozed it until ${sayTime(snoozed.until, now, zone)}.`);
  else if (kind === "acknowledged" && acknowledged !== undefined)
    lines.push(`${inertName(acknowledged.name)} acknowledged it at ${sayTime(acknowledged.at, now, zone)}.`);
  if (kind === "more" && incident.more !== undefined) lines.push(sayMore(incident, incident.more, { now, zone }));
  if (call !== undefined) {
    const since = formatDuration(Math.max(0, Math.round(call.at - incident.openedAt)), { parts: 1 });
    const names = (called?.(call.people) ?? call.people.map((name) => ({ name }))).map(({ name }) => inertName(name));
    const whom = names.length === 0 ? "Nobody is on call for this step." : `Called: ${names.join(", ")}.`;
    lines.push(
      call.because === "idle"
        ? `It was acknowledged, and nothing moved since. ${names.length === 0 ? "" : whom}`.trim()
        : `Nobody has acknowledged it for ${since}. ${whom}`,
    );
  }
  if (incident.isFlapping) lines.push("It flaps: it began three times or more within an hour.");
  if (isLive(incident)) lines.push(`Since ${sayTime(startedAt, now, zone)}. ${sayGoing(incident)}`);
  else lines.push(`From ${sayTime(startedAt, now, zone)} to ${sayTime(endedAt ?? now, now, zone)}.`);
  const impact = sayImpact(incident, { now, zone });
  if (impact !== undefined) lines.push(impact);
  const cause = sayCause(incident, { now, zone });
  if (cause !== undefined) lines.push(cause);
  lines.push(`Incident ${incident.id}.`);
  return lines;
}

/** The gravest alerts in their rules' own words. */
function alertLines({ lines, total }: Incident): readonly string[] {
  const shown = lines.slice(0, LINES).map(({ name, summary, endsAt, runbookUrl, anomaly }) => {
    if (anomaly !== undefined) return `${endsAt === undefined ? "Goes on" : "Over"}: ${inert(summary).slice(0, 300)}`;
    const words = summary === "" ? "" : `: ${inert(summary).slice(0, 300)}`;
    const page = runbookUrl !== undefined && /^https?:\/\//.test(runbookUrl) ? ` (${inertName(runbookUrl)})` : "";
    return `${endsAt === undefined ? "Fires" : "Over"}: ${inertName(name, { max: 80 })}${words}${page}`;
  });
  return total > shown.length ? [...shown, `… and ${total - shown.length} more.`] : shown;
}
