import { fitsGlob } from "../../util/glob.ts";
import { alertsIn, type Incident } from "../incident.ts";
import type { Proposal } from "../proposal.ts";
import { type Tried, triedBy, wilsonLower } from "../runbook/record.ts";
import type { Runbook } from "../runbook.ts";
import { type AfterDeploys, afterDeploys, type History } from "./after-deploys.ts";

/** What comes again: an alert after deployments, and what helped with it. */
export type Pattern = {
  readonly alert: string;
  readonly after?: AfterDeploys;
  readonly helped?: Helped;
};

/** Patterns are looked for so far back, in seconds. */
export const BACK = 90 * 86_400;

/** "HighErrorRate of checkout after cart in production": what tells it from others, as people ask for it. */
export function patternName({ alert, after }: Pattern): string {
  if (after === undefined) return alert;
  return `${alert}${after.about === undefined ? "" : ` of ${after.about}`} after ${after.service} in ${after.environment}`;
}

/** What a runbook did for an alert. `isMatched`: the runbook names the alert already. */
export type Helped = {
  readonly runbook: string;
  readonly title: string;
  readonly helped: number;
  readonly of: number;
  readonly isMatched: boolean;
};

/** Runs without which nothing is said of a runbook, and the least that Wilson's interval must give it. */
const LEAST_RUNS = 3;
const LEAST_SURE = 0.3;
/** A change that was proposed so soon after an incident ended still belongs to it, in seconds. */
const AFTER = 900;

/**
 * Patterns, those after deployments first. A runbook that helped is told with them; by itself only where it does not name the alert yet, since
 * else there is nothing to do about it.
 */
export function patternsIn(
  history: History & { readonly changes: readonly Proposal[]; readonly runbooks: readonly Runbook[] },
): readonly Pattern[] {
  const helped = helpedWith(history);
  const after = afterDeploys(history).map((one): Pattern => {
    const by = helped.get(one.alert);
    return { alert: one.alert, after: one, ...(by !== undefined && { helped: by }) };
  });
  const told = new Set(after.map(({ alert }) => alert));
  const alone = [...helped].flatMap(([alert, by]): Pattern[] =>
    told.has(alert) || by.isMatched ? [] : [{ alert, helped: by }],
  );
  return [...after, ...alone.sort((a, b) => b.helped!.helped - a.helped!.helped)];
}

/** Proposed for that incident by name, or run on its thing while it went on. */
export function isChangeOf({ spec }: Proposal, incident: Incident): boolean {
  if (spec.cause.text.startsWith(`Incident ${incident.id}`)) return true;
  const during = spec.createdAt >= incident.startedAt && spec.createdAt <= (incident.endedAt ?? 0) + AFTER;
  const isThere = spec.environment === incident.environment;
  return during && isThere && incident.subject !== undefined && spec.action.target === incident.subject.name;
}

/** By alert, the runbook that helped best in its incidents. */
function helpedWith({
  incidents,
  changes,
  runbooks,
}: {
  readonly incidents: readonly Incident[];
  readonly changes: readonly Proposal[];
  readonly runbooks: readonly Runbook[];
}): ReadonlyMap<string, Helped> {
  const runs = incidents.flatMap((incident) => {
    const own = incident.isStorm ? [] : changes.filter((change) => isChangeOf(change, incident));
    return own.flatMap((change) => {
      const tried = triedBy(change);
      const { runbook } = change.spec;
      return tried === undefined || runbook === undefined || runbook.readOnly
        ? []
        : alertsIn(incident).map(({ name }) => ({ alert: name, runbook, tried }));
    });
  });
  const best = new Map<string, Helped>();
  for (const same of Map.groupBy(runs, ({ alert, runbook }) => JSON.stringify([alert, runbook.id])).values()) {
    const [{ alert, runbook }] = same as [(typeof same)[number]];
    const one = countOf(same.map(({ tried }) => tried));
    if (one.of < LEAST_RUNS || wilsonLower(one.helped, one.of) < LEAST_SURE) continue;
    const before = best.get(alert);
    if (before !== undefined && wilsonLower(before.helped, before.of) >= wilsonLower(one.helped, one.of)) continue;
    const known = runbooks.find(({ id }) => id === runbook.id);
    const isMatched = known?.matches.alerts.some((pattern) => fitsGlob(pattern, alert)) ?? false;
    best.set(alert, { runbook: runbook.id, title: runbook.title, ...one, isMatched });
  }
  return best;
}

/** One run that several incidents name is one. */
function countOf(tried: readonly Tried[]): { readonly helped: number; readonly of: number } {
  const different = [...new Map(tried.map((one) => [one.proposal, one])).values()];
  return { helped: different.filter(({ helped }) => helped).length, of: different.length };
}
