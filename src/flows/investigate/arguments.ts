/** What a model sends as arguments is text from outside: read here, once. A refusal is a sentence for the model. */

export class ArgumentError extends Error {}

/** The form of a tool's arguments, as JSON Schema. */
export function shape(properties: Readonly<Record<string, object>>, required: readonly string[]) {
  return { type: "object", properties, required, additionalProperties: false };
}

export const text = (description: string) => ({ type: "string", description });

type Args = Readonly<Record<string, unknown>>;

/** The arguments as an object. Throws `ArgumentError`. */
export function readArgs(args: unknown): Args {
  if (typeof args !== "object" || args === null || Array.isArray(args))
    throw new ArgumentError("the arguments must be an object.");
  return args as Args;
}

/** A text that must be there. */
export function textOf(args: Args, name: string, longest = 4096): string {
  const value = args[name];
  if (typeof value !== "string" || value.trim() === "")
    throw new ArgumentError(`${name} must be a text that is not empty.`);
  if (value.length > longest) throw new ArgumentError(`${name} must be at most ${longest} characters.`);
  return value.trim();
}

/** A text that may be left out. */
export function optionalText(args: Args, name: string, longest = 200): string | undefined {
  const value = args[name];
  return value === undefined || value === null || value === "" ? undefined : textOf(args, name, longest);
}

/** A list of texts. */
export function textsOf(args: Args, name: string, most: number): readonly string[] {
  const value = args[name];
  if (
    !Array.isArray(value) ||
    value.length === 0 ||
    value.length > most ||
    value.some((one) => typeof one !== "string")
  )
    throw new ArgumentError(`${name} must be a list of 1 to ${most} texts.`);
  return value as readonly string[];
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A moment: "now", "-3h" from now, or RFC 3339. Unix seconds, not after now. */
export function momentOf(args: Args, name: string, now: number, otherwise: number): number {
  const text = optionalText(args, name);
  if (text === undefined) return otherwise;
  if (/^now$/i.test(text)) return now;
  const ago = /^-(\d{1,6})([smhdw])$/.exec(text);
  const at = ago === null ? Date.parse(text) / 1000 : now - Number(ago[1]) * UNIT_SECONDS[ago[2]!]!;
  if (!Number.isFinite(at))
    throw new ArgumentError(`${name} must be "now", such as "-3h", or RFC 3339 such as 2026-03-11T10:00:00Z.`);
  return Math.min(at, now);
}
