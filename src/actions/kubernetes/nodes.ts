import type { z } from "zod";
import type { Action, Ran, RunContext } from "../../ports.ts";
import { RefusedError } from "../../util/errors.ts";
import { pause } from "../shared/deadline.ts";
import { outputOf } from "../shared/output.ts";
import { argumentsOf, dnsName, integer } from "../shared/patterns.ts";
import { type Cluster, inCluster, type Kit, place, readAs, sayFailure, whyNotNamespace } from "./clusters.ts";
import { controllerOf, isMirror, listOf, Node, Pod } from "./objects.ts";
import { type Patching, type Plan, patching } from "./patching.ts";
import { refuse } from "./workloads.ts";

const NodeArgs = argumentsOf({ ...inCluster, node: dnsName });
const DrainArgs = argumentsOf({ ...inCluster, node: dnsName, max_pods: integer(1, 500) });
type DrainArgs = z.output<typeof DrainArgs>;

/** Cordon, uncordon and drain. */
export function nodeActions(kit: Kit): readonly Action[] {
  return [patching(kit, cordoning(true)), patching(kit, cordoning(false)), drain(kit)];
}

function cordoning(wanted: boolean): Patching<z.output<typeof NodeArgs>, Node> {
  return {
    name: wanted ? "kubernetes/cordon" : "kubernetes/uncordon",
    args: NodeArgs,
    object: Node,
    find: ({ node }) => ({ kind: "node", name: node }),
    async plan({ node }, object) {
      if (object.spec.unschedulable === wanted)
        refuse(`Node ${node} ${wanted ? "takes no new pods" : "takes new pods"} already.`);
      return cordonPlan(node, object, wanted);
    },
  };
}

function cordonPlan(node: string, object: Node, wanted: boolean): Plan {
  const { unschedulable } = object.spec;
  const ready = object.status.conditions.find(({ type }) => type === "Ready");
  return {
    precondition: { unschedulable },
    captured: { unschedulable },
    facts: [
      `Node ${node} takes ${unschedulable ? "no new pods" : "new pods"}.`,
      ...(ready === undefined ? [] : [`It is ${ready.status === "True" ? "ready" : `not ready: ${ready.message}`}.`]),
    ],
    blast: {
      kind: "known",
      text: wanted ? "No pod moves; new ones go to other nodes." : "No pod moves; new ones may come to it.",
    },
    effect: `node ${node} takes ${wanted ? "no new pods" : "new pods again"}`,
    patch: () => ({ type: "strategic", body: { spec: { unschedulable: wanted } } }),
  };
}

/**
 * As `kubectl drain --ignore-daemonsets`: the node is cordoned, then its pods are evicted one after the other by the
 * eviction API, which keeps disruption budgets: an eviction that a budget refuses (429) is tried again until the time is
 * up. Pods of daemon sets and static pods stay. A pod without a controller, one outside the namespaces that may be
 * touched, or more pods than `max_pods`, and nothing is done at all.
 */
function drain(kit: Kit): Action {
  const cordon = patching<DrainArgs, Node>(kit, {
    name: "kubernetes/drain",
    args: DrainArgs,
    object: Node,
    find: ({ node }) => ({ kind: "node", name: node }),
    async plan(args, object, { cluster, signal }) {
      const pods = await podsToEvict(cluster, args, signal);
      const plan = cordonPlan(args.node, object, true);
      const scratch = pods.filter(({ spec }) => spec.volumes.some(({ emptyDir }) => emptyDir !== undefined)).length;
      return {
        ...plan,
        // A node that somebody has cordoned meanwhile can be drained all the same.
        precondition: {},
        facts: [
          ...plan.facts,
          ...(scratch === 0 ? [] : [`${scratch} of its pods lose what is in their emptyDir volumes.`]),
        ],
        blast: {
          kind: "known",
          text:
            pods.length === 0
              ? "No pod has to move: the node is only cordoned."
              : `${pods.length === 1 ? "1 pod is" : `${pods.length} pods are`} evicted: ${pods.map(fullName).join(", ")}.`,
        },
      };
    },
    follow: (args, { cluster, context }) => evictAll(kit, cluster, args, context),
  });
  return {
    ...cordon,
    async simulate(args, look, signal) {
      const cordoned = await cordon.simulate(args, look, signal);
      if (cordoned.kind === "cannot") return cordoned;
      const { cluster, read } = place(kit, DrainArgs, args);
      const lines: string[] = [];
      for (const pod of await podsToEvict(cluster, read, signal)) {
        const sent = await evict(cluster, pod, true, signal);
        signal.throwIfAborted();
        lines.push(`${fullName(pod)}: ${sent.kind === "done" ? "may be evicted" : sent.text}`);
      }
      return { kind: "simulated", text: outputOf([cordoned.text, ...lines].join("\n"), kit.redact) };
    },
    async probe(args, context) {
      const cordoned = await cordon.probe(args, context);
      if (cordoned.found !== "ran") return cordoned;
      try {
        const { cluster, read } = place(kit, DrainArgs, args);
        const left = (await podsOn(cluster, read.node, context.signal)).filter(isMovable);
        if (left.length === 0)
          return { found: "ran", text: "The node is cordoned with this execution's key, and empty." };
        return {
          found: "unknown",
          text: `The node was cordoned by this execution; ${left.length} pods are still on it: ${left.map(fullName).join(", ")}.`,
        };
      } catch (error) {
        return { found: "unknown", text: sayFailure(error) };
      }
    },
  };
}

async function evictAll(kit: Kit, cluster: Cluster, args: DrainArgs, context: RunContext): Promise<Ran> {
  const { signal, progress } = context;
  let pods: readonly Pod[];
  try {
    pods = await podsToEvict(cluster, args, signal);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { outcome: "partial", output: `The node is cordoned, but no pod was evicted: ${why}` };
  }
  const parts: { name: string; outcome: Ran["outcome"]; output: string }[] = [];
  for (const [i, pod] of pods.entries()) {
    const part = await evictOne(kit, cluster, pod, context);
    parts.push({ name: fullName(pod), ...part, output: outputOf(part.output, kit.redact, 1024) });
    progress(`${i + 1} of ${pods.length}: ${fullName(pod)} ${part.output}`);
  }
  const count = (outcome: Ran["outcome"]) => parts.filter((part) => part.outcome === outcome).length;
  const outcome = count("unknown") > 0 ? "unknown" : count("succeeded") === parts.length ? "succeeded" : "partial";
  return {
    outcome,
    output: [
      `${count("succeeded")} of ${parts.length} pods are gone from the node.`,
      ...parts.map(({ name, output }) => `${name}: ${output}`),
    ].join("\n"),
    parts,
  };
}

/** Evicts a pod and waits until it is gone. A budget that refuses is asked again. */
async function evictOne(
  kit: Kit,
  cluster: Cluster,
  pod: Pod,
  { signal }: RunContext,
): Promise<{ readonly outcome: Ran["outcome"]; readonly output: string }> {
  for (let budget = ""; ; ) {
    if (signal.aborted)
      return {
        outcome: "failed",
        output: budget === "" ? "was not evicted: the time was up" : `was not evicted: ${budget}`,
      };
    const sent = await evict(cluster, pod, false, signal);
    if (sent.kind === "unknown") return { outcome: "unknown", output: `may have been evicted: ${sent.text}` };
    if (sent.kind === "done" || (sent.kind === "refused" && sent.status === 404)) break;
    // 409: another pod of the same name, so this one is gone.
    if (sent.kind === "refused" && sent.status === 409) break;
    if (sent.kind === "not_sent") return { outcome: "failed", output: `was not evicted: ${sent.text}` };
    if (sent.status !== 429) return { outcome: "failed", output: `was not evicted: ${sent.text}` };
    budget = `a disruption budget does not allow it (${sent.text})`;
    await pause(Math.max(kit.pollMs, 0), signal);
  }
  for (;;) {
    try {
      const { namespace = "", name, uid } = pod.metadata;
      const now = await readAs(cluster, Pod, { verb: "get", kind: "pod", namespace, name }, signal);
      if (now.metadata.uid !== uid) return { outcome: "succeeded", output: "is evicted" };
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) return { outcome: "succeeded", output: "is evicted" };
    }
    if (!(await pause(kit.pollMs, signal)))
      return { outcome: "partial", output: "is being evicted, and had not ended when the time was up" };
  }
}

function evict(cluster: Cluster, { metadata }: Pod, dryRun: boolean, signal: AbortSignal) {
  const { namespace = "", name, uid } = metadata;
  return cluster.api.send(
    {
      verb: "create",
      kind: "pod",
      namespace,
      name,
      sub: "eviction",
      ...(dryRun ? { query: { dryRun: "All" } } : {}),
      body: {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { namespace, name },
        deleteOptions: { preconditions: { uid }, ...(dryRun ? { dryRun: ["All"] } : {}) },
      },
    },
    signal,
  );
}

/** The pods that a drain moves. Throws a `RefusedError` with a sentence where it must not begin. */
async function podsToEvict(cluster: Cluster, args: DrainArgs, signal: AbortSignal): Promise<readonly Pod[]> {
  const pods = (await podsOn(cluster, args.node, signal)).filter(isMovable);
  const lone = pods.filter((pod) => controllerOf(pod) === undefined && !isFinished(pod));
  if (lone.length > 0)
    refuse(`Nothing would make these pods anew: ${lone.map(fullName).join(", ")}. The node is not drained.`);
  const outside = pods
    .map(({ metadata }) => whyNotNamespace(cluster, metadata.namespace))
    .find((why) => why !== undefined);
  if (outside !== undefined) refuse(`A pod on that node may not be touched. ${outside} The node is not drained.`);
  if (pods.length > args.max_pods)
    refuse(`${pods.length} pods would have to move, and max_pods is ${args.max_pods}. The node is not drained.`);
  return pods;
}

async function podsOn(cluster: Cluster, node: string, signal: AbortSignal): Promise<readonly Pod[]> {
  const { items } = await readAs(
    cluster,
    listOf(Pod),
    { verb: "list", kind: "pod", query: { fieldSelector: `spec.nodeName=${node}` } },
    signal,
  );
  return items;
}

function isMovable(pod: Pod): boolean {
  return !isMirror(pod) && controllerOf(pod)?.kind !== "DaemonSet";
}

function isFinished(pod: Pod): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
}

function fullName({ metadata }: Pod): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
