import { type Draft, patternCard, patternsCard } from "../../cards/pattern-card.ts";
import { thresholdCard } from "../../cards/threshold-card.ts";
import type { Card } from "../../core/card.ts";
import { actedWith } from "../../core/incident/acted.ts";
import { measureOf } from "../../core/incident/measure.ts";
import type { Incident } from "../../core/incident.ts";
import { draftMatches, draftWatch } from "../../core/pattern/draft.ts";
import { type Pattern, patternName } from "../../core/pattern/pattern.ts";
import type { Runbook } from "../../core/runbook.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Store } from "../../ports/store.ts";
import { isNo, reasonOf } from "../../util/errors.ts";
import { inertName } from "../../util/inert.ts";
import type { Outside } from "./gather.ts";
import { adviceFor, lookForPatterns, type Readable } from "./look-back.ts";

/** What comes again and which thresholds would be quieter, on ask. */

export type RecurringDeps = {
  readonly store: Pick<Store, "incidents" | "runs" | "proposals">;
  readonly outside: Outside | undefined;
  readonly may: Readable;
  /** Sources that are open to whoever asks; undefined for all. */
  readonly open: readonly string[] | undefined;
  readonly now: number;
  readonly zone: string;
};

const DAYS = 30;
const MOST = 5000;
const ASK_MS = 30_000;

/** Patterns, or the one of that name with a draft. */
export async function patternsAsked(deps: RecurringDeps, name: string | undefined): Promise<Card> {
  const { store, outside, may, now, zone } = deps;
  if (outside === undefined || deps.open !== undefined)
    return note("What comes again is told where every source is open: deployments are of no source.");
  const runbooks = await outside.runbooks();
  const patterns = await lookForPatterns(store, runbooks, may, { now, zone });
  if (name === undefined) return patternsCard(patterns);
  const found = patterns.find((one) => patternName(one).toLowerCase() === name.toLowerCase());
  if (found === undefined)
    return note(`I find no such pattern any more: ${inertName(name, { max: 120 })}. Those that there are: patterns.`);
  return patternCard(found, await draftFor(found, runbooks, outside.sources), { now, zone });
}

/** A runbook that helped is to be proposed for the alert; else what the alert measures is to be watched. */
async function draftFor(
  { alert, helped }: Pattern,
  runbooks: readonly Runbook[],
  sources: readonly Metrics[],
): Promise<Draft> {
  if (helped !== undefined && !helped.isMatched) {
    const runbook = runbooks.find(({ id }) => id === helped.runbook);
    return {
      name: "Draft of a matches entry",
      yaml: draftMatches(alert, helped, runbook),
      how: `Put it into that runbook's file, then run: smartcloudops runbooks lint. Of one that came with the bot, a copy in one of your runbooks.folders with overrides: true takes its place. From then on, incidents of ${inertName(alert, { max: 80 })} have “Propose fix”.`,
    };
  }
  const already =
    helped === undefined
      ? ""
      : `${inertName(helped.title, { max: 80 })} names this alert already, so there is nothing to add there. `;
  try {
    for (const [at, source] of sources.entries()) {
      const rule = (await source.rules(AbortSignal.timeout(ASK_MS))).find(
        (one) => one.kind === "alerting" && one.name === alert,
      );
      if (rule === undefined) continue;
      const measure = measureOf(rule.promql);
      if (measure.limit === undefined)
        return {
          none: `${already}Its rule does not compare one value with a number, so there is no query of it to watch.`,
        };
      return {
        name: "Draft of a watch",
        yaml: draftWatch(alert, measure, at === 0 ? undefined : source.name),
        how: `${already}A watch of what the rule measures tells when it is unusual, before it is beyond the rule's threshold. Put it into smartcloudops.yaml, then run: smartcloudops doctor. What it would have posted: smartcloudops backtest.`,
      };
    }
    return { none: `${already}No Prometheus that I know has a rule of that name, so I cannot draft a watch of it.` };
  } catch (problem) {
    if (!isNo(problem)) throw problem;
    return { none: `${already}Prometheus could not be asked for its rule: ${reasonOf(problem)}` };
  }
}

/** Which threshold would have kept away what nobody acted on. */
export async function thresholdAsked(deps: RecurringDeps, name: string): Promise<Card> {
  const { store, outside, may, now, zone } = deps;
  const sources = (outside?.sources ?? []).filter((source) => deps.open?.includes(source.name) ?? true);
  const since = now - DAYS * 86_400;
  const incidents = (await store.incidents.find({ since, limit: MOST })).filter(may.incident);
  const alert = alertCalled(incidents, name);
  if (alert === undefined)
    return note(`No incident of ${inertName(name, { max: 80 })} is kept of the last ${DAYS} days.`);
  const isActed = actedWith(await store.proposals.find({ since, limit: MOST }));
  const advice = await adviceFor(sources, incidents, alert, isActed, AbortSignal.timeout(ASK_MS)).catch(
    (problem: unknown) => `Prometheus could not be asked: ${reasonOf(problem)}`,
  );
  return thresholdCard(advice, { alert, days: DAYS, now, zone });
}

/** The alert of that name, however it is written. */
export function alertCalled(incidents: readonly Incident[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  return incidents.flatMap(({ names }) => names).find((one) => one.name.toLowerCase() === wanted)?.name;
}

function note(title: string): Card {
  return { title, tone: "info", blocks: [] };
}
