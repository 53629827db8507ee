import type { EvidenceLine } from "../core/card.ts";
import { type ImpactFacts, routedSeverity, shownSeverity } from "../core/incident/impact.ts";
import type { Incident } from "../core/incident.ts";
import { graverFirst, isLive } from "../core/incident.ts";
import { formatValue } from "../core/units.ts";
import { sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";
import { sayFactor } from "./anomaly-why.ts";

/**
 * "Critical by its rule, shown as warning: 1 of 12 instances; none of 412 req/s fail. It is routed as critical. Measured at 14:20 UTC.", or what was measured alone where that
 * leaves the severity as it is. Undefined where nothing was, and of what is over.
 */
export function sayImpact(
  incident: Incident,
  { now, zone }: { readonly now: number; readonly zone: string },
): string | undefined {
  const { impact, severity } = incident;
  if (impact === undefined || !isLive(incident)) return undefined;
  const found = saidOf(impact.facts);
  if (found.length === 0) return undefined;
  const shown = shownSeverity(incident);
  const rule = `${severity.slice(0, 1).toUpperCase()}${severity.slice(1)} by its rule`;
  const isMilder = graverFirst(shown, severity) > 0;
  const routed =
    isMilder && routedSeverity(incident) === severity ? ` Routes and escalations take it as ${severity}.` : "";
  const verdict = shown === severity ? "Impact" : `${rule}, shown as ${shown}`;
  return `${verdict}: ${found.join("; ")}.${routed} Measured at ${sayTime(impact.at, now, zone)}.`;
}

function saidOf({ failed, burn, instances, callers, isUnused, rehearsal }: ImpactFacts): readonly string[] {
  return [
    ...(instances === undefined ? [] : sayInstances(instances)),
    ...(failed === undefined ? [] : [sayFailed(failed)]),
    ...(burn === undefined || burn < 1 ? [] : [`its error budget burns ${sayFactor(burn)} too fast`]),
    ...(isUnused ? ["no request within a day"] : []),
    ...(callers === undefined ? [] : [sayCallers(callers)]),
    ...(rehearsal === undefined ? [] : [`${inertName(rehearsal, { max: 40 })} is not production`]),
  ];
}

function sayInstances({ all, alerting, down }: NonNullable<ImpactFacts["instances"]>): readonly string[] {
  const of = `of ${all} ${all === 1 ? "instance" : "instances"}`;
  if (down > 0)
    return [
      `${down} ${of} ${down === 1 ? "does" : "do"} not answer${alerting > down ? `, alerts are about ${alerting}` : ""}`,
    ];
  return alerting > 0 ? [`alerts are about ${alerting} ${of}`] : [];
}

function sayFailed({ share, rate, warn, critical }: NonNullable<ImpactFacts["failed"]>): string {
  const requests = formatValue(rate, "per_s", { noun: "req" });
  if (share === 0) return `no failed requests (${requests})`;
  const bound = share >= critical ? critical : share >= warn ? warn : undefined;
  const beyond =
    bound === undefined ? `, less than ${formatValue(warn, "ratio")}` : `, beyond ${formatValue(bound, "ratio")}`;
  return `${formatValue(share, "ratio")} of ${requests} fail${beyond}`;
}

function sayCallers({ names, all }: NonNullable<ImpactFacts["callers"]>): string {
  const said = names.map((name) => inertName(name, { max: 60 }));
  const rest = all - said.length;
  const list = [...said, ...(rest > 0 ? [`${rest} more`] : [])];
  const last = list.pop() ?? "";
  return list.length === 0 ? `${last} calls it` : `${list.join(", ")} and ${last} call it`;
}

/** A query and the source that it was asked of. */
export type Asked = Pick<EvidenceLine, "promql" | "source">;

/** What was asked for the impact that is shown. */
export function impactAsked(incident: Incident): readonly Asked[] {
  return isLive(incident) ? (incident.impact?.asked ?? []) : [];
}

/** Each once, with a page where a person can see it. */
export function linesAsked(
  asked: readonly Asked[],
  linkTo: (promql: string, source: string) => string | undefined = () => undefined,
): readonly EvidenceLine[] {
  const once = new Map(asked.map(({ promql, source }) => [`${source}\0${promql}`, { promql, source }]));
  return [...once.values()].map(({ promql, source }) => {
    const url = linkTo(promql, source);
    return { promql, source, ...(url !== undefined && { url }) };
  });
}
