import type { Run } from "../../src/core/ci/run.ts";

const NOW = 1_790_000_000;

/** A run of acme/shop's tests on main: five minutes, well. */
export function aRun({ endedAt = NOW, ...more }: Partial<Run> = {}): Run {
  return {
    ...{ id: "run-1", project: "acme/shop", pipeline: "Tests", branch: "main", isMain: true, outcome: "success" },
    ...{ startedAt: endedAt - 300, endedAt, numbers: {} },
    ...more,
  } as Run;
}
