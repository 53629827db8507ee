/** Runs of pipelines, as the systems that ran them told of them. */

export const RUN_OUTCOMES = ["success", "failure", "cancelled"] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/** What a run put where. */
export type Delivered = {
  readonly service: string;
  readonly environment: string;
  readonly version?: string;
};

/** One run that has come to its end. Times in unix seconds. */
export type Run = {
  /** The same for the same run, however often it is told of. */
  readonly id: string;
  /** "acme/shop". */
  readonly project: string;
  /** "Tests". */
  readonly pipeline: string;
  readonly branch: string;
  /** The branch that the project is delivered from. */
  readonly isMain: boolean;
  readonly outcome: RunOutcome;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Whatever else was measured, by name: coverage, image_bytes. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly commit?: string;
  readonly committedAt?: number;
  /** The branch it is to be merged into, where that is told and another one. */
  readonly base?: string;
  /** A page about it. */
  readonly url?: string;
  readonly pullRequest?: number;
  readonly deploys?: Delivered;
};

/** What runs are compared within: a pipeline of a project on a branch. Names hold no line breaks. */
export function lineOf({ project, pipeline, branch }: Pick<Run, "project" | "pipeline" | "branch">): string {
  return `${project}\n${pipeline}\n${branch}`;
}

/** Whether it is of another repository's pull request: strangers choose its names, and it delivers nothing. Branches of git hold no colon. */
export function isForeign({ branch }: Pick<Run, "branch">): boolean {
  return branch.includes(":");
}

/** "acme/shop Tests on main". */
export function sayLine({ project, pipeline, branch }: Pick<Run, "project" | "pipeline" | "branch">): string {
  return `${project} ${pipeline} on ${branch}`;
}

/** Whether `asked` (lower case) names that project: whole, or by the part after its last slash. */
export function isProject(project: string, asked: string): boolean {
  const whole = project.toLowerCase();
  return whole === asked || whole.split("/").at(-1) === asked;
}

/** Name of how long it took, in seconds, among its numbers. */
export const DURATION = "duration_seconds";

/** How long it took, in seconds. Undefined where nobody told when it began: such a run begins when it ends. */
export function durationOf({ startedAt, endedAt }: Pick<Run, "startedAt" | "endedAt">): number | undefined {
  return endedAt > startedAt ? endedAt - startedAt : undefined;
}

/** Everything that was measured of a run, with how long it took. */
export function measuresOf(run: Run): Readonly<Record<string, number>> {
  const took = durationOf(run);
  return { ...run.numbers, ...(took !== undefined && { [DURATION]: took }) };
}
