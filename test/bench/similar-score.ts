import { similarTo } from "../../src/core/incident/similar.ts";
import type { AlertLine, Incident } from "../../src/core/incident.ts";
import { anEnded } from "../fakes/digests.ts";
import { randomNumbers } from "../tools/random.ts";

/**
 * Incidents whose causes are known, since they are made of them: each cause fires some of its alerts on its things, among alerts that any cause
 * may fire. How often one of the same cause is among the three most alike (hit@3), beside taking the newest three with the same first alert.
 */

type Cause = {
  readonly name: string;
  readonly alerts: readonly string[];
  readonly things: readonly string[];
};

/** Different causes share alerts: a latency alert alone does not tell a full pool from a bad release. */
const CAUSES: readonly Cause[] = [
  {
    name: "pool",
    alerts: ["LatencyHigh", "ConnectionPoolExhausted", "ErrorRatioHigh"],
    things: ["checkout", "cart"],
  },
  {
    name: "release",
    alerts: ["ErrorRatioHigh", "LatencyHigh", "PodCrashLooping"],
    things: ["checkout", "search", "cart"],
  },
  {
    name: "leak",
    alerts: ["MemoryNearLimit", "ContainerOomKilled", "LatencyHigh"],
    things: ["search", "images"],
  },
  { name: "disk", alerts: ["DiskAlmostFull", "WriteErrors"], things: ["db-1", "db-2"] },
  { name: "replica", alerts: ["ReplicationLag", "ReadStale"], things: ["db-1", "db-2"] },
  {
    name: "dns",
    alerts: ["ProbeFailed", "ErrorRatioHigh"],
    things: ["gateway", "mailer"],
  },
  {
    name: "certificate",
    alerts: ["ProbeFailed", "CertificateExpiresSoon"],
    things: ["gateway", "shop"],
  },
  {
    name: "queue",
    alerts: ["QueueGrows", "ConsumerLag", "LatencyHigh"],
    things: ["mailer", "billing"],
  },
  {
    name: "cpu",
    alerts: ["CpuThrottled", "LatencyHigh"],
    things: ["search", "images", "billing"],
  },
  {
    name: "node",
    alerts: ["NodeNotReady", "PodPending", "TargetDown"],
    things: ["node-3", "node-7"],
  },
  {
    name: "partner",
    alerts: ["ErrorRatioHigh", "UpstreamTimeout", "LatencyHigh"],
    things: ["billing", "checkout"],
  },
  { name: "cron", alerts: ["JobFailed", "JobOverdue"], things: ["backup", "report"] },
];
const NOISE = ["TargetDown", "LatencyHigh", "CpuThrottled", "PodPending"];
const EACH = 20;
const T = 1_790_000_000;

export function scoreSimilar(seed: number): {
  readonly incidents: number;
  readonly ours: number;
  readonly byName: number;
} {
  const random = randomNumbers(seed);
  const pick = <V>(list: readonly V[]): V => list[Math.floor(random() * list.length)]!;
  const made = CAUSES.flatMap((cause) => Array.from({ length: EACH }, () => ({ cause, order: random() })))
    .sort((a, b) => a.order - b.order)
    .map(({ cause }, at) => ({ cause: cause.name, incident: incidentOf(cause, at) }));

  function incidentOf({ alerts, things }: Cause, at: number): Incident {
    const fired = alerts.filter(() => random() < 0.6);
    const own = fired.length > 0 ? fired : [pick(alerts)];
    const all = [...new Set(random() < 0.35 ? [pick(NOISE), ...own] : own)].sort(() => random() - 0.5);
    const thing = pick(things);
    const lines = all.map(
      (name): AlertLine => ({
        ...{ fingerprint: `${name}-${at}`, name, severity: "warning", startsAt: T + at * 3600 },
        labels: { alertname: name, service: thing, job: thing, pod: `${thing}-${Math.floor(random() * 1e6)}` },
        // As rules write it: the same words for the same alert, whatever its cause.
        summary: `${name} of ${thing}: ${Math.floor(random() * 100)} for 5 minutes`,
      }),
    );
    return anEnded(`i${at}`, T + at * 3600, 1200, {
      names: all.map((name) => ({ name, severity: "warning", total: 1, firing: 0 })),
      ...{ subject: { kind: "service", name: thing }, lines },
    });
  }

  // Only what can be found counts: the cause was there before.
  const asked = made
    .slice(24)
    .map((one, n) => ({ one, past: made.slice(0, n + 24) }))
    .filter(({ one, past }) => past.some(({ cause }) => cause === one.cause));
  const causeOf = new Map(made.map(({ cause, incident }) => [incident.id, cause]));
  const share = (found: (one: Incident, past: readonly Incident[]) => readonly Incident[]) =>
    asked.filter(({ one, past }) =>
      found(
        one.incident,
        past.map(({ incident }) => incident),
      ).some(({ id }) => causeOf.get(id) === one.cause),
    ).length / asked.length;
  return {
    incidents: asked.length,
    ours: share((one, past) => similarTo(one, past, 3).map(({ incident }) => incident)),
    byName: share((one, past) => past.filter(({ names }) => names[0]?.name === one.names[0]?.name).slice(-3)),
  };
}
