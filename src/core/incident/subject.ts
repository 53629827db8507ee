import type { AlertEvent, AlertRecord, Subject } from "../incident.ts";

type Labels = AlertEvent["labels"];

/**
 * Labels that name what an alert is about, in the order in which people would call it: a service before the workload that runs it, that
 * before its pod, and the machine last, since one of many instances is seldom what somebody looks for.
 */
const NAMED_BY: readonly (readonly [label: string, kind: string])[] = [
  ["service", "service"],
  ["service_name", "service"],
  ["app", "service"],
  ["application", "service"],
  ["app_kubernetes_io_name", "service"],
  ["label_app", "service"],
  ["deployment", "deployment"],
  ["statefulset", "statefulset"],
  ["daemonset", "daemonset"],
  ["replicaset", "workload"],
  ["workload", "workload"],
  ["horizontalpodautoscaler", "autoscaler"],
  ["hpa", "autoscaler"],
  ["cronjob", "cronjob"],
  ["job_name", "job"],
  ["queue", "queue"],
  ["topic", "topic"],
  ["datname", "database"],
  ["database", "database"],
  ["persistentvolumeclaim", "volume"],
  ["workflow", "workflow"],
  ["repository", "repository"],
  ["node", "node"],
  ["host", "host"],
  ["hostname", "host"],
  ["nodename", "host"],
  ["instance", "instance"],
];

/** What runs one thing under one name in a namespace: which of them a rule's labels name says nothing about what is wrong. */
const RUNS_ONE: ReadonlySet<string> = new Set([
  "service",
  "deployment",
  "statefulset",
  "daemonset",
  "autoscaler",
  "workload",
]);

/** Who only tells of others: its own service and instance labels say nothing about what is wrong. */
const TELLS_OF_OTHERS = /kube-state-metrics|blackbox|pushgateway|cloudwatch-exporter|stackdriver/;

/** What an alert is about, by its labels. Undefined where none of them names a thing. */
export function subjectOf(labels: Labels): Subject | undefined {
  const isTold = TELLS_OF_OTHERS.test(labels["service"] ?? "") || TELLS_OF_OTHERS.test(labels["job"] ?? "");
  for (const [label, kind] of NAMED_BY) {
    const name = labels[label];
    const isTeller = isTold && (kind === "service" || kind === "instance");
    if (name === undefined || name === "" || isTeller) continue;
    return { kind, name: label === "replicaset" ? deploymentOf(name) : name };
  }
  const pod = labels["pod"];
  if (pod !== undefined && pod !== "") return { kind: "workload", name: workloadOf(pod) };
  return undefined;
}

/** Names by which the graph of calls may know what an alert is about, the likeliest first. A scrape job often bears its service's name. */
export function namesOf(labels: Labels): readonly string[] {
  const isTold = TELLS_OF_OTHERS.test(labels["service"] ?? "") || TELLS_OF_OTHERS.test(labels["job"] ?? "");
  const named = NAMED_BY.filter(([, kind]) => CALLS.has(kind) && !(isTold && kind === "service"));
  const pod = labels["pod"] ?? "";
  const job = isTold ? "" : (labels["job"] ?? "");
  const names = [...named.map(([label]) => labels[label] ?? ""), pod === "" ? "" : workloadOf(pod), job];
  return [...new Set(names.filter((name) => name !== ""))];
}

/** Kinds of things that call and are called. */
const CALLS = new Set(["service", "deployment", "statefulset", "daemonset", "queue", "database"]);

/** A ReplicaSet's name ends in the hash of its pods' template. */
function deploymentOf(replicaset: string): string {
  return /^(.+)-[bcdf-hj-np-tv-xz24-9]{6,10}$/.exec(replicaset)?.[1] ?? replicaset;
}

/** What tells the thing of one alert from those of others: one without a subject is told by its name, an instance by its host. */
export function thingOf(
  { labels, name }: Pick<AlertRecord, "labels" | "name">,
  namespace: string | undefined = labels["namespace"] ?? "",
): string {
  const subject = subjectOf(labels);
  const [environment, cluster] = whereOf(labels);
  const own = subject === undefined ? ["name", name] : [kindOf(subject), subject.name.replace(/:\d+$/, "")];
  return JSON.stringify([environment, cluster, namespace, ...own]);
}

/** The environment that the labels name. */
export function environmentOf(labels: Labels): string | undefined {
  return labels["environment"] ?? labels["env"] ?? labels["stage"];
}

/**
 * The workload that a pod belongs to, by how Kubernetes names pods: a Deployment's end in the hash of its ReplicaSet and five letters, a
 * DaemonSet's in five letters, a StatefulSet's in a number. The letters are those of apimachinery's `rand.String`: no vowels, no 0, 1, 3.
 */
export function workloadOf(pod: string): string {
  const [, plain] = /^(.+?)-(?:[bcdf-hj-np-tv-xz24-9]{6,10}-)?[bcdf-hj-np-tv-xz24-9]{5}$/.exec(pod) ?? [];
  if (plain !== undefined) return plain;
  return /^(.+)-\d{1,4}$/.exec(pod)?.[1] ?? pod;
}

/**
 * What an alert joins an incident by, the surest first: Alertmanager's group, which the operator chose, then the thing it is about within its
 * environment, cluster and namespace, whichever kind of Kubernetes' objects it is told by. Alerts that share one of them are one incident.
 */
export function keysOf({ labels, group }: Pick<AlertEvent, "labels" | "group">): readonly string[] {
  const subject = subjectOf(labels);
  const where = whereOf(labels);
  const byThing = subject === undefined ? [] : [JSON.stringify(["thing", ...where, kindOf(subject), subject.name])];
  const byGroup = group === undefined ? [] : [JSON.stringify(["group", group])];
  const keys = [...byGroup, ...byThing];
  return keys.length > 0 ? keys : [JSON.stringify(["name", ...where, labels["alertname"] ?? ""])];
}

/** The kind that a thing is joined by. */
function kindOf({ kind }: Subject): string {
  return RUNS_ONE.has(kind) ? "service" : kind;
}

/** Keys by which things are found whose labels say less of the place, or more. */
export type WideKeys = {
  /** What the incident has from then on. */
  readonly kept: readonly string[];
  /** Where one is looked for: whether it is about the thing there, `isThere` says. */
  readonly sought: readonly string[];
  /** What an incident has once the thing is in several namespaces: it is looked for only by who says in which. */
  readonly several?: string;
};

/**
 * How an anomaly and an alert about one thing find each other, though a query of the watching leaves labels of where it is away that an alert
 * carries, and the other way round. Alerts find alerts by it where they run in one environment and cluster and only the namespace is said by
 * one of them alone, as that of a pod and not that of its service.
 */
export function wideKeysOf({ labels, anomaly }: Pick<AlertEvent, "labels" | "anomaly">): WideKeys {
  const subject = subjectOf(labels);
  if (subject === undefined) return { kept: [], sought: [] };
  const kind = kindOf(subject);
  const key = (what: "alert" | "anomaly") => JSON.stringify([what, kind, subject.name]);
  if (anomaly !== undefined) return { kept: [key("anomaly")], sought: [key("alert"), key("anomaly")] };
  if (!RUNS_ONE.has(subject.kind)) return { kept: [key("alert")], sought: [key("anomaly")] };
  const [environment, cluster] = whereOf(labels);
  const near = (what: string) => JSON.stringify([what, environment, cluster, kind, subject.name]);
  return {
    kept: [key("alert"), near("near")],
    sought: [key("anomaly"), near("near")],
    several: near("several"),
  };
}

/** Whether the labels say in which namespace it is. */
export function saysWhere({ labels }: Pick<AlertEvent, "labels">): boolean {
  return (labels["namespace"] ?? "") !== "";
}

/** Whether an incident with these keys is about the thing of these labels, where nothing that both say of the place differs. */
export function isThere({ labels }: Pick<AlertEvent, "labels">, keys: readonly string[]): boolean {
  const subject = subjectOf(labels);
  if (subject === undefined) return false;
  const where = whereOf(labels);
  const same = keys
    .map((key) => JSON.parse(key) as readonly string[])
    .filter(([what]) => what === "thing")
    .map(([, ...parts]) => ({ parts, named: parts.slice(where.length) }))
    .filter(({ named: [kind, name] }) => kind === kindOf(subject) && name === subject.name);
  const fits = (a: string, b: string | undefined) => a === "" || b === "" || a === b;
  return same.length > 0 && same.every(({ parts }) => where.every((part, at) => fits(part, parts[at])));
}

function whereOf(labels: Labels): readonly string[] {
  return [environmentOf(labels), labels["cluster"], labels["namespace"]].map((part) => part ?? "");
}
