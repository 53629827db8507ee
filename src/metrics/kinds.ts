import { bareName, isUrl, looksLikeId } from "./words.ts";

/** Which kind of thing a label value names. */

const KINDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    service: [
      "service",
      "service_name",
      "app",
      "application",
      "svc",
      "app_name",
      "app_kubernetes_io_name",
      "app.kubernetes.io/name",
      "label_app",
      "k8s_app",
    ],
    host: ["host", "hostname", "nodename", "host_name", "host.name"],
    node: ["node", "node_name", "kubernetes_node", "k8s_node_name"],
    namespace: ["namespace", "kubernetes_namespace", "k8s_namespace_name", "kube_namespace"],
    pod: ["pod", "pod_name", "kubernetes_pod_name", "k8s_pod_name"],
    container: ["container", "container_name", "k8s_container_name"],
    deployment: ["deployment", "deployment_name", "k8s_deployment_name"],
    statefulset: ["statefulset", "k8s_statefulset_name"],
    daemonset: ["daemonset", "k8s_daemonset_name"],
    cronjob: ["cronjob", "k8s_cronjob_name"],
    cluster: ["cluster", "cluster_name", "k8s_cluster_name"],
    queue: ["queue", "queue_name"],
    topic: ["topic", "topic_name"],
    database: ["datname", "database", "database_name", "db", "db_name", "dbname"],
    domain: ["domain", "domain_name", "server_name"],
    route: ["route", "handler", "endpoint_path", "http_route", "uri"],
    job: ["job", "job_name"],
  }).flatMap(([kind, labels]) => labels.map((label) => [label, kind] as const)),
);

/** Labels that tell series apart for machines; nobody asks about their values as things. */
const MACHINE_LABELS =
  /^(__.*|le|quantile|(.+_)?uid|(.+_)?uuid|(.+_)?guid|(.+_)?(trace|span|request|correlation|session|container|image|machine|boot|system)_?id|image|.*(version|revision|checksum|digest|sha|hash)|goarch|goos|sysname|machine|fstype|domainname|branch|build_?date|fingerprint|serial|serial_number|(.+_)?(mac|ip|address)|address|le_.*|collector|alertname|alertstate|metrics_path|__metrics_path__)$/i;

/**
 * Kind for all values of a label: `instance` stays open until the value is seen; undefined when the label names no things.
 * @param values all values seen: a label full of ids names nothing people say.
 */
export function kindOfLabel(label: string, values: readonly string[]): string | undefined {
  const name = label.replace(/^exported_/, "");
  if (name === "instance" || name === "target") return "instance";
  const known = KINDS.get(name) ?? KINDS.get(name.toLowerCase());
  if (known !== undefined) return known;
  if (MACHINE_LABELS.test(name)) return undefined;
  const sample = values.slice(0, 200);
  const ids = sample.filter(looksLikeId).length;
  if (ids * 2 > sample.length) return undefined;
  return name;
}

/** Names of metrics that only a machine's own exporter has. */
const HOST_METRIC =
  /^(node|windows|wmi|netdata|collectd|telegraf|snmp|ipmi|smartctl|pve|host|system|machine)_|^if(HC)?(In|Out|Oper)/;
const PROBE_METRIC = /^(probe|blackbox|ping|ssl_probe)_/;

/** Names of hosts: what instances of machine exporters are called. Undefined when no instance looks like one. */
export function likeHosts(
  pairs: readonly { label: string; value: string; metrics: readonly string[] }[],
): ReadonlySet<string> | undefined {
  const hosts = new Set<string>();
  for (const { label, value, metrics } of pairs) {
    if (label !== "instance" || isUrl(value)) continue;
    if (metrics.some((metric) => HOST_METRIC.test(metric))) hosts.add(bareName(value).toLowerCase());
  }
  return hosts.size === 0 ? undefined : hosts;
}

/**
 * Kind of one value, or undefined when it names nothing.
 * @param kind what `kindOfLabel` said
 * @param metrics names of the metrics that have it
 * @param hosts what `likeHosts` said
 */
export function kindOfValue(
  kind: string | undefined,
  label: string,
  value: string,
  metrics: readonly string[],
  hosts: ReadonlySet<string> | undefined,
): string | undefined {
  if (kind === undefined || value.length > 200 || looksLikeId(value)) return undefined;
  if (isUrl(value) && /^(exported_)?(instance|target|url|site|endpoint|address|host)$/.test(label)) return "domain";
  if (kind === "instance") return kindOfInstance(label, value, metrics, hosts);
  // A bare number is a code, a CPU or a partition, and true is a state: no names.
  if (!KINDS.has(label.replace(/^exported_/, "")) && /^([-+]?[\d.]*|true|false)$/.test(value)) return undefined;
  return kind;
}

function kindOfInstance(
  label: string,
  value: string,
  metrics: readonly string[],
  hosts: ReadonlySet<string> | undefined,
): string {
  const name = bareName(value).toLowerCase();
  if (hosts?.has(name) === true) return "host";
  const isDomain = /^([a-z0-9-]+\.)+[a-z]{2,}(\/|$)/.test(name) && !/\.(local|internal|lan|svc)$/.test(name);
  if (isDomain && metrics.some((metric) => PROBE_METRIC.test(metric))) return "domain";
  if (label !== "instance" && label !== "exported_instance") return label.replace(/^exported_/, "");
  // Where nothing looks like a machine's exporter, an instance is the nearest to a host that there is.
  return hosts === undefined ? "host" : "instance";
}
