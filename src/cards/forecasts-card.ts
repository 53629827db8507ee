import type { Card } from "../core/card.ts";
import { ENOUGH_SCORES, type ForecastScore } from "../core/forecast/score.ts";
import { median } from "../core/stats.ts";

/** How the forecasts of one kind turned out, and how many more wait for their time. */
export type ForecastRecord = {
  /** What was forecast, as people call it. */
  readonly name: string;
  readonly scores: readonly ForecastScore[];
  readonly made: number;
};

/** How forecasts turned out, by what they were about, those with most to say first. `days` is how far back forecasts were counted. */
export function forecastsCard(records: readonly ForecastRecord[], days: number): Card {
  const scored = records.filter(({ scores }) => scores.length > 0);
  const made = records.reduce((sum, one) => sum + one.made, 0);
  const came = scored.reduce((sum, { scores }) => sum + scores.length, 0);
  const sorted = scored.toSorted((a, b) => b.scores.length - a.scores.length || (a.name < b.name ? -1 : 1));
  const counted = `${made} ${made === 1 ? "forecast was" : "forecasts were"} made in the last ${days} days; each is compared with what came within ten minutes of its last step.`;
  if (came === 0)
    return {
      title: "No forecast could be compared with what came yet.",
      tone: "info",
      blocks: [{ kind: "note", text: counted }],
    };
  return {
    title: `${came} ${came === 1 ? "forecast was" : "forecasts were"} compared with what came: ${percent(insideOf(scored.flatMap(({ scores }) => scores)))} of it was inside their 95 % band.`,
    tone: "info",
    blocks: [
      { kind: "list", items: sorted.map(lineOf) },
      {
        kind: "note",
        text: `${counted} "Off" is the sum of the misses over the sum of what came, half of the forecasts better and half worse.`,
      },
    ],
  };
}

function lineOf({ name, scores }: ForecastRecord): string {
  const off = percent(median(scores.map((one) => one.off)) ?? 0);
  const plain = percent(median(scores.map((one) => one.offIfUnchanged)) ?? 0);
  const few = scores.length < ENOUGH_SCORES ? "; too few to count on" : "";
  return `${name}: ${scores.length} ${scores.length === 1 ? "forecast" : "forecasts"}, off by ${off} (by ${plain} if nothing had changed), ${percent(insideOf(scores))} inside the 95 % band${few}.`;
}

function insideOf(scores: readonly ForecastScore[]): number {
  const steps = scores.reduce((sum, one) => sum + one.steps, 0);
  return steps === 0 ? 0 : scores.reduce((sum, one) => sum + one.inside95 * one.steps, 0) / steps;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
