import type { Json } from "../util/canonical.ts";

export { resolve } from "./runbook/resolve.ts";
export type { Json };

/** A change that the bot knows how to make, as data: what it does, to what, under which conditions, and how to tell that it helped. */

export type Risk = "low" | "medium" | "high" | "critical";
export const RISKS: readonly Risk[] = ["low", "medium", "high", "critical"];

/** Where a value may come from. `captured`: read from the target itself. */
export type Origin = "user" | "alert" | "label" | "model" | "default" | "captured";

export type Parameter = {
  readonly type: "text" | "integer" | "number" | "boolean" | "duration" | "bytes";
  readonly about: string;
  /** Allow-list for text: a regular expression for the whole value. Undefined only together with `oneOf`. */
  readonly pattern?: string;
  readonly oneOf?: readonly (string | number)[];
  readonly min?: number;
  readonly max?: number;
  readonly default?: string | number | boolean;
  readonly required: boolean;
  readonly from: readonly Origin[];
  /** Other names under which a value may come, such as "service" for a deployment's name. */
  readonly takes?: readonly string[];
  /** Put behind a text that fits the pattern only with it, such as ".service". */
  readonly suffix?: string;
  /** It names a configured entry of this executor, such as "kubernetes": the only one is taken when none is said. */
  readonly of?: string;
  /** Entry -> environment, as the configuration has them. */
  readonly environments?: Readonly<Record<string, string>>;
  /** A value that is right, for tests and drafts. */
  readonly example?: string | number | boolean;
};

/** `uses` names an executor's action, such as "kubernetes/restart"; texts in `with` may hold `{{ params.name }}`. */
export type RunbookStep = {
  readonly name: string;
  readonly uses: string;
  readonly with: Readonly<Record<string, Json>>;
};

export type Comparison = { readonly op: "<" | "<=" | ">" | ">=" | "==" | "!="; readonly value: number };

/** A query that must hold before anything runs. `none`: what an empty answer means. */
export type Condition = {
  readonly name: string;
  readonly promql: string;
  readonly expect: Comparison;
  readonly none: "pass" | "fail";
};

/** A query read before and after; `better` is the direction of help. `until`: the value that counts as recovered. */
export type Check = {
  readonly name: string;
  readonly promql: string;
  readonly unit: string;
  readonly better: "down" | "up";
  readonly until?: Comparison;
};

export type Verification = {
  /** Seconds after the last step before the first look, and after which the verdict is given whatever it is. */
  readonly settle: number;
  readonly deadline: number;
  readonly checks: readonly Check[];
};

export type Runbook = {
  readonly id: string;
  /** SHA-256 of the canonical content: the same text is the same version. */
  readonly version: string;
  readonly title: string;
  readonly does: string;
  readonly notWhen: string;
  readonly risk: Risk;
  readonly state: "active" | "draft" | "deprecated";
  /** True when it only reads: such a one needs no approval. */
  readonly readOnly: boolean;
  readonly params: Readonly<Record<string, Parameter>>;
  /** What is configured, by executor and entry, with its environment ("" for none). No part of its text, nor of its version. */
  readonly entries?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Templates. `key` is what locks, cooldown and limits go by. */
  readonly target: { readonly kind: string; readonly name: string; readonly key: string };
  readonly preconditions: readonly Condition[];
  readonly steps: readonly RunbookStep[];
  readonly verify?: Verification;
  /** `auto`: runs by itself when the verdict is "worse"; the card says so before approval. */
  readonly rollback?: { readonly auto: boolean; readonly steps: readonly RunbookStep[] };
  /** Seconds after a run before the next one on the same target. */
  readonly cooldown: number;
  readonly perHour: number;
  /** A stop may cut it off while it runs. */
  readonly cancellable: boolean;
  /** Seconds that one step may take. */
  readonly stepTimeout: number;
  /** What a person needs for it by hand, for the report. Minutes. */
  readonly minutesByHand: number;
  readonly matches: {
    /** Verbs and kinds of targets of spoken requests, such as restart a deployment. */
    readonly asks: readonly { readonly verb: string; readonly kinds: readonly string[] }[];
    /** Names of alerts; `*` stands for any text. */
    readonly alerts: readonly string[];
    /** Ids of concepts whose anomalies it is for. */
    readonly anomalies: readonly string[];
  };
};

/** True when the value compares so. */
export function holds({ op, value }: Comparison, found: number): boolean {
  switch (op) {
    case "<":
      return found < value;
    case "<=":
      return found <= value;
    case ">":
      return found > value;
    case ">=":
      return found >= value;
    case "==":
      return found === value;
    default:
      return found !== value;
  }
}
