import { canonicalJson, type Json } from "../../util/canonical.ts";
import { never } from "../../util/never.ts";
import type { Place } from "../chat.ts";
import type { Run } from "../ci/run.ts";
import type { KeptForecast } from "../forecast/score.ts";
import { subjectOf } from "../incident/subject.ts";
import { countsOf, graverFirst, type Incident, isLive } from "../incident.ts";
import type { Proposal } from "../proposal.ts";
import type { Resource, Waste, WasteSum } from "../waste.ts";
import type { Anomaly } from "../watch/anomaly.ts";
import { rankOf } from "../watch.ts";
import {
  anomalyCounts,
  type Count,
  changeCounts,
  incidentCounts,
  isChange,
  isInside,
  type Period,
  periodBefore,
  runCounts,
} from "./counts.ts";
import { type Noise, noiseIn } from "./noise.ts";
import type { DigestKind } from "./schedule.ts";

/** What there is to do, and what happened, within a period. */

/** Something that was asked of the store: what came, or why nothing did. */
export type Asked<T> = { readonly ok: true; readonly data: T } | { readonly ok: false; readonly reason: string };

/** How useful the posts of one watch were. */
export type WatchUse = {
  readonly watch: string;
  readonly posts: number;
  readonly useful: number;
  readonly notUseful: number;
  readonly expected: number;
};

/** What a digest is made of. Each list may hold more than the period; it reaches back over the one before, too. */
export type Facts = {
  readonly incidents: Asked<readonly Incident[]>;
  readonly proposals: Asked<readonly Proposal[]>;
  readonly anomalies: Asked<readonly Anomaly[]>;
  /** Of posts within the period. */
  readonly watches: Asked<readonly WatchUse[]>;
  readonly forecasts: Asked<readonly KeptForecast[]>;
  readonly waste: Asked<readonly Waste[]>;
  /** Runs of pipelines. */
  readonly runs: Asked<readonly Run[]>;
  /** Since when the bot keeps anything, unix seconds: before that, nothing is no 0. */
  readonly knownSince: number;
};

export type Item =
  | { readonly kind: "incident"; readonly incident: Incident }
  | { readonly kind: "anomaly"; readonly anomaly: Anomaly }
  | { readonly kind: "proposal"; readonly proposal: ToldProposal }
  | { readonly kind: "forecast"; readonly forecast: Pick<KeptForecast, "id" | "reaches"> }
  | { readonly kind: "noise"; readonly noise: Noise }
  | { readonly kind: "watch"; readonly watch: WatchUse }
  | { readonly kind: "waste"; readonly waste: ToldWaste };

/** What a digest keeps of what one source wastes: the sums alone. */
export type ToldWaste = Pick<Waste, "id" | "days" | "prices"> & { readonly resource: Resource; readonly sum: WasteSum };

/** What a digest keeps of a proposal. `asked`: the words in which somebody asked for it. */
export type ToldProposal = Pick<Proposal, "id" | "status" | "endedAt" | "note"> & {
  readonly action: Proposal["spec"]["action"];
  readonly runbook: Proposal["spec"]["runbook"];
  readonly target: string;
  readonly environment: string | undefined;
  readonly asked: string | undefined;
};

const WAITING = ["unattended", "flapping", "expired", "unclear", "uncovered", "forecasts"] as const;
/** In the order in which they are told. */
export const SECTIONS = [...WAITING, "attended", "ran", "noise", "watches", "waste"] as const;
export type SectionName = (typeof SECTIONS)[number];

/** Those in which each line waits for somebody. */
export const TO_DO: ReadonlySet<SectionName> = new Set(WAITING);

const KINDS: Readonly<Record<DigestKind, readonly SectionName[]>> = {
  daily: SECTIONS.filter((name) => name !== "attended" && name !== "watches"),
  weekly: SECTIONS.filter((name) => name !== "attended"),
  handover: SECTIONS.filter((name) => name !== "noise" && name !== "watches" && name !== "waste"),
};

/** `total` counts all, also those that are not kept here. */
export type Section = { readonly name: SectionName; readonly total: number; readonly items: readonly Item[] };

export type Digest = Period & {
  readonly kind: DigestKind;
  /** When what is to be done was looked at, unix seconds. */
  readonly madeAt: number;
  readonly sections: readonly Section[];
  /** Was to be done when it was first told, and is not any more. */
  readonly done: readonly Item[];
  readonly counts: readonly Count[];
  /** False where the stretch before reaches further back than anything that is kept. */
  readonly isCompared: boolean;
  /** What could not be asked: it is not 0. Sentences. */
  readonly missing: readonly string[];
};

/** A digest as it is kept. */
export type KeptDigest = {
  /** Its plan and time, see `digestId`. */
  readonly id: string;
  readonly name: string;
  /** The planned time, unix seconds. */
  readonly slot: number;
  /** Counts up with everything that its message shows. */
  readonly revision: number;
  /** Planned times before it that were missed: it covers them. */
  readonly missed: number;
  readonly zone: string;
  readonly places: readonly Place[];
  readonly digest: Digest;
};

/** Items kept of one section: nobody reads more in a message. */
const KEPT = 25;
/** An alert and an anomaly of one thing within this time are about the same, in seconds. */
const NEAR = 900;
/** Forecasts that were given longer ago are not told any more, in seconds. */
const FORECAST_AGE = 7 * 86_400;
/** What was measured longer ago is not told any more, in seconds. */
const WASTE_AGE = 3 * 86_400;

/** The digest of a period, as things stand at `now`. */
export function digestOf(kind: DigestKind, facts: Facts, period: Period, now: number): Digest {
  const missing: string[] = [];
  const read = <T>(asked: Asked<T>, what: string, empty: T): T => {
    if (asked.ok) return asked.data;
    missing.push(`${what} could not be asked: ${asked.reason}`);
    return empty;
  };
  const incidents = read(facts.incidents, "Incidents", []);
  const proposals = read(facts.proposals, "Changes", []);
  const anomalies = read(facts.anomalies, "Anomalies", []);
  const watches = read(facts.watches, "How useful posts were", []);
  const forecasts = read(facts.forecasts, "Forecasts", []);
  const waste = read(facts.waste, "What is wasted", []);
  const runs = read(facts.runs, "Pipelines", []);
  // What covers an anomaly is not known without the incidents.
  const found: Readonly<Record<SectionName, readonly Item[]>> = {
    ...ofIncidents(incidents, period),
    ...ofProposals(proposals, period),
    uncovered: facts.incidents.ok ? uncovered(anomalies, incidents, period, now) : [],
    forecasts: [...watchedEnds(anomalies), ...dueForecasts(forecasts, period, now)],
    watches: watches.filter(isInVain).map((watch) => ({ kind: "watch", watch })),
    waste: waste.filter(({ at }) => now - at < WASTE_AGE).flatMap(ofWaste),
  };
  return {
    ...{ kind, from: period.from, to: period.to, madeAt: now },
    sections: KINDS[kind].flatMap((name) =>
      found[name].length === 0 ? [] : [{ name, total: found[name].length, items: found[name].slice(0, KEPT) }],
    ),
    done: [],
    counts: [
      ...(facts.incidents.ok ? incidentCounts(incidents, period) : []),
      ...(facts.anomalies.ok ? anomalyCounts(anomalies, period) : []),
      ...(facts.proposals.ok ? changeCounts(proposals, period) : []),
      ...(facts.runs.ok ? runCounts(runs, incidents, period) : []),
    ],
    isCompared: facts.knownSince <= periodBefore(period).from,
    missing,
  };
}

/**
 * The same digest looked at again, with nothing new in it: what came since has messages of its own. What was to be done and stands nowhere
 * any more is done.
 */
export function againOf(before: Digest, now: Digest): Digest {
  const told = [...before.sections.flatMap(({ items }) => items), ...before.done];
  const known = new Set(told.map(keyOf));
  const sections = now.sections.flatMap(({ name, items }): Section[] => {
    const kept = items.filter((item) => known.has(keyOf(item)));
    const old = before.sections.find((one) => one.name === name);
    const unseen = old === undefined ? 0 : old.total - old.items.length;
    return kept.length + unseen === 0 ? [] : [{ name, items: kept, total: kept.length + unseen }];
  });
  const left = new Set(sections.flatMap(({ items }) => items.map(keyOf)));
  const done = [...before.done, ...toDo(before)].filter((item) => !left.has(keyOf(item)));
  return { ...now, sections, done: [...new Map(done.map((item) => [keyOf(item), item])).values()] };
}

/** The incident as a digest keeps it. */
export function ofIncident(incident: Incident): Item {
  return { kind: "incident", incident: { ...incident, lines: [], keys: [] } };
}

/** The anomaly as a digest keeps it. */
export function ofAnomaly(anomaly: Anomaly): Item {
  return { kind: "anomaly", anomaly: { ...anomaly, points: [], events: [], because: [], terms: [] } };
}

/** The proposal as a digest keeps it. */
export function ofProposal(one: Proposal): Item {
  return { kind: "proposal", proposal: toldOf(one) };
}

/** What one source wastes as a digest keeps it: a line for each resource of which much is not used. */
function ofWaste({ id, days, found, prices }: Waste): readonly Item[] {
  return (["cpu", "memory"] as const).flatMap((resource): Item[] =>
    found[resource].sum.count === 0
      ? []
      : [
          {
            kind: "waste",
            waste: { id, days, resource, sum: found[resource].sum, ...(prices !== undefined && { prices }) },
          },
        ],
  );
}

/** What waits for somebody. */
export function toDo({ sections }: Pick<Digest, "sections">): readonly Item[] {
  return sections.flatMap(({ name, items }) => (TO_DO.has(name) ? items : []));
}

/** Whether two looks would show the same. When they were made is no difference. */
export function isSame(a: Digest, b: Digest): boolean {
  // A store may give keys back in another order, and leaves out what is undefined.
  const told = ({ madeAt: _, ...rest }: Digest) => canonicalJson(JSON.parse(JSON.stringify(rest)) as Json);
  return told(a) === told(b);
}

/** Tells one item from the others. */
export function keyOf(item: Item): string {
  switch (item.kind) {
    case "incident":
      return `incident ${item.incident.id}`;
    case "anomaly":
      return `anomaly ${item.anomaly.id}`;
    case "proposal":
      return `proposal ${item.proposal.id}`;
    case "forecast":
      return `forecast ${item.forecast.id}`;
    case "noise":
      return `noise ${item.noise.name}`;
    case "waste":
      return `waste ${item.waste.id} ${item.waste.resource}`;
    case "watch":
      return `watch ${item.watch.watch}`;
    default:
      return never(item);
  }
}

function ofIncidents(all: readonly Incident[], period: Period) {
  const live = all
    .filter(isLive)
    .sort((a, b) => graverFirst(a.severity, b.severity) || a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  const unattended = live.filter(({ status }) => status === "open");
  const open = new Set(unattended);
  const flapped = all.filter(
    (one) => one.isFlapping && !open.has(one) && (isLive(one) || isInside(one.endedAt, period)),
  );
  const flapping = new Set(flapped);
  const within = all.filter(({ openedAt }) => isInside(openedAt, period));
  return {
    unattended: unattended.map(ofIncident),
    flapping: flapped.map(ofIncident),
    attended: live.filter((one) => !open.has(one) && !flapping.has(one)).map(ofIncident),
    noise: noiseIn(within).map((noise): Item => ({ kind: "noise", noise })),
  };
}

function ofProposals(all: readonly Proposal[], period: Period) {
  const sorted = [...all].sort((a, b) => (b.endedAt ?? b.startedAt ?? 0) - (a.endedAt ?? a.startedAt ?? 0));
  const ran = sorted.filter((one) => isChange(one) && isInside(one.startedAt, period));
  return {
    expired: sorted
      .filter(({ status, endedAt, spec }) => status === "expired" && isInside(endedAt ?? spec.approveBy, period))
      .map(ofProposal),
    unclear: sorted.filter(({ status }) => status === "unknown").map(ofProposal),
    ran: ran.filter(({ status }) => status !== "unknown").map(ofProposal),
  };
}

function toldOf({ id, status, endedAt, note, spec }: Proposal): ToldProposal {
  return {
    ...{ id, status, action: spec.action, runbook: spec.runbook, target: spec.target.name },
    environment: spec.environment,
    asked: spec.cause.kind === "ask" ? spec.cause.text : undefined,
    ...(endedAt !== undefined && { endedAt }),
    ...(note !== undefined && { note }),
  };
}

/** Anomalies of weight that are open or began within the period, about things of which no alert told meanwhile. */
function uncovered(
  anomalies: readonly Anomaly[],
  incidents: readonly Incident[],
  period: Period,
  now: number,
): readonly Item[] {
  return (
    anomalies
      .filter(({ kind, severity, quiet }) => !isOther(kind) && severity !== "info" && quiet === undefined)
      .filter((one) => one.status === "open" || isInside(one.openedAt, period))
      .filter((one) => !incidents.some((incident) => hasAlerts(incident) && isAbout(incident, one, now)))
      // What is an incident that goes on is told as that.
      .filter(
        ({ id }) =>
          !incidents.some((incident) => isLive(incident) && incident.lines.some((line) => line.anomaly === id)),
      )
      .sort(
        (a, b) =>
          Number(a.status === "over") - Number(b.status === "over") ||
          rankOf(b.severity) - rankOf(a.severity) ||
          a.since - b.since,
      )
      .map(ofAnomaly)
  );
}

function hasAlerts(incident: Incident): boolean {
  return countsOf(incident).alerts.total > 0;
}

function isAbout(incident: Incident, anomaly: Anomaly, now: number): boolean {
  const begins = incident.startedAt - NEAR;
  const ends = (incident.endedAt ?? now) + NEAR;
  if (anomaly.since > ends || (anomaly.endedAt ?? now) < begins) return false;
  const name = subjectOf(anomaly.labels)?.name ?? anomaly.subject;
  if (name === "") return false;
  return (
    incident.subject?.name === name ||
    incident.lines.some(({ labels }) => Object.values(labels).some((value) => value === name))
  );
}

/** It says that a counter began anew, or what will be: neither is an anomaly that an alert should cover. */
function isOther(kind: Anomaly["kind"]): boolean {
  return kind === "reset" || kind === "ahead";
}

/** What the watching expects to be used up, the soonest first. */
function watchedEnds(anomalies: readonly Anomaly[]): readonly Item[] {
  return anomalies
    .filter(({ kind, status, quiet }) => kind === "ahead" && status === "open" && quiet === undefined)
    .sort((a, b) => (a.reaches?.at ?? 0) - (b.reaches?.at ?? 0))
    .map(ofAnomaly);
}

/** Limits that the newest forecast of a series says are reached before as much time as the period has gone by again, or a day. */
function dueForecasts(all: readonly KeptForecast[], { from, to }: Period, now: number): readonly Item[] {
  const until = now + Math.max(86_400, to - from);
  const newest = new Map<string, KeptForecast>();
  for (const one of all) {
    const key = JSON.stringify([one.source, one.promql, one.series]);
    if (one.at > now - FORECAST_AGE && one.at > (newest.get(key)?.at ?? 0)) newest.set(key, one);
  }
  return [...newest.values()]
    .filter(({ reaches }) => reaches !== undefined && reaches.at >= now && reaches.at < until)
    .sort((a, b) => a.reaches!.at - b.reaches!.at)
    .map(({ id, reaches }) => ({ kind: "forecast", forecast: { id, reaches } }));
}

/** Posted more than once, and nobody found any of it useful. */
function isInVain({ posts, useful, notUseful, expected }: WatchUse): boolean {
  return posts >= 2 && useful === 0 && notUseful + expected > 0;
}
