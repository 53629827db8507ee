import type { Run } from "../core/ci/run.ts";

/** Runs of pipelines that were told of. */
export interface Runs {
  /** False when one of that id is there; the first one stays. What it confirms outlives a crash. */
  keep(run: Run): Promise<boolean>;
  /** Runs of one line (see `lineOf`) that ended before then (unix seconds), newest first, at most `limit`. */
  of(line: string, before: number, limit: number): Promise<readonly Run[]>;
  /** Those that ended since then (unix seconds), newest first, at most `limit`. `deploying`: only those that deployed. */
  since(at: number, limit: number, only?: { readonly deploying: true }): Promise<readonly Run[]>;
}
