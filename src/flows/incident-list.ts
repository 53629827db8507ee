import { type IncidentContext, incidentCard } from "../cards/incident-card.ts";
import { titleOf } from "../cards/incident-words.ts";
import type { Card } from "../core/card.ts";
import { shownSeverity } from "../core/incident/impact.ts";
import { type AlertRecord, graverFirst, type Incident } from "../core/incident.ts";
import { sayTime } from "../core/zone.ts";
import type { Store } from "../ports/store.ts";
import { inert, inertName } from "../util/inert.ts";

type ListDeps = {
  readonly store: Pick<Store, "incidents">;
  readonly now: number;
  readonly zone: string;
  readonly contextOf: (incident: Incident) => Promise<IncidentContext>;
  /** Whether whoever asks may read of it. */
  readonly mayRead: (incident: Incident) => boolean;
};

const SHOWN = 20;
const ALERTS = 100;
const LATELY = 86_400;

/** What goes on now, the gravest first, and what was over within a day. */
export async function incidentsCard({ store, now, zone, mayRead }: Omit<ListDeps, "contextOf">): Promise<Card> {
  const [live, lately] = await Promise.all([
    store.incidents.live(),
    store.incidents.find({ status: ["resolved"], since: now - LATELY, limit: 200 }),
  ]);
  const open = live
    .filter(mayRead)
    .sort((a, b) => graverFirst(shownSeverity(a), shownSeverity(b)) || a.startedAt - b.startedAt);
  const over = lately.filter(mayRead).sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
  const line = (one: Incident) => `${titleOf(one, { now })} – ${stateOf(one, now, zone)} [${one.id}]`;
  const unattended = open.filter(({ status }) => status === "open").length;
  const count = open.length;
  return {
    title:
      count === 0
        ? "No incident is open."
        : `${count} incident${count === 1 ? "" : "s"} open, ${unattended === 0 ? "all" : `${count - unattended} of them`} acknowledged or snoozed.`,
    tone: count === 0 ? "good" : open[0] !== undefined && shownSeverity(open[0]) === "critical" ? "danger" : "warning",
    blocks: [
      ...(count === 0 ? [] : [{ kind: "list" as const, items: open.slice(0, SHOWN).map(line) }]),
      ...(count > SHOWN ? [{ kind: "note" as const, text: `${count - SHOWN} more.` }] : []),
      ...(over.length === 0
        ? []
        : [
            { kind: "text" as const, text: `Over within the last day (${over.length}):` },
            { kind: "list" as const, items: over.slice(0, SHOWN / 2).map(line) },
          ]),
      {
        kind: "note",
        text: "One of them whole: incidents ID. Alerts reach me by Alertmanager's webhook; anomalies I find by watching.",
      },
    ],
  };
}

/** One incident with all its alerts, or that there is none of that id. */
export async function incidentDetails(deps: ListDeps, id: string): Promise<Card> {
  const incident = await deps.store.incidents.get(id);
  if (incident === undefined || !deps.mayRead(incident))
    return {
      title: `I know no incident ${inertName(id, { max: 40 })}.`,
      tone: "warning",
      blocks: [{ kind: "note", text: "`incidents` lists those that are open and that were over within a day." }],
    };
  const alerts = await deps.store.incidents.alertsOf(id, { skip: 0, limit: ALERTS });
  const { blocks, ...card } = incidentCard(incident, await deps.contextOf(incident));
  // Its buttons count on its own message only.
  const kept = blocks.filter(({ kind }) => kind !== "buttons" && kind !== "list");
  const rest = incident.total - alerts.length;
  return {
    ...card,
    blocks: [
      ...kept,
      { kind: "list", items: alerts.map((one) => alertLine(one, deps.now, deps.zone)) },
      ...(rest > 0
        ? [{ kind: "note" as const, text: `${rest} more: smartcloudops incidents show ${id} --json has all of them.` }]
        : []),
    ],
  };
}

function stateOf({ status, acknowledged, snoozed, startedAt }: Incident, now: number, zone: string): string {
  switch (status) {
    case "acknowledged":
      return `since ${sayTime(startedAt, now, zone)}, acknowledged by ${inertName(acknowledged?.name ?? "somebody")}`;
    case "snoozed":
      return `since ${sayTime(startedAt, now, zone)}, snoozed until ${sayTime(snoozed?.until ?? now, now, zone)}`;
    case "resolved":
      return `began ${sayTime(startedAt, now, zone)}`;
    case "open":
      return `since ${sayTime(startedAt, now, zone)}, nobody has acknowledged it`;
  }
}

function alertLine(
  { name, severity, labels, summary, startsAt, endsAt, anomaly }: AlertRecord,
  now: number,
  zone: string,
): string {
  const own = Object.entries(labels)
    .filter(([label]) => label !== "alertname" && label !== "severity")
    .slice(0, 6)
    .map(([label, value]) => `${inertName(label, { max: 40 })}=${inertName(value, { max: 60 })}`);
  const time =
    endsAt === undefined
      ? `since ${sayTime(startsAt, now, zone)}`
      : `${sayTime(startsAt, now, zone)} to ${sayTime(endsAt, now, zone)}`;
  if (anomaly !== undefined) return `Anomaly (${severity}, ${time}): ${inert(summary).slice(0, 300)}`;
  const words = summary === "" ? "" : `: ${inert(summary).slice(0, 200)}`;
  return `${inertName(name, { max: 80 })} (${severity}, ${time}) [${own.join(", ")}]${words}`;
}
