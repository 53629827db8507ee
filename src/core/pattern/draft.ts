import type { RuleMeasure } from "../incident/measure.ts";
import type { Runbook } from "../runbook.ts";
import type { Helped } from "./pattern.ts";

/** Drafts of settings, shown to a person who may add them: nothing here is ever applied. */

/** The `matches` entry by which a runbook is proposed for an alert. `runbook`: as it is known now. */
export function draftMatches(alert: string, helped: Helped, runbook: Runbook | undefined): string {
  const alerts = [...new Set([...(runbook?.matches.alerts ?? []), alert])];
  return [`# in the file of the runbook ${helped.runbook}`, "matches:", `  alerts: ${list(alerts)}`].join("\n");
}

/** A watch of what an alert's rule measures. `source`: undefined for the default one. */
export function draftWatch(alert: string, { promql, limit }: RuleMeasure, source: string | undefined): string {
  const direction = limit === undefined ? "both" : limit.operator.startsWith("<") ? "down" : "up";
  return [
    "# in smartcloudops.yaml",
    "watches:",
    `  - name: ${nameFor(alert)}`,
    `    about: ${text(alert)}`,
    `    promql: ${text(promql.replace(/\s+/g, " ").trim())}`,
    ...(source === undefined ? [] : [`    source: ${text(source)}`]),
    `    direction: ${direction}`,
  ].join("\n");
}

/** Names of watches are words of small letters. */
function nameFor(alert: string): string {
  const name = alert
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  return name === "" ? "alert" : name;
}

/** As JSON writes it, which YAML reads as the same. */
function text(value: string): string {
  return JSON.stringify(value);
}

function list(values: readonly string[]): string {
  return `[${values.map(text).join(", ")}]`;
}
