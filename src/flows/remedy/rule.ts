import { type Policy, ruleFor, stricter } from "../../core/policy/rules.ts";
import type { Facts } from "../../core/policy/when.ts";
import { type Rule, settlingRule } from "../../core/policy.ts";
import type { Spec } from "../../core/proposal.ts";
import { RISKS } from "../../core/runbook.ts";

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

/** What it takes to settle what is unknown: `settlingRule` by the policy of today. */
export function ruleToSettle(policy: Policy, spec: Spec): Rule {
  return settlingRule(
    spec.rule,
    ruleFor(policy, factsOf(spec)).rule,
    RISKS.indexOf(spec.risk) >= RISKS.indexOf("high"),
  );
}

/** What it takes by now: the stricter of the rule it was proposed under and the one that the policy has today. */
export function ruleNow(policy: Policy, spec: Spec): Rule {
  return stricter(spec.rule, ruleFor(policy, factsOf(spec)).rule);
}
