import { inertName } from "../../util/inert.ts";
import type { Origin, Parameter } from "../runbook.ts";

/** Checks one value for a runbook. Values come from people, alerts, labels and models: each must fit an allow-list whole. */

export type Given = { readonly value: string | number | boolean; readonly origin: Origin };
export type Checked = { readonly value: string | number | boolean } | { readonly reason: string };

/** Characters of a text whose parameter says no other most. */
const LONGEST = 200;
const SIGNS = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

/** The value as the runbook takes it, or why it cannot be taken, as the end of a sentence after the parameter's name. */
export function checkValue(parameter: Parameter, value: unknown): Checked {
  switch (parameter.type) {
    case "text":
      return checkText(parameter, value);
    case "boolean":
      if (typeof value === "boolean") return { value };
      if (/^(?:true|on)$/.test(String(value))) return { value: true };
      if (/^(?:false|off)$/.test(String(value))) return { value: false };
      return refuse("must be true or false", value);
    default:
      return checkNumber(parameter, value);
  }
}

function checkText(parameter: Parameter, value: unknown): Checked {
  if (typeof value !== "string" && !Number.isSafeInteger(value)) return refuse("must be text", value);
  const text = String(value);
  const unsafe = whyUnsafe(text, parameter.max ?? LONGEST);
  if (unsafe !== undefined) return refuse(unsafe, text);
  if (parameter.oneOf !== undefined && !parameter.oneOf.some((one) => String(one) === text))
    return refuse(`must be ${listOf(parameter.oneOf)}`, text);
  if (parameter.pattern === undefined)
    return parameter.oneOf === undefined ? refuse("is not open to any text", text) : { value: text };
  const whole = wholePattern(parameter.pattern);
  if (whole.test(text)) return { value: text };
  const longer = `${text}${parameter.suffix ?? ""}`;
  return whole.test(longer) ? { value: longer } : refuse(`must look like ${likeOf(parameter)}`, text);
}

/** The allow-list as an expression for the whole value. */
export function wholePattern(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, "u");
}

/** What no text may be, whatever its pattern says; undefined for what it may. */
export function whyUnsafe(text: string, longest: number): string | undefined {
  if (text === "") return "must not be empty";
  if (text.length > longest) return `must be at most ${longest} characters`;
  if (!text.isWellFormed() || SIGNS.test(text)) return "must not hold invisible characters";
  if (text !== text.normalize("NFKC")) return "must be written in plain characters";
  if (text.startsWith("-")) return 'must not begin with "-"';
  if (text.trim() !== text) return "must not begin or end with a blank";
  if (text.split(/[\\/]/).some((part) => part === "..")) return 'must not hold ".." as a part of a path';
  return undefined;
}

const DURATION = /^(?=\d)(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/;
const SECONDS = [604_800, 86_400, 3600, 60, 1];
const SIZE = /^(\d{1,15})(?:([kMGTP])(i)?)?B?$/;

/** Seconds of "90s", "1h30m"; undefined when it is written otherwise. */
export function readSeconds(text: string): number | undefined {
  const found = DURATION.exec(text);
  if (found === null) return undefined;
  return SECONDS.reduce((sum, unit, at) => sum + unit * Number(found[at + 1] ?? 0), 0);
}

/** Bytes of "512Mi", "1G", "1048576"; undefined when it is written otherwise. */
export function readBytes(text: string): number | undefined {
  const [, count, unit = "", isBinary] = SIZE.exec(text) ?? [];
  if (count === undefined) return undefined;
  return Number(count) * (isBinary === "i" ? 1024 : 1000) ** (unit === "" ? 0 : "kMGTP".indexOf(unit) + 1);
}

function checkNumber(parameter: Parameter, value: unknown): Checked {
  const { type, min = 0, max = Number.MAX_SAFE_INTEGER } = parameter;
  const number = typeof value === "number" ? value : typeof value === "string" ? numberIn(type, value) : undefined;
  const what = {
    integer: "a whole number",
    number: "a number",
    duration: "a duration such as 90s or 1h30m",
    bytes: "a size such as 512Mi or 2G",
  }[type as "integer"];
  const isWhole = type === "number" || Number.isSafeInteger(number);
  if (number === undefined || !Number.isFinite(number) || !isWhole) return refuse(`must be ${what}`, value);
  if (parameter.oneOf !== undefined && !parameter.oneOf.includes(number))
    return refuse(`must be ${listOf(parameter.oneOf)}`, value);
  if (number < min || number > max)
    return refuse(`must be from ${min} to ${max}${type === "duration" ? " seconds" : ""}`, value);
  return { value: Object.is(number, -0) ? 0 : number };
}

/** Only plain ASCII digits: no exponents, no signs of other scripts, no blanks. */
function numberIn(type: Parameter["type"], text: string): number | undefined {
  if (type === "duration") return readSeconds(text);
  if (type === "bytes") return readBytes(text);
  const form = type === "integer" ? /^-?\d{1,15}$/ : /^-?\d{1,15}(?:\.\d{1,15})?$/;
  return form.test(text) ? Number(text) : undefined;
}

function likeOf({ pattern, suffix, example }: Parameter): string {
  if (example !== undefined) return JSON.stringify(example);
  return `${pattern}${suffix === undefined ? "" : ` (${suffix} may be left out)`}`;
}

function listOf(all: readonly (string | number)[]): string {
  return all.length < 2 ? String(all[0] ?? "nothing") : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

function refuse(rule: string, value: unknown): { readonly reason: string } {
  const shown =
    typeof value === "object" ? "something with parts" : inertName(JSON.stringify(value) ?? "nothing", { max: 80 });
  return { reason: `${rule}: it is ${shown}` };
}
