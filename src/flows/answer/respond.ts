import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import { type Concept, escapeRegex } from "../../core/concept.ts";
import { type Growth, readGrowth, wantsAnotherNode } from "../../core/language/growth.ts";
import { tokensOf } from "../../core/language/link.ts";
import { standsAsName } from "../../core/language/spelling.ts";
import { narrow, type Subject } from "../../core/language/subject.ts";
import { inert, inertName } from "../../util/inert.ts";
import { refuseByText } from "./approvals.ts";
import { health } from "./health.ts";
import { capital, measure } from "./measure.ts";
import { overview } from "./overview.ts";
import { refusedToProgram } from "./programs.ts";
import { formOf } from "./query.ts";
import { rank } from "./rank.ts";
import { readRun, runNamed } from "./reads.ts";
import { listedSubjects, refine } from "./refine.ts";
import { scopeOf } from "./scope.ts";
import { share } from "./share.ts";
import { help, hostile, noThingCalled, outOfScope, smalltalk, summary, unclear, unknownName } from "./talk.ts";
import { type Teaching, teach } from "./teach.ts";
import type { Turn } from "./turn.ts";

// Loaded by the first question that wants one: `ask` answers a single question, and each of them is a file or several.
const alerts = async (turn: Turn) => (await import("./alerts.ts")).alerts(turn);
const silences = async (turn: Turn) => (await import("./alerts.ts")).silences(turn);
const anomaly = async (turn: Turn, subject?: Subject) => (await import("./anomaly.ts")).anomaly(turn, subject);
const approvals = async (turn: Turn) => (await import("./change.ts")).approvals(turn);
const anotherNode = async (turn: Turn) => (await import("./capacity.ts")).anotherNode(turn);
const whatIf = async (turn: Turn, growth: Growth) => (await import("./capacity.ts")).whatIf(turn, growth);
const audit = async (turn: Turn) => (await import("./change.ts")).audit(turn);
const cause = async (turn: Turn, subject?: Subject) => (await import("./cause.ts")).cause(turn, subject);
const change = async (turn: Turn) => (await import("./change.ts")).change(turn);
const compare = async (turn: Turn, subject: Subject) => (await import("./compare.ts")).compare(turn, subject);
const discover = async (turn: Turn) => (await import("./discover.ts")).discover(turn);
const forecast = async (turn: Turn, subject: Subject) => (await import("./forecast.ts")).forecast(turn, subject);
const logs = async (turn: Turn) => (await import("./reads.ts")).logs(turn);
const objective = async (turn: Turn, subject: Subject) => (await import("./slo.ts")).objective(turn, subject);
const promql = async (turn: Turn, subject?: Subject) => (await import("./promql.ts")).promql(turn, subject);
const versions = async (turn: Turn, subject: Subject) => (await import("./versions.ts")).versions(turn, subject);

export type Responded = { readonly answer: Answer; readonly subject: Subject | undefined };

/** Below this a subject explains too little of the question to be answered with. */
const SURE_ENOUGH = 0.3;

const SUMMARY =
  /\b(?:summari[sz]e|summary of|recap|tl;?dr|zusammenfass\w*|resum\w*)\b.*\b(?:thread|conversation|discussion|channel|chat|this|unterhaltung|hilo|fil|conversa)\b|^tl;?dr\??$/i;

/** The question as read -> the answerer that fits. The whole way from intent to answer stands here. */
export async function respond(turn: Turn, teaching: Teaching | undefined): Promise<Responded> {
  const { read } = turn;
  const subject = subjectOf(turn);
  const only = (answer: Answer): Responded => ({ answer, subject: undefined });
  const about = (answer: Answer): Responded => ({ answer, subject });
  if (read.hostile !== undefined) return only(hostile(turn));
  const run = readRun(turn.question.text);
  const isTeaching = teaching !== undefined && teaching.kind !== "meant";
  const refused = refusedToProgram(turn, isTeaching || run !== undefined);
  if (refused !== undefined) return only(refused);
  if (teaching !== undefined && teaching.kind !== "meant") return only(await teach(turn, teaching));
  if (run !== undefined) return only(await runNamed(turn, run));
  if (read.unknown.some((one) => one.sure) && NAMES_THINGS.has(read.intent)) return only(unknownName(turn));
  const byText = refuseByText(turn);
  if (byText !== undefined) return only(byText);
  if (SUMMARY.test(read.plain)) return only({ ...summary(turn), intent: "help" });
  const growth = read.action?.imperative === true ? undefined : readGrowth(read.plain);
  if (growth !== undefined) return about({ ...(await whatIf(turn, growth)), intent: "forecast" });
  if (wantsAnotherNode(read.plain)) return only({ ...(await anotherNode(turn)), intent: "capacity" });
  switch (read.intent) {
    case "help":
      return only(help(turn));
    case "smalltalk":
      return only(smalltalk(turn));
    case "hostile":
      return only(hostile(turn));
    case "out_of_scope":
      return only(outOfScope());
    case "logs":
      return only(await logs(turn));
    case "alerts":
      return only(await alerts(turn));
    case "silence":
      return only(read.action?.imperative === true ? await change(turn) : await silences(turn));
    case "ack":
    case "schedule":
    case "remediation":
      if (read.action === undefined && subject !== undefined && subject.score > 0.5)
        return about(await measure(turn, subject));
      if (read.action === undefined) return only(scopeOf(read).length > 0 ? await overview(turn) : unclear(turn));
      return only(await change(turn));
    case "approvals":
      return only(await approvals(turn));
    case "audit":
      return only(await audit(turn));
    case "status_overview":
      if (subject !== undefined && read.mentions.length > 0 && scopeOf(read).length === 0 && subject.filters.length > 0)
        return about(await measure(turn, subject));
      return only(await overview(turn));
    case "promql_query":
      return about(await promql(turn, subject));
    case "discovery":
      return only(await discover(turn));
    case "root_cause":
      return about(await cause(turn, subject));
    case "anomaly":
      return about(await anomaly(turn, subject));
    case "health_check":
      return about(await health(turn, subject));
    default:
  }
  if (read.unknown.some((one) => one.sure) || (read.unknown.length > 0 && (subject?.mentions.length ?? 0) === 0))
    return only(unknownName(turn));
  if (read.absent !== undefined) return only(noMetricFor(read.absent));
  if (subject === undefined && (read.intent === "forecast" || read.intent === "compare")) {
    const own = defaultSubject(turn);
    if (own !== undefined)
      return { answer: await (read.intent === "forecast" ? forecast(turn, own) : compare(turn, own)), subject: own };
  }
  if (subject === undefined)
    return only(read.mentions.some((mention) => mention.strong) ? await overview(turn) : unclear(turn));
  const narrowed = onlyWhileWrong(subject);
  if (narrowed !== undefined) return { answer: await measure(turn, narrowed), subject: narrowed };
  const rivals = rivalsOf(read.subjects);
  if (rivals.length > 1) return only(whichMetric(rivals));
  const own =
    subject.score < 0.6 && scopeOf({ mentions: subject.mentions }).length === 0 ? defaultSubject(turn) : undefined;
  if (own?.bound.concept.id === "queue.depth")
    return {
      answer: await (read.intent === "forecast" || read.ahead !== undefined ? forecast(turn, own) : measure(turn, own)),
      subject: own,
    };
  const passedOver = read.metricWords.find(({ token }) => !subject.covered.has(token));
  if (passedOver !== undefined && subject.mentions.length === 0) return only(noThingCalled(turn, passedOver.text));
  const without = thingWithout(turn, subject);
  if (without !== undefined) return { answer: without, subject };
  if (subject.bound.concept.id === "service.errors" && formOf(read, subject.bound) === "count") {
    const count = turn.index.byId.get("service.error_count");
    if (count !== undefined) return about(await measure(turn, { ...subject, bound: count }));
  }
  if (subject.bound.concept.id === "service.error_count" && read.wantsShare && read.per === undefined) {
    const ratio = turn.index.byId.get("service.errors");
    if (ratio !== undefined) return about(await measure(turn, { ...subject, bound: ratio }));
  }
  const many = listedSubjects(read.subjects);
  if (many.length > 1 && LISTS.has(read.intent)) return about(await together(turn, many));
  const asShare = shareInstead(turn, subject);
  if (asShare !== undefined) return { answer: await measure(turn, asShare), subject: asShare };
  const refined = refine(read, subject, turn.index);
  if (refined.read !== read) {
    const changed = { ...turn, read: refined.read };
    return {
      answer: await (refined.read.intent === "top_k" && refined.read.threshold === undefined
        ? rank(changed, refined.subject)
        : measure(changed, refined.subject)),
      subject: refined.subject,
    };
  }
  const quantiles = quantilesIn(read.plain);
  if (quantiles.length > 1 && subject.bound.concept.promql.includes("$quantile")) {
    return about(
      joined(
        await Promise.all(quantiles.map((quantile) => measure({ ...turn, read: { ...read, quantile } }, subject))),
      ),
    );
  }
  if (PART.test(read.plain) && subject.bound.concept.unit === "per_s") {
    const part = await share(turn, subject);
    if (part !== undefined) return about(part);
  }
  if (subject.bound.concept.id.startsWith("slo.") && subject.filters.length > 0)
    return about(await objective(turn, subject));
  if (
    subject.bound.concept.id === "deploy.version" &&
    /\b(?:before|previous|prior|earlier|before v?\\d[\\w.]*|last version|old version|vorherige\w*|anterior|precedente?|pichl[ai])\b/i.test(
      read.plain,
    )
  )
    return about(await versions(turn, subject));
  if (read.ahead !== undefined && AHEAD.has(read.intent)) return about(await forecast(turn, subject));
  switch (read.intent) {
    case "top_k":
      return about(await rank(turn, subject));
    case "compare":
      return about(await compare(turn, subject));
    case "forecast":
      return about(await forecast(turn, subject));
    case "clarify":
      return about(subject.score > 0.55 ? await measure(turn, subject) : unclear(turn));
    default:
      return about(await measure(turn, subject));
  }
}

/** Intents whose question may list several measures. */
const LISTS: ReadonlySet<string> = new Set([
  "resource_usage",
  "golden_signal",
  "metric_query",
  "k8s_state",
  "capacity",
]);

/** Intents whose question is about named things: one that does not exist is said first. */
const NAMES_THINGS: ReadonlySet<string> = new Set([
  "status_overview",
  "health_check",
  "root_cause",
  "anomaly",
  "alerts",
]);

/** The concept is known, its metrics are not collected: nothing near it is shown instead. */
function noMetricFor(concept: Concept): Answer {
  const names = Object.values(concept.metrics).map(([name = ""]) => name);
  return answerOf(`No data: Prometheus has no metric for ${concept.name} here.`, {
    tone: "warning",
    details: [`It would come from ${names.join(" and ")}.`],
  });
}

/** "is X crashlooping?": the pods of a workload by name, whether or not a series of them is known yet. */
function onlyWhileWrong(subject: Subject): Subject | undefined {
  const { concept, metric } = subject.bound;
  if (concept.shows === undefined || concept.worse !== "up" || subject.filters.length > 0 || !metric.labels.has("pod"))
    return undefined;
  const workload = subject.unused
    .flatMap((mention) => mention.entities)
    .find((entity) => ["deployment", "service", "container", "statefulset", "daemonset"].includes(entity.kind));
  const mention = subject.unused.find((one) => workload !== undefined && one.entities.includes(workload));
  if (workload === undefined || mention === undefined) return undefined;
  return {
    ...subject,
    filters: [{ label: "pod", values: [], regex: `${escapeRegex(workload.name)}-.+` }],
    mentions: [mention],
    unused: subject.unused.filter((one) => one !== mention),
  };
}

/** Metrics that no pack speaks for and that fit a question equally well: nobody can know which is meant. */
function rivalsOf(subjects: readonly Subject[]): readonly Subject[] {
  const [first] = subjects;
  if (first === undefined || !first.bound.concept.id.startsWith("metric:") || first.score >= 1) return [];
  return subjects
    .filter((one) => one.bound.concept.id.startsWith("metric:") && first.score - one.score < 0.005)
    .slice(0, 6);
}

function whichMetric(rivals: readonly Subject[]): Answer {
  const names = rivals.map(({ bound }) => bound.metric.name);
  return answerOf(`Which of these do you mean: ${names.join(", ")}?`, {
    intent: "clarify",
    details: rivals.flatMap(({ bound }) =>
      bound.metric.help === "" ? [] : [`${bound.metric.name}: ${inert(bound.metric.help)}`],
    ),
    next: names.map((name) => askButton(name)),
  });
}

/** A thing is named and the measure has no series for it: said, and nothing else shown in its place. */
function thingWithout({ read }: Turn, subject: Subject): Answer | undefined {
  if (scopeOf({ mentions: subject.mentions }).length > 0) return undefined;
  const missing = subject.unused.filter(
    (mention) =>
      (scopeOf({ mentions: [mention] }).length > 0 || standsAsName(read.tokens, mention.first)) &&
      !tokensOf(mention).some((at) => subject.covered.has(at)),
  );
  const [first] = missing;
  if (first === undefined) return undefined;
  const { concept, metric } = subject.bound;
  // Series that exist only while something is wrong cannot tell by their absence from the catalogue: they are asked.
  if (concept.shows !== undefined && concept.worse === "up") return undefined;
  const name = inertName(first.entities[0]?.name ?? first.text);
  return answerOf(`No data: there is no ${concept.name} of ${name}.`, {
    tone: "warning",
    details: [`${metric.name} has no series for it.`],
    next: [askButton(`How is ${name}?`, `how is ${name} doing`), askButton(capital(concept.name), concept.name)].slice(
      0,
      read.brief ? 1 : 2,
    ),
  });
}

/** "above 80 % of memory limit": a limit in percent wants a measure in percent, when there is one nearly as fitting. */
function shareInstead({ read }: Turn, subject: Subject): Subject | undefined {
  if (read.threshold === undefined || read.threshold.valueIn(subject.bound.concept.unit) !== undefined)
    return undefined;
  return read.subjects.find(
    (one) => read.threshold?.valueIn(one.bound.concept.unit) !== undefined && one.score > subject.score - 0.35,
  );
}

/** What one thing is mostly measured by, when a question names only the thing. */
function defaultSubject(turn: Turn): Subject | undefined {
  for (const mention of turn.read.mentions) {
    for (const [kind, id] of [
      ["queue", "queue.depth"],
      ["service", "service.requests"],
      ["host", "host.cpu"],
      ["database", "pg.size"],
      ["persistentvolumeclaim", "volume.used"],
    ] as const) {
      const bound = turn.index.byId.get(id);
      if (bound === undefined || !mention.entities.some((entity) => entity.kind === kind)) continue;
      const { filters } = narrow(bound, { mentions: [mention] });
      if (filters.length > 0)
        return { bound, filters, score: 0.6, covered: new Set(), mentions: [mention], unused: [] };
    }
  }
  return undefined;
}

/** Words that want a part of a whole. "Rate" alone means a speed. */
const PART =
  /\b(?:approv\w*|success\w*|fail\w*|declin\w*|reject\w*|abandon\w*|complet\w*|conversion) (?:rate|ratio|quote|share)\b|\b(?:percent\w*|pct|share|fraction|proportion|prozent\w*|anteil|porcentaje|pourcentage|porcentagem|pratishat)\b|%/i;

/** Intents that turn into a forecast when the question names a time ahead. */
const AHEAD: ReadonlySet<string> = new Set([
  "resource_usage",
  "golden_signal",
  "metric_query",
  "k8s_state",
  "capacity",
  "slo",
]);

/** "p50 and p99": every quantile the question names. */
function quantilesIn(text: string): number[] {
  return [
    ...new Set(
      [...text.matchAll(/\bp(\d{2})(?:\.(\d))?\b/gi)].map(([, whole, part]) => Number(`0.${whole}${part ?? ""}`)),
    ),
  ];
}

/** Several measures of the same things, one sentence each; the worst tone counts. */
async function together(turn: Turn, subjects: readonly Subject[]): Promise<Answer> {
  return joined(await Promise.all(subjects.map((subject) => measure(turn, subject))));
}

function joined(answers: readonly Answer[]): Answer {
  const [first, ...rest] = answers;
  if (first === undefined) throw new Error("nothing to join");
  const worst =
    (["danger", "warning", "info", "good"] as const).find((tone) => answers.some((answer) => answer.tone === tone)) ??
    "info";
  return {
    ...first,
    tone: worst,
    details: rest.map((answer) => answer.verdict), // what is usual would stand there without its measure
    list: answers.flatMap((answer) => answer.list ?? []),
    values: answers.flatMap((answer) => answer.values),
    notes: [...new Set(answers.flatMap((answer) => answer.notes))],
  };
}

function subjectOf(turn: Turn): Subject | undefined {
  const [first] = turn.read.subjects;
  return first !== undefined && first.score >= SURE_ENOUGH ? first : undefined;
}
