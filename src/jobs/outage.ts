import { reasonOf } from "../util/errors.ts";

/** Tells of an outage once for as long as its reason stays the same, however often and by whomever it is noticed. */
export function outage(tell: (problem: unknown) => void): {
  readonly noticed: (problem: unknown) => void;
  readonly over: () => void;
} {
  let said: string | undefined;
  return {
    noticed(problem) {
      const reason = reasonOf(problem);
      if (said === reason) return;
      said = reason;
      tell(problem);
    },
    over() {
      said = undefined;
    },
  };
}
