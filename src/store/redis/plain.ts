import type { Indexes, Row } from "./rows.ts";

/** Where rows are found of which no more is known than these columns. */

export function byAge({ at }: Row): Indexes {
  return { age: Number(at) };
}

/** By what they are of, in the order in which they came. */
export function inOrderOf({ at, of }: Row): Indexes {
  return { age: Number(at), [`of ${String(of)}`]: 0 };
}

/** By what they are of, and their time. */
export function byTimeOf({ at, of }: Row): Indexes {
  return { age: Number(at), [`of ${String(of)}`]: Number(at) };
}

export function onPlatform({ at, platform }: Row): Indexes {
  return { age: Number(at), [`on ${String(platform)}`]: 0 };
}

export function feedbackIndexes({ at, answer }: Row): Indexes {
  return { age: Number(at), [`of ${String(answer)}`]: 0 };
}
