import type { z } from "zod";
import type { Action, Ran } from "../../ports/changes.ts";
import { RefusedError } from "../../util/errors.ts";
import { pause } from "../shared/deadline.ts";
import { outputOf } from "../shared/output.ts";
import { argumentsOf, dnsLabel, dnsName } from "../shared/patterns.ts";
import { type Cluster, checkPlaced, inCluster, type Kit, place, readAs, sayFailure } from "./clusters.ts";
import { controllerOf, isMirror, Pod } from "./objects.ts";

const PodArgs = argumentsOf({ ...inCluster, namespace: dnsLabel, name: dnsName });
type PodArgs = z.output<typeof PodArgs>;

/**
 * Deletes one pod, so that its controller makes another. What was approved is the pod's uid, which goes with the request
 * as its precondition: a pod of the same name that came since is left alone, and a second attempt finds nothing to do.
 */
export function deletePod(kit: Kit): Action {
  const ask = ({ namespace, name }: PodArgs) => ({ kind: "pod", namespace, name }) as const;
  const ran = (outcome: Ran["outcome"], text: string): Ran => ({ outcome, output: outputOf(text, kit.redact) });
  const read = (cluster: Cluster, args: PodArgs, signal: AbortSignal) =>
    readAs(cluster, Pod, { verb: "get", ...ask(args) }, signal);
  const send = (cluster: Cluster, args: PodArgs, uid: string, dryRun: boolean, signal: AbortSignal) =>
    cluster.api.send(
      {
        verb: "delete",
        ...ask(args),
        body: {
          kind: "DeleteOptions",
          apiVersion: "v1",
          preconditions: { uid },
          ...(dryRun ? { dryRun: ["All"] } : {}),
        },
      },
      signal,
    );

  /** Whether the pod of that uid is still there: `ending` when it is on its way out. */
  async function stateOf(cluster: Cluster, args: PodArgs, uid: string | undefined, signal: AbortSignal) {
    try {
      const pod = await read(cluster, args, signal);
      if (pod.metadata.uid !== uid) return "gone";
      return pod.metadata.deletionTimestamp === undefined ? "there" : "ending";
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) return "gone";
      throw error;
    }
  }

  return {
    name: "kubernetes/delete_pod",
    changes: true,
    check: (args) => checkPlaced(kit, PodArgs, args),
    async look(args, signal) {
      const { cluster, read: wanted } = place(kit, PodArgs, args);
      const pod = await read(cluster, wanted, signal);
      if (isMirror(pod))
        throw new RefusedError(
          cluster.api.service,
          409,
          `${wanted.name} is made by its node from a file: deleting it here does nothing.`,
        );
      const controller = controllerOf(pod);
      return {
        identity: { cluster: cluster.name, uid: pod.metadata.uid },
        precondition: {},
        captured: {},
        facts: [sayPod(pod), ...(pod.spec.nodeName === undefined ? [] : [`It is on node ${pod.spec.nodeName}.`])],
        blast: {
          kind: "known",
          text:
            controller === undefined
              ? "1 pod is ended, and nothing makes it anew: it has no controller."
              : `1 pod is ended; its ${controller.kind} ${controller.name} makes another.`,
        },
      };
    },
    async simulate(args, look, signal) {
      const { cluster, read: wanted } = place(kit, PodArgs, args);
      const sent = await send(cluster, wanted, look.identity["uid"] ?? "", true, signal);
      signal.throwIfAborted();
      switch (sent.kind) {
        case "done":
          return { kind: "simulated", text: `${cluster.api.service} accepted the deletion in a dry run.` };
        case "refused":
          throw new RefusedError(cluster.api.service, sent.status, sent.text);
        default:
          return { kind: "cannot", why: `The dry run has no result. ${sent.text}` };
      }
    },
    async run(args, { identity, signal, progress }) {
      try {
        const { cluster, read: wanted } = place(kit, PodArgs, args);
        const uid = identity["uid"] ?? "";
        const before = await stateOf(cluster, wanted, uid, signal);
        if (before === "gone")
          return ran("succeeded", `Pod ${wanted.name} is gone already: that pod does not exist any more.`);
        if (before === "there") {
          const sent = await send(cluster, wanted, uid, false, signal);
          if (sent.kind === "unknown") return ran("unknown", `${sent.text} Whether the pod is deleted is not known.`);
          if (sent.kind === "not_sent") return ran("failed", `${sent.text} Nothing was changed.`);
          if (sent.kind === "refused" && sent.status !== 404)
            return ran("failed", `${cluster.api.service}: ${sent.text} Nothing was changed.`);
        }
        progress(`pod ${wanted.name} is ending`);
        for (;;) {
          const now = await stateOf(cluster, wanted, uid, signal).catch(() => "unseen" as const);
          if (now === "gone") return ran("succeeded", `Pod ${wanted.name} in ${wanted.namespace} is deleted.`);
          if (!(await pause(kit.pollMs, signal)))
            return ran(
              "partial",
              `The deletion of pod ${wanted.name} was accepted; it had not ended when the time was up.`,
            );
        }
      } catch (error) {
        return ran("failed", sayFailure(error));
      }
    },
    async probe(args, { identity, signal }) {
      try {
        const { cluster, read: wanted } = place(kit, PodArgs, args);
        const now = await stateOf(cluster, wanted, identity["uid"], signal);
        return now === "there"
          ? { found: "not_run", text: "The pod is still there, and nothing ends it." }
          : { found: "ran", text: now === "gone" ? "That pod is gone." : "That pod is ending." };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { found: "unknown", text: outputOf(`It cannot be seen: ${why}`, kit.redact) };
      }
    },
  };
}

/** A pod in a sentence: "checkout-1 is Running, 1 of 1 containers ready, 3 restarts; main waits: CrashLoopBackOff." */
export function sayPod({ metadata, spec, status }: Pod): string {
  const ready = status.containerStatuses.filter((one) => one.ready).length;
  const restarts = status.containerStatuses.reduce((sum, one) => sum + one.restartCount, 0);
  const waits = status.containerStatuses.flatMap(({ name, state }) => {
    const reason = state["waiting"]?.reason ?? state["terminated"]?.reason ?? "";
    return reason === "" ? [] : [`${name}: ${reason}`];
  });
  const phase = metadata.deletionTimestamp === undefined ? status.reason || status.phase : "Terminating";
  return `${metadata.name} is ${phase}, ${ready} of ${spec.containers.length} containers ready, ${restarts} restarts${waits.length === 0 ? "" : `; ${waits.join(", ")}`}.`;
}
