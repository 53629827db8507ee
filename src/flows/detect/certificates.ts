import type { Catalogue } from "../../core/catalogue.ts";
import { groupBy, stateQuery } from "../../core/concept.ts";
import { conceptIndex } from "../../core/language/subject.ts";
import { seriesKey } from "../../core/series.ts";
import { type Anomaly, over } from "../../core/watch/anomaly.ts";
import { type Replaced, replacedBy } from "../../core/watch/certificate.ts";
import { subjectOf } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { sha256 } from "../../util/canonical.ts";
import type { DetectDeps } from "./deps.ts";
import { lacking } from "./record.ts";

/** Certificates that were replaced though they were not due: looked for every ten minutes, by two queries. */

const EVERY_SECONDS = 600;
/** Against the same time of the day before: what changes while the bot is away for some hours is noticed, too. */
const APART_SECONDS = 86_400;
const MOST = 50;
export const CERTIFICATES = "certificates";

/** When each source is looked at next, unix seconds. */
export type CertificateLooks = Map<string, number>;

type Looking = {
  readonly deps: Pick<DetectDeps, "clock" | "packs" | "store">;
  readonly source: Metrics;
  readonly catalogue: Catalogue;
  readonly open: ReadonlyMap<string, Anomaly>;
  readonly signal: AbortSignal;
};

/** Certificates of that source -> anomalies that begin or end. Nothing when the last look was a moment ago. Throws what the source throws. */
export async function lookAtCertificates(looks: CertificateLooks, looking: Looking): Promise<readonly Anomaly[]> {
  const { deps, source, catalogue, open, signal } = looking;
  const now = deps.clock();
  if (now < (looks.get(source.name) ?? 0)) return [];
  looks.set(source.name, now + EVERY_SECONDS);
  const bound = conceptIndex(deps.packs, catalogue).byId.get("cert.expiry");
  if (bound === undefined) return [];
  const promql = stateQuery(bound, []);
  const [before, current] = await Promise.all([
    source.instant(promql, now - APART_SECONDS, signal),
    source.instant(promql, now, signal),
  ]);
  const was = new Map(before.map(({ labels, value }) => [seriesKey(labels), value]));
  const mine = [...open.values()].filter((one) => one.kind === "replaced" && one.source === source.name);
  const found: Anomaly[] = [];
  for (const { labels, value } of current) {
    const replaced = replacedBy(was.get(seriesKey(labels)) ?? Number.NaN, value, APART_SECONDS);
    if (replaced === undefined || found.length >= MOST) continue;
    const about = { source, labels, subject: subjectOf({ by: groupBy(bound) }, labels), promql, now };
    found.push(anomalyOf(replaced, about, [...open.values(), ...found]));
  }
  const ids = new Set(found.map(({ id }) => id));
  const ended = mine.filter(({ id }) => !ids.has(id)).map((one) => over(one, now));
  const fresh: Anomaly[] = [];
  for (const one of found)
    if (!open.has(one.id) && (await deps.store.detection.anomaly(one.id)) === undefined) fresh.push(one);
  return [...ended, ...fresh];
}

type About = {
  readonly source: Metrics;
  readonly labels: Anomaly["labels"];
  readonly subject: string;
  readonly promql: string;
  readonly now: number;
};

function anomalyOf(
  { wasLeft, left }: Replaced,
  { source, labels, subject, promql, now }: About,
  open: readonly Anomaly[],
): Anomaly {
  const made = lacking(
    {
      ...{ kind: "replaced", watch: CERTIFICATES, source: source.name, measure: "certificate", subject },
      ...{ since: now, severity: "warning", series: seriesKey(labels), labels, promql },
    },
    open,
    now,
  );
  // The same however often it is looked at: by the day on which the new one ends.
  const end = Math.round((now + left) / 86_400);
  const id = `replaced-${sha256(JSON.stringify([source.name, seriesKey(labels), end])).slice(0, 16)}`;
  return {
    ...made,
    id,
    group: made.group === made.id ? id : made.group,
    unit: "seconds",
    value: left,
    usual: { low: wasLeft, typical: wasLeft, high: wasLeft },
    because: ["Was it meant? A certificate that nobody replaced on purpose may mean that traffic goes elsewhere."],
  };
}
