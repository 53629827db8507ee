import type { Place } from "./chat.ts";
import type { Identity } from "./people.ts";
import type { Proposal, Spec } from "./proposal.ts";
import type { Origin } from "./runbook.ts";

/** Something that should be done, before it is known how. */
export type Need = {
  /** As `ask --json` tells it. */
  readonly action: Spec["action"];
  /** Kinds of the target, nearest first: deployment, host, … */
  readonly kinds: readonly string[];
  /** Values that the runbook's parameters may take, by the parameter's name. */
  readonly values: Readonly<Record<string, { readonly value: string | number | boolean; readonly origin: Origin }>>;
  /** A certain runbook; else the one that fits. */
  readonly runbook?: string;
  /** Ids of runbooks that fit equally well: the one that helped most is proposed. */
  readonly among?: readonly string[];
  readonly environment: string | undefined;
  /** Name of the Prometheus source it came from. */
  readonly source: string | undefined;
  readonly requester: Identity | undefined;
  readonly places: readonly Place[];
  readonly cause: Spec["cause"];
  /** Sentences for the card. */
  readonly facts: readonly string[];
  /** Where nothing here can do it, that is said, and no wish is kept. */
  readonly isOnlyIfRunnable?: true;
};

export type Suggested =
  /** `isNew` false: the same was open already. `alsoHere`: its card is shown from now on where it was asked for again. */
  | {
      readonly kind: "proposed";
      readonly proposal: Proposal;
      readonly isNew: boolean;
      readonly alsoHere?: true;
      /** How its runbook did before, and others that fit: sentences. */
      readonly because?: readonly string[];
    }
  /** Only noted: the mode there is observe. */
  | { readonly kind: "observed"; readonly text: string }
  | { readonly kind: "refused"; readonly reason: string };
