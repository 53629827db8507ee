import { z } from "zod";
import type { Labels, Point, Sample, Series } from "../core/series.ts";
import type { PrometheusAlert, Rule, Target } from "../ports/metrics.ts";
import { RefusedError, UnreachableError } from "../util/errors.ts";
import { durationSeconds } from "./promql.ts";

/**
 * What Prometheus' API answers, read into our types. Envelopes and small answers pass a schema; each of a million
 * samples gets a plain check instead, which is ten times as fast.
 * Formats: https://prometheus.io/docs/prometheus/latest/querying/api/
 */

const Envelope = z.object({
  status: z.enum(["success", "error"]),
  data: z.unknown().optional(),
  errorType: z.string().optional(),
  error: z.string().optional(),
  warnings: z.array(z.string()).optional(),
});

/** `data` of a successful answer. Throws `RefusedError` (200) for an error inside, `UnreachableError` when it is no answer of Prometheus. */
export function readEnvelope(body: unknown, service: string): { data: unknown; warnings: readonly string[] } {
  const read = Envelope.safeParse(body);
  if (!read.success) throw strange(service, "it has no status");
  if (read.data.status === "error")
    throw new RefusedError(service, 200, read.data.error?.slice(0, 500) ?? "it refused");
  return { data: read.data.data, warnings: read.data.warnings ?? [] };
}

/** The error for an answer that cannot be understood. */
export function strange(service: string, what: string): UnreachableError {
  return new UnreachableError(
    service,
    `its answer is not one of Prometheus (${what}). Check the address and its path.`,
  );
}

const Result = z.object({
  resultType: z.enum(["vector", "matrix", "scalar", "string"]),
  result: z.unknown().optional(),
});

/** An instant answer. A matrix (a bare `x[5m]`) gives undefined. Native histograms have no single value and are left out. */
export function readInstant(data: unknown, service: string): readonly Sample[] | undefined {
  const { resultType, result } = readResult(data, service);
  if (resultType === "matrix") return undefined;
  if (resultType === "string") return [];
  if (resultType === "scalar") {
    const [at, value] = readPoint(result, service);
    return [{ labels: {}, at, value }];
  }
  const samples: Sample[] = [];
  for (const row of readRows(result, service)) {
    const { metric, value } = row as { metric?: unknown; value?: unknown };
    if (value === undefined) continue;
    const [at, number] = readPoint(value, service);
    samples.push({ labels: readLabels(metric, service), at, value: number });
  }
  return samples;
}

/** A range answer. A scalar over time comes as one series without labels. */
export function readRange(data: unknown, service: string): readonly Series[] {
  const { resultType, result } = readResult(data, service);
  if (resultType !== "matrix") throw strange(service, `a ${resultType} where series were asked for`);
  const series: Series[] = [];
  for (const row of readRows(result, service)) {
    const { metric, values } = row as { metric?: unknown; values?: unknown };
    if (values === undefined) continue;
    if (!Array.isArray(values)) throw strange(service, "values that are no list");
    const points: Point[] = new Array(values.length);
    for (let i = 0; i < values.length; i++) points[i] = readPoint(values[i], service);
    series.push({ labels: readLabels(metric, service), points });
  }
  return series;
}

function readResult(data: unknown, service: string): z.infer<typeof Result> {
  const read = Result.safeParse(data);
  if (!read.success) throw strange(service, "no result in it");
  return read.data;
}

function readRows(result: unknown, service: string): readonly object[] {
  if (!Array.isArray(result)) throw strange(service, "a result that is no list");
  for (const row of result)
    if (typeof row !== "object" || row === null) throw strange(service, "a row that is no object");
  return result;
}

function readPoint(point: unknown, service: string): Point {
  if (!Array.isArray(point) || typeof point[0] !== "number" || typeof point[1] !== "string") {
    throw strange(service, "a sample that is no pair of time and text");
  }
  return [point[0], readValue(point[1], service)];
}

/** Prometheus writes numbers as text, because JSON knows neither NaN nor infinity. */
function readValue(text: string, service: string): number {
  const value = Number(text);
  if (text !== "" && !Number.isNaN(value)) return value;
  if (text === "NaN") return Number.NaN;
  if (text === "+Inf" || text === "Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  throw strange(service, `a value ${JSON.stringify(text.slice(0, 30))}`);
}

function readLabels(metric: unknown, service: string): Labels {
  if (metric === undefined) return {};
  if (typeof metric !== "object" || metric === null) throw strange(service, "labels that are no object");
  for (const name in metric) {
    if (typeof (metric as Record<string, unknown>)[name] !== "string")
      throw strange(service, "a label that is no text");
  }
  return metric as Labels;
}

/** The label sets of `/series`. */
export function readSeriesList(data: unknown, service: string): readonly Labels[] {
  return readRows(data, service).map((row) => readLabels(row, service));
}

const Strings = z.array(z.string());
/** A list of names or values. */
export function readStrings(data: unknown, service: string): readonly string[] {
  const read = Strings.safeParse(data);
  if (!read.success) throw strange(service, "no list of names");
  return read.data;
}

const labels = z.record(z.string(), z.string()).default({});
const Alerts = z.object({
  alerts: z.array(
    z.object({
      labels,
      annotations: labels,
      state: z.enum(["firing", "pending", "inactive"]),
      activeAt: z.string().nullish(),
    }),
  ),
});
/** Active alerts, pending ones included. An `activeAt` that cannot be read is 0. */
export function readAlerts(data: unknown, service: string): readonly PrometheusAlert[] {
  const read = Alerts.safeParse(data);
  if (!read.success) throw strange(service, "no alerts");
  return read.data.alerts.flatMap((alert) => {
    if (alert.state === "inactive") return [];
    return {
      name: alert.labels.alertname ?? "",
      state: alert.state,
      severity: alert.labels.severity ?? "",
      labels: alert.labels,
      summary: summaryOf(alert.annotations),
      activeAt: Date.parse(alert.activeAt ?? "") / 1000 || 0,
    };
  });
}

const Rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          type: z.string(),
          name: z.string(),
          query: z.string().default(""),
          duration: z.number().default(0),
          labels,
          annotations: labels,
          state: z.enum(["firing", "pending", "inactive"]).catch("inactive").default("inactive"),
        }),
      ),
    }),
  ),
});
export function readRules(data: unknown, service: string): readonly Rule[] {
  const read = Rules.safeParse(data);
  if (!read.success) throw strange(service, "no rules");
  return read.data.groups.flatMap(({ rules }) =>
    rules.map((rule) => ({
      name: rule.name,
      kind: rule.type === "alerting" ? ("alerting" as const) : ("recording" as const),
      promql: rule.query,
      forSeconds: rule.duration,
      labels: rule.labels,
      summary: summaryOf(rule.annotations),
      ...(rule.annotations.runbook_url !== undefined && { runbookUrl: rule.annotations.runbook_url }),
      state: rule.state,
    })),
  );
}

function summaryOf(annotations: Labels): string {
  return annotations.summary ?? annotations.description ?? annotations.message ?? "";
}

const Targets = z.object({
  activeTargets: z.array(
    z.object({
      labels,
      health: z.enum(["up", "down", "unknown"]).catch("unknown"),
      lastError: z.string().default(""),
      scrapeInterval: z.string().optional(),
    }),
  ),
});
export function readTargets(data: unknown, service: string): readonly Target[] {
  const read = Targets.safeParse(data);
  if (!read.success) throw strange(service, "no targets");
  return read.data.activeTargets.map((target) => ({
    job: target.labels.job ?? "",
    instance: target.labels.instance ?? "",
    health: target.health,
    lastError: target.lastError.slice(0, 500),
    intervalSeconds: target.scrapeInterval === undefined ? undefined : durationSeconds(target.scrapeInterval),
  }));
}

const BuildInfo = z.object({ version: z.string(), application: z.string().optional() });
/** The version, and whether it is Prometheus itself (Mimir names its own application and counts its own versions). */
export function readBuildInfo(data: unknown, service: string): { version: string; genuine: boolean } {
  const read = BuildInfo.safeParse(data);
  if (!read.success) throw strange(service, "no build information");
  const { version, application } = read.data;
  return { version, genuine: application === undefined || /^prometheus$/i.test(application) };
}
