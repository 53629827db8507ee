import * as z from "zod";

/** What descriptions of what other programs read are made of. They are made when first asked for: most commands print without. */

/** RFC 3339 in UTC. */
export function time(what: string) {
  return z.iso.datetime().describe(`${what} RFC 3339 in UTC.`);
}

export function text(what: string) {
  return z.string().describe(what);
}

export function count(what: string) {
  return z.int().min(0).describe(what);
}

export function labels(what: string) {
  return z.record(z.string(), z.string()).describe(what);
}
