import { doraCard, type PipelineLine, pipelinesCard } from "../cards/ci-card.ts";
import type { Card } from "../core/card.ts";
import { type ChanceScore, chanceOfFailure, scoreChances } from "../core/ci/chance.ts";
import { doraOf } from "../core/ci/dora.ts";
import { durationOf, isProject, lineOf, type Run } from "../core/ci/run.ts";
import { countedDeploys, doraRows } from "../core/ci/teams.ts";
import type { CiWish } from "../core/ci/wish.ts";
import { median } from "../core/stats.ts";
import type { Store } from "../ports/store.ts";
import { never } from "../util/never.ts";

/** What is asked about pipelines -> a card. */

export type CiListDeps = {
  readonly store: Pick<Store, "runs" | "incidents">;
  readonly now: number;
  readonly zone: string;
  /** Name of a project's team; undefined for none. */
  readonly teamOf: (project: string) => string | undefined;
};

const DAYS = 30;
const MOST = 20_000;

export async function ciList(deps: CiListDeps, wish: CiWish): Promise<Card> {
  switch (wish.kind) {
    case "pipelines":
      return pipelines(deps, wish.project);
    case "dora":
      return dora(deps, wish.days);
    default:
      return never(wish);
  }
}

async function pipelines({ store, now, zone }: CiListDeps, project: string | undefined): Promise<Card> {
  const runs = await store.runs.since(now - DAYS * 86_400, MOST);
  const wanted = runs.filter((run) => project === undefined || isProject(run.project, project));
  const byLine = [...Map.groupBy(wanted, lineOf).values()].map((line) => [...line].reverse());
  return pipelinesCard(byLine.map(lineFacts), { now, zone, days: DAYS, project, score: scoreOf(byLine) });
}

/** `runs`: of one line, oldest first. */
function lineFacts(runs: readonly Run[]): PipelineLine {
  const told = runs.filter(({ outcome }) => outcome !== "cancelled");
  return {
    newest: runs.at(-1)!,
    runs: told.length,
    failed: told.filter(({ outcome }) => outcome === "failure").length,
    typical: median(told.filter(({ outcome }) => outcome === "success").flatMap((run) => durationOf(run) ?? [])),
    chance: chanceOfFailure(runs.map(({ outcome }) => outcome)),
  };
}

function scoreOf(lines: readonly (readonly Run[])[]): ChanceScore | undefined {
  const scores = lines.flatMap((runs) => scoreChances(runs.map(({ outcome }) => outcome)) ?? []);
  const runs = scores.reduce((sum, one) => sum + one.runs, 0);
  if (runs === 0) return undefined;
  const mean = (of: (one: ChanceScore) => number) => scores.reduce((sum, one) => sum + one.runs * of(one), 0) / runs;
  return { runs, brier: mean(({ brier }) => brier), base: mean(({ base }) => base) };
}

async function dora({ store, now, teamOf }: CiListDeps, days: number): Promise<Card> {
  const seconds = days * 86_400;
  const [runs, incidents] = await Promise.all([
    store.runs.since(now - seconds, MOST, { deploying: true }),
    store.incidents.find({ since: now - seconds, limit: MOST }),
  ]);
  const { counted, isAnywhere } = countedDeploys(runs);
  const rows = doraRows(counted, incidents, seconds, teamOf);
  return doraCard(doraOf(counted, incidents, seconds), rows, {
    days,
    ago: now - Math.min(now, ...counted.slice(-1).map(({ endedAt }) => endedAt)),
    environments: [...new Set(counted.map(({ deploys }) => deploys.environment))],
    isAnywhere,
  });
}
