import type { Catalogue } from "../../core/catalogue.ts";
import { conceptIndex } from "../../core/language/subject.ts";
import { unitOfQuery } from "../../core/query-unit.ts";
import { automaticWatches } from "../../core/watch/automatic.ts";
import type { Watch } from "../../core/watch.ts";
import type { DetectDeps } from "./deps.ts";

/** Watches of one source, those that matter most first: people's own, then the automatic ones. */
export function watchesOf(
  { settings, packs }: Pick<DetectDeps, "settings" | "packs">,
  source: string,
  catalogue: Catalogue,
  isFirst: boolean,
): readonly Watch[] {
  const own = settings.watches.filter((one) => one.source === source);
  if (!settings.automatic) return own;
  const taken = new Set(settings.watches.map(({ id }) => id));
  // The default source's have the plain names, since most people have one.
  const automatic = automaticWatches(conceptIndex(packs, catalogue), source).map((one) =>
    isFirst ? one : { ...one, id: `${source}/${one.id}` },
  );
  return [...own, ...automatic.filter(({ id }) => !taken.has(id))];
}

/** The unit of a watch's values: as it says, or as its query tells. */
export function unitOf({ unit, promql }: Watch, catalogue: Catalogue): string {
  return unit ?? unitOfQuery(promql, catalogue).unit;
}
