import type { IncidentContext } from "../cards/incident-card.ts";
import type { Incident } from "../core/incident.ts";
import type { Anomaly } from "../core/watch/anomaly.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";

export type IncidentAnomaliesDeps = {
  readonly store: Pick<Store, "detection">;
  readonly sources: readonly Metrics[];
  readonly clock: Clock;
};

const MONTH = 30 * 86_400;
const MOST_OPEN = 500;

/** What an incident's message shows of the anomalies in it: as they are stored, with what people said of them. Undefined where it has none. */
export async function anomaliesIn(
  { store: { detection }, sources, clock }: IncidentAnomaliesDeps,
  { anomalies, lines }: Incident,
): Promise<IncidentContext["anomalies"]> {
  if (anomalies === undefined) return undefined;
  const ids = lines.flatMap(({ anomaly }) => anomaly ?? []);
  const since = clock() - MONTH;
  const [found, open, records, opinions] = await Promise.all([
    Promise.all(ids.map((id) => detection.anomaly(id))),
    detection.anomalies({ status: "open", limit: MOST_OPEN }),
    detection.records(since),
    detection.opinions(since),
  ]);
  const members = found.filter((one): one is Anomaly => one !== undefined);
  const groups = new Set(members.map(({ group }) => group));
  return {
    members,
    // This very message counts, though it is noted only once it is on its way.
    record: records.get(members[0]?.watch ?? "") ?? { posts: 1, useful: 0, notUseful: 0, expected: 0 },
    opinions,
    near: open.filter(({ quiet, group }) => quiet === undefined && !groups.has(group)),
    linkTo: (promql, source, window) => sources.find(({ name }) => name === source)?.linkTo(promql, window),
  };
}
