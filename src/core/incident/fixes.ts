import { fitsGlob } from "../../util/glob.ts";
import type { AlertLine, Incident } from "../incident.ts";
import { resolve } from "../runbook/resolve.ts";
import type { Runbook } from "../runbook.ts";
import { workloadOf } from "./subject.ts";

/** Something that may help with an incident: a runbook, for one of its alerts or anomalies. */
export type Fix = {
  readonly line: AlertLine;
  /** Those that fit it equally well. */
  readonly runbooks: readonly Runbook[];
  /** What its labels say about their parameters. */
  readonly values: Readonly<Record<string, { readonly value: string; readonly origin: "label" }>>;
};

/**
 * The runbooks for the gravest of an incident's firing alerts and anomalies that any is for, by `matches.alerts` or, of an anomaly, by
 * `matches.anomalies` and the watch that found it, and whose parameters its labels fill. A name written out counts for more than a
 * pattern, and what changes something for more than what only reads.
 */
export function fixFor(incident: Incident, runbooks: readonly Runbook[]): Fix | undefined {
  if (incident.isStorm) return undefined;
  const active = runbooks.filter(({ state }) => state === "active");
  for (const line of incident.lines) {
    if (line.endsAt !== undefined) continue;
    const values = valuesOf(line);
    const fit = active.flatMap((runbook) => {
      const ranks = namedBy(runbook, line).map(
        (pattern) => Number(pattern.includes("*")) + 2 * Number(runbook.readOnly),
      );
      if (ranks.length === 0 || "reason" in resolve(runbook, values)) return [];
      return [{ runbook, rank: Math.min(...ranks) }];
    });
    const best = Math.min(...fit.map(({ rank }) => rank));
    const found = fit.filter(({ rank }) => rank === best).map(({ runbook }) => runbook);
    if (found.length > 0) return { line, runbooks: found, values };
  }
  return undefined;
}

/** What of a runbook's `matches` fits. An anomaly's name is no alert's; a watch that is made by itself is named as its concept. */
function namedBy({ matches }: Runbook, { name, labels, anomaly }: AlertLine): readonly string[] {
  return anomaly === undefined
    ? matches.alerts.filter((pattern) => fitsGlob(pattern, name))
    : matches.anomalies.filter((concept) => concept === labels["watch"]);
}

/** Every label under its own name, and the workload that a pod belongs to under the names that workloads go by. */
function valuesOf({ labels }: AlertLine): Fix["values"] {
  const { pod } = labels;
  const workload = pod === undefined || pod === "" ? {} : { workload: workloadOf(pod), deployment: workloadOf(pod) };
  return Object.fromEntries(
    Object.entries({ ...workload, ...labels })
      .filter(([, value]) => value !== "")
      .map(([name, value]) => [name, { value, origin: "label" as const }]),
  );
}
