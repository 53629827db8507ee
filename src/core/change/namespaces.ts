import type { Catalogue, Entity } from "../catalogue.ts";

/** Queries that tell in which namespaces a thing is, the surest first: the first that returns any tells all. `kinds`: nearest first. */
export function namespaceQueries(
  catalogue: Pick<Catalogue, "metrics">,
  entities: readonly Entity[],
  kinds: readonly string[],
): readonly string[] {
  return kinds.flatMap((kind) => {
    const at = entities.find((entity) => entity.kind === kind)?.at ?? [];
    return at.flatMap(({ label, value }) => {
      const [metric] = [...catalogue.metrics.values()]
        .filter(({ labels }) => labels.has("namespace") && labels.get(label)?.includes(value) === true)
        .sort((a, b) => Number(b.name.startsWith("kube_")) - Number(a.name.startsWith("kube_")));
      return metric === undefined ? [] : `count by (namespace) (${metric.name}{${label}=${JSON.stringify(value)}})`;
    });
  });
}

/** More are not told apart. */
export const MOST_NAMESPACES = 5;
