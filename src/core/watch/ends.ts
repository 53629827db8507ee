import type { WarningRules } from "../forecast/warning.ts";
import { WARNING_RULES } from "../forecast/warning.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

/** What a quantity runs against, and how long before it a person should know. */
export type End = {
  /** Id of the concept that measures it. */
  readonly concept: string;
  /** What runs out, and how that is said after its name: "disk" "will be full". */
  readonly measure: string;
  readonly will: string;
  readonly value: number;
  readonly rising: boolean;
  /** What the quantity cannot go beyond. */
  readonly low?: number;
  readonly high?: number;
  /** Seconds between two values of its past, where more of them would be dearer than the guard lets pass. Undefined: the usual ones. */
  readonly step?: number;
  /** It is critical when no more than so many seconds are left. */
  readonly critical: number;
  /**
   * The end is a date that somebody set, not a course that may change: known exactly, and told so many seconds before. Undefined: by a
   * forecast, within the day that it looks ahead.
   */
  readonly isDated?: { readonly within: number };
};

/** A share of a whole: it ends at the whole. */
const share = (concept: string, measure: string, will: string): End => ({
  ...{ concept, measure, will, value: 1, rising: true, low: 0, high: 1, critical: 4 * HOUR },
});
/** What is left of something: it ends at nothing. */
const rest = (concept: string, measure: string, will: string): End => ({
  ...{ concept, measure, will, value: 0, rising: false, low: 0, critical: 4 * HOUR },
});

/** Everything that is looked ahead at, those that hurt most first. */
export const ENDS: readonly End[] = [
  rest("host.disk_free", "disk", "will be full"),
  rest("volume.free", "volume", "will be full"),
  share("host.inodes", "inodes", "will be used up"),
  share("pg.connections_ratio", "connections", "will be used up"),
  rest("host.memory_free", "memory", "will be exhausted"),
  share("pod.memory_of_limit", "memory", "will be at its limit"),
  share("redis.memory_ratio", "memory", "will be full"),
  { ...rest("slo.budget", "error budget", "will be used up"), step: HOUR / 2 },
  { ...rest("cert.expiry", "certificate", "expires"), critical: 3 * DAY, isDated: { within: 14 * DAY } },
];

/** The rules of warnings of that end: a date needs no second look, and is told at any time before. */
export function rulesOf({ isDated }: End): WarningRules {
  return isDated === undefined ? WARNING_RULES : { ...WARNING_RULES, lead: 0, begins: 1, ends: 1 };
}

/** A share from which on it is worth a closer look whatever its trend is: a daily rhythm can do the rest. */
const NEAR = 0.8;

/**
 * Whether a series may reach its end within a day: cheap, and sooner yes than no. One that is there already is an alert's. `values` are
 * its last six hours, at even distances of `step` seconds.
 */
export function mayReach(values: readonly number[], step: number, end: End): boolean {
  const { value: limit, rising, isDated } = end;
  const is = values.at(-1);
  if (is === undefined || !Number.isFinite(is)) return false;
  const left = rising ? limit - is : is - limit;
  if (left <= 0) return false;
  if (isDated !== undefined) return left <= isDated.within;
  return (rising && is >= NEAR * limit) || isHeading(values, step, end);
}

/** Whether a straight line through all of the values, or through their last third, reaches the end within a day. */
export function isHeading(values: readonly number[], step: number, { value: limit, rising }: End): boolean {
  const is = values.at(-1) ?? Number.NaN;
  const left = rising ? limit - is : is - limit;
  return [values.length, Math.ceil(values.length / 3)].some((count) => {
    const from = values.at(-count);
    if (count < 2 || from === undefined) return false;
    const pace = ((rising ? is - from : from - is) / ((count - 1) * step)) * DAY;
    return pace >= left;
  });
}
