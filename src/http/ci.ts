import { createHash, createHmac } from "node:crypto";
import { z } from "zod";
import { RUN_OUTCOMES, type Run, type RunOutcome } from "../core/ci/run.ts";
import { equalInConstantTime } from "./trust.ts";

/** What systems that run pipelines post: GitHub in its own words, all others in a form of ours. */

/** Names come from outside and stand in messages and lists: one line, not too long. */
const name = () =>
  z
    .string()
    .trim()
    .min(1)
    .max(200)
    .refine((text) => !/\p{Cc}/u.test(text), "must be one line");
const Time = z.union([z.number().positive(), z.iso.datetime({ offset: true })]).transform(secondsOf);
const MOST_NUMBERS = 50;
/** What is larger is no measurement, and cannot be reckoned with. */
const MOST_NUMBER = 1e18;
const NUMBER_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

const Generic = z.strictObject({
  id: name().optional(),
  project: name(),
  pipeline: name(),
  branch: name().default("main"),
  main: z.boolean().optional(),
  status: z.enum(RUN_OUTCOMES),
  started_at: Time.optional(),
  finished_at: Time.optional(),
  duration_seconds: z
    .number()
    .min(0)
    .max(31 * 86_400)
    .optional(),
  numbers: z
    .record(z.string(), z.number().min(-MOST_NUMBER).max(MOST_NUMBER))
    .refine(
      (numbers) => Object.keys(numbers).every((one) => NUMBER_NAME.test(one) && !(one in {})),
      "each must be named as a metric is",
    )
    .refine((numbers) => Object.keys(numbers).length <= MOST_NUMBERS, `must have at most ${MOST_NUMBERS} entries`)
    .default({}),
  commit: name().optional(),
  committed_at: Time.optional(),
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .optional(),
  pull_request: z.int().positive().optional(),
  base: name().optional(),
  deploy: z.strictObject({ service: name(), environment: name(), version: name().optional() }).optional(),
});

/**
 * A run in the form of ours, at `now` (unix seconds). Throws a sentence that says what was wanted and what was found. Without times it
 * ended now; without an id, the same run told again has the same one as long as its times are given.
 */
export function readRun(body: unknown, now: number): Run {
  const told = parsed(Generic, body, "Wanted a run of a pipeline as JSON: project, pipeline and status at least");
  const { project, pipeline, branch, status, numbers, commit, url, deploy } = told;
  const endedAt = Math.min(told.finished_at ?? now, now);
  // A clock that is ahead of this one was so at the beginning too.
  const ahead = Math.max(0, (told.finished_at ?? now) - now);
  const startedAt = told.started_at === undefined ? endedAt - (told.duration_seconds ?? 0) : told.started_at - ahead;
  if (startedAt > endedAt) throw new Error("started_at must not be after finished_at, nor in the future.");
  const isMain = told.main ?? isMainName(branch);
  const base = isMain ? branch : (told.base ?? "main");
  const known = told.id ?? JSON.stringify([branch, commit, told.started_at ?? startedAt, told.finished_at ?? endedAt]);
  return {
    id: `told/${digest([project, pipeline, known])}`,
    ...{ project, pipeline, branch, outcome: status, startedAt, endedAt, numbers },
    isMain,
    ...(base !== branch && { base }),
    ...(commit !== undefined && { commit }),
    ...(told.committed_at !== undefined && { committedAt: told.committed_at }),
    ...(url !== undefined && { url }),
    ...(told.pull_request !== undefined && { pullRequest: told.pull_request }),
    ...(deploy !== undefined && { deploys: { ...deploy, version: deploy.version ?? commit?.slice(0, 12) } }),
  };
}

const Repository = z.object({ id: z.number().optional(), full_name: name(), default_branch: name().default("main") });
const WorkflowRun = z.object({
  action: z.string(),
  workflow_run: z.object({
    id: z.number(),
    run_attempt: z.number().default(1),
    name: z.string().nullish(),
    head_branch: z.string().nullish(),
    head_sha: z.string(),
    conclusion: z.string().nullish(),
    html_url: z.url({ protocol: /^https?$/ }).optional(),
    run_started_at: z.string().nullish(),
    created_at: z.string(),
    updated_at: z.string(),
    head_commit: z.object({ timestamp: z.string().nullish() }).nullish(),
    head_repository: z.object({ full_name: z.string() }).nullish(),
    pull_requests: z
      .array(
        z.object({
          number: z.int().positive(),
          base: z.object({ ref: z.string(), repo: z.object({ id: z.number() }).optional() }).optional(),
        }),
      )
      .default([]),
  }),
  repository: Repository,
});
const DeploymentStatus = z.object({
  deployment_status: z.object({
    id: z.number(),
    state: z.string(),
    created_at: z.string(),
    target_url: z.string().nullish(),
  }),
  deployment: z.object({
    id: z.number(),
    sha: z.string(),
    ref: z.string(),
    environment: z.string(),
    created_at: z.string(),
  }),
  repository: Repository,
});

/** How GitHub says that something has ended. Others (neutral, skipped, stale, action_required) say nothing of the code. */
const CONCLUSIONS: Readonly<Record<string, RunOutcome>> = {
  success: "success",
  failure: "failure",
  timed_out: "failure",
  startup_failure: "failure",
  cancelled: "cancelled",
  error: "failure",
};

/**
 * A run out of a delivery of GitHub: docs.github.com/webhooks/webhook-events-and-payloads, `workflow_run` that is completed and
 * `deployment_status` that has come to an end. Undefined for everything else that GitHub sends. Throws a sentence for what is not
 * GitHub's. The branch of another repository's pull request carries that repository's name (`isForeign`): strangers choose its name.
 */
export function readGitHub(event: string, body: unknown): Run | undefined {
  const wanted = "Wanted a delivery of GitHub's webhook";
  if (event === "workflow_run") {
    const { action, workflow_run: run, repository } = parsed(WorkflowRun, body, wanted);
    const outcome = CONCLUSIONS[run.conclusion ?? ""];
    if (action !== "completed" || outcome === undefined) return undefined;
    // Null once that repository was deleted, as strangers can do with theirs.
    const from = run.head_repository?.full_name ?? "deleted";
    const isOwn = from === repository.full_name;
    const branch = `${isOwn ? "" : `${from}:`}${run.head_branch ?? "none"}`;
    const endedAt = secondsOf(run.updated_at);
    const committedAt = run.head_commit?.timestamp ? secondsOf(run.head_commit.timestamp) : undefined;
    // GitHub names also those that somebody opened in a fork, from this branch to theirs: their numbers are not ours.
    const pull = run.pull_requests.find(({ base }) => base?.repo === undefined || base.repo.id === repository.id);
    const isMain = isOwn && run.head_branch === repository.default_branch;
    const base = isMain ? branch : oneLine(pull?.base?.ref ?? repository.default_branch);
    return {
      id: `github/${run.id}/${run.run_attempt}`,
      project: repository.full_name,
      pipeline: oneLine(run.name ?? "workflow"),
      branch: oneLine(branch),
      isMain,
      outcome,
      startedAt: Math.min(endedAt, secondsOf(run.run_started_at ?? run.created_at)),
      endedAt,
      numbers: {},
      commit: oneLine(run.head_sha),
      ...(committedAt !== undefined && { committedAt }),
      ...(base !== branch && { base }),
      ...(run.html_url !== undefined && { url: run.html_url }),
      ...(pull !== undefined && { pullRequest: pull.number }),
    };
  }
  if (event !== "deployment_status") return undefined;
  const { deployment, deployment_status: status, repository } = parsed(DeploymentStatus, body, wanted);
  const outcome = CONCLUSIONS[status.state];
  if (outcome === undefined) return undefined;
  const endedAt = secondsOf(status.created_at);
  const isPage = URL.canParse(status.target_url ?? "") && /^https?:/.test(status.target_url ?? "");
  return {
    id: `github/deployment/${deployment.id}/${status.state}`,
    project: repository.full_name,
    pipeline: oneLine(`deployment to ${deployment.environment}`),
    branch: oneLine(deployment.ref),
    isMain: deployment.ref === repository.default_branch,
    outcome,
    startedAt: Math.min(endedAt, secondsOf(deployment.created_at)),
    endedAt,
    numbers: {},
    commit: oneLine(deployment.sha),
    ...(isPage && { url: status.target_url! }),
    deploys: {
      service: repository.full_name.split("/").at(-1) ?? repository.full_name,
      environment: oneLine(deployment.environment),
      version: deployment.sha.slice(0, 12),
    },
  };
}

/** Whether `signature` (of X-Hub-Signature-256) is of these bytes by this secret. Takes as long for a wrong one. */
export function isSignedByGitHub(body: Buffer, signature: string, key: string): boolean {
  return equalInConstantTime(signature, `sha256=${createHmac("sha256", key).update(body).digest("hex")}`);
}

function parsed<T>(schema: z.ZodType<T>, body: unknown, wanted: string): T {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "the body" : issue.path.join(".");
  throw new Error(`${wanted}; ${where}: ${issue?.message ?? "it is something else"}.`);
}

/** Unix seconds of RFC 3339, or of a number: seconds, or milliseconds where it is too large for them. */
function secondsOf(time: string | number): number {
  const seconds = typeof time === "string" ? Date.parse(time) / 1000 : time > 1e11 ? time / 1000 : time;
  if (!Number.isFinite(seconds))
    throw new Error(`Wanted a time in RFC 3339; found ${JSON.stringify(time).slice(0, 60)}.`);
  return seconds;
}

function isMainName(branch: string): boolean {
  return branch === "main" || branch === "master";
}

function oneLine(text: string): string {
  return (
    text
      .replace(/\p{Cc}/gu, " ")
      .trim()
      .slice(0, 200) || "none"
  );
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24);
}
