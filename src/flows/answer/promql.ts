import { type Answer, answerOf } from "../../core/answer.ts";
import { autoConcept } from "../../core/auto-concept.ts";
import type { Subject } from "../../core/language/subject.ts";
import { shortName } from "../../core/names.ts";
import { formatValue } from "../../core/units.ts";
import { inert, inertName } from "../../util/inert.ts";
import { plan } from "./query.ts";
import type { Turn } from "./turn.ts";

const WRITE =
  /\b(?:which|what|write|give|show|how (?:do|would|can) i|need|generate|build|translate|welche|schreib\w*|escrib\w*|ecri\w*|escrev\w*)\b.*\b(?:promql|query|expression|abfrage|consulta|requete)\b|\b(?:promql|query) (?:for|to|that)\b/i;
const EXPLAIN =
  /\b(?:explain|what does .* (?:do|mean|return|tell|give|compute|calculate|say|show)|meaning of|erklar\w*|was (?:macht|bedeutet)|explica\w*|que (?:hace|significa)|expliqu\w*|samjhao)\b/i;

/** Runs a query that was typed, explains it, or writes the one that answers a question. */
export async function promql(turn: Turn, subject: Subject | undefined): Promise<Answer> {
  const typed = typedQuery(turn);
  if (typed !== undefined && EXPLAIN.test(turn.read.plain.replace(typed, " "))) return explain(turn, typed);
  if (typed !== undefined) return run(turn, typed);
  if (subject !== undefined && subject.score > 0.3) {
    const how = plan(turn.read, subject, turn.now, turn.zone);
    await turn.ask.instant(how.promql, { at: how.at });
    return answerOf(`This query gives ${subject.bound.concept.name}: ${inert(how.promql)}`, {
      details: WRITE.test(turn.read.plain) ? [] : ["Say it in code ticks to run another one."],
    });
  }
  return answerOf("Which query do you mean?", {
    intent: "clarify",
    details: [
      "Put PromQL in code ticks to run it, or ask for a query in words: which PromQL gives me the request rate of a service?",
    ],
  });
}

function typedQuery(turn: Turn): string | undefined {
  const [code] = turn.read.code;
  if (code !== undefined) return code.trim().replace(/^promql\s*\n/i, "");
  const match =
    /(?:(?:run|execute|eval(?:uate)?|query|promql|explain|show|what does|ejecuta|ausfuhren|fuhre|execute[zr]?)\s*:?\s+)?((?:[a-zA-Z_:][\w:]*|\()\s*[\s\S]*)$/i.exec(
      turn.read.plain.replace(
        /^(?:please\s+)?(?:can you\s+)?(?:run|execute|eval(?:uate)?|query|promql|explain|show me|show|what does|what is|ejecuta)\s*:?\s+(?:this\s+|the\s+)?(?:query\s*:?\s+|promql\s*:?\s+)?/i,
        "",
      ),
    );
  const rest = match?.[1]?.replace(/\s+(?:do|mean|return)s?\s*\??$/i, "").trim();
  return rest !== undefined && /[({[]/.test(rest) && !WRITE.test(turn.read.plain) ? rest.replace(/\?$/, "") : undefined;
}

async function run(turn: Turn, query: string): Promise<Answer> {
  const { ask } = turn;
  const at = turn.read.at?.at ?? ask.now;
  const answer = await ask.instant(query, { at });
  if (!answer.ok) {
    const verdict =
      answer.why === "guarded"
        ? "I did not run that query: it is not allowed."
        : answer.why === "refused"
          ? "Prometheus refused that query: it is not valid."
          : "I could not ask Prometheus.";
    return answerOf(verdict, { tone: "warning", details: [inert(answer.reason)] });
  }
  if (answer.data.length === 0)
    return answerOf("The query is valid, and no series matches: the result is empty.", { tone: "warning" });
  const unit = unitOf(turn, query);
  const said = (value: number): string => (unit === undefined ? formatValue(value, "none") : formatValue(value, unit));
  const values = answer.data.slice(0, 100).map((sample) => ({
    name: "result",
    value: sample.value,
    unit: unit ?? "none",
    labels: sample.labels,
    at: sample.at,
  }));
  const [first] = answer.data;
  if (first !== undefined && answer.data.length === 1) {
    const labels = labelText(first.labels);
    return answerOf(`The result is ${said(first.value)}${labels === "" ? "" : ` (${labels})`}.`, { values });
  }
  const shown = answer.data.slice(0, 20).map((sample) => `${labelText(sample.labels)}: ${said(sample.value)}`);
  return answerOf(`${answer.data.length} series.`, {
    values,
    list:
      answer.data.length > 20
        ? [...shown, `… and ${answer.data.length - 20} more; add topk(20, …) or narrow it.`]
        : shown,
  });
}

/** The unit of a bare selector's metric; nothing for anything computed. */
function unitOf(turn: Turn, query: string): ReturnType<typeof autoConcept>["concept"]["unit"] | undefined {
  const name = /^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})?$/.exec(query)?.[1];
  const metric = name === undefined ? undefined : turn.catalogue.metrics.get(name);
  if (metric === undefined || metric.type !== "gauge") return undefined;
  const { unit, promql: template } = autoConcept(metric).concept;
  return template === "$metric{$match}" && unit !== "bool" ? unit : undefined;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([name]) => name !== "__name__")
    .map(([name, value]) => `${inertName(name)}=${shortName("", value)}`)
    .join(", ");
}

const FUNCTIONS: Readonly<Record<string, string>> = {
  rate: "rate(): per-second average increase of a counter over the window, resets taken into account",
  irate: "irate(): per-second increase between the last two samples",
  increase: "increase(): how much a counter grew over the window",
  sum: "sum: adds the series up",
  avg: "avg: the mean of the series",
  max: "max: the largest series value",
  min: "min: the smallest series value",
  count: "count: how many series there are",
  topk: "topk: the k largest series",
  bottomk: "bottomk: the k smallest series",
  histogram_quantile: "histogram_quantile(): estimates a quantile from histogram buckets",
  predict_linear: "predict_linear(): where a straight line through the window leads that many seconds ahead",
  deriv: "deriv(): per-second slope of a gauge, by linear regression",
  avg_over_time: "avg_over_time(): the mean of each series over the window",
  max_over_time: "max_over_time(): the highest sample of each series in the window",
  min_over_time: "min_over_time(): the lowest sample of each series in the window",
  changes: "changes(): how often the value changed in the window",
  absent: "absent(): 1 when there is no such series",
  label_replace: "label_replace(): writes a label from another one",
  time: "time(): the evaluation time in unix seconds",
  quantile: "quantile: a quantile over the series",
  delta: "delta(): difference between the first and the last value in the window",
  clamp_min: "clamp_min(): raises smaller values to the limit",
  clamp_max: "clamp_max(): lowers larger values to the limit",
  scalar: "scalar(): a one-series vector as a number",
};

async function explain(turn: Turn, query: string): Promise<Answer> {
  const list: string[] = [];
  for (const [name, words] of Object.entries(FUNCTIONS))
    if (new RegExp(`\\b${name}\\s*(?:by|without)?\\s*\\(`).test(query)) list.push(words);
  const by = /\b(by|without)\s*\(([^)]*)\)/.exec(query);
  if (by !== null)
    list.push(
      `${by[1]} (${inertName(by[2] ?? "")}): ${by[1] === "by" ? "one result for each value of these labels" : "these labels are dropped"}`,
    );
  const window = /\[(\d+[smhdw])(?::[^\]]*)?\]/.exec(query)?.[1];
  if (window !== undefined) list.push(`[${window}]: looks at the last ${window}`);
  const offset = /\boffset\s+(\d+[smhdw])/.exec(query)?.[1];
  if (offset !== undefined) list.push(`offset ${offset}: as of ${offset} ago`);
  for (const name of new Set(query.match(/[a-zA-Z_:][\w:]*/g) ?? [])) {
    const metric =
      turn.catalogue.metrics.get(name) ?? turn.catalogue.metrics.get(name.replace(/_(?:bucket|sum|count)$/, ""));
    if (metric !== undefined)
      list.push(`${name}: a ${metric.type}${metric.help === "" ? "" : `; ${inert(metric.help)}`}`);
  }
  const ran = await run(turn, query);
  return answerOf(
    list.length === 0 ? "I know none of the parts of this query." : "What the query does, part by part:",
    { list, details: [ran.verdict], values: ran.values },
  );
}
