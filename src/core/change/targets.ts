/** What each change acts on, in the order in which a name is taken. */
export const TARGET_KINDS: Readonly<Record<string, readonly string[]>> = {
  logs: ["deployment", "service", "statefulset", "pod", "unit", "host", "node", "database"],
  restart: ["deployment", "service", "statefulset", "daemonset", "pod", "host", "node", "container", "database", "job"],
  scale: ["deployment", "statefulset", "service", "horizontalpodautoscaler"],
  rollback: ["deployment", "service", "statefulset", "daemonset"],
  deploy: ["deployment", "service", "project"],
  pause: ["deployment", "service", "queue", "job", "cronjob", "pipeline", "project"],
  resume: ["deployment", "service", "queue", "job", "cronjob", "pipeline", "project"],
  stop: ["deployment", "service", "statefulset", "host", "job", "container"],
  start: ["deployment", "service", "statefulset", "host", "job", "container"],
  delete_pod: ["pod", "deployment", "service"],
  cordon: ["node", "host"],
  uncordon: ["node", "host"],
  drain: ["node", "host"],
  free_disk: ["host", "node"],
  rotate_logs: ["host", "node", "service"],
  purge_queue: ["queue"],
  flush_cache: ["service", "deployment", "host", "job"],
  kill_queries: ["database", "host"],
  vacuum: ["database", "host"],
  drop_replication_slot: ["slot_name", "slot", "host", "database"],
  failover: ["host", "database", "service"],
  renew_certificate: ["domain", "instance", "host"],
  toggle_flag: ["flag"],
  set_limit: ["deployment", "service", "statefulset", "daemonset", "container", "pod"],
  resize_volume: ["persistentvolumeclaim", "host", "database", "statefulset", "deployment"],
  rerun_pipeline: ["project", "pipeline", "repo", "job", "cronjob"],
  cancel_pipeline: ["project", "pipeline", "repo", "job", "cronjob"],
};

const VERBS: Readonly<Record<string, string>> = {
  rollback: "roll back",
  delete_pod: "delete pod",
  free_disk: "free disk space on",
  purge_queue: "purge",
  flush_cache: "flush the cache of",
  kill_queries: "kill queries on",
  drop_replication_slot: "drop replication slot",
  renew_certificate: "renew the certificate of",
  toggle_flag: "toggle",
  set_limit: "set the memory limit of",
  resize_volume: "resize the volume of",
  rerun_pipeline: "rerun pipeline",
  cancel_pipeline: "cancel pipeline",
  rotate_logs: "rotate logs on",
};

/** A change as people order it, to stand before a name: "free disk space on". */
export function sayVerb(type: string): string {
  return VERBS[type] ?? type.replaceAll("_", " ");
}

/** Kinds that a change of no known kind may act on. */
export const ANY_KIND: readonly string[] = [
  "deployment",
  "service",
  "statefulset",
  "daemonset",
  "host",
  "node",
  "pod",
  "queue",
  "database",
  "domain",
  "project",
  "flag",
];

/** The word for a change's target in a question: "Which service or deployment …". */
export function sayKinds(type: string): string {
  const [first = "service"] = TARGET_KINDS[type] ?? ["service"];
  return (
    {
      deployment: "service or deployment",
      slot_name: "replication slot",
      persistentvolumeclaim: "volume or host",
      project: "pipeline",
      service: "service",
    }[first] ?? first
  );
}

const BETWEEN =
  /^[\s,;&+/]*(?:(?:and|und|y|e|et|aur|plus|as well as|sowie|the|die|der|das|den|el|la|los|las|les|le|os|as|o|a|services?|pods?|deployments?|hosts?|nodes?|queues?|queue|service|dienste?|servicios?|servicos?|both|also|auch)[\s,;&+/]*)*$/i;

/** True when the words between two names only join them: ", ", "and the", "und". */
export function joins(between: string): boolean {
  return between.length <= 60 && BETWEEN.test(between.normalize("NFKD").replace(/\p{M}+/gu, ""));
}
