import type { RuleMeasure } from "./measure.ts";

/** A threshold that would have kept away what nobody acted on, by what the rule's own expression reached. */

/** How far the value went in one incident, and whether somebody acknowledged it. */
export type Reached = {
  readonly incident: string;
  readonly at: number;
  readonly value: number;
  readonly acted: boolean;
};

export type Limit = NonNullable<RuleMeasure["limit"]>;

export type Threshold = {
  readonly limit: Limit;
  /** The other number, in place of the limit's. */
  readonly value: number;
  /** Incidents that nobody acted on: those that it would have kept away, and all. */
  readonly away: number;
  readonly of: number;
  /** Those that somebody acted on: none of them would have been kept away. */
  readonly acted: number;
  /** Others that somebody acted on, of which nobody knows how far they went. */
  readonly unknown: number;
};

/** A threshold is worth it when it keeps away this share of what nobody acted on. */
const AWAY_SHARE = 0.8;
/** Fewer incidents than these tell nothing. */
const LEAST = 3;
const DIGITS = [2, 3, 4] as const;

/**
 * The threshold nearest to the one that is, in few digits, which four fifths of what nobody acted on would not have passed, and everything
 * that somebody acted on would. It is tried on exactly these. A sentence where there is none.
 */
export function thresholdFrom(limit: Limit, reached: readonly Reached[]): Threshold | string {
  if (limit.operator === "==" || limit.operator === "!=")
    return `its rule fires when the value is ${limit.operator} ${limit.value}: there is nothing to raise or lower.`;
  const sign = limit.operator.startsWith(">") ? 1 : -1;
  const known = reached.filter(({ value }) => Number.isFinite(value));
  const unknown = reached.filter((one) => one.acted && !known.includes(one)).length;
  const vain = known.filter(({ acted }) => !acted).map(({ value }) => sign * value);
  const acted = known.filter((one) => one.acted).map(({ value }) => sign * value);
  if (vain.length < LEAST)
    return `its values are known for ${vain.length} of those that nobody acted on: fewer than ${LEAST} tell nothing.`;
  const sorted = [...vain].sort((a, b) => a - b);
  const wanted = sorted[Math.ceil(AWAY_SHARE * sorted.length) - 1]!;
  // What the rule counts as beyond it when equal has to stay below.
  const isBeyond = limit.operator.endsWith("=");
  for (const digits of DIGITS) {
    const value = roundedUp(wanted, digits, isBeyond);
    if (value <= sign * limit.value || acted.some((one) => one <= value)) continue;
    const away = vain.filter((one) => one < value || (one === value && !isBeyond)).length;
    if (away >= AWAY_SHARE * vain.length)
      return { limit, value: sign * value, away, of: vain.length, acted: acted.length, unknown };
  }
  const [low, high] = acted.length === 0 ? [] : [Math.min(...acted), Math.max(...acted)];
  if (low === undefined || high === undefined)
    return "what nobody acted on did not go further than where its rule fires.";
  return `what somebody acted on went no further than what nobody acted on: ${say(sign * low)} to ${say(sign * high)} against ${say(sign * sorted[0]!)} to ${say(sign * sorted.at(-1)!)}.`;
}

/**
 * How far a value went on the bad side and stayed there for `seconds`: of every stretch of that length, its best value, and of those the
 * worst. Points in order, `step` seconds apart: a stretch is whole when no further point fits into it. NaN without any.
 */
export function reachedFor(
  points: readonly (readonly [number, number])[],
  { seconds, step }: { readonly seconds: number; readonly step: number },
  limit: Limit,
): number {
  const sign = limit.operator.startsWith("<") ? -1 : 1;
  let worst = Number.NEGATIVE_INFINITY;
  for (const [begin, [from]] of points.entries()) {
    let held = Number.POSITIVE_INFINITY;
    let end = begin;
    for (; end < points.length && points[end]![0] <= from + seconds; end++)
      held = Math.min(held, sign * points[end]![1]);
    const isWhole = points[end - 1]![0] + step > from + seconds;
    if ((isWhole || begin === 0) && held > worst) worst = held;
  }
  return points.length === 0 ? Number.NaN : sign * worst;
}

/** Up to the next number of so many digits: 0.1234 -> 0.13, -87.2 -> -87. `isBeyond`: never to the number itself. */
function roundedUp(value: number, digits: number, isBeyond: boolean): number {
  if (value === 0 && !isBeyond) return 0;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value) || 1)) + 1 - digits);
  const steps = isBeyond ? Math.floor(value / unit + 1e-9) + 1 : Math.ceil(value / unit - 1e-9);
  return Number((steps * unit).toPrecision(digits + 1));
}

function say(value: number): string {
  return String(Number(value.toPrecision(4)));
}
