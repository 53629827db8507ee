import type { Card } from "../core/card.ts";
import type { Limit, Reached, Threshold } from "../core/incident/threshold.ts";
import { formatDuration } from "../core/units.ts";
import { sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";
import { sayNumber, sayThreshold } from "./digest-lines.ts";

/** What an alert's threshold was tried on, incident by incident. */
export type ThresholdLook = {
  readonly alert: string;
  readonly days: number;
  readonly now: number;
  readonly zone: string;
};

export type Tried = {
  readonly source: string;
  readonly rule: { readonly promql: string; readonly forSeconds: number };
  readonly promql: string;
  readonly limit: Limit;
  readonly reached: readonly Reached[];
  readonly found: Threshold | string;
};

const SHOWN = 20;

/** The threshold that would have been quieter, with the query and how far the value went each time; or why none can be named. */
export function thresholdCard(tried: Tried | string, { alert, days, now, zone }: ThresholdLook): Card {
  const name = inertName(alert, { max: 80 });
  const cannot = (why: string) => `No threshold can be suggested for ${name}: ${why}`;
  if (typeof tried === "string") return { title: cannot(tried), tone: "info", blocks: [] };
  const { rule, promql, source, limit, reached, found } = tried;
  const held = rule.forSeconds > 0 ? ` for ${formatDuration(rule.forSeconds)}` : "";
  return {
    title: typeof found === "string" ? cannot(found) : `${name}: ${sayThreshold(found)}`,
    tone: "info",
    blocks: [
      {
        kind: "text",
        text: `Its rule fires when the value is ${limit.operator} ${limit.value}${held}. How far it went${held === "" ? "" : ` and stayed${held}`}, each time it fired alone in the last ${days} days:`,
      },
      {
        kind: "table",
        columns: ["when", "went to", "somebody acted"],
        rows: reached
          .slice(0, SHOWN)
          .map(({ at, value, acted }) => [
            sayTime(at, now, zone),
            Number.isFinite(value) ? sayNumber(value) : "not known any more",
            acted ? "yes" : "no",
          ]),
      },
      ...(reached.length > SHOWN ? [{ kind: "note" as const, text: `${reached.length - SHOWN} more.` }] : []),
      ...(typeof found === "string"
        ? []
        : [
            {
              kind: "facts" as const,
              items: [
                {
                  name: "In its rule",
                  value: `expr: |-\n  ${promql.trim().replaceAll("\n", "\n  ")} ${limit.operator} ${sayNumber(found.value)}`,
                },
              ],
            },
          ]),
      { kind: "evidence", items: [{ promql, source }] },
      {
        kind: "note",
        text: "Tried on these incidents alone; the rule is yours to change. Whoever acknowledged an incident acted on it.",
      },
    ],
  };
}
