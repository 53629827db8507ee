import { isSilenced, type Matcher, type SilenceDraft } from "../../core/silence.ts";
import type { AlertRouter } from "../../ports/metrics.ts";
import type { Store } from "../../ports/store.ts";

/** What these matchers match now: alerts by Alertmanager's own judgement, anomalies of incidents that go on by ours. Throws what the two throw. */
export async function matchedNow(
  { incidents }: Pick<Store, "incidents">,
  router: AlertRouter,
  matchers: readonly Matcher[],
  signal?: AbortSignal,
): Promise<SilenceDraft["matched"]> {
  const [alerts, live] = await Promise.all([router.matching(matchers, signal), incidents.live()]);
  const anomalies = live
    .flatMap(({ lines }) => lines)
    .filter(({ anomaly, endsAt, labels }) => anomaly && endsAt === undefined && isSilenced(labels, matchers)).length;
  const byName = Map.groupBy(alerts, ({ labels }) => labels["alertname"] ?? "an alert without a name");
  const names = [...byName]
    .map(([name, { length: total }]) => ({ name, total }))
    .sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
  return { total: alerts.length, names, ...(anomalies > 0 && { anomalies }) };
}
