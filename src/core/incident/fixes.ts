import { fitsGlob } from "../../util/glob.ts";
import type { AlertLine, Incident } from "../incident.ts";
import { resolve } from "../runbook/resolve.ts";
import type { Runbook } from "../runbook.ts";
import { workloadOf } from "./subject.ts";

/** Something that may help with an incident: a runbook, for one of its alerts. */
export type Fix = {
  readonly line: AlertLine;
  /** Those that fit this alert equally well. */
  readonly runbooks: readonly Runbook[];
  /** What the alert's labels say about their parameters. */
  readonly values: Readonly<Record<string, { readonly value: string; readonly origin: "label" }>>;
};

/**
 * The runbooks for an incident's gravest firing alert that any is for, by `matches.alerts`, and whose parameters the alert's labels
 * fill. A name written out counts for more than a pattern, and what changes something for more than what only reads.
 */
export function fixFor(incident: Incident, runbooks: readonly Runbook[]): Fix | undefined {
  if (incident.isStorm) return undefined;
  const active = runbooks.filter(({ state }) => state === "active");
  for (const line of incident.lines) {
    // An anomaly's name is no alert's.
    if (line.endsAt !== undefined || line.anomaly !== undefined) continue;
    const values = valuesOf(line);
    const fit = active.flatMap((runbook) => {
      const ranks = runbook.matches.alerts
        .filter((pattern) => fitsGlob(pattern, line.name))
        .map((pattern) => Number(pattern.includes("*")) + 2 * Number(runbook.readOnly));
      if (ranks.length === 0 || "reason" in resolve(runbook, values)) return [];
      return [{ runbook, rank: Math.min(...ranks) }];
    });
    const best = Math.min(...fit.map(({ rank }) => rank));
    const found = fit.filter(({ rank }) => rank === best).map(({ runbook }) => runbook);
    if (found.length > 0) return { line, runbooks: found, values };
  }
  return undefined;
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
