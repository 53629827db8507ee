import type { Json } from "../../util/canonical.ts";
import { wholePattern, whyUnsafe } from "../runbook/parameter.ts";

/**
 * What the settings of an extension and the arguments of its actions may be: the part of JSON Schema (draft 2020-12) that says which
 * values are allowed, as data. No other member may stand beside those that are named.
 */
export type Fields = {
  readonly properties: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
};

/** `pattern` is an allow-list for the whole text: it begins with ^ and ends with $. */
export type Field = { readonly description?: string } & (
  | {
      readonly type: "string";
      readonly pattern?: string;
      readonly enum?: readonly string[];
      readonly maxLength?: number;
    }
  | { readonly type: "integer" | "number"; readonly minimum?: number; readonly maximum?: number }
  | { readonly type: "boolean" }
  | { readonly type: "array"; readonly items: Field; readonly maxItems?: number }
);

/** Characters of a text, and entries of a list, whose field says no other most. */
const LONGEST = 200;
const MOST_ITEMS = 100;

/** What is wrong with these values, each with the name that it is about: missing, unknown, or not as its field says. */
export function checkFields(
  { properties, required = [] }: Fields,
  values: Readonly<Record<string, Json | undefined>>,
): readonly { readonly name: string; readonly text: string }[] {
  const missing = required.filter((name) => values[name] === undefined);
  return [
    ...missing.map((name) => ({ name, text: "is missing" })),
    ...Object.entries(values).flatMap(([name, value]) => {
      if (value === undefined) return [];
      const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
      const text =
        field === undefined ? `is not known here: there is ${listOf(properties)}` : whyNotValue(field, value);
      return text === undefined ? [] : [{ name, text }];
    }),
  ];
}

/** Why a value is not as its field says, as the end of a sentence after its name; undefined when it is. */
export function whyNotValue(field: Field, value: Json): string | undefined {
  switch (field.type) {
    case "string":
      return whyNotText(field, value);
    case "boolean":
      return typeof value === "boolean" ? undefined : refused("must be true or false", value);
    case "array": {
      const most = field.maxItems ?? MOST_ITEMS;
      if (!Array.isArray(value)) return refused("must be a list", value);
      if (value.length > most) return `must have at most ${most} entries: it has ${value.length}`;
      return value.map((one: Json) => whyNotValue(field.items, one)).find((why) => why !== undefined);
    }
    default: {
      const { type, minimum = -Number.MAX_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = field;
      const isOne =
        type === "integer" ? Number.isSafeInteger(value) : typeof value === "number" && Number.isFinite(value);
      const isInside = typeof value === "number" && value >= minimum && value <= maximum;
      const what = type === "integer" ? "a whole number" : "a number";
      return isOne && isInside ? undefined : refused(`must be ${what} from ${minimum} to ${maximum}`, value);
    }
  }
}

function whyNotText(field: Field & { readonly type: "string" }, value: Json): string | undefined {
  if (typeof value !== "string") return refused("must be text", value);
  const unsafe = whyUnsafe(value, field.maxLength ?? LONGEST);
  if (unsafe !== undefined) return refused(unsafe, value);
  if (field.enum !== undefined && !field.enum.includes(value))
    return refused(`must be ${field.enum.join(" or ")}`, value);
  if (field.pattern === undefined || wholePattern(field.pattern).test(value)) return undefined;
  return refused(
    `must be like ${field.pattern}${field.description === undefined ? "" : ` (${field.description})`}`,
    value,
  );
}

/** What makes fields too loose for values that people, alerts and models give: each text needs an allow-list, each number bounds. */
export function looseFields({ properties }: Fields): readonly string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const why = whyLoose(field);
    return why === undefined ? [] : [`${name} ${why}`];
  });
}

function whyLoose(field: Field): string | undefined {
  switch (field.type) {
    case "string":
      return field.pattern === undefined && field.enum === undefined
        ? "must have a pattern or an enum: nothing takes any text at all"
        : undefined;
    case "integer":
    case "number":
      return field.minimum === undefined || field.maximum === undefined
        ? "must have a minimum and a maximum: a number without bounds is a slip that nobody catches"
        : undefined;
    case "array":
      return whyLoose(field.items);
    default:
      return undefined;
  }
}

function listOf(properties: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(properties);
  return names.length === 0 ? "nothing" : names.join(", ");
}

function refused(rule: string, value: Json): string {
  return `${rule}: it is ${(JSON.stringify(value) ?? "nothing").slice(0, 80)}`;
}
