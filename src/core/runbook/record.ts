import { isAsBefore, isUnmeasured } from "../effect.ts";
import type { Proposal, Status } from "../proposal.ts";
import { median } from "../stats.ts";
import { formatDuration } from "../units.ts";

/** How often a runbook helped on a kind of target, as its ended proposals tell, and whether it may go on. */

/** One run whose outcome says something about its runbook. */
export type Tried = {
  readonly proposal: string;
  readonly helped: boolean;
  readonly outcome: "helped" | "no effect" | "worse" | "failed";
  /** Seconds from its start to the verdict. */
  readonly took: number;
  /** Of the verdict, unix seconds. */
  readonly at: number;
  /** A person let the runbook go on after it. */
  readonly isForgiven: boolean;
};

/** States whose proposals `triedOn` looks at. */
export const TOLD: readonly Status[] = ["verified", "no_effect", "worse", "failed"];

/** Runs in a row without help after which a runbook is suspended for that kind of target. */
export const SUSPENDS_AFTER = 3;

/**
 * The runs of that runbook on targets of that kind, newest verdict first. What was not begun, is unknown, could not be measured, met nothing that was
 * wrong or was said by a person to have not run tells nothing, and a way back tells nothing about the way there.
 */
export function triedOn(proposals: readonly Proposal[], runbook: string, kind: string): readonly Tried[] {
  return proposals
    .filter(({ spec }) => spec.runbook?.id === runbook && spec.target.kind === kind)
    .filter(({ spec }) => spec.cause.kind !== "rollback")
    .flatMap((one) => triedBy(one) ?? [])
    .sort((a, b) => b.at - a.at);
}

/** What one change says about its runbook; undefined where it says nothing. */
export function triedBy(proposal: Proposal): Tried | undefined {
  const { id, status, steps = [], startedAt, endedAt, measured = [], measuredAt, reenabled } = proposal;
  const outcome = OUTCOMES[status];
  if (status === "no_effect" && isUnmeasured(measured)) return undefined;
  if (status === "verified" && isAsBefore(measured)) return undefined;
  if (outcome === undefined || startedAt === undefined || endedAt === undefined) return undefined;
  if (status === "failed" && !steps.some(({ state, notBegun }) => state === "failed" && notBegun !== true))
    return undefined;
  const at = measuredAt ?? endedAt;
  const isForgiven = reenabled !== undefined;
  return { proposal: id, helped: outcome === "helped", outcome, took: at - startedAt, at, isForgiven };
}

const OUTCOMES: Readonly<Partial<Record<Status, Tried["outcome"]>>> = {
  verified: "helped",
  no_effect: "no effect",
  worse: "worse",
  failed: "failed",
};

/**
 * Lower end of Wilson's 95 % score interval for a share of `helped` in `of`; 0 when nothing was tried. For ranking: three of three
 * (0.44) stands below nine of ten (0.60), where the bare share would have it the other way round. E. B. Wilson, "Probable inference, the law
 * of succession, and statistical inference", J. Am. Stat. Assoc. 22 (1927); recommended for small counts by Brown, Cai and DasGupta,
 * "Interval estimation for a binomial proportion", Stat. Sci. 16 (2001).
 */
export function wilsonLower(helped: number, of: number): number {
  if (of === 0) return 0;
  const share = helped / of;
  const z2 = Z95 * Z95;
  const centre = share + z2 / (2 * of);
  const margin = Z95 * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of * of));
  return Math.max(0, (centre - margin) / (1 + z2 / of));
}

const Z95 = 1.959964;

/** Higher stands first. What was never tried comes before what was tried and never helped. */
export function compareRecords(a: readonly Tried[], b: readonly Tried[]): number {
  const helped = (tried: readonly Tried[]) => tried.filter((one) => one.helped).length;
  const byShare = wilsonLower(helped(b), b.length) - wilsonLower(helped(a), a.length);
  return Math.abs(byShare) > 1e-9 ? byShare : a.length - b.length;
}

/** "helped 7 of 9 times, median 3 min": the time is that from the start to the verdict of those that helped. */
export function sayRecord(tried: readonly Tried[]): string {
  if (tried.length === 0) return "not tried yet";
  const helped = tried.filter((one) => one.helped);
  const typical = median(helped.map(({ took }) => took));
  const time =
    typical === undefined ? "" : `, median ${formatDuration(Math.max(1, Math.round(typical)), { parts: 1 })}`;
  return `helped ${helped.length} of ${tried.length} time${tried.length === 1 ? "" : "s"}${time}`;
}

/** The runs for which the runbook is suspended on that kind of target, newest first; undefined when it is not. */
export function suspendedBy(tried: readonly Tried[]): readonly Tried[] | undefined {
  const last = tried.slice(0, SUSPENDS_AFTER);
  const isOut = last.length === SUSPENDS_AFTER && last.every(({ helped, isForgiven }) => !helped && !isForgiven);
  return isOut ? last : undefined;
}

/** Why it is suspended, as a sentence. `kind` is that of the target. */
export function saySuspended(runbook: string, kind: string, runs: readonly Tried[]): string {
  const what = runs.map(({ proposal, outcome }) => `${proposal} ${outcome}`).join(", ");
  return `The runbook ${runbook} is suspended for targets of the kind ${kind}: its last ${runs.length} runs there did not help (${what}).`;
}
