import { createHash } from "node:crypto";
import { same, type Tree } from "./patches.ts";
import { SERVED } from "./resources.ts";
import { ConflictError, type Resource, type Store } from "./store.ts";

/**
 * The controllers and kubelets of a small cluster: deployments make replica sets, those make pods; stateful and daemon sets
 * make theirs; pods start and end. One `step` does what one round of each would; `run` goes on until nothing changes.
 */
export type Controllers = {
  /** True when something changed. */
  step(): boolean;
  run(): void;
  /** While it returns false for a pod, the pod stays unready. */
  starts: (pod: Tree) => boolean;
  /** While it returns false for a deleted pod, the pod stays there. */
  ends: (pod: Tree) => boolean;
};

const REVISION = "deployment.kubernetes.io/revision";

export function createControllers(store: Store): Controllers {
  const controllers: Controllers = { step, run, starts: () => true, ends: () => true };

  function step(): boolean {
    const before = store.version();
    for (const pod of store.list(SERVED.pods)) kubelet(pod);
    for (const one of store.list(SERVED.deployments)) deployment(one);
    for (const one of store.list(SERVED.replicasets)) replicaSet(one);
    for (const one of store.list(SERVED.statefulsets)) statefulSet(one);
    for (const one of store.list(SERVED.daemonsets)) daemonSet(one);
    return store.version() !== before;
  }

  function run(): void {
    for (let rounds = 0; rounds < 1000; rounds++) if (!step()) return;
    throw new Error("the controllers do not come to rest");
  }

  function kubelet(pod: Tree): void {
    const { namespace, name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      if (controllers.ends(pod)) store.remove(SERVED.pods, namespace, name);
      return;
    }
    const ready = controllers.starts(pod);
    const status = {
      ...pod.status,
      phase: ready ? "Running" : "Pending",
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      containerStatuses: pod.spec.containers.map((one: Tree) => ({
        name: one.name,
        image: one.image,
        ready,
        restartCount: 0,
        state: ready ? { running: {} } : { waiting: { reason: "ContainerCreating" } },
      })),
    };
    put(SERVED.pods, { ...pod, status: pod.status?.phase === "Failed" ? pod.status : status });
  }

  function deployment(object: Tree): void {
    const { metadata, spec } = object;
    const sets = store.list(SERVED.replicasets, metadata.namespace).filter((set) => owns(object, set));
    const newest = Math.max(0, ...sets.map(revisionOf));
    let current = sets.find((set) => same(withoutHash(set.spec.template), spec.template));
    if (current === undefined && !(spec.paused === true && sets.length > 0)) {
      current = makeReplicaSet(object, newest + 1);
      sets.push(current);
    }
    if (current !== undefined && !spec.paused) {
      if (revisionOf(current) < newest) {
        const annotations = { ...current.metadata.annotations, [REVISION]: String(newest + 1) };
        current = put(SERVED.replicasets, { ...current, metadata: { ...current.metadata, annotations } });
      }
      // A rolling update in its simplest form: the new set first, the old ones once it is available.
      setReplicas(current, spec.replicas);
      const available = (store.get(SERVED.replicasets, metadata.namespace, current.metadata.name)?.status
        ?.availableReplicas ?? 0) as number;
      if (available >= spec.replicas)
        for (const set of sets) if (set.metadata.uid !== current.metadata.uid) setReplicas(set, 0);
    } else if (current !== undefined && spec.paused) {
      setReplicas(current, spec.replicas);
    }
    const fresh = store.list(SERVED.replicasets, metadata.namespace).filter((set) => owns(object, set));
    const now = fresh.find((set) => set.metadata.uid === current?.metadata.uid);
    const sum = (name: string) => fresh.reduce((all, set) => all + (set.status?.[name] ?? 0), 0);
    const available = sum("availableReplicas");
    const annotations = {
      ...metadata.annotations,
      ...(now === undefined ? {} : { [REVISION]: String(revisionOf(now)) }),
    };
    put(SERVED.deployments, {
      ...object,
      metadata: { ...metadata, annotations },
      status: {
        observedGeneration: metadata.generation,
        replicas: sum("replicas"),
        updatedReplicas: now?.status?.replicas ?? 0,
        readyReplicas: sum("readyReplicas"),
        availableReplicas: available,
        unavailableReplicas: Math.max(0, spec.replicas - available),
        conditions: [
          {
            type: "Available",
            status: available >= spec.replicas ? "True" : "False",
            reason: "MinimumReplicas",
            message: `${available} of ${spec.replicas} are available`,
          },
          progressing(object),
        ],
      },
    });
  }

  /** A test may have set that the rollout is stuck: that stays until the spec changes. */
  function progressing({ status, metadata }: Tree): Tree {
    const before = status?.conditions?.find(({ type }: Tree) => type === "Progressing");
    return before?.reason === "ProgressDeadlineExceeded" && before.generation === metadata.generation
      ? before
      : { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message: "" };
  }

  function makeReplicaSet(owner: Tree, revision: number): Tree {
    const { metadata, spec } = owner;
    const hash = createHash("sha256").update(JSON.stringify(spec.template)).digest("hex").slice(0, 10);
    const labels = { ...spec.template.metadata?.labels, "pod-template-hash": hash };
    return store.create(SERVED.replicasets, {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: `${metadata.name}-${hash}`,
        namespace: metadata.namespace,
        labels,
        annotations: { [REVISION]: String(revision) },
        ownerReferences: [ownerOf(owner)],
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { ...spec.selector.matchLabels, "pod-template-hash": hash } },
        template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
      },
      status: {},
    });
  }

  function replicaSet(object: Tree): void {
    const pods = podsOf(object);
    for (let i = pods.length; i < object.spec.replicas; i++) makePod(object, `${object.metadata.name}-${random()}`);
    for (const pod of pods.slice(object.spec.replicas)) end(pod);
    status(SERVED.replicasets, object, object.spec.replicas);
  }

  function statefulSet(object: Tree): void {
    const { metadata, spec } = object;
    const revision = `${metadata.name}-${createHash("sha256").update(JSON.stringify(spec.template)).digest("hex").slice(0, 8)}`;
    for (let i = 0; i < spec.replicas; i++) {
      const name = `${metadata.name}-${i}`;
      const pod = store.get(SERVED.pods, metadata.namespace, name);
      if (pod === undefined) makePod(object, name, { "controller-revision-hash": revision });
      else if (pod.metadata.labels["controller-revision-hash"] !== revision && spec.updateStrategy?.type !== "OnDelete")
        end(pod);
    }
    for (const pod of podsOf(object)) if (Number(pod.metadata.name.split("-").at(-1)) >= spec.replicas) end(pod);
    const updated = podsOf(object).filter((pod) => pod.metadata.labels["controller-revision-hash"] === revision);
    const isDone = updated.length === spec.replicas && updated.every(isReady);
    status(SERVED.statefulsets, object, spec.replicas, {
      updateRevision: revision,
      currentRevision: isDone ? revision : (object.status?.currentRevision ?? revision),
      updatedReplicas: updated.length,
    });
  }

  function daemonSet(object: Tree): void {
    const { metadata, spec } = object;
    const revision = createHash("sha256").update(JSON.stringify(spec.template)).digest("hex").slice(0, 8);
    const nodes = store.list(SERVED.nodes);
    for (const node of nodes) {
      const pod = podsOf(object).find((one) => one.spec.nodeName === node.metadata.name);
      if (pod === undefined)
        makePod(object, `${metadata.name}-${random()}`, { "controller-revision-hash": revision }, node.metadata.name);
      else if (pod.metadata.labels["controller-revision-hash"] !== revision && spec.updateStrategy?.type !== "OnDelete")
        end(pod);
    }
    const pods = podsOf(object);
    const ready = pods.filter(isReady).length;
    put(SERVED.daemonsets, {
      ...object,
      status: {
        observedGeneration: metadata.generation,
        desiredNumberScheduled: nodes.length,
        currentNumberScheduled: pods.length,
        updatedNumberScheduled: pods.filter((pod) => pod.metadata.labels["controller-revision-hash"] === revision)
          .length,
        numberReady: ready,
        numberAvailable: ready,
      },
    });
  }

  function status(resource: Resource, object: Tree, wanted: number, more: Tree = {}): void {
    const pods = podsOf(object);
    const ready = pods.filter(isReady).length;
    put(resource, {
      ...object,
      status: {
        ...more,
        observedGeneration: object.metadata.generation,
        replicas: pods.length,
        readyReplicas: ready,
        availableReplicas: Math.min(ready, wanted),
      },
    });
  }

  function makePod(owner: Tree, name: string, labels: Tree = {}, nodeName?: string): void {
    const { template } = owner.spec;
    const nodes = store.list(SERVED.nodes).filter((node) => node.spec?.unschedulable !== true);
    const used = new Map<string, number>();
    for (const pod of store.list(SERVED.pods)) used.set(pod.spec.nodeName, (used.get(pod.spec.nodeName) ?? 0) + 1);
    const [freest] = nodes.map((node) => node.metadata.name).sort((a, b) => (used.get(a) ?? 0) - (used.get(b) ?? 0));
    const node = nodeName ?? freest;
    if (node === undefined) return; // no node takes pods: it waits
    store.create(SERVED.pods, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        namespace: owner.metadata.namespace,
        labels: { ...template.metadata?.labels, ...labels },
        annotations: { ...template.metadata?.annotations },
        ownerReferences: [ownerOf(owner)],
      },
      spec: { ...structuredClone(template.spec), nodeName: node },
      status: { phase: "Pending" },
    });
  }

  function setReplicas(set: Tree, replicas: number): void {
    const now = store.get(SERVED.replicasets, set.metadata.namespace, set.metadata.name);
    if (now !== undefined) put(SERVED.replicasets, { ...now, spec: { ...now.spec, replicas } });
  }

  function podsOf(owner: Tree): Tree[] {
    return store
      .list(SERVED.pods, owner.metadata.namespace)
      .filter((pod) => owns(owner, pod) && pod.metadata.deletionTimestamp === undefined);
  }

  function end(pod: Tree): void {
    const now = store.get(SERVED.pods, pod.metadata.namespace, pod.metadata.name);
    if (now?.metadata.deletionTimestamp === undefined && now !== undefined)
      put(SERVED.pods, { ...now, metadata: { ...now.metadata, deletionTimestamp: new Date().toISOString() } });
  }

  /** Controllers lose against whoever wrote in between, and come again in the next round. */
  function put(resource: Resource, object: Tree): Tree {
    try {
      return store.update(resource, object);
    } catch (error) {
      if (error instanceof ConflictError) return object;
      throw error;
    }
  }

  return controllers;
}

export function isReady(pod: Tree): boolean {
  return pod.status?.conditions?.some(({ type, status }: Tree) => type === "Ready" && status === "True") === true;
}

function owns(owner: Tree, owned: Tree): boolean {
  return owned.metadata.ownerReferences?.some(({ uid }: Tree) => uid === owner.metadata.uid) === true;
}

function ownerOf({ apiVersion, kind, metadata }: Tree): Tree {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true };
}

function revisionOf(set: Tree): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0);
}

function withoutHash(template: Tree): Tree {
  const { "pod-template-hash": _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

let counter = 0;
function random(): string {
  return (counter++).toString(36).padStart(5, "x");
}
