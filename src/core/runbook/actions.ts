import { ENTRY, extensionIn } from "../extension/extension.ts";
import type { Field } from "../extension/fields.ts";

/**
 * What executors can do, by the names that runbooks use: the contract between both. An executor's own check of its
 * arguments is stricter; this is enough to read a runbook where nothing is configured.
 */
export type ActionShape = {
  /** False for one that only reads. */
  readonly changes: boolean;
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** What `look` reads for the way back, as `{{ captured.x }}`. */
  readonly captures: readonly string[];
  /** What each argument may be, where the action is an extension's: values that a runbook writes out are checked against it. */
  readonly fields?: Readonly<Record<string, Field>>;
};

const shape = (changes: boolean, required: string, optional = "", captures = ""): ActionShape => ({
  changes,
  required: words(required),
  optional: words(optional),
  captures: words(captures),
});
const changes = (required: string, optional?: string, captures?: string) => shape(true, required, optional, captures);
const reads = (required: string, optional?: string) => shape(false, required, optional);

export const ACTION_SHAPES: Readonly<Record<string, ActionShape>> = {
  "kubernetes/restart": changes("namespace kind name", "cluster", "template"),
  "kubernetes/scale": changes("namespace kind name replicas", "cluster", "replicas"),
  "kubernetes/rollback": changes("namespace name", "cluster revision", "revision"),
  "kubernetes/pause_rollout": changes("namespace name", "cluster", "paused"),
  "kubernetes/resume_rollout": changes("namespace name", "cluster", "paused"),
  "kubernetes/delete_pod": changes("namespace name", "cluster"),
  "kubernetes/cordon": changes("node", "cluster", "unschedulable"),
  "kubernetes/uncordon": changes("node", "cluster", "unschedulable"),
  "kubernetes/drain": changes("node max_pods", "cluster"),
  "kubernetes/set_limit": changes("namespace kind name resource limit", "cluster container", "limit container"),
  "kubernetes/status": reads("namespace kind name", "cluster"),
  "kubernetes/pod_logs": reads("namespace", "cluster name app container lines since_seconds"),
  "ssh/systemctl": changes("unit verb", "host", "active invocation undo"),
  "ssh/unit_status": reads("unit", "host"),
  "ssh/journal": reads("unit lines since_seconds", "host"),
  "ssh/clean": changes("path older_than_days max_bytes", "host", "files bytes"),
  "ssh/disk_usage": reads("path", "host"),
  "ssh/vacuum_journal": changes("max_bytes", "host"),
  "ssh/rotate_logs": changes("config", "host"),
  "ssh/renew_certificate": changes("domain", "host", "serial"),
  "local/run": changes("", "command args"),
  "http/call": changes("method path", "endpoint body"),
  "http/get": reads("path", "endpoint"),
  "github/dispatch": changes("workflow ref", "repository inputs"),
  "github/rerun": changes("run_id", "repository"),
  "github/cancel": changes("run_id", "repository"),
  "github/runs": reads("", "repository workflow"),
  "postgres/cancel_queries": changes("older_than_seconds max", "database terminate"),
  "postgres/vacuum": changes("table", "database analyze"),
  "postgres/drop_slot": changes("slot", "database"),
  "postgres/activity": reads("", "database"),
  "postgres/log": reads("lines", "database"),
  "redis/flush_prefix": changes("prefix max_keys", "server"),
  "redis/purge_queue": changes("queue max", "server"),
  "redis/move_queue": changes("from to max", "server"),
  "redis/info": reads("", "server"),
};

/** By executor, where it is the bot's own: the argument that names a configured entry. */
const ENTRY_ARGUMENTS: Readonly<Record<string, string>> = {
  kubernetes: "cluster",
  ssh: "host",
  local: "command",
  http: "endpoint",
  github: "repository",
  postgres: "database",
  redis: "server",
};

/** The argument by which the actions of an executor name a configured entry. Where it is left out, the only entry is meant. */
export function entryArgument(kind: string): string {
  return extensionIn(kind) === undefined ? (ENTRY_ARGUMENTS[kind] ?? "") : ENTRY;
}

function words(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}
