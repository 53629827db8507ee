import type { Measured } from "./proposal.ts";
import { type Check, holds } from "./runbook.ts";
import { MAD_TO_SIGMA, mad, median, rankSumP } from "./stats.ts";

/** Whether a change helped: values of a check before and after it. */

/** A difference counts when chance explains it less often than this, and when it is larger than the noise. */
const SIGNIFICANT = 0.01;
const LARGE = 1;

/**
 * One check. `effect` is the difference of the medians in units of the noise before (1.4826 times the median absolute deviation), signed so that
 * positive is better; where there was no noise at all, any difference is infinite and is given as ±99. "Better" also when the value to reach is reached and was not before.
 */
export function measure(check: Check, before: readonly number[], after: readonly number[]): Measured {
  const { name, promql, unit } = check;
  const base = { name, promql, unit, before, after };
  const [was, is] = [median(before), median(after)];
  if (is === undefined) return { ...base, effect: undefined, p: undefined, verdict: "unmeasured" };
  const p = rankSumP(before, after);
  const size = was === undefined ? undefined : sizeOf(was, is, mad(before) ?? 0);
  const effect = size === undefined || size === 0 ? size : check.better === "up" ? size : -size;
  const { until } = check;
  if (until !== undefined && holds(until, is) && (was === undefined || !holds(until, was)))
    return { ...base, effect, p, verdict: "better" };
  if (was === undefined || effect === undefined) return { ...base, effect, p, verdict: "unmeasured" };
  const isReal = p !== undefined && p < SIGNIFICANT && Math.abs(effect) >= LARGE;
  return { ...base, effect, p, verdict: !isReal ? "same" : effect > 0 ? "better" : "worse" };
}

function sizeOf(was: number, is: number, noise: number): number {
  if (was === is) return 0;
  const size = (is - was) / (MAD_TO_SIGMA * noise);
  return Math.max(-99, Math.min(99, noise === 0 ? Math.sign(is - was) * 99 : size));
}

/**
 * The verdict over all checks. One that got worse outweighs others; all "same" is no effect. `isFinal` is false while a
 * later look could still tell more: then undefined unless every check recovered.
 */
export function judge(
  checks: readonly Check[],
  measured: readonly Measured[],
  isFinal: boolean,
): { readonly verdict: "verified" | "no_effect" | "worse"; readonly reason: string } | undefined {
  const recovered = measured.filter((one, at) => isThere(checks[at], one));
  if (recovered.length === measured.length && measured.length > 0)
    return {
      verdict: "verified",
      reason: isAsBefore(measured)
        ? "Every check is where it should be, as it was before: whether it was needed is not known."
        : "It helped: every check is where it should be.",
    };
  if (!isFinal) return undefined;
  const named = (verdict: Measured["verdict"]) =>
    measured.filter((one) => one.verdict === verdict).map(({ name }) => name);
  const [worse, better, unmeasured] = [named("worse"), named("better"), named("unmeasured")];
  if (worse.length > 0) return { verdict: "worse", reason: `It got worse: ${worse.join(", ")}.` };
  const blind = unmeasured.length === 0 ? "" : ` Not measured: ${unmeasured.join(", ")}.`;
  if (isUnmeasured(measured)) return { verdict: "no_effect", reason: `Whether it helped is not known.${blind}` };
  const helped = measured.filter((one, at) => one.verdict === "better" || isThere(checks[at], one));
  if (better.length > 0 && helped.length >= measured.length - unmeasured.length)
    return { verdict: "verified", reason: `It helped: ${better.join(", ")} got better.${blind}` };
  return { verdict: "no_effect", reason: `It had no effect that can be told from the usual ups and downs.${blind}` };
}

/** True where no check could be measured: such a verdict tells of no effect, and of none. */
export function isUnmeasured(measured: readonly Pick<Measured, "verdict">[]): boolean {
  return measured.length > 0 && measured.every(({ verdict }) => verdict === "unmeasured");
}

/** True where nothing got better because nothing was wrong by the checks: such a verdict tells that no harm was done, and not of help. */
export function isAsBefore(measured: readonly Pick<Measured, "verdict">[]): boolean {
  return measured.length > 0 && measured.every(({ verdict }) => verdict !== "better");
}

function isThere(check: Check | undefined, { after, verdict }: Measured): boolean {
  const is = median(after);
  if (check === undefined || is === undefined) return false;
  return check.until === undefined ? verdict === "better" : holds(check.until, is);
}
