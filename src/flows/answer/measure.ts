import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import type { Button, Chart, Tone } from "../../core/card.ts";
import type { Subject } from "../../core/language/subject.ts";
import { meets, sayThreshold } from "../../core/language/threshold.ts";
import type { Point } from "../../core/series.ts";
import { formatChange, formatDuration, formatValue } from "../../core/units.ts";
import { sayTime } from "../../core/zone.ts";
import { capitalFirst } from "../../util/capital.ts";
import { inertName } from "../../util/inert.ts";
import { freshness } from "./freshness.ts";
import { whyMissing } from "./missing.ts";
import { type Plan, plan } from "./query.ts";
import { type Row, rowsOf, say, sorted, valuesOf } from "./rows.ts";
import { scopeOf } from "./scope.ts";
import type { Turn } from "./turn.ts";
import { hourlyHistory, standing, type Usual, usualAt } from "./usual.ts";

/** Rows shown before "N more". */
const SHOWN = 12;

/** One subject -> its number or numbers, with what is usual, how fresh it is, and what to ask next. */
export async function measure(turn: Turn, subject: Subject): Promise<Answer> {
  const { read, ask, now, zone } = turn;
  const how = plan(read, subject, now, zone);
  const background = read.brief;
  const [answer, fresh, history] = await Promise.all([
    ask.instant(how.promql, { at: how.at }),
    read.at === undefined && read.window === undefined ? freshness(turn, subject) : undefined,
    background ? [] : historyOf(turn, subject, how),
  ]);
  if (!answer.ok)
    return answer.why === "guarded" ? tooMuch(subject, answer.reason) : couldNotAsk(subject, answer.reason);
  const { rows, notNumbers } = rowsOf(subject.bound, answer.data);
  if (rows.length === 0) return notNumbers.length > 0 ? notANumber(subject, how) : nothing(turn, subject);
  const notes = [...(fresh === undefined ? [] : [fresh.note]), ...caveats(turn, subject, notNumbers.length)];
  const [only] = rows;
  const base: Partial<Answer> = {
    notes,
    values: valuesOf(subject.bound, rows, how.form),
    next: nextSteps(turn, subject),
  };
  if (read.threshold !== undefined) return { ...thresholdAnswer(turn, subject, how, rows), ...base };
  if (subject.bound.concept.shows !== undefined) return { ...shown(turn, subject, rows, how), ...base };
  if (subject.bound.concept.unit === "bool") return { ...boolAnswer(turn, subject, rows, how), ...base };
  if (only !== undefined && rows.length === 1)
    return { ...(await single(turn, subject, how, only, history, fresh?.stale === true)), ...base };
  return { ...several(turn, subject, how, rows), ...base };
}

async function historyOf(turn: Turn, subject: Subject, how: Plan): Promise<Awaited<ReturnType<typeof hourlyHistory>>> {
  const { unit, shows } = subject.bound.concept;
  if (subject.bound.concept.promql.includes("time()")) return []; // an age is never usual
  if (unit === "bool" || unit === "timestamp" || shows !== undefined || how.covers > 6 * 3600) return [];
  return hourlyHistory(turn.ask, how.series, how.at);
}

async function single(
  turn: Turn,
  subject: Subject,
  how: Plan,
  row: Row,
  history: Awaited<ReturnType<typeof hourlyHistory>>,
  stale: boolean,
): Promise<Answer> {
  const { bound } = subject;
  const { now, zone, read } = turn;
  const what = title(subject, row, read.quantile, how.form);
  const value = saidPer(turn, subject, row.value, how.form);
  const details: string[] = [];
  let tone: Tone = toneOf(subject, row.value);
  const usual =
    history.length === 1 && how.covers <= 900 && how.form === "rate"
      ? usualAt(history[0]?.points ?? [], how.at, zone)
      : undefined;
  if (usual !== undefined && (read.per === undefined || read.per === "s")) {
    details.push(againstUsual(subject, row.value, usual));
    const where = standing(row.value, usual);
    if (tone === "info" && where === "usual") tone = "good";
    const { worse } = bound.concept;
    const far = usual.typical !== 0 && (row.value / usual.typical > 1.5 || row.value / usual.typical < 0.67);
    if (tone === "info" && far && ((worse === "up" && where === "above") || (worse === "down" && where === "below")))
      tone = "warning";
  }
  if (bound.concept.id === "host.uptime") details.push(`Up since ${sayTime(how.at - row.value, now, zone)}.`);
  if (bound.concept.id === "cert.expiry")
    details.push(`It expires on ${sayTime(how.at + row.value, now, zone)} (${dayOf(how.at + row.value)}).`);
  if (bound.concept.id === "deploy.last" || bound.concept.id === "cronjob.last_success")
    details.push(`That was ${sayTime(how.at - row.value, now, zone)} (${dayOf(how.at - row.value)}).`);
  const [other, drawn] = await Promise.all([
    companion(turn, subject),
    history.length === 1 ? chartSeries(turn, how) : undefined,
  ]);
  if (other !== undefined) details.push(other);
  const extremes = extremesIn(turn, subject, how, history);
  if (extremes !== undefined) details.push(extremes);
  if (stale) tone = "warning";
  return answerOf(`${what} is ${value} ${how.when}.`.replace(/ now\.$/, stale ? " at the last sample." : " now."), {
    tone,
    details,
    ...(drawn !== undefined && moves(drawn.points) ? { chart: chartOf(subject, what, drawn, usual) } : {}),
  });
}

/** The other way to say it: a share and the amount behind it. */
const COMPANIONS: Readonly<Record<string, string>> = {
  "host.disk": "host.disk_free",
  "host.disk_free": "host.disk",
  "host.memory": "host.memory_free",
  "host.memory_free": "host.memory",
  "volume.usage": "volume.free",
  "volume.free": "volume.usage",
  "redis.memory": "redis.memory_ratio",
  "redis.memory_ratio": "redis.memory",
  "deployment.available": "deployment.replicas",
  "deployment.replicas": "deployment.available",
  "hpa.current": "hpa.usage",
  "hpa.usage": "hpa.current",
  "pg.connections_ratio": "pg.max_connections",
};

async function companion(turn: Turn, subject: Subject): Promise<string | undefined> {
  const bound = turn.index.byId.get(COMPANIONS[subject.bound.concept.id] ?? "");
  if (bound === undefined || turn.read.window !== undefined || turn.read.brief) return undefined;
  const how = plan(turn.read, { ...subject, bound }, turn.now, turn.zone);
  const answer = await turn.ask.instant(how.promql, { at: how.at });
  if (!answer.ok) return undefined;
  const [row, ...more] = rowsOf(bound, answer.data).rows;
  return row === undefined || more.length > 0 ? undefined : `${capital(bound.concept.name)}: ${say(bound, row.value)}.`;
}

/** A flat line is no picture. */
function moves(points: readonly (readonly [number, number])[]): boolean {
  return points.some(([, value]) => value !== points[0]?.[1]);
}

type Drawn = { readonly points: readonly Point[]; readonly seconds: number };

/** The window of the question, else the last day, up to this minute and fine enough to show a young incident. */
async function chartSeries({ read, ask, now }: Turn, how: Plan): Promise<Drawn | undefined> {
  const end = Math.floor((read.window === undefined ? (read.at?.at ?? now) : Math.min(read.window.to, now)) / 60) * 60;
  const seconds = read.window === undefined ? 86_400 : Math.max(1800, Math.min(31 * 86_400, end - read.window.from));
  const step = Math.max(60, Math.ceil(seconds / 288 / 60) * 60);
  const answer = await ask.range(how.series, { start: end - seconds, end, step }, { background: true });
  const points = answer.ok ? answer.data[0]?.points : undefined;
  return points === undefined ? undefined : { points, seconds };
}

function chartOf(subject: Subject, name: string, { points, seconds }: Drawn, usual: Usual | undefined): Chart {
  return {
    title: `${name}, ${seconds === 86_400 ? "last 24 h" : formatDuration(seconds)}`,
    unit: subject.bound.concept.unit,
    series: [{ name, points }],
    ...(usual === undefined ? {} : { band: { low: usual.low, high: usual.high } }),
    ...(subject.bound.concept.warn === undefined || subject.bound.concept.unit !== "ratio"
      ? {}
      : { threshold: subject.bound.concept.warn }),
  };
}

function extremesIn(
  turn: Turn,
  subject: Subject,
  how: Plan,
  history: Awaited<ReturnType<typeof hourlyHistory>>,
): string | undefined {
  const window = turn.read.window;
  const points = history[0]?.points ?? [];
  if (
    window === undefined ||
    how.form === "count" ||
    turn.read.aggregation === "max" ||
    turn.read.aggregation === "min"
  )
    return undefined;
  const inside = points.filter(([at, value]) => at >= window.from && at <= window.to && Number.isFinite(value));
  if (inside.length < 3) return undefined;
  const low = inside.reduce((a, b) => (b[1] < a[1] ? b : a));
  const high = inside.reduce((a, b) => (b[1] > a[1] ? b : a));
  return `Hourly samples ranged from ${say(subject.bound, low[1])} (${sayTime(low[0], turn.now, turn.zone)}) to ${say(subject.bound, high[1])} (${sayTime(high[0], turn.now, turn.zone)}).`;
}

/** Within this factor of the limits a value is called close to usual: nobody needs to look. */
const CLOSE = 1.25;

function againstUsual(subject: Subject, value: number, usual: Usual): string {
  const whole = subject.bound.concept.unit === "count";
  const share = subject.bound.concept.unit === "ratio" && usual.typical >= 0 && usual.typical <= 1;
  const low = whole ? Math.floor(usual.low) : share ? Math.max(0, usual.low) : usual.low;
  const high = whole ? Math.ceil(usual.high) : share ? Math.min(Math.max(1, value), usual.high) : usual.high;
  if (value === usual.typical) return "That is what it usually is at this hour.";
  const range =
    say(subject.bound, low) === say(subject.bound, high)
      ? say(subject.bound, low)
      : `${say(subject.bound, low)} to ${say(subject.bound, high)}`;
  const where = standing(value, { ...usual, low, high });
  if (where === "usual") return `That is usual for this hour (${range} over ${usual.n} earlier samples).`;
  const ratio = usual.typical === 0 ? undefined : value / usual.typical;
  if (ratio !== undefined && ratio < CLOSE && ratio > 1 / CLOSE)
    return `That is close to the usual ${range} for this hour.`;
  const factor =
    ratio === undefined ? "" : `, ×${Number(ratio.toPrecision(2))} of the typical ${say(subject.bound, usual.typical)}`;
  return `That is ${where} the usual ${range} for this hour${factor}.`;
}

/** Several series: one sum where a sum means something, else the extreme first and the rest as a list. */
function several(turn: Turn, subject: Subject, how: Plan, rows: readonly Row[]): Answer {
  const { concept } = subject.bound;
  const { read } = turn;
  const currencies = new Set(rows.map((row) => row.labels["currency"]));
  const ordered = sorted(rows, concept.worse === "down" ? "low" : "high");
  const list = listed(ordered, (row) => `${row.name}: ${saidPer(turn, subject, row.value, how.form)}`);
  const place = placeWords(subject);
  const additive =
    ["count", "per_s", "per_min", "per_hour", "bytes", "bytes/s", "cores", "money"].includes(concept.unit) &&
    currencies.size < 2;
  const fold =
    read.aggregation === "sum" && additive
      ? "sum"
      : read.aggregation === "avg" && read.window === undefined
        ? "avg"
        : currencies.size > 1
          ? "none"
          : concept.fold;
  const name = nameWithQuantile(subject, read.quantile, how.form);
  if (fold === "sum" || fold === "avg") {
    const total = rows.reduce((sum, row) => sum + row.value, 0) / (fold === "avg" ? rows.length : 1);
    const words = fold === "avg" ? "on average" : "in total";
    return answerOf(`${capital(name)}${place} is ${saidPer(turn, subject, total, how.form)} ${words} ${how.when}.`, {
      list,
      tone: "info",
    });
  }
  const [first] = ordered;
  if (first === undefined) return answerOf(`${capital(name)} has no value.`);
  if (concept.id === "cert.expiry")
    return answerOf(`The certificate of ${first.name} expires first: in ${say(subject.bound, first.value)}.`, {
      tone: toneOf(subject, first.value),
      list,
    });
  const extreme = concept.worse === "down" ? "lowest" : "highest"; // single peaks at different times make no sum
  return answerOf(
    `${capital(name)}${place} is ${extreme} on ${first.name}: ${saidPer(turn, subject, first.value, how.form)} ${how.when}.`,
    {
      tone: toneOf(subject, first.value),
      list,
    },
  );
}

function thresholdAnswer(turn: Turn, subject: Subject, how: Plan, rows: readonly Row[]): Answer {
  const { concept } = subject.bound;
  const threshold = turn.read.threshold;
  if (threshold === undefined) return several(turn, subject, how, rows);
  const limit = threshold.valueIn(concept.unit);
  if (limit === undefined) {
    const all = rows.length === 1 ? rows.map((row) => say(subject.bound, row.value, how.form)).join("") : "";
    return {
      ...several(turn, subject, how, rows),
      verdict: `I cannot compare ${concept.name} with that limit: it is in another unit${all === "" ? "" : ` (${all} now)`}.`,
      tone: "warning",
    };
  }
  const matching = sorted(
    rows.filter((row) => meets(row.value, threshold.op, limit)),
    threshold.op.startsWith("<") ? "low" : "high",
  );
  const words = sayThreshold(threshold.op, concept.unit === "bool" ? String(limit) : formatValue(limit, concept.unit));
  const name = nameWithQuantile(subject, turn.read.quantile, how.form);
  const what = concept.rows.includes("mountpoint") ? "filesystem" : concept.about === "" ? "series" : concept.about;
  const thing = plural(what, rows.length);
  const told =
    concept.id === "deploy.last"
      ? `deployed in the last ${formatDuration(limit)}`
      : concept.id === "cert.expiry"
        ? `with a certificate that expires within ${formatDuration(limit)}`
        : undefined;
  if (told !== undefined && matching.length > 0) {
    return answerOf(
      `${matching.length} of ${rows.length} ${thing} ${told}: ${matching
        .slice(0, 8)
        .map((row) => row.name)
        .join(", ")}${matching.length > 8 ? ", …" : ""}.`,
      {
        tone: concept.id === "cert.expiry" ? "warning" : "info",
        list: listed(
          matching,
          (row) =>
            `${row.name}: ${concept.id === "cert.expiry" ? "in " : ""}${say(subject.bound, row.value, how.form)}${concept.id === "deploy.last" ? " ago" : ""}`,
        ),
      },
    );
  }
  if (matching.length === 0) {
    const [closest] = sorted(rows, threshold.op.startsWith("<") ? "low" : "high");
    return answerOf(`None: no ${what} has ${name} ${words} ${how.when} (${rows.length} checked).`, {
      tone: "good",
      details:
        closest === undefined
          ? []
          : [`The closest is ${closest.name} with ${say(subject.bound, closest.value, how.form)}.`],
    });
  }
  if (rows.length === 1) {
    const [row] = matching;
    return answerOf(
      `${leadOf(turn, true) || "Yes: "}${title(subject, row, turn.read.quantile, how.form)} is ${say(subject.bound, row?.value ?? Number.NaN, how.form)} ${how.when}, ${words}.`,
      { tone: "warning" },
    );
  }
  return answerOf(
    `${leadOf(turn, true)}${matching.length} of ${rows.length} ${thing} with ${name} ${words} ${how.when}.`,
    {
      tone: "warning",
      list: listed(matching, (row) => `${row.name}: ${say(subject.bound, row.value, how.form)}`),
    },
  );
}

function boolAnswer(turn: Turn, subject: Subject, rows: readonly Row[], how: Plan): Answer {
  const when = how.when === "now" ? "" : ` ${how.when}`;
  const { bound } = subject;
  const { concept } = bound;
  const { asksForBad } = turn.read;
  const isBad = (row: Row): boolean =>
    concept.worse === "down" ? row.value === 0 : concept.worse === "up" ? row.value !== 0 : false;
  const bad = rows.filter(isBad);
  const [only] = rows;
  if (only !== undefined && rows.length === 1) {
    const state = say(bound, only.value);
    const name = only.name === "" ? capital(placeName(subject)) : only.name;
    const good = concept.worse === "none" ? only.value !== 0 : !isBad(only);
    const lead =
      concept.worse === "none" ? (good ? "Yes" : "No") : asksForBad ? (good ? "No" : "Yes") : good ? "Yes" : "No";
    return answerOf(`${lead}: ${name} is ${state}${when}.`, {
      tone: good || concept.worse === "none" ? "good" : "danger",
    });
  }
  if (concept.worse === "none")
    return answerOf(
      `${capital(concept.name)}: ${rows.filter((row) => row.value !== 0).length} of ${rows.length} are on.`,
      { list: listed(rows, (row) => `${row.name}: ${say(bound, row.value)}`) },
    );
  if (bad.length === 0) {
    const fine =
      concept.worse === "down"
        ? `all ${rows.length} are ${say(bound, 1)}`
        : `none of ${rows.length} is ${say(bound, 1)}`;
    return answerOf(`${asksForBad ? "No" : "Yes"}: ${fine}${when}.`, {
      tone: "good",
      list: listed(rows, (row) => `${row.name}: ${say(bound, row.value)}`),
    });
  }
  return answerOf(
    `${asksForBad ? "Yes" : "No"}: ${bad.map((row) => row.name).join(", ")} ${bad.length === 1 ? "is" : "are"} ${say(bound, concept.worse === "down" ? 0 : 1)} (${bad.length} of ${rows.length})${when}.`,
    {
      tone: "danger",
      list: listed(bad, (row) => `${row.name}: ${say(bound, row.value)}`),
    },
  );
}

/** Concepts whose answer is a label: a version, a reason. */
function shown(turn: Turn, subject: Subject, rows: readonly Row[], how: Plan): Answer {
  const when = how.when === "now" ? "" : ` (${how.when})`;
  const { bound } = subject;
  const label = bound.concept.shows ?? "*";
  const textOf = (row: Row): string =>
    label === "*"
      ? Object.entries(row.labels)
          .filter(([name]) => name !== "__name__" && name !== "job")
          .map(([name, value]) => `${name} ${inertName(value)}`)
          .join(", ")
      : inertName(row.labels[label] ?? "unknown");
  const [only] = rows;
  const bad = bound.concept.worse === "up";
  if (only !== undefined && rows.length === 1) {
    const name = only.name === "" ? placeName(subject) : only.name;
    const namespace =
      only.labels["namespace"] === undefined ? "" : ` (namespace ${inertName(only.labels["namespace"])})`;
    const verdict = bad
      ? `${name}${namespace}: ${textOf(only)}.`
      : `${capital(bound.concept.name)}${name === "" ? "" : ` of ${name}`}: ${textOf(only)}.`;
    return answerOf(bad && turn.read.yesNo ? `Yes: ${verdict}` : verdict, { tone: bad ? "danger" : "info" });
  }
  const verdict = bad
    ? `${rows.length} found: ${bound.concept.name}${when}.`
    : `${capital(bound.concept.name)}: ${rows.length} series.`;
  return answerOf(verdict, {
    tone: bad ? "danger" : "info",
    list: listed(rows, (row) => `${row.name}: ${textOf(row)}`),
  });
}

async function nothing(turn: Turn, subject: Subject): Promise<Answer> {
  const { bound } = subject;
  const place = placeWords(subject);
  if (
    bound.concept.worse === "up" &&
    turn.read.at === undefined &&
    turn.read.window === undefined &&
    /(?:==\s*1|>\s*0)\s*$/.test(bound.concept.promql)
  ) {
    return answerOf(`No: nothing found for ${bound.concept.name}${place}; none right now.`, {
      tone: "good",
      notes: ["Prometheus answered with no such series."],
    });
  }
  const { now, zone } = turn;
  const then =
    turn.read.at?.at ??
    (turn.read.window !== undefined && turn.read.window.to < now - 600 ? turn.read.window.to : undefined);
  if (then !== undefined) {
    return answerOf(
      `No data for ${bound.concept.name}${place} at ${sayTime(then, now, zone)}: Prometheus has no sample of it then.`,
      {
        tone: "warning",
        details: ["That time may lie before what Prometheus keeps, or the thing did not exist yet."],
      },
    );
  }
  const reading = await whyMissing(turn, subject);
  switch (reading.kind) {
    case "down":
      return answerOf(
        `No current data for ${bound.concept.name}${place}: ${inertName(reading.target)} is down, its last scrape failed.`,
        {
          tone: "danger",
          details:
            reading.lastSeen === undefined
              ? []
              : [
                  `Last seen ${sayTime(reading.lastSeen, now, zone)}, ${formatDuration(Math.round(now - reading.lastSeen))} ago.`,
                ],
          next: [askButton("Which targets are down?"), askButton("Show active alerts")],
        },
      );
    case "stale":
      return answerOf(
        `No current data for ${bound.concept.name}${place}: the series stopped ${formatDuration(Math.round(reading.ageSeconds))} ago.`,
        {
          tone: "warning",
          details: [`Last seen ${sayTime(reading.at, now, zone)}.`],
        },
      );
    case "failed":
      return couldNotAsk(subject, reading.reason);
    default:
      return answerOf(`No data: there is no such series for ${bound.concept.name}${place}.`, {
        tone: "warning",
        details: ["Prometheus answered, and knows nothing that fits."],
      });
  }
}

function tooMuch(subject: Subject, reason: string): Answer {
  return answerOf(
    `I did not ask for ${subject.bound.concept.name}${placeWords(subject)}: the query would be too much.`,
    { tone: "warning", details: [reason] },
  );
}

/** Prometheus could not be asked, which says nothing about the thing itself. */
export function couldNotAsk(subject: Subject, reason: string): Answer {
  return answerOf(`I could not ask Prometheus for ${subject.bound.concept.name}${placeWords(subject)}.`, {
    tone: "danger",
    details: [`${reason}`, "This says nothing about the system itself."],
  });
}

function notANumber(subject: Subject, how: Plan): Answer {
  return answerOf(
    `${capital(subject.bound.concept.name)}${placeWords(subject)} has no value ${how.when}: the result is not a number (0/0).`,
    {
      tone: "warning",
      details: ["That is what Prometheus says when there was nothing to divide by, such as no requests in the window."],
    },
  );
}

function caveats(turn: Turn, subject: Subject, notNumbers: number): string[] {
  const notes: string[] = [];
  for (const guess of turn.read.guesses) notes.push(`I read “${inertName(guess.typed)}” as ${inertName(guess.meant)}.`);
  if (notNumbers > 0) notes.push(`${notNumbers} series had no number (0/0).`);
  for (const mention of subject.unused)
    if (mention.strong && scopeOf({ mentions: [mention] }).length > 0)
      notes.push(
        `${inertName(mention.text)} is not a label of ${subject.bound.metric.name}, so it did not narrow the answer.`,
      );
  return notes;
}

// ---------------------------------------------------------------- words

function saidPer(turn: Turn, subject: Subject, value: number, form: "rate" | "count"): string {
  const { per } = turn.read;
  const { unit, noun } = subject.bound.concept;
  if (form === "rate" && unit === "per_s" && per !== undefined && per !== "s") {
    return per === "min"
      ? formatValue(value * 60, "per_min", { noun })
      : per === "hour"
        ? formatValue(value * 3600, "per_hour", { noun })
        : `${formatValue(Math.round(value * 86_400), "count", { noun })} per day`;
  }
  return say(subject.bound, value, form);
}

function toneOf(subject: Subject, value: number): Tone {
  const { worse, warn, critical } = subject.bound.concept;
  const passed = (limit: number | undefined): boolean =>
    limit !== undefined && (worse === "up" ? value >= limit : worse === "down" && value <= limit);
  if (passed(critical)) return "danger";
  return passed(warn) ? "warning" : "info";
}

function title(subject: Subject, row: Row | undefined, quantile: number | undefined, form: Plan["form"]): string {
  const name = nameWithQuantile(subject, quantile, form);
  const place = row === undefined || row.name === "" ? placeName(subject) : row.name;
  return capital(place === "" ? name : `${name} of ${place}`);
}

/** "p95 latency" where the concept is a quantile, "request count" where it is counted. */
export function nameWithQuantile(subject: Subject, quantile: number | undefined, form: Plan["form"] = "rate"): string {
  const { concept } = subject.bound;
  const code = subject.filters
    .flatMap((filter) => (/code|status/.test(filter.label) ? filter.values : []))
    .find((value) => /^[1-5]\d\d$/.test(value));
  if (code !== undefined && concept.about === "service" && concept.unit !== "ratio")
    return `responses with status ${code}`;
  if (form === "count") return concept.name.replace(/ rate\b/, " count");
  if (!concept.promql.includes("$quantile")) return concept.name;
  return `p${Number(((quantile ?? 0.95) * 100).toPrecision(5))} ${concept.name}`;
}

export function placeName(subject: Subject): string {
  const told = new Set(
    subject.filters
      .filter((filter) => filter.label === subject.bound.concept.shows)
      .flatMap((filter) => filter.values.map((value) => value.toLowerCase())),
  );
  return subject.mentions
    .filter((mention) => !told.has(mention.text.toLowerCase()))
    .filter((mention) => !/^[1-5]\d\ds?$/.test(mention.text))
    .map((mention) => inertName(mention.entities[0]?.name ?? mention.text))
    .join(", ");
}

export function placeWords(subject: Subject): string {
  const name = placeName(subject);
  return name === "" ? "" : ` of ${name}`;
}

export function capital(text: string): string {
  return /^[a-z]+(?:\s|$)/.test(text) ? capitalFirst(text) : text;
}

function plural(word: string, count: number): string {
  return count === 1 || word.endsWith("s") ? word : `${word}s`;
}

export function listed(rows: readonly Row[], line: (row: Row) => string): string[] {
  const lines = rows.slice(0, SHOWN).map(line);
  if (rows.length > SHOWN) lines.push(`… and ${rows.length - SHOWN} more; narrow the question to see them.`);
  return lines;
}

function dayOf(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 16).replace("T", " ");
}

/** The measure and the thing in words that can be asked again: "p95 latency of checkout". */
export function askAgain(subject: Subject, quantile: number | undefined): string {
  return `${nameWithQuantile(subject, quantile)}${placeWords(subject)}`;
}

function nextSteps(turn: Turn, subject: Subject): Button[] {
  const name = subject.mentions.length === 1 ? placeName(subject) : "";
  const { id, about } = subject.bound.concept;
  if (name === "") return [askButton("What is unusual right now?")];
  const before = askButton("Compared to yesterday", `${askAgain(subject, turn.read.quantile)} compared to yesterday`);
  if (about === "service")
    return [
      askButton(`Why? (${name})`, `why is ${name} ${id === "service.errors" ? "failing" : "slow"}`),
      before,
      askButton(`How is ${name}?`, `how is ${name} doing`),
    ];
  return [before, askButton(`Alerts for ${name}`, `are there alerts for ${name}`)];
}

/** "Yes: " or "No: " for a question that wants one. A question about the good state is answered "no" by bad rows. */
function leadOf(turn: Turn, found: boolean): string {
  const { yesNo, asksForBad, limitImplied } = turn.read;
  if (!yesNo) return "";
  return found === (asksForBad || limitImplied !== true) ? "Yes: " : "No: ";
}

/** A change in words, for other answers. */
export function sayChange(subject: Subject, from: number, to: number): string {
  return formatChange(from, to, subject.bound.concept.unit, { noun: subject.bound.concept.noun }).text;
}
