import type { AuditRecord } from "./audit.ts";
import { isAsBefore } from "./effect.ts";
import type { Proposal, Status } from "./proposal.ts";
import { median, quantile } from "./stats.ts";

/** What became of the changes of a period, for those who answer for them. */

/** Runs of one kind that all helped before it is said that a person's click added nothing but time. */
export const RUNS_TO_TRUST = 5;

type Count = { readonly person: string; readonly name: string; readonly count: number };

export type AuditReport = {
  /** Unix seconds. Proposals count in the period that they were made in. */
  readonly from: number;
  readonly to: number;
  readonly proposed: number;
  /** How many of them are in each state now. */
  readonly byStatus: Readonly<Partial<Record<Status, number>>>;
  readonly ran: number;
  readonly requesters: readonly Count[];
  readonly approvers: readonly Count[];
  /** Of those that ran and whose rule asked for it: how many were approved by somebody else than who asked. */
  readonly fourEyes: { readonly asked: number; readonly kept: number; readonly broken: readonly string[] };
  readonly breakGlass: readonly { readonly id: string; readonly by: string; readonly reason: string }[];
  /** Decisions that were refused, and presses of the stop. */
  readonly refused: number;
  readonly stops: number;
  /** By what the runbooks say they take by hand, for changes that succeeded. `unknown`: those whose runbook does not say. */
  readonly minutesSaved: { readonly minutes: number; readonly changes: number; readonly unknown: number };
  /** Seconds from the proposal to its last approval. */
  readonly approvalSeconds: {
    readonly count: number;
    readonly median: number | undefined;
    readonly p90: number | undefined;
  };
  /**
   * Would have been safe to automate: at least `RUNS_TO_TRUST` runs, each one verified, and nobody ever said no.
   * `waited`: seconds that approvals took in all.
   */
  readonly safeToAutomate: readonly {
    readonly runbook: string;
    readonly kind: string;
    readonly environment: string | undefined;
    readonly runs: number;
    readonly waited: number;
  }[];
};

/** `proposals` and `records` may hold more than the period; they are cut to it. */
export function auditReport(
  proposals: readonly Proposal[],
  records: readonly AuditRecord[],
  { from, to }: { readonly from: number; readonly to: number },
): AuditReport {
  const inside = (at: number) => at >= from && at < to;
  const made = proposals.filter(({ spec }) => inside(spec.createdAt));
  const ran = made.filter(({ startedAt, spec }) => startedAt !== undefined && spec.runbook?.readOnly !== true);
  const watched = ran.filter(({ spec }) => spec.rule.fourEyes);
  const broken = watched.filter((one) => !hasFourEyes(one));
  const waits = made.flatMap(({ approvedAt, spec }) =>
    approvedAt === undefined ? [] : [Math.max(0, approvedAt - spec.createdAt)],
  );
  const happened = records.filter(({ at }) => inside(at));
  return {
    from,
    to,
    proposed: made.length,
    byStatus: Object.fromEntries(
      [...tally(made.map(({ status }) => status))].map(([status, { length }]) => [status, length]),
    ),
    ran: ran.length,
    requesters: people(made.map(({ spec }) => spec.requester ?? { person: "bot", name: "the bot itself" })),
    approvers: people(made.flatMap(({ votes }) => votes.filter(({ decision }) => decision === "approve"))),
    fourEyes: { asked: watched.length, kept: watched.length - broken.length, broken: broken.map(({ id }) => id) },
    breakGlass: made.flatMap(({ id, votes }) =>
      votes
        .filter(({ breakGlass, decision }) => breakGlass === true && decision === "approve")
        .map(({ name, reason = "" }) => ({ id, by: name, reason })),
    ),
    refused: happened.filter(({ action }) => action.startsWith("refused")).length,
    stops: happened.filter(({ action }) => action === "stop").length,
    minutesSaved: minutesSaved(ran),
    approvalSeconds: { count: waits.length, median: median(waits), p90: quantile(waits, 0.9) },
    safeToAutomate: safeToAutomate(made),
  };
}

const HELPED: ReadonlySet<Status> = new Set(["succeeded", "verifying", "verified"]);

function hasFourEyes({ votes, spec, hash }: Proposal): boolean {
  return votes.some(
    (vote) => vote.decision === "approve" && vote.hash === hash && vote.person !== spec.requester?.person,
  );
}

function minutesSaved(ran: readonly Proposal[]): AuditReport["minutesSaved"] {
  const helped = ran.filter(({ status }) => HELPED.has(status));
  const known = helped.flatMap(({ spec }) => spec.runbook?.minutesByHand ?? []);
  const minutes = known.reduce((sum, each) => sum + each, 0);
  return { minutes, changes: known.length, unknown: helped.length - known.length };
}

function safeToAutomate(made: readonly Proposal[]): AuditReport["safeToAutomate"] {
  const kinds = new Map<string, Proposal[]>();
  for (const one of made) {
    const { runbook, target, environment } = one.spec;
    if (runbook === undefined || runbook.readOnly) continue;
    const key = JSON.stringify([runbook.id, target.kind, environment]);
    kinds.set(key, [...(kinds.get(key) ?? []), one]);
  }
  return [...kinds.values()].flatMap((ofKind) => {
    const ran = ofKind.filter(({ startedAt }) => startedAt !== undefined);
    const isTrusted =
      ran.length >= RUNS_TO_TRUST &&
      ran.every(({ status, measured = [] }) => status === "verified" && !isAsBefore(measured)) &&
      ofKind.every(({ votes }) => votes.every(({ decision }) => decision === "approve"));
    const { spec } = ofKind[0]!;
    const waited = ran.reduce((sum, one) => sum + Math.max(0, (one.approvedAt ?? 0) - one.spec.createdAt), 0);
    return isTrusted
      ? [
          {
            runbook: spec.runbook?.id ?? "",
            kind: spec.target.kind,
            environment: spec.environment,
            runs: ran.length,
            waited,
          },
        ]
      : [];
  });
}

/** Each person once, the busiest first. */
function people(all: readonly { readonly person: string; readonly name: string }[]): readonly Count[] {
  const names = new Map(all.map(({ person, name }) => [person, name]));
  return [...tally(all.map(({ person }) => person))]
    .map(([person, { length }]) => ({ person, name: names.get(person) ?? person, count: length }))
    .sort((a, b) => b.count - a.count || (a.person < b.person ? -1 : 1));
}

function tally<T>(values: readonly T[]): Map<T, readonly T[]> {
  return Map.groupBy(values, (value) => value);
}
