import { type Controllers, isReady } from "./controllers.ts";
import { isObject, jsonPatch, mergePatch, PatchError, strategicPatch, type Tree } from "./patches.ts";
import { SERVED, type Served, servedAt } from "./resources.ts";
import { ConflictError, InvalidError, type Store } from "./store.ts";
import { whyInvalid } from "./validation.ts";

/** What each verb of the API does to an object, and what it refuses, in the real server's words. */

/** A rule as RBAC writes it; `*` is anything. Without `namespaces`, in all of them and for what is in none. */
export type Rule = {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly namespaces?: readonly string[];
};

export type Seen = {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
  readonly body: Tree;
  readonly user: string | undefined;
  status: number;
};

export type Target = {
  readonly served: Served;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly sub: string | undefined;
};
export type Watch = { readonly served: Served; readonly after: number; readonly matches: (object: Tree) => boolean };
export type Outcome =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly watch: Watch };
type World = { readonly store: Store; readonly controllers: Controllers; readonly logs: ReadonlyMap<string, string> };

/** /api/v1/… or /apis/GROUP/VERSION/…, then namespaces/NS/ where there is one, then PLURAL/NAME/SUB. */
export function targetOf({ path }: Seen): Target | undefined {
  const parts = path.split("/").slice(1).map(decodeURIComponent);
  const [group, version, rest] =
    parts[0] === "api" ? ["", parts[1], parts.slice(2)] : [parts[1], parts[2], parts.slice(3)];
  if (!["api", "apis"].includes(parts[0]!) || group === undefined || version === undefined) return undefined;
  const isInside = rest[0] === "namespaces" && rest.length > 2;
  const [plural, name, sub, ...more] = isInside ? rest.slice(2) : rest;
  const served = servedAt(group, version, plural ?? "");
  if (served === undefined || more.length > 0 || (sub !== undefined && !served.subs.includes(sub))) return undefined;
  if (isInside !== served.namespaced && name !== undefined) return undefined;
  return { served, namespace: isInside ? rest[1] : undefined, name, sub };
}

export function verbOf({ method, query }: Seen, { name }: Target): string {
  if (method === "GET")
    return name !== undefined ? "get" : query["watch"] === "true" || query["watch"] === "1" ? "watch" : "list";
  return { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" }[method] ?? method.toLowerCase();
}

export function isAllowed(rules: readonly Rule[], verb: string, { served, namespace, sub }: Target): boolean {
  const resource = sub === undefined ? served.plural : `${served.plural}/${sub}`;
  const has = (list: readonly string[], value: string) => list.includes("*") || list.includes(value);
  return rules.some(
    (rule) =>
      has(rule.verbs, verb) &&
      has(rule.groups, served.group) &&
      has(rule.resources, resource) &&
      (rule.namespaces === undefined || (namespace !== undefined && has(rule.namespaces, namespace))),
  );
}

export function sayForbidden(user: string, verb: string, { served, namespace, name, sub }: Target): string {
  const resource = `${served.plural}${sub === undefined ? "" : `/${sub}`}`;
  const what = `${served.plural}${served.group === "" ? "" : `.${served.group}`}${name === undefined ? "" : ` "${name}"`}`;
  const where = namespace === undefined ? " at the cluster scope" : ` in the namespace "${namespace}"`;
  return `${what} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${served.group}"${where}`;
}

export function statusObject(code: number, reason: string, message: string, details?: unknown): unknown {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: code < 300 ? "Success" : "Failure",
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  };
}

export function refuse(status: number, reason: string, message: string, details?: unknown): Outcome {
  return { status, body: statusObject(status, reason, message, details) };
}

export function explain(error: unknown, { served, name }: Target): Outcome {
  const what = `${served.plural}${served.group === "" ? "" : `.${served.group}`} "${name}"`;
  if (error instanceof ConflictError)
    return refuse(
      409,
      "Conflict",
      `Operation cannot be fulfilled on ${what}: the object has been modified; please apply your changes to the latest version and try again`,
      { name, group: served.group, kind: served.plural },
    );
  if (error instanceof InvalidError)
    return refuse(422, "Invalid", `${served.kind} ${what} is invalid: ${error.message}`);
  if (error instanceof PatchError)
    return refuse(error.status, error.status === 422 ? "Invalid" : "BadRequest", error.message);
  throw error;
}

/** Does what a request asks for. Throws what `explain` explains. */
export function act(one: Seen, verb: string, target: Target, world: World): Outcome {
  const { store } = world;
  const { served, namespace, name, sub } = target;
  const dryRun = dryRunOf(one);
  if (dryRun === "invalid") return refuse(422, "Invalid", `Invalid value for dryRun: supported values: "All"`);
  if (verb === "list") return listed(one, target, store);
  if (verb === "watch")
    return { watch: { served, after: Number(one.query["resourceVersion"] ?? 0), matches: matcher(one, namespace) } };
  if (verb === "create" && sub === undefined) {
    const made = dryRun
      ? one.body
      : store.create(served, { ...one.body, metadata: { ...one.body.metadata, namespace } });
    return { status: 201, body: made };
  }
  const object = store.get(served, namespace, name!);
  if (object === undefined)
    return refuse(
      404,
      "NotFound",
      `${served.plural}${served.group === "" ? "" : `.${served.group}`} "${name}" not found`,
      {
        name,
        group: served.group,
        kind: served.plural,
      },
    );
  switch (sub) {
    case "log":
      return logOf(one, object, world.logs);
    case "eviction":
      return evict(one, object, dryRun, store);
    case "scale":
      return scale(one, verb, object, dryRun, target, store);
    default:
  }
  switch (verb) {
    case "get":
      return { status: 200, body: object };
    case "patch":
      return write(patched(one, object), object, dryRun, target, store);
    case "update":
      if (one.body?.metadata?.name !== name)
        return refuse(400, "BadRequest", "the name of the object does not match the name on the URL");
      return write(one.body, object, dryRun, target, store);
    case "delete":
      return remove(one, object, dryRun, target, store);
    default:
      return refuse(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
  }
}

function patched(one: Seen, object: Tree): Tree {
  if (one.body === undefined) throw new PatchError(400, "error decoding patch: unexpected end of JSON input");
  switch (one.contentType) {
    case "application/merge-patch+json":
      return mergePatch(object, one.body);
    case "application/strategic-merge-patch+json":
      return strategicPatch(object, one.body);
    case "application/json-patch+json":
      return jsonPatch(object, one.body);
    default:
      throw new PatchError(
        415,
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml",
      );
  }
}

function write(next: Tree, before: Tree, dryRun: boolean, { served, namespace, name }: Target, store: Store): Outcome {
  // A status belongs to the controllers: what a client writes there is dropped.
  const object = {
    ...next,
    apiVersion: before.apiVersion,
    kind: before.kind,
    ...(before.status === undefined ? {} : { status: before.status }),
  };
  if (object.metadata?.name !== name || object.metadata?.namespace !== namespace)
    throw new InvalidError("metadata.name: field is immutable");
  const { resourceVersion, uid } = object.metadata;
  // As in the real one: first the version, then what the object may hold.
  if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) throw new ConflictError();
  if (uid !== undefined && uid !== before.metadata.uid)
    throw new InvalidError(`metadata.uid: Invalid value: "${uid}": field is immutable`);
  const wrong = whyInvalid(served.kind, object);
  if (wrong !== undefined) throw new InvalidError(wrong);
  return { status: 200, body: store.update(served, object, { dryRun }) };
}

function remove(one: Seen, object: Tree, dryRun: boolean, { served, namespace, name }: Target, store: Store): Outcome {
  const precondition = one.body?.preconditions?.uid;
  if (precondition !== undefined && precondition !== object.metadata.uid)
    return refuse(
      409,
      "Conflict",
      `Operation cannot be fulfilled on ${served.plural} "${name}": Precondition failed: UID in precondition: ${precondition}, UID in object meta: ${object.metadata.uid}`,
    );
  if (dryRun) return { status: 200, body: object };
  if (served.plural !== "pods") {
    store.remove(served, namespace, name!);
    return { status: 200, body: statusObject(200, "", "", { name, kind: served.plural, uid: object.metadata.uid }) };
  }
  return { status: 200, body: terminate(object, store) };
}

function terminate(pod: Tree, store: Store): Tree {
  if (pod.metadata.deletionTimestamp !== undefined) return pod;
  const at = new Date().toISOString().replace(/\.\d+Z/, "Z");
  return store.update(SERVED.pods, {
    ...pod,
    metadata: { ...pod.metadata, deletionTimestamp: at, deletionGracePeriodSeconds: 30 },
  });
}

/** policy/v1: allowed as long as every budget that matches keeps its healthy pods. */
function evict(one: Seen, pod: Tree, dryRun: boolean, store: Store): Outcome {
  const { body } = one;
  if (body?.kind !== "Eviction" || !/^policy\/v1(beta1)?$/.test(body.apiVersion))
    return refuse(400, "BadRequest", `no kind "${body?.kind}" is registered for version "${body?.apiVersion}"`);
  const precondition = body.deleteOptions?.preconditions?.uid;
  if (precondition !== undefined && precondition !== pod.metadata.uid)
    return refuse(
      409,
      "Conflict",
      `Operation cannot be fulfilled on pods "${pod.metadata.name}": Precondition failed: UID in precondition: ${precondition}, UID in object meta: ${pod.metadata.uid}`,
    );
  const { namespace } = pod.metadata;
  for (const budget of store.list(SERVED.budgets, namespace)) {
    const selects = (one: Tree) =>
      Object.entries(budget.spec.selector.matchLabels).every(([name, value]) => one.metadata.labels?.[name] === value);
    if (!selects(pod)) continue;
    const healthy = store
      .list(SERVED.pods, namespace)
      .filter((other) => selects(other) && isReady(other) && other.metadata.deletionTimestamp === undefined).length;
    if (healthy - 1 >= budget.spec.minAvailable) continue;
    return {
      status: 429,
      headers: { "retry-after": "0" },
      body: statusObject(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
        causes: [
          {
            reason: "DisruptionBudget",
            message: `The disruption budget ${budget.metadata.name} needs ${budget.spec.minAvailable} healthy pods and has ${healthy} currently`,
          },
        ],
      }),
    };
  }
  if (!dryRun) terminate(pod, store);
  return { status: 201, body: statusObject(201, "", "") };
}

function scale(one: Seen, verb: string, object: Tree, dryRun: boolean, target: Target, store: Store): Outcome {
  const of = ({ metadata, spec, status }: Tree): Tree => ({
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      creationTimestamp: metadata.creationTimestamp,
    },
    spec: { replicas: spec.replicas },
    status: { replicas: status?.replicas ?? 0, selector: "" },
  });
  if (verb === "get") return { status: 200, body: of(object) };
  const wanted = verb === "update" ? one.body : patched(one, of(object));
  const next = {
    ...object,
    metadata: {
      ...object.metadata,
      ...(wanted.metadata?.resourceVersion ? { resourceVersion: wanted.metadata.resourceVersion } : {}),
    },
    spec: { ...object.spec, replicas: wanted.spec.replicas },
  };
  const done = write(next, object, dryRun, target, store);
  return "body" in done && done.status === 200 ? { status: 200, body: of(done.body as Tree) } : done;
}

function logOf(one: Seen, pod: Tree, logs: ReadonlyMap<string, string>): Outcome {
  const { namespace, name } = pod.metadata;
  const names = pod.spec.containers.map((container: Tree) => container.name);
  const container = one.query["container"] ?? (names.length === 1 ? names[0] : undefined);
  if (container === undefined)
    return refuse(
      400,
      "BadRequest",
      `a container name must be specified for pod ${name}, choose one of: [${names.join(" ")}]`,
    );
  if (!names.includes(container))
    return refuse(400, "BadRequest", `container ${container} is not valid for pod ${name}`);
  if (!isReady(pod))
    return refuse(
      400,
      "BadRequest",
      `container "${container}" in pod "${name}" is waiting to start: ContainerCreating`,
    );
  const since = Date.now() - Number(one.query["sinceSeconds"] ?? Number.MAX_SAFE_INTEGER / 1000) * 1000;
  let lines = (logs.get(`${namespace}/${name}/${container}`) ?? "")
    .split("\n")
    .filter((line) => line !== "" && Date.parse(line.split(" ")[0]!) >= since);
  if (one.query["tailLines"] !== undefined) lines = lines.slice(-Number(one.query["tailLines"]));
  if (one.query["timestamps"] !== "true") lines = lines.map((line) => line.slice(line.indexOf(" ") + 1));
  const text = lines.map((line) => `${line}\n`).join("");
  return { status: 200, body: text.slice(0, Number(one.query["limitBytes"] ?? text.length)) };
}

function listed(one: Seen, { served, namespace }: Target, store: Store): Outcome {
  const items = store.list(served, namespace).filter(matcher(one, namespace));
  return {
    status: 200,
    body: {
      kind: `${served.kind}List`,
      apiVersion: served.group === "" ? served.version : `${served.group}/${served.version}`,
      metadata: { resourceVersion: String(store.version()) },
      items,
    },
  };
}

/** Selectors of equality, by labels and by fields. */
function matcher({ query }: Seen, namespace: string | undefined): (object: Tree) => boolean {
  const terms = (text: string | undefined) =>
    (text ?? "")
      .split(",")
      .filter((term) => term !== "")
      .map((term) => term.split(/==?/) as [string, string]);
  const labels = terms(query["labelSelector"]);
  const fields = terms(query["fieldSelector"]);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labels.every(([name, value]) => object.metadata.labels?.[name] === value) &&
    fields.every(
      ([path, value]) => String(path.split(".").reduce<Tree>((at, part) => at?.[part], object) ?? "") === value,
    );
}

function dryRunOf({ query, body }: Seen): boolean | "invalid" {
  const asked: unknown[] = [
    query["dryRun"],
    ...(isObject(body) ? [body["dryRun"], body["deleteOptions"]?.dryRun].flat() : []),
  ].filter((value) => value !== undefined);
  if (asked.some((value) => value !== "All")) return "invalid";
  return asked.length > 0;
}
