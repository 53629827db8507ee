import type { Sample } from "../../core/series.ts";
import { rfc3339 } from "../../core/zone.ts";
import type { Incidents } from "../../ports/incidents.ts";
import type { Case } from "../../ports/model.ts";
import type { Clock, Inquiry, Proposals } from "../../ports.ts";
import { newest } from "../../util/newest.ts";
import { type Cleaner, cleanLabels, fenced } from "./data.ts";
import type { Notebook } from "./notebook.ts";

/** The picture of the whole that a model begins with: what is down, which alerts fire, which incidents are open, what was proposed and run
 * lately. */

/** How old a query's part of it may be. */
const GOOD_SECONDS = 300;
const SOURCES = 200;
const SHOWN = 15;
const PROPOSALS = 8;
const INCIDENTS = 8;
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
};

/** Tells one model what is known of the whole, and lets its numbers be said: each with the query that gave it, and of when. */
export type Context = (one: Case, notes: Notebook, clean: Cleaner, signal: AbortSignal) => Promise<string | undefined>;

/**
 * Keeps the two queries of a source for five minutes. A fact that is new to the bot ends that at once: any change of an incident or a
 * proposal, since what was carried out may have changed the picture. Incidents and proposals themselves are read each time.
 */
export function createContext(
  {
    proposals,
    incidents,
  }: { readonly proposals: Pick<Proposals, "find">; readonly incidents: Pick<Incidents, "live"> },
  clock: Clock,
): Context {
  const kept = newest<Kept>(SOURCES);

  return async (one, notes, clean, signal) => {
    const { ask, question } = one;
    const [recent, open] = await Promise.all([
      proposals.find({ since: question.at - PROPOSALS_SECONDS, limit: 50 }).catch(() => []),
      incidents.live().catch(() => []),
    ]);
    const facts = [...recent, ...open].map(({ id, revision }) => `${id} ${revision}`).join("|");
    const now = clock();
    const before = kept.get(ask.source.name);
    // A question about another time gets no picture of now.
    const isLive = Math.abs(now - ask.now) < GOOD_SECONDS;
    if (!isLive) return undefined;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const picture =
      before !== undefined && before.facts === facts && now - before.at < GOOD_SECONDS && before.at <= now
        ? before
        : await look(ask, now, facts, limit).catch((problem: unknown) => {
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
    const [down, firing] = parts.map(({ samples }) =>
      samples.slice(0, SHOWN).map(({ labels }) => cleanLabels(labels, clean)),
    );
    // People see only what stands where they may look: proposals of this source, of the channel they ask in where not all is open to them.
    const seen = recent.filter(
      ({ spec, places }) =>
        spec.source === ask.source.name &&
        (question.sources === undefined || places.some(({ channel }) => channel === question.place.channel)),
    );
    // Incidents do not say which source they come from.
    const told = question.sources === undefined ? open.slice(-INCIDENTS) : [];
    for (const { subject, names } of told) notes.addNames(subject?.name ?? "", ...names.map(({ name }) => name));
    for (const { spec } of seen) notes.addNames(spec.runbook?.id ?? "", spec.target.name);
    return fenced({
      as_of: rfc3339(picture.at),
      targets_down: { count: picture.down.length, first: down },
      alerts_firing: { count: picture.firing.length, first: firing },
      open_incidents: told.map(({ subject, status, severity, startedAt, names }) => ({
        about: clean(subject === undefined ? "several things" : `${subject.kind} ${subject.name}`),
        alerts: names.slice(0, 5).map(({ name }) => clean(name)),
        status,
        severity,
        since: rfc3339(startedAt),
      })),
      changes_of_the_last_day: seen.slice(0, PROPOSALS).map(({ spec, status }) => ({
        change: clean(spec.runbook?.id ?? spec.action.type),
        target: clean(spec.target.name),
        status,
        proposed_at: rfc3339(spec.createdAt),
      })),
    });
  };
}

async function look(ask: Inquiry, at: number, facts: string, signal: AbortSignal): Promise<Kept | undefined> {
  const [down, firing] = await Promise.all(
    [DOWN, FIRING].map((promql) => ask.instant(promql, { background: true, signal })),
  );
  if (down?.ok !== true || firing?.ok !== true) return undefined;
  return { at, facts, down: down.data, firing: firing.data };
}

type Part = { readonly promql: string; readonly samples: readonly Sample[] };

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
