import { isDeepStrictEqual } from "node:util";
import { frozen } from "../../core/policy/freeze.ts";
import { ruleFor } from "../../core/policy/rules.ts";
import { hashOf, type Proposal, type Seen } from "../../core/proposal.ts";
import { type Condition, holds } from "../../core/runbook.ts";
import type { Action } from "../../ports/changes.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { reasonOf } from "../../util/errors.ts";
import type { RemedyDeps } from "./deps.ts";
import { whyOtherCode } from "./extensions.ts";
import { factsOf } from "./rule.ts";

/** What the world says about a proposal now. `wait`: it cannot be told, so nothing may start. */
export type Rechecked =
  | { readonly kind: "good" }
  | { readonly kind: "withdraw" | "supersede" | "wait"; readonly reason: string };

/**
 * Looks again whether everything that the proposal was shown with still holds: its text, the policy's freeze, what made it
 * (alert or query), the runbook's conditions, and the targets. Reading only; never throws.
 */
export async function recheck(deps: RemedyDeps, proposal: Proposal, signal: AbortSignal): Promise<Rechecked> {
  const { spec } = proposal;
  if (hashOf(spec) !== proposal.hash)
    return { kind: "supersede", reason: "The stored proposal is not the one that was shown." };
  const runbook = spec.runbook && deps.runbooks.get(spec.runbook.id);
  if (runbook === undefined) return { kind: "supersede", reason: "Its runbook is not in the catalogue any more." };
  if (runbook.version !== spec.runbook?.version)
    return { kind: "supersede", reason: `The runbook ${runbook.id} was changed since this was shown.` };
  // One that is out of use by now may have left something to take back.
  if (runbook.state !== "active" && spec.cause.undoes === undefined)
    return { kind: "supersede", reason: `The runbook ${runbook.id} is ${runbook.state}.` };
  if (runbook.readOnly && spec.steps.some(({ uses }) => deps.actions.get(uses)?.changes === true))
    return {
      kind: "supersede",
      reason: `The runbook ${runbook.id} is said to only read, and a step of it changes something.`,
    };
  const otherCode = whyOtherCode(deps, spec, [...spec.steps, ...(spec.rollback?.steps ?? [])]);
  if (otherCode !== undefined) return otherCode;
  // The policy may have come to call it riskier since; it never calls it less risky than the card did.
  const { risk } = ruleFor(deps.policy(), factsOf(spec));
  // After a clock was wrong the two differ: either one is enough to wait.
  const [freeze] = runbook.readOnly
    ? []
    : [deps.clock(), (deps.wall ?? deps.clock)()].flatMap((at) => frozen(deps.policy().freezes, at, risk) ?? []);
  if (freeze !== undefined)
    return { kind: "wait", reason: `The freeze "${freeze.name}" is in force, and ${risk} risk may not run in it.` };
  try {
    const { trigger } = spec.cause;
    if (trigger !== undefined) {
      const is = await test(deps.sources, trigger, spec.source, signal);
      if (!is.holds) return { kind: "withdraw", reason: `The reason for it has gone: ${is.text}. Nothing was done.` };
    }
    for (const condition of spec.conditions) {
      const is = await test(deps.sources, condition, spec.source, signal);
      if (!is.holds) return { kind: "supersede", reason: `A condition does not hold: ${condition.name} (${is.text}).` };
    }
    return (await moved(deps, proposal, signal)) ?? { kind: "good" };
  } catch (problem) {
    return { kind: "wait", reason: `It could not be checked again: ${reasonOf(problem)}` };
  }
}

async function moved(deps: RemedyDeps, { spec }: Proposal, signal: AbortSignal): Promise<Rechecked | undefined> {
  for (const [at, step] of spec.steps.entries()) {
    const action = deps.actions.get(step.uses);
    if (action === undefined) return { kind: "wait", reason: deps.actions.whyMissing(step.uses) };
    const wrong = action.check(step.with);
    if (wrong !== undefined) return { kind: "supersede", reason: wrong };
    const how = howMoved(action, spec.looks[at], await action.look(step.with, signal), "this was shown");
    if (how !== undefined) return { kind: "supersede", reason: `${spec.target.name} ${how}. Nothing was done.` };
  }
  return undefined;
}

/** What about a target is not as it was at that moment, to be read after its name; undefined where all is. */
export function howMoved(
  action: Pick<Action, "moved">,
  was: Seen | undefined,
  is: Seen,
  moment: string,
): string | undefined {
  if (action.moved !== undefined && was !== undefined) return action.moved(was, is);
  if (!isDeepStrictEqual(is.identity, was?.identity)) return `is another one than when ${moment}`;
  if (isDeepStrictEqual(is.precondition, was?.precondition)) return undefined;
  return `changed since ${moment} (${differences(was?.precondition ?? {}, is.precondition)})`;
}

function differences(was: Readonly<Record<string, unknown>>, is: Readonly<Record<string, unknown>>): string {
  return Object.keys({ ...was, ...is })
    .filter((name) => !isDeepStrictEqual(was[name], is[name]))
    .map((name) => `${name} was ${say(was[name])}, is ${say(is[name])}`)
    .slice(0, 4)
    .join("; ");
}

function say(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing")).slice(0, 60);
}

/**
 * Asks the condition's query of the named source, of the first where none was named, at the server's now. All samples must hold. Throws
 * when it cannot be asked: not knowing is not a no.
 */
export async function test(
  sources: readonly Metrics[],
  condition: Condition,
  from: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly holds: boolean; readonly text: string }> {
  const source = sourceNamed(sources, from);
  if (source === undefined)
    throw new Error(
      from === undefined ? "no Prometheus is configured" : `the Prometheus source ${from} is not configured any more`,
    );
  const samples = await source.instant(condition.promql, undefined, signal);
  const { op, value } = condition.expect;
  if (samples.length === 0)
    return { holds: condition.none === "pass", text: `${condition.name}: the query gives no series` };
  const wrong = samples.find((sample) => !holds(condition.expect, sample.value));
  return wrong === undefined
    ? { holds: true, text: `${condition.name} holds` }
    : { holds: false, text: `${condition.name}: ${Number(wrong.value.toPrecision(4))}, expected ${op} ${value}` };
}

/** The source of that name, the first where none was named. Never another one instead: what it says is about other things. */
export function sourceNamed(sources: readonly Metrics[], name: string | undefined): Metrics | undefined {
  return name === undefined ? sources[0] : sources.find((one) => one.name === name);
}
