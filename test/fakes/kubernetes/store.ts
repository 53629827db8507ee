import { randomUUID } from "node:crypto";
import { copyOf, isObject, same, type Tree } from "./patches.ts";

/** What an API server keeps: objects with uid, resourceVersion and generation, and what happened to them. */

export type Resource = { readonly group: string; readonly plural: string };
export type Happened = {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly at: string;
  readonly object: Tree;
};

/** An update whose resourceVersion is not the present one. */
export class ConflictError extends Error {}
/** An update of what can never change. */
export class InvalidError extends Error {}

export type Store = ReturnType<typeof createStore>;

export function createStore() {
  const objects = new Map<string, Tree>();
  const history: Happened[] = [];
  const listeners = new Set<(event: Happened) => void>();
  let version = 1000;

  const folder = ({ group, plural }: Resource, namespace?: string) => `${group}/${plural}/${namespace ?? ""}`;
  const key = (resource: Resource, namespace: string | undefined, name: string) =>
    `${folder(resource, namespace)}/${name}`;

  function happened(type: Happened["type"], resource: Resource, object: Tree): void {
    const event = { version, type, at: `${resource.group}/${resource.plural}`, object };
    history.push(event);
    for (const listener of listeners) listener(event);
  }

  function write(resource: Resource, object: Tree, type: "ADDED" | "MODIFIED"): Tree {
    version++;
    object.metadata.resourceVersion = String(version);
    objects.set(key(resource, object.metadata.namespace, object.metadata.name), object);
    happened(type, resource, object);
    return copyOf(object);
  }

  return {
    version: () => version,
    get: (resource: Resource, namespace: string | undefined, name: string): Tree | undefined =>
      copyOf(objects.get(key(resource, namespace, name))),
    /** All of a kind, in one namespace or in all, in order of name: as they are kept, not to be changed. */
    list(resource: Resource, namespace?: string): Tree[] {
      const prefix =
        namespace === undefined ? `${resource.group}/${resource.plural}/` : `${folder(resource, namespace)}/`;
      return [...objects]
        .filter(([name]) => name.startsWith(prefix))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, object]) => object);
    },
    create(resource: Resource, wanted: Tree): Tree {
      const object = copyOf(wanted);
      object.metadata = {
        ...object.metadata,
        uid: object.metadata.uid ?? randomUUID(),
        creationTimestamp: new Date().toISOString().replace(/\.\d+Z/, "Z"),
        ...(isObject(object.spec) ? { generation: 1 } : {}),
      };
      return write(resource, object, "ADDED");
    },
    /**
     * Replaces an object as a client would: a resourceVersion in it must be the present one, the uid cannot change, the
     * generation counts changes of the spec, and an update that changes nothing is none.
     */
    update(resource: Resource, next: Tree, options: { readonly dryRun?: boolean } = {}): Tree {
      const at = key(resource, next.metadata.namespace, next.metadata.name);
      const now = objects.get(at);
      if (now === undefined) throw new Error(`${at} is not there`);
      const { resourceVersion, uid } = next.metadata;
      if (resourceVersion !== undefined && resourceVersion !== now.metadata.resourceVersion)
        throw new ConflictError(at);
      if (uid !== undefined && uid !== now.metadata.uid)
        throw new InvalidError(`metadata.uid: Invalid value: "${uid}": field is immutable`);
      const object = copyOf(next);
      object.metadata = {
        ...object.metadata,
        uid: now.metadata.uid,
        resourceVersion: now.metadata.resourceVersion,
        creationTimestamp: now.metadata.creationTimestamp,
      };
      if (now.metadata.generation !== undefined)
        object.metadata.generation = now.metadata.generation + (same(now.spec, object.spec) ? 0 : 1);
      if (same(now, object)) return copyOf(now);
      return options.dryRun === true ? object : write(resource, object, "MODIFIED");
    },
    remove(resource: Resource, namespace: string | undefined, name: string): Tree | undefined {
      const at = key(resource, namespace, name);
      const object = objects.get(at);
      if (object === undefined) return undefined;
      objects.delete(at);
      version++;
      const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
      happened("DELETED", resource, last);
      return last;
    },
    /** What happened to a kind after a version, and from now on. Call what it returns to end. */
    watch(resource: Resource, after: number, listener: (event: Happened) => void): () => void {
      const at = `${resource.group}/${resource.plural}`;
      const only = (event: Happened) => {
        if (event.at === at) listener(event);
      };
      for (const event of history) if (event.version > after) only(event);
      listeners.add(only);
      return () => listeners.delete(only);
    },
    onChange(listener: (event: Happened) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
