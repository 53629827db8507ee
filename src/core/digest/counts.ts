import { doraOf } from "../ci/dora.ts";
import type { Run } from "../ci/run.ts";
import { countsOf, type Incident, type Severity } from "../incident.ts";
import type { Proposal } from "../proposal.ts";
import { mean } from "../stats.ts";
import type { Anomaly } from "../watch/anomaly.ts";

/** What a period comes to in numbers. */

export const COUNTS = [
  "incidents",
  "critical",
  "alerts",
  "unattended",
  "mtta",
  "mttr",
  "anomalies",
  "changes",
  "helped",
  "deployments",
  "lead",
  "failed_deployments",
  "restore",
  "red",
] as const;
export type CountName = (typeof COUNTS)[number];

/** `now` and `before`: undefined where there was nothing to take a mean of, which is not 0. Times are seconds. */
export type Count = {
  readonly name: CountName;
  readonly now: number | undefined;
  readonly before: number | undefined;
};

/** Unix seconds; `to` is outside. */
export type Period = { readonly from: number; readonly to: number };

/** The stretch of the same length before. */
export function periodBefore({ from, to }: Period): Period {
  return { from: from - (to - from), to: from };
}

export function isInside(at: number | undefined, { from, to }: Period): boolean {
  return at !== undefined && at >= from && at < to;
}

/** Numbers about incidents: opened within the period, their alerts, and those that ended without anybody; means of what was acknowledged and ended in it. */
export function incidentCounts(all: readonly Incident[], period: Period): readonly Count[] {
  return paired(period, (within) => {
    const opened = all.filter(({ openedAt }) => isInside(openedAt, within));
    const ended = all.filter(({ endedAt }) => isInside(endedAt, within));
    return {
      incidents: opened.length,
      critical: opened.filter(({ severity }) => severity === ("critical" satisfies Severity)).length,
      alerts: opened.reduce((sum, one) => sum + countsOf(one).alerts.total, 0),
      unattended: ended.filter(({ acknowledged }) => acknowledged === undefined).length,
      mtta: meanOf(
        all.flatMap(({ acknowledged, openedAt }) =>
          isInside(acknowledged?.at, within) ? [acknowledged!.at - openedAt] : [],
        ),
      ),
      mttr: meanOf(ended.map(({ endedAt, openedAt }) => endedAt! - openedAt)),
    };
  });
}

export function anomalyCounts(all: readonly Anomaly[], period: Period): readonly Count[] {
  return paired(period, (within) => ({
    anomalies: all.filter(({ openedAt, kind }) => kind !== "reset" && kind !== "ahead" && isInside(openedAt, within))
      .length,
  }));
}

export function changeCounts(all: readonly Proposal[], period: Period): readonly Count[] {
  return paired(period, (within) => {
    const ran = all.filter((one) => isChange(one) && isInside(one.startedAt, within));
    return { changes: ran.length, helped: ran.filter(({ status }) => status === "verified").length };
  });
}

/** The four figures of delivery, and runs that failed on main branches. Nothing where no pipeline told of any. */
export function runCounts(all: readonly Run[], incidents: readonly Incident[], period: Period): readonly Count[] {
  if (all.length === 0) return [];
  return paired(period, (within) => {
    const ended = all.filter(({ endedAt }) => isInside(endedAt, within));
    const dora = doraOf(ended, incidents, within.to - within.from);
    return {
      deployments: dora.deployments,
      lead: dora.leadSeconds,
      failed_deployments: dora.failed,
      restore: dora.restoreSeconds,
      red: ended.filter(({ isMain, outcome }) => isMain && outcome === "failure").length,
    };
  });
}

/** It changes something, rather than only reads. */
export function isChange({ spec }: Pick<Proposal, "spec">): boolean {
  return spec.runbook !== undefined && !spec.runbook.readOnly;
}

function paired(
  period: Period,
  of: (period: Period) => Readonly<Partial<Record<CountName, number | undefined>>>,
): readonly Count[] {
  const [now, before] = [of(period), of(periodBefore(period))];
  return COUNTS.filter((name) => name in now).map((name) => ({ name, now: now[name], before: before[name] }));
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(0, mean(values)!);
}
