import { sayIn, sayRange } from "../core/plot.ts";
import { formatDuration, formatValue, type Unit } from "../core/units.ts";
import { type Anomaly, factorOf } from "../core/watch/anomaly.ts";
import { nameOf } from "../core/watch.ts";
import { sayMoment, sayTime } from "../core/zone.ts";
import { never } from "../util/never.ts";
import { sayFactor } from "./anomaly-why.ts";

/** One anomaly in one line, as lists and titles have it. */
export function titleOf(one: Anomaly, { now, zone }: { readonly now: number; readonly zone: string }): string {
  const name = nameIn(one);
  const what = one.kind === "ahead" ? aheadOf(one, now, zone) : stateOf(one);
  if (one.kind === "replaced") return `${upperFirst(name)}${what}, noticed ${sayMoment(one.since, now, zone)}`;
  if (one.status === "open") {
    const since = one.kind === "gone" || one.kind === "ahead" ? "" : `, since ${sayTime(one.since, now, zone)}`;
    return `${upperFirst(name)}${what}${since}`;
  }
  const ended = one.endedAt ?? now;
  if (one.kind === "ahead" && hasCome(one))
    return `It came to that ${sayMoment(ended, now, zone)}: ${name} ${wasOf(one)}`;
  if (one.kind === "ahead") return `Over since ${sayTime(ended, now, zone)}: ${name} ${wasOf(one)}`;
  if (one.kind === "reset") return `${upperFirst(name)} began anew ${sayMoment(one.since, now, zone)}`;
  const lasted = formatDuration(Math.max(60, Math.round((ended - one.since) / 60) * 60));
  return `Over since ${sayTime(ended, now, zone)}: ${name}${pastOf(what)}, for ${lasted}`;
}

/** What is so, or was, without since when: "p95 latency of orders: 2.39 s, 6.1 times its usual 310 to 480 ms". */
export function sentenceOf(one: Anomaly): string {
  const what = stateOf(one);
  return `${nameIn(one)}${one.status === "open" ? what : pastOf(what)}`;
}

/** ": 2.39 s" -> " was 2.39 s", " does not answer" -> " did not answer". */
function pastOf(what: string): string {
  return what
    .replace(/^: /, " was ")
    .replace(/^ does not/, " did not")
    .replace(/^ has no data any more/, " had no data")
    .replace(/^ has no data/, " had no data")
    .replace(/^ cannot/, " could not")
    .replace(/^ fails/, " failed");
}

/** " fails: 3 of its last 3 runs, 4 of the 100 before". */
function failingOf({ runs }: Anomaly): string {
  if (runs === undefined) return " fails";
  const { failed, of, before } = runs;
  const told = of === 1 ? "its last run" : `${failed} of its last ${of} runs`;
  return ` fails: ${told}, ${before.failed === 0 ? "none" : before.failed} of the ${before.of} before`;
}

/** ": 2.39 s, 6.1 times its usual 310 to 480 ms", with what stands between it and the name. */
function stateOf(one: Anomaly): string {
  switch (one.kind) {
    case "ahead":
      return ` ${willOf(one)}`;
    case "unusual":
      return levelOf(one);
    case "down":
      return " does not answer: its scrapes fail";
    case "gone":
      return " has no data any more: its series ended";
    case "reset":
      return " began anew";
    case "restarting":
      return restartsOf(one);
    case "silent":
      return " has no data: the query returns nothing any more";
    case "unreachable":
      return " cannot be asked";
    case "failing":
      return failingOf(one);
    case "replaced":
      return replacedOf(one);
    default:
      return never(one.kind);
  }
}

/** " restarted 5 times in 40 min: its counters began anew" */
function restartsOf({ restarts, since }: Anomaly): string {
  if (restarts === undefined) return " restarted again and again";
  const within = formatDuration(Math.max(60, Math.round((restarts.last - since) / 60) * 60));
  return ` restarted ${restarts.count} times in ${within}: its counters began anew`;
}

/** " was replaced 62 d before it was due": the one before had its usual time left, the new one has its value. */
function replacedOf({ value = 0, usual }: Anomaly): string {
  const days = (seconds: number) => formatDuration(Math.max(0, Math.round(seconds / 3600) * 3600), { parts: 1 });
  const wasLeft = usual?.typical ?? 0;
  return value < wasLeft
    ? ` was replaced by one that ends sooner: in ${days(value)}, where the one before had ${days(wasLeft)} left`
    : ` was replaced ${days(wasLeft)} before it was due`;
}

function willOf({ reaches }: Anomaly): string {
  return reaches?.will ?? "will be used up";
}

/** Whether what was said to be ahead is there: no good end. */
export function hasCome({ status, value, direction, reaches }: Anomaly): boolean {
  if (status !== "over" || value === undefined || reaches === undefined) return false;
  return direction === "up" ? value >= reaches.limit : value <= reaches.limit;
}

/** "was about to be full", "was about to expire". */
function wasOf(one: Anomaly): string {
  return willOf(one)
    .replace(/^will /, "was about to ")
    .replace(/^expires$/, "was about to expire");
}

/** " will be full about 21:40 UTC, in 3 h 20 min": the time that is left is of when the message is drawn. */
function aheadOf(one: Anomaly, now: number, zone: string): string {
  const { reaches } = one;
  if (reaches === undefined) return ` ${willOf(one)}`;
  const left = reaches.at - now;
  const when = sayMoment(reaches.at, now, zone);
  const inTime =
    left < 60 ? "" : `, in ${reaches.by === "date" ? "" : "about "}${formatDuration(Math.round(left / 60) * 60)}`;
  return ` ${willOf(one)} ${reaches.by === "date" ? when : `about ${when.replace(/^(?:at|on) /, "")}`}${inTime}`;
}

function levelOf(one: Anomaly): string {
  const { value, usual, together } = one;
  if (value === undefined) return " is unusual";
  const said = sayValue(one, value);
  if (usual === undefined) return `: ${said}`;
  const range = sayUsual(one.unit, usual);
  const factor = factorOf(one);
  const isOutside = value > usual.high || value < usual.low;
  if (together !== undefined) return `: ${said}, where its other metrics suggest ${range}`;
  if (!isOutside) return `: ${said}, unlike its usual course (${range})`;
  if (factor !== undefined && factor >= 1.5) return `: ${said}, ${sayFactor(factor)} its usual ${range}`;
  return `: ${said}, ${value > usual.high ? "above" : "below"} its usual ${range}`;
}

/** "310 to 480 ms"; one value where both ends are said the same. */
export function sayUsual(unit: string, { low, high }: { readonly low: number; readonly high: number }): string {
  return sayIn(unit, low) === sayIn(unit, high) ? sayIn(unit, low) : sayRange(unit, { low, high });
}

export function sayValue({ unit, noun }: Anomaly, value: number): string {
  const said = formatValue(value, unit as Unit, unit === "money" ? { currency: noun } : { noun });
  // "1 replica", not "1 replicas"
  return noun.endsWith("s") && said === `1 ${noun}` ? said.slice(0, -1) : said;
}

/** "p95 latency of orders"; targets and sources are called by their names. */
export function nameIn({ kind, measure, subject }: Anomaly): string {
  if (kind === "restarting" && subject !== "") return subject;
  return kind === "down" || kind === "unreachable" || kind === "failing"
    ? `${measure} ${subject}`
    : nameOf(measure, subject);
}

export function upperFirst(name: string): string {
  return /^[a-z]\d/.test(name) ? name : `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
