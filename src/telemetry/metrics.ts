import { isForeign } from "../core/ci/run.ts";
import { createChangeMetrics } from "./change-metrics.ts";
import type { Telemetry } from "./telemetry.ts";

/** Distinct values a label may take before the rest is counted as `other`: every one of them is a series for ever. */
const VALUES_PER_LABEL = 100;

/** The same methods on loaded metrics. */
export type Metrics = Pick<
  Telemetry,
  | "answered"
  | "understood"
  | "asked"
  | "dependency"
  | "turnedAway"
  | "eventLoopWait"
  | "pruned"
  | "delivers"
  | "delivered"
  | "modelUsed"
  | "audited"
  | "incident"
  | "digested"
  | "moved"
  | "clicked"
  | "ran"
  | "alerted"
  | "watchUse"
  | "incidentsOpen"
  | "reloaded"
  | "watched"
  | "forecastsScored"
  | "trained"
  | "text"
>;

/** Loads prom-client and defines every metric of the bot. */
export async function createMetrics(version: string): Promise<Metrics> {
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } = await import("prom-client");
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry }); // process_* and nodejs_*, the event loop's lag among them

  const questions = new Counter({
    name: "smartcloudops_questions_total",
    help: "Questions by what was asked, where, and how it ended.",
    labelNames: ["intent", "platform", "outcome"],
    registers,
  });
  // Without the words that come with a question, so that each of these can begin at 0: in a quiet hour the first failure counts.
  const questionsEnded = new Counter({
    name: "smartcloudops_questions_ended_total",
    help: "Questions by how they ended.",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of ["answered", "failed", "limited"]) questionsEnded.inc({ outcome }, 0);
  const answerSeconds = new Histogram({
    name: "smartcloudops_answer_seconds",
    help: "Time from a question to its answer.",
    labelNames: ["platform"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30],
    registers,
  });
  const understandingSeconds = new Histogram({
    name: "smartcloudops_understanding_seconds",
    help: "Time to read a question, before anything is asked of Prometheus.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
    registers,
  });
  const requests = new Counter({
    name: "smartcloudops_prometheus_requests_total",
    help: "Requests to Prometheus by source, endpoint and how they ended.",
    labelNames: ["source", "api", "outcome"],
    registers,
  });
  const requestSeconds = new Histogram({
    name: "smartcloudops_prometheus_request_seconds",
    help: "Time of one request to Prometheus.",
    labelNames: ["source", "api"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const breakerState = new Gauge({
    name: "smartcloudops_breaker_state",
    help: "Of each thing that the bot calls: 0 closed (it is asked), 1 half-open (one call tries), 2 open (it is left alone).",
    labelNames: ["dependency"],
    registers,
  });
  const breakerTransitions = new Counter({
    name: "smartcloudops_breaker_transitions_total",
    help: "Changes of the breakers' states, by the state that came.",
    labelNames: ["dependency", "to"],
    registers,
  });
  const turnedAway = new Counter({
    name: "smartcloudops_turned_away_total",
    help: "Questions, decisions and deliveries of alerts that were not taken: busy (the event loop lags) or full (too much waits).",
    labelNames: ["platform", "what", "why"],
    registers,
  });
  const eventLoopWait = new Gauge({
    name: "smartcloudops_event_loop_wait_seconds",
    help: "How long what comes in waits for the event loop, on average over some seconds. Above limits.event_loop_wait, questions are turned away.",
    registers,
  });
  const rowsPruned = new Counter({
    name: "smartcloudops_store_rows_pruned_total",
    help: "Rows deleted because they were past their retention.",
    labelNames: ["table"],
    registers,
  });
  const messages = new Counter({
    name: "smartcloudops_chat_messages_total",
    help: "Attempts to say something in a chat, by how they ended.",
    labelNames: ["platform", "outcome"],
    registers,
  });
  const messageSeconds = new Histogram({
    name: "smartcloudops_chat_message_seconds",
    help: "Time until a chat platform had taken a message.",
    labelNames: ["platform"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30],
    registers,
  });
  const incidentsOpen = new Gauge({
    name: "smartcloudops_incidents_open",
    help: "Incidents that are not over, by severity and whether somebody looks after them.",
    labelNames: ["severity", "status"],
    registers,
  });
  const incidentSeconds = new Histogram({
    name: "smartcloudops_incident_seconds",
    help: "Time from the opening of an incident until somebody acknowledged it, and until it was over.",
    labelNames: ["until", "severity"],
    buckets: [30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400],
    registers,
  });
  const alerts = new Counter({
    name: "smartcloudops_alerts_total",
    help: "Alerts that began, as far as the bot was told, by severity.",
    labelNames: ["severity"],
    registers,
  });
  const watchPosts = new Gauge({
    name: "smartcloudops_watch_posts",
    help: "Messages of a watch in the last 30 days.",
    labelNames: ["watch"],
    registers,
  });
  const watchOpinions = new Gauge({
    name: "smartcloudops_watch_opinions",
    help: "Of the messages of a watch in the last 30 days, those that people called so.",
    labelNames: ["watch", "opinion"],
    registers,
  });
  const digestsTold = new Counter({
    name: "smartcloudops_digests_total",
    help: "Planned digests that were told.",
    labelNames: ["kind"],
    registers,
  });
  const line = ["project", "pipeline", "branch"];
  const digestLate = new Histogram({
    name: "smartcloudops_digest_late_seconds",
    help: "Time from a digest's planned time until it was told.",
    buckets: [1, 5, 15, 60, 300, 900, 3600],
    registers,
  });
  const runs = new Counter({
    name: "smartcloudops_ci_runs_total",
    help: "Runs of pipelines that were told of since the start, by how they ended. Branches other than the main one are one.",
    labelNames: [...line, "outcome"],
    registers,
  });
  const runSeconds = new Gauge({
    name: "smartcloudops_ci_run_duration_seconds",
    help: "How long the newest run of a pipeline took.",
    labelNames: line,
    registers,
  });
  const runSuccess = new Gauge({
    name: "smartcloudops_ci_last_run_success",
    help: "1 where the newest run of a pipeline ended well.",
    labelNames: line,
    registers,
  });
  const deployments = new Counter({
    name: "smartcloudops_deployments_total",
    help: "Deployments that were told of since the start and ended well.",
    labelNames: ["service", "environment"],
    registers,
  });
  const deployedAt = new Gauge({
    name: "smartcloudops_deployment_last_timestamp_seconds",
    help: "When the newest deployment that was told of ended well.",
    labelNames: ["service", "environment"],
    registers,
  });
  const auditSeq = new Gauge({
    name: "smartcloudops_audit_seq",
    help: "Number of the newest audit record.",
    registers,
  });
  const reloadSuccess = new Gauge({
    name: "smartcloudops_config_reload_success",
    help: "1 where the last reading of the settings was good, 0 where those from before go on.",
    registers,
  });
  const reloadedAt = new Gauge({
    name: "smartcloudops_config_reload_success_timestamp_seconds",
    help: "When the settings in force were read.",
    registers,
  });
  const auditHash = new Gauge({
    name: "smartcloudops_audit_hash",
    help: "First 12 hexadecimal digits of the newest audit record's hash, as a number. See: smartcloudops audit verify --anchor.",
    registers,
  });
  const tokens = new Counter({
    name: "smartcloudops_llm_tokens_total",
    help: "Tokens of language model calls. Stays 0 while no model is configured.",
    labelNames: ["kind"],
    registers,
  });
  for (const kind of ["input", "output"]) tokens.inc({ kind }, 0);
  const modelCost = new Counter({
    name: "smartcloudops_llm_cost_total",
    help: "Cost of language model calls by the configured price, in its currency.",
    registers,
  });
  const modelUses = new Counter({
    name: "smartcloudops_llm_uses_total",
    help: "Investigations and small calls of the language model by how they ended.",
    labelNames: ["kind", "outcome"],
    registers,
  });
  const modelSeconds = new Histogram({
    name: "smartcloudops_llm_seconds",
    help: "Time of one use of the language model, its tools included.",
    labelNames: ["kind"],
    buckets: [0.25, 0.5, 1, 2, 5, 10, 20, 30, 60],
    registers,
  });
  const modelDropped = new Counter({
    name: "smartcloudops_llm_sentences_dropped_total",
    help: "Sentences of the language model that were left out because no query returned what they said.",
    registers,
  });
  const rounds = new Counter({
    name: "smartcloudops_watch_rounds_total",
    help: "Rounds of the scheduled detector by how they ended.",
    labelNames: ["outcome"],
    registers,
  });
  const roundSeconds = new Histogram({
    name: "smartcloudops_watch_round_seconds",
    help: "Time of one round, and of it the time spent waiting for Prometheus.",
    labelNames: ["part"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const forecastsScored = new Counter({
    name: "smartcloudops_forecasts_scored_total",
    help: "Forecasts that were compared with what came.",
    registers,
  });
  const forecastSteps = new Counter({
    name: "smartcloudops_forecast_steps_total",
    help: "Measured steps of scored forecasts by whether they were inside the 95 % band.",
    labelNames: ["inside95"],
    registers,
  });
  const driftMeasured = new Counter({
    name: "smartcloudops_watch_drift_total",
    help: "Measurements of whether a watch's series changed in kind.",
    labelNames: ["drifted"],
    registers,
  });
  const versionsLearnt = new Counter({
    name: "smartcloudops_watch_versions_total",
    help: "Versions of watches that were learnt anew: those that passed their gate, were refused, or failed to be made.",
    labelNames: ["outcome"],
    registers,
  });
  const watchedSeries = new Gauge({
    name: "smartcloudops_watched_series",
    help: "Series that are followed.",
    registers,
  });
  const anomaliesOpened = new Counter({
    name: "smartcloudops_anomalies_total",
    help: "Anomalies that were found, posted or not.",
    registers,
  });
  // One series is gone as soon as it is not watched any more, or others matter more.
  const perSeries = (name: string, help: string) =>
    new Gauge({ name: `smartcloudops_watched_${name}`, help, labelNames: ["watch", "series"], registers });
  const anomalyScore = perSeries("score", "How unusual the newest value is; 0 is usual. Of at most 200 series.");
  const watchedValue = perSeries("value", "The newest value that was judged.");
  const usualLow = perSeries("usual_low", "From here on a value is usual at this time.");
  const usualHigh = perSeries("usual_high", "Up to here a value is usual at this time.");
  const anomalySeverity = perSeries("severity", "0 nothing unusual, 1 info, 2 warning, 3 critical.");
  new Gauge({
    name: "smartcloudops_build_info",
    help: "Always 1; its label is the running version.",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);

  const label = safeLabels(WORD);
  const changes = createChangeMetrics({ Counter, Histogram, registers, label });
  const named = safeLabels(NAME);
  const isNewest = newest();
  return {
    answered({ intent, platform, outcome, seconds }) {
      const where = label("platform", platform);
      const end = label("outcome", outcome);
      questions.inc({ intent: label("intent", intent), platform: where, outcome: end });
      questionsEnded.inc({ outcome: end });
      answerSeconds.observe({ platform: where }, seconds);
    },
    understood: (seconds) => understandingSeconds.observe(seconds),
    asked({ source, api, outcome, seconds }) {
      const request = { source: label("source", source), api: label("api", api) };
      requests.inc({ ...request, outcome: label("result", outcome) });
      requestSeconds.observe(request, seconds);
    },
    dependency({ name, state }, from) {
      const dependency = named("dependency", name);
      breakerState.set({ dependency }, BREAKER_STATES[state]);
      for (const to of Object.keys(BREAKER_STATES))
        breakerTransitions.inc({ dependency, to: to.replace("-", "_") }, from !== undefined && to === state ? 1 : 0);
    },
    turnedAway: ({ platform, what, why }) => turnedAway.inc({ platform: label("platform", platform), what, why }),
    eventLoopWait: (seconds) => eventLoopWait.set(seconds),
    pruned: (table, rows) => rowsPruned.inc({ table: label("table", table) }, rows),
    delivers(platform) {
      // From 0, so that the first message that is given up is an increase.
      for (const outcome of ["sent", "later", "given_up"])
        messages.inc({ platform: named("platform", platform), outcome: label("delivery", outcome) }, 0);
    },
    delivered({ platform, outcome, seconds }) {
      // Notifiers are "notifier/NAME".
      const where = named("platform", platform);
      messages.inc({ platform: where, outcome: label("delivery", outcome.replace(" ", "_")) });
      if (outcome === "sent") messageSeconds.observe({ platform: where }, seconds);
    },
    modelUsed({ kind, outcome, input, output, cost, dropped, seconds }) {
      tokens.inc({ kind: "input" }, input);
      tokens.inc({ kind: "output" }, output);
      modelCost.inc(cost);
      modelDropped.inc(dropped);
      modelUses.inc({ kind, outcome: label("model", outcome) });
      modelSeconds.observe({ kind }, seconds);
    },
    incident: ({ kind, severity, seconds }) => incidentSeconds.observe({ until: kind, severity }, Math.max(0, seconds)),
    digested(kind, lateSeconds) {
      digestsTold.inc({ kind: label("digest", kind) });
      digestLate.observe(lateSeconds);
    },
    ...changes,
    ran(run, isNew) {
      const { outcome, startedAt, endedAt, deploys } = run;
      const project = named("project", run.project);
      const pipeline = isForeign(run) ? "other" : named("pipeline", run.pipeline);
      const branch = run.isMain ? named("branch", run.branch) : "other";
      const at = { project, pipeline, branch };
      if (isNew) runs.inc({ ...at, outcome });
      // One that is told of late is not the newest.
      if (outcome !== "cancelled" && isNewest(`${project}\n${pipeline}\n${branch}`, endedAt)) {
        if (endedAt > startedAt) runSeconds.set(at, endedAt - startedAt);
        runSuccess.set(at, outcome === "success" ? 1 : 0);
      }
      if (deploys === undefined || outcome !== "success") return;
      const where = {
        service: named("service", deploys.service),
        environment: named("environment", deploys.environment),
      };
      if (isNew) deployments.inc(where);
      if (isNewest(`${where.service}\n${where.environment}`, endedAt)) deployedAt.set(where, endedAt);
    },
    alerted: (severity, count) => alerts.inc({ severity: label("severity", severity) }, count),
    watchUse(records) {
      watchPosts.reset();
      watchOpinions.reset();
      for (const [name, { posts, useful, notUseful, expected }] of records) {
        const watch = label("watch", name);
        watchPosts.inc({ watch }, posts);
        watchOpinions.inc({ watch, opinion: "useful" }, useful);
        watchOpinions.inc({ watch, opinion: "not_useful" }, notUseful);
        watchOpinions.inc({ watch, opinion: "expected" }, expected);
      }
    },
    incidentsOpen(open) {
      incidentsOpen.reset();
      for (const severity of ["critical", "warning", "info"])
        for (const status of ["open", "acknowledged", "snoozed"]) {
          const count = open.filter((one) => one.severity === severity && one.status === status).length;
          incidentsOpen.set({ severity, status }, count);
        }
    },
    forecastsScored(scores) {
      forecastsScored.inc(scores.length);
      for (const { steps, inside95 } of scores) {
        forecastSteps.inc({ inside95: "yes" }, Math.round(steps * inside95));
        forecastSteps.inc({ inside95: "no" }, steps - Math.round(steps * inside95));
      }
    },
    trained({ measured, drifted, learnt }) {
      driftMeasured.inc({ drifted: "yes" }, drifted.length);
      driftMeasured.inc({ drifted: "no" }, Math.max(0, measured - drifted.length));
      for (const { outcome } of learnt) versionsLearnt.inc({ outcome: label("version", outcome) });
    },
    watched({ outcome, series, seconds, asking, opened }, each) {
      rounds.inc({ outcome: label("round", outcome) });
      roundSeconds.observe({ part: "all" }, seconds);
      roundSeconds.observe({ part: "prometheus" }, asking);
      watchedSeries.set(series);
      anomaliesOpened.inc(opened);
      for (const gauge of [anomalyScore, watchedValue, usualLow, usualHigh, anomalySeverity]) gauge.reset();
      for (const one of each) {
        const at = { watch: one.watch, series: one.series.slice(0, 120) };
        anomalyScore.set(at, one.score);
        watchedValue.set(at, one.value);
        anomalySeverity.set(at, one.severity);
        if (one.low !== undefined) usualLow.set(at, one.low);
        if (one.high !== undefined) usualHigh.set(at, one.high);
      }
    },
    audited(head) {
      auditSeq.set(head?.seq ?? 0);
      // 48 bits: a sample holds 53 exactly. As a label, each record would be a series for ever.
      auditHash.set(Number.parseInt(head?.record_hash.slice(0, 12) ?? "0", 16));
    },
    reloaded(isGood, at) {
      reloadSuccess.set(isGood ? 1 : 0);
      reloadedAt.set(at);
    },
    text: () => registry.metrics(),
  };
}

const BREAKER_STATES = { closed: 0, "half-open": 1, open: 2 } as const;

/** What a label may say: words of ours or of the configuration; and names that trusted systems give to what is theirs. */
const WORD = /^[A-Za-z0-9_.:-]{1,64}$/;
const NAME = /^[\p{L}\p{N} _.:/()#+-]{1,100}$/u;

/** Whether nothing of that name was of a later time yet. Names are as bounded as the labels that they are made of. */
function newest(): (name: string, at: number) => boolean {
  const latest = new Map<string, number>();
  return (name, at) => {
    if ((latest.get(name) ?? Number.NEGATIVE_INFINITY) > at) return false;
    latest.set(name, at);
    return true;
  };
}

/** Anything that looks otherwise, or is one too many, is `other`. */
function safeLabels(fits: RegExp): (name: string, value: string) => string {
  const seen = new Map<string, Set<string>>();
  return (name, value) => {
    const values = seen.get(name) ?? new Set();
    seen.set(name, values);
    if (values.has(value)) return value;
    if (!fits.test(value) || values.size >= VALUES_PER_LABEL) return "other";
    values.add(value);
    return value;
  };
}
