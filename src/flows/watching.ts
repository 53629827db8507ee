import { sayRecord } from "../cards/anomaly-card.ts";
import { titleOf } from "../cards/anomaly-title.ts";
import { forecastsCard } from "../cards/forecasts-card.ts";
import { wasteCard } from "../cards/waste-card.ts";
import { versionsCard } from "../cards/watch-versions-card.ts";
import type { Button, Card } from "../core/card.ts";
import type { Question } from "../core/chat.ts";
import { fingerprintOf } from "../core/incident/anomaly.ts";
import { formatDuration } from "../core/units.ts";
import type { Waste } from "../core/waste.ts";
import type { Anomaly } from "../core/watch/anomaly.ts";
import { isJudging } from "../core/watch/model.ts";
import { isTogether } from "../core/watch/together.ts";
import type { WatchWish } from "../core/watch/wish.ts";
import { rankOf } from "../core/watch.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { inertName } from "../util/inert.ts";
import { never } from "../util/never.ts";

/** What a round came to, as far as whoever asked for it is told. */
export type ScanReport = {
  readonly watches: number;
  readonly series: number;
  readonly seconds: number;
  readonly opened: number;
  readonly over: number;
  readonly problems: readonly string[];
};

export type WatchingDeps = {
  readonly store: Pick<Store, "detection" | "forecasts" | "incidents" | "models" | "waste">;
  readonly clock: Clock;
  readonly zone: string;
  /** What people call a concept of that id. */
  readonly nameOf: (concept: string) => string;
  /** A round now; undefined where this process does not watch. */
  readonly scan: ((signal: AbortSignal) => Promise<ScanReport>) | undefined;
  /** Lets messages that show this group be drawn anew. */
  readonly redraw: (group: string) => Promise<void>;
};

const DAY = 86_400;
const MONTH = 30 * DAY;
const LISTED = 15;
const MOST = 500;
const FORECAST_DAYS = 90;
const MOST_FORECASTS = 5000;
const MOST_SCORES = 50;

/** A wish about the watching -> a card. What concerns sources that are closed to whoever asks is not told. */
export async function watching(
  deps: WatchingDeps,
  question: Pick<Question, "user" | "sources" | "at">,
  wish: WatchWish,
  signal: AbortSignal,
): Promise<Card> {
  switch (wish.kind) {
    case "anomalies":
      return listCard(deps, question);
    case "scan": {
      if (deps.scan === undefined)
        return note(
          "Nothing is watched here: rounds are made by a bot that was started with `smartcloudops start`.",
          "warning",
        );
      const report = await deps.scan(signal);
      return listCard(deps, question, report);
    }
    case "rate":
      return rate(deps, question, wish.anomaly);
    case "judge":
      return judge(deps, question, wish);
    case "versions":
      return versions(deps, question, wish.watch);
    case "waste": {
      const isOpen = ({ id }: Waste) => question.sources === undefined || question.sources.includes(id);
      const found = (await deps.store.waste.open()).filter(isOpen);
      return wasteCard(found, { now: deps.clock(), zone: deps.zone });
    }
    case "forecasts":
      return forecasts(deps, question);
    default:
      return never(wish);
  }
}

async function listCard(
  { store, clock, zone }: WatchingDeps,
  { sources }: Pick<Question, "sources">,
  report?: ScanReport,
): Promise<Card> {
  const now = clock();
  const isOpen = (one: Anomaly) => sources === undefined || sources.includes(one.source);
  const [all, kept, models] = await Promise.all([
    store.detection.anomalies({ since: now - DAY, limit: MOST }),
    store.detection.rounds(),
    store.models.open(),
  ]);
  const rounds = kept.filter(({ watch }) => !isTogether(watch) && isJudging(watch, models));
  const seen = all.filter(isOpen).filter(({ kind }) => kind !== "reset" || report === undefined);
  const open = seen
    .filter(({ status }) => status === "open")
    .sort((a, b) => rankOf(b.severity) - rankOf(a.severity) || a.since - b.since);
  const ended = seen.filter(({ status }) => status === "over");
  const alerts = await store.incidents.alerts(seen.map(fingerprintOf));
  const incidents = new Map(alerts.map(({ anomaly, incident }) => [anomaly, incident]));
  const line = (one: Anomaly) => {
    const incident = incidents.get(one.id);
    const where = one.quiet !== undefined ? ` (not posted: ${one.quiet})` : incident ? ` [${incident}]` : "";
    return `${titleOf(one, { now, zone })}${where}`;
  };
  const more = (n: number) => (n > LISTED ? [`${n - LISTED} more`] : []);
  const series = rounds.reduce((sum, one) => sum + one.series, 0);
  const newest = Math.max(0, ...rounds.map(({ at }) => at));
  const looked =
    report !== undefined
      ? `Looked just now at ${report.series} series of ${report.watches} ${report.watches === 1 ? "watch" : "watches"}, in ${formatDuration(Number(report.seconds.toPrecision(2)))}: ${report.opened} new, ${report.over} over.`
      : rounds.length === 0
        ? "Nothing was watched yet: rounds are made by a bot that was started with `smartcloudops start`."
        : `${series} series of ${rounds.length} ${rounds.length === 1 ? "watch" : "watches"} are followed; states are kept up to ${formatDuration(Math.max(0, Math.round(now - newest)))} ago.`;
  const problems = (
    report?.problems ??
    rounds.flatMap(({ watch, problem }) => (problem === undefined ? [] : [`${watch.split("@")[0]}: ${problem}`]))
  ).slice(0, 6);
  const count =
    open.length === 0
      ? "Nothing is unusual now"
      : open.length === 1
        ? "One thing is unusual now"
        : `${open.length} things are unusual now`;
  return {
    title: `${count}; ${ended.length} ${ended.length === 1 ? "was" : "were"} in the last 24 h.`,
    tone: open.length === 0 ? "good" : open.some(({ severity }) => severity === "critical") ? "danger" : "warning",
    blocks: [
      ...(open.length === 0
        ? []
        : [{ kind: "list" as const, items: [...open.slice(0, LISTED).map(line), ...more(open.length)] }]),
      ...(ended.length === 0
        ? []
        : [
            { kind: "text" as const, text: "In the last 24 h:" },
            { kind: "list" as const, items: [...ended.slice(0, LISTED).map(line), ...more(ended.length)] },
          ]),
      { kind: "note", text: looked },
      ...problems.map((text) => ({ kind: "note" as const, text: inertName(text, { max: 400 }) })),
    ],
  };
}

async function versions(
  { store, clock, zone }: WatchingDeps,
  { sources }: Pick<Question, "sources">,
  watch: string,
): Promise<Card> {
  const all = (await store.models.open()).filter(({ source }) => sources === undefined || sources.includes(source));
  const [model] = all
    .filter((one) => one.watch.toLowerCase() === watch.toLowerCase())
    .sort((a, b) => b.madeAt - a.madeAt);
  if (model !== undefined) return versionsCard(model, { now: clock(), zone });
  const known = all.map((one) => one.watch).sort();
  const cure = known.length === 0 ? "None is known yet." : `Known are ${known.slice(0, 30).join(", ")}.`;
  return note(inertName(`No watch is called "${watch}". ${cure}`, { max: 1500 }), "warning");
}

/** How forecasts turned out that were made of sources this person may read. */
async function forecasts(
  { store, clock, nameOf }: WatchingDeps,
  { sources }: Pick<Question, "sources">,
): Promise<Card> {
  const made = (await store.forecasts.made(clock() - FORECAST_DAYS * DAY, MOST_FORECASTS)).filter(
    ({ source }) => sources === undefined || sources.includes(source),
  );
  const records = await Promise.all(
    [...Map.groupBy(made, ({ about }) => about)].map(async ([about, all]) => ({
      name: nameOf(about),
      made: all.length,
      scores: await store.forecasts.scores(about, MOST_SCORES),
    })),
  );
  return forecastsCard(records, FORECAST_DAYS);
}

/** The anomalies of one message: all that share it, or those of an incident. What is of sources that are closed is left out. */
async function membersOf({ store }: WatchingDeps, { sources }: Pick<Question, "sources">, id: string) {
  const alerts = id.startsWith("inc-") ? await store.incidents.alertsOf(id, { skip: 0, limit: MOST }) : [];
  const inIncident = await Promise.all(alerts.flatMap(({ anomaly }) => anomaly ?? []).map(store.detection.anomaly));
  const group = (await store.detection.anomaly(id))?.group ?? id;
  const all = inIncident.length > 0 ? inIncident : await store.detection.anomalies({ group, limit: MOST });
  return all.filter((one): one is Anomaly => one !== undefined && (sources?.includes(one.source) ?? true));
}

/** What can be said of an anomaly, with the buttons that say it. */
async function rate(deps: WatchingDeps, question: Pick<Question, "sources">, id: string): Promise<Card> {
  const members = await membersOf(deps, question, id);
  if (members.length === 0) return note("That anomaly is not known any more.", "warning");
  const now = deps.clock();
  const isUnusual = members.some(({ kind }) => kind === "unusual");
  const said = (label: string, word: string): Button => ({
    label,
    style: "plain",
    action: { kind: "ask", text: `anomaly ${id} ${word}` },
  });
  return {
    title:
      members.length === 1
        ? "Was it right to tell you of this?"
        : `Was it right to tell you of these ${members.length}?`,
    tone: "info",
    blocks: [
      { kind: "list", items: members.slice(0, LISTED).map((one) => titleOf(one, { now, zone: deps.zone })) },
      ...(isUnusual
        ? [
            {
              kind: "note" as const,
              text: "What you say moves how far from usual its series has to be until it is told, and for “expected every week”, at which time of the week it is not.",
            },
          ]
        : []),
      {
        kind: "buttons",
        buttons: [
          said("Useful", "useful"),
          said("Not useful", "not useful"),
          ...(isUnusual ? [said("Expected every week", "expected")] : []),
        ],
      },
    ],
  };
}

/** A word about an anomaly, or about all that share its message. */
async function judge(
  deps: WatchingDeps,
  { user, sources }: Pick<Question, "user" | "sources">,
  { anomaly: id, opinion }: WatchWish & { readonly kind: "judge" },
): Promise<Card> {
  const { store, clock, redraw } = deps;
  const members = await membersOf(deps, { ...(sources !== undefined && { sources }) }, id);
  const [first] = members;
  if (first === undefined) return note("That anomaly is not known any more.", "warning");
  const at = clock();
  for (const { id: anomaly, watch, series, since } of members)
    await store.detection.judge({
      anomaly,
      watch,
      series,
      by: `${user.platform}/${user.id}`,
      kind: opinion,
      at,
      since,
    });
  for (const group of new Set(members.map((one) => one.group))) await redraw(group);
  const records = await store.detection.records(at - MONTH);
  const record = records.get(first.watch) ?? { posts: 0, useful: 0, notUseful: 0, expected: 0 };
  const done = {
    useful: "Noted as useful: this series is watched a little more closely.",
    "not useful":
      "Noted as not useful: this series takes more from now on until it is posted, and others of its watch a little more.",
    expected: "Noted as expected: at this time of the week it is listed and not posted.",
  }[opinion];
  // Only what is unusual has a threshold that an opinion moves.
  const title = first.kind === "unusual" ? done : `Noted as ${opinion}. What is posted of this kind stays the same.`;
  return { title, tone: "good", blocks: [{ kind: "note", text: sayRecord(first.watch, record) }] };
}

function note(title: string, tone: Card["tone"]): Card {
  return { title, tone, blocks: [] };
}
