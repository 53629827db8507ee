import type { Action } from "../../ports/changes.ts";
import type { ActionDeps } from "../shared/deps.ts";
import { createKit } from "./clusters.ts";
import { nodeActions } from "./nodes.ts";
import { deletePod } from "./pods.ts";
import { readActions } from "./reads.ts";
import type { KubernetesSettings } from "./settings.ts";
import { templateActions } from "./templates.ts";
import { workloadActions } from "./workloads.ts";

/** Milliseconds between two looks at a rollout. */
const POLL_MS = 1000;

/**
 * The actions `kubernetes/*`. Throws an `Error` with a sentence for settings that are not safe.
 *
 * Rights that they need, as RBAC writes them; each is asked for only when its action is used:
 * - restart, scale, rollback, pause_rollout, resume_rollout, set_limit: get and patch of deployments.apps,
 *   statefulsets.apps, daemonsets.apps; rollback also list of replicasets.apps; scale also list of
 *   horizontalpodautoscalers.autoscaling (without it the card says that it does not know of autoscalers)
 * - delete_pod: get and delete of pods
 * - status: get of the workload, list of pods and events; pod_logs: get and list of pods, get of pods/log
 * - cordon, uncordon: get and patch of nodes (a ClusterRole)
 * - drain: get and patch of nodes, list of pods in all namespaces (a ClusterRole); get of pods and create of
 *   pods/eviction in the namespaces it may touch
 */
export function createKubernetesActions(
  settings: readonly KubernetesSettings[],
  deps: ActionDeps,
  options: { readonly pollMs?: number } = {},
): readonly Action[] {
  const kit = createKit(settings, deps, options.pollMs ?? POLL_MS);
  return [...workloadActions(kit), ...templateActions(kit), deletePod(kit), ...nodeActions(kit), ...readActions(kit)];
}
