import type { Button, Card, Chart, EvidenceLine, Tone } from "../core/card.ts";
import { sayIn } from "../core/plot.ts";
import type { Point } from "../core/series.ts";
import type { Anomaly, Opinion } from "../core/watch/anomaly.ts";
import { nameOf, rankOf } from "../core/watch.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import { inertName } from "../util/inert.ts";
import { hasCome, nameIn, sayUsual, sayValue, titleOf, upperFirst } from "./anomaly-title.ts";
import { sayWhy } from "./anomaly-why.ts";

/** What a card needs to know besides its anomalies. */
export type AnomalyContext = {
  /** Unix seconds. */
  readonly now: number;
  readonly zone: string;
  /** How often this watch was posted in 30 days, and what people said. */
  readonly record: {
    readonly posts: number;
    readonly useful: number;
    readonly notUseful: number;
    readonly expected: number;
  };
  readonly opinions: readonly Opinion[];
  /** The incident that it became: what is to be said from then on stands there. */
  readonly wentOn?: string;
  /** The message tells of other things, too: what is said is said with the anomaly's name. */
  readonly isBeside?: boolean;
  /** What else is open. */
  readonly near: readonly Anomaly[];
  readonly linkTo?: (
    promql: string,
    source: string,
    window: { readonly start: number; readonly end: number; readonly step: number },
  ) => string | undefined;
};

const LISTED = 10;
const NAMED = 3;
const NEAR_SECONDS = 1200;
/** Parts of a line to where something will be: platforms that draw by stretches of time need a value in each. */
const AHEAD_STEPS = 12;

/** The anomalies of one message, those that matter most first in the title: what is unusual, since when, what is usual, and why perhaps. */
export function anomalyCard(all: readonly Anomaly[], context: AnomalyContext): Card {
  const members = inOrder(all);
  const [first] = members;
  if (first === undefined) return { title: "Nothing is unusual.", tone: "good", blocks: [] };
  const isOver = members.every(({ status }) => status === "over");
  return {
    title: members.length === 1 ? titleOf(first, context) : groupTitle(members, isOver, context),
    tone: isOver && !members.some(hasCome) ? "good" : toneOf(first),
    blocks: [
      ...textsOf(members, context).map((text) => ({ kind: "text" as const, text })),
      ...(members.length > 1 ? [{ kind: "list" as const, items: linesOf(members, context) }] : []),
      ...chartOf(members).map((chart) => ({ kind: "chart" as const, chart })),
      { kind: "evidence", items: evidenceOf(members, context) },
      ...notesOf(members, context).map((text) => ({ kind: "note" as const, text })),
      ...(context.wentOn === undefined
        ? [{ kind: "buttons" as const, buttons: buttonsOf(first, isOver) }]
        : [
            {
              kind: "note" as const,
              text: `It got worse, and is incident ${context.wentOn} now: its message goes on.`,
            },
          ]),
    ],
  };
}

/** What a message says of anomalies below its title: for one that is about more than these. */
export function anomalyParts(all: readonly Anomaly[], context: AnomalyContext) {
  const members = inOrder(all);
  return {
    texts: textsOf(members, context),
    charts: chartOf(members),
    evidence: evidenceOf(members, context),
    notes: notesOf(members, context),
  };
}

function inOrder(all: readonly Anomaly[]): readonly Anomaly[] {
  return [...all].sort(
    (a, b) =>
      Number(a.status === "over") - Number(b.status === "over") ||
      rankOf(b.severity) - rankOf(a.severity) ||
      b.score - a.score ||
      a.since - b.since,
  );
}

function toneOf({ severity }: Anomaly): Tone {
  return severity === "critical" ? "danger" : severity === "warning" ? "warning" : "info";
}

function groupTitle(members: readonly Anomaly[], isOver: boolean, { now, zone }: AnomalyContext): string {
  const since = Math.min(...members.map((one) => one.since));
  const subjects = [...new Set(members.map(({ subject }) => subject))];
  const measures = [...new Set(members.map(({ measure }) => measure))];
  const open = members.filter(({ status }) => status === "open").length;
  const when = isOver
    ? `Over since ${sayTime(Math.max(...members.map(({ endedAt = now }) => endedAt)), now, zone)}: `
    : "";
  const still = !isOver && open < members.length ? ` (${open} still)` : "";
  const sinceText = isOver ? "" : `, since ${sayTime(since, now, zone)}`;
  const [subject] = subjects;
  const [measure] = measures;
  if (members[0]?.kind === "ahead") {
    const first = Math.min(...members.flatMap(({ reaches }) => reaches?.at ?? []));
    const what = `${members.length} things ${isOver ? "were about to run out" : "will run out"}${still}`;
    const at = isOver || !Number.isFinite(first) ? "" : `, the first about ${sayTime(first, now, zone)}`;
    return `${when}${what}: ${names(members.map((one) => nameIn(one)))}${at}`;
  }
  if (members[0]?.kind === "replaced")
    return `${members.length} certificates were replaced unexpectedly: ${names(subjects)}, noticed ${sayMoment(since, now, zone)}`;
  if (members[0]?.kind === "restarting" && subjects.length > 1)
    return `${when}${members.length} things ${isOver ? "restarted" : "restart"} again and again${still}: ${names(members.map(nameIn))}${sinceText}`;
  if (subjects.length === 1 && measures.length === 1 && members[0] !== undefined)
    return titleOf(members[0], { now, zone });
  const is = isOver ? "were" : "are";
  const how = members[0]?.kind === "down" ? (isOver ? "did not answer" : "do not answer") : `${is} unusual`;
  if (members[0]?.kind === "down")
    return `${when}${members.length} targets ${how}${still}: ${names(subjects)}${sinceText}`;
  if (subjects.length === 1 && subject !== undefined && subject !== "")
    return `${when}${measures.length} measures of ${subject} ${how}${still}: ${names(measures)}${sinceText}`;
  if (measures.length === 1 && measure !== undefined)
    return `${when}${upperFirst(measure)} of ${subjects.length} series ${is === "are" ? "is" : "was"} unusual${still}: ${names(subjects)}${sinceText}`;
  return `${when}${members.length} things ${how}${still}: ${names(subjects.filter((one) => one !== ""))}${sinceText}`;
}

function names(list: readonly string[]): string {
  const shown = list.slice(0, NAMED).join(", ");
  return list.length <= NAMED ? shown : `${shown} and ${list.length - NAMED} more`;
}

// ---------------------------------------------------------------- below the title

/** What made it stand out, in words for each term of the detector. */
const TERMS: Readonly<Record<Anomaly["terms"][number]["name"], string>> = {
  level: "its level",
  change: "how fast it changed",
  season: "its level for this time of day",
  variability: "how much it varies",
  local: "its level against the last 24 h",
  shape: "its course over some minutes",
};

function textsOf(
  members: readonly Anomaly[],
  { near, now, zone, isBeside = false }: AnomalyContext,
): readonly string[] {
  const [first] = members;
  if (first === undefined) return [];
  const isAlone = members.length === 1 && !isBeside;
  const why = sayWhy(first, isAlone ? undefined : nameIn(first));
  const texts: string[] = members.length === 1 ? [...aheadTexts(first, now, zone), ...togetherTexts(first)] : [];
  if (why !== undefined) texts.push(why);
  texts.push(...[...new Set(members.flatMap((one) => one.because))].slice(0, 5));
  const terms = first.terms.filter(({ weight }) => weight >= 0.15).slice(0, 3);
  if (isAlone && first.kind === "unusual" && terms.length > 0)
    texts.push(`What stands out: ${joined(terms.map(({ name }) => TERMS[name]))}.`);
  const others = near
    .filter(
      (other) =>
        first.kind === "unusual" &&
        other.kind === "unusual" &&
        Math.abs(other.since - first.since) <= NEAR_SECONDS &&
        other.source === first.source,
    )
    .sort((a, b) => Math.abs(a.since - first.since) - Math.abs(b.since - first.since));
  if (others.length > 0) {
    const said = others
      .slice(0, NAMED)
      .map((other) => `${nameOf(other.measure, other.subject)} (${sayTime(other.since, now, zone)})`);
    const more = others.length > NAMED ? ` and ${others.length - NAMED} more` : "";
    texts.push(`At the same time: ${said.join(", ")}${more}.`);
  }
  return texts;
}

/** What is left now, the band of the time, and how it is known. */
function aheadTexts(one: Anomaly, now: number, zone: string): readonly string[] {
  const { reaches, value } = one;
  if (one.kind !== "ahead" || one.status === "over" || reaches === undefined) return [];
  const is = value === undefined || reaches.by === "date" ? [] : [`Now it is ${sayValue(one, value)}.`];
  if (reaches.by === "date") return is;
  const { earliest, latest } = reaches;
  const how =
    reaches.by === "forecast"
      ? "By a forecast from its last seven days"
      : "By the trend of its last six hours, since it has left its usual course";
  const band =
    latest === undefined
      ? `not before ${sayTime(earliest, now, zone)}, nine times of ten; how late it may be cannot be told`
      : `between ${sayTime(earliest, now, zone)} and ${sayTime(latest, now, zone)}, four times of five`;
  return [...is, `${how}: ${band}.`];
}

/** What is unusual about metrics that are usual each by itself. */
function togetherTexts({ together }: Anomaly): readonly string[] {
  if (together === undefined) return [];
  const { metrics, carriers } = together;
  const [, ...others] = carriers;
  const as = others.map(({ measure, unit, value, expected }) => {
    return `${measure}: ${sayIn(unit, value)} then, where the others suggest ${sayUsual(unit, expected)}`;
  });
  const found = `No single one of its ${metrics} metrics was unusual by itself: together they were.`;
  return [found, ...(as.length === 0 ? [] : [`${upperFirst(as.join("; "))}.`])];
}

function linesOf(members: readonly Anomaly[], context: AnomalyContext): readonly string[] {
  const lines = members.slice(0, LISTED).map((one) => titleOf(one, context));
  const more = members.length - LISTED;
  return more > 0 ? [...lines, `${more} more: type “anomalies” for all of them`] : lines;
}

/** The course of the worst that has one, with its usual range and what happened meanwhile. */
function chartOf(members: readonly Anomaly[]): readonly Chart[] {
  const drawn = members.find(({ points }) => points.length > 2);
  if (drawn === undefined) return [];
  const same = members.filter((one) => one.watch === drawn.watch && one.points.length > 2).slice(0, 3);
  const { usual } = drawn;
  const chart: Chart = {
    title: same.length === 1 ? nameOf(drawn.measure, drawn.subject) : drawn.measure,
    unit: drawn.unit,
    series: same.flatMap(courseOf),
    ...(drawn.reaches !== undefined && { threshold: drawn.reaches.limit }),
    ...(usual !== undefined && same.length === 1 && { band: { low: usual.low, high: usual.high } }),
    events: [...(drawn.kind === "ahead" ? [] : [{ at: drawn.since, name: "began" }]), ...drawn.events],
  };
  return [chart];
}

/** Its course; with a straight line to where it will be, if that is what it is about. */
function courseOf(one: Anomaly): Chart["series"][number][] {
  const name = one.subject === "" ? one.measure : one.subject;
  const last = one.points.at(-1);
  const { reaches } = one;
  const course = { name, points: one.points };
  if (reaches === undefined || last === undefined || one.status === "over") return [course];
  const [from, value] = last;
  if (reaches.at <= from) return [course];
  const ahead = Array.from({ length: AHEAD_STEPS + 1 }, (_, i): Point => {
    const share = i / AHEAD_STEPS;
    return [from + share * (reaches.at - from), value + share * (reaches.limit - value)];
  });
  return [course, { name: `${name}, ahead`, points: ahead }];
}

function evidenceOf(members: readonly Anomaly[], { linkTo, now }: AnomalyContext): EvidenceLine[] {
  const told = members.filter(({ promql, url }) => promql === "" && url !== undefined).slice(0, 4);
  const pages = told.map(
    ({ url, subject, source }): EvidenceLine => ({ promql: subject, source, url, opens: "Open the run" }),
  );
  const asked = members.flatMap((one) => [
    one,
    ...(one.together?.carriers ?? []).map(({ promql }) => ({ promql, source: one.source, since: one.since })),
  ]);
  const byQuery = new Map(asked.filter(({ promql }) => promql !== "").map((one) => [one.promql, one]));
  const queries = [...byQuery.values()].slice(0, 4).map(({ promql, source, since }) => {
    const url = linkTo?.(promql, source, { start: since - 3 * 3600, end: Math.max(now, since + 600), step: 60 });
    return { promql, source, ...(url !== undefined && { url }) };
  });
  return [...pages, ...queries];
}

function notesOf(members: readonly Anomaly[], { record, opinions }: AnomalyContext): readonly string[] {
  const ids = new Set(members.map(({ id }) => id));
  const said = opinions.filter(({ anomaly }) => ids.has(anomaly));
  const people = (kind: Opinion["kind"]) => new Set(said.filter((one) => one.kind === kind).map(({ by }) => by)).size;
  const words = (["useful", "not useful", "expected"] as const)
    .map((kind) => ({ kind, n: people(kind) }))
    .filter(({ n }) => n > 0)
    .map(({ kind, n }) => `${n} said “${kind === "expected" ? "expected every week" : kind}”`);
  const [first] = members;
  const watch =
    first === undefined || first.kind !== "unusual" || record.posts === 0 ? "" : sayRecord(first.watch, record);
  const text = [watch, words.length === 0 ? "" : `Of this one, ${words.join(", ")}.`].filter((part) => part !== "");
  return text.length === 0 ? [] : [text.join(" ")];
}

/** "Watch service.latency: 12 posts, 9 useful in 30 days." */
export function sayRecord(watch: string, { posts, useful, notUseful, expected }: AnomalyContext["record"]): string {
  const parts = [
    `${posts} ${posts === 1 ? "post" : "posts"}`,
    `${useful} useful`,
    ...(notUseful > 0 ? [`${notUseful} not useful`] : []),
    ...(expected > 0 ? [`${expected} expected`] : []),
  ];
  return `Watch ${inertName(watch)}: ${parts.join(", ")} in 30 days.`;
}

function buttonsOf({ group, kind, subject, measure, promql }: Anomaly, isOver: boolean): Button[] {
  const said = (label: string, word: string): Button => ({
    label,
    style: "plain",
    action: { kind: "ask", text: `anomaly ${group} ${word}` },
  });
  const why: Button = {
    label: "Why?",
    style: "plain",
    action: { kind: "ask", text: `why is ${nameOf(measure, subject)} unusual?` },
  };
  if (kind !== "unusual" || promql === "") return [said("Useful", "useful"), said("Not useful", "not useful")];
  return [
    said("Useful", "useful"),
    said("Not useful", "not useful"),
    said("Expected every week", "expected"),
    ...(isOver ? [] : [why]),
  ];
}

function joined(list: readonly string[]): string {
  return list.length < 2 ? list.join("") : `${list.slice(0, -1).join(", ")} and ${list.at(-1)}`;
}
