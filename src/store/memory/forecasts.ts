import { endOf, type ForecastScore, type KeptForecast } from "../../core/forecast/score.ts";
import type { Forecasts } from "../../ports/detection.ts";

export type KeptScored = { readonly forecast: KeptForecast; readonly score?: ForecastScore };

/** Forecasts in memory, in the map that they are given. */
export function memoryForecasts(entries: Map<string, KeptScored>, use: <T>(work: () => T) => Promise<T>): Forecasts {
  return {
    keep: (forecast) =>
      use(() => {
        if (entries.has(forecast.id)) return false;
        entries.set(forecast.id, { forecast: structuredClone(forecast) });
        return true;
      }),
    due: (now, limit, of) =>
      use(() =>
        [...entries.values()]
          .filter(({ forecast, score }) => score === undefined && endOf(forecast) <= now)
          .filter(
            ({ forecast }) =>
              of === undefined ||
              (forecast.source === of.source && forecast.promql === of.promql && forecast.series === of.series),
          )
          .sort((a, b) => endOf(a.forecast) - endOf(b.forecast))
          .slice(0, Math.max(0, limit))
          .map(({ forecast }) => structuredClone(forecast)),
      ),
    made: (since, limit) =>
      use(() =>
        [...entries.values()]
          .filter(({ forecast }) => forecast.at >= since)
          .reverse()
          .sort((a, b) => b.forecast.at - a.forecast.at)
          .slice(0, Math.max(0, limit))
          .map(({ forecast }) => structuredClone(forecast)),
      ),
    score: (id, score) =>
      use(() => {
        const found = entries.get(id);
        if (found === undefined || found.score !== undefined) return false;
        entries.set(id, { ...found, score: { ...score } });
        return true;
      }),
    scores: (about, limit) =>
      use(() =>
        [...entries.values()]
          .filter(({ forecast }) => forecast.about === about)
          .reverse()
          .sort((a, b) => b.forecast.at - a.forecast.at)
          .flatMap(({ score }) => (score === undefined ? [] : [{ ...score }]))
          .slice(0, Math.max(0, limit)),
      ),
  };
}
