import { formatValue, type Unit } from "../units.ts";
import type { Unusual } from "./judge.ts";
import { DURATION } from "./run.ts";

/** What is said of a run's numbers. */

/** "3 of the last 3 runs failed; 1 of the 20 before did." or "duration 15 min, usually 5 min to 6 min". */
export function sayUnusual(one: Unusual): string {
  if (one.kind === "failing") {
    const told = one.of === 1 ? "It failed" : `${one.failed} of the last ${one.of} runs failed`;
    return `${told}; ${one.before.failed} of the ${one.before.of} before did.`;
  }
  const unit = unitOf(one.name);
  const [value, low, high] = [one.value, one.usual.low, one.usual.high].map((each) => formatValue(each, unit));
  return `${measureOf(one.name)} ${value}, usually ${low} to ${high}`;
}

export function measureOf(name: string): string {
  return name === DURATION ? "duration" : name.replaceAll("_", " ");
}

/** By the end of the name, as Prometheus has it: prometheus.io/docs/practices/naming. */
export function unitOf(name: string): Unit {
  if (name.endsWith("_seconds")) return "seconds";
  if (name.endsWith("_bytes")) return "bytes";
  return name.endsWith("_ratio") ? "ratio" : "none";
}
