import type { Place } from "../chat.ts";
import type { Point } from "../series.ts";
import type { Matters, SignalVerdict } from "./compare.ts";

/** A deployment that is being compared with what was there before it. */

export type Signal = {
  /** Id of the concept. */
  readonly concept: string;
  /** "p95 latency". */
  readonly name: string;
  readonly unit: string;
  readonly noun: string;
  readonly verdict: SignalVerdict;
  readonly old?: number;
  readonly young?: number;
  /** Of the values under the new version; and of the old one, where both ran at once. */
  readonly promql: string;
  readonly oldPromql?: string;
  readonly points: { readonly old: readonly Point[]; readonly young: readonly Point[] };
  /** Why nothing could be compared. */
  readonly why?: string;
};

/** Times in unix seconds. */
export type Rollout = {
  readonly id: string;
  readonly revision: number;
  readonly madeAt: number;
  readonly endedAt?: number;
  readonly source: string;
  readonly environment?: string;
  readonly service: string;
  readonly from?: string;
  readonly to?: string;
  /** When it was deployed. */
  readonly at: number;
  readonly verdict: SignalVerdict;
  /** `versions`: both at the same time, by a label. `time`: before and after. Undefined until it was looked at. */
  readonly how?: "versions" | "time";
  readonly signals: readonly Signal[];
  /** Looks that were made, and when the last one was. */
  readonly looks: number;
  readonly lookedAt?: number;
  readonly places: readonly Place[];
  /** What became of proposing the way back: an id, or why there is none. */
  readonly back?: { readonly proposal: string } | { readonly why: string };
};

/** What is compared: the concept, and what counts as a difference. Traffic only before and after: two versions share it as they are told to. */
export const SIGNALS: readonly (Matters & {
  readonly concept: string;
  readonly name: string;
  readonly only?: "time";
})[] = [
  { concept: "service.errors", name: "error ratio", worse: "up", share: 0.5, least: 0.005 },
  { concept: "service.grpc_errors", name: "gRPC error ratio", worse: "up", share: 0.5, least: 0.005 },
  { concept: "service.latency", name: "p95 latency", worse: "up", share: 0.25, least: 0.005 },
  { concept: "service.requests", name: "requests", worse: "down", share: 0.5, least: 0.05, only: "time" },
];

/** Seconds after the deployment at which it is looked at: within minutes, and when slow trouble has had time. */
export const LOOKS = [420, 600, 900, 1800] as const;
/** Seconds before it that "before" is taken from, that it has to settle, and between two values: they do not overlap, so that each counts. */
export const BEFORE = 1800;
export const SETTLE = 60;
export const STEP = 120;
/** It is over when it would not be taken for another one any more. */
export const OVER = 3600;

/** Labels that tell versions of one service apart, the surest first. */
export const VERSION_LABELS = ["version", "app_version", "service_version", "release", "image_tag", "track"] as const;

/** Whether a look is due at `now`. */
export function isDue({ at, looks }: Pick<Rollout, "at" | "looks">, now: number): boolean {
  const next = LOOKS[looks];
  return next !== undefined && now >= at + next;
}

/** Two accounts of one deployment: of the same service, at about the same time. */
export function isSameRollout(
  a: Pick<Rollout, "source" | "service" | "at" | "to">,
  b: Pick<Rollout, "source" | "service" | "at" | "to">,
): boolean {
  if (a.source !== b.source || a.service !== b.service) return false;
  // The same version, told twice: as its pipeline ended, and as its first instance was scraped.
  const isSameVersion = a.to === undefined || b.to === undefined || a.to === b.to;
  return Math.abs(a.at - b.at) <= (isSameVersion ? 1800 : 300);
}
