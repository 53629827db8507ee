import type { Identity } from "../../core/people.ts";
import type { Policy } from "../../core/policy/rules.ts";
import type { Proposal } from "../../core/proposal.ts";
import type { Actions, Runbooks } from "../../ports/changes.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Journal, StopSwitch, Store } from "../../ports/store.ts";

import type { Leap } from "../../util/steady-clock.ts";

/** What all of the remedy's arrows share. */
export type RemedyDeps = {
  readonly store: Pick<Store, "proposals" | "audit" | "outbox">;
  readonly runbooks: Runbooks;
  readonly actions: Actions;
  /** As the configuration says now. */
  readonly policy: () => Policy;
  /** The person behind an account, and their roles, as the configuration says now. `had`: roles known before. */
  readonly today: (
    account: Identity,
    had: readonly string[],
    as: "voter" | "asker",
  ) => Identity & { readonly roles: readonly string[] };
  readonly sources: readonly Metrics[];
  readonly stop: StopSwitch;
  readonly journal: Journal;
  /** Never goes back: what has expired stays so. */
  readonly clock: Clock;
  /** As the clock on the wall has it, for windows of the calendar; default: `clock`. */
  readonly wall?: Clock;
  /** The last jump forward of the clock. */
  readonly leapt?: () => Leap | undefined;
  readonly newId: () => string;
  /** This process, in leases. */
  readonly owner: string;
  /** Something changed that a message shows, or that may run now. */
  readonly changed: () => void;
  /** A proposal came to another status, or was made: what it is now. */
  readonly moved?: (proposal: Proposal) => void;
  /** For the log: what happened, and what went wrong on the way. */
  readonly report: (level: "info" | "warn" | "error", message: string, data: Readonly<Record<string, unknown>>) => void;
  /** Named points between steps, for tests that end the process there. */
  readonly point?: (name: Point) => void;
};

export const POINTS = [
  "before claim",
  "after claim",
  "before recheck",
  "after recheck",
  "before start",
  "after start",
  "before journal",
  "after journal",
  "before effect",
  "after effect",
  "before progress",
  "before finish",
  "after finish",
  "after journal end",
] as const;
export type Point = (typeof POINTS)[number];

export const BOT: Identity = {
  person: "bot",
  name: "SmartCloudOps",
  platform: "bot",
  account: "bot",
  isLinked: true,
};
