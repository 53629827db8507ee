import type { z } from "zod";
import type { Action, Look } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { argumentsOf, dnsLabel, dnsName, integer, oneOf } from "../shared/patterns.ts";
import { type Cluster, inCluster, type Kit, readAs } from "./clusters.ts";
import { Autoscaler, listOf, RESTARTED_AT, Template, templateHash, Workload } from "./objects.ts";
import { type Patching, patching } from "./patching.ts";
import { followRollout, type WorkloadKind } from "./rollout.ts";

const MOST_REPLICAS = 1000;

const inNamespace = { ...inCluster, namespace: dnsLabel, name: dnsName };
const RestartArgs = argumentsOf({ ...inNamespace, kind: oneOf("deployment", "statefulset", "daemonset") });
const ScaleArgs = argumentsOf({
  ...inNamespace,
  kind: oneOf("deployment", "statefulset"),
  replicas: integer(0, MOST_REPLICAS),
});
const RolloutArgs = argumentsOf(inNamespace);

type Target = { readonly kind: WorkloadKind; readonly namespace: string; readonly name: string };

/** Restart, scale, pause and resume: changes of a workload's spec that need nothing but the workload itself. */
export function workloadActions(kit: Kit): readonly Action[] {
  return [
    patching(kit, restart(kit)),
    patching(kit, scale(kit)),
    patching(kit, pausing(kit, true)),
    patching(kit, pausing(kit, false)),
  ];
}

/** As `kubectl rollout restart`: a time in the pod template, so that the controller makes every pod anew. */
function restart(kit: Kit): Patching<z.output<typeof RestartArgs>, Workload> {
  return {
    name: "kubernetes/restart",
    args: RestartArgs,
    object: Workload,
    find: targetOf,
    async plan(args, object) {
      refusePaused(args, object);
      if (object.spec.updateStrategy.type === "OnDelete")
        refuse(
          `${nameOf(args)} has the update strategy OnDelete: a restart would change nothing until each pod is deleted.`,
        );
      return {
        precondition: { template: templateHash(object.spec.template) },
        captured: { template: templateHash(object.spec.template) },
        facts: factsOf(args.kind, object),
        blast: podsOf(args.kind, object, "made anew, a few at a time"),
        effect: `${nameOf(args)} is restarted`,
        patch: ({ key, restartedAt }) => ({
          type: "strategic",
          // The same key and time make the same template: a second patch with them would start no second rollout.
          body: {
            spec: {
              template: {
                metadata: { annotations: { [RESTARTED_AT]: restartedAt, "smartcloudops.io/execution": key } },
              },
            },
          },
        }),
      };
    },
    follow: (args, { cluster, context }) => followRollout(kit, cluster, targetOf(args), context),
  };
}

/** Sets the number of pods, whatever it is now. */
function scale(kit: Kit): Patching<z.output<typeof ScaleArgs>, Workload> {
  return {
    name: "kubernetes/scale",
    args: ScaleArgs,
    object: Workload,
    find: targetOf,
    async plan(args, object, { cluster, signal }) {
      const replicas = object.spec.replicas ?? 1;
      if (replicas === args.replicas) refuse(`${nameOf(args)} has ${replicas} replicas already.`);
      return {
        precondition: { replicas },
        captured: { replicas },
        facts: [...factsOf(args.kind, object), ...(await autoscalerFacts(cluster, args, signal))],
        blast: {
          kind: "known",
          text:
            args.replicas > replicas
              ? `${args.replicas - replicas} pods are added to ${replicas}.`
              : `${replicas - args.replicas} of ${replicas} pods are ended${args.replicas === 0 ? ": nothing is left to answer" : ""}.`,
        },
        effect: `${nameOf(args)} has ${args.replicas} replicas instead of ${replicas}`,
        patch: () => ({ type: "merge", body: { spec: { replicas: args.replicas } } }),
      };
    },
    follow: (args, { cluster, context }) => followRollout(kit, cluster, targetOf(args), context),
  };
}

function pausing(kit: Kit, wanted: boolean): Patching<z.output<typeof RolloutArgs>, Workload> {
  return {
    name: wanted ? "kubernetes/pause_rollout" : "kubernetes/resume_rollout",
    args: RolloutArgs,
    object: Workload,
    find: (args) => targetOf({ ...args, kind: "deployment" }),
    async plan(args, object) {
      const target = targetOf({ ...args, kind: "deployment" });
      const { paused } = object.spec;
      if (paused === wanted) refuse(`The rollout of ${nameOf(target)} is ${paused ? "paused" : "not paused"} already.`);
      return {
        precondition: { paused },
        captured: { paused },
        facts: factsOf("deployment", object),
        blast: wanted
          ? { kind: "known", text: "No pod changes. Later changes of the template wait until the rollout is resumed." }
          : podsOf("deployment", object, "made anew where the template changed meanwhile"),
        effect: `the rollout of ${nameOf(target)} is ${wanted ? "paused" : "resumed"}`,
        patch: () => ({ type: "merge", body: { spec: { paused: wanted } } }),
      };
    },
    ...(wanted
      ? {}
      : {
          follow: (args, { cluster, context }) =>
            followRollout(kit, cluster, targetOf({ ...args, kind: "deployment" }), context),
        }),
  };
}

export function targetOf({ kind, namespace, name }: Target): Target {
  return { kind, namespace, name };
}

/** "deployment checkout in shop". */
export function nameOf({ kind, namespace, name }: Target): string {
  return `${kind} ${name} in ${namespace}`;
}

/** Stops a plan with a sentence. */
export function refuse(sentence: string): never {
  throw new RefusedError("Kubernetes", 409, sentence);
}

/** A paused deployment takes a new template and does nothing about it, which looks like success. */
export function refusePaused(target: Target, object: Workload): void {
  if (object.spec.paused)
    refuse(`The rollout of ${nameOf(target)} is paused: resume it first, or nothing will happen.`);
}

/** How a workload is, in sentences. */
export function factsOf(kind: WorkloadKind, object: Workload): readonly string[] {
  const { status, spec } = object;
  const [wanted, ready] =
    kind === "daemonset"
      ? [status.desiredNumberScheduled, status.numberReady]
      : [spec.replicas ?? 1, status.readyReplicas];
  const template = Template.safeParse(spec.template);
  const images = template.success
    ? template.data.spec.containers.map(({ image }) => image).filter((one) => one !== "")
    : [];
  const manager =
    object.metadata.labels["argocd.argoproj.io/instance"] ??
    object.metadata.annotations["argocd.argoproj.io/tracking-id"];
  return [
    `${ready} of ${wanted} pods are ready.`,
    ...(images.length === 0 ? [] : [`It runs ${images.join(", ")}.`]),
    ...(manager === undefined ? [] : ["Argo CD manages it, and may undo a change that is not in its repository."]),
  ];
}

/** How many pods a change of the template touches. */
export function podsOf(kind: WorkloadKind, object: Workload, what: string): Look["blast"] {
  const pods = kind === "daemonset" ? object.status.desiredNumberScheduled : (object.spec.replicas ?? 1);
  return { kind: "known", text: `${pods === 1 ? "1 pod is" : `${pods} pods are`} ${what}.` };
}

/** An autoscaler would undo a number that a person sets. */
async function autoscalerFacts(cluster: Cluster, target: Target, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { items } = await readAs(
      cluster,
      listOf(Autoscaler),
      { verb: "list", kind: "autoscaler", namespace: target.namespace },
      signal,
    );
    return items
      .filter(
        ({ spec }) =>
          spec.scaleTargetRef.kind.toLowerCase() === target.kind && spec.scaleTargetRef.name === target.name,
      )
      .map(
        ({ metadata, spec }) =>
          `The autoscaler ${metadata.name} keeps it between ${spec.minReplicas} and ${spec.maxReplicas} replicas, and may set another number at once.`,
      );
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof RefusedError ? error.message : "it could not be asked";
    return [`Whether an autoscaler governs it is not known: ${why}`];
  }
}
