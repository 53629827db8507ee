import { SeriesDetector } from "../../../src/core/anomaly/detector.ts";
import { createWorld } from "../../../src/demo/world.ts";
import { randomNumbers } from "../../tools/random.ts";

/** Rows of five minutes, days of history, and where anomalies may begin. */
const STEP = 300;
const DAYS = 13;
const LEARNED = 6;
const SERIES = 60;
/** After its end an anomaly may still be found for so long. */
const GRACE = 1800;

type Put = { readonly kind: string; readonly from: number; readonly length: number };

/**
 * Anomalies of five kinds put into series of the demo's world, one kind a series and two of it. Easy, since whoever made them also
 * made the detector: it shows that all parts work, and says nothing about real metrics.
 */
export function injectedScore(): readonly string[] {
  const end = Date.UTC(2026, 0, 19) / 1000;
  const world = createWorld({ now: end });
  const random = randomNumbers(17);
  const kinds = ["spike", "shift", "drop", "burst", "stuck"];
  const series = [...world.families.values()]
    .filter(({ type, steady }) => type === "gauge" && !steady)
    .flatMap((family) => family.series.slice(0, 4))
    .map(({ value }) => Array.from({ length: (DAYS * 86_400) / STEP }, (_, i) => value(end - DAYS * 86_400 + i * STEP)))
    .filter((values) => values.every((value) => value !== undefined) && new Set(values).size > 500)
    .slice(0, SERIES) as (readonly number[])[];
  const tally = new Map(kinds.map((kind) => [kind, { put: 0, found: 0 }]));
  let [before, after] = [0, 0];
  for (const [index, values] of series.entries()) {
    const kind = kinds[index % kinds.length] as string;
    const puts = [LEARNED, LEARNED + 3.5].map((day): Put => {
      const from = Math.floor(((day + random() * 2.5) * 86_400) / STEP);
      return { kind, from, length: { spike: 2, shift: 48, drop: 12, burst: 24, stuck: 144 }[kind] as number };
    });
    before += alertTimes(values).length;
    const alerts = alertTimes(withAnomalies(values, puts, random));
    const isWithin = (i: number, { from, length }: Put) => i >= from && i <= from + length + GRACE / STEP;
    const counts = tally.get(kind) as { put: number; found: number };
    for (const put of puts) {
      counts.put++;
      if (alerts.some((i) => isWithin(i, put))) counts.found++;
    }
    after += alerts.filter((i) => !puts.some((put) => isWithin(i, put))).length;
  }
  const days = series.length * (DAYS - LEARNED);
  return [
    `injected into ${series.length} series of the demo's world: ${[...tally].map(([kind, { put, found }]) => `${kind} ${found} of ${put}`).join(", ")} found`,
    `alerts elsewhere: ${(after / days).toFixed(3)} a day and series; without injections ${(before / days).toFixed(3)} (the world has incidents of its own)`,
  ];
}

function withAnomalies(values: readonly number[], puts: readonly Put[], random: () => number): readonly number[] {
  const changed = [...values];
  const spread = Math.max(...values) - Math.min(...values);
  for (const { kind, from, length } of puts) {
    const held = values[from] as number;
    for (let i = from; i < Math.min(from + length, values.length); i++) {
      const value = values[i] as number;
      if (kind === "spike") changed[i] = value + 1.5 * spread;
      else if (kind === "shift") changed[i] = value + 0.8 * spread;
      else if (kind === "drop") changed[i] = Math.min(...values) - 0.3 * spread;
      else if (kind === "burst") changed[i] = value + (random() - 0.5) * 1.5 * spread;
      else changed[i] = held;
    }
  }
  return changed;
}

function alertTimes(values: readonly number[]): readonly number[] {
  const detector = new SeriesDetector({ stepSeconds: STEP });
  const first = (LEARNED * 86_400) / STEP;
  return values.flatMap((value, i) => (detector.observe(i * STEP * 1000 + 1, value).isAlert && i >= first ? [i] : []));
}
