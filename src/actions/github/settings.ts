import type { Secret } from "../../util/secret.ts";

/** One repository whose workflows may be started. */
export type GithubSettings = {
  /** What arguments call it. */
  readonly name: string;
  readonly environment?: string;
  /** "owner/name". */
  readonly repository: string;
  /** A fine-grained token with Actions: read and write, Contents: read and Metadata: read on that repository alone. */
  readonly token: Secret;
  /** Default: https://api.github.com. A GitHub Enterprise Server has its own, ending in /api/v3. */
  readonly apiUrl?: string;
  /** Files in .github/workflows that may be dispatched, run again and cancelled. Empty: none. */
  readonly workflows: readonly string[];
};
