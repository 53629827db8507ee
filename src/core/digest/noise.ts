import { type IsActed, isTakenUp } from "../incident/acted.ts";
import type { Incident } from "../incident.ts";

/** Alerts that nobody acted on, and what would keep them away. */

/** One alert that was told often and acted on hardly ever. */
export type Noise = {
  readonly name: string;
  /** Incidents of this alert alone that ended by themselves, and those that somebody did something about. */
  readonly unacted: number;
  readonly acted: number;
  /** Half of those that ended by themselves were over after this, in seconds. */
  readonly median: number;
  /**
   * How much longer a `for` (seconds) would have kept most of them away, how many, and none that somebody did something about. Undefined
   * where no such time is among those that are tried.
   */
  readonly longer?: { readonly seconds: number; readonly away: number };
};

/** Fewer than this in a period may be chance. */
const ENOUGH = 3;
/** Somebody acted on less than this share of them. */
const ACTED_SHARE = 0.2;
/** A longer `for` is worth it when it keeps away this share. */
const AWAY_SHARE = 0.8;
/** What people write as `for`, in seconds. */
const TRIED = [60, 120, 300, 600, 900, 1800, 3600] as const;

/**
 * The noisiest first. `incidents` are those of the period. Only those of one alert count: of several it cannot be told which was in vain. What is
 * suggested was tried on exactly these incidents: one that lasted shorter than the time would not have been told. `isActed`: whether somebody did something
 * about one; where changes are not known, who took it up did.
 */
export function noiseIn(incidents: readonly Incident[], isActed: IsActed = isTakenUp): readonly Noise[] {
  // Of anomalies, what people said of each watch tells which were in vain.
  const alone = incidents.filter(({ names, isStorm, anomalies }) => names.length === 1 && !isStorm && !anomalies);
  const byName = Map.groupBy(alone, ({ names }) => names[0]!.name);
  return [...byName]
    .flatMap(([name, all]) => noiseOf(name, all, isActed) ?? [])
    .sort((a, b) => b.unacted - a.unacted || (a.name < b.name ? -1 : 1));
}

function noiseOf(name: string, all: readonly Incident[], isActed: IsActed): Noise | undefined {
  const acted = all.filter(isActed);
  const lasted = all
    .filter((one) => one.endedAt !== undefined && !isActed(one))
    .map(lengthOf)
    .sort((a, b) => a - b);
  if (lasted.length < ENOUGH || acted.length > ACTED_SHARE * all.length) return undefined;
  const longer = TRIED.map((seconds) => ({ seconds, away: lasted.filter((one) => one < seconds).length })).find(
    ({ seconds, away }) => away >= AWAY_SHARE * lasted.length && acted.every((one) => lengthOf(one) >= seconds),
  );
  return {
    ...{ name, unacted: lasted.length, acted: acted.length, median: lasted[Math.floor((lasted.length - 1) / 2)]! },
    ...(longer !== undefined && { longer }),
  };
}

/** Seconds that it fired, or has fired as far as it is known. */
function lengthOf({ startedAt, endedAt, changedAt }: Incident): number {
  return Math.max(0, (endedAt ?? changedAt) - startedAt);
}
