import type { Block, Card, Tone } from "../core/card.ts";
import {
  type Digest,
  isToDo,
  type KeptDigest,
  type Section,
  type SectionName,
  type ToDo,
  toDo,
} from "../core/digest/digest.ts";
import type { DigestKind } from "../core/digest/schedule.ts";
import { sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";
import { countsTable } from "./digest-counts.ts";
import { lineOf } from "./digest-lines.ts";
import { plural } from "./plural.ts";

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
  const sections = shownSections(digest);
  const shares = sharesOf(sections);
  for (const [at, section] of sections.entries()) {
    const shown = section.items.slice(0, shares[at]);
    blocks.push({ kind: "text", text: headOf(section, shown.length) });
    if (shown.length > 0)
      blocks.push({ kind: "lines", items: shown.map((item) => lineOf(item, section.name, digest, context.zone)) });
  }
  if (digest.done.length > 0)
    blocks.push(
      { kind: "text", text: `Done since it was posted (${digest.done.length}):` },
      {
        kind: "list",
        items: digest.done.slice(0, LINES_EACH).map((item) => lineOf(item, "done", digest, context.zone).text),
      },
    );
  const table = digest.kind === "handover" ? undefined : countsTable(digest);
  if (table !== undefined) blocks.push(table);
  if (table !== undefined && !digest.isCompared)
    blocks.push({ kind: "note", text: "I have not kept enough yet to compare with the stretch before." });
  if (digest.missing.length > 0)
    blocks.push({ kind: "note", text: digest.missing.map((text) => inertName(text, { max: 300 })).join(" ") });
  blocks.push({ kind: "note", text: footOf(context) });
  return { title: `${NAMES[digest.kind]}: ${verdictOf(digest)}`, tone: toneOf(digest), blocks };
}

/** What it comes to, in a few words: "2 incidents that nobody has acknowledged, 1 approval that expired." */
export function verdictOf(digest: Digest): string {
  const said = digest.sections.flatMap(({ name, total }) => (isToDo(name) ? [VERDICTS[name](total)] : []));
  if (said.length === 0)
    return digest.missing.length === 0 ? "nothing to do." : "nothing to do, as far as could be asked.";
  const more = said.length > 3 ? [`${said.length - 2} more kinds of things to do`] : said.slice(2);
  return `${[...said.slice(0, 2), ...more].join(", ")}.`;
}

const VERDICTS: Readonly<Record<ToDo, (count: number) => string>> = {
  unattended: (count) => `${count} ${plural(count, "incident")} that nobody has acknowledged`,
  flapping: (count) => `${count} that ${count === 1 ? "flaps" : "flap"}`,
  expired: (count) => `${count} ${plural(count, "approval")} that expired unanswered`,
  unclear: (count) => `${count} ${plural(count, "change")} that may have run`,
  silences: (count) => `${count} ${plural(count, "silence")} that ${count === 1 ? "ends" : "end"} soon`,
  red: (count) => `${count} ${plural(count, "pipeline")} of main branches ${count === 1 ? "that fails" : "that fail"}`,
  budgets: (count) => `${count} error ${plural(count, "budget")} nearly used up`,
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
  silences: "Silences that end soon",
  red: "Pipelines of main branches that fail",
  budgets: "Error budgets nearly used up, or used up fast",
  duties: "On call",
  patterns: "What comes again",
  delivery: "Delivered, by team and project",
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
  silences: "silences",
  red: "ci",
  budgets: "which SLOs are out of budget?",
  duties: "who is on call?",
  patterns: "patterns",
  delivery: "dora 7",
  attended: "incidents",
  ran: "approvals history",
  noise: "incidents",
  watches: "anomalies",
  waste: "waste",
};

function shownSections({ sections }: Digest): readonly Section[] {
  return sections.filter(({ items }) => items.length > 0);
}

/** Lines for each section: one for each while there is room, then more for the first ones. */
function sharesOf(sections: readonly Section[]): readonly number[] {
  const shares: number[] = sections.map((_, at) => (at < LINES ? 1 : 0));
  let left = LINES - shares.filter((share) => share > 0).length;
  for (const [at, { items }] of sections.entries()) {
    const more = Math.min(left, Math.min(items.length, LINES_EACH) - (shares[at] ?? 0));
    shares[at] = (shares[at] ?? 0) + Math.max(0, more);
    left -= Math.max(0, more);
  }
  return shares;
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
