import { canonicalJson, type Json } from "../../util/canonical.ts";
import type { Place } from "../chat.ts";
import {
  anomalyCounts,
  type Count,
  changeCounts,
  incidentCounts,
  type Period,
  periodBefore,
  runCounts,
} from "./counts.ts";
import { type Asked, type Facts, type Item, keyOf } from "./facts.ts";
import type { DigestKind } from "./schedule.ts";
import {
  deliveries,
  dueForecasts,
  endingSilences,
  isInVain,
  ofIncidents,
  ofProposals,
  ofWaste,
  redLines,
  shortBudgets,
  uncovered,
  watchedEnds,
} from "./sections.ts";

/** What there is to do, and what happened, within a period. */

const WAITING = [
  ...(["unattended", "flapping", "expired", "unclear", "silences", "red"] as const),
  ...(["uncovered", "forecasts", "budgets"] as const),
] as const;
export type ToDo = (typeof WAITING)[number];
/** In the order in which they are told. */
export const SECTIONS = [
  ...WAITING,
  ...(["duties", "attended", "ran", "patterns", "delivery", "noise", "watches", "waste"] as const),
] as const;
export type SectionName = (typeof SECTIONS)[number];

/** Those in which each line waits for somebody. */
export const TO_DO: ReadonlySet<SectionName> = new Set(WAITING);

/** Whether its lines wait for somebody. */
export function isToDo(name: SectionName): name is ToDo {
  return TO_DO.has(name);
}

/** What each kind leaves out. */
const WITHOUT: Readonly<Record<DigestKind, readonly SectionName[]>> = {
  daily: ["attended", "patterns", "delivery", "watches"],
  weekly: ["attended"],
  handover: ["patterns", "delivery", "noise", "watches", "waste"],
};

/** Whether a digest of that kind has that section. */
export function tellsOf(kind: DigestKind, section: SectionName): boolean {
  return !WITHOUT[kind].includes(section);
}

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
  /** Sections of which something could not be asked: what stood there before still does. */
  readonly unasked?: readonly SectionName[];
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
/** What was measured longer ago is not told any more, in seconds. */
const WASTE_AGE = 3 * 86_400;

/** The digest of a period, as things stand at `now`. */
export function digestOf(kind: DigestKind, facts: Facts, period: Period, now: number): Digest {
  const missing: string[] = [];
  const unasked = new Set<SectionName>();
  const read = <T>(asked: Asked<readonly T[]> | undefined, what: string, ...of: SectionName[]): readonly T[] => {
    if (asked === undefined) return [];
    if (asked.ok) return asked.data;
    missing.push(`${what} could not be asked: ${asked.reason}`);
    for (const name of of) unasked.add(name);
    return [];
  };
  const incidents = read(facts.incidents, "Incidents", "unattended", "flapping", "attended", "uncovered", "noise");
  const proposals = read(facts.proposals, "Changes", "expired", "unclear", "ran");
  const anomalies = read(facts.anomalies, "Anomalies", "uncovered", "forecasts");
  const watches = read(facts.watches, "How useful posts were", "watches");
  const forecasts = read(facts.forecasts, "Forecasts", "forecasts");
  const waste = read(facts.waste, "What is wasted", "waste");
  const runs = read(facts.runs, "Pipelines", "red", "delivery");
  const silences = read(facts.silences, "Silences", "silences");
  const duties = read(facts.duties, "Who is on call", "duties");
  const budgets = read(facts.budgets, "Error budgets", "budgets");
  const patterns = read(facts.patterns, "What comes again", "patterns");
  // What covers an anomaly is not known without the incidents.
  const found: Readonly<Record<SectionName, readonly Item[]>> = {
    ...ofIncidents(incidents, period, facts),
    ...ofProposals(proposals, period),
    uncovered: facts.incidents.ok ? uncovered(anomalies, incidents, period, now) : [],
    forecasts: [...watchedEnds(anomalies), ...dueForecasts(forecasts, period, now)],
    silences: endingSilences(silences, now),
    red: redLines(runs, now),
    budgets: shortBudgets(budgets),
    duties: duties.map((duty) => ({ kind: "duty", duty })),
    patterns: patterns.map((pattern) => ({ kind: "pattern", pattern })),
    delivery: deliveries(runs, incidents, period, facts.teamOf ?? (() => undefined)),
    watches: watches.filter(isInVain).map((watch) => ({ kind: "watch", watch })),
    waste: waste.filter(({ at }) => now - at < WASTE_AGE).flatMap(ofWaste),
  };
  return {
    ...{ kind, from: period.from, to: period.to, madeAt: now },
    sections: SECTIONS.filter((name) => tellsOf(kind, name)).flatMap((name) =>
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
    ...(unasked.size > 0 && { unasked: [...unasked] }),
  };
}

/**
 * The same digest looked at again, with nothing new in it: what came since has messages of its own. What was to be done and stands nowhere
 * any more is done.
 */
export function againOf(before: Digest, now: Digest): Digest {
  const told = [...before.sections.flatMap(({ items }) => items), ...before.done];
  const known = new Set(told.map(keyOf));
  const unasked = new Set(now.unasked);
  const sections = SECTIONS.flatMap((name): Section[] => {
    const old = before.sections.find((one) => one.name === name);
    const found = now.sections.find((one) => one.name === name);
    if (unasked.has(name)) return old === undefined ? [] : [old];
    if (found === undefined) return [];
    const kept = found.items.filter((item) => known.has(keyOf(item)));
    const unseen = old === undefined ? 0 : old.total - old.items.length;
    return kept.length + unseen === 0 ? [] : [{ name, items: kept, total: kept.length + unseen }];
  });
  const left = new Set(sections.flatMap(({ items }) => items.map(keyOf)));
  const done = [...before.done, ...toDo(before)].filter((item) => !left.has(keyOf(item)));
  return { ...now, sections, done: [...new Map(done.map((item) => [keyOf(item), item])).values()] };
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
