import { type Anomaly, type Opinion, over, worse } from "../../core/watch/anomaly.ts";
import { GROUP_MOST, groupFor } from "../../core/watch/group.ts";
import { isExpected } from "../../core/watch/threshold.ts";
import { atLeast, subjectOf, type Watch } from "../../core/watch.ts";
import type { Happened } from "./follow.ts";

/** What was over for so long, or began so long before the watching did, is listed and not posted. */
const OLD_SECONDS = 6 * 3600;

export type RecordInput = {
  readonly watch: Watch;
  readonly unit: string;
  readonly now: number;
  readonly zone: string;
  readonly isFirst: boolean;
  readonly opinions: readonly Opinion[];
  /** Targets of the watch that do not answer. */
  readonly down: readonly string[];
};

/**
 * What happened to series of one watch -> the anomalies that it makes or changes. `open` holds all that are open, by id, and is kept up to
 * date. Of what began and ended within one reading only the end is kept.
 */
export function recordAll(
  happened: readonly Happened[],
  open: Map<string, Anomaly>,
  input: RecordInput,
): { readonly changed: readonly Anomaly[]; readonly opened: readonly Anomaly[] } {
  const changed = new Map<string, Anomaly>();
  const opened = new Set<string>();
  for (const one of happened) {
    const before = changed.get(one.id) ?? open.get(one.id);
    if (one.event === "over") {
      if (before !== undefined) put(over(before, one.at));
    } else if (before === undefined) {
      opened.add(one.id);
      put(opening(one, open, input));
    } else put(again(before, one));
  }
  const all = [...changed.values()];
  return { changed: all, opened: all.filter(({ id, status }) => opened.has(id) && status === "open") };

  function put(anomaly: Anomaly): void {
    changed.set(anomaly.id, anomaly);
    if (anomaly.status === "open") open.set(anomaly.id, anomaly);
    else open.delete(anomaly.id);
  }
}

function opening(one: Happened, open: ReadonlyMap<string, Anomaly>, input: RecordInput): Anomaly {
  const { watch, now, unit } = input;
  const quiet = whyQuiet(one, input);
  const { verdict } = one;
  const made: Anomaly = {
    id: one.id,
    group: one.id,
    kind: "unusual",
    watch: watch.id,
    source: watch.source,
    series: one.series,
    labels: one.labels,
    measure: watch.name,
    subject: subjectOf(watch, one.labels),
    unit,
    noun: watch.noun ?? "",
    promql: watch.promql,
    status: "open",
    severity: one.severity,
    why: { at: one.at, reasons: one.reasons ?? [] },
    openedAt: now,
    since: one.since,
    value: verdict.value,
    ...usualOf(verdict, unit),
    direction: verdict.direction,
    score: verdict.score,
    terms: verdict.terms.map(({ name, weight }) => ({ name, weight })),
    because: [],
    points: [],
    events: [],
    ...(quiet !== undefined && { quiet }),
    revision: 1,
  };
  return { ...made, group: groupFor(made, [...open.values()]) };
}

function again(before: Anomaly, { verdict, severity, at, reasons = [] }: Happened): Anomaly {
  const { endedAt: _, ...rest } = before;
  // What an objective added is not known here, and stays.
  const objective = (before.why?.reasons ?? []).filter(({ kind }) => kind === "objective");
  return {
    ...rest,
    status: "open",
    ...worse(before, atLeast(severity, before.severity)),
    why: { at, reasons: [...reasons, ...objective] },
    value: verdict.value,
    direction: verdict.direction,
    score: Math.max(before.score, verdict.score),
    revision: before.revision + 1,
  };
}

/** A range does not reach below zero where nothing of that unit does. */
function usualOf({ usual, value }: Happened["verdict"], unit: string): Pick<Anomaly, "usual"> {
  if (usual === undefined) return {};
  const isSigned = unit === "none" || unit === "celsius" || value < 0 || usual.typical < 0;
  return { usual: isSigned ? usual : { ...usual, low: Math.max(0, usual.low) } };
}

function whyQuiet(one: Happened, { watch, isFirst, now, opinions, zone, down }: RecordInput): string | undefined {
  if (isExpected(opinions, watch.id, one.series, one.since, zone))
    return "somebody said that it is expected every week";
  if (isFirst && now - one.since > OLD_SECONDS) return "it was so before the watching began";
  const [first, ...others] = down;
  if (first !== undefined && one.verdict.direction === "down")
    return `${first}${others.length > 0 ? ` and ${others.length} more` : ""} did not answer meanwhile, so a part of it is missing`;
  return undefined;
}

/** One of the kinds that say why there is nothing to judge. */
export type Lack = Pick<Anomaly, "kind" | "watch" | "source" | "measure" | "subject" | "since" | "severity"> &
  Partial<Pick<Anomaly, "labels" | "series" | "promql" | "because" | "quiet">>;

/** An anomaly of such a kind. All of a source that begin together share a message. */
export function lacking(lack: Lack, open: Iterable<Anomaly>, now: number): Anomaly {
  const { kind, watch, source, subject, since } = lack;
  const id = `${kind}-${source}-${watch}-${subject}-${Math.round(since)}`.replace(/[^\w.-]+/g, "_").slice(0, 120);
  const made: Anomaly = {
    series: "",
    labels: {},
    promql: "",
    because: [],
    ...lack,
    id,
    group: id,
    unit: "none",
    noun: "",
    status: "open",
    openedAt: now,
    direction: "down",
    score: 0,
    terms: [],
    points: [],
    events: [],
    revision: 1,
  };
  return { ...made, group: groupOfLack(made, [...open], now) };
}

/** The message that something missing belongs to: that of others of its kind that were opened lately, or one of its own. */
export function groupOfLack(made: Anomaly, open: readonly Anomaly[], now: number): string {
  const near = open.filter(
    (one) =>
      one.kind === made.kind && one.source === made.source && one.quiet === made.quiet && now - one.openedAt < 1800,
  );
  const [first] = near;
  return first === undefined || near.length >= GROUP_MOST ? made.id : first.group;
}
