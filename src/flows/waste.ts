import { LEAST_DAYS, type Prices, WASTE_METRICS, WASTE_QUERIES, type Waste, wasteOf } from "../core/waste.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Store } from "../ports/store.ts";
import { isNo, reasonOf } from "../util/errors.ts";

export type WasteDeps = {
  readonly store: Pick<Store, "waste">;
  readonly sources: readonly Metrics[];
  readonly clock: Clock;
  readonly prices: Prices | undefined;
};

const DAY = 86_400;

/**
 * Metrics -> what is asked for and not used, kept for digests and questions. Once a day for each source that has Kubernetes' metrics, by
 * five queries one after the other. Returns sentences about what could not be asked, which is tried again in the next call.
 */
export async function measureWaste(
  { store, sources, clock, prices }: WasteDeps,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const known = new Map((await store.waste.open()).map((one) => [one.id, one]));
  const now = clock();
  const problems: string[] = [];
  const gone = [...known.values()].filter(({ id }) => !sources.some(({ name }) => name === id));
  for (const one of gone) await store.waste.save([{ ...one, revision: one.revision + 1, endedAt: now }], []);
  for (const source of sources) {
    const before = known.get(source.name);
    try {
      if (before !== undefined && now - before.at < DAY) {
        if (!isSame(before.prices, prices))
          await store.waste.save([priced({ ...before, revision: before.revision + 1 }, prices)], []);
        continue;
      }
      const catalogue = await source.catalogue(signal);
      if (!WASTE_METRICS.every((name) => catalogue.metrics.has(name))) continue;
      const found = await measured(source, now, signal);
      const last = await store.waste.get(found.id);
      const next = { ...found, madeAt: last?.madeAt ?? now, at: now, revision: (last?.revision ?? 0) + 1 };
      // Another process that measured at the same time has the same.
      await store.waste.save([priced(next, prices)], []);
    } catch (problem) {
      signal.throwIfAborted();
      if (!isNo(problem)) throw problem;
      problems.push(`What is wasted in ${source.name} could not be measured: ${reasonOf(problem)}`);
    }
  }
  return problems;
}

type Measured = Pick<Waste, "id" | "days" | "found" | "promql">;

async function measured(source: Metrics, now: number, signal: AbortSignal): Promise<Measured> {
  const ask = (promql: string) => source.instant(promql, now, signal);
  const { asked, used, hours } = WASTE_QUERIES;
  const [sample] = await ask(hours);
  const days = (sample?.value ?? 0) / 24;
  const none = { sum: { count: 0, asked: 0, used: 0, idle: 0 }, items: [] };
  if (days < LEAST_DAYS) return { id: source.name, days, found: { cpu: none, memory: none }, promql: [] };
  return {
    id: source.name,
    days,
    found: {
      cpu: wasteOf("cpu", await ask(asked.cpu), await ask(used.cpu)),
      memory: wasteOf("memory", await ask(asked.memory), await ask(used.memory)),
    },
    promql: [asked.cpu, used.cpu, asked.memory, used.memory],
  };
}

function priced({ prices: _, ...waste }: Waste, prices: Prices | undefined): Waste {
  return prices === undefined ? waste : { ...waste, prices };
}

function isSame(a: Prices | undefined, b: Prices | undefined): boolean {
  return a?.core === b?.core && a?.gib === b?.gib && a?.currency === b?.currency;
}
