import type { Model, TargetKey } from "../model.ts";
import { shoppers } from "../noise.ts";
import { HOSTS, NAMESPACE, NODES, PODS, type Pod, SERVICES } from "../shop.ts";
import { releasesOf } from "./services.ts";

const MIB = 2 ** 20;
const STATE: TargetKey = { job: "kube-state-metrics", instance: "kube-state-metrics:8080" };

/** What the cluster tells: containers' use, and the state of deployments, pods, nodes, autoscalers and jobs. */
export function addKubernetes(model: Model): void {
  for (const pod of PODS) {
    addContainer(model, pod);
    addPod(model, pod);
  }
  for (const service of SERVICES) {
    const labels = { namespace: NAMESPACE, deployment: service.name };
    const available = (at: number) =>
      PODS.filter((pod) => pod.service === service.name && isReady(model, pod, at)).length;
    model.gauge(
      STATE,
      "kube_deployment_spec_replicas",
      "Pods the deployment asks for.",
      labels,
      () => service.instances,
      { steady: true },
    );
    model.gauge(
      STATE,
      "kube_deployment_status_replicas_available",
      "Pods of the deployment that can serve.",
      labels,
      available,
      { steady: true },
    );
    model.gauge(
      STATE,
      "kube_deployment_status_replicas_unavailable",
      "Pods of the deployment that cannot serve.",
      labels,
      (at) => service.instances - available(at),
      { steady: true },
    );
  }
  addAutoscalers(model);
  addNodes(model);
  addJobs(model);
}

function isReady(model: Model, pod: Pod, at: number): boolean {
  return !model.isOn(`crashing/${pod.name}`, at) && !model.isOn(`notready/${pod.node}`, at);
}

function addContainer(model: Model, pod: Pod): void {
  const target: TargetKey = { job: "cadvisor", instance: `${pod.node}:10250` };
  const labels = { namespace: NAMESPACE, pod: pod.name, container: pod.service };
  const cores = model.signal(
    `podcpu/${pod.name}`,
    (at) => pod.cores * (0.2 + 0.8 * shoppers(at)) * (1 + 0.12 * model.noise(`podcpu/${pod.name}`, at, 600)),
  );
  const resets = releasesOf(model, pod.service).map(({ at }) => at);
  const crashing = crashingOf(model, pod);
  // Memory creeps up a little after each start, as caches fill.
  const memory = model.signal(
    `podmemory/${pod.name}`,
    (at) =>
      pod.memory *
      (0.86 +
        0.16 * (1 - Math.exp(-(at - (resets.findLast((reset) => reset <= at) ?? model.origin - 86_400)) / 7200)) +
        0.03 * model.noise(`podmemory/${pod.name}`, at, 1800)),
    { high: pod.memoryLimit },
  );
  model.counter(
    target,
    "container_cpu_usage_seconds_total",
    "Seconds of processor time the container used.",
    labels,
    (at) => cores.at(at) * (1 - 0.7 * crashing.at(at)),
    { digits: 2, resets },
  );
  model.gauge(
    target,
    "container_memory_working_set_bytes",
    "Memory of the container that cannot be taken back, in bytes.",
    labels,
    (at) => memory.at(at) * MIB,
  );
  model.counter(target, "container_cpu_cfs_periods_total", "Scheduling periods of the container.", labels, () => 10, {
    resets,
  });
  model.counter(
    target,
    "container_cpu_cfs_throttled_periods_total",
    "Scheduling periods in which the container was held back.",
    labels,
    (at) => 10 * Math.max(0, cores.at(at) / pod.cpuLimit - 0.25) ** 2,
    { resets },
  );
}

function crashingOf(model: Model, pod: Pod) {
  return model.signal(`crashing/${pod.name}`, () => 0);
}

function addPod(model: Model, pod: Pod): void {
  const labels = { namespace: NAMESPACE, pod: pod.name };
  const withContainer = { ...labels, container: pod.service };
  const crashing = crashingOf(model, pod);
  const isCrashing = (at: number) => model.isOn(`crashing/${pod.name}`, at);
  model.gauge(
    STATE,
    "kube_pod_info",
    "Where the pod runs: always 1.",
    { ...labels, node: pod.node, created_by_kind: "ReplicaSet", created_by_name: pod.name.replace(/-[^-]+$/, "") },
    () => 1,
    { steady: true },
  );
  for (const phase of ["Pending", "Running", "Failed"]) {
    model.gauge(
      STATE,
      "kube_pod_status_phase",
      "1 for the phase that the pod is in.",
      { ...labels, phase },
      () => (phase === "Running" ? 1 : 0),
      { steady: true },
    );
  }
  model.gauge(
    STATE,
    "kube_pod_status_ready",
    "Whether the pod is ready to serve.",
    { ...labels, condition: "true" },
    (at) => (isReady(model, pod, at) ? 1 : 0),
    { steady: true },
  );
  // A container that runs out of memory at each start is started again about every six minutes.
  model.counter(
    STATE,
    "kube_pod_container_status_restarts_total",
    "How often the container was started again.",
    withContainer,
    (at) => crashing.at(at) / 370,
  );
  const crash = model.isOn(`crashing/${pod.name}`, model.end);
  if (crash) {
    model.gauge(
      STATE,
      "kube_pod_container_status_waiting_reason",
      "Why the container waits: 1 for the reason.",
      { ...withContainer, reason: "CrashLoopBackOff" },
      (at) => (isCrashing(at) ? 1 : undefined),
    );
    model.gauge(
      STATE,
      "kube_pod_container_status_last_terminated_reason",
      "Why the container ended last: 1 for the reason.",
      { ...withContainer, reason: "OOMKilled" },
      (at) => (isCrashing(at) ? 1 : undefined),
    );
  }
  for (const [resource, unit, request, limit] of [
    ["cpu", "core", pod.cpuRequest, pod.cpuLimit],
    ["memory", "byte", pod.memoryLimit * 0.5 * MIB, pod.memoryLimit * MIB],
  ] as const) {
    const labelled = { ...withContainer, node: pod.node, resource, unit };
    model.gauge(
      STATE,
      "kube_pod_container_resource_requests",
      "What the container asks for.",
      labelled,
      () => request,
      { steady: true, digits: 2 },
    );
    model.gauge(
      STATE,
      "kube_pod_container_resource_limits",
      "What the container may use at most.",
      labelled,
      () => limit,
      { steady: true, digits: 2 },
    );
  }
}

function addAutoscalers(model: Model): void {
  for (const [name, least, most] of [
    ["storefront", 2, 6],
    ["orders", 2, 5],
  ] as const) {
    const labels = { namespace: NAMESPACE, horizontalpodautoscaler: name };
    model.gauge(
      STATE,
      "kube_horizontalpodautoscaler_spec_min_replicas",
      "Fewest pods the autoscaler keeps.",
      labels,
      () => least,
      { steady: true },
    );
    model.gauge(
      STATE,
      "kube_horizontalpodautoscaler_spec_max_replicas",
      "Most pods the autoscaler may start.",
      labels,
      () => most,
      { steady: true },
    );
    model.gauge(
      STATE,
      "kube_horizontalpodautoscaler_status_current_replicas",
      "Pods the autoscaler sees.",
      labels,
      () => least,
      { steady: true },
    );
    model.gauge(
      STATE,
      "kube_horizontalpodautoscaler_status_desired_replicas",
      "Pods the autoscaler wants.",
      labels,
      () => least,
      { steady: true },
    );
  }
}

function addNodes(model: Model): void {
  for (const node of NODES) {
    const isLost = (at: number) => model.isOn(`notready/${node}`, at);
    for (const status of ["true", "false", "unknown"]) {
      model.gauge(
        STATE,
        "kube_node_status_condition",
        "1 for the status that the condition has.",
        { node, condition: "Ready", status },
        (at) => ((isLost(at) ? "unknown" : "true") === status ? 1 : 0),
        { steady: true },
      );
    }
    for (const condition of ["MemoryPressure", "DiskPressure"]) {
      for (const status of ["true", "false"]) {
        model.gauge(
          STATE,
          "kube_node_status_condition",
          "1 for the status that the condition has.",
          { node, condition, status },
          () => (status === "false" ? 1 : 0),
          { steady: true },
        );
      }
    }
    model.gauge(STATE, "kube_node_spec_unschedulable", "1 while no new pods may come to the node.", { node }, () => 0, {
      steady: true,
    });
    const memory = (HOSTS.find((host) => host.name === node)?.memoryGiB ?? 32) * 0.94 * 2 ** 30;
    model.gauge(
      STATE,
      "kube_node_status_allocatable",
      "What pods may use of the node.",
      { node, resource: "cpu", unit: "core" },
      () => 7.8,
      { steady: true, digits: 1 },
    );
    model.gauge(
      STATE,
      "kube_node_status_allocatable",
      "What pods may use of the node.",
      { node, resource: "memory", unit: "byte" },
      () => memory,
      { steady: true },
    );
  }
  for (const [claim, gigabytes, used] of [
    ["uploads", 100, 0.62],
    ["search-index", 50, 0.47],
  ] as const) {
    const target: TargetKey = { job: "kubelet", instance: "kube-1:10250" };
    const labels = { namespace: NAMESPACE, persistentvolumeclaim: claim };
    model.gauge(
      target,
      "kubelet_volume_stats_capacity_bytes",
      "Size of the volume, in bytes.",
      labels,
      () => gigabytes * 1e9,
      { steady: true },
    );
    model.gauge(
      target,
      "kubelet_volume_stats_used_bytes",
      "Bytes used of the volume.",
      labels,
      (at) => gigabytes * 1e9 * (used + 0.01 * model.noise(claim, at, 20_000)),
    );
  }
}

function addJobs(model: Model): void {
  const day = 86_400;
  model.gauge(
    STATE,
    "kube_cronjob_status_last_successful_time",
    "When the job last succeeded, in unix seconds.",
    { namespace: NAMESPACE, cronjob: "nightly-report" },
    (at) => Math.floor((at - 2.6 * 3600) / day) * day + 2.6 * 3600,
  );
  model.gauge(
    STATE,
    "kube_cronjob_status_last_successful_time",
    "When the job last succeeded, in unix seconds.",
    { namespace: NAMESPACE, cronjob: "price-import" },
    (at) => Math.floor((at - 240) / 1800) * 1800 + 240,
  );
  const today = Math.floor(model.end / day);
  for (const [name, failed] of [
    [`nightly-report-${today}`, 0],
    [`parcel-export-${today - 1}`, 1],
  ] as const) {
    const labels = { namespace: NAMESPACE, job_name: name };
    const exists = (at: number) => at >= model.end - day;
    model.gauge(
      STATE,
      "kube_job_status_failed",
      "Pods of the job that failed.",
      labels,
      (at) => (exists(at) ? failed : undefined),
      { steady: true },
    );
    model.gauge(
      STATE,
      "kube_job_status_succeeded",
      "Pods of the job that succeeded.",
      labels,
      (at) => (exists(at) ? 1 - failed : undefined),
      { steady: true },
    );
  }
}
