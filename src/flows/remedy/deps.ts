import type { Identity, Voter } from "../../core/people.ts";
import type { Freeze, Mode, Rule } from "../../core/policy.ts";
import type { Proposal, Spec } from "../../core/proposal.ts";
import type { Risk } from "../../core/runbook.ts";
import type { Actions, Clock, Journal, Metrics, Runbooks, StopSwitch, Store } from "../../ports.ts";

/** The configured policy, asked. */
export type Policies = {
  readonly version: string;
  /** What a proposal of this kind needs now, after all rules that raise its risk. */
  ruleFor(facts: Pick<Spec, "risk" | "params" | "environment" | "target" | "cause">): {
    readonly rule: Rule;
    readonly risk: Risk;
  };
  stricter(a: Rule, b: Rule): Rule;
  /** The freeze window that is in force and forbids that risk. */
  frozen(at: number, risk: Risk): Freeze | undefined;
  /** Why one more proposal is too many, as a sentence. */
  overLimit(recent: readonly Proposal[], next: Pick<Proposal, "places" | "spec">, now: number): string | undefined;
  mode(environment: string | undefined): Mode;
};

/** What all of the remedy's arrows share. */
export type RemedyDeps = {
  readonly store: Pick<Store, "proposals" | "audit" | "outbox">;
  readonly runbooks: Runbooks;
  readonly actions: Actions;
  readonly policies: Policies;
  readonly sources: readonly Metrics[];
  readonly stop: StopSwitch;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly newId: () => string;
  /** This process, in leases. */
  readonly owner: string;
  /** Something changed that a message shows, or that may run now. */
  readonly changed: () => void;
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

export type { Identity, Voter };
