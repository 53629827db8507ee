import { writeFileSync } from "node:fs";
import { createSources } from "../app/outside.ts";
import { titleOf } from "../cards/anomaly-title.ts";
import { lookOf, renderCard } from "../chat/terminal/index.ts";
import { parseDuration } from "../config/values.ts";
import type { Config } from "../config.ts";
import type { Card, Chart } from "../core/card.ts";
import { unitOfQuery } from "../core/query-unit.ts";
import { formatDuration } from "../core/units.ts";
import type { Anomaly } from "../core/watch/anomaly.ts";
import type { Direction, Sensitivity, Watch } from "../core/watch.ts";
import { rfc3339, sayTime } from "../core/zone.ts";
import { type Backtest, backtest, isPosted } from "../flows/detect/backtest.ts";
import { lookAtQuery } from "../metrics/look.ts";
import type { Metrics } from "../ports/metrics.ts";
import { reasonOf } from "../util/errors.ts";
import { quietLog } from "./bot.ts";
import { type Call, EXIT, flag, readNow, STOPPING, UsageError } from "./command.ts";
import { progressOn } from "./progress.ts";
import { readConfig } from "./settings.ts";

/** With what is only learnt from, a query may reach back 31 days. */
const MOST_DAYS = 28;
const LEARN_DAYS = 3;
const LEARN_MOST = 14;
const LISTED = 20;

/**
 * `backtest "PromQL" --days N`: what a watch of that query would have posted, on the user's own data. Exit code 1 when Prometheus could not
 * be asked or returned nothing.
 */
export async function run(call: Call): Promise<number> {
  const [promql, ...more] = call.words;
  if (promql === undefined || more.length > 0)
    throw new UsageError('backtest wants one query in quotes: backtest "rate(http_requests_total[5m])" --days 7.');
  const look = lookAtQuery(promql);
  if (!look.ok) throw new UsageError(look.reason);
  const config = readConfig(call);
  const days = readDays(call);
  const stepSeconds = readStep(call, config);
  const now = readNow(call) ?? Date.now() / 1000;
  const direction = oneOf<Direction>(call, "direction", ["up", "down", "both"], "both");
  const sensitivity = oneOf<Sensitivity>(call, "sensitivity", ["low", "normal", "high"], "normal");
  const progress = progressOn(call);
  const stop = new AbortController();
  const onSignal = () => stop.abort(new Error("stopped"));
  for (const signal of STOPPING) process.once(signal, onSignal);
  const made = await createSources(config, () => now, quietLog(config), undefined, config.dataDir);
  try {
    const source = pick(made.sources, flag(call, "source"));
    const catalogue = await source.catalogue(stop.signal);
    const unit = unitOfQuery(promql, catalogue).unit;
    const watch: Watch = {
      ...{ id: "backtest", name: "value", source: source.name, promql, direction, sensitivity },
      ...{ most: "critical" as const, origin: "file" as const, rank: 0 },
    };
    const learnDays = Math.min(LEARN_MOST, Math.max(LEARN_DAYS, 31 - days - 0.1), 31 - days - 0.1);
    const result = await backtest({
      ...{ source, watch, unit, look, days, learnDays, stepSeconds, now },
      zone: config.timezone,
      most: config.detection.seriesPerWatch,
      signal: stop.signal,
      progress: (share) => progress.show(share, "read and judged"),
    });
    progress.end();
    const out = flag(call, "out");
    if (out !== undefined) await drawTo(out, chartOf(result, promql, unit), config.timezone, call);
    if (call.flags.json === true) call.stdout.write(`${JSON.stringify(jsonOf(result, watch, stepSeconds))}\n`);
    else
      call.stdout.write(
        renderCard(cardOf(result, watch, unit, stepSeconds, config), lookOf(call.stdout, call.env, config.timezone)),
      );
    return EXIT.ok;
  } catch (problem) {
    if (!(problem instanceof RangeError) && !stop.signal.aborted) throw problem;
    call.stderr.write(`smartcloudops: ${reasonOf(problem)}\n`);
    return EXIT.failed;
  } finally {
    progress.end();
    for (const signal of STOPPING) process.off(signal, onSignal);
    await made.stop();
  }
}

function readDays(call: Call): number {
  const said = flag(call, "days") ?? "7";
  const days = Number(said);
  if (/^\d+(\.\d+)?$/.test(said) && days >= 0.5 && days <= MOST_DAYS) return days;
  throw new UsageError(`--days must be a number from 0.5 to ${MOST_DAYS}: it is ${JSON.stringify(said)}.`);
}

function readStep(call: Call, { detection }: Config): number {
  const said = flag(call, "step");
  if (said === undefined) return detection.everySeconds;
  const seconds = (parseDuration(said) ?? 0) / 1000;
  if (seconds >= 10 && seconds <= 3600) return seconds;
  throw new UsageError(`--step must be a duration from 10s to 1h, such as 1m: it is ${JSON.stringify(said)}.`);
}

function oneOf<T extends string>(call: Call, name: string, known: readonly T[], otherwise: T): T {
  const said = flag(call, name);
  if (said === undefined) return otherwise;
  const found = known.find((one) => one === said);
  if (found !== undefined) return found;
  throw new UsageError(
    `--${name} must be ${known.slice(0, -1).join(", ")} or ${known.at(-1)}: it is ${JSON.stringify(said)}.`,
  );
}

function pick(sources: readonly Metrics[], named: string | undefined): Metrics {
  const found = named === undefined ? sources[0] : sources.find(({ name }) => name === named);
  if (found !== undefined) return found;
  const known = sources.map(({ name }) => name).join(", ");
  throw new UsageError(
    named === undefined
      ? "backtest needs a Prometheus: set PROMETHEUS_URL to its address."
      : `--source must name a source: it is ${JSON.stringify(named)}, and ${known === "" ? "none is configured" : `known are ${known}`}.`,
  );
}

// ---------------------------------------------------------------- what it came to

function cardOf(result: Backtest, { promql, source }: Watch, unit: string, step: number, config: Config): Card {
  const { messages, perDay, perSeriesDay, series, matched, from, to, anomalies } = result;
  const zone = config.timezone;
  const days = Math.round(((to - from) / 86_400) * 10) / 10;
  const posted = anomalies.filter(isPosted);
  const slight = anomalies.length - posted.length;
  const line = (one: Anomaly) =>
    `${titleOf({ ...one, status: one.endedAt === undefined ? "open" : "over" }, { now: to, zone })} (${one.severity})`;
  const more = posted.length > LISTED ? [`${posted.length - LISTED} more: --json has all of them`] : [];
  return {
    title: `${messages === 0 ? "Nothing" : messages === 1 ? "One message" : `${messages} messages`} would have been posted in ${days} days: ${number(perDay)} a day.`,
    tone: "info",
    blocks: [
      ...(posted.length === 0
        ? []
        : [{ kind: "list" as const, items: [...posted.slice(0, LISTED).map(line), ...more] }]),
      { kind: "chart", chart: chartOf(result, promql, unit) },
      { kind: "evidence", items: [{ promql, source }] },
      {
        kind: "note",
        text: `${series} series, a point every ${formatDuration(step)}, up to ${sayTime(to, to, zone)}: ${number(perSeriesDay)} anomalies a series and day${slight === 0 ? "" : `; ${slight} more were too slight to be posted`}.`,
      },
      ...(matched > series
        ? [
            {
              kind: "note" as const,
              text: `The query returns ${matched} series; ${series} were judged (limits.series_per_watch).`,
            },
          ]
        : []),
    ],
  };
}

function number(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function chartOf({ courses, anomalies }: Backtest, promql: string, unit: string): Chart {
  const events = anomalies
    .filter(isPosted)
    .slice(0, 12)
    .map(({ since, subject }) => ({ at: since, name: subject }));
  return { title: promql.slice(0, 120), unit, series: courses, events };
}

async function drawTo(path: string, chart: Chart, zone: string, call: Call): Promise<void> {
  const { drawChart } = await import("../charts/index.ts");
  writeFileSync(path, await drawChart(chart, zone));
  call.stderr.write(`The chart is in ${path}.\n`);
}

/** A contract, as all that programs read. Times are RFC 3339 in UTC. */
function jsonOf(result: Backtest, watch: Watch, step: number) {
  return {
    promql: watch.promql,
    source: watch.source,
    from: rfc3339(result.from),
    to: rfc3339(result.to),
    step,
    series: result.series,
    matched: result.matched,
    messages: result.messages,
    per_day: result.perDay,
    per_series_day: result.perSeriesDay,
    anomalies: result.anomalies.map((one) => ({
      labels: one.labels,
      since: rfc3339(one.since),
      ended: one.endedAt === undefined ? null : rfc3339(one.endedAt),
      severity: one.severity,
      posted: isPosted(one),
      message: one.group,
      value: one.value ?? null,
      usual: one.usual ?? null,
      score: one.score,
    })),
  };
}
