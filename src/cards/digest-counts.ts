import type { Block } from "../core/card.ts";
import type { CountName } from "../core/digest/counts.ts";
import type { Digest } from "../core/digest/digest.ts";
import { formatDuration } from "../core/units.ts";

/** Numbers of a digest in words. */

/** What each number is called. */
export const COUNT_NAMES: Readonly<Record<CountName, string>> = {
  incidents: "Incidents",
  critical: "of them critical",
  alerts: "Alerts in them",
  unattended: "Over, and nobody acknowledged them",
  mtta: "Time to acknowledge (mean)",
  mttr: "Time to resolve (mean)",
  anomalies: "Anomalies found",
  changes: "Changes run",
  helped: "of them verified to help",
  deployments: "Deployments",
  lead: "Commit to deployed (median)",
  failed_deployments: "Deployments that failed or broke something",
  restore: "Until that was well again (median)",
  red: "Runs that failed on main branches",
};

const TIMES: ReadonlySet<CountName> = new Set(["mtta", "mttr", "lead", "restore"]);

/** The table of the numbers that are not 0 in both stretches; undefined when none is left. A mean of nothing is no 0. */
export function countsTable({ counts, isCompared }: Pick<Digest, "counts" | "isCompared">): Block | undefined {
  const rows = counts
    .filter(({ now = 0, before = 0 }) => now !== 0 || (isCompared && before !== 0))
    .map(({ name, now, before }) => [
      COUNT_NAMES[name],
      sayCount(name, now),
      ...(isCompared ? [sayCount(name, before)] : []),
    ]);
  const columns = ["In numbers", "now", ...(isCompared ? ["before"] : [])];
  return rows.length === 0 ? undefined : { kind: "table", columns, rows };
}

/** One number as people read it; "none" where there was nothing to take a mean of. */
export function sayCount(name: CountName, value: number | undefined): string {
  if (value === undefined) return "none";
  return TIMES.has(name) ? formatDuration(Math.round(value)) : String(value);
}
