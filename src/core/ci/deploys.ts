import type { Deploy } from "../deploy.ts";
import { deploymentsOf, SAME } from "./dora.ts";
import type { Run } from "./run.ts";

/** Runs are read from so many seconds before a stretch, for the version that was there before; and so many at most. */
export const TOLD_BEFORE = 30 * 86_400;
export const MOST_TOLD = 500;

/** Where something runs, as the configuration says it. */
type Where = { readonly environment: string | undefined };

/** Environments that count as production, by their names. */
export const PRODUCTION = /prod|live/i;

/**
 * Runs that deployed to where that source looks: to its environment. The first source without one stands for what no source has; of that, for
 * production where anything is called so. What was deployed elsewhere says nothing about what is measured here.
 */
export function runsAt(runs: readonly Run[], source: Where, sources: readonly Where[]): readonly Run[] {
  const isOf = ({ deploys }: Run, { environment }: Where): boolean =>
    environment !== undefined && deploys?.environment.toLowerCase() === environment.toLowerCase();
  if (source.environment !== undefined) return runs.filter((run) => isOf(run, source));
  if (sources.find(({ environment }) => environment === undefined) !== source) return [];
  const left = runs.filter((run) => !sources.some((other) => isOf(run, other)));
  const production = left.filter(({ deploys }) => PRODUCTION.test(deploys?.environment ?? ""));
  return production.length > 0 ? production : left;
}

/** What these runs deployed within [from, to] (unix seconds), newest first. Runs before `from` tell which version was there before. */
export function deploysOf(runs: readonly Run[], from: number, to: number): readonly Deploy[] {
  const all = deploymentsOf(runs).filter(({ outcome }) => outcome === "success");
  return all
    .filter(({ endedAt }) => endedAt >= from && endedAt <= to)
    .map(({ deploys, endedAt }): Deploy => {
      const earlier = all.findLast(
        (other) =>
          other.endedAt < endedAt &&
          other.deploys.service === deploys.service &&
          other.deploys.environment === deploys.environment,
      );
      return { service: deploys.service, at: endedAt, from: earlier?.deploys.version, to: deploys.version };
    })
    .reverse();
}

/** Deployments as Prometheus measured them, and those that only a pipeline told of, newest first. */
export function withTold(measured: readonly Deploy[], told: readonly Deploy[]): readonly Deploy[] {
  const others = told.filter(
    (one) => !measured.some(({ service, at }) => service === one.service && Math.abs(at - one.at) <= SAME),
  );
  return [...measured, ...others].sort((a, b) => b.at - a.at);
}
