import { HIDDEN } from "./secret.ts";

/** Strings in a log line are cut here: a line is for reading, and every pattern below sees bounded input. */
const LONGEST_STRING = 16_000;
const DEEPEST = 8;
const MOST_ENTRIES = 200;
/** Shorter values would blank out ordinary words. */
const SHORTEST_SECRET = 4;

/** Names under which a value is a secret whatever it is, compared without case, `_` and `-`. */
const SECRET_NAMES = [
  "password",
  "passwd",
  "passphrase",
  "secret",
  "token",
  "authorization",
  "cookie",
  "apikey",
  "accesskey",
  "privatekey",
  "credential",
  "bearer",
  "signature",
];

/**
 * What tokens look like when nobody told us their value. Each is a fixed beginning and one greedy class with nothing
 * after it (or a character that the class excludes), so a match or its failure costs time linear in the text.
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/:\/\/[^\s/?#@]+@/g, `://${HIDDEN}@`],
  [/\b(Bearer|Basic) {1,3}[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [/\bxox[a-z]-[\w-]{8,}/g, HIDDEN],
  [/\bxapp-[\w-]{8,}/g, HIDDEN],
  // Whoever has such an address of Slack's can speak in a channel.
  [/\bhooks\.slack(-gov)?\.com\/[^\s"']+/g, `hooks.slack$1.com/${HIDDEN}`],
  [/\bgh[pousr]_\w{16,}/g, HIDDEN],
  [/\bgithub_pat_\w{16,}/g, HIDDEN],
  [/\bsk-[\w-]{16,}/g, HIDDEN],
  [/\bAKIA[A-Z0-9]{16}/g, HIDDEN],
  // A JSON web token. The look-behind keeps it linear: no second try begins inside a run that has just failed.
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w.-]+/g, HIDDEN],
  [/([?&;](?:token|key|api_?key|access_token|password|secret|sig|signature)=)[^&\s#"']+/gi, `$1${HIDDEN}`],
];

/**
 * Makes a function that returns a copy of any value fit for a log: secrets' values (as they are, URL-encoded and in
 * base64) and what looks like a token become `<hidden>` inside every string, values under secret-sounding names become
 * `<hidden>` whole, errors become plain objects with their causes, cycles and depths are cut. Time is linear in the text
 * for a given set of secrets. Never throws.
 */
export function redactor(secrets: readonly string[]): (value: unknown) => unknown {
  const needles = needlesOf(secrets);
  const text = (raw: string) => redactText(raw, needles);
  return (value) => copy(value, text, new Set(), 0);
}

function needlesOf(secrets: readonly string[]): readonly string[] {
  const forms = secrets
    .filter((value) => value.length >= SHORTEST_SECRET)
    .flatMap((value) => {
      const bytes = Buffer.from(value);
      const encoded = encodeURIComponent(value.toWellFormed());
      const json = JSON.stringify(value).slice(1, -1);
      return [
        value,
        encoded,
        json,
        bytes.toString("base64"),
        bytes.toString("base64").replace(/=+$/, ""),
        bytes.toString("base64url"),
      ];
    });
  // Longest first: one secret may be the beginning of another.
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

function redactText(raw: string, needles: readonly string[]): string {
  // A generous cut bounds the work; its last stretch may hold the stump of a secret and goes before anything is read.
  const longestNeedle = needles[0]?.length ?? 0;
  const isCut = raw.length > 4 * LONGEST_STRING + longestNeedle;
  let text = isCut ? raw.slice(0, 4 * LONGEST_STRING + longestNeedle) : raw;
  for (const needle of needles) if (text.includes(needle)) text = text.replaceAll(needle, HIDDEN);
  if (isCut) text = text.slice(0, Math.max(0, text.length - longestNeedle));
  for (const [pattern, replacement] of PATTERNS) text = text.replace(pattern, replacement);
  if (text.length <= LONGEST_STRING && !isCut) return text;
  return `${text.slice(0, LONGEST_STRING).toWellFormed()}… (${raw.length} characters in all)`;
}

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[_-]/g, "");
  return SECRET_NAMES.some((word) => plain.includes(word));
}

function copy(value: unknown, text: (raw: string) => string, above: Set<object>, depth: number): unknown {
  if (typeof value === "string") return text(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (above.has(value)) return "<cycle>";
  if (depth >= DEEPEST) return "<too deep>";
  above.add(value);
  try {
    return copyObject(value, text, above, depth);
  } catch {
    return "<unreadable>"; // a getter or toJSON that throws must not take the log line with it
  } finally {
    above.delete(value);
  }
}

function copyObject(value: object, text: (raw: string) => string, above: Set<object>, depth: number): unknown {
  const inner = (child: unknown) => copy(child, text, above, depth + 1);
  if (value instanceof Error) return copyError(value, inner);
  if (value instanceof Map)
    return inner(Object.fromEntries([...value].slice(0, MOST_ENTRIES).map(([k, v]) => [String(k), v])));
  if (value instanceof Set) return inner([...value].slice(0, MOST_ENTRIES));
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_ENTRIES).map(inner);
    return value.length > MOST_ENTRIES ? [...items, `<${value.length - MOST_ENTRIES} more>`] : items;
  }
  if ("toJSON" in value && typeof value.toJSON === "function") return inner(value.toJSON());
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value).slice(0, MOST_ENTRIES)) {
    const hide = isSecretName(key) && typeof child !== "number" && typeof child !== "boolean" && child != null;
    Object.defineProperty(result, text(key), {
      value: hide ? HIDDEN : inner(child),
      enumerable: true,
      configurable: true,
    });
  }
  return result;
}

function copyError(error: Error, inner: (child: unknown) => unknown): unknown {
  const { name, message, stack, cause } = error;
  // Own properties such as `code`, `status`, `service`; the request or response some libraries hang on is too much.
  const facts = Object.entries(error).filter(
    ([key, fact]) =>
      key !== "name" && key !== "message" && key !== "stack" && key !== "cause" && typeof fact !== "object",
  );
  return {
    type: name,
    message: inner(message),
    ...(inner(Object.fromEntries(facts)) as object),
    stack: inner(stack),
    ...(cause === undefined ? {} : { cause: inner(cause) }),
    ...(error instanceof AggregateError ? { errors: inner(error.errors) } : {}),
  };
}
