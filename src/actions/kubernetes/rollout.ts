import type { Ran, RunContext } from "../../ports/changes.ts";
import { reasonOf } from "../../util/errors.ts";
import { pause } from "../shared/deadline.ts";
import type { Kind } from "./api.ts";
import { type Cluster, type Kit, readAs } from "./clusters.ts";
import { Workload } from "./objects.ts";

export type WorkloadKind = "deployment" | "statefulset" | "daemonset";

export type Progress =
  | { readonly kind: "done"; readonly text: string }
  | { readonly kind: "going" | "stuck"; readonly text: string };

/** How far a workload is on the way to its spec: the rules of `kubectl rollout status` (kubectl's rollout_status.go). */
export function progressOf(kind: WorkloadKind, { metadata, spec, status }: Workload): Progress {
  if ((metadata.generation ?? 0) > status.observedGeneration)
    return { kind: "going", text: "the controller has not seen the change yet" };
  switch (kind) {
    case "deployment": {
      const wanted = spec.replicas ?? 1;
      const late = status.conditions.find(
        ({ type, reason }) => type === "Progressing" && reason === "ProgressDeadlineExceeded",
      );
      if (late !== undefined)
        return { kind: "stuck", text: `the rollout does not get on: ${late.message || late.reason}` };
      if (spec.paused) return { kind: "done", text: "the rollout is paused" };
      if (status.updatedReplicas < wanted) return going(status.updatedReplicas, wanted, "are new");
      if (status.replicas > status.updatedReplicas)
        return { kind: "going", text: `${status.replicas - status.updatedReplicas} old pods are still ending` };
      if (status.availableReplicas < wanted) return going(status.availableReplicas, wanted, "are available");
      return done(wanted);
    }
    case "statefulset": {
      const wanted = spec.replicas ?? 1;
      if (status.updateRevision !== status.currentRevision && status.updatedReplicas < wanted)
        return going(status.updatedReplicas, wanted, "are new");
      if (status.replicas > wanted) return { kind: "going", text: `${status.replicas - wanted} pods are still ending` };
      if (status.readyReplicas < wanted) return going(status.readyReplicas, wanted, "are ready");
      return done(wanted);
    }
    case "daemonset": {
      const wanted = status.desiredNumberScheduled;
      if (status.updatedNumberScheduled < wanted) return going(status.updatedNumberScheduled, wanted, "are new");
      if (status.numberAvailable < wanted) return going(status.numberAvailable, wanted, "are available");
      return done(wanted);
    }
  }
}

function going(now: number, wanted: number, what: string): Progress {
  return { kind: "going", text: `${now} of ${wanted} pods ${what}` };
}

function done(wanted: number): Progress {
  return { kind: "done", text: wanted === 1 ? "its one pod runs" : `all ${wanted} pods run` };
}

/**
 * Waits until a workload is what its spec says. The change itself is made already, so an end of the time, or a rollout
 * that does not get on, is `partial`: never `failed`, never `unknown`.
 */
export async function followRollout(
  kit: Kit,
  cluster: Cluster,
  target: { readonly kind: WorkloadKind; readonly namespace: string; readonly name: string },
  { signal, progress }: RunContext,
): Promise<Ran> {
  let last = "";
  for (;;) {
    try {
      const object = await readAs(
        cluster,
        Workload,
        { verb: "get", ...target } satisfies { kind: Kind; verb: "get" },
        signal,
      );
      const now = progressOf(target.kind, object);
      if (now.kind === "done") return { outcome: "succeeded", output: `The rollout is complete: ${now.text}.` };
      if (now.kind === "stuck") return { outcome: "partial", output: `The change was made, but ${now.text}.` };
      if (now.text !== last) progress(now.text);
      last = now.text;
    } catch (error) {
      if (!signal.aborted) last = `it could not be seen (${reasonOf(error)})`;
    }
    if (!(await pause(kit.pollMs, signal)))
      return {
        outcome: "partial",
        output: `The change was made, but its rollout was not complete when the time was up: ${last || "it was not seen yet"}.`,
      };
  }
}
