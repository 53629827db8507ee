import { inertName } from "../../util/inert.ts";
import type { Catalogue } from "../catalogue.ts";
import type { ConceptPacks } from "../concept.ts";
import type { Deploy } from "../deploy.ts";
import { conceptIndex } from "../language/subject.ts";
import type { Series } from "../series.ts";
import { sayMoment } from "../zone.ts";

/** Deployments as versions that appear in metrics. */

/** What to ask for versions within a time. `self`: the label that names what was deployed. Unix seconds and seconds. */
export type VersionsQuery = {
  readonly promql: string;
  readonly self: string;
  readonly window: { readonly start: number; readonly end: number; readonly step: number };
};

/** The one range query that tells which versions appeared within [from, to]; undefined where no metric has versions. */
export function versionsQuery(
  { packs, catalogue }: { readonly packs: ConceptPacks; readonly catalogue: Catalogue },
  from: number,
  to: number,
): VersionsQuery | undefined {
  const build = conceptIndex(packs, catalogue).byId.get("deploy.version");
  const self = build?.names["self"];
  if (build === undefined || self === undefined) return undefined;
  const end = Math.floor(to / 60) * 60;
  const step = Math.max(60, Math.ceil((end - from) / 200 / 60) * 60);
  const start = end - Math.ceil((end - from) / step) * step;
  return { promql: `max by (${self}, version) (${build.metric.name})`, self, window: { start, end, step } };
}

/** What the answer to that query says was deployed. What is there from the beginning was deployed before. */
export function versionsBorn(
  answer: readonly Series[],
  { self, window: { start, step } }: VersionsQuery,
): readonly Deploy[] {
  return answer.flatMap(({ labels, points }): Deploy[] => {
    const begin = points[0]?.[0];
    const to = labels["version"];
    if (begin === undefined || to === undefined || begin <= start + step / 2) return [];
    const before = answer.find((other) => {
      const first = other.points[0]?.[0];
      return (
        other.labels[self] === labels[self] && other.labels["version"] !== to && first !== undefined && first < begin
      );
    });
    return [{ service: labels[self] ?? "", at: begin, from: before?.labels["version"], to }];
  });
}

/** "orders 4.11.1 → 4.12.0 was deployed at 14:46 UTC" */
export function sayDeploy({ service, at, from, to }: Deploy, now: number, zone: string): string {
  const versions =
    to === undefined ? "" : from === undefined ? ` ${inertName(to)}` : ` ${inertName(from)} → ${inertName(to)}`;
  return `${inertName(service)}${versions} was deployed ${sayMoment(at, now, zone)}`;
}
