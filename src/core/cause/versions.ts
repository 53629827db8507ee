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
  if (build === undefined || self === undefined || !build.metric.labels.has("version")) return undefined;
  const end = Math.floor(to / 60) * 60;
  const step = Math.max(60, Math.ceil((end - from) / 200 / 60) * 60);
  const start = end - Math.ceil((end - from) / step) * step;
  return { promql: `max by (${self}, version) (${build.metric.name})`, self, window: { start, end, step } };
}

/**
 * What the answer to that query says was deployed: versions that appeared where another one ran before. A service that is new, or that comes back after it was
 * down since before that time, was not deployed over anything.
 */
export function versionsBorn(answer: readonly Series[], { self, window }: VersionsQuery): readonly Deploy[] {
  const { start, step } = window;
  return answer.flatMap((series): Deploy[] => {
    const { [self]: service, version } = series.labels;
    const born = beginOf(series);
    if (service === undefined || version === undefined || born === undefined || born <= start + 1.5 * step) return [];
    // Where several were there, the one that came and stayed last.
    const [old] = answer
      .filter(({ labels }) => labels[self] === service && labels["version"] !== version)
      .filter((other) => (beginOf(other) ?? born) < born)
      .sort((a, b) => (beginOf(b) ?? 0) - (beginOf(a) ?? 0) || endOf(b) - endOf(a));
    return old === undefined ? [] : [{ service, at: born, from: old.labels["version"], to: version }];
  });
}

function beginOf({ points }: Series): number | undefined {
  return points.find(([, value]) => Number.isFinite(value))?.[0];
}

function endOf({ points }: Series): number {
  return points.findLast(([, value]) => Number.isFinite(value))?.[0] ?? 0;
}

/** "orders 4.11.1 → 4.12.0 was deployed at 14:46 UTC" */
export function sayDeploy({ service, at, from, to }: Deploy, now: number, zone: string): string {
  const versions =
    to === undefined ? "" : from === undefined ? ` ${inertName(to)}` : ` ${inertName(from)} → ${inertName(to)}`;
  return `${inertName(service)}${versions} was deployed ${sayMoment(at, now, zone)}`;
}
