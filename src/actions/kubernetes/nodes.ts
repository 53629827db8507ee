import type { z } from "zod";
import type { Action, Ran, RunContext } from "../../ports/changes.ts";
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
 * As `kubectl drain --ignore-daemonsets`: the node is cordoned, then its pods are evicted by the eviction API, which keeps
 * disruption budgets: an eviction that a budget refuses (429) is tried again, after the other pods, until the time is up. Pods of daemon sets and static pods stay. A pod without a controller, one outside the namespaces that may be
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
  const moves: Move[] = pods.map((pod) => ({ pod, state: "waiting", output: "was not evicted: the time was up" }));
  const isOpen = ({ state }: Move) => state === "waiting" || state === "ending";
  do {
    for (const move of moves.filter(isOpen)) {
      if (signal.aborted) break;
      const { state, output } = await step(cluster, move, signal);
      if (output !== move.output) progress(`${fullName(move.pod)} ${output}`);
      Object.assign(move, { state, output });
    }
  } while (moves.some(isOpen) && (await pause(kit.pollMs, signal)));

  const parts = moves.map(({ pod, state, output }) => ({
    name: fullName(pod),
    outcome: OUTCOMES[state],
    output: outputOf(output, kit.redact, 1024),
  }));
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

/** How far one pod is: not evicted yet, on its way out, gone, refused for good, or nobody knows. */
type Move = { readonly pod: Pod; state: "waiting" | "ending" | "gone" | "refused" | "unknown"; output: string };
const OUTCOMES = {
  waiting: "failed",
  ending: "partial",
  gone: "succeeded",
  refused: "failed",
  unknown: "unknown",
} as const;

/** One try to get a pod on: an eviction, or a look whether it is gone. A budget that refuses is asked again next time. */
async function step(cluster: Cluster, { pod, state, output }: Move, signal: AbortSignal): Promise<Omit<Move, "pod">> {
  if (state === "ending")
    return (await isGone(cluster, pod, signal)) ? { state: "gone", output: "is evicted" } : { state, output };
  const sent = await evict(cluster, pod, false, signal);
  switch (sent.kind) {
    case "done":
      return { state: "ending", output: "is being evicted, and had not ended when the time was up" };
    case "unknown":
      return { state: "unknown", output: `may have been evicted: ${sent.text}` };
    case "not_sent":
      return { state, output: `was not evicted: ${sent.text}` };
    case "refused":
      // 404, and 409 for another pod of the same name: this one is gone.
      if (sent.status === 404 || sent.status === 409) return { state: "gone", output: "is gone" };
      if (sent.status === 429)
        return { state, output: `was not evicted: a disruption budget does not allow it (${sent.text})` };
      return { state: "refused", output: `was not evicted: ${sent.text}` };
  }
}

async function isGone(cluster: Cluster, { metadata }: Pod, signal: AbortSignal): Promise<boolean> {
  const { namespace = "", name, uid } = metadata;
  try {
    return (await readAs(cluster, Pod, { verb: "get", kind: "pod", namespace, name }, signal)).metadata.uid !== uid;
  } catch (error) {
    return error instanceof RefusedError && error.status === 404;
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
