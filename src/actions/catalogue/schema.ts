import { z } from "zod";
import { checkValue, readBytes, readSeconds } from "../../core/runbook/parameter.ts";
import type { Comparison, Parameter, Runbook } from "../../core/runbook.ts";
import { UNITS } from "../../core/units.ts";
import type { Json } from "../../util/canonical.ts";

/** A runbook as it is written in YAML, and read into core's form. Defaults are written out, so that a version says all. */

/** Allow-lists by name: what executors take. Each is an expression for the whole value. */
export const LIKE: Readonly<Record<string, string>> = {
  /** RFC 1123 label: namespaces, containers. */
  k8s_label: "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?",
  /** RFC 1123 subdomain: workloads, pods, nodes. */
  k8s_name: "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?){0,8}",
  /** An entry of the configuration. */
  entry: "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9_-])?",
  unit: "[A-Za-z0-9][A-Za-z0-9:_.@-]{0,180}(?<!\\.)\\.(?:service|socket|timer|target|path|mount)",
  path: "(?:/[A-Za-z0-9._@:+,=~][A-Za-z0-9._@:+,=~-]{0,100}){1,20}",
  file: "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?",
  domain: "(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.){1,8}[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
  /** A branch, tag or commit. */
  ref: "(?!.*(?:\\.\\.|//|/\\.|\\.lock(?:/|$)))[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,148}[A-Za-z0-9_-])?",
  workflow: "[A-Za-z0-9][A-Za-z0-9._-]{0,99}\\.ya?ml",
  table: "[a-z_][a-z0-9_]{0,62}\\.[a-z_][a-z0-9_]{0,62}",
  slot: "[a-z0-9_]{1,63}",
  /** A key of Redis, or the beginning of one. */
  key: "(?!.*//)[A-Za-z0-9_][A-Za-z0-9_.:/-]{1,150}",
  /** An amount of CPU or memory as Kubernetes writes it. */
  quantity: "none|[1-9][0-9]{0,5}m|[0-9]{1,3}(?:\\.[0-9]{1,3})?|[1-9][0-9]{0,7}(?:Ki|Mi|Gi|Ti|k|M|G|T)",
  url_path: "(?!.*/\\.{1,2}(?:/|$))(?:/[A-Za-z0-9._~:@!,+=-]{1,100}){1,12}/?|/",
};

/** What the entries of an extension are called by: core/extension/extension.ts. */
const EXTENSION = /^x-[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

const name = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, "must be lower-case letters, digits and underscores");
const sentence = z.string().min(3, "must say something").max(600, "must be at most 600 characters");
const line = z.string().min(1, "must not be empty").max(200, "must be at most 200 characters");
const query = z.string().min(1, "must not be empty").max(2000, "must be at most 2000 characters");
const risk = z.enum(["low", "medium", "high", "critical"]);
const origin = z.enum(["user", "alert", "label", "model"]);
const value = z.union([z.string().max(200), z.number(), z.boolean()]);

const seconds = (smallest: number, largest: number) =>
  z.string("must be a duration such as 90s or 15m").transform((text, context) => {
    const read = readSeconds(text);
    if (read !== undefined && read >= smallest && read <= largest) return read;
    context.addIssue(`must be a duration from ${smallest} s to ${largest} s, such as 90s or 15m`);
    return z.NEVER;
  });

const comparison = z.string('must be a comparison such as "> 0"').transform((text, context): Comparison => {
  const [, op, number] = /^(<=|>=|==|!=|<|>) *(-?\d{1,15}(?:\.\d{1,15})?(?:e[+-]?\d{1,2})?)$/.exec(text.trim()) ?? [];
  if (op !== undefined) return { op: op as Comparison["op"], value: Number(number) };
  context.addIssue('must be a comparison such as "> 0" or "<= 0.5"');
  return z.NEVER;
});

const bound = z.union([z.number(), z.string().max(20)]);

const parameter = z
  .strictObject({
    type: z.enum(["text", "integer", "number", "boolean", "duration", "bytes"]).default("text"),
    about: line,
    like: z.enum(Object.keys(LIKE) as [string, ...string[]]).optional(),
    pattern: z.string().min(1).max(500).optional(),
    one_of: z
      .array(z.union([z.string(), z.number()]))
      .min(1)
      .max(50)
      .optional(),
    min: bound.optional(),
    max: bound.optional(),
    default: value.optional(),
    required: z.boolean().optional(),
    from: z.array(origin).min(1).default(["user", "alert", "label", "model"]),
    takes: z.array(name).max(10).optional(),
    suffix: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{1,30}$/)
      .optional(),
    of: z
      .union([
        z.enum(["kubernetes", "ssh", "local", "http", "github", "postgres", "redis"]),
        z.string().regex(EXTENSION),
      ])
      .optional(),
    example: value.optional(),
  })
  .transform((written, context): Parameter => {
    const { like, pattern, one_of: oneOf, min, max, required, default: fallback, of, ...rest } = written;
    if (like !== undefined && pattern !== undefined) context.addIssue("must have like or pattern, not both");
    if (rest.type !== "text" && (like ?? pattern ?? rest.suffix) !== undefined)
      context.addIssue("may have like, pattern and suffix for text only");
    if (
      of !== undefined &&
      (rest.type !== "text" || like !== undefined || pattern !== undefined || oneOf !== undefined)
    )
      context.addIssue("names a configured entry (of), so it has no type, like, pattern or one_of of its own");
    const allowed = of !== undefined ? LIKE["entry"] : like !== undefined ? LIKE[like] : pattern;
    const numberOf = (what: "min" | "max", text: number | string | undefined) => {
      const read = typeof text === "string" ? amountOf(rest.type, text) : text;
      if (text !== undefined && (read === undefined || !Number.isFinite(read)))
        context.addIssue(`${what} is no ${rest.type}`);
      return read;
    };
    const base: Parameter = some({
      ...rest,
      pattern: allowed,
      oneOf,
      min: numberOf("min", min),
      max: numberOf("max", max),
      of,
      required: required ?? fallback === undefined,
    });
    return fallback === undefined ? base : { ...base, default: tidy(base, fallback) };
  });

/** A default as a value of its type: "20Gi" is a number of bytes. What does not fit stays for the check to name. */
function tidy(parameter: Parameter, written: string | number | boolean): string | number | boolean {
  const checked = checkValue(parameter, written);
  return "value" in checked ? checked.value : written;
}

function amountOf(type: Parameter["type"], text: string): number | undefined {
  return type === "duration" ? readSeconds(text) : type === "bytes" ? readBytes(text) : undefined;
}

/** Without members that are undefined. */
function some<T extends object>(value: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

const step = z.strictObject({
  name: line,
  uses: z
    .string()
    .regex(
      /^(?:[a-z]+|x-[a-z][a-z0-9-]*)\/[a-z_]+$/,
      "must be an action such as kubernetes/restart, or x-NAME/ACTION of an extension",
    ),
  with: z.record(name, z.json()).default({}),
});

/** The whole of a file. */
export const RunbookYaml = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "must be lower-case words joined by dashes")
      .max(60),
    title: line,
    does: sentence,
    not_when: sentence,
    risk,
    state: z.enum(["active", "draft", "deprecated"]).default("active"),
    read_only: z.boolean().default(false),
    overrides: z.boolean().default(false),
    params: z.record(name, parameter).default({}),
    target: z.strictObject({ kind: line, name: line, key: line }),
    preconditions: z
      .array(z.strictObject({ name: line, promql: query, expect: comparison, none: z.enum(["pass", "fail"]) }))
      .max(20)
      .default([]),
    steps: z.array(step).min(1, "must have at least one step").max(20),
    verify: z
      .strictObject({
        settle: seconds(0, 3600),
        deadline: seconds(10, 86_400),
        checks: z
          .array(
            z.strictObject({
              name: line,
              promql: query,
              unit: z.enum(UNITS, `must be one of ${UNITS.join(", ")}`),
              better: z.enum(["down", "up"]),
              until: comparison.optional(),
            }),
          )
          .min(1)
          .max(10),
      })
      .optional(),
    rollback: z.strictObject({ auto: z.boolean().default(false), steps: z.array(step).min(1).max(20) }).optional(),
    cooldown: seconds(0, 7 * 86_400),
    per_hour: z.int().min(1).max(1000),
    cancellable: z.boolean().default(false),
    step_timeout: seconds(1, 6 * 3600),
    minutes_by_hand: z.number().min(0).max(1440),
    matches: z
      .strictObject({
        asks: z
          .array(z.strictObject({ verb: name, kinds: z.array(name).min(1) }))
          .max(20)
          .default([]),
        alerts: z
          .array(z.string().regex(/^(?!\*+$)[\w*.:-]{2,100}$/, "must be the name of an alert; * stands for any text"))
          .max(50)
          .default([]),
        anomalies: z
          .array(z.string().regex(/^[a-z][\w.]*$/))
          .max(50)
          .default([]),
      })
      .default({ asks: [], alerts: [], anomalies: [] }),
  })
  .transform((written): { readonly content: Omit<Runbook, "version">; readonly overrides: boolean } => {
    const { not_when, read_only, overrides, per_hour, step_timeout, minutes_by_hand, verify, rollback, ...rest } =
      written;
    return {
      overrides,
      content: {
        ...rest,
        notWhen: not_when,
        readOnly: read_only,
        perHour: per_hour,
        stepTimeout: step_timeout,
        minutesByHand: minutes_by_hand,
        steps: rest.steps as Runbook["steps"],
        ...(verify !== undefined && { verify: { ...verify, checks: verify.checks.map((one) => some(one)) } }),
        ...(rollback !== undefined && { rollback: rollback as NonNullable<Runbook["rollback"]> }),
      },
    };
  });

/** What a version is of: everything that makes a difference to what runs, is asked or is shown. */
export function contentJson(content: Omit<Runbook, "version">): Json {
  return content as unknown as Json;
}
