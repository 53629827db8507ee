import { BURNS, withObjective } from "../../core/anomaly/severity.ts";
import type { Catalogue } from "../../core/catalogue.ts";
import { type ConceptPacks, stateQuery } from "../../core/concept.ts";
import { conceptIndex } from "../../core/language/subject.ts";
import { type Anomaly, worse } from "../../core/watch/anomaly.ts";
import type { Severity } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";

/**
 * How fast the error budgets of what these anomalies are about are used, by the anomaly's id: 1 is as fast as they last. One query, none where nothing
 * measures an objective of these. Throws what the source throws.
 */
export async function burnsOf(
  {
    source,
    catalogue,
    packs,
  }: { readonly source: Metrics; readonly catalogue: Catalogue; readonly packs: ConceptPacks },
  about: readonly Pick<Anomaly, "id" | "labels">[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const bound = conceptIndex(packs, catalogue).byId.get("slo.burn");
  const self = bound?.names["self"];
  const values = self === undefined ? [] : [...new Set(about.flatMap(({ labels }) => labels[self] ?? []))];
  if (bound === undefined || self === undefined || values.length === 0) return new Map();
  const samples = await source.instant(stateQuery(bound, [{ label: self, values }]), undefined, signal);
  return new Map(
    about.flatMap(({ id, labels }) => {
      const sample = samples.find((one) => one.labels[self] === labels[self]);
      return sample === undefined || labels[self] === undefined ? [] : [[id, sample.value] as const];
    }),
  );
}

/** The anomaly with what the error budget adds to its severity. */
export function weighed(one: Anomaly, burn: number | undefined, most: Severity, now: number): Anomaly {
  if (burn === undefined || !(burn >= BURNS)) return one;
  const before = { severity: one.severity, reasons: one.why?.reasons ?? [] };
  const { severity, reasons } = withObjective(before, burn, most);
  return { ...one, ...worse(one, severity), why: { at: now, reasons } };
}
