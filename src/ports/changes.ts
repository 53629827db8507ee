import type { ExtensionId } from "../core/extension/extension.ts";
import type { Seen } from "../core/proposal.ts";
import type { Json, Runbook } from "../core/runbook.ts";

/** Runbooks, and what carries changes out. */

export interface Runbooks {
  /** Those in force, by id. Drafts and deprecated ones are among them, marked so. */
  all(): readonly Runbook[];
  get(id: string): Runbook | undefined;
}

export type Arguments = Readonly<Record<string, Json>>;

/** How a target is now. Reading only. */
export type Look = {
  /** Tells it from another thing of the same name: uid, host key, database name, … */
  readonly identity: Readonly<Record<string, string>>;
  /** What `run` will insist on. */
  readonly precondition: Readonly<Record<string, Json>>;
  /** What a way back needs, for `{{ captured.x }}` in rollback steps. */
  readonly captured: Readonly<Record<string, Json>>;
  /** Sentences about how things are. */
  readonly facts: readonly string[];
  /** What the change touches, in a sentence; or why that cannot be told. */
  readonly blast: { readonly kind: "known" | "unknown"; readonly text: string };
};

export type Simulated =
  | { readonly kind: "simulated"; readonly text: string }
  /** It cannot be tried without effect. */
  | { readonly kind: "cannot"; readonly why: string };

export type Ran = {
  /** `unknown`: it may have happened. A timeout without an answer is that, never `failed`. */
  readonly outcome: "succeeded" | "failed" | "partial" | "unknown";
  /** Redacted, at most 64 KB. */
  readonly output: string;
  /** Where it acted on several things. */
  readonly parts?: readonly { readonly name: string; readonly outcome: Ran["outcome"]; readonly output: string }[];
};

/** How one step may run. */
export type RunContext = {
  /** Idempotency key: the same for every attempt at the same step of the same proposal. */
  readonly key: string;
  readonly fence: number;
  readonly identity: Readonly<Record<string, string>>;
  readonly precondition: Readonly<Record<string, Json>>;
  /** Unix seconds: the same for every attempt, for what has to be written the same way each time. */
  readonly approvedAt?: number;
  /** Milliseconds it may take. */
  readonly timeoutMs: number;
  /** Fires at the deadline, and on a stop where the runbook may be cut off. */
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
};

/** One thing an executor can do. Its methods throw `UnreachableError` and `RefusedError`, except `run` and `probe`. */
export interface Action {
  /** As runbooks write it: "kubernetes/restart". */
  readonly name: string;
  /** False for one that only reads. */
  readonly changes: boolean;
  /** Whose code it is, where it is not the bot's own: an approval is of exactly that code. */
  readonly extension?: ExtensionId;
  /** A sentence about what is wrong with the arguments, or undefined. */
  check(args: Arguments): string | undefined;
  look(args: Arguments, signal: AbortSignal): Promise<Look>;
  /**
   * Why what `look` sees now is not what was shown any more, as words after the target's name; undefined when it still is. Without it,
   * identity and precondition have to be equal. For targets that change all the time: what was shown may shrink, and `run` still
   * insists on it.
   */
  moved?(shown: Seen, now: Seen): string | undefined;
  simulate(args: Arguments, look: Look, signal: AbortSignal): Promise<Simulated>;
  /** Makes the effect, at most once for a key where the target can tell. Never throws. */
  run(args: Arguments, context: RunContext): Promise<Ran>;
  /** Whether an earlier attempt with that key had its effect. Never throws. */
  probe(args: Arguments, context: Pick<RunContext, "key" | "identity" | "precondition" | "signal">): Promise<Probed>;
}

/**
 * What a target tells of an attempt. `isSure`: it has not run and never will, because the target refuses that key from now on or
 * it is over; otherwise what was sent a moment ago may still arrive.
 */
export type Probed = {
  readonly found: "ran" | "not_run" | "unknown";
  readonly isSure?: true;
  readonly text: string;
};

export interface Actions {
  get(name: string): Action | undefined;
  all(): readonly Action[];
  /** Why an action that runbooks may name cannot be used here: "no Kubernetes cluster is configured". */
  whyMissing(name: string): string;
  stop(): Promise<void>;
}
