import type { SQLInputValue } from "node:sqlite";
import { endOf } from "../../core/forecast/score.ts";
import type { Forecasts } from "../../ports/detection.ts";
import { ForecastRow, ForecastScoreRow } from "../rows.ts";
import { atMost, type Statements } from "./statements.ts";

/** Writes that share their wait for the disk with others. */
type Later = {
  run(text: string, values: readonly SQLInputValue[]): Promise<number>;
  inserted(text: string, values: readonly SQLInputValue[]): Promise<boolean>;
};

/** Forecasts in the store's file. */
export function sqliteForecasts(sql: Statements, later: Later): Forecasts {
  return {
    keep(forecast) {
      const { id, about, source, promql, series, at } = forecast;
      return later.inserted(
        `INSERT INTO forecasts (id, about, source, promql, series, at, ends_at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        [id, about, source, promql, series, at, endOf(forecast), JSON.stringify(forecast)],
      );
    },
    async due(now, limit, of) {
      const [where, values] =
        of === undefined
          ? ["", []]
          : ["AND source = ? AND promql = ? AND series = ?", [of.source, of.promql, of.series]];
      return sql.all(
        ForecastRow,
        `SELECT body FROM forecasts WHERE score IS NULL AND ends_at <= ? ${where} ORDER BY ends_at, seq LIMIT ?`,
        [now, ...values, atMost(limit)],
      );
    },
    async made(since, limit) {
      return sql.all(ForecastRow, "SELECT body FROM forecasts WHERE at >= ? ORDER BY at DESC, seq DESC LIMIT ?", [
        since,
        atMost(limit),
      ]);
    },
    async score(id, score) {
      const text = JSON.stringify(score);
      return (await later.run("UPDATE forecasts SET score = ? WHERE id = ? AND score IS NULL", [text, id])) > 0;
    },
    async scores(about, limit) {
      return sql.all(
        ForecastScoreRow,
        "SELECT score FROM forecasts WHERE about = ? AND score IS NOT NULL ORDER BY at DESC, seq DESC LIMIT ?",
        [about, atMost(limit)],
      );
    },
  };
}
