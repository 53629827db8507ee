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
  /** Those of them per day. */
  readonly perDay: number;
  /** Median seconds from commit to deployment. Undefined where no commit's time is known. */
  readonly leadSeconds: number | undefined;
  /** Deployments that failed, were followed by an incident or were taken back; and their share of all. Undefined without a deployment. */
  readonly failed: number;
  readonly failedShare: number | undefined;
  /** Median seconds from the deployment to the end of its incident. Undefined where none has ended. */
  readonly restoreSeconds: number | undefined;
};

/** A run that deployed. */
export type Deploying = Run & { readonly deploys: Delivered };

/** An incident about a service that begins so soon after its deployment is put down to it, in seconds. */
const BLAMED = 3600;

export function isDeploying(run: Run): run is Deploying {
  return run.deploys !== undefined && run.outcome !== "cancelled";
}

/**
 * The figures of these runs, of which those that deployed count, over a stretch of so many seconds. `incidents`: of that time and an hour
 * more. That one followed a deployment is near in time and about the same service, which is no proof.
 */
export function doraOf(runs: readonly Run[], incidents: readonly Incident[], seconds: number): Dora {
  const all = runs.filter(isDeploying).sort((a, b) => a.endedAt - b.endedAt);
  const well = all.filter(({ outcome }) => outcome === "success");
  const leads = well.flatMap(({ committedAt, endedAt }) =>
    committedAt === undefined || committedAt > endedAt ? [] : [endedAt - committedAt],
  );
  const broke = all.map((run) => incidentAfter(run, all, incidents));
  const failed = all.filter((run, at) => run.outcome === "failure" || broke[at] !== undefined || isTakenBack(run, all));
  const restored = broke.flatMap((incident, at) =>
    incident?.endedAt === undefined ? [] : [incident.endedAt - all[at]!.endedAt],
  );
  return {
    deployments: well.length,
    perDay: well.length / Math.max(1, seconds / 86_400),
    leadSeconds: median(leads),
    failed: failed.length,
    failedShare: all.length === 0 ? undefined : failed.length / all.length,
    restoreSeconds: median(restored),
  };
}

/** The first incident about what was deployed, soon after it and before the next deployment of the same. */
export function incidentAfter(
  run: Deploying,
  all: readonly Deploying[],
  incidents: readonly Incident[],
): Incident | undefined {
  if (run.outcome !== "success") return undefined;
  const next = all.find((other) => other.endedAt > run.endedAt && isSameThing(other, run));
  const until = Math.min(run.endedAt + BLAMED, next?.endedAt ?? Number.POSITIVE_INFINITY);
  return incidents
    .filter(
      ({ subject, environment, startedAt }) =>
        subject?.name === run.deploys.service &&
        (environment === undefined || environment === run.deploys.environment) &&
        startedAt >= run.endedAt &&
        startedAt < until,
    )
    .sort((a, b) => a.startedAt - b.startedAt)[0];
}

/** Whether the deployment after it brought back the version before it. */
function isTakenBack(run: Deploying, all: readonly Deploying[]): boolean {
  const same = all.filter((other) => isSameThing(other, run) && other.outcome === "success");
  const at = same.indexOf(run);
  const [before, after] = [same[at - 1]?.deploys.version, same[at + 1]?.deploys.version];
  return at > 0 && before !== undefined && before === after && before !== run.deploys.version;
}

function isSameThing(a: Deploying, b: Deploying): boolean {
  return a.deploys.service === b.deploys.service && a.deploys.environment === b.deploys.environment;
}
