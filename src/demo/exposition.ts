import type { TargetKey } from "./model.ts";
import { valueIn, type World } from "./world.ts";

/** Largest block that Prometheus makes by threes from two hours: promtool reads its input once for each block. */
export const PART_SECONDS = 54 * 3600;

/** Seconds between the points just before the end: the short rates that checks of a change compare need some of them. */
const FINEST = 10;
const FINEST_FOR = 20 * 60;
/** Seconds between the points of the newest hours. */
const FINE = 60;
const FINE_FOR = 12 * 3600;
/**
 * Seconds between older points. A 5 minute rate needs two points of a counter, and Prometheus looks back 5 minutes for
 * a gauge: these are as coarse as both allow. The last is for what hardly ever changes, however new.
 */
const COARSE = { counter: 150, histogram: 150, gauge: 240 } as const;
const STEADY = 290;

export type Part = { readonly from: number; readonly until: number };

/** History cut where Prometheus cuts its blocks: unix seconds, `until` not included. Newest first, as it is the largest. */
export function partsOf(world: World): Part[] {
  const parts: Part[] = [];
  const last = world.end + 1;
  for (let from = world.origin; from < last; ) {
    const until = Math.min(last, (Math.floor(from / PART_SECONDS) + 1) * PART_SECONDS);
    parts.push({ from, until });
    from = until;
  }
  return parts.reverse();
}

/** One part of history as OpenMetrics text, in pieces of some hundred kilobytes, series by series. */
export function* historyText(world: World, part: Part): Generator<string> {
  const summed = timesOf(world, part, (age) => stepAt(age, COARSE.counter));
  const moving = timesOf(world, part, (age) => stepAt(age, COARSE.gauge));
  const steady = timesOf(world, part, () => STEADY);
  let text = "";
  for (const family of world.families.values()) {
    for (const series of family.series) {
      const head = `${series.name}${labelText({ ...series.labels, ...series.target })} `;
      const times = family.steady ? steady : family.type === "gauge" ? moving : summed;
      for (const at of times) {
        const value = valueIn(world, series, at);
        if (value !== undefined) text += `${head}${value} ${at}\n`;
      }
      if (text.length > 500_000) {
        yield text;
        text = "";
      }
    }
  }
  for (const own of world.own) {
    const head = `${own.name}${labelText(own.labels)} `;
    for (const at of moving) {
      const value = at >= own.from ? own.value(at) : undefined;
      if (value !== undefined) text += `${head}${value} ${at}\n`;
    }
  }
  yield `${text}# EOF\n`;
}

/** Seconds to the next older point, that many seconds before the end. */
function stepAt(age: number, coarse: number): number {
  return age < FINEST_FOR ? FINEST : age < FINE_FOR ? FINE : coarse;
}

/** Points of one part, ascending. The grid counts back from the end, so the last point of all is the end itself. */
function timesOf(world: World, part: Part, stepAt: (age: number) => number): number[] {
  const times: number[] = [];
  for (let at = world.end; at >= part.from; at -= stepAt(world.end - at)) {
    if (at < part.until) times.push(at);
  }
  return times.reverse();
}

/** What one target answers to a scrape at `at`, in the text format; undefined while it is down. */
export function scrapeText(world: World, target: TargetKey, at: number): string | undefined {
  if (world.isDown(target, at)) return undefined;
  let text = "";
  for (const family of world.families.values()) {
    let lines = "";
    for (const series of family.series) {
      if (series.target.job !== target.job || series.target.instance !== target.instance) continue;
      const value = series.value(at);
      if (value !== undefined) lines += `${series.name}${labelText(series.labels)} ${value}\n`;
    }
    if (lines !== "") text += `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n${lines}`;
  }
  return text;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (sign) => (sign === "\n" ? "\\n" : `\\${sign}`))}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
