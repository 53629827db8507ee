import type { Sample } from "../../core/series.ts";
import { rfc3339 } from "../../core/zone.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Inquiry } from "../../ports/metrics.ts";
import type { Case, Deploys } from "../../ports/model.ts";
import type { Proposals } from "../../ports/store.ts";
import { newest } from "../../util/newest.ts";
import { type Cleaner, cleanLabels, fenced } from "./data.ts";
import type { Notebook } from "./notebook.ts";
import { anomalyData, incidentData, noteAges, noteAnomaly, noteIncident, type Records } from "./records.ts";

/** The picture of the whole that a model begins with: what is down, which alerts fire, what was deployed, which incidents and anomalies
 * go on, what was proposed and run lately. */

/** How old a query's part of it may be. */
const GOOD_SECONDS = 300;
const SOURCES = 200;
const SHOWN = 15;
const PROPOSALS = 8;
const INCIDENTS = 8;
const ANOMALIES = 8;
const DEPLOYS_SECONDS = 12 * 3600;
const PROPOSALS_SECONDS = 86_400;
/** A picture of the whole must not hold up an answer. */
const PATIENCE_MS = 3000;

const DOWN = "up == 0";
const FIRING = 'ALERTS{alertstate="firing"}';

type Kept = {
  readonly at: number;
  readonly facts: string;
  readonly down: readonly Sample[];
  readonly firing: readonly Sample[];
  readonly deploys: Deploys | undefined;
};

/** Tells one model what is known of the whole, and lets its numbers be said: each with the query that gave it, and of when. */
export type Context = (one: Case, notes: Notebook, clean: Cleaner, signal: AbortSignal) => Promise<string | undefined>;

/**
 * Keeps the queries of a source for five minutes. A fact that is new to the bot ends that at once: any change of an incident, an anomaly or
 * a proposal, since what was carried out may have changed the picture. Those themselves are read each time.
 */
export function createContext(
  { proposals }: { readonly proposals: Pick<Proposals, "find"> },
  records: Records,
  clock: Clock,
): Context {
  const kept = newest<Kept>(SOURCES);

  return async (one, notes, clean, signal) => {
    const { ask, question } = one;
    const [recent, open, unusual] = await Promise.all([
      proposals.find({ since: question.at - PROPOSALS_SECONDS, limit: 50 }).catch(() => []),
      records.incidents(one).catch(() => []),
      records.anomalies(one).catch(() => []),
    ]);
    const facts = [...recent, ...open, ...unusual].map(({ id, revision }) => `${id} ${revision}`).join("|");
    const now = clock();
    const before = kept.get(ask.source.name);
    // A question about another time gets no picture of now.
    const isLive = Math.abs(now - ask.now) < GOOD_SECONDS;
    if (!isLive) return undefined;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const picture =
      before !== undefined && before.facts === facts && now - before.at < GOOD_SECONDS && before.at <= now
        ? before
        : await look(one, now, facts, limit).catch((problem: unknown) => {
            if (signal.aborted) throw problem;
            return undefined; // the model can look by itself
          });
    if (picture === undefined) return undefined;
    kept.set(ask.source.name, picture);
    const parts = [
      { promql: DOWN, samples: picture.down },
      { promql: FIRING, samples: picture.firing },
    ];
    cite(ask, notes, parts, picture.at);
    if (picture.deploys !== undefined) citeDeploys(ask, notes, picture.deploys, picture.at);
    const [down, firing] = parts.map(({ samples }) =>
      samples.slice(0, SHOWN).map(({ labels }) => cleanLabels(labels, clean)),
    );
    // People see only what stands where they may look: proposals of this source, of the channel they ask in where not all is open to them.
    const seen = recent.filter(
      ({ spec, places }) =>
        spec.source === ask.source.name &&
        (question.sources === undefined || places.some(({ channel }) => channel === question.place.channel)),
    );
    const [incidents, anomalies] = [open.slice(0, INCIDENTS), unusual.slice(0, ANOMALIES)];
    for (const incident of incidents) noteIncident(notes, incident);
    for (const anomaly of anomalies) noteAnomaly(notes, ask, anomaly);
    for (const list of [open, unusual]) notes.facts.push({ value: list.length, family: "count", origin: "returned" });
    for (const { spec } of seen) notes.addNames(spec.runbook?.id ?? "", spec.target.name);
    return fenced({
      as_of: rfc3339(picture.at),
      targets_down: { count: picture.down.length, first: down },
      alerts_firing: { count: picture.firing.length, first: firing },
      deployed_lately: picture.deploys?.list.map(({ service, from, to, at }) => ({
        service: clean(service),
        ...(from !== undefined && { from: clean(from) }),
        ...(to !== undefined && { to: clean(to) }),
        at: rfc3339(at),
      })),
      open_incidents: { count: open.length, newest: incidents.map((incident) => incidentData(incident, clean, 0)) },
      anomalies: { count: unusual.length, newest: anomalies.map((anomaly) => anomalyData(anomaly, clean)) },
      changes_of_the_last_day: seen.slice(0, PROPOSALS).map(({ spec, status }) => ({
        change: clean(spec.runbook?.id ?? spec.action.type),
        target: clean(spec.target.name),
        status,
        proposed_at: rfc3339(spec.createdAt),
      })),
    });
  };
}

async function look({ ask, deploys }: Case, at: number, facts: string, signal: AbortSignal): Promise<Kept | undefined> {
  const [down, firing, deployed] = await Promise.all([
    ask.instant(DOWN, { background: true, signal }),
    ask.instant(FIRING, { background: true, signal }),
    deploys?.(at - DEPLOYS_SECONDS, signal).catch(() => undefined),
  ]);
  if (!down.ok || !firing.ok) return undefined;
  return { at, facts, down: down.data, firing: firing.data, deploys: deployed };
}

type Part = { readonly promql: string; readonly samples: readonly Sample[] };

/** Services, versions and times of deployments may be said. */
function citeDeploys(ask: Inquiry, notes: Notebook, { promql, list }: Deploys, at: number): void {
  if (notes.indexOf(promql) < 0) {
    ask.recall({
      promql,
      source: ask.source.name,
      start: at - DEPLOYS_SECONDS,
      end: at,
      step: 0,
      readings: list.length,
    });
    notes.recalled.set(promql, at);
  }
  const query = notes.indexOf(promql);
  notes.facts.push({ value: list.length, family: "count", origin: "returned", query });
  for (const { service, from, to, at: then } of list) {
    notes.addNames(service, from ?? "", to ?? "");
    noteAges(notes, then, undefined);
  }
}

/** What the picture says may be said: the number of things, and their names. Numbers that are the same rest on both queries. */
function cite(ask: Inquiry, notes: Notebook, parts: readonly Part[], at: number): void {
  for (const { promql, samples } of parts)
    if (notes.indexOf(promql) < 0) {
      ask.recall({ promql, source: ask.source.name, start: at, end: at, step: 0, readings: samples.length });
      notes.recalled.set(promql, at);
    }
  for (const count of new Set(parts.map(({ samples }) => samples.length))) {
    const query = notes.basisOf(parts.flatMap(({ promql, samples }) => (samples.length === count ? [promql] : [])));
    notes.facts.push({ value: count, family: "count", origin: "returned", ...(query !== undefined && { query }) });
  }
  for (const { samples } of parts) for (const { labels } of samples.slice(0, SHOWN)) notes.addLabels(labels);
}
