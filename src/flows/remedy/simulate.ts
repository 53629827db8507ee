import { frozen } from "../../core/policy/freeze.ts";
import { type Mode, modeOf, ruleFor } from "../../core/policy/rules.ts";
import type { Rule } from "../../core/policy.ts";
import type { Spec } from "../../core/proposal.ts";
import { sayRecord } from "../../core/runbook/record.ts";
import { type Condition, type Risk, type Runbook, type RunbookStep, resolve } from "../../core/runbook.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { reasonOf } from "../../util/errors.ts";
import type { RemedyDeps } from "./deps.ts";
import { heldBack } from "./held.ts";
import { test } from "./recheck.ts";
import { recordOf } from "./record.ts";
import { factsOf } from "./rule.ts";

const STEP_MS = 15_000;

export type SimulateDeps = Pick<RemedyDeps, "store" | "actions" | "policy" | "sources" | "stop" | "clock">;

/** What running a runbook now would come to, found out by reading alone. */
export type Simulation = {
  readonly params: Spec["params"];
  readonly target: Spec["target"];
  readonly environment: string | undefined;
  readonly steps: readonly SimulatedStep[];
  readonly conditions: readonly {
    readonly name: string;
    readonly promql: string;
    /** Undefined: it could not be asked. */
    readonly holds: boolean | undefined;
    readonly found: string;
  }[];
  /** What verification would compare with: each check's value now, undefined where there is none. */
  readonly checks: readonly {
    readonly name: string;
    readonly promql: string;
    readonly unit: string;
    readonly now: number | undefined;
    readonly found: string;
  }[];
  readonly backOut: string;
  readonly risk: Risk;
  readonly because: readonly string[];
  readonly rule: Rule;
  readonly mode: Mode;
  /** How it did on such targets before. */
  readonly record: string;
  /** Everything that would keep it from running now, as sentences. */
  readonly blockers: readonly string[];
};

export type SimulatedStep = RunbookStep & {
  /** What it touches, as the executor saw the target just now. */
  readonly blast: string | undefined;
  readonly facts: readonly string[];
  readonly would: string | undefined;
  /** Why it cannot be said what it would do. */
  readonly cannot: string | undefined;
};

/**
 * Everything but the effect: parameters, target, conditions, policy, and what each step says it would do, against the live
 * systems. Reads only. A sentence where the values are not ones the runbook takes. `source` names the Prometheus to ask, else the first.
 */
export async function simulate(
  deps: SimulateDeps,
  runbook: Runbook,
  values: Parameters<typeof resolve>[1],
  source: string | undefined,
  signal: AbortSignal,
): Promise<Simulation | { readonly reason: string }> {
  const resolved = resolve(runbook, values);
  if ("reason" in resolved) return resolved;
  const now = deps.clock();
  const { params, target, environment = environmentOf(deps.sources, source) } = resolved;
  const policy = deps.policy();
  const { rule, risk, because } = ruleFor(
    policy,
    factsOf({ risk: runbook.risk, runbook, params, target, environment }),
  );
  const mode = modeOf(policy, environment);
  const spec = { runbook, target, nonce: "", cause: { kind: "ask" as const } };
  const steps = [];
  for (const step of resolved.steps) steps.push(await tryStep(deps, step, signal));
  const conditions = await Promise.all(
    resolved.conditions.map((one) => askCondition(deps.sources, one, source, signal)),
  );
  const checks = await Promise.all(
    (resolved.verify?.checks ?? []).map((one) => askCheck(deps.sources, one, source, signal)),
  );
  const held = await heldBack(deps, spec, runbook, now);
  const freeze = frozen(policy.freezes, now, risk);
  const stopped = await deps.stop.read().catch(() => ({ by: undefined }));
  return {
    ...{ params, target, environment, steps, conditions, checks, risk, because, rule, mode },
    backOut: backOutOf(runbook),
    record: sayRecord(runbook.readOnly ? [] : await recordOf(deps, runbook.id, target.kind)),
    blockers: [
      ...(runbook.state === "active" ? [] : [`The runbook is ${runbook.state}.`]),
      ...steps.flatMap(({ name, cannot, blast }) =>
        blast === undefined ? [`The step "${name}" could not be looked at: ${cannot}.`] : [],
      ),
      ...conditions.flatMap(({ name, holds, found }) =>
        holds === true
          ? []
          : [`A condition ${holds === false ? "does not hold" : "could not be asked"}: ${name} (${found}).`],
      ),
      ...(held === undefined ? [] : [held]),
      ...(freeze === undefined ? [] : [`The freeze "${freeze.name}" is in force, and ${risk} risk may not run in it.`]),
      ...(stopped === undefined ? [] : ["The emergency stop is on."]),
      ...(mode === "act" ? [] : [`The bot does not run changes there (mode ${mode}).`]),
      ...(rule.approvers.length > 0 ? [] : ["Nobody may approve it: the policy names no approvers."]),
    ],
  };
}

function backOutOf({ rollback }: Runbook): string {
  return rollback === undefined
    ? "none: this cannot be taken back by a runbook."
    : rollback.steps.map(({ name }) => name).join("; ");
}

function environmentOf(sources: readonly Metrics[], source: string | undefined): string | undefined {
  return (sources.find(({ name }) => name === source) ?? sources[0])?.environment;
}

async function tryStep({ actions }: SimulateDeps, step: RunbookStep, signal: AbortSignal): Promise<SimulatedStep> {
  const none = { ...step, blast: undefined, facts: [], would: undefined };
  const action = actions.get(step.uses);
  if (action === undefined) return { ...none, cannot: actions.whyMissing(step.uses) };
  const wrong = action.check(step.with);
  if (wrong !== undefined) return { ...none, cannot: wrong };
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(STEP_MS)]);
    const look = await action.look(step.with, limited);
    const blast = look.blast.kind === "known" ? look.blast.text : `unknown: ${look.blast.text}`;
    const seen = { ...step, blast, facts: look.facts };
    try {
      const tried = await action.simulate(step.with, look, limited);
      return tried.kind === "simulated"
        ? { ...seen, would: tried.text, cannot: undefined }
        : { ...seen, would: undefined, cannot: tried.why };
    } catch (problem) {
      return { ...seen, would: undefined, cannot: reasonOf(problem) };
    }
  } catch (problem) {
    return { ...none, cannot: reasonOf(problem) };
  }
}

async function askCondition(
  sources: readonly Metrics[],
  condition: Condition,
  source: string | undefined,
  signal: AbortSignal,
): Promise<Simulation["conditions"][number]> {
  const { name, promql } = condition;
  try {
    const is = await test(sources, condition, source, AbortSignal.any([signal, AbortSignal.timeout(STEP_MS)]));
    return { name, promql, holds: is.holds, found: is.text };
  } catch (problem) {
    return { name, promql, holds: undefined, found: reasonOf(problem) };
  }
}

async function askCheck(
  sources: readonly Metrics[],
  { name, promql, unit }: { readonly name: string; readonly promql: string; readonly unit: string },
  source: string | undefined,
  signal: AbortSignal,
): Promise<Simulation["checks"][number]> {
  const from = sources.find((one) => one.name === source) ?? sources[0];
  if (from === undefined) return { name, promql, unit, now: undefined, found: "no Prometheus is configured" };
  try {
    const samples = await from.instant(promql, undefined, AbortSignal.any([signal, AbortSignal.timeout(STEP_MS)]));
    if (samples.length === 0) return { name, promql, unit, now: undefined, found: "no series" };
    // As verification does: a check is about the whole.
    return { name, promql, unit, now: samples.reduce((sum, { value }) => sum + value, 0), found: "" };
  } catch (problem) {
    return { name, promql, unit, now: undefined, found: reasonOf(problem) };
  }
}
