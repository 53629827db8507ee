import type { Person, Roles } from "../core/people.ts";
import type { Freeze } from "../core/policy/freeze.ts";
import { impossible } from "../core/policy/possible.ts";
import { DEFAULT_LIMITS, DEFAULT_RULES, type Policy, sealPolicy } from "../core/policy/rules.ts";
import { environmentsIn, parseWhen } from "../core/policy/when.ts";
import type { Rule } from "../core/policy.ts";
import { RISKS, type Risk } from "../core/runbook.ts";
import { nearest } from "./problem.ts";
import type { ConfigFile } from "./schema.ts";
import type { Deps } from "./sources.ts";
import type { RunbooksConfig, SourceConfig } from "./types.ts";
import { parseDuration, show } from "./values.ts";
import { readWindows } from "./windows.ts";

type Written = NonNullable<ConfigFile["approvals"]>;
type WrittenRule = NonNullable<Written["default"]>;

type World = {
  readonly roles: Roles;
  readonly people: readonly Person[];
  readonly runbooks: RunbooksConfig;
  readonly sources: readonly SourceConfig[];
};

/** The policy of the file. One that nobody can meet is a problem; one under which nobody may approve is a notice. */
export function readApprovals(deps: Deps, world: World): Policy {
  const { file, notices, report } = deps;
  const written = file.settings.approvals;
  const modes = file.settings.runbooks?.modes ?? {};
  const glass = readBreakGlass(deps, world);
  const rules = Object.fromEntries(RISKS.map((risk) => [risk, ruleOf(risk, written, glass)])) as Policy["rules"];
  const policy = sealPolicy({
    rules,
    raise: readRaise(deps, world),
    freezes: readFreezes(deps),
    limits: {
      openPerThread: written?.limits?.open_per_thread ?? DEFAULT_LIMITS.openPerThread,
      perChannelHour: written?.limits?.per_channel_hour ?? DEFAULT_LIMITS.perChannelHour,
      perTargetHour: written?.limits?.per_target_hour ?? DEFAULT_LIMITS.perTargetHour,
    },
    modes,
    ...(written?.readers !== undefined && { readers: written.readers.map(bare) }),
  });
  checkRoles(deps, world.roles);
  if (written === undefined) {
    if (file.settings.runbooks !== undefined)
      notices.push("`approvals` is not set: the policy names no approvers, so nobody may approve a change");
    return policy;
  }
  const found = Map.groupBy(impossible(policy, world.roles, world.people), ({ text }) => text);
  for (const [text, findings] of found) {
    const risks = findings.map(({ risk }) => risk).join(", ");
    if (findings[0]?.isProblem !== true) notices.push(`approvals of ${risks} risk: ${text.replace(/\.$/, "")}`);
    else {
      const risk = findings.find((one) => written.risk?.[one.risk] !== undefined)?.risk;
      const path = risk === undefined ? ["approvals", "default"] : ["approvals", "risk", risk];
      report(file.where(path), `can never be met for ${risks} risk: ${text}`);
    }
  }
  return policy;
}

function ruleOf(risk: Risk, written: Written | undefined, breakGlass: Rule["breakGlass"]): Rule {
  const merged: WrittenRule = { ...written?.default, ...withoutAbsent(written?.risk?.[risk] ?? {}) };
  const fallback = DEFAULT_RULES[risk];
  const seconds = (text: string | undefined) => (text === undefined ? undefined : (parseDuration(text) ?? 0) / 1000);
  const distinctRoles = (merged.distinct_groups ?? []).map(bare);
  // Whose approval is asked for by name may decide. An empty list of approvers is nobody nevertheless.
  const approvers = merged.approvers?.map(bare) ?? distinctRoles;
  return {
    approvals: merged.approvals ?? fallback.approvals,
    approvers: approvers.length === 0 ? [] : [...new Set([...approvers, ...distinctRoles])],
    distinctRoles,
    fourEyes: merged.four_eyes ?? fallback.fourEyes,
    approveWithin: seconds(merged.approve_within) ?? fallback.approveWithin,
    executeWithin: seconds(merged.execute_within) ?? fallback.executeWithin,
    executeDelay: seconds(merged.execute_delay) ?? fallback.executeDelay,
    rejectsToKill: merged.rejects_to_kill ?? fallback.rejectsToKill,
    reason: merged.reason ?? fallback.reason,
    typedCode: merged.typed_code ?? fallback.typedCode,
    ...(breakGlass !== undefined && { breakGlass }),
  };
}

function withoutAbsent(rule: WrittenRule): WrittenRule {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined));
}

function readBreakGlass({ file, notices }: Deps, { people }: World): Rule["breakGlass"] {
  const { roles = [], own = false } = file.settings.approvals?.break_glass ?? {};
  if (roles.length === 0) return undefined;
  if (people.length === 0)
    notices.push("approvals.break_glass: nobody can approve alone, because `people` links no account to a person");
  return { roles: roles.map(bare), own };
}

/** Every role that is named must be one of `roles`. */
function checkRoles({ file, report }: Deps, roles: Roles): void {
  const { default: all, risk = {}, break_glass, readers } = file.settings.approvals ?? {};
  const lists: (readonly [readonly PropertyKey[], readonly string[] | undefined])[] = [
    [["default", "approvers"], all?.approvers],
    [["default", "distinct_groups"], all?.distinct_groups],
    ...RISKS.flatMap((one) => [
      [["risk", one, "approvers"], risk[one]?.approvers] as const,
      [["risk", one, "distinct_groups"], risk[one]?.distinct_groups] as const,
    ]),
    [["break_glass", "roles"], break_glass?.roles],
    [["readers"], readers],
  ];
  const known = Object.keys(roles);
  for (const [path, names] of lists)
    for (const [index, name] of (names ?? []).entries()) {
      if (known.includes(bare(name))) continue;
      const meant = nearest(bare(name), known);
      const cure =
        meant !== undefined
          ? `did you mean ${meant}?`
          : known.length === 0
            ? "none is configured"
            : `known are ${known.join(", ")}`;
      report(
        file.where(["approvals", ...path, index]),
        `must name one of the roles: it is ${show(name)}, and ${cure}${cure.endsWith("?") ? "" : "."}`,
      );
    }
}

function readRaise({ file, report, notices }: Deps, { runbooks, sources }: World): Policy["raise"] {
  const environments = new Set(
    [...sources, ...Object.values(runbooks.executors).flat()]
      .flatMap(({ environment }) => environment ?? [])
      .map((name) => name.toLowerCase()),
  );
  return (file.settings.approvals?.raise_risk ?? []).flatMap(({ when: text, to }, index) => {
    const when = parseWhen(text);
    const where = file.where(["approvals", "raise_risk", index, "when"]);
    if ("problem" in when) {
      report(where, `${when.problem}.`);
      return [];
    }
    for (const name of environmentsIn(when).filter((one) => !environments.has(one.toLowerCase())))
      notices.push(`${where}: nothing that is configured has the environment ${show(name)}`);
    return [{ when, to }];
  });
}

function readFreezes(deps: Deps): readonly Freeze[] {
  return readWindows(deps, ["approvals", "freeze"], deps.file.settings.approvals?.freeze ?? []).map(
    ({ entry, window }) => ({ ...window, name: entry.name, allow: entry.allow_risk ?? [] }),
  );
}

/** Roles may be written as "group:oncall", which some find clearer. */
function bare(role: string): string {
  return role.replace(/^(?:group|role):/, "");
}
