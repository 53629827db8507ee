import { type Policy, ruleFor, stricter } from "../../core/policy/rules.ts";
import type { Facts } from "../../core/policy/when.ts";
import type { Rule } from "../../core/policy.ts";
import type { Spec } from "../../core/proposal.ts";

/** What the policy looks at. */
export function factsOf({
  risk,
  runbook,
  params,
  target,
  environment,
}: Pick<Spec, "risk" | "params" | "target" | "environment"> & {
  readonly runbook: { readonly id: string } | undefined;
}): Facts {
  return { risk, runbook: runbook?.id ?? "", params, target, environment };
}

/** What it takes by now: the stricter of the rule it was proposed under and the one that the policy has today. */
export function ruleNow(policy: Policy, spec: Spec): Rule {
  return stricter(spec.rule, ruleFor(policy, factsOf(spec)).rule);
}
