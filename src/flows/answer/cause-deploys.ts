import { deploysOf, MOST_TOLD, runsAt, TOLD_BEFORE, withTold } from "../../core/ci/deploys.ts";
import { matcher } from "../../core/concept.ts";
import type { Deploy } from "../../core/deploy.ts";
import { formatDuration } from "../../core/units.ts";
import { sayTime } from "../../core/zone.ts";
import { inertName } from "../../util/inert.ts";
import type { Explanation, Search } from "./cause-explain.ts";
import { ownsPod } from "./cause-focus.ts";
import type { Family } from "./cause-signals.ts";
import type { Turn } from "./turn.ts";

const HOUR = 3600;
/** Just before and just after: long enough for a rollout and two scrapes. */
const AROUND = 600;

/** `most`: only the newest so many. `background` and `signal` as of a query. */
type Wanted = { readonly most?: number; readonly background?: boolean; readonly signal?: AbortSignal };

/** The query that tells when deployments ended, or which versions run. Undefined where no metric tells of either. */
export function deploysQuery({ index }: Turn): string | undefined {
  const [last, build] = ["deploy.last", "deploy.version"].map((id) => index.byId.get(id));
  if (last !== undefined) return `max by (${last.names["self"] ?? "service"}) (${last.metric.name})`;
  return build === undefined
    ? undefined
    : `max by (${build.names["self"] ?? "service"}, version) (${build.metric.name})`;
}

/**
 * Deployments finished in [from, to], newest first, with the versions that ran before and after each: as Prometheus measured them, and as
 * pipelines told of them. Undefined where neither could be asked.
 */
export async function deploysIn(
  turn: Turn,
  from: number,
  to: number,
  wanted: Wanted = {},
): Promise<readonly Deploy[] | undefined> {
  const [measured, told] = await Promise.all([measuredIn(turn, from, to, wanted), toldIn(turn, from, to)]);
  if (measured === undefined && told.length === 0) return undefined;
  return withTold(measured ?? [], told).slice(0, wanted.most);
}

async function toldIn({ store, question, ask, sources }: Turn, from: number, to: number): Promise<readonly Deploy[]> {
  // Pipelines tell of every environment: whoever may read only some sources is not told.
  if (question.sources !== undefined) return [];
  const runs = await store.runs.since(from - TOLD_BEFORE, MOST_TOLD, { deploying: true });
  return deploysOf(runsAt(runs, ask.source, sources), from, to);
}

async function measuredIn(
  turn: Turn,
  from: number,
  to: number,
  { most = Number.POSITIVE_INFINITY, ...how }: Wanted,
): Promise<readonly Deploy[] | undefined> {
  const last = turn.index.byId.get("deploy.last");
  const build = turn.index.byId.get("deploy.version");
  const promql = deploysQuery(turn);
  if (promql === undefined) return undefined;
  if (last !== undefined) {
    const self = last.names["self"] ?? "service";
    // A service may have been deployed several times: each value the gauge took is one deployment.
    const window = {
      start: to - Math.ceil((to - from) / 600) * 600,
      end: to,
      step: Math.max(600, Math.ceil((to - from) / 400 / 600) * 600),
    };
    const answer = await turn.ask.range(promql, window, how);
    if (!answer.ok) return undefined;
    const events = answer.data.flatMap((series) =>
      [...new Set(series.points.map(([, value]) => value))]
        .filter((time) => time >= from && time <= to)
        .map((time) => ({ service: series.labels[self] ?? "", at: time })),
    );
    const newest = events.sort((a, b) => b.at - a.at).slice(0, most);
    return Promise.all(
      newest.map(async (event) => ({ ...event, ...(await versions(turn, event.service, event.at, how.signal)) })),
    );
  }
  const self = build?.names["self"] ?? "service";
  const step = Math.max(300, Math.ceil((to - from) / 300 / 300) * 300);
  const answer = await turn.ask.range(promql, { start: from - step, end: to, step }, how);
  if (!answer.ok) return undefined;
  const born = answer.data.flatMap((series) => {
    const [begin] = series.points;
    return begin === undefined || begin[0] <= from - step + 1
      ? []
      : [{ service: series.labels[self] ?? "", at: begin[0], from: undefined, to: series.labels["version"] }];
  });
  return born.sort((a, b) => b.at - a.at).slice(0, most);
}

async function versions(
  turn: Turn,
  service: string,
  at: number,
  signal: AbortSignal | undefined,
): Promise<Pick<Deploy, "from" | "to">> {
  const build = turn.index.byId.get("deploy.version");
  const self = build?.names["self"];
  if (build === undefined || self === undefined) return { from: undefined, to: undefined };
  const promql = `max by (${self}, version) (${build.metric.name}{${matcher({ label: self, values: [service] })}})`;
  const how = { background: true, ...(signal && { signal }) };
  const [before, after] = await Promise.all([
    turn.ask.instant(promql, { at: at - AROUND, ...how }),
    turn.ask.instant(promql, { at: Math.min(at + AROUND, turn.ask.now), ...how }),
  ]);
  const old = before.ok ? before.data.map((one) => one.labels["version"] ?? "") : [];
  const young = after.ok ? after.data.map((one) => one.labels["version"] ?? "") : [];
  return {
    from: old.find((version) => !young.includes(version)) ?? old[0],
    to: young.find((version) => !old.includes(version)) ?? young[0],
  };
}

/** "checkout v2.30.1 → v2.31.0 at 23:38 UTC". */
export function sayDeploy(turn: Turn, deploy: Deploy): string {
  return `${sayVersions(deploy)} at ${sayTime(deploy.at, turn.now, turn.zone)}`;
}

/** "checkout v2.30.1 → v2.31.0". */
export function sayVersions({ service, from, to }: Deploy): string {
  const change =
    to === undefined
      ? ""
      : from === undefined || from === to
        ? ` ${inertName(to)}`
        : ` ${inertName(from)} → ${inertName(to)}`;
  return `${inertName(service)}${change}`;
}

/** How far before the symptom a deployment may lie: what leaks or fills shows late. */
export function reachOf(family: Family): number {
  return family === "memory" || family === "disk" ? 12 * HOUR : family === "crash" ? 3 * HOUR : 0.75 * HOUR;
}

const OWN: Partial<Record<Family, number>> = {
  latency: 1,
  errors: 1,
  crash: 1,
  memory: 1,
  connections: 0.8,
  cpu: 0.7,
  queue: 0.7,
  traffic: 0.5,
  cache: 0.5,
  disk: 0.3,
  pending: 0.3,
  ci: 0.3,
  cert: 0.05,
  logins: 0.6,
};
/** Of other services: enough to be listed; called likely only where what they share is the trouble itself. */
const OTHERS: Partial<Record<Family, number>> = {
  connections: 0.75,
  latency: 0.28,
  errors: 0.28,
  queue: 0.7,
  cache: 0.28,
  traffic: 0.28,
  cpu: 0.28,
  logins: 0.28,
  crash: 0.2,
  other: 0.28,
  disk: 0.02,
  memory: 0.15,
};

/** Deployments near the onset, of the thing itself and of others. */
export async function deployExplanations({ turn, focus, symptom, at, onset }: Search): Promise<{
  readonly found: readonly Explanation[];
  readonly looked: boolean;
  readonly note: string | undefined;
}> {
  const reach = reachOf(symptom.family);
  const deploys = await deploysIn(turn, onset - Math.max(6 * reach, 6 * HOUR), at);
  if (deploys === undefined) return { found: [], looked: false, note: undefined };
  const isOwn = (service: string): boolean =>
    focus.names.has(service.toLowerCase()) ||
    focus.workloads.some((workload) => workload.startsWith(`${service}-`)) ||
    ownsPod(focus, service);
  const found = deploys.flatMap((deploy): Explanation[] => {
    const own = isOwn(deploy.service);
    const ago = onset - deploy.at;
    if (!own && (ago > 1.5 * reach || ago < -HOUR / 6)) return [];
    const prior = (own ? OWN : OTHERS)[symptom.family] ?? (own ? 0.35 : 0.15);
    const when =
      Math.abs(ago) < 90
        ? "as it began"
        : `${formatDuration(Math.round(Math.abs(ago) / 60) * 60)} ${ago >= 0 ? "before" : "after"} it began`;
    return [
      {
        kind: `deploy ${deploy.service}`,
        chain: "event",
        line: `deployment of ${sayDeploy(turn, deploy)}, ${when}`,
        prior,
        strength: 1,
        since: deploy.at,
        values: [
          {
            name: `deployment of ${inertName(deploy.service)}`,
            value: deploy.at,
            unit: "timestamp",
            labels: { service: deploy.service, ...(deploy.to === undefined ? {} : { version: deploy.to }) },
            at: deploy.at,
          },
        ],
        deployed: deploy.service,
      },
    ];
  });
  const own = deploys.some((deploy) => isOwn(deploy.service));
  return {
    found,
    looked: true,
    note:
      own || focus.name === "" || !focus.kinds.has("service")
        ? undefined
        : `No deployment of ${inertName(focus.name)} in the ${formatDuration(Math.round(Math.max(6 * reach, 6 * HOUR)))} before.`,
  };
}
