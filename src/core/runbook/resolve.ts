import type { Json } from "../../util/canonical.ts";
import type { Condition, Origin, Parameter, Runbook, RunbookStep, Verification } from "../runbook.ts";
import { entryArgument } from "./actions.ts";
import { checkValue, type Given } from "./parameter.ts";
import { fill, fillAll, fillQuery, namesIn, type Values } from "./template.ts";

/** A runbook with its parameters filled in: what is looked at, frozen and shown. */
export type Resolved = {
  readonly params: Readonly<Record<string, Given>>;
  readonly target: { readonly kind: string; readonly name: string; readonly key: string };
  /** Of the configured entries that it acts on; undefined when none has one. */
  readonly environment: string | undefined;
  readonly conditions: readonly Condition[];
  readonly steps: readonly RunbookStep[];
  readonly verify: Verification | undefined;
  /** The way back with what was read from the target; undefined when there is none, or why it cannot be told. */
  readonly rollback: (
    captured: Readonly<Record<string, unknown>>,
  ) => { readonly auto: boolean; readonly steps: readonly RunbookStep[] } | { readonly reason: string } | undefined;
};

/**
 * Checks each value against its parameter, and fills every text. Values under names that the runbook does not have are left
 * alone: whoever asks offers all they know. A refusal is a sentence for a person.
 */
export function resolve(
  runbook: Runbook,
  values: Readonly<Record<string, Given>>,
): Resolved | { readonly reason: string } {
  const params: Record<string, Given> = {};
  const reasons: string[] = [];
  for (const [name, parameter] of Object.entries(runbook.params)) {
    const found = take(name, parameter, values);
    if (found === undefined) continue;
    if ("reason" in found) reasons.push(`${name} ${found.reason}.`);
    else params[name] = found;
  }
  if (reasons.length > 0) return { reason: `${runbook.title} cannot be proposed: ${reasons.join(" ")}` };
  try {
    return filled(runbook, params);
  } catch (problem) {
    // A template that lacks a value: an optional parameter used where it is needed.
    return { reason: `${runbook.title} cannot be proposed: ${problem instanceof Error ? problem.message : problem}.` };
  }
}

function filled(runbook: Runbook, params: Readonly<Record<string, Given>>): Resolved {
  const own: Record<string, Json> = {};
  for (const [name, { value }] of Object.entries(params)) own[`params.${name}`] = value;
  const target = {
    kind: fill(runbook.target.kind, own),
    name: fill(runbook.target.name, own),
    key: fill(runbook.target.key, own),
  };
  const known: Values = { ...own, "target.kind": target.kind, "target.name": target.name, "target.key": target.key };
  const mayLack = new Set(Object.keys(runbook.params).map((name) => `params.${name}`));
  const stepsOf = (steps: readonly RunbookStep[], values: Values): readonly RunbookStep[] =>
    steps.map((step) => ({
      name: fill(step.name, values),
      uses: step.uses,
      with: fillAll(step.with, values, mayLack) as RunbookStep["with"],
    }));
  const { rollback, verify } = runbook;
  return {
    params,
    target,
    environment: environmentOf(runbook, params, known),
    conditions: runbook.preconditions.map((one) => ({
      ...one,
      name: fill(one.name, known),
      promql: fillQuery(one.promql, known),
    })),
    steps: stepsOf(runbook.steps, known),
    verify: verify && {
      ...verify,
      checks: verify.checks.map((one) => ({
        ...one,
        name: fill(one.name, known),
        promql: fillQuery(one.promql, known),
      })),
    },
    rollback(captured) {
      if (rollback === undefined) return undefined;
      const more = Object.fromEntries(
        Object.entries(captured).map(([name, value]) => [`captured.${name}`, value as Json]),
      );
      try {
        return { auto: rollback.auto, steps: stepsOf(rollback.steps, { ...known, ...more }) };
      } catch (problem) {
        return { reason: problem instanceof Error ? problem.message : String(problem) };
      }
    },
  };
}

/**
 * The environment of the configured entries that its steps, there and back, act on, however each came by its name: by a parameter,
 * in its own text, or as the only one. Throws an `Error` with a sentence for several, since mode and risk go by one.
 */
function environmentOf(
  { params: known, steps, rollback, entries = {} }: Runbook,
  params: Readonly<Record<string, Given>>,
  values: Values,
): string | undefined {
  const byParameter = Object.entries(known).flatMap(
    ([name, { environments }]) => environments?.[String(params[name]?.value)] ?? [],
  );
  const byStep = [...steps, ...(rollback?.steps ?? [])].flatMap(({ uses, with: args }) => {
    const kind = uses.split("/")[0] ?? "";
    const configured = entries[kind] ?? {};
    const [only, ...others] = Object.keys(configured);
    const name = textIn(args[entryArgument(kind)], values) ?? (others.length === 0 ? only : undefined);
    return name !== undefined && Object.hasOwn(configured, name) ? (configured[name] ?? "") : [];
  });
  const found = new Map([...byParameter, ...byStep].filter((one) => one !== "").map((one) => [one.toLowerCase(), one]));
  if (found.size > 1)
    throw new Error(
      `it acts in several environments at once, ${[...found.values()].join(" and ")}: propose one change for each`,
    );
  return [...found.values()][0];
}

/** A text filled, as far as it can be told by now. */
function textIn(template: Json | undefined, values: Values): string | undefined {
  if (typeof template !== "string" || namesIn(template).some((name) => !Object.hasOwn(values, name))) return undefined;
  return fill(template, values);
}

/** Found out on the way rather than said: where it does not fit, it is as if it had not been there. */
const BY_THE_WAY: ReadonlySet<Origin> = new Set(["label", "alert"]);

function take(
  name: string,
  parameter: Parameter,
  values: Readonly<Record<string, Given>>,
): Given | { readonly reason: string } | undefined {
  const offered = [name, ...(parameter.takes ?? [])].flatMap((one) =>
    Object.hasOwn(values, one) ? [values[one] as Given] : [],
  );
  let refused: string | undefined;
  for (const { value, origin } of offered) {
    if (!parameter.from.includes(origin)) {
      if (!BY_THE_WAY.has(origin)) refused ??= `must not come from ${ORIGINS[origin]}`;
      continue;
    }
    const checked = checkValue(parameter, value);
    if ("value" in checked) return { value: checked.value, origin };
    // A cluster as Prometheus calls it need not be one as the configuration calls it.
    if (parameter.of === undefined || !BY_THE_WAY.has(origin)) refused ??= checked.reason;
  }
  if (refused !== undefined) return { reason: refused };
  if (parameter.default !== undefined) return { value: parameter.default, origin: "default" };
  if (!parameter.required) return undefined;
  const known = parameter.oneOf === undefined ? "" : ` (${parameter.oneOf.join(", ")})`;
  return { reason: `is missing: ${parameter.about.replace(/\.$/, "")}${known}` };
}

const ORIGINS: Readonly<Record<Origin, string>> = {
  user: "what somebody said",
  alert: "an alert",
  label: "a label",
  model: "a language model",
  default: "a default",
  captured: "the target",
};
