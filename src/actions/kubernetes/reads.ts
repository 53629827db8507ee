import type { z } from "zod";
import type { Action } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { MOST_OUTPUT } from "../shared/output.ts";
import { argumentsOf, dnsLabel, dnsName, integer, oneOf } from "../shared/patterns.ts";
import { type Cluster, inCluster, type Kit, readAs, reading } from "./clusters.ts";
import { Event, listOf, Pod, Workload } from "./objects.ts";
import { sayPod } from "./pods.ts";
import { progressOf } from "./rollout.ts";
import { factsOf, nameOf } from "./workloads.ts";

const StatusArgs = argumentsOf({
  ...inCluster,
  namespace: dnsLabel,
  kind: oneOf("deployment", "statefulset", "daemonset"),
  name: dnsName,
});

const LogArgs = argumentsOf({
  ...inCluster,
  namespace: dnsLabel,
  name: dnsName.optional(),
  app: dnsLabel.optional(),
  container: dnsLabel.optional(),
  lines: integer(1, 5000).default(200),
  since_seconds: integer(1, 7 * 86_400).default(3600),
}).refine(({ name, app }) => (name === undefined) !== (app === undefined), {
  path: ["name"],
  message: "must be given, or app instead of it: exactly one of both",
});

const MOST_PODS = 20;
const MOST_EVENTS = 10;
/** Of one app, the logs of so many pods are read. */
const LOG_PODS = 5;
const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/** The reading actions. */
export function readActions(kit: Kit): readonly Action[] {
  return [
    reading(kit, "kubernetes/status", StatusArgs, statusText),
    reading(kit, "kubernetes/pod_logs", LogArgs, logText),
  ];
}

/** Replicas, conditions, pods and the last events of a workload. */
async function statusText(cluster: Cluster, args: z.output<typeof StatusArgs>, signal: AbortSignal): Promise<string> {
  const { kind, namespace, name } = args;
  const object = await readAs(cluster, Workload, { verb: "get", kind, namespace, name }, signal);
  const labelSelector = Object.entries(object.spec.selector.matchLabels)
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
  const [pods, events] = await Promise.all([
    orWhy(podsWith(cluster, namespace, labelSelector, signal)),
    orWhy(
      readAs(
        cluster,
        listOf(Event),
        {
          verb: "list",
          kind: "event",
          namespace,
          query: { fieldSelector: `involvedObject.uid=${object.metadata.uid}` },
        },
        signal,
      ).then(({ items }) => items),
    ),
  ]);
  signal.throwIfAborted();
  const conditions = object.status.conditions
    .filter(({ type, status }) => (type === "ReplicaFailure" ? status === "True" : status !== "True"))
    .map(({ type, status, message }) => `${type} is ${status}: ${message}`);
  return [
    `${nameOf({ kind, namespace, name })}: ${progressOf(kind, object).text}.`,
    ...factsOf(kind, object),
    ...(object.spec.paused ? ["Its rollout is paused."] : []),
    ...conditions,
    "Pods:",
    ...(typeof pods === "string" ? [pods] : firstOf(pods.map(sayPod), MOST_PODS, "pods")),
    "Events, the newest first:",
    ...(typeof events === "string" ? [events] : firstOf(newestFirst(events), MOST_EVENTS, "events")),
  ].join("\n");
}

function newestFirst(events: readonly z.output<typeof Event>[]): readonly string[] {
  const timeOf = (event: z.output<typeof Event>) =>
    event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? "";
  return [...events]
    .sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1))
    .map((event) => {
      const times = (event.count ?? 1) > 1 ? ` (${event.count} times)` : "";
      return `${timeOf(event)} ${event.type} ${event.reason}: ${event.message}${times}`;
    });
}

function firstOf(lines: readonly string[], most: number, what: string): readonly string[] {
  if (lines.length === 0) return [`no ${what}`];
  const more = lines.length - most;
  return more > 0 ? [...lines.slice(0, most), `… ${more} more ${what}`] : lines;
}

/** A missing right for a part of the picture is said in its place. */
async function orWhy<T>(work: Promise<T>): Promise<T | string> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RefusedError) return error.message;
    throw error;
  }
}

/** The last lines of a pod's log, or of the pods of an app. */
async function logText(cluster: Cluster, args: z.output<typeof LogArgs>, signal: AbortSignal): Promise<string> {
  const { namespace } = args;
  const pods =
    args.name === undefined
      ? await podsOfApp(cluster, namespace, args.app ?? "", signal)
      : [await readAs(cluster, Pod, { verb: "get", kind: "pod", namespace, name: args.name }, signal)];
  if (pods.length === 0)
    throw new RefusedError(cluster.api.service, 404, `there is no pod of app ${args.app} in ${namespace}.`);
  const read = pods.slice(0, LOG_PODS);
  const texts = await Promise.all(read.map((pod) => orWhy(logOf(cluster, pod, args, read.length, signal))));
  const left = pods.length - read.length;
  return [
    ...read.map((pod, i) => (pods.length === 1 ? texts[i] : `== ${pod.metadata.name}\n${texts[i]}`)),
    ...(left > 0 ? [`… ${left} more pods were not read`] : []),
  ].join("\n");
}

async function logOf(
  cluster: Cluster,
  pod: Pod,
  args: z.output<typeof LogArgs>,
  shares: number,
  signal: AbortSignal,
): Promise<string> {
  const container = args.container ?? pod.metadata.annotations[DEFAULT_CONTAINER] ?? pod.spec.containers[0]?.name;
  const bytes = Math.floor((4 * MOST_OUTPUT) / shares);
  const text = await cluster.api.text(
    {
      verb: "get",
      kind: "pod",
      namespace: args.namespace,
      name: pod.metadata.name,
      sub: "log",
      query: {
        tailLines: String(args.lines),
        sinceSeconds: String(args.since_seconds),
        limitBytes: String(bytes),
        timestamps: "true",
        ...(container === undefined ? {} : { container }),
      },
    },
    signal,
    bytes,
  );
  return text === "" ? `(no lines in the last ${args.since_seconds} s)` : text;
}

/** By the two labels that charts and manifests use for it. */
async function podsOfApp(
  cluster: Cluster,
  namespace: string,
  app: string,
  signal: AbortSignal,
): Promise<readonly Pod[]> {
  for (const label of ["app.kubernetes.io/name", "app"]) {
    const pods = await podsWith(cluster, namespace, `${label}=${app}`, signal);
    if (pods.length > 0) return pods;
  }
  return [];
}

async function podsWith(
  cluster: Cluster,
  namespace: string,
  labelSelector: string,
  signal: AbortSignal,
): Promise<readonly Pod[]> {
  const { items } = await readAs(
    cluster,
    listOf(Pod),
    { verb: "list", kind: "pod", namespace, query: { labelSelector, limit: "500" } },
    signal,
  );
  return items;
}
