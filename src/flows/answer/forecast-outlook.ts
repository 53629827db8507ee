import type { Crossing } from "../../core/forecast/crossing.ts";
import type { Subject } from "../../core/language/subject.ts";
import { never } from "../../util/never.ts";
import { firstOf } from "./forecast-line.ts";
import type { Foreseen } from "./foresee.ts";
import type { Row } from "./rows.ts";

/** What counts as the end, of which series, and in words: "full", "at 90 %". */
export type EndOf = {
  readonly subject: Subject;
  readonly value: number;
  readonly words: string;
  readonly rising: boolean;
};

/** How one row goes on: by its forecast where there is one to be believed, else by a straight line. */
export type Outlook = {
  readonly row: Row;
  /** Seconds until the limit by the trends of the windows; undefined where one leads away from it. */
  readonly lines: readonly (number | undefined)[];
  readonly foreseen: Foreseen | undefined;
  readonly crossing: Crossing | undefined;
  /** Why there is no forecast. */
  readonly without: string | undefined;
};

/** Seconds until the limit as it is told; infinite when it is not reached, as far as can be seen. */
export function untilOf({ crossing, lines, foreseen }: Outlook, now: number): number {
  if (crossing === undefined || foreseen === undefined) return firstOf(lines);
  switch (crossing.kind) {
    case "already":
      return 0;
    case "crosses":
      return Math.max(0, crossing.likely - now);
    case "possible":
    case "clear": {
      // Beyond what is forecast, a straight line is all there is.
      const line = firstOf(lines);
      return now + line > crossing.until ? line : Number.POSITIVE_INFINITY;
    }
    default:
      return never(crossing);
  }
}
