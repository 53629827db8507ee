import { type Answer, answerOf, askButton, type Value } from "../../core/answer.ts";
import type { Tone } from "../../core/card.ts";
import { type Bound, queryFor } from "../../core/concept.ts";
import { type Crossing, crossingOf } from "../../core/forecast/crossing.ts";
import { type Relation, relationOf, STRONG } from "../../core/forecast/relation.ts";
import { type Growth, isOfTraffic } from "../../core/language/growth.ts";
import { narrow, type Subject } from "../../core/language/subject.ts";
import type { Point, Series } from "../../core/series.ts";
import { formatDuration, formatValue } from "../../core/units.ts";
import { sayTime } from "../../core/zone.ts";
import { capitalFirst } from "../../util/capital.ts";
import { departureWords, type Foreseen, forecastChart, foresee, methodWords } from "./foresee.ts";
import { couldNotAsk, placeName } from "./measure.ts";
import { groupLabels } from "./query.ts";
import { rowsOf, say } from "./rows.ts";
import type { Turn } from "./turn.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** What a relation between two series is learnt from. */
const LEARNT_FROM = 14 * DAY;

// ---------------------------------------------------------------- what if

/** One driven series, and what becomes of it with more traffic. */
type Supposed = {
  readonly name: string;
  readonly labels: Value["labels"];
  readonly relation: Relation;
  /** In the busiest hour of the last week: as it is, and as it would be. */
  readonly asItIs: number;
  readonly changed: number;
  readonly low: number;
  readonly high: number;
};

/** What becomes of a measure when traffic changes by so much: by the line that both have followed, or nothing where they did not. */
export async function whatIf(turn: Turn, growth: Growth): Promise<Answer> {
  const { read, ask, now, index } = turn;
  const driver = index.byId.get("service.requests");
  const driven = drivenBy(turn);
  if (driver === undefined || driven === undefined)
    return answerOf("I cannot tell: Prometheus has no request rate, or nothing that could follow it.", {
      tone: "warning",
    });
  const { bound } = driven;
  const narrowed = narrow(driver, { mentions: read.mentions });
  const traffic = queryFor(driver, { filters: narrowed.filters, by: [], window: "1h", quantile: 0.95, form: "rate" });
  const measure = queryFor(bound, {
    filters: driven.filters,
    by: groupLabels(bound, driven, read),
    window: bound.concept.window ?? "1h",
    quantile: read.quantile ?? 0.95,
    form: "rate",
  });
  const end = Math.floor(now / HOUR) * HOUR;
  const window = { start: end - LEARNT_FROM, end, step: HOUR };
  const [drove, followed] = await Promise.all([ask.range(traffic, window), ask.range(measure, window)]);
  if (!drove.ok) return couldNotAsk(driven, drove.reason);
  if (!followed.ok) return couldNotAsk(driven, followed.reason);
  const points = drove.data[0]?.points ?? [];
  const busiest = Math.max(
    ...points.filter(([at, value]) => at > end - 7 * DAY && Number.isFinite(value)).map(([, value]) => value),
  );
  const all = supposedOf(bound, points, followed.data, busiest, growth);
  const change = `${Math.round(Math.abs(growth.ratio) * 100)} % ${growth.ratio < 0 ? "less" : "more"} traffic`;
  const following = all.filter(({ relation }) => relation.kind === "follows").sort((a, b) => b.changed - a.changed);
  const [top] = following;
  if (top === undefined) return refusal(bound, placeName(driven), all, change);
  const others = all.filter(({ relation }) => relation.kind !== "follows");
  const of = (name: string) => (name === "" ? placeName(driven) : name);
  const named = ({ name }: Supposed) => `${bound.concept.name}${of(name) === "" ? "" : ` of ${of(name)}`}`;
  const seen = top.relation.kind === "follows" ? top.relation : undefined;
  const beyond = seen !== undefined && busiest * (1 + growth.ratio) > 1.05 * seen.high;
  return answerOf(
    `With ${change}, ${named(top)} would be about ${say(bound, top.changed)} in the busiest hour (${say(bound, top.asItIs)} as it is): four times of five ${say(bound, top.low)} to ${say(bound, top.high)}.`,
    {
      tone: toneOf(bound, top.changed),
      details: [
        ...(fits(bound, top.changed) ? [] : ["That is more than there is: it would not fit."]),
        ...(seen === undefined
          ? []
          : [
              `It follows traffic with a rank correlation of ${seen.rank.toFixed(2)} over ${seen.n} hours. The busiest hour of the last week had ${formatValue(busiest, "per_s", { noun: "req" })}.`,
            ]),
        ...(beyond ? ["So much traffic was not seen in that time: the line is drawn on beyond it."] : []),
      ],
      list: following
        .slice(1, 9)
        .map((one) => `${of(one.name)}: about ${say(bound, one.changed)} (${say(bound, one.asItIs)} as it is)`),
      values: following.flatMap((one) => valuesOf(bound, named(one), one, now)),
      notes: [
        "A straight line between the two; queues, caches and limits bend it.",
        ...(others.length === 0
          ? []
          : [
              `${others.length} of ${all.length} ${others.length === 1 ? "does" : "do"} not follow traffic, and nothing is said of them.`,
            ]),
      ],
      next: [
        askButton("When do we need another node?"),
        askButton(`Highest ${bound.concept.name}`, `top 5 ${bound.concept.name}`),
      ],
    },
  );
}

/** What a question asks of: a measure that it names beside traffic, else the processors of the hosts. */
function drivenBy({ read, index }: Turn): Subject | undefined {
  const named = read.subjects.find(
    ({ bound, score, covered }) =>
      score > 0.4 &&
      [...covered].some((at) => !isOfTraffic(read.tokens[at]?.text ?? "")) &&
      !["service.requests", "service.errors"].includes(bound.concept.id) &&
      !["bool", "timestamp", "money"].includes(bound.concept.unit),
  );
  if (named !== undefined) return named;
  const cpu = index.byId.get("host.cpu") ?? index.byId.get("pod.cpu");
  return cpu && { bound: cpu, filters: [], score: 1, covered: new Set(), mentions: [], unused: [] };
}

function supposedOf(
  bound: Bound,
  traffic: readonly Point[],
  series: readonly Series[],
  busiest: number,
  growth: Growth,
): Supposed[] {
  const last = series.map(({ labels, points }) => ({
    labels,
    at: 0,
    value: points.findLast(([, value]) => Number.isFinite(value))?.[1] ?? Number.NaN,
  }));
  const { rows } = rowsOf(bound, last);
  return rows.flatMap((row): Supposed[] => {
    const found = series.find(({ labels }) => labels === row.labels);
    if (found === undefined) return [];
    const relation = relationOf(traffic, found.points);
    if (relation.kind !== "follows" || !Number.isFinite(busiest))
      return [
        {
          name: row.name,
          labels: row.labels,
          relation,
          asItIs: Number.NaN,
          changed: Number.NaN,
          low: Number.NaN,
          high: Number.NaN,
        },
      ];
    const at = (load: number) => relation.base + relation.slope * load;
    const changed = at(busiest * (1 + growth.ratio));
    // What scatters does so in proportion.
    const wider = Math.max(1, 1 + growth.ratio);
    return [
      {
        name: row.name,
        labels: row.labels,
        relation,
        asItIs: at(busiest),
        changed,
        low: Math.max(0, changed + wider * relation.below),
        high: changed + wider * relation.above,
      },
    ];
  });
}

function refusal(bound: Bound, place: string, all: readonly Supposed[], change: string): Answer {
  const [best] = all
    .flatMap(({ relation }) => (relation.kind === "unrelated" ? [relation] : []))
    .sort((a, b) => b.rank - a.rank);
  const name = `${bound.concept.name}${place === "" ? "" : ` of ${place}`}`;
  return answerOf(`I cannot tell what ${change} would do to ${name}.`, {
    tone: "warning",
    details: [
      best === undefined
        ? "There are not 24 hours in which both were measured."
        : `It does not follow traffic: the rank correlation is ${best.rank.toFixed(2)} at best over ${best.n} hours, and below ${STRONG} nothing is concluded from it.`,
    ],
  });
}

function fits(bound: Bound, value: number): boolean {
  return bound.concept.unit !== "ratio" || bound.concept.warn === undefined || bound.concept.warn > 1 || value <= 1;
}

function toneOf(bound: Bound, value: number): Tone {
  const { warn, critical, worse } = bound.concept;
  if (!fits(bound, value)) return "danger";
  if (worse !== "up") return "info";
  return critical !== undefined && value >= critical
    ? "danger"
    : warn !== undefined && value >= warn
      ? "warning"
      : "good";
}

function valuesOf(bound: Bound, name: string, one: Supposed, at: number): Value[] {
  const value = (what: string, number: number): Value => ({
    name: `${name}, ${what}`,
    value: number,
    unit: bound.concept.unit,
    labels: one.labels,
    at,
  });
  return [value("with that traffic", one.changed), value("as it is", one.asItIs)];
}

// ---------------------------------------------------------------- another node

const NODE_AHEAD = 14 * DAY;

/** What fills up when machines do, with the share from which another one is wanted. What the cluster has promised goes before what it uses. */
const SIGNALS: readonly { readonly id: string; readonly limit: number; readonly whole: boolean }[] = [
  { id: "cluster.cpu_requested", limit: 0.9, whole: true },
  { id: "cluster.memory_requested", limit: 0.9, whole: true },
  { id: "host.cpu", limit: 0.8, whole: false },
  { id: "host.memory", limit: 0.9, whole: false },
];

type Filling = {
  readonly bound: Bound;
  readonly name: string;
  readonly limit: number;
  readonly now: number;
  readonly foreseen: Foreseen | undefined;
  readonly crossing: Crossing | undefined;
  readonly without: string | undefined;
};

/** When more machines will be needed: the first of requested and used processor and memory, over all of them, to reach its limit. */
export async function anotherNode(turn: Turn): Promise<Answer> {
  const { now, zone } = turn;
  const asked = await Promise.all(SIGNALS.map((signal) => filling(turn, signal)));
  const found = asked.flatMap((one) => (one === undefined || "failed" in one ? [] : [one]));
  const failed = asked.flatMap((one) => (one !== undefined && "failed" in one ? [one.failed] : []));
  if (found.length === 0)
    return answerOf(
      failed.length > 0
        ? "I could not ask Prometheus how full the machines are."
        : "I cannot tell: Prometheus has neither requests against allocatable resources nor the usage of hosts.",
      { tone: failed.length > 0 ? "danger" : "warning", details: failed },
    );
  const first = [...found].sort((a, b) => momentOf(a, now) - momentOf(b, now))[0]!;
  const at = momentOf(first, now);
  const until = Math.max(
    ...found.map(({ crossing }) => (crossing !== undefined && "until" in crossing ? crossing.until : now)),
  );
  const told = found.some(({ crossing }) => crossing !== undefined);
  const limit = formatValue(first.limit, "ratio");
  const verdict = !told
    ? "I cannot forecast when another node is needed: there is too little history for it."
    : at === now
      ? `Another node is needed now: ${first.name} is ${say(first.bound, first.now)}, and ${limit} is the limit.`
      : Number.isFinite(at)
        ? `Another node is needed in about ${formatDuration(at - now, { parts: 1 })} (${sayTime(at, now, zone)}): ${first.name} reaches ${limit} then.`
        : `No other node is needed within ${formatDuration(Math.round((until - now) / DAY) * DAY, { parts: 1 })}, by the forecast.`;
  return answerOf(verdict, {
    tone: !told ? "warning" : at === now ? "danger" : Number.isFinite(at) ? "warning" : "good",
    details: bandOf(first, turn),
    list: found.map((one) => `${capitalFirst(one.name)}: ${say(one.bound, one.now)} now, ${outlook(one, turn)}`),
    values: found.map(({ bound, name, now: value }) => ({
      name,
      value,
      unit: bound.concept.unit,
      labels: {},
      at: now,
    })),
    notes: [
      ...(first.foreseen === undefined ? [] : [methodWords(first.foreseen, first.bound)]),
      "Limits: 90 % of what can be requested and of memory, 80 % of processors. It knows nothing of growth that is planned.",
      ...failed.map((why) => `Not all of it could be asked: ${why}`),
    ],
    ...(first.foreseen === undefined || first.foreseen.forecast.tried.times === 0
      ? {}
      : {
          chart: forecastChart(
            first.foreseen,
            first.bound,
            capitalFirst(first.name),
            Number.isFinite(at) ? at + DAY : until,
            first.limit,
          ),
        }),
    next: [askButton("What if traffic grows by 30 %?", "what happens to cpu if traffic grows by 30 %")],
  });
}

async function filling(
  turn: Turn,
  { id, limit, whole }: (typeof SIGNALS)[number],
): Promise<Filling | { readonly failed: string } | undefined> {
  const bound = turn.index.byId.get(id);
  if (bound === undefined) return undefined;
  const by = bound.names["self"] === undefined ? [] : [bound.names["self"]];
  const base = queryFor(bound, { filters: [], by, window: "1h", quantile: 0.95, form: "rate" });
  const promql = whole ? base : `avg(${base})`;
  const [current, forecasts] = await Promise.all([
    turn.ask.instant(promql),
    foresee(turn, bound, promql, NODE_AHEAD, { value: limit, rising: true }),
  ]);
  if (!current.ok) return { failed: current.reason };
  const value = current.data[0]?.value;
  if (value === undefined || !Number.isFinite(value)) return undefined;
  const told = forecasts?.values().next().value;
  const foreseen = told?.kind === "told" && told.departed === undefined ? told : undefined;
  return {
    bound,
    name: whole ? bound.concept.name : `${bound.concept.name} of all hosts`,
    limit,
    now: value,
    foreseen,
    crossing: foreseen && crossingOf(foreseen.forecast, { value: limit, rising: true }, value),
    without:
      told === undefined
        ? "without history"
        : told.kind === "cannot"
          ? `not forecast: ${told.message}`
          : told.departed && departureWords(told.departed, bound, turn),
  };
}

/** Unix seconds at which it reaches its limit; now when it is there, infinite when it does not. */
function momentOf({ crossing, now: value, limit }: Filling, now: number): number {
  if (value >= limit || crossing?.kind === "already") return now;
  return crossing?.kind === "crosses" ? Math.max(crossing.likely, now + 60) : Number.POSITIVE_INFINITY;
}

function bandOf({ crossing }: Filling, { now, zone }: Turn): readonly string[] {
  if (crossing?.kind !== "crosses") return [];
  const { earliest, latest } = crossing;
  const end = latest === undefined ? "or later than can be forecast" : `to ${sayTime(latest, now, zone)}`;
  return [`Four times of five from ${sayTime(earliest, now, zone)} ${end}.`];
}

function outlook({ crossing, limit, without }: Filling, { now, zone }: Turn): string {
  const share = formatValue(limit, "ratio");
  if (crossing === undefined) return without ?? "not forecast";
  switch (crossing.kind) {
    case "already":
      return `over ${share}`;
    case "crosses":
      return `${share} about ${sayTime(crossing.likely, now, zone)}`;
    case "possible":
      return `${share} possible from ${sayTime(crossing.earliest, now, zone)} on`;
    case "clear":
      return `below ${share} until ${sayTime(crossing.until, now, zone)}`;
  }
}
