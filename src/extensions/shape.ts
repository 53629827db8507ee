import { z } from "zod";
import { ENTRY } from "../core/extension/extension.ts";
import { type Field, type Fields, looseFields } from "../core/extension/fields.ts";
import type { Extension } from "../ports/extension.ts";

/** What a module exported, read as version 1 of the contract. */

const MEMBER = /^[a-z][a-z0-9_]{0,39}$/;
const name = z.string().regex(MEMBER, "must be lower-case letters, digits and underscores");
const text = z.string("must be text").min(1, "must not be empty").max(200, "must be at most 200 characters");
const call = <T>() => z.custom<T>((value) => typeof value === "function", "must be a function");

const pattern = z
  .string()
  .max(500)
  .refine((value) => value.startsWith("^") && value.endsWith("$") && compiles(value), {
    error: "must be a regular expression that begins with ^ and ends with $",
  });
const described = { description: text.optional() };
const field: z.ZodType<Field> = z.lazy(() =>
  z.discriminatedUnion("type", [
    z.strictObject({
      ...described,
      type: z.literal("string"),
      pattern: pattern.optional(),
      enum: z.array(z.string()).min(1).max(100).optional(),
      maxLength: z.int().min(1).max(10_000).optional(),
    }),
    z.strictObject({
      ...described,
      type: z.enum(["integer", "number"]),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
    }),
    z.strictObject({ ...described, type: z.literal("boolean") }),
    z.strictObject({
      ...described,
      type: z.literal("array"),
      items: field,
      maxItems: z.int().min(0).max(1000).optional(),
    }),
  ]),
) as z.ZodType<Field>;

const fields = z
  .strictObject({ properties: z.record(name, field), required: z.array(z.string()).max(100).optional() })
  .superRefine(({ properties, required = [] }, context) => {
    for (const one of required)
      if (!Object.hasOwn(properties, one))
        context.addIssue({
          code: "custom",
          path: ["required"],
          message: `names ${one}, which is none of the properties`,
        });
  }) as z.ZodType<Fields>;

const inArguments = fields.superRefine((all, context) => {
  for (const why of looseFields(all)) context.addIssue({ code: "custom", path: ["properties"], message: `: ${why}` });
  if (Object.hasOwn(all.properties, ENTRY))
    context.addIssue({
      code: "custom",
      path: ["properties"],
      message: `: ${ENTRY} is taken, it names the configured entry`,
    });
});

const configured = {
  what: text,
  settings: fields,
  secrets: z.record(name, z.strictObject({ required: z.boolean() })).optional(),
};

const action = z.strictObject({
  changes: z.boolean("must be true or false"),
  arguments: inArguments,
  captures: z.array(name).max(50).optional(),
});

const extension = z
  .strictObject({
    contract: z.literal(1),
    executor: z
      .strictObject({
        ...configured,
        actions: z
          .record(z.string().regex(/^[a-z][a-z_]{0,39}$/, "must be lower-case letters and underscores"), action)
          .refine((all) => Object.keys(all).length > 0, "must have at least one action"),
        open: call<NonNullable<Extension["executor"]>["open"]>(),
      })
      .optional(),
    notifier: z
      .strictObject({
        ...configured,
        hasEnd: z.boolean("must be true or false"),
        open: call<NonNullable<Extension["notifier"]>["open"]>(),
      })
      .optional(),
  })
  .refine((one) => one.executor !== undefined || one.notifier !== undefined, "must have an executor or a notifier");

/** The extension, or what is wrong with what was exported, as sentences. Never throws. */
export function readExtension(
  exported: unknown,
): { readonly extension: Extension } | { readonly problems: readonly string[] } {
  if (typeof exported !== "object" || exported === null)
    return { problems: ["must export an extension by default: { contract: 1, executor: …, notifier: … }"] };
  const { contract } = exported as { readonly contract?: unknown };
  if (contract !== 1)
    return {
      problems: [
        `must keep version 1 of the contract, the only one that this bot knows (contract: 1): it says ${JSON.stringify(contract) ?? "nothing"}`,
      ],
    };
  const read = extension.safeParse(exported);
  if (read.success) return { extension: read.data as Extension };
  return {
    problems: read.error.issues
      .slice(0, 10)
      .map(({ path, message }) => `${path.map(String).join(".")} ${message}`.replace(" :", ":").trim()),
  };
}

function compiles(value: string): boolean {
  try {
    new RegExp(value, "u");
    return true;
  } catch {
    return false;
  }
}
