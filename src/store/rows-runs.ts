import { z } from "zod";
import { RUN_OUTCOMES, type Run } from "../core/ci/run.ts";
import { once } from "../util/once.ts";
import { json } from "./rows.ts";

/** Rows of runs of pipelines. */

export const RunRow = once(() => {
  const Body = z.object({
    id: z.string(),
    project: z.string(),
    pipeline: z.string(),
    branch: z.string(),
    isMain: z.boolean(),
    outcome: z.enum(RUN_OUTCOMES),
    startedAt: z.number(),
    endedAt: z.number(),
    numbers: z.record(z.string(), z.number()),
    commit: z.string().optional(),
    committedAt: z.number().optional(),
    base: z.string().optional(),
    url: z.string().optional(),
    pullRequest: z.int().optional(),
    deploys: z.object({ service: z.string(), environment: z.string(), version: z.string().optional() }).optional(),
  });
  return z.object({ body: json().pipe(Body) }).transform(({ body }) => body as Run);
});
