import { matcher } from "../../core/concept.ts";
import type { Subject } from "../../core/language/subject.ts";
import { formatDuration } from "../../core/units.ts";
import type { Turn } from "./turn.ts";

/** From here on a sample may be older than two scrapes; then the scrape interval is looked up to be sure. */
const WORTH_ASKING_SECONDS = 120;

export type Freshness = { readonly ageSeconds: number; readonly stale: boolean; readonly note: string };

/** How old the newest sample behind an answer is, and whether that is more than two scrapes. */
export async function freshness(turn: Turn, subject: Subject): Promise<Freshness | undefined> {
  const { ask } = turn;
  const { metric } = subject.bound;
  const name = metric.type === "histogram" && !metric.native ? `${metric.name}_count` : metric.name;
  const selector = `${name}{${subject.filters.map(matcher).join(",")}}`;
  const newest = await ask.instant(`max(timestamp(${selector}))`, { background: true });
  const at = newest.ok ? newest.data[0]?.value : undefined;
  if (at === undefined) return undefined;
  const ageSeconds = Math.max(0, ask.now - at);
  if (ageSeconds < WORTH_ASKING_SECONDS)
    return {
      ageSeconds,
      stale: false,
      note: ageSeconds < 15 ? "Data is less than 15 s old." : `Data is ${formatDuration(Math.round(ageSeconds))} old.`,
    };
  const scrapes = await ask.instant(`max(count_over_time(${selector}[30m]))`, { background: true, at });
  const count = scrapes.ok ? (scrapes.data[0]?.value ?? 0) : 0;
  const interval = count > 1 ? 1800 / count : undefined;
  const stale = interval !== undefined && ageSeconds > 2 * interval + 15;
  const age = formatDuration(Math.round(ageSeconds));
  if (!stale) return { ageSeconds, stale, note: `Data is ${age} old.` };
  return {
    ageSeconds,
    stale,
    note: `Stale: the newest sample is ${age} old, more than two scrapes (about ${formatDuration(Math.round(interval ?? 0))} each).`,
  };
}
