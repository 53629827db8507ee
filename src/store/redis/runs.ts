import { lineOf, type Run } from "../../core/ci/run.ts";
import type { Runs } from "../../ports/runs.ts";
import { RunRow } from "../rows-runs.ts";
import type { Db } from "./client.ts";
import { atMost, type Indexes, type Row, table } from "./rows.ts";

/** `Runs` in Redis. */
export function redisRuns(db: Db): Runs {
  const runs = table(db, "runs", RunRow, runIndexes);
  const newest = { newestFirst: true } as const;
  return {
    keep: (run: Run) =>
      runs.add(run.id, {
        ...{ line: lineOf(run), at: run.endedAt, deploys: run.deploys === undefined ? 0 : 1 },
        body: JSON.stringify(run),
      }),
    of: (line, before, limit) => runs.page(`line ${line}`, { ...newest, max: `(${before}`, limit: atMost(limit) }),
    since: (at, limit, only) =>
      runs.page(only === undefined ? "age" : "deploys", { ...newest, min: at, limit: atMost(limit) }),
  };
}

/** Where a run is found. */
export function runIndexes({ at, line, deploys }: Row): Indexes {
  const found = { age: Number(at), [`line ${String(line)}`]: Number(at) };
  return deploys === 1 ? { ...found, deploys: Number(at) } : found;
}
