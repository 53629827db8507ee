import { matcher } from "../../core/concept.ts";
import type { Subject } from "../../core/language/subject.ts";
import { shortName } from "../../core/names.ts";
import type { Reading } from "../../core/reading.ts";
import type { Turn } from "./turn.ts";

/**
 * Why a query came back empty: the target is down, the series stopped, or there is none. Asks Prometheus for the time of
 * the last sample within a day, and for `up` of the hosts in question.
 */
export async function whyMissing(turn: Turn, subject: Subject): Promise<Reading> {
  const { ask } = turn;
  const match = subject.filters.map(matcher).join(",");
  const name =
    subject.bound.metric.type === "histogram" && !subject.bound.metric.native
      ? `${subject.bound.metric.name}_count`
      : subject.bound.metric.name;
  const instances = instancesOf(subject);
  const [last, up] = await Promise.all([
    ask.instant(`max(max_over_time(timestamp(${name}{${match}})[1d:5m]))`, { background: true }),
    instances.length === 0
      ? undefined
      : ask.instant(`up{${matcher({ label: "instance", values: instances })}}`, { background: true }),
  ]);
  if (!last.ok) return { kind: "failed", reason: last.reason };
  const lastSeen = last.data[0]?.value;
  const downNow = up?.ok ? up.data.find((sample) => sample.value === 0) : undefined;
  if (downNow !== undefined) {
    return { kind: "down", target: shortName("instance", downNow.labels["instance"] ?? ""), lastSeen };
  }
  if (lastSeen === undefined) return { kind: "no-series" };
  return { kind: "stale", value: undefined, at: lastSeen, ageSeconds: Math.max(0, ask.now - lastSeen), labels: {} };
}

function instancesOf(subject: Subject): string[] {
  return subject.filters.filter((filter) => filter.label === "instance").flatMap((filter) => filter.values);
}
