import { endOf } from "../../core/forecast/score.ts";
import type { Forecasts } from "../../ports/detection.ts";
import { ForecastRow, ForecastScoreRow } from "../rows.ts";
import type { Db } from "./client.ts";
import { atMost, type Indexes, named, parsed, type Row, rowOf, table } from "./rows.ts";

const TABLE = "forecasts";

/** Forecasts in Redis. */
export function redisForecasts(db: Db): Forecasts {
  const kept = table(db, TABLE, ForecastRow, forecastIndexes);
  return {
    keep(forecast) {
      const { id, about, source, promql, series, at } = forecast;
      const row = { about, at, ends_at: endOf(forecast), of: named(source, promql, series) };
      return kept.add(id, { ...row, body: JSON.stringify(forecast) });
    },
    due: (now, limit, of) =>
      kept.page(of === undefined ? "due" : `due ${named(of.source, of.promql, of.series)}`, {
        max: now,
        limit: atMost(limit),
      }),
    made: (since, limit) => kept.page("age", { min: since, newestFirst: true, limit: atMost(limit) }),
    score: (id, score) =>
      kept.change(id, (row) => (row["score"] === undefined ? { ...row, score: JSON.stringify(score) } : undefined)),
    async scores(about, limit) {
      const found = await db.page(TABLE, `scored ${about}`, { newestFirst: true, limit: atMost(limit) });
      return found.map(({ text }) => parsed(ForecastScoreRow, rowOf(text)));
    },
  };
}

/** Where a forecast is found. */
export function forecastIndexes({ about, at, ends_at, of, score }: Row): Indexes {
  const found: Indexes =
    score === undefined
      ? { due: Number(ends_at), [`due ${String(of)}`]: Number(ends_at) }
      : { [`scored ${String(about)}`]: Number(at) };
  return { age: Number(at), ...found };
}
