/** A first draft of a runbook for an alert: what can be told from its rule. A person has to write the rest. */

export type AlertRule = {
  readonly name: string;
  readonly promql: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly runbookUrl?: string;
};

/** Labels that say what an alert is about, with the parameter and the allow-list each gives. */
const SUBJECTS: readonly (readonly [label: string, like: string, about: string])[] = [
  ["namespace", "k8s_label", "The namespace it is in."],
  ["deployment", "k8s_name", "The deployment."],
  ["statefulset", "k8s_name", "The stateful set."],
  ["daemonset", "k8s_name", "The daemon set."],
  ["pod", "k8s_name", "The pod."],
  ["container", "k8s_label", "The container."],
  ["node", "k8s_name", "The node."],
  ["instance", "file", "The instance."],
  ["service", "file", "The service."],
  ["job", "file", "The job."],
];

/** YAML of the draft. It says `state: draft`, so it cannot be proposed. */
export function draftFor(rule: AlertRule): string {
  const subjects = SUBJECTS.filter(([label]) => new RegExp(`\\b${label}\\b`).test(rule.promql));
  const workload = subjects.find(([label]) => /^(?:deployment|statefulset|daemonset)$/.test(label))?.[0];
  const inKubernetes = subjects.some(([label]) => label === "namespace") && workload !== undefined;
  const main = subjects.findLast(([label]) => label !== "namespace") ?? subjects[0];
  const target = main === undefined ? rule.name : `{{ params.${main[0]} }}`;
  // The rule gives a series while it fires; counted, it gives a number that can be compared.
  const firing = `count(${rule.promql.trim()}) or vector(0)`;
  const params = [
    ...(inKubernetes ? ["  cluster: {of: kubernetes, about: The cluster.}"] : []),
    ...subjects.map(([label, like, about]) => `  ${label}: {like: ${like}, about: ${about}}`),
  ];
  const step = inKubernetes
    ? [
        `  - name: read the state of ${target}`,
        "    uses: kubernetes/status",
        `    with: {cluster: "{{ params.cluster }}", namespace: "{{ params.namespace }}", kind: ${workload}, name: ${text(target)}}`,
      ]
    : ["  - name: ask a configured service how it is", "    uses: http/get", "    with: {path: /healthz}"];
  return `${[
    `# A draft from the rule of the alert ${oneLine(rule.name)}. It is not used before its state is active.`,
    ...(rule.runbookUrl === undefined ? [] : [`# What the rule names as its runbook: ${oneLine(rule.runbookUrl)}`]),
    ...Object.entries(rule.labels).map(([name, value]) => `# ${oneLine(name)}: ${oneLine(value)}`),
    `id: ${idOf(rule.name)}`,
    `title: ${text(`Mend ${rule.name}`.slice(0, 200))}`,
    `does: ${text(`To be written. ${rule.summary}`.trim().slice(0, 600))}`,
    "not_when: To be written.",
    "risk: medium",
    "state: draft",
    params.length === 0 ? "params: {}" : `params:\n${params.join("\n")}`,
    `target: {kind: ${main?.[0] ?? "service"}, name: ${text(target)}, key: ${text(`${idOf(rule.name)}/${target}`)}}`,
    "preconditions:",
    "  - name: the alert still fires",
    `    promql: ${text(firing)}`,
    '    expect: ">= 1"',
    "    none: fail",
    "# Only reading so far. Put the change in its place: `smartcloudops runbooks show restart-deployment` is an example.",
    "steps:",
    ...step,
    "verify:",
    "  settle: 2m",
    "  deadline: 15m",
    "  checks:",
    "    - name: series for which the alert fires",
    `      promql: ${text(firing)}`,
    "      unit: count",
    "      better: down",
    '      until: "== 0"',
    "cooldown: 15m",
    "per_hour: 2",
    "step_timeout: 5m",
    "minutes_by_hand: 10",
    `matches: {alerts: [${text(rule.name)}]}`,
  ].join("\n")}\n`;
}

/** "KubePodCrashLooping" -> "kube-pod-crash-looping". */
function idOf(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
  const plain = words.replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "");
  return plain === "" ? "draft" : plain.slice(0, 60).replace(/-+$/, "");
}

/** JSON's strings are YAML's double-quoted ones. */
function text(value: string): string {
  return JSON.stringify(value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " "));
}

function oneLine(value: string): string {
  return value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 300);
}
