import * as z from "zod";
import { DURATION, parseDuration, whyNotBaseUrl } from "../values.ts";

/** What descriptions of settings are made of. A message is a rule; what was found is put behind it by the reader. */

export function duration(smallest: string, largest: string, description: string) {
  const rule = `must be a duration from ${smallest} to ${largest}, such as "${smallest}"`;
  const isInside = (text: string) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms >= parseDuration(smallest)! && ms <= parseDuration(largest)!;
  };
  return z
    .string(rule)
    .regex(DURATION, { error: rule, abort: true })
    .refine(isInside, rule)
    .optional()
    .describe(description);
}

export function whole(smallest: number, largest: number, description: string) {
  const rule = `must be a whole number from ${smallest} to ${largest}`;
  return z.int(rule).min(smallest, rule).max(largest, rule).optional().describe(description);
}

export function text(description: string) {
  return z
    .string("must be text")
    .min(1, "must not be empty")
    .max(1000, "must be at most 1000 characters")
    .describe(description);
}

export function url(description: string) {
  return z
    .string("must be text")
    .superRefine((value, context) => {
      const reason = whyNotBaseUrl(value);
      const isCredential = reason?.includes("user name") === true;
      if (reason !== undefined)
        context.addIssue(isCredential ? `${reason}; write username and password_file, or bearer_token_file` : reason);
    })
    .describe(description);
}

/** Names are shown in answers and typed by people. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** A name by that rule. */
export function name(description: string) {
  return z
    .string("must be text")
    .regex(NAME, "must be 1 to 63 letters, digits, dots, dashes or underscores")
    .describe(description);
}

/** A list of texts. */
export function ids(what: string) {
  return z.array(text(what), "must be a list").max(1000, "must have at most 1000 entries").optional().describe(what);
}

/** True or false. */
export function flag(description: string) {
  return z.boolean("must be true or false").optional().describe(description);
}

/** A group of settings in which no other key may stand. */
export function group<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.strictObject(shape, "must be a group of settings");
}

/** An amount of money. */
export function money(description: string) {
  const rule = "must be a number from 0 to 1000000";
  return z.number(rule).min(0, rule).max(1_000_000, rule).optional().describe(description);
}

const member = () => z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, "must be lower-case letters, digits and underscores");

/** What an entry of an extension has. The extension's own fields check `settings` once it is loaded. */
export function extended() {
  return {
    name: name("How runbooks, routes and cards call it."),
    uses: z
      .string("must be text")
      .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "must be the name of an extension: its file without .ts or .mjs")
      .describe("The extension: the name of its file without .ts or .mjs."),
    settings: z
      .record(member(), z.json(), "must be a group of settings")
      .optional()
      .describe("What the extension asks for. No secrets. Default: none."),
    secrets: z
      .record(member(), text("A file."), "must be a group of files by name")
      .optional()
      .describe("Files with its secrets, by the names that the extension asks for. Default: none."),
  };
}
