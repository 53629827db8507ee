/** The demo's alerting and recording rules, used for Prometheus' file and for the alerts of the past alike. */

export type AlertRule = {
  readonly alert: string;
  readonly expr: string;
  /** Seconds for which the condition must hold. */
  readonly hold: number;
  readonly severity: "critical" | "warning";
  readonly team: string;
  readonly summary: string;
};

const MINUTE = 60;

export const ALERT_RULES: readonly AlertRule[] = [
  {
    alert: "TargetDown",
    expr: "up == 0",
    hold: 5 * MINUTE,
    severity: "warning",
    team: "platform",
    summary: "{{ $labels.instance }} ({{ $labels.job }}) does not answer",
  },
  {
    alert: "LatencyHigh",
    expr: "histogram_quantile(0.95, sum by (service, le) (rate(http_request_duration_seconds_bucket[5m]))) > 1",
    hold: 5 * MINUTE,
    severity: "warning",
    team: "shop",
    summary: "One request in twenty to {{ $labels.service }} takes longer than {{ $value | humanizeDuration }}",
  },
  {
    alert: "ErrorRatioHigh",
    expr: 'sum by (service) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (service) (rate(http_requests_total[5m])) > 0.02',
    hold: 3 * MINUTE,
    severity: "critical",
    team: "shop",
    summary: "{{ $value | humanizePercentage }} of requests to {{ $labels.service }} fail",
  },
  {
    alert: "TrafficDrop",
    expr: 'sum by (service) (rate(http_requests_total{service="storefront"}[5m])) < 0.5 * sum by (service) (rate(http_requests_total{service="storefront"}[5m] offset 1d))',
    hold: 5 * MINUTE,
    severity: "critical",
    team: "shop",
    summary: "{{ $labels.service }} has less than half of yesterday's requests",
  },
  {
    alert: "HostCpuHigh",
    expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0.85',
    hold: 10 * MINUTE,
    severity: "warning",
    team: "platform",
    summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its processors",
  },
  {
    alert: "DiskAlmostFull",
    expr: "max by (instance, mountpoint) (1 - node_filesystem_avail_bytes / node_filesystem_size_bytes) > 0.9",
    hold: 10 * MINUTE,
    severity: "critical",
    team: "platform",
    summary: "{{ $labels.mountpoint }} on {{ $labels.instance }} is {{ $value | humanizePercentage }} full",
  },
  {
    alert: "DiskFullSoon",
    expr: "min by (instance, mountpoint) (predict_linear(node_filesystem_avail_bytes[3h], 24 * 3600)) < 0",
    hold: 15 * MINUTE,
    severity: "warning",
    team: "platform",
    summary: "{{ $labels.mountpoint }} on {{ $labels.instance }} will be full within a day",
  },
  {
    alert: "DatabaseConnectionsHigh",
    expr: "sum by (instance) (pg_stat_activity_count) / max by (instance) (pg_settings_max_connections) > 0.8",
    hold: 5 * MINUTE,
    severity: "warning",
    team: "platform",
    summary: "{{ $labels.instance }} has {{ $value | humanizePercentage }} of its connections in use",
  },
  {
    alert: "ReplicationLagHigh",
    expr: "max by (instance) (pg_replication_lag_seconds) > 30",
    hold: 5 * MINUTE,
    severity: "warning",
    team: "platform",
    summary: "{{ $labels.instance }} is {{ $value | humanizeDuration }} behind",
  },
  {
    alert: "RedisMemoryHigh",
    expr: "max by (instance) (redis_memory_used_bytes / redis_memory_max_bytes) > 0.93",
    hold: 5 * MINUTE,
    severity: "warning",
    team: "platform",
    summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory",
  },
  {
    alert: "QueueBacklog",
    expr: "max by (queue) (rabbitmq_queue_messages) > 1000",
    hold: 10 * MINUTE,
    severity: "warning",
    team: "shop",
    summary: "{{ $value | humanize }} messages wait in {{ $labels.queue }}",
  },
  {
    alert: "PodCrashLooping",
    expr: 'max by (namespace, pod) (kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}) == 1',
    hold: 5 * MINUTE,
    severity: "warning",
    team: "shop",
    summary: "{{ $labels.pod }} starts and crashes again and again",
  },
  {
    alert: "NodeNotReady",
    expr: 'max by (node) (kube_node_status_condition{condition="Ready",status="true"}) == 0',
    hold: 5 * MINUTE,
    severity: "critical",
    team: "platform",
    summary: "Node {{ $labels.node }} is not ready",
  },
  {
    alert: "CertificateExpiresSoon",
    expr: "min by (instance) (probe_ssl_earliest_cert_expiry - time()) < 14 * 86400",
    hold: 10 * MINUTE,
    severity: "warning",
    team: "web",
    summary: "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}",
  },
  {
    alert: "LoginFailureBurst",
    expr: "sum(rate(login_failures_total[5m])) > 5",
    hold: 5 * MINUTE,
    severity: "critical",
    team: "identity",
    summary: "{{ $value | humanize }} logins a second are refused",
  },
];

export const RECORDING_RULES = [
  { record: "service:http_requests:rate5m", expr: "sum by (service) (rate(http_requests_total[5m]))" },
  {
    record: "service:http_errors:ratio5m",
    expr: 'sum by (service) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (service) (rate(http_requests_total[5m]))',
  },
] as const;

/** The labels that an alert of this rule carries beside those its expression leaves. */
export function ruleLabels(rule: AlertRule): Readonly<Record<string, string>> {
  return { severity: rule.severity, team: rule.team };
}
