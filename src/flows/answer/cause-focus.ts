import type { Entity } from "../../core/catalogue.ts";
import { escapeRegex, quote } from "../../core/concept.ts";
import type { Subject } from "../../core/language/subject.ts";
import { shortName } from "../../core/names.ts";
import type { Labels } from "../../core/series.ts";
import type { Turn } from "./turn.ts";

/** The thing a "why" is about, with everything that carries its name: service, deployment, pods, host. */
export type Focus = {
  /** As people say it; "" when nothing was named. */
  readonly name: string;
  readonly names: ReadonlySet<string>;
  readonly entities: readonly Entity[];
  readonly kinds: ReadonlySet<string>;
  /** Deployments whose pods are its own. */
  readonly workloads: readonly string[];
  /** Nodes its pods run on, filled in by `withNodes`. */
  readonly nodes: ReadonlySet<string>;
  readonly alert: { readonly name: string; readonly labels: Labels } | undefined;
};

/** Kinds of label value that describe a state or a machine part rather than a thing one asks about. */
const NOT_THINGS = new Set([
  "status",
  "reason",
  "code",
  "state",
  "method",
  "job",
  "version",
  "phase",
  "condition",
  "severity",
  "mode",
  "resource",
  "result",
  "alertname",
  "alertstate",
  "environment",
  "env",
  "stage",
  "cluster",
  "device",
  "fstype",
  "uid",
  "node_name",
  "vhost",
  "window",
  "sli",
  "status_code",
  "type",
  "level",
]);

const WEEK = 7 * 86_400;

/** What the question names; an alert's labels when it names an alert. */
export async function focusOf(turn: Turn, subject: Subject | undefined, at: number): Promise<Focus> {
  const alert = await alertNamed(turn, at);
  const inAlert =
    alert === undefined
      ? []
      : Object.entries(alert.labels).flatMap(([label, value]) =>
          label === "alertname" || NOT_THINGS.has(label) ? [] : turn.catalogue.named(shortName(label, value)),
        );
  const narrowing = new Set(subject?.mentions ?? []);
  const said = turn.read.mentions.flatMap((mention) => {
    const things = mention.entities.filter((entity) => !NOT_THINGS.has(entity.kind));
    return mention.strong || narrowing.has(mention) || things.some((entity) => PLAIN_KINDS.has(entity.kind))
      ? things
      : [];
  });
  const things = said.length > 0 ? [...said, ...inAlert] : inAlert;
  // Nothing that is surely a name: then a word that is also a label value is meant as one, if no measure was understood without it.
  const measured = subject !== undefined && subject.score >= 0.6;
  const loose =
    things.length > 0 || measured
      ? []
      : turn.read.mentions.flatMap((mention) => mention.entities.filter((entity) => !NOT_THINGS.has(entity.kind)));
  return focusFrom(turn, things.length > 0 ? things : loose, alert);
}

/** Kinds whose names may be ordinary words ("search", "auth", "payments"). */
const PLAIN_KINDS = new Set([
  "service",
  "host",
  "namespace",
  "deployment",
  "queue",
  "domain",
  "node",
  "database",
  "project",
  "instance",
  "container",
  "horizontalpodautoscaler",
  "cronjob",
  "job_name",
  "persistentvolumeclaim",
]);

/** A focus of given entities. */
export function focusFrom(turn: Turn, entities: readonly Entity[], alert?: Focus["alert"]): Focus {
  const names = new Set(entities.map((entity) => entity.name.toLowerCase()));
  const deployments = turn.catalogue.ofKind("deployment").map((entity) => entity.name);
  const workloads = new Set<string>();
  for (const name of names) {
    const exact = deployments.filter((one) => one.toLowerCase() === name);
    const prefixed = deployments.filter((one) => one.toLowerCase().startsWith(`${name}-`));
    const podOf = deployments.filter((one) => podPattern(one).test(name));
    for (const one of [...podOf, ...(exact.length > 0 ? exact : prefixed)]) workloads.add(one);
  }
  // A deployment such as "x-api" is how the service "x" runs.
  for (const service of turn.catalogue.ofKind("service"))
    if ([...names].some((name) => workloads.has(name) && name.startsWith(`${service.name.toLowerCase()}-`)))
      names.add(service.name.toLowerCase());
  for (const workload of workloads) names.add(workload.toLowerCase());
  return {
    name: entities[0]?.name ?? "",
    names,
    entities,
    kinds: new Set(entities.map((entity) => entity.kind)),
    workloads: [...workloads],
    nodes: new Set(),
    alert,
  };
}

function podPattern(workload: string): RegExp {
  return new RegExp(`^${escapeRegex(workload)}-[a-z0-9]+(-[a-z0-9]+)?$`, "i");
}

/** Is this pod one of the focus' own? */
export function ownsPod(focus: Focus, pod: string): boolean {
  return focus.names.has(pod.toLowerCase()) || focus.workloads.some((workload) => podPattern(workload).test(pod));
}

/** 1: it is the focus itself; 0.9: its host; 0.75: a node its pods run on; 0: nothing says that they belong together. */
export function nearness(focus: Focus, labels: Labels): number {
  let best = 0;
  for (const [label, value] of Object.entries(labels)) {
    if (label === "__name__" || NOT_THINGS.has(label) || label === "namespace") continue;
    const short = shortName(label === "target" ? "instance" : label, value).toLowerCase();
    if (label === "pod" && ownsPod(focus, value)) best = Math.max(best, 1);
    else if (focus.names.has(short)) best = Math.max(best, 1);
    else if (focus.nodes.has(short)) best = Math.max(best, 0.75);
  }
  return best;
}

/** The named service's own metrics carry its name: `payments_gateway_errors_total` for "payments". */
export function nameInMetric(focus: Focus, metric: string): boolean {
  const words = metric.toLowerCase().split("_").map(stemmed);
  return [...focus.names].some((name) => {
    const parts = name
      .split(/[-_. ]+/)
      .map(stemmed)
      .filter((part) => part.length > 2 && !/^\d+$/.test(part));
    const [head] = parts;
    return (
      head !== undefined &&
      (words.join("_").includes(parts.join("_")) ||
        (parts.length > 1 && GENERIC_TAIL.has(parts.at(-1) ?? "") && words.includes(head)))
    );
  });
}

const GENERIC_TAIL = new Set(["api", "svc", "service", "server", "worker", "app", "backend", "queue"]);

function stemmed(word: string): string {
  return word.length > 3 ? word.replace(/s$/, "") : word;
}

/** The focus with the nodes that its pods run on at that moment, as `kube_pod_info` tells. */
export async function withNodes(
  turn: Turn,
  focus: Focus,
  at: number,
): Promise<{ readonly focus: Focus; readonly nodeOf: ReadonlyMap<string, string> }> {
  const info = turn.index.byId.get("pod.info");
  if (info === undefined) return { focus, nodeOf: new Map() };
  const answer = await turn.ask.instant(info.metric.name, { at, background: true });
  if (!answer.ok) return { focus, nodeOf: new Map() };
  const nodeOf = new Map<string, string>();
  const nodes = new Set<string>();
  for (const { labels } of answer.data) {
    const { pod, node } = labels;
    if (pod === undefined || node === undefined || node === "") continue;
    nodeOf.set(pod, node);
    if (ownsPod(focus, pod)) nodes.add(shortName("node", node).toLowerCase());
  }
  return { focus: { ...focus, nodes }, nodeOf };
}

async function alertNamed(turn: Turn, at: number): Promise<Focus["alert"]> {
  const known = turn.catalogue.metrics.get("ALERTS")?.labels.get("alertname") ?? [];
  const name = known.find((one) => new RegExp(`(?<![\\w-])${escapeRegex(one)}(?![\\w-])`, "i").test(turn.read.text));
  if (name === undefined) return undefined;
  const selector = `ALERTS{alertname=${quote(name)}}`;
  const now = await turn.ask.instant(selector, { at });
  let found = now.ok ? now.data.map((one) => one.labels) : [];
  if (found.length === 0) {
    const past = await turn.ask.range(selector, { start: at - WEEK, end: at, step: 1800 }, { background: true });
    found = past.ok ? past.data.map((one) => one.labels) : [];
  }
  const mentioned = new Set(turn.read.mentions.map((mention) => mention.text.toLowerCase()));
  const labels =
    found.find((one) =>
      Object.entries(one).some(([label, value]) => mentioned.has(shortName(label, value).toLowerCase())),
    ) ?? found[0];
  return labels === undefined ? undefined : { name, labels };
}
