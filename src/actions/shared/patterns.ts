import { z } from "zod";
import type { Arguments } from "../../ports/changes.ts";
import { inertName } from "../../util/inert.ts";

/**
 * Allow-lists for what people, alerts and models may put into an action: each names the characters that are allowed,
 * nothing else passes. None lets a value begin with "-", hold a blank, a line end, a quote, "..", or a letter outside ASCII.
 */

const text = (pattern: RegExp, what: string) => z.string(`must be ${what}`).regex(pattern, `must be ${what}`);

/** RFC 1123 label: names of namespaces, services, containers. */
export const dnsLabel = text(
  /^(?=.{1,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/,
  "a DNS-1123 label: at most 63 lower-case letters, digits and inner hyphens",
);

/** RFC 1123 subdomain: names of deployments, pods, nodes. */
export const dnsName = text(
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
  "a DNS-1123 name: at most 253 lower-case letters, digits, inner hyphens and dots",
);

/** The name of an entry of our configuration: a cluster, host, endpoint, repository, database, server, command. */
export const entryName = text(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}(?<!\.)$/,
  "the name of a configured entry: at most 63 letters, digits, dots, hyphens and underscores",
);

/** A systemd unit with its type: "nginx.service", "app@1.service". systemd.unit(5), without its escapes. */
export const unitName = text(
  /^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,200}(?<!\.)\.(?:service|socket|timer|target|path|mount)$/,
  'a systemd unit with its type, such as "nginx.service"',
);

/** A Git branch, tag or commit, as git-check-ref-format(1) allows it, in ASCII without its odder characters. */
export const gitRef = text(
  /^(?!.*(?:\.\.|\/\/|\/\.|\.lock(?:\/|$)))[A-Za-z0-9][A-Za-z0-9._/-]{0,198}(?<![./])$|^[A-Za-z0-9]$/,
  "a branch, tag or commit: letters, digits, dots, hyphens, underscores and slashes",
);

/** The file name of a workflow in .github/workflows. */
export const workflowFile = text(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.ya?ml$/,
  'a workflow\'s file, such as "deploy.yml"',
);

/** An absolute path of a file system without "." and ".." parts. */
export const absolutePath = text(
  /^(?=.{1,1024}$)(?!.*\/\.{1,2}(?:\/|$))(?:\/[A-Za-z0-9._@:+,=~][A-Za-z0-9._@:+,=~-]*)+\/?$/,
  'an absolute path of letters, digits and ._@:+,=~-, without ".." in it',
);

/** One part of a path: a file's name. */
export const fileName = text(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,126}(?<!\.)$/,
  "a file's name: letters, digits, dots, hyphens and underscores",
);

/** The path of a URL, below a base: segments without "." and "..", and at most one query of plain characters. */
export const urlPath = text(
  /^(?=.{1,1024}$)(?!.*\/\.{1,2}(?:[/?]|$))\/(?:[A-Za-z0-9._~:@!,+=-]+(?:\/[A-Za-z0-9._~:@!,+=-]+)*\/?)?(?:\?[A-Za-z0-9._~:@!,+=&/-]*)?$/,
  'a path such as "/changes/7": it starts with one "/", and has no "..", "//", "%" or "#"',
);

/** A host name in full: for certificates. */
export const domainName = text(
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  'a domain name such as "shop.example"',
);

/** A whole number within bounds. Texts are refused, however much they look like one. */
export const integer = (min: number, max: number) => {
  const what = `must be a whole number from ${min} to ${max}`;
  return z.int(what).min(min, what).max(max, what);
};

/** One of a few words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(...words: T) =>
  z.enum(words, `must be ${words.length > 1 ? "one of " : ""}${words.join(", ")}`);

/** The arguments of one action: nothing may be there that is not named. */
export const argumentsOf = <T extends z.core.$ZodLooseShape>(shape: T) => z.strictObject(shape);

/**
 * What is wrong with the arguments, in sentences with the offending values made harmless; undefined when nothing is.
 * Never throws.
 */
export function checkWith(schema: z.ZodType, args: Arguments): string | undefined {
  const read = schema.safeParse(args);
  if (read.success) return undefined;
  return read.error.issues.map((issue) => say(issue, args)).join(" ");
}

/** Reads arguments that `checkWith` passed. Throws an `Error` with its sentences when they do not fit after all. */
export function readWith<T extends z.ZodType>(schema: T, args: Arguments): z.output<T> {
  const read = schema.safeParse(args);
  if (read.success) return read.data;
  throw new Error(read.error.issues.map((issue) => say(issue, args)).join(" "));
}

function say(issue: z.core.$ZodIssue, args: Arguments): string {
  if (issue.code === "unrecognized_keys")
    return `${issue.keys.map((key) => quoted(key)).join(", ")} ${issue.keys.length === 1 ? "is" : "are"} no argument of this action.`;
  const [name] = issue.path;
  if (name === undefined) return `The arguments are wrong: ${issue.message}.`;
  const found = issue.path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    args,
  );
  const at = issue.path.map(String).join(".");
  return found === undefined
    ? `${inertName(at, { max: 60 })} is missing: it ${issue.message}.`
    : `${inertName(at, { max: 60 })} ${issue.message}: it is ${quoted(found)}.`;
}

function quoted(value: unknown): string {
  return inertName(JSON.stringify(value) ?? typeof value, { max: 80 });
}
