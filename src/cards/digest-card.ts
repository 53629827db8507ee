import type { AskButton, Block, Card, Tone } from "../core/card.ts";
import {
  type Digest,
  type Item,
  type KeptDigest,
  type Section,
  type SectionName,
  TO_DO,
  type ToldProposal,
  toDo,
} from "../core/digest/digest.ts";
import type { Noise } from "../core/digest/noise.ts";
import type { DigestKind } from "../core/digest/schedule.ts";
import type { Incident } from "../core/incident.ts";
import { formatDuration } from "../core/units.ts";
import { nameOf } from "../core/watch.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";
import { never } from "../util/never.ts";
import { titleOf as anomalyTitle } from "./anomaly-title.ts";
import { countsTable } from "./digest-counts.ts";
import { titleOf as incidentTitle } from "./incident-words.ts";
import { plural } from "./plural.ts";
import { sayWaste } from "./waste-card.ts";

/** A digest as one message, by the clock of a zone. */

export type DigestContext = {
  readonly zone: string;
  /** Its plan, of one that came by the calendar. */
  readonly kept?: Pick<KeptDigest, "name" | "missed">;
};

/** Lines in one message and of one section: with their buttons, more do not fit on every platform. */
const LINES = 20;
const LINES_EACH = 5;

const NAMES: Readonly<Record<DigestKind, string>> = {
  daily: "Daily digest",
  weekly: "Weekly digest",
  handover: "Handover",
};

/** The verdict, what is to be done, what happened, and the numbers beside those of the stretch before. Nothing in it is empty. */
export function digestCard(digest: Digest, context: DigestContext): Card {
  const blocks: Block[] = [{ kind: "text", text: spanLine(digest, context) }];
  let left = LINES;
  for (const section of shownSections(digest)) {
    const shown = section.items.slice(0, Math.min(left, LINES_EACH));
    left -= shown.length;
    blocks.push({ kind: "text", text: headOf(section, shown.length) });
    if (shown.length > 0)
      blocks.push({ kind: "lines", items: shown.map((item) => lineOf(item, section.name, digest, context.zone)) });
  }
  if (digest.done.length > 0)
    blocks.push(
      { kind: "text", text: `Done since it was posted (${digest.done.length}):` },
      {
        kind: "list",
        items: digest.done.slice(0, LINES_EACH).map((item) => lineOf(item, "ran", digest, context.zone).text),
      },
    );
  const table = digest.kind === "handover" ? undefined : countsTable(digest);
  if (table !== undefined) blocks.push(table);
  if (table !== undefined && !digest.isCompared)
    blocks.push({ kind: "note", text: "I have not kept enough yet to compare with the stretch before." });
  for (const text of digest.missing) blocks.push({ kind: "note", text: inertName(text, { max: 300 }) });
  blocks.push({ kind: "note", text: footOf(context) });
  return { title: `${NAMES[digest.kind]}: ${verdictOf(digest)}`, tone: toneOf(digest), blocks };
}

/** What it comes to, in a few words: "2 incidents that nobody has acknowledged, 1 approval that expired." */
export function verdictOf(digest: Digest): string {
  const said = digest.sections.flatMap(({ name, total }) => (TO_DO.has(name) ? [VERDICTS[name as ToDo](total)] : []));
  if (said.length === 0)
    return digest.missing.length === 0 ? "nothing to do." : "nothing to do, as far as could be asked.";
  const more = said.length > 3 ? [`${said.length - 2} more kinds of things to do`] : said.slice(2);
  return `${[...said.slice(0, 2), ...more].join(", ")}.`;
}

type ToDo = "unattended" | "flapping" | "expired" | "unclear" | "uncovered" | "forecasts";

const VERDICTS: Readonly<Record<ToDo, (count: number) => string>> = {
  unattended: (count) => `${count} ${plural(count, "incident")} that nobody has acknowledged`,
  flapping: (count) => `${count} that ${count === 1 ? "flaps" : "flap"}`,
  expired: (count) => `${count} ${plural(count, "approval")} that expired unanswered`,
  unclear: (count) => `${count} ${plural(count, "change")} that may have run`,
  uncovered: (count) => `${count} ${count === 1 ? "anomaly" : "anomalies"} that no alert covers`,
  forecasts: (count) => `${count} ${plural(count, "limit")} ahead`,
};

const HEADS: Readonly<Record<SectionName, string>> = {
  unattended: "Going on, and nobody has acknowledged it",
  flapping: "Flapping",
  expired: "Approvals that expired unanswered",
  unclear: "Nobody knows whether it ran",
  uncovered: "Anomalies that no alert covers",
  forecasts: "Limits ahead",
  attended: "Going on, and somebody looks after it",
  ran: "What was run, and whether it helped",
  noise: "Alerts that nobody acted on",
  watches: "Watches that nobody found useful",
  waste: "Asked for and not used",
};

/** What to ask for all of a section. */
const ALL: Readonly<Record<SectionName, string>> = {
  unattended: "incidents",
  flapping: "incidents",
  expired: "approvals history",
  unclear: "approvals",
  uncovered: "anomalies",
  forecasts: "digest",
  attended: "incidents",
  ran: "approvals history",
  noise: "incidents",
  watches: "anomalies",
  waste: "waste",
};

function shownSections({ sections }: Digest): readonly Section[] {
  return sections.filter(({ items }) => items.length > 0);
}

function headOf({ name, total }: Section, shown: number): string {
  const rest = total - shown;
  const more = rest > 0 ? `, ${shown === 0 ? "all of them" : `${rest} more`}: ask me: ${ALL[name]}` : "";
  return `${HEADS[name]} (${total}${more}):`;
}

function spanLine({ from, to, madeAt }: Digest, { zone, kept }: DigestContext): string {
  const span = `From ${sayTime(from, madeAt, zone)} to ${sayTime(to, madeAt, zone)}.`;
  const missed = kept?.missed ?? 0;
  if (missed === 0) return span;
  return `${span} ${missed === 1 ? "One digest" : `${missed} digests`} before it ${missed === 1 ? "was" : "were"} left out, because I was not running: this one covers them.`;
}

function toneOf(digest: Digest): Tone {
  const items = toDo(digest);
  if (items.some((item) => item.kind === "incident" && item.incident.severity === "critical")) return "danger";
  return items.length > 0 || digest.missing.length > 0 ? "warning" : "good";
}

function footOf({ kept }: DigestContext): string {
  if (kept === undefined)
    return "Another stretch: digest daily, digest weekly, digest handover, or: what happened last night?";
  return `Planned as ${inertName(kept.name)}. To stop it: digest pause ${inertName(kept.name)}. All that are planned: digests.`;
}

type Line = { readonly text: string; readonly button: AskButton };

function ask(label: string, text: string): AskButton {
  return { label, style: "plain", action: { kind: "ask", text } };
}

function lineOf(item: Item, section: SectionName, { madeAt: now }: Digest, zone: string): Line {
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
      return { text: noiseLine(item.noise), button: ask("Incidents", "incidents") };
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

function proposalLine(one: ToldProposal, section: SectionName, now: number, zone: string): Line {
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
function noiseLine({ name, unacted, acted, median, longer }: Noise): string {
  const told = `${inertName(name, { max: 80 })}: ${unacted} ended by themselves, half of them within ${formatDuration(Math.max(1, Math.round(median)))}`;
  const by = acted === 0 ? ", and nobody acted on any" : `, and somebody acted on ${acted}`;
  if (longer === undefined)
    return `${told}${by}. A longer “for” in its rule would not tell them apart: it needs a higher threshold, severity info, or to go.`;
  const kept = acted === 0 ? "" : " and none that somebody acted on";
  return `${told}${by}. With ${formatDuration(longer.seconds)} more as the “for” of its rule, ${longer.away} of them would not have been told${kept}.`;
}
