import { type Anomaly, over } from "../../core/watch/anomaly.ts";
import type { Watch } from "../../core/watch.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { reasonOf } from "../../util/errors.ts";
import { CERTIFICATES } from "./certificates.ts";
import type { DetectDeps } from "./deps.ts";
import { keep } from "./keep.ts";
import { lacking } from "./record.ts";
import type { SourceState } from "./source-state.ts";
import type { Tally } from "./tally.ts";

/** What becomes of a source's anomalies when it cannot be asked, answers again, or is watched otherwise. */

/** A source that cannot be asked in so many rounds is said to be away. */
const AWAY_ROUNDS = 3;

type TurnDeps = Pick<DetectDeps, "store" | "clock" | "settings"> & { readonly judge: NonNullable<DetectDeps["judge"]> };

/** The source could not be asked: said once it lasts, and nothing of it is judged meanwhile. */
export async function away(
  deps: TurnDeps,
  { name }: Metrics,
  state: SourceState,
  problem: unknown,
  open: Map<string, Anomaly>,
  tally: Tally,
): Promise<void> {
  const now = deps.clock();
  if (state.failed === 0) state.failedSince = now;
  state.failed++;
  tally.problem(reasonOf(problem));
  const isSaid = [...open.values()].some(({ kind, source }) => kind === "unreachable" && source === name);
  if (isSaid || state.failed < AWAY_ROUNDS) return;
  const lack = lacking(
    {
      kind: "unreachable",
      watch: "sources",
      source: name,
      measure: "Prometheus",
      subject: name,
      since: state.failedSince,
      severity: "critical",
      because: [reasonOf(problem)],
    },
    open.values(),
    now,
  );
  await keep(deps, { anomalies: [lack] }, open, tally);
}

/** It answers again. */
export async function back(
  deps: TurnDeps,
  { name }: Metrics,
  state: SourceState,
  open: Map<string, Anomaly>,
  tally: Tally,
): Promise<void> {
  state.failed = 0;
  const said = [...open.values()].filter(({ kind, source }) => kind === "unreachable" && source === name);
  await keep(deps, { anomalies: said.map((one) => over(one, deps.clock())) }, open, tally);
}

/** Watches that are not there any more: what is open of them ends with them. */
export async function forget(
  deps: TurnDeps,
  state: SourceState,
  watches: readonly Watch[],
  open: Map<string, Anomaly>,
  tally: Tally,
  source: string,
): Promise<void> {
  const whole = state.together === undefined ? [] : [state.together.id];
  const there = new Set([...watches.map(({ id }) => id), ...whole, "targets", "sources", CERTIFICATES]);
  for (const [id, { version }] of state.kept) {
    if (there.has(id)) continue;
    state.kept.delete(id);
    await deps.judge.drop(version);
  }
  for (const id of state.elsewhere.keys()) if (!there.has(id)) state.elsewhere.delete(id);
  const orphans = [...open.values()].filter(
    (one) => one.source === source && !there.has(one.watch) && !(one.kind === "ahead" && deps.settings.automatic),
  );
  const ended = orphans.map((one) => ({
    ...over(one, deps.clock()),
    because: [...one.because, "It is not watched any more."],
  }));
  await keep(deps, { anomalies: ended }, open, tally);
}
