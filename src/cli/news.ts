import { anomalyCard } from "../cards/anomaly-card.ts";
import type { Card } from "../core/card.ts";
import type { Anomaly } from "../core/watch/anomaly.ts";
import { rankOf } from "../core/watch.ts";
import type { Detection } from "../ports/detection.ts";
import type { Metrics } from "../ports/metrics.ts";

type Reading = Pick<Detection, "anomalies" | "records" | "opinions">;

export type NewsDeps = {
  /** Reads what the detector keeps; undefined where there is nothing to read. */
  readonly read: <T>(work: (detection: Reading) => Promise<T>) => Promise<T | undefined>;
  readonly clock: () => number;
  readonly zone: string;
  readonly sources?: readonly Pick<Metrics, "name" | "linkTo">[];
};

const MONTH = 30 * 86_400;
const MOST = 500;

/**
 * What the scheduled watching has to say to somebody in the terminal: each message that was opened since this was made, and again when
 * it is over. What a chat would not be told by default, information and what is quiet, is left out.
 */
export function watchNews({ read, clock, zone, sources = [] }: NewsDeps): () => Promise<readonly Card[]> {
  const since = clock();
  const told = new Map<string, "open" | "over">();
  return async () => {
    const found = await read(async (detection) => {
      const all = await detection.anomalies({ since, limit: MOST });
      const loud = all.filter((one) => one.quiet === undefined && rankOf(one.severity) >= rankOf("warning"));
      const fresh = [...Map.groupBy(loud, ({ group }) => group)].filter(
        ([group, members]) => members.some(({ openedAt }) => openedAt >= since) && told.get(group) !== stateOf(members),
      );
      // Who was never told that it began need not hear that it is over.
      const due = fresh.filter(([group, members]) => told.has(group) || stateOf(members) !== "over");
      for (const [group, members] of due) told.set(group, stateOf(members));
      if (due.length === 0) return [];
      const [records, opinions] = [await detection.records(since - MONTH), await detection.opinions(since - MONTH)];
      return due.map(([group, members]) =>
        anomalyCard(members, {
          now: clock(),
          zone,
          record: records.get(members[0]?.watch ?? "") ?? { posts: 0, useful: 0, notUseful: 0, expected: 0 },
          opinions,
          near: loud.filter((one) => one.group !== group && one.status === "open"),
          linkTo: (promql, source, window) => sources.find(({ name }) => name === source)?.linkTo(promql, window),
        }),
      );
    });
    return found ?? [];
  };
}

/** What is worth telling anew: that it began, and that it is over. What joins it meanwhile, `anomalies` lists. */
function stateOf(members: readonly Anomaly[]): "open" | "over" {
  return members.every(({ status }) => status === "over") ? "over" : "open";
}
