import type { Unit } from "../units.ts";

export type Op = ">" | ">=" | "<" | "<=";

/** A limit in a question: "more than 70 %". A bare number is read in the unit of what is measured. */
export type Threshold = {
  readonly op: Op /** It was said in percent. */;
  readonly share: boolean;
  valueIn(unit: Unit): number | undefined;
};

/** `value` is in the base unit of `said` ("70 %" is 0.7 ratio, "200 ms" is 0.2 seconds, "none" is a bare number). */
export function threshold(op: Op, value: number, said: string): Threshold {
  return {
    op,
    share: said === "ratio",
    valueIn(unit) {
      if (said !== "none" && said !== "base" && !(FITS[said] ?? []).includes(unit)) return undefined;
      if (unit === "ratio") return said === "none" && Math.abs(value) > 1.5 ? value / 100 : value;
      return value;
    },
  };
}

export function meets(value: number, op: Op, limit: number): boolean {
  switch (op) {
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
  }
}

export function sayThreshold(op: Op, quantity: string): string {
  const words: Record<Op, string> = { ">": "above", ">=": "at or above", "<": "below", "<=": "at or below" };
  return `${words[op]} ${quantity}`;
}

/** Units in which a limit said in that family can be compared. */
const FITS: Readonly<Record<string, readonly Unit[]>> = {
  ratio: ["ratio"],
  seconds: ["seconds"],
  bytes: ["bytes", "bytes/s"],
  celsius: ["celsius"],
};
