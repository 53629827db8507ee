import type { Proposal, Status } from "../../core/proposal.ts";
import type { Store } from "../../ports/store.ts";

/** Some of all those with one of `statuses`, and the next ones at the next call. */
export type Walk = {
  /** At most `most` of each status, in the order they were made. After the last it begins anew. */
  readonly next: (most: number) => Promise<readonly Proposal[]>;
  /** The last call gave all that there are. */
  readonly wasWhole: () => boolean;
};

/**
 * Goes round and round through the proposals of some statuses, a part at a time, so that each is looked at however many there are, and one look
 * stays cheap. Those that leave make the ones behind them move up, past the place of the next look: they are seen when it begins anew, since
 * whatever moves up often enough stands at the beginning.
 */
export function walk({ proposals }: Pick<Store, "proposals">, statuses: readonly Status[]): Walk {
  const places = new Map<Status, number>(statuses.map((status) => [status, 0]));
  let isWhole = false;

  async function part(status: Status, most: number): Promise<readonly Proposal[]> {
    const skip = places.get(status) ?? 0;
    const found = await proposals.find({ status: [status], oldestFirst: true, skip, limit: most });
    const isLast = found.length < most;
    if (skip > 0 || !isLast) isWhole = false;
    places.set(status, isLast ? 0 : skip + found.length);
    return found;
  }

  return {
    async next(most) {
      isWhole = true;
      const parts = [];
      for (const status of statuses) parts.push(...(await part(status, most)));
      return parts;
    },
    wasWhole: () => isWhole,
  };
}

const PART = 200;

/** All those with one of `statuses`, in the order they were made. One that comes to another status meanwhile may be missing, or there twice. */
export async function every({ proposals }: Pick<Store, "proposals">, statuses: readonly Status[]) {
  const found: Proposal[] = [];
  for (const status of statuses)
    for (let skip = 0, isMore = true; isMore; skip += PART) {
      const some = await proposals.find({ status: [status], oldestFirst: true, skip, limit: PART });
      found.push(...some);
      isMore = some.length === PART;
    }
  return found;
}
