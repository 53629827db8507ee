import { createHash } from "node:crypto";

/** What JSON can hold. `undefined` members of objects are left out, as JSON.stringify does. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/**
 * One text for one value, whatever the order of its members: the JSON Canonicalization Scheme (RFC 8785). Members are
 * sorted by UTF-16 code units; numbers and strings are written as ECMAScript does, which is what the RFC asks for.
 * Throws a `TypeError` for what JSON cannot hold (NaN, infinities, lone surrogates).
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value as { readonly [name: string]: Json | undefined })
      .filter((member): member is [string, Json] => member[1] !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${text(name)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`JSON cannot hold ${value}`);
  return typeof value === "string" ? text(value) : JSON.stringify(value);
}

function text(value: string): string {
  if (!value.isWellFormed()) throw new TypeError("JSON text must be well-formed Unicode");
  return JSON.stringify(value);
}

/** SHA-256 of a text's UTF-8 bytes, as 64 hexadecimal digits. */
export function sha256(value: string): string {
  return createHash("sha256").update(value, "utf8").digest("hex");
}
