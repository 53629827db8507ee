import { z } from "zod";
import { canonicalJson, type Json, sha256 } from "../../util/canonical.ts";

/** What is read of the API's objects: only the fields that are used. */

/** Marks an object with the key of the last change that this bot made to it. */
export const EXECUTION = "smartcloudops.io/execution";
/** The keys of the last ones, newest first, each with its time: "KEY@UNIX-SECONDS KEY@…". */
export const EXECUTIONS = "smartcloudops.io/executions";
/** What `kubectl rollout restart` writes, so that tools show ours as one. */
export const RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";
export const REVISION = "deployment.kubernetes.io/revision";
const MIRROR = "kubernetes.io/config.mirror";

const Labels = z.record(z.string(), z.string());

const Meta = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string().min(1),
  resourceVersion: z.string().min(1),
  generation: z.number().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: Labels.default({}),
  annotations: Labels.default({}),
  ownerReferences: z
    .array(z.object({ kind: z.string(), name: z.string(), uid: z.string(), controller: z.boolean().optional() }))
    .default([]),
});

const Container = z.object({
  name: z.string(),
  image: z.string().default(""),
  resources: z
    .object({ limits: z.record(z.string(), z.union([z.string(), z.number()])).default({}) })
    .default({ limits: {} }),
});

const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(""),
  message: z.string().default(""),
});

const count = z.number().int().default(0);

/** What is read of a pod template. It is written back as it came, never from this. */
export const Template = z.object({
  metadata: z.object({ labels: Labels.default({}), annotations: Labels.default({}) }).prefault({}),
  spec: z.object({ containers: z.array(Container).min(1) }),
});

/** A deployment, stateful set or daemon set. `template` is whole, as it came. */
export const Workload = z.object({
  metadata: Meta,
  spec: z.object({
    /** Absent on daemon sets. */
    replicas: z.number().int().optional(),
    paused: z.boolean().default(false),
    selector: z.object({ matchLabels: Labels.default({}) }).default({ matchLabels: {} }),
    updateStrategy: z.object({ type: z.string().default("RollingUpdate") }).default({ type: "RollingUpdate" }),
    template: z.unknown(),
  }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      readyReplicas: count,
      availableReplicas: count,
      updatedReplicas: count,
      desiredNumberScheduled: count,
      updatedNumberScheduled: count,
      numberAvailable: count,
      numberReady: count,
      currentRevision: z.string().default(""),
      updateRevision: z.string().default(""),
      conditions: z.array(Condition).default([]),
    })
    .prefault({}),
});
export type Workload = z.output<typeof Workload>;

export const ReplicaSet = Workload.pick({ metadata: true, spec: true });
export type ReplicaSet = z.output<typeof ReplicaSet>;

export const Pod = z.object({
  metadata: Meta,
  spec: z.object({
    nodeName: z.string().optional(),
    containers: z.array(z.object({ name: z.string() })).default([]),
    volumes: z.array(z.object({ emptyDir: z.unknown().optional() })).default([]),
  }),
  status: z
    .object({
      phase: z.string().default("Unknown"),
      reason: z.string().default(""),
      containerStatuses: z
        .array(
          z.object({
            name: z.string(),
            ready: z.boolean().default(false),
            restartCount: count,
            state: z.record(z.string(), z.object({ reason: z.string().default("") }).nullable()).default({}),
          }),
        )
        .default([]),
    })
    .prefault({}),
});
export type Pod = z.output<typeof Pod>;

export const Node = z.object({
  metadata: Meta,
  spec: z.object({ unschedulable: z.boolean().default(false) }).prefault({}),
  status: z.object({ conditions: z.array(Condition).default([]) }).prefault({}),
});
export type Node = z.output<typeof Node>;

export const Event = z.object({
  type: z.string().default(""),
  reason: z.string().default(""),
  message: z.string().default(""),
  count: z.number().nullish(),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  metadata: z.object({ creationTimestamp: z.string().optional() }),
});

export const Autoscaler = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    minReplicas: z.number().default(1),
    maxReplicas: z.number(),
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
  }),
});

export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

/** The controller that would make a pod anew, or undefined. */
export function controllerOf(pod: Pod): { readonly kind: string; readonly name: string } | undefined {
  return pod.metadata.ownerReferences.find((owner) => owner.controller === true);
}

/** True for a pod that a node's kubelet makes from a file: the API server shows only its picture. */
export function isMirror(pod: Pod): boolean {
  return pod.metadata.annotations[MIRROR] !== undefined;
}

/** A short name for the content of a pod template: the same content is the same name. 16 hexadecimal digits. */
export function templateHash(template: unknown): string {
  return sha256(canonicalJson(template as Json)).slice(0, 16);
}
