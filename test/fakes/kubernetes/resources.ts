import type { Resource } from "./store.ts";

/** The kinds that the server knows, as its discovery documents list them. */
export type Served = Resource & {
  readonly version: string;
  readonly kind: string;
  readonly singular: string;
  readonly short: readonly string[];
  readonly namespaced: boolean;
  readonly subs: readonly string[];
};

const served = (
  group: string,
  version: string,
  kind: string,
  plural: string,
  short: readonly string[],
  namespaced: boolean,
  subs: readonly string[] = [],
): Served => ({ group, version, kind, plural, singular: kind.toLowerCase(), short, namespaced, subs });

export const SERVED = {
  namespaces: served("", "v1", "Namespace", "namespaces", ["ns"], false),
  pods: served("", "v1", "Pod", "pods", ["po"], true, ["log", "eviction"]),
  nodes: served("", "v1", "Node", "nodes", ["no"], false),
  events: served("", "v1", "Event", "events", ["ev"], true),
  deployments: served("apps", "v1", "Deployment", "deployments", ["deploy"], true, ["scale"]),
  replicasets: served("apps", "v1", "ReplicaSet", "replicasets", ["rs"], true),
  statefulsets: served("apps", "v1", "StatefulSet", "statefulsets", ["sts"], true, ["scale"]),
  daemonsets: served("apps", "v1", "DaemonSet", "daemonsets", ["ds"], true),
  controllerrevisions: served("apps", "v1", "ControllerRevision", "controllerrevisions", [], true),
  budgets: served("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", ["pdb"], true),
  autoscalers: served("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", ["hpa"], true),
} as const;

const ALL: readonly Served[] = Object.values(SERVED);
const VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"];

/** The kind that a path names: /apis/GROUP/VERSION/… or /api/v1/…. */
export function servedAt(group: string, version: string, plural: string): Served | undefined {
  return ALL.find((one) => one.group === group && one.version === version && one.plural === plural);
}

/** Answers of /version, /api, /apis and the lists of resources below them; undefined for another path. */
export function discovery(path: string): unknown {
  const groups = [...new Set(ALL.map(({ group }) => group))].filter((group) => group !== "");
  const versionOf = (name: string) => ALL.find(({ group }) => group === name)!.version;
  const parts = path.split("/").filter((part) => part !== "");
  if (path === "/version") return { major: "1", minor: "32", gitVersion: "v1.32.0", platform: "linux/amd64" };
  if (path === "/api") return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
  if (path === "/apis")
    return {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: groups.map((name) => {
        const version = { groupVersion: `${name}/${versionOf(name)}`, version: versionOf(name) };
        return { name, versions: [version], preferredVersion: version };
      }),
    };
  if (parts[0] === "api" && parts[1] === "v1" && parts.length === 2) return resourceList("", "v1");
  const [root, group, version] = parts;
  if (root === "apis" && parts.length === 3 && groups.includes(group!) && versionOf(group!) === version)
    return resourceList(group!, version!);
  return undefined;
}

function resourceList(group: string, version: string): unknown {
  const resources = ALL.filter((one) => one.group === group).flatMap((one) => [
    {
      name: one.plural,
      singularName: one.singular,
      namespaced: one.namespaced,
      kind: one.kind,
      verbs: VERBS,
      ...(one.short.length === 0 ? {} : { shortNames: one.short }),
    },
    ...one.subs.map((sub) => ({
      name: `${one.plural}/${sub}`,
      singularName: "",
      namespaced: one.namespaced,
      ...(sub === "scale"
        ? { group: "autoscaling", version: "v1", kind: "Scale", verbs: ["get", "patch", "update"] }
        : sub === "eviction"
          ? { group: "policy", version: "v1", kind: "Eviction", verbs: ["create"] }
          : { kind: one.kind, verbs: ["get"] }),
    })),
  ]);
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources,
  };
}
