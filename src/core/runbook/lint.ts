import type { Json } from "../../util/canonical.ts";
import { whyNotValue } from "../extension/fields.ts";
import type { Parameter, Runbook, RunbookStep } from "../runbook.ts";
import type { ActionShape } from "./actions.ts";
import { checkValue, wholePattern, whyUnsafe } from "./parameter.ts";
import { bareNamesIn, hasStrayBraces, namesIn } from "./template.ts";

/** What is wrong with a runbook beyond its form, as sentences: found before it is needed. */

/** What no text for a machine has any business to be. A pattern that lets one of these through is too wide. */
const NEVER: readonly string[] = [
  "a;b",
  "a b;c",
  "a|b",
  "a&b",
  "a&&b",
  "a$(b)",
  "a`b`",
  "a>b",
  "a<b",
  "a'b",
  'a"b',
  "a\\b",
  "a\nb",
  "a\n",
  "a{b,c}",
  "a$b",
  "a%0ab",
  "../a",
  "a/../b",
  "-a",
  "--a=b",
  " a",
  "a ",
  "а",
  "a\u202eb",
  "a\u200bb",
  "",
];

/** `whyNone` says of an action that is not known why it is not, as a sentence. */
export function lint(
  runbook: Omit<Runbook, "version">,
  actionOf: (name: string) => ActionShape | undefined,
  whyNone: (name: string) => string | undefined = () => undefined,
): readonly string[] {
  const problems: string[] = [];
  const known = new Set(Object.keys(runbook.params).map((name) => `params.${name}`));
  const targets = ["target.kind", "target.name", "target.key"];
  const inText = (what: string, text: Json, names: ReadonlySet<string>) => {
    const unknown = namesIn(text).filter((name) => !names.has(name));
    for (const name of new Set(unknown)) problems.push(`${what} uses {{ ${name} }}, which is not there.`);
    if (hasStrayBraces(text)) problems.push(`${what} has braces that are no {{ name }}.`);
  };

  for (const [name, parameter] of Object.entries(runbook.params))
    problems.push(...parameterProblems(name, parameter).map((text) => `params.${name} ${text}`));
  for (const part of ["kind", "name", "key"] as const) {
    inText(`target.${part}`, runbook.target[part], known);
    for (const name of namesIn(runbook.target[part]))
      if (isOptional(runbook, name)) problems.push(`target.${part} uses {{ ${name} }}, which may be absent.`);
  }

  const all = new Set([...known, ...targets]);
  const numbers = new Set(
    Object.entries(runbook.params).flatMap(([name, { type }]) =>
      type === "text" || type === "boolean" ? [] : [`params.${name}`],
    ),
  );
  const queries = [
    ...runbook.preconditions.map((one, at) => ({ what: `preconditions[${at}]`, ...one })),
    ...(runbook.verify?.checks ?? []).map((one, at) => ({ what: `verify.checks[${at}]`, ...one })),
  ];
  for (const { what, name, promql } of queries) {
    inText(`${what}.name`, name, all);
    inText(`${what}.promql`, promql, all);
    for (const bare of bareNamesIn(promql).filter((one) => !numbers.has(one)))
      problems.push(`${what}.promql has {{ ${bare} }} outside of quotes, where only a number may stand.`);
    for (const used of namesIn(promql))
      if (isOptional(runbook, used)) problems.push(`${what}.promql uses {{ ${used} }}, which may be absent.`);
  }

  // What an extension's action reads and changes is not known where that is not loaded: that is told, and nothing that follows from it.
  const isUnknown = runbook.steps.some(({ uses }) => actionOf(uses) === undefined && whyNone(uses) !== undefined);
  const captured = new Set(
    runbook.steps.flatMap(({ uses }) => actionOf(uses)?.captures ?? []).map((one) => `captured.${one}`),
  );
  runbook.steps.forEach((step, at) => {
    inText(`steps[${at}]`, [step.name, step.with], all);
    problems.push(...stepProblems(`steps[${at}]`, step, runbook, actionOf, whyNone));
  });
  runbook.rollback?.steps.forEach((step, at) => {
    const seen = isUnknown ? namesIn([step.name, step.with]).filter((name) => name.startsWith("captured.")) : captured;
    inText(`rollback.steps[${at}]`, [step.name, step.with], new Set([...all, ...seen]));
    problems.push(...stepProblems(`rollback.steps[${at}]`, step, runbook, actionOf, whyNone));
  });
  if (!isUnknown) problems.push(...shapeProblems(runbook, actionOf));
  return problems;
}

function isOptional({ params }: Pick<Runbook, "params">, name: string): boolean {
  const parameter = name.startsWith("params.") ? params[name.slice(7)] : undefined;
  return parameter !== undefined && !parameter.required && parameter.default === undefined;
}

function shapeProblems(
  { steps, state, readOnly, risk, verify, rollback }: Omit<Runbook, "version">,
  actionOf: (name: string) => ActionShape | undefined,
): readonly string[] {
  const changing = steps.filter(({ uses }) => actionOf(uses)?.changes === true);
  const problems: string[] = [];
  if (readOnly && changing.length > 0)
    problems.push(`read_only is true, but ${changing.map(({ uses }) => uses).join(", ")} changes something.`);
  if (!readOnly && state !== "draft" && changing.length === 0)
    problems.push("no step changes anything: say read_only: true, so that it needs no approval.");
  if (readOnly && risk !== "low") problems.push(`risk must be low for what only reads: it is ${risk}.`);
  if (readOnly && (verify !== undefined || rollback !== undefined))
    problems.push("verify and rollback are for what changes something.");
  if (verify !== undefined && verify.settle >= verify.deadline)
    problems.push("verify.deadline must be later than verify.settle.");
  return problems;
}

function stepProblems(
  what: string,
  { uses, with: args }: RunbookStep,
  runbook: Pick<Runbook, "params">,
  actionOf: (name: string) => ActionShape | undefined,
  whyNone: (name: string) => string | undefined,
): readonly string[] {
  const action = actionOf(uses);
  if (action === undefined) {
    const why = whyNone(uses);
    return [why === undefined ? `${what} uses ${uses}, which is no action.` : `${what}.uses is ${uses}, and ${why}.`];
  }
  const missing = action.required.filter((name) => args[name] === undefined);
  const unknown = Object.keys(args).filter(
    (name) => !action.required.includes(name) && !action.optional.includes(name),
  );
  const lacking = action.required.filter((name) => {
    const value = args[name];
    return value !== undefined && namesIn(value).some((used) => isOptional(runbook, used));
  });
  return [
    ...missing.map((name) => `${what} gives ${uses} no ${name}.`),
    ...unknown.map((name) => `${what} gives ${uses} ${name}, which it does not take.`),
    ...valueProblems(what, args, action),
    ...lacking.map((name) => `${what} needs ${name} for ${uses}, and it comes from something that may be absent.`),
  ];
}

/** Values that are written out in the runbook. What is filled in later is checked when it is known. */
function valueProblems(
  what: string,
  args: RunbookStep["with"],
  { fields = {} }: Pick<ActionShape, "fields">,
): readonly string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const value = args[name];
    if (value === undefined || namesIn(value).length > 0) return [];
    const why = whyNotValue(field, value);
    return why === undefined ? [] : [`${what}.with.${name} ${why}.`];
  });
}

function parameterProblems(name: string, parameter: Parameter): readonly string[] {
  const { type, pattern, oneOf, min, max, example, default: fallback, required, from } = parameter;
  const problems: string[] = [];
  if (type === "text" && pattern === undefined && oneOf === undefined && parameter.of === undefined)
    problems.push("must have a pattern or one_of: nothing takes any text at all.");
  if (pattern !== undefined) problems.push(...patternProblems(pattern, parameter));
  if (min !== undefined && max !== undefined && min > max) problems.push("has a min above its max.");
  if (type !== "text" && type !== "boolean" && (min === undefined || max === undefined) && oneOf === undefined)
    problems.push("must have min and max: a number without bounds is a slip that nobody catches.");
  if (required && fallback !== undefined) problems.push("is required and has a default: one of them is too much.");
  if (from.includes("captured") || from.includes("default")) problems.push("cannot come from captured or default.");
  if (parameter.takes?.includes(name) === true) problems.push("takes itself.");
  for (const [what, value] of [
    ["a default", fallback],
    ["an example", example],
  ] as const) {
    if (value === undefined || problems.length > 0) continue;
    const checked = checkValue(parameter, value);
    if ("reason" in checked) problems.push(`has ${what} that it does not take itself: it ${checked.reason}.`);
  }
  return problems;
}

function patternProblems(pattern: string, { max }: Parameter): readonly string[] {
  let whole: RegExp;
  try {
    whole = wholePattern(pattern);
  } catch {
    return ["has a pattern that is no regular expression."];
  }
  if (hasNestedRepeats(pattern)) return ["has a pattern with a repeat inside a repeat, which can take for ever."];
  // A path's slash and a name's letters are what patterns are for; these never are.
  const through = NEVER.filter((text) => whole.test(text) && whyUnsafe(text, max ?? 200) === undefined);
  return through.length === 0 ? [] : [`has a pattern that is too wide: it takes ${JSON.stringify(through[0])}.`];
}

/** `(a+)+` and the like: a group that repeats without end and holds a part that does so too. Classes hold no repeats. */
function hasNestedRepeats(pattern: string): boolean {
  const plain = pattern.replace(/\\./g, "a").replace(/\[[^\]]*\]/g, "a");
  const endless = /[+*]|\{\d+,\}/;
  const open: number[] = [];
  for (let at = 0; at < plain.length; at += 1) {
    if (plain[at] === "(") open.push(at);
    if (plain[at] !== ")") continue;
    const inner = plain.slice((open.pop() ?? 0) + 1, at);
    if (endless.test(inner) && /^(?:[+*]|\{\d+,\})/.test(plain.slice(at + 1))) return true;
  }
  return false;
}
