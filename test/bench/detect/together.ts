import { SeriesDetector } from "../../../src/core/anomaly/detector.ts";
import { JointDetector } from "../../../src/core/anomaly/joint.ts";
import type { SeriesModel } from "../../../src/demo/model.ts";
import { createWorld, type World } from "../../../src/demo/world.ts";
import { randomNumbers } from "../../tools/random.ts";

/** Minutes between rows, days of them, and from which day on alerts count. */
const STEP = 60;
const DAYS = 8;
const LEARNED = 2;
const GRACE = 1800;

/** Metrics of one thing at even times: one row of values a step. */
type Thing = { readonly name: string; readonly metrics: readonly string[]; readonly columns: readonly Float64Array[] };

/**
 * Several metrics together: false alarms on quiet things, and how often it finds that they do not go together any more while every single one
 * is as it always was, which the detector of single series cannot see by its nature. Of things that are made, and of hosts and services of the
 * demo's world, in whose two weeks incidents of its own are.
 */
export function togetherFigures(): readonly string[] {
  const things = Array.from({ length: 40 }, (_, i) => madeThing(1000 + i));
  const quiet = things.map((thing) => alertsOf(thing));
  const days = things.length * (DAYS - LEARNED);
  const false_ = quiet.reduce((sum, { together }) => sum + together.length, 0);
  const singles = quiet.reduce((sum, { single }) => sum + single.length, 0);
  const tally = { put: 0, together: 0, single: 0, late: [] as number[] };
  for (const [index, thing] of things.entries()) {
    const { changed, from, to } = withCpuOfAnother(thing, madeThing(5000 + index), index);
    const found = alertsOf(changed);
    const within = (list: readonly number[]) => list.find((at) => at >= from && at <= to + GRACE / STEP);
    const at = within(found.together);
    tally.put++;
    if (at !== undefined) {
      tally.together++;
      tally.late.push(((at - from) * STEP) / 60);
    }
    // What the same series says in the same hours without the change is no finding.
    if (within(found.single) !== undefined && within(quiet[index]?.single ?? []) === undefined) tally.single++;
  }
  const median = tally.late.sort((a, b) => a - b)[Math.floor(tally.late.length / 2)];
  const world = worldThings();
  const own = world.map((thing) => alertsOf(thing));
  const worldDays = world.length * (DAYS - LEARNED);
  const ofWorld = own.reduce((sum, { together }) => sum + together.length, 0);
  const alone = own.reduce((sum, { together, single }) => {
    return sum + together.filter((at) => !single.some((other) => Math.abs(other - at) <= 60)).length;
  }, 0);
  return [
    `together, ${things.length} quiet things of 4 metrics: ${(false_ / days).toFixed(4)} alerts a day and thing (${false_} in ${days} days); their single series ${(singles / days / 4).toFixed(3)} a day and series`,
    `together, one metric as on another day for three hours: ${tally.together} of ${tally.put} found, after ${median} min in the median; by single series ${tally.single}`,
    `together, ${world.length} hosts and services of the demo's world with its own incidents: ${(ofWorld / worldDays).toFixed(3)} alerts a day and thing, ${(alone / worldDays).toFixed(3)} of them with no alert of a single series within the hour`,
  ];
}

function alertsOf({ metrics, columns }: Thing): {
  readonly together: readonly number[];
  readonly single: readonly number[];
} {
  const joint = new JointDetector({
    stepSeconds: STEP,
    metrics: metrics.length,
    trees: 100,
    contamination: 0.01,
    seed: 1,
  });
  const ways = metrics.map((name) => (name === "traffic" ? "both" : "up"));
  const singles = metrics.map(() => new SeriesDetector({ stepSeconds: STEP, sensitivity: "low" }));
  const first = (LEARNED * 86_400) / STEP;
  const together: number[] = [];
  const single: number[] = [];
  let silentUntil = 0;
  for (let i = 0; i < columns[0]!.length; i++) {
    const at = (i + 1) * STEP * 1000;
    const row = columns.map((values) => values[i]!);
    // What goes on is one alert, as the anomaly that it opens is one.
    if (joint.observe(at, row, ways)?.isAlert === true) {
      if (i >= silentUntil && i >= first) together.push(i);
      silentUntil = i + 30;
    }
    for (const [metric, detector] of singles.entries())
      if (detector.observe(at, row[metric]!).isAlert && i >= first) single.push(i);
  }
  return { together, single };
}

/** Traffic by the time of day and with waves of its own, and cpu, load and memory that follow it. */
function madeThing(seed: number): Thing {
  const random = randomNumbers(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const count = (DAYS * 86_400) / STEP;
  const [traffic, cpu, load, memory] = Array.from({ length: 4 }, () => new Float64Array(count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const phase = random() * 86_400;
  let [slow, quick, held] = [0, 0, 0.5];
  for (let i = 0; i < count; i++) {
    slow = 0.997 * slow + 0.0775 * normal();
    quick = 0.9 * quick + 0.436 * normal();
    const day = Math.sin(((i * STEP + phase) / 86_400) * 2 * Math.PI);
    const is = Math.max(5, 100 + 25 * day + 22 * slow + 4 * quick);
    traffic[i] = is + 2 * normal();
    cpu[i] = 0.05 + 0.0035 * is + 0.015 * normal();
    load[i] = 0.3 + 0.02 * is + 0.15 * normal();
    held += 0.02 * (0.35 + 0.001 * is - held);
    memory[i] = held + 0.003 * normal();
  }
  return { name: `made ${seed}`, metrics: ["traffic", "cpu", "load", "memory"], columns: [traffic, cpu, load, memory] };
}

/**
 * For three hours cpu and load go their way as if traffic were another one of the same kind: moved in without a step where the two cross, so that no
 * single metric does what it does not do every day.
 */
function withCpuOfAnother(thing: Thing, other: Thing, seed: number) {
  const random = randomNumbers(seed);
  const length = (3 * 3600) / STEP;
  const [traffic, cpu, load, memory] = thing.columns as [Float64Array, Float64Array, Float64Array, Float64Array];
  const [, elsewhere, loadElsewhere] = other.columns as [Float64Array, Float64Array, Float64Array];
  let from = Math.floor(((LEARNED + 1 + random() * (DAYS - LEARNED - 2)) * 86_400) / STEP);
  for (
    let tries = 0;
    tries < 1440;
    tries++, from = from + 1 < traffic.length - length ? from + 1 : (LEARNED * 86_400) / STEP
  ) {
    const apart = Math.abs(elsewhere[from]! - cpu[from]!);
    const later = Math.abs(elsewhere[from + 60]! - cpu[from + 60]!);
    if (apart < 0.01 && later > 0.06) break;
  }
  const changed = [traffic, cpu.slice(), load.slice(), memory];
  for (let i = from; i < from + length; i++) {
    changed[1]![i] = elsewhere[i]!;
    changed[2]![i] = loadElsewhere[i]!;
  }
  return { changed: { ...thing, columns: changed }, from, to: from + length };
}

/** Hosts and services of the demo's world as an automatic watch asks for them: rates over five minutes. */
function worldThings(): readonly Thing[] {
  const world = createWorld({ now: Date.UTC(2026, 0, 19) / 1000 });
  const label = (name: string, key: (one: SeriesModel) => string, keep: (one: SeriesModel) => boolean = () => true) =>
    Map.groupBy((world.families.get(name)?.series ?? []).filter(keep), key);
  const host = ({ target }: SeriesModel) => target.instance;
  const service = ({ labels }: SeriesModel) => labels["service"] ?? "";
  const idle = label("node_cpu_seconds_total", host, ({ labels }) => labels["mode"] === "idle");
  const load = label("node_load1", host);
  const free = label("node_memory_MemAvailable_bytes", host);
  const sent = label("node_network_transmit_bytes_total", host);
  const requests = label("http_requests_total", service);
  const failed = label("http_requests_total", service, ({ labels }) => labels["code"] === "500");
  const flight = label("http_requests_in_flight", service);
  const durations = (suffix: string) =>
    label("http_request_duration_seconds", service, ({ name }) => name.endsWith(suffix));
  const [sums, counts] = [durations("_sum"), durations("_count")];
  const hosts = [...idle.keys()].map((name) => ({
    name,
    parts: {
      cpu: (at: number) => 2 - rateOf(idle.get(name), at),
      memory: (at: number) => -levelOf(free.get(name), at),
      load: (at: number) => levelOf(load.get(name), at),
      traffic: (at: number) => rateOf(sent.get(name), at),
    },
  }));
  const services = [...requests.keys()].map((name) => ({
    name,
    parts: {
      traffic: (at: number) => rateOf(requests.get(name), at),
      errors: (at: number) => rateOf(failed.get(name), at) / rateOf(requests.get(name), at),
      latency: (at: number) => rateOf(sums.get(name), at) / rateOf(counts.get(name), at),
      flight: (at: number) => levelOf(flight.get(name), at),
    },
  }));
  return [...hosts, ...services].map(({ name, parts }) => sampled(world, name, parts));
}

function sampled(world: World, name: string, parts: Readonly<Record<string, (at: number) => number>>): Thing {
  const count = (DAYS * 86_400) / STEP;
  const start = world.end - DAYS * 86_400;
  const columns = Object.values(parts).map((value) =>
    Float64Array.from({ length: count }, (_, i) => value(start + i * STEP)),
  );
  return { name, metrics: Object.keys(parts), columns };
}

function levelOf(list: readonly SeriesModel[] | undefined, at: number): number {
  return (list ?? []).reduce((sum, one) => sum + (one.value(at) ?? 0), 0);
}

function rateOf(list: readonly SeriesModel[] | undefined, at: number): number {
  return (list ?? []).reduce((sum, one) => {
    const [before, after] = [one.value(at - 300), one.value(at)];
    if (before === undefined || after === undefined) return sum;
    return sum + (after >= before ? after - before : after) / 300;
  }, 0);
}
