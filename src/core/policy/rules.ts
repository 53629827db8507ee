import { canonicalJson, type Json, sha256 } from "../../util/canonical.ts";
import type { Rule } from "../policy.ts";
import { RISKS, type Risk } from "../runbook.ts";
import type { Freeze } from "./freeze.ts";
import { type Facts, type When, whenHolds } from "./when.ts";

/** Everything that the configuration says about approvals, and which of it goes for one proposal. */

/**
 * What the bot may do somewhere. observe: it only writes down what it would have proposed. propose: it proposes, and runs
 * nothing. act: it also runs what was approved.
 */
export type Mode = "observe" | "propose" | "act";

export type Limits = {
  /** Proposals that wait for a decision or run. */
  readonly openPerThread: number;
  /** Proposals made within an hour. */
  readonly perChannelHour: number;
  readonly perTargetHour: number;
};

export type Policy = {
  /** SHA-256 of the canonical content: the same rules are the same version. */
  readonly version: string;
  readonly rules: Readonly<Record<Risk, Rule>>;
  /** In the order of the configuration; each that holds lifts the risk to `to`. */
  readonly raise: readonly { readonly when: When; readonly to: Risk }[];
  readonly freezes: readonly Freeze[];
  readonly limits: Limits;
  /** Environment -> mode; "default" for every other. */
  readonly modes: Readonly<Record<string, Mode>>;
  /** Roles whose people need no approval for what only reads. */
  readonly readers?: readonly string[];
};

/** A rule under which nobody may approve anything: what holds where nothing else is said. */
const NOBODY: Rule = {
  approvals: 1,
  approvers: [],
  distinctRoles: [],
  fourEyes: true,
  approveWithin: 1800,
  executeWithin: 300,
  executeDelay: 0,
  rejectsToKill: 1,
  reason: "optional",
  typedCode: false,
};

/** What a risk asks for where nothing is said about it: the riskier, the more deliberate an approval has to be. */
export const DEFAULT_RULES: Readonly<Record<Risk, Rule>> = {
  low: NOBODY,
  medium: NOBODY,
  high: { ...NOBODY, typedCode: true },
  critical: { ...NOBODY, typedCode: true, executeDelay: 120, reason: "required" },
};

export const DEFAULT_LIMITS: Limits = { openPerThread: 3, perChannelHour: 10, perTargetHour: 2 };
const DEFAULT_MODE: Mode = "propose";

/** The policy with its version, which is computed here. */
export function sealPolicy(content: Omit<Policy, "version">): Policy {
  return { version: sha256(`sco.policy.v1\n${canonicalJson(content as unknown as Json)}`), ...content };
}

/** The policy of a bot that was told none: it proposes, and nobody may approve. */
export const NO_POLICY: Policy = sealPolicy({
  rules: DEFAULT_RULES,
  raise: [],
  freezes: [],
  limits: DEFAULT_LIMITS,
  modes: {},
});

/** The risk of a proposal after every raise that holds for it, and the texts of those that lifted it. */
export function raised(policy: Policy, facts: Facts): { readonly risk: Risk; readonly because: readonly string[] } {
  let risk = facts.risk;
  const because: string[] = [];
  for (const { when, to } of policy.raise) {
    // Each looks at the risk that the runbook states, so that their order does not matter.
    if (rank(to) <= rank(facts.risk) || !whenHolds(when, facts)) continue;
    because.push(when.text);
    if (rank(to) > rank(risk)) risk = to;
  }
  return { risk, because };
}

/** What one proposal needs: the rule of its risk after raising. */
export function ruleFor(
  policy: Policy,
  facts: Facts,
): { readonly rule: Rule; readonly risk: Risk; readonly because: readonly string[] } {
  const { risk, because } = raised(policy, facts);
  return { rule: policy.rules[risk], risk, because };
}

/** What the bot may do there. Environments compare without case. */
export function modeOf(policy: Policy, environment: string | undefined): Mode {
  const wanted = environment?.toLowerCase();
  const named = Object.entries(policy.modes).find(([name]) => name.toLowerCase() === wanted)?.[1];
  return named ?? policy.modes["default"] ?? DEFAULT_MODE;
}

function rank(risk: Risk): number {
  return RISKS.indexOf(risk);
}

/**
 * A rule that is met only when both are: what an approval given under one policy has to stand when another one holds by
 * then. Where the two name different approvers, only those that both name may decide.
 */
export function stricter(a: Rule, b: Rule): Rule {
  const glass = (a.breakGlass?.roles ?? []).filter((role) => b.breakGlass?.roles.includes(role) === true);
  return {
    approvals: Math.max(a.approvals, b.approvals),
    approvers: a.approvers.filter((role) => b.approvers.includes(role)),
    distinctRoles: mostOf(a.distinctRoles, b.distinctRoles),
    fourEyes: a.fourEyes || b.fourEyes,
    approveWithin: Math.min(a.approveWithin, b.approveWithin),
    executeWithin: Math.min(a.executeWithin, b.executeWithin),
    executeDelay: Math.max(a.executeDelay, b.executeDelay),
    rejectsToKill: Math.min(a.rejectsToKill, b.rejectsToKill),
    reason: a.reason === "required" || b.reason === "required" ? "required" : "optional",
    typedCode: a.typedCode || b.typedCode,
    ...(glass.length > 0 && {
      breakGlass: { roles: glass, own: a.breakGlass?.own === true && b.breakGlass?.own === true },
    }),
  };
}

/** Each name as often as the list has it that has it more often. */
function mostOf(a: readonly string[], b: readonly string[]): readonly string[] {
  const left = [...a];
  const more = b.filter((name) => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [...a, ...more];
}
