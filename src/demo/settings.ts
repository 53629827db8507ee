import { ALERT_RULES, RECORDING_RULES, ruleLabels } from "./rules.ts";
import type { World } from "./world.ts";

export const SCRAPE_SECONDS = 5;
const EVALUATE_SECONDS = 3;

/** Both programs read YAML, and JSON is YAML. */
const stringify = (settings: unknown) => `${JSON.stringify(settings, null, 2)}\n`;

/** Prometheus' configuration: each target keeps its real name as `instance` and is fetched from our exporter. */
export function prometheusYaml(
  world: World,
  ports: { exporter: number; alertmanager: number },
  rulesFile: string,
): string {
  const jobs = [...new Set(world.targets.map((target) => target.job))];
  return stringify({
    global: {
      scrape_interval: `${SCRAPE_SECONDS}s`,
      scrape_timeout: "5s",
      evaluation_interval: `${EVALUATE_SECONDS}s`,
    },
    rule_files: [rulesFile],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${ports.alertmanager}`] }] }] },
    scrape_configs: jobs.map((job) => ({
      job_name: job,
      static_configs: [
        { targets: world.targets.filter((target) => target.job === job).map((target) => target.instance) },
      ],
      relabel_configs: [
        { source_labels: ["__address__"], target_label: "instance" },
        { source_labels: ["instance"], target_label: "__param_instance" },
        { source_labels: ["job"], target_label: "__param_job" },
        { target_label: "__address__", replacement: `127.0.0.1:${ports.exporter}` },
      ],
    })),
  });
}

/** The rules file. */
export function rulesYaml(): string {
  return stringify({
    groups: [
      { name: "shop-recorded", rules: RECORDING_RULES },
      {
        name: "shop-alerts",
        rules: ALERT_RULES.map((rule) => ({
          alert: rule.alert,
          expr: rule.expr,
          for: `${rule.hold}s`,
          labels: ruleLabels(rule),
          annotations: { summary: rule.summary },
        })),
      },
    ],
  });
}

/** Alertmanager's configuration: it groups and silences as usual, and tells nobody. */
export function alertmanagerYaml(): string {
  return stringify({
    route: {
      receiver: "nobody",
      group_by: ["alertname"],
      group_wait: "5s",
      group_interval: "1m",
      repeat_interval: "12h",
    },
    receivers: [{ name: "nobody" }],
  });
}
