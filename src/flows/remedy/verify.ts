import { judge, measure } from "../../core/effect.ts";
import type { Proposal } from "../../core/proposal.ts";
import type { Check } from "../../core/runbook.ts";
import type { Metrics, TimeWindow } from "../../ports/metrics.ts";
import { reasonOf } from "../../util/errors.ts";
import { change } from "./change.ts";
import type { RemedyDeps } from "./deps.ts";
import { sourceNamed } from "./recheck.ts";

/** Seconds before the start that "before" is taken from, at most of "after", and between two points. */
const BEFORE = 900;
const AFTER = 900;
const STEP = 15;

export type VerifyDeps = RemedyDeps & {
  /** Proposes the way back of one that made things worse; runs it without a click only where that was approved with it. */
  readonly undo: (proposal: Proposal, signal: AbortSignal) => Promise<void>;
};

/**
 * Did it help? Compares each check before and after, once the change had time to settle, until all recovered or the
 * deadline is over. One round; resolves with the seconds until the next.
 */
export function verify(deps: VerifyDeps): (signal: AbortSignal) => Promise<number> {
  return async (signal) => {
    await takeBack(deps, signal);
    const waiting = await deps.store.proposals.find({ status: ["verifying"], limit: 200 });
    for (const proposal of waiting) {
      if (signal.aborted) break;
      await look(deps, proposal, signal).catch((err: unknown) =>
        deps.report("warn", "it could not be measured whether a change helped", {
          proposal: proposal.id,
          reason: reasonOf(err),
        }),
      );
    }
    return waiting.length === 0 ? 5 : 2;
  };
}

/** What was to be taken back by itself and was not: the bot ended in between, or the target could not be looked at. */
async function takeBack(deps: VerifyDeps, signal: AbortSignal): Promise<void> {
  const since = deps.clock() - 7 * 86_400;
  for (const proposal of await deps.store.proposals.find({ status: ["worse"], since, limit: 200 })) {
    if (signal.aborted) break;
    await deps
      .undo(proposal, signal)
      .catch((err: unknown) =>
        deps.report("warn", "a change could not be taken back yet", { proposal: proposal.id, reason: reasonOf(err) }),
      );
  }
}

async function look(deps: VerifyDeps, proposal: Proposal, signal: AbortSignal): Promise<void> {
  const { spec, startedAt, endedAt } = proposal;
  const { verify: wanted } = spec;
  if (wanted === undefined || startedAt === undefined || endedAt === undefined) return;
  const now = deps.clock();
  if (now < endedAt + wanted.settle) return;
  const isFinal = now >= endedAt + wanted.deadline;
  const source = sourceNamed(deps.sources, spec.source);
  const measured = await Promise.all(
    wanted.checks.map(async (check) => {
      const [before, after] = await Promise.all([
        values(source, check, { start: startedAt - BEFORE, end: startedAt - 1, step: STEP }, signal),
        values(source, check, { start: Math.max(endedAt + wanted.settle, now - AFTER), end: now, step: STEP }, signal),
      ]);
      return measure(check, before, after);
    }),
  ).catch((problem: unknown) => {
    if (!isFinal) throw problem;
    return wanted.checks.map((check) => measure(check, [], []));
  });
  const found = judge(wanted.checks, measured, isFinal);
  if (found === undefined) return;
  const done = await change(deps, proposal.id, { kind: "measure", ...found, measured });
  if (done.ok && found.verdict !== "verified") await deps.undo(done.proposal, signal);
}

/** All values of a check in a window. Several series are summed at each time: a check is about the whole. */
async function values(
  source: Metrics | undefined,
  check: Check,
  window: TimeWindow,
  signal: AbortSignal,
): Promise<readonly number[]> {
  if (source === undefined) return [];
  const series = await source.range(check.promql, window, signal);
  const at = new Map<number, number>();
  for (const { points } of series) for (const [time, value] of points) at.set(time, (at.get(time) ?? 0) + value);
  return [...at.values()].filter(Number.isFinite);
}
