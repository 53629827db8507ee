import type { Card } from "../core/card.ts";
import type { Place } from "../core/chat.ts";
import { type Fix, fixFor } from "../core/incident/fixes.ts";
import type { Incident } from "../core/incident.ts";
import { isLive } from "../core/incident.ts";
import type { Identity } from "../core/people.ts";
import type { Runbook } from "../core/runbook.ts";
import type { Suggester } from "../ports/chat.ts";
import type { Metrics } from "../ports/metrics.ts";
import { isNo } from "../util/errors.ts";
import { inertName } from "../util/inert.ts";

export type FixDeps = {
  readonly sources: readonly Metrics[];
  readonly runbooks: readonly Runbook[];
  readonly suggest: Suggester;
};

const LONGEST_MS = 20_000;

/**
 * Somebody wants a change proposed for an incident: the runbook that is for its alert, with what the alert's labels say. Nothing runs: it is a
 * proposal like any other, of the person who clicked, and is withdrawn when the alert ends. Returns what that person is told alone.
 */
export async function fix(deps: FixDeps, incident: Incident, by: Identity, place: Place): Promise<Card> {
  if (!isLive(incident)) return told("It is resolved already: there is nothing to mend.", "info");
  const found = fixFor(incident, deps.runbooks);
  if (found === undefined)
    return told(
      "I know no runbook for what goes on: one is for an alert that its `matches.alerts` names, or for anomalies of a watch that its `matches.anomalies` names, where their labels fill its parameters.",
      "info",
    );
  const signal = AbortSignal.timeout(LONGEST_MS);
  const { line, runbooks, values } = found;
  // No query gives an anomaly: it is what the watching makes of one.
  const seen = line.anomaly === undefined ? await seenBy(deps.sources, found, signal) : undefined;
  const what = line.anomaly === undefined ? "alert" : "anomaly";
  const [first] = runbooks;
  if (first === undefined) return told("I know no runbook for what goes on.", "info");
  const suggested = await deps.suggest(
    {
      action: {
        type: first.matches.asks[0]?.verb ?? first.id,
        target: incident.subject?.name ?? line.name,
        params: {},
      },
      kinds: [],
      values,
      among: runbooks.map(({ id }) => id),
      environment: incident.environment ?? seen?.source.environment,
      source: seen?.source.name,
      requester: by,
      places: [place],
      cause: {
        kind: "incident",
        text: `Incident ${incident.id}: ${inertName(line.name)}`,
        ...(seen !== undefined && { trigger: seen.trigger }),
      },
      facts: [
        `For incident ${incident.id}; its parameters come from the labels of the ${what} ${inertName(line.name)}.`,
        ...(seen === undefined
          ? [
              line.anomaly === undefined
                ? "No Prometheus that I know shows this alert, so this is not withdrawn by itself when the alert ends."
                : "This is not withdrawn by itself when the anomaly is over.",
            ]
          : []),
      ],
    },
    signal,
  );
  switch (suggested.kind) {
    case "proposed":
      return told(
        suggested.isNew
          ? `Proposed as ${suggested.proposal.id}: its card follows in this channel. Nothing was changed.`
          : `That is proposed already, as ${suggested.proposal.id}.`,
        "good",
      );
    case "observed":
      return told(suggested.text, "info");
    case "refused":
      return told(suggested.reason, "warning");
  }
}

/** The source that shows the alert itself, and the query that has to go on giving it. */
async function seenBy(sources: readonly Metrics[], { line }: Fix, signal: AbortSignal) {
  const own = Object.entries({ ...line.labels, alertname: line.name }).filter(([label]) =>
    /^[a-zA-Z_]\w*$/.test(label),
  );
  for (const source of sources)
    try {
      // What Alertmanager was sent has the source's external labels too, which its own series lack.
      for (const labels of [own, own.filter(([label]) => !EXTERNAL.has(label))]) {
        const matchers = labels.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(",");
        const promql = `count(ALERTS{alertstate="firing",${matchers}})`;
        const [sample] = await source.instant(promql, undefined, signal);
        if ((sample?.value ?? 0) > 0)
          return {
            source,
            trigger: {
              name: `the alert ${inertName(line.name)} fires`,
              promql,
              expect: { op: ">" as const, value: 0 },
              none: "fail" as const,
            },
          };
      }
    } catch (problem) {
      if (!isNo(problem)) throw problem;
    }
  return undefined;
}

/** Labels that are usually set for a whole Prometheus. */
const EXTERNAL: ReadonlySet<string> = new Set(["cluster", "environment", "env", "region", "prometheus", "replica"]);

function told(title: string, tone: Card["tone"]): Card {
  return { title, tone, blocks: [] };
}
