import { type Answer, answerOf, askButton } from "../../core/answer.ts";
import type { Entity, Metric } from "../../core/catalogue.ts";
import { kindsOf } from "../../core/language/link.ts";
import { fold } from "../../core/language/normalise.ts";
import { canonical, nameWords, STOP_WORDS } from "../../core/language/vocabulary.ts";
import { shortName } from "../../core/names.ts";
import { inert, inertName } from "../../util/inert.ts";
import type { Turn } from "./turn.ts";

const SHOWN = 40;

/** What exists: services, hosts, values of a label, metrics by topic, labels of a metric, meaning of a metric. */
export async function discover(turn: Turn): Promise<Answer> {
  const { read, catalogue } = turn;
  const metric = read.tokens
    .map((token) => catalogue.metrics.get(token.text.replace(/[?`]/g, "")))
    .find((one) => one !== undefined);
  if (metric !== undefined) return aboutMetric(metric);
  const label = labelAsked(turn);
  if (label !== undefined) return valuesOfLabel(turn, label);
  const words = read.tokens.map((token) => token.fold);
  const asksForMetrics = words.some((word) => /^(?:metrics?|metriken?|metricas?|metriques?|metrik)$/.test(word));
  const kind = asksForMetrics ? undefined : words.map((word) => kindsOf(word)).find((kinds) => kinds !== undefined);
  if (kind !== undefined) {
    for (const one of kind) {
      const entities = catalogue.ofKind(one);
      if (entities.length > 0) return listEntities(turn, one, entities);
    }
    return answerOf(`There are no ${kind[0]}s in Prometheus: no metric carries such a label.`, { tone: "warning" });
  }
  return listMetrics(turn);
}

function labelAsked(turn: Turn): string | undefined {
  const { read, catalogue } = turn;
  const text = fold(read.plain);
  const labels = new Set([...catalogue.metrics.values()].flatMap((metric) => [...metric.labels.keys()]));
  const said = /\blabels?\s+[`"']?([a-z_][\w]*)|[`"']?([a-z_][\w]*)[`"']?\s+labels?\b/.exec(text);
  for (const name of [said?.[1], said?.[2]]) if (name !== undefined && labels.has(name)) return name;
  if (!/\b(?:values?|which|what|list|all|welche|werte|valores|valeurs|quels?|quelles?|cuales|que|quais)\b/.test(text))
    return undefined;
  for (const token of read.tokens) {
    for (const word of [token.fold, token.fold.replace(/s$/, ""), token.fold.replace(/ies$/, "y")]) {
      if (labels.has(word) && kindsOf(word) === undefined && !STOP_WORDS.has(word)) return word;
    }
  }
  return undefined;
}

function valuesOfLabel(turn: Turn, label: string): Answer {
  const values = new Set<string>();
  for (const metric of turn.catalogue.metrics.values())
    for (const value of metric.labels.get(label) ?? []) values.add(value);
  const sorted = [...values].sort();
  return answerOf(
    `The label ${inertName(label)} has ${sorted.length} value${sorted.length === 1 ? "" : "s"}: ${sorted
      .slice(0, SHOWN)
      .map((value) => inertName(value))
      .join(", ")}${more(sorted.length)}.`,
  );
}

function listEntities(turn: Turn, kind: string, entities: readonly Entity[]): Answer {
  const within = turn.read.mentions
    .map((mention) => mention.entities.find((entity) => entity.kind === "namespace"))
    .find((one) => one !== undefined);
  const names = [
    ...new Set(entities.map((entity) => shortName(kind === "host" ? "instance" : kind, entity.name))),
  ].sort();
  const note = within === undefined ? [] : [`This lists all of them, not only those of ${inertName(within.name)}.`];
  const plural = `${kind}${kind.endsWith("s") ? "es" : "s"}`;
  return answerOf(
    `${names.length} ${names.length === 1 ? kind : plural}: ${names.slice(0, SHOWN).join(", ")}${more(names.length)}.`,
    {
      notes: note,
      values: [{ name: plural, value: names.length, unit: "count", labels: {}, at: turn.now }],
      next: names[0] === undefined ? [] : [askButton(`how is ${names[0]} doing`), askButton("status")],
    },
  );
}

function more(count: number): string {
  return count > SHOWN ? ` and ${count - SHOWN} more; name a part of it to narrow the list` : "";
}

const TOPIC_STOP = new Set(
  "metric exist exists available metrics metriken metrica metricas metrique metriques list all show have record recorded collect collected monitor monitored track there für about related know find search existe existen gibt disponibles verfugbar name named names".split(
    " ",
  ),
);

function listMetrics(turn: Turn): Answer {
  const { catalogue, read } = turn;
  const words = read.tokens.map((token) => token.fold).filter((word) => !STOP_WORDS.has(word) && !TOPIC_STOP.has(word));
  if (words.length === 0) {
    const groups = new Map<string, number>();
    for (const name of catalogue.metrics.keys()) {
      const family = nameWords(name)[0] ?? name;
      groups.set(family, (groups.get(family) ?? 0) + 1);
    }
    const list = [...groups].sort((a, b) => b[1] - a[1]).slice(0, SHOWN);
    return answerOf(`${catalogue.metrics.size} metrics, by their first word:`, {
      list: list.map(([family, count]) => `${inertName(family)}_…: ${count}`),
      details: ["Ask which metrics exist for one of them."],
    });
  }
  const terms = new Set(
    words.flatMap((word) => [word, ...canonical(word), ...(PREFIX_OF[canonical(word)[0] ?? ""] ?? [])]),
  );
  const prefixed = [...catalogue.metrics.values()].filter((metric) =>
    nameWords(metric.name).some((word) => terms.has(word)),
  );
  const hits = prefixed.length > 0 ? prefixed : catalogue.search(words.join(" "), SHOWN).map((hit) => hit.metric);
  if (hits.length === 0)
    return answerOf(`No metric fits “${inertName(words.join(" "))}”.`, {
      tone: "warning",
      details: ["Ask which metrics exist to see the families."],
    });
  return answerOf(`${hits.length} metric${hits.length === 1 ? "" : "s"} for ${inertName(words.join(" "))}:`, {
    list: hits.slice(0, SHOWN).map((metric) => `${metric.name}${metric.help === "" ? "" : `: ${inert(metric.help)}`}`),
    notes: hits.length > SHOWN ? [`${hits.length - SHOWN} more.`] : [],
  });
}

/** How exporters abbreviate what people say. */
const PREFIX_OF: Readonly<Record<string, readonly string[]>> = {
  postgres: ["pg"],
  database: ["pg", "mysql"],
  kubernetes: ["kube", "container"],
  k8s: ["kube", "container"],
  host: ["node"],
  queue: ["rabbitmq"],
  cache: ["redis"],
  certificate: ["ssl"],
  website: ["probe"],
  container: ["container"],
  pipeline: ["ci"],
};

function aboutMetric(metric: Metric): Answer {
  const labels = [...metric.labels].map(
    ([label, values]) =>
      `${inertName(label)}: ${values
        .slice(0, 8)
        .map((value) => inertName(value))
        .join(", ")}${values.length > 8 ? `, … (${values.length})` : ""}`,
  );
  return answerOf(`${metric.name} is a ${metric.type}${metric.help === "" ? "" : `: ${inert(metric.help)}`}`, {
    list: labels,
    details: [labels.length === 0 ? "It has no labels." : "Its labels:"],
  });
}
