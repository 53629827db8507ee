import type { Incident } from "../incident.ts";
import { median } from "../stats.ts";
import type { Delivered, Run } from "./run.ts";

/**
 * The four figures of software delivery, as DORA defines them (dora.dev/guides/dora-metrics-four-keys): how often is deployed, how long a
 * change takes from its commit, which share of deployments fails, and how long until what they broke is well again.
 */
export type Dora = {
  /** Deployments that ended well. */
  readonly deployments: number;
  /** Those and the ones whose run failed. */
  readonly tries: number;
  /** Deployments that ended well, per day. */
  readonly perDay: number;
  /** Median seconds from commit to deployment. Undefined where no commit's time is known. */
  readonly leadSeconds: number | undefined;
  /** Deployments that failed, were followed by an incident that counts (`isFailure`) or were taken back; and their share of the tries. Undefined without a deployment. */
  readonly failed: number;
  readonly failedShare: number | undefined;
  /** Median seconds from the deployment to the end of its incident. Undefined where none has ended. */
  readonly restoreSeconds: number | undefined;
};

/** A run that deployed. */
export type Deploying = Run & { readonly deploys: Delivered };

/** An incident about a service that begins so soon after its deployment is put down to it, in seconds. */
const BLAMED = 3600;

/**
 * DORA counts what has to be mended in a hurry. An alert says so, and so does a critical anomaly; one that is merely unusual may be what the
 * deployment was meant to do.
 */
function isFailure({ severity, total, anomalies }: Incident): boolean {
  return severity === "critical" || total > (anomalies?.total ?? 0);
}

export function isDeploying(run: Run): run is Deploying {
  return run.deploys !== undefined && run.outcome !== "cancelled";
}

/** Two accounts of one deployment are at most so far apart, in seconds: a rollout goes on after its pipeline has ended, or ends before it. */
export const SAME = 900;

/** Deployments that these runs were, oldest first: one that was told of twice (as a run and as a deployment) is one. */
export function deploymentsOf(runs: readonly Run[]): readonly Deploying[] {
  const all: Deploying[] = [];
  const newest = new Map<string, number>();
  for (const run of runs.filter(isDeploying).sort((a, b) => a.endedAt - b.endedAt)) {
    const key = JSON.stringify([thingOf(run), run.deploys.version, run.outcome]);
    const at = newest.get(key) ?? all.length;
    const known = run.deploys.version === undefined ? undefined : all[at];
    if (known !== undefined && known.pipeline !== run.pipeline && run.endedAt - known.endedAt <= SAME) {
      if (known.committedAt === undefined && run.committedAt !== undefined)
        all[at] = { ...known, committedAt: run.committedAt };
      continue;
    }
    newest.set(key, all.length);
    all.push(run);
  }
  return all;
}

/**
 * The figures of these runs, of which those that deployed count, over a stretch of so many seconds. `incidents`: of that time and an hour
 * more. That one followed a deployment is near in time and about the same service, which is no proof.
 */
export function doraOf(runs: readonly Run[], incidents: readonly Incident[], seconds: number): Dora {
  const all = deploymentsOf(runs);
  const well = all.filter(({ outcome }) => outcome === "success");
  const leads = well.flatMap(({ committedAt, endedAt }) =>
    committedAt === undefined || committedAt > endedAt ? [] : [endedAt - committedAt],
  );
  const about = Map.groupBy(incidents.filter(isFailure), ({ subject }) => subject?.name);
  const ends = [...Map.groupBy(all, thingOf).values()].flatMap((same) =>
    endsOf(same, about.get(same[0]!.deploys.service) ?? []),
  );
  const failed = ends.filter((one) => one.failed);
  const restored = ends.flatMap(({ restoreSeconds }) => restoreSeconds ?? []);
  return {
    deployments: well.length,
    tries: all.length,
    perDay: well.length / Math.max(1, seconds / 86_400),
    leadSeconds: median(leads),
    failed: failed.length,
    failedShare: all.length === 0 ? undefined : failed.length / all.length,
    restoreSeconds: median(restored),
  };
}

/** What became of each deployment of one thing, oldest first. `incidents`: about what was deployed. */
function endsOf(
  same: readonly Deploying[],
  incidents: readonly Incident[],
): readonly { readonly failed: boolean; readonly restoreSeconds: number | undefined }[] {
  const well = same.filter(({ outcome }) => outcome === "success");
  const sorted = [...incidents].sort((a, b) => a.startedAt - b.startedAt);
  let place = 0;
  return same.map((run, at) => {
    if (run.outcome === "failure") return { failed: true, restoreSeconds: undefined };
    const [before, after] = [well[place - 1]?.deploys.version, well[place + 1]?.deploys.version];
    place++;
    const isTakenBack = before !== undefined && before === after && before !== run.deploys.version;
    const incident = incidentAfter(run, same[at + 1]?.endedAt, sorted);
    return {
      failed: isTakenBack || incident !== undefined,
      restoreSeconds: incident?.endedAt === undefined ? undefined : incident.endedAt - run.endedAt,
    };
  });
}

/** The first incident soon after that deployment, and before the next one of the same. `incidents`: about the service, oldest first. */
function incidentAfter(
  { deploys, endedAt }: Deploying,
  next: number | undefined,
  incidents: readonly Incident[],
): Incident | undefined {
  const until = Math.min(endedAt + BLAMED, next ?? Number.POSITIVE_INFINITY);
  return incidents.find(
    ({ environment, startedAt }) =>
      (environment === undefined || environment === deploys.environment) && startedAt >= endedAt && startedAt < until,
  );
}

function thingOf({ deploys }: Deploying): string {
  return `${deploys.service}\n${deploys.environment}`;
}
