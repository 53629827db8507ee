import type { Place } from "../chat.ts";
import type { Severity, Watch } from "../watch.ts";
import { rankOf } from "../watch.ts";

/** Where what was found is posted, as the configuration says. */
export type Posting = {
  readonly watches: readonly Pick<Watch, "id" | "post">[];
  readonly routes: readonly { readonly place: Place; readonly least: Severity }[];
};

/** At the watch's own places, or by `schedules.detect.post` where it is severe enough. Empty: it is listed only. */
export function postPlaces(
  all: readonly { readonly watch: string; readonly severity: Severity }[],
  { watches, routes }: Posting,
): readonly Place[] {
  const found = new Map<string, Place>();
  for (const { watch, severity } of all) {
    const own = ownPlaces(watch, { watches });
    const wanted = own ?? routes.filter(({ least }) => rankOf(severity) >= rankOf(least)).map(({ place }) => place);
    for (const place of wanted) found.set(JSON.stringify(place), place);
  }
  return [...found.values()];
}

/** The places that a watch has of its own; undefined where it has no word on that. */
export function ownPlaces(watch: string, { watches }: Pick<Posting, "watches">): readonly Place[] | undefined {
  return watches.find(({ id }) => id === watch)?.post;
}
