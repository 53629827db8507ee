import type { Catalogue } from "../../core/catalogue.ts";
import { sayIn, sayRange } from "../../core/plot.ts";
import type { Anomaly, Opinion, Together } from "../../core/watch/anomaly.ts";
import { rankOf, type Watch } from "../../core/watch.ts";
import { recordAll } from "./record.ts";
import type { HappenedTogether } from "./together.ts";
import { unitOf } from "./watches.ts";

export type TogetherInput = {
  readonly id: string;
  readonly watches: readonly Watch[];
  readonly catalogue: Catalogue;
  readonly now: number;
  readonly zone: string;
  readonly opinions: readonly Opinion[];
};

/** Of those that carry it so many are named. */
const NAMED = 3;

/**
 * What happened to several metrics together -> anomalies. While one of single series of the thing is open, or began in the same round, it is a sentence in that
 * one; else it is one of its own, named after the metric that sets it apart most and goes the way that is trouble. `open` is kept up to date.
 */
export function recordTogether(
  happened: readonly HappenedTogether[],
  open: Map<string, Anomaly>,
  input: TogetherInput,
): { readonly changed: readonly Anomaly[]; readonly opened: readonly Anomaly[] } {
  const changed = new Map<string, Anomaly>();
  const opened = new Map<string, Anomaly>();
  for (const one of happened) {
    const carriers = carriersOf(one, input);
    const [lead] = carriers;
    const before = open.get(one.id);
    // It is said once how they part; later another metric may lead, and its values are no course of the first.
    if (one.event === "worse" || (one.event !== "over" && lead === undefined)) continue;
    const single = before === undefined && one.event !== "over" ? singleOf(one, open, input) : undefined;
    if (single !== undefined && lead !== undefined) {
      const sentence = saySupport(carriers);
      if (single.because.includes(sentence)) continue;
      const next = { ...single, because: [...single.because, sentence], revision: single.revision + 1 };
      open.set(next.id, next);
      changed.set(next.id, next);
      continue;
    }
    const watch = lead?.watch ?? input.watches[0];
    if (watch === undefined) continue;
    const { thing, event, since, at, verdict } = one;
    const shown =
      lead === undefined
        ? verdict
        : { ...verdict, value: lead.value, usual: lead.expected, direction: lead.direction, terms: [] };
    const made = recordAll(
      [
        {
          ...{ id: one.id, series: thing.series, labels: thing.labels, event, since, at },
          verdict: shown,
          severity: "warning",
        },
      ],
      open,
      { ...input, watch: { ...watch, id: input.id }, unit: unitOf(watch, input.catalogue), isFirst: true, down: [] },
    );
    const news = new Set(made.opened.map(({ id }) => id));
    for (const anomaly of made.changed) {
      const whole = news.has(anomaly.id)
        ? {
            ...anomaly,
            together: { metrics: thing.metrics.length, carriers: carriers.map(({ watch: _, ...rest }) => rest) },
          }
        : anomaly;
      if (open.has(whole.id)) open.set(whole.id, whole);
      changed.set(whole.id, whole);
      if (news.has(whole.id)) opened.set(whole.id, whole);
    }
  }
  return {
    changed: [...changed.values()],
    opened: [...opened.values()].filter(({ id }) => changed.get(id)?.status === "open"),
  };
}

function carriersOf({ carriers }: HappenedTogether, { watches, catalogue }: TogetherInput) {
  const all = carriers.flatMap((one): (Together & { readonly watch: Watch })[] => {
    const watch = watches.find(({ id }) => id === one.watch);
    if (watch === undefined) return [];
    const { value, direction, expected } = one;
    const { name: measure, noun = "", promql } = watch;
    return [{ watch, measure, unit: unitOf(watch, catalogue), noun, promql, value, direction, expected }];
  });
  // Named after what goes the way that is trouble, where there is such a one: "CPU is too high", not "traffic is too low for it".
  const isTrouble = (one: (typeof all)[number]) => one.watch.direction === one.direction;
  return [...all.filter(isTrouble), ...all.filter((one) => !isTrouble(one))].slice(0, NAMED);
}

/** The gravest open anomaly of a single series of that thing: one whose labels hold all of the thing's. */
function singleOf({ thing }: HappenedTogether, open: ReadonlyMap<string, Anomaly>, { watches, id }: TogetherInput) {
  const source = watches[0]?.source;
  return [...open.values()]
    .filter((one) => one.kind === "unusual" && one.source === source && one.watch !== id && one.quiet === undefined)
    .filter(({ labels }) => Object.entries(thing.labels).every(([label, value]) => labels[label] === value))
    .sort((a, b) => rankOf(b.severity) - rankOf(a.severity) || b.score - a.score)[0];
}

/** "Its metrics do not go together as they use to: CPU usage is 82 %, where the others suggest 21 to 34 %." */
function saySupport(carriers: readonly Together[]): string {
  return `Its metrics do not go together as they use to: ${carriers.slice(0, 2).map(sayCarrier).join("; ")}.`;
}

function sayCarrier({ measure, unit, value, expected }: Together): string {
  return `${measure} is ${sayIn(unit, value)}, where the others suggest ${sayRange(unit, expected)}`;
}
