import type { AskButton } from "../core/card.ts";
import type { DoraRow } from "../core/ci/teams.ts";
import type { Digest, SectionName } from "../core/digest/digest.ts";
import type { Budget, Duty, EndingSilence, Item, RedLine, ToldProposal } from "../core/digest/facts.ts";
import type { Noise } from "../core/digest/noise.ts";
import { thresholdQuestion } from "../core/digest/wish.ts";
import type { Threshold } from "../core/incident/threshold.ts";
import type { Incident } from "../core/incident.ts";
import { type Pattern, patternName } from "../core/pattern/pattern.ts";
import { formatDuration, formatValue } from "../core/units.ts";
import { nameOf } from "../core/watch.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import { inert, inertName } from "../util/inert.ts";
import { never } from "../util/never.ts";
import { titleOf as anomalyTitle } from "./anomaly-title.ts";
import { titleOf as incidentTitle } from "./incident-words.ts";
import { plural } from "./plural.ts";
import { sayWaste } from "./waste-card.ts";

/** One line of a digest in words, with the button that asks more about it. */

type Line = { readonly text: string; readonly button: AskButton };

function ask(label: string, text: string): AskButton {
  return { label, style: "plain", action: { kind: "ask", text } };
}

/** A line of a digest where there are no buttons: `ask` is the question that tells more about it. */
export type ToldLine = { readonly section: SectionName; readonly text: string; readonly ask: string };

/** Every line that a digest keeps, also those that its message has no room for, in the order of its sections, by the clock of `zone`. */
export function allLinesOf(digest: Digest, zone: string): readonly ToldLine[] {
  return digest.sections.flatMap(({ name, items }) =>
    items.map((item) => {
      const { text, button } = lineOf(item, name, digest, zone);
      return { section: name, text, ask: button.action.text };
    }),
  );
}

/** `section`: where it stands; "done" where it was to be done and is not any more. By the clock of `zone`. */
export function lineOf(item: Item, section: SectionName | "done", { madeAt: now }: Digest, zone: string): Line {
  switch (item.kind) {
    case "incident": {
      const { incident } = item;
      return { text: incidentLine(incident, now, zone), button: ask(`Show ${incident.id}`, `incident ${incident.id}`) };
    }
    case "anomaly": {
      const { anomaly } = item;
      const about = nameOf(anomaly.measure, anomaly.subject);
      const isAsked = anomaly.kind === "unusual" && anomaly.status === "open";
      return {
        text: anomalyTitle(anomaly, { now, zone }),
        button: isAsked ? ask("Why?", `why is ${about} unusual?`) : ask("Anomalies", "anomalies"),
      };
    }
    case "proposal":
      return proposalLine(item.proposal, section, now, zone);
    case "forecast": {
      const { at, what, ask: again } = item.forecast.reaches!;
      const when = `in about ${formatDuration(Math.max(0, Math.round(at - now)), { parts: 1 })} (${sayTime(at, now, zone)})`;
      return { text: `${inertName(what)} ${when}`, button: ask("Forecast", again) };
    }
    case "noise":
      return { text: noiseLine(item.noise), button: ask("Threshold?", thresholdQuestion(item.noise.name)) };
    case "silence":
      return { text: silenceLine(item.silence, section === "done", now, zone), button: ask("Silences", "silences") };
    case "duty":
      return { text: dutyLine(item.duty, now, zone), button: ask("Who is on call?", "who is on call?") };
    case "budget":
      return {
        text: budgetLine(item.budget, section === "done"),
        button: ask("Budget", `error budget of ${item.budget.service}`),
      };
    case "red":
      return {
        text: redLine(item.red, section === "done", now, zone),
        button: ask("Pipelines", `ci ${item.red.project}`),
      };
    case "pattern":
      return { text: patternLine(item.pattern), button: ask("Draft", `pattern ${patternName(item.pattern)}`) };
    case "delivery":
      return { text: deliveryLine(item.delivery), button: ask("DORA", "dora 7") };
    case "waste": {
      const { id, resource, sum } = item.waste;
      const said = sayWaste(sum, resource, item.waste) ?? "";
      return { text: `${said} (${inertName(id, { max: 60 })})`, button: ask("Show", "waste") };
    }
    case "watch": {
      const { watch, posts, notUseful, expected } = item.watch;
      const said = [
        ...(notUseful > 0 ? [`${notUseful} called not useful`] : []),
        ...(expected > 0 ? [`${expected} called expected`] : []),
      ].join(", ");
      return {
        text: `${inertName(watch, { max: 80 })}: ${posts} posts, none called useful, ${said}. Lower its sensitivity, or take it away.`,
        button: ask("Anomalies", "anomalies"),
      };
    }
    default:
      return never(item);
  }
}

function incidentLine(incident: Incident, now: number, zone: string): string {
  const title = incidentTitle(incident, { now });
  const since = `since ${sayTime(incident.startedAt, now, zone)}`;
  const { status, acknowledged, snoozed } = incident;
  switch (status) {
    case "open":
      return `${title}, ${since}${incident.isFlapping ? ", flapping" : ""}`;
    case "acknowledged":
      return `${title}, ${since}, acknowledged by ${inertName(acknowledged?.name ?? "somebody", { max: 60 })}`;
    case "snoozed":
      return `${title}, ${since}, snoozed until ${sayTime(snoozed?.until ?? now, now, zone)}`;
    case "resolved":
      return `${title}, ended ${sayMoment(incident.endedAt ?? now, now, zone)}`;
    default:
      return never(status);
  }
}

/** What became of a change, at the end of a line. */
const OUTCOMES: Readonly<Partial<Record<ToldProposal["status"], string>>> = {
  verified: "it helped",
  no_effect: "it made no difference",
  worse: "it got worse after it",
  failed: "it failed",
  partial: "it ran in part",
  succeeded: "it ran",
  verifying: "it ran; whether it helped is being watched",
  started: "it is running",
};

function proposalLine(one: ToldProposal, section: SectionName | "done", now: number, zone: string): Line {
  const where = one.environment === undefined ? "" : ` (${inertName(one.environment, { max: 40 })})`;
  const what =
    one.runbook === undefined
      ? `${one.action.type.replaceAll("_", " ")} ${inertName(one.action.target, { max: 80 })}`
      : `${inertName(one.runbook.title, { max: 80 })}: ${inertName(one.target, { max: 80 })}`;
  const at = one.endedAt === undefined ? "" : ` ${sayMoment(one.endedAt, now, zone)}`;
  if (section === "unclear")
    return { text: `${what}${where}: somebody has to look whether it ran`, button: ask("Approvals", "approvals") };
  if (one.status === "expired")
    return {
      text: `${what}${where}, expired${at}: nobody answered`,
      button: one.asked === undefined ? ask("Approvals", "approvals history") : ask("Ask again", one.asked),
    };
  const outcome = OUTCOMES[one.status] ?? one.status;
  return { text: `${what}${where}: ${outcome}${at}`, button: ask("Approvals", "approvals history") };
}

/** What would keep it away, as tried on what is stored. */
function noiseLine({
  name,
  unacted,
  acted,
  median,
  longer,
  threshold,
}: Noise & { readonly threshold?: Threshold }): string {
  const told = `${inertName(name, { max: 80 })}: ${unacted} ended by themselves, half of them within ${formatDuration(Math.max(1, Math.round(median)))}`;
  const by = acted === 0 ? ", and nobody acted on any" : `, and somebody acted on ${acted}`;
  if (threshold !== undefined) return `${told}${by}. ${sayThreshold(threshold)}`;
  if (longer === undefined)
    return `${told}${by}. A longer “for” in its rule would not tell them apart: it needs a higher threshold, severity info, or to go.`;
  const kept = acted === 0 ? "" : " and none that somebody acted on";
  return `${told}${by}. With ${formatDuration(longer.seconds)} more as the “for” of its rule, ${longer.away} of them would not have been told${kept}.`;
}

/** "With > 120 in place of > 100 in its rule, 5 of 6 would not have been told, and all 2 that somebody acted on still would." */
export function sayThreshold({ limit, value, away, of, acted, unknown }: Threshold): string {
  const kept =
    acted === 0 ? "" : `, and ${acted === 1 ? "the one" : `all ${acted}`} that somebody acted on still would`;
  const open =
    unknown > 0
      ? ` Of ${unknown} ${acted > 0 ? "more " : ""}that somebody acted on, the values are not known any more.`
      : "";
  return `With ${limit.operator} ${sayNumber(value)} in place of ${limit.operator} ${limit.value} in its rule, ${away} of ${of} would not have been told${kept}.${open}`;
}

export function sayNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function silenceLine({ matchers, until, by }: EndingSilence, isDone: boolean, now: number, zone: string): string {
  const what = inert(matchers).slice(0, 200);
  const who = by === "" ? "" : `, by ${inertName(by, { max: 60 })}`;
  return isDone ? `${what}: over, or made longer${who}` : `${what}: until ${sayTime(until, now, zone)}${who}`;
}

function dutyLine({ schedule, person, until, next }: Duty, now: number, zone: string): string {
  const name = (one: string | undefined) => (one === undefined ? "nobody" : inertName(one, { max: 60 }));
  const then = next === undefined ? "" : `, then ${name(next.person)} from ${sayTime(next.at, now, zone)}`;
  const end = until === undefined || next !== undefined ? "" : ` until ${sayTime(until, now, zone)}`;
  return `${inertName(schedule, { max: 80 })}: ${name(person)}${end}${then}`;
}

function budgetLine({ service, environment, left, days, burn }: Budget, isDone: boolean): string {
  const where = environment === undefined ? "" : ` (${inertName(environment, { max: 40 })})`;
  const what = `${inertName(service, { max: 80 })}${where}`;
  if (isDone) return `${what}: its error budget is not short any more`;
  const rest =
    left <= 0
      ? `the error budget of ${days} days is used up`
      : `${formatValue(left, "ratio")} of its error budget of ${days} days left`;
  const pace =
    burn === undefined || !Number.isFinite(burn)
      ? ""
      : `, in the last hour used ${formatValue(burn, "none")} times as fast as it lasts`;
  return `${what}: ${rest}${pace}`;
}

function redLine(
  { project, pipeline, branch, since, runs }: RedLine,
  isDone: boolean,
  now: number,
  zone: string,
): string {
  const what = `${inertName(project, { max: 80 })} ${inertName(pipeline, { max: 60 })} on ${inertName(branch, { max: 40 })}`;
  return isDone
    ? `${what}: ended well again`
    : `${what}: ${runs === 1 ? "its last run failed" : `its last ${runs} runs failed, the first`} ${sayMoment(since, now, zone)}`;
}

/** "HighErrorRate of checkout began within 1 h after 6 of 9 deployments of checkout, and in 2 of 41 such stretches of other days. Restart helped 5 of 6 times." */
export function patternLine({ alert, after, helped }: Pattern): string {
  const about =
    after?.about === undefined || after.about === after.service ? "" : ` of ${inertName(after.about, { max: 60 })}`;
  const what = `${inertName(alert, { max: 80 })}${about}`;
  const came =
    after === undefined
      ? ""
      : ` began within ${formatDuration(after.within)} after ${after.followed} of ${after.deployments} deployments of ${inertName(after.service, { max: 60 })}, and in ${after.otherwise} of ${after.others} such stretches of other days`;
  if (helped === undefined) return `${what}${came}.`;
  const by = `${inertName(helped.title, { max: 80 })} helped ${helped.helped} of ${helped.of} times`;
  return after === undefined ? `${what}: ${by}, and its runbook does not name this alert.` : `${what}${came}. ${by}.`;
}

function deliveryLine({ name, kind, dora }: DoraRow): string {
  const { deployments, leadSeconds, failed, tries, restoreSeconds } = dora;
  const said = [
    `${deployments} ${plural(deployments, "deployment")}`,
    ...(leadSeconds === undefined
      ? []
      : [`commit to deployed ${formatDuration(Math.round(leadSeconds), { parts: 1 })}`]),
    `${failed} of ${tries} failed`,
    ...(restoreSeconds === undefined
      ? []
      : [`well again after ${formatDuration(Math.round(restoreSeconds), { parts: 1 })}`]),
  ];
  return `${kind === "team" ? "Team " : ""}${inertName(name, { max: 80 })}: ${said.join(", ")}`;
}
