import type { Incident } from "../incident.ts";
import { PRODUCTION } from "./deploys.ts";
import { type Deploying, type Dora, doraOf, isDeploying } from "./dora.ts";
import type { Run } from "./run.ts";

/** The figures of one project or team. */
export type DoraRow = { readonly name: string; readonly kind: "project" | "team"; readonly dora: Dora };

/** Deployments that count: those to production, or all of them where no environment is called so. */
export function countedDeploys(runs: readonly Run[]): {
  readonly counted: readonly Deploying[];
  readonly isAnywhere: boolean;
} {
  const told = runs.filter(isDeploying);
  const inProduction = told.filter(({ deploys }) => PRODUCTION.test(deploys.environment));
  return inProduction.length === 0 ? { counted: told, isAnywhere: true } : { counted: inProduction, isAnywhere: false };
}

/** The four figures of each team and each project, over so many seconds. `teamOf`: name of a project's team; undefined for none. */
export function doraRows(
  counted: readonly Run[],
  incidents: readonly Incident[],
  seconds: number,
  teamOf: (project: string) => string | undefined,
): readonly DoraRow[] {
  const rowsBy = (kind: DoraRow["kind"], nameOf: (project: string) => string | undefined): DoraRow[] =>
    [...Map.groupBy(counted, ({ project }) => nameOf(project))].flatMap(([name, own]) =>
      name === undefined ? [] : [{ name, kind, dora: doraOf(own, incidents, seconds) }],
    );
  return [...rowsBy("team", teamOf), ...rowsBy("project", (project) => project)];
}
