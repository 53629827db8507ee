import type { ConceptPacks } from "../../core/concept.ts";
import { queryFor } from "../../core/concept.ts";
import type { Budget } from "../../core/digest/facts.ts";
import { conceptIndex } from "../../core/language/subject.ts";
import type { Metrics } from "../../ports/metrics.ts";

/** Error budgets are told of so many days, and their pace of the last hour. */
const DAYS = 7;

/**
 * What is left of the error budget of each service that has an objective in Prometheus: two queries a source, none where there is no objective. Throws what
 * the source throws.
 */
export async function budgetsOf(
  sources: readonly Metrics[],
  packs: ConceptPacks,
  signal?: AbortSignal,
): Promise<readonly Budget[]> {
  return (await Promise.all(sources.map((source) => budgetsAt(source, packs, signal)))).flat();
}

async function budgetsAt(source: Metrics, packs: ConceptPacks, signal?: AbortSignal): Promise<readonly Budget[]> {
  const { byId } = conceptIndex(packs, await source.catalogue(signal));
  const ask = async (id: string, window: string): Promise<ReadonlyMap<string, number>> => {
    const bound = byId.get(id);
    if (bound === undefined) return new Map();
    const self = bound.names["self"] ?? "service";
    const promql = queryFor(bound, { filters: [], by: [self], window, quantile: 0.95, form: "rate" });
    const samples = await source.instant(promql, undefined, signal);
    return new Map(samples.map(({ labels, value }) => [labels[self] ?? "", value]));
  };
  const [left, burn] = await Promise.all([ask("slo.budget", `${DAYS}d`), ask("slo.burn", "1h")]);
  const { name, environment } = source;
  return [...left].flatMap(([service, rest]): Budget[] => {
    const pace = burn.get(service);
    return service === "" || !Number.isFinite(rest)
      ? []
      : [
          {
            ...{ service, source: name, left: rest, days: DAYS },
            ...(environment !== undefined && { environment }),
            ...(pace !== undefined && Number.isFinite(pace) && { burn: pace }),
          },
        ];
  });
}
