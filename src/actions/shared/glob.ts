import { fitsGlob } from "../../util/glob.ts";

/** True when one of the patterns, in which `*` stands for any text, fits the whole name. */
export function isAllowed(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => fitsGlob(pattern, name));
}
