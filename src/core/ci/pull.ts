import type { RunOutcome } from "./run.ts";
import type { Verdict } from "./verdict.ts";

/** What a pull request on GitHub is told of its pipelines. All text comes from outside. */

/** Where such messages wait in the outbox. */
export const PULLS = "ci/github";

export type PullNote =
  /** The one comment of a pull request: the newest run of each of its pipelines. */
  | {
      readonly kind: "comment";
      /** "acme/shop". */
      readonly repository: string;
      readonly number: number;
      readonly lines: readonly PullLine[];
    }
  /** The state of a commit, one for each pipeline. */
  | ({ readonly kind: "status"; readonly repository: string; readonly sha: string } & PullLine);

export type PullLine = {
  readonly pipeline: string;
  readonly outcome: RunOutcome;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly commit?: string;
  readonly url?: string;
};

/** Which pull requests are told, and how. */
export type PullSettings = {
  /** owner/name; `*` stands for any letters. */
  readonly projects: readonly string[];
  readonly comment: boolean;
  readonly status: boolean;
};
