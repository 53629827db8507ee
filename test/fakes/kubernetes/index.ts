import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { createControllers } from "./controllers.ts";
import type { Tree } from "./patches.ts";
import { discovery, SERVED } from "./resources.ts";
import { createStore } from "./store.ts";
import {
  act,
  explain,
  isAllowed,
  type Outcome,
  type Rule,
  refuse,
  type Seen,
  sayForbidden,
  statusObject,
  targetOf,
  verbOf,
  type Watch,
} from "./verbs.ts";

/**
 * An API server of Kubernetes on loopback, with a small cluster behind it. It looks at what the real one looks at: the
 * token and its rights, the verb, the content type of a patch, resourceVersion and uid, dry runs, disruption budgets; and
 * it answers in the real one's words (a Status object with reason and message). `kubectl` works against it, see
 * test/actions/kubernetes/kubectl.test.ts.
 */

export const EVERYTHING: readonly Rule[] = [{ verbs: ["*"], groups: ["*"], resources: ["*"] }];

/** What a test may do to one request. `after`: the change is made, and the answer does not come. */
export type Fault =
  | { readonly kind: "cut" | "hang"; readonly when: "before" | "after" }
  | { readonly kind: "status"; readonly status: number; readonly when: "before" | "after" }
  | { readonly kind: "busy" }
  /** Something else happens between the reading of the request and its doing. */
  | { readonly kind: "race"; readonly race: () => void };

export type KubernetesOptions = { readonly tls?: { readonly cert: string; readonly key: string } };
export type Kubernetes = Awaited<ReturnType<typeof startKubernetes>>;

/** Starts one, with nodes node-1 to node-3 and namespaces shop and kube-system. `close` ends it. */
export async function startKubernetes(options: KubernetesOptions = {}) {
  const store = createStore();
  const controllers = createControllers(store);
  const users = new Map<string, { readonly name: string; rules: readonly Rule[] }>();
  const seen: Seen[] = [];
  const logs = new Map<string, string>();
  const state: { fault: (request: Seen) => Fault | undefined } = { fault: () => undefined };

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((problem) => {
      if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify(statusObject(500, "InternalError", String(problem))));
    });
  };
  const server: Server = options.tls === undefined ? createHttp(listener) : createHttps(options.tls, listener);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const text = await textOf(request);
    const one: Seen = {
      method: request.method ?? "",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      contentType: request.headers["content-type"]?.split(";")[0],
      body: parse(text),
      user: users.get(request.headers.authorization?.replace(/^Bearer /, "") ?? "")?.name,
      status: 0,
    };
    seen.push(one);
    const fault = state.fault(one);
    const send = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
      one.status = status;
      response.writeHead(status, {
        "content-type": typeof body === "string" ? "text/plain" : "application/json",
        ...headers,
      });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    };
    if (fault?.kind === "busy")
      return send(429, statusObject(429, "TooManyRequests", "too many requests, please try again later"), {
        "retry-after": "0",
      });
    if (fault?.kind === "race") fault.race();
    if (fault !== undefined && "when" in fault && fault.when === "before") return fail(fault, response, send);
    const user = users.get(request.headers.authorization?.replace(/^Bearer /, "") ?? "");
    const outcome = user === undefined ? refuse(401, "Unauthorized", "Unauthorized") : handle(one, user);
    if ("watch" in outcome) return stream(outcome.watch, response);
    if (fault !== undefined && "when" in fault) return fail(fault, response, send);
    send(outcome.status, outcome.body, outcome.headers);
  }

  function handle(one: Seen, user: { readonly name: string; readonly rules: readonly Rule[] }): Outcome {
    const found = one.method === "GET" ? discovery(one.path) : undefined;
    if (found !== undefined) return { status: 200, body: found };
    const target = targetOf(one);
    if (target === undefined) return refuse(404, "NotFound", "the server could not find the requested resource");
    const verb = verbOf(one, target);
    if (!isAllowed(user.rules, verb, target))
      return refuse(403, "Forbidden", sayForbidden(user.name, verb, target), {
        kind: target.served.plural,
        name: target.name,
        group: target.served.group,
      });
    try {
      const outcome = act(one, verb, target, { store, controllers, logs });
      if (one.method !== "GET" && one.query["dryRun"] === undefined) controllers.run();
      return outcome;
    } catch (error) {
      return explain(error, target);
    }
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  users.set("operator-token", { name: "operator", rules: EVERYTHING });
  for (const name of ["node-1", "node-2", "node-3"])
    store.create(SERVED.nodes, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name },
      spec: {},
      status: { conditions: [{ type: "Ready", status: "True" }] },
    });
  for (const name of ["shop", "kube-system"])
    store.create(SERVED.namespaces, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
      status: { phase: "Active" },
    });

  return {
    url: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    /** May do everything. */
    token: "operator-token",
    store,
    controllers,
    seen,
    /** Text of a pod's log by "namespace/pod/container", each line with its time first. */
    logs,
    /** Tells what to do to a request; set it back to stop. */
    faults(fault: (request: Seen) => Fault | undefined): void {
      state.fault = fault;
    },
    /** Gives a token these rights and no others. */
    allow(token: string, name: string, rules: readonly Rule[]): void {
      users.set(token, { name, rules });
    },
    /** Makes an object and lets the controllers come to rest. */
    add(kind: keyof typeof SERVED, object: Tree): Tree {
      const { group, version, kind: name } = SERVED[kind];
      const made = store.create(SERVED[kind], {
        apiVersion: group === "" ? version : `${group}/${version}`,
        kind: name,
        ...object,
      });
      controllers.run();
      return made;
    },
    /** Changes an object as somebody else would, and lets the controllers come to rest. */
    change(kind: keyof typeof SERVED, namespace: string | undefined, name: string, edit: (object: Tree) => void): Tree {
      const object = store.get(SERVED[kind], namespace, name);
      delete object.metadata.resourceVersion;
      edit(object);
      store.update(SERVED[kind], object);
      controllers.run();
      return store.get(SERVED[kind], namespace, name);
    },
    get: (kind: keyof typeof SERVED, namespace: string | undefined, name: string): Tree =>
      store.get(SERVED[kind], namespace, name),
    list: (kind: keyof typeof SERVED, namespace?: string): Tree[] => store.list(SERVED[kind], namespace),
    /** Changes that were asked for and not refused: without reads and dry runs. */
    changes: () =>
      seen.filter(
        ({ method, query, status, body }) =>
          method !== "GET" &&
          status < 300 &&
          query["dryRun"] === undefined &&
          body?.dryRun === undefined &&
          body?.deleteOptions?.dryRun === undefined,
      ),
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function stream(target: Watch, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const end = store.watch(target.served, target.after, ({ type, object }) => {
      if (target.matches(object)) response.write(`${JSON.stringify({ type, object })}\n`);
    });
    response.on("close", end);
  }
}

function fail(fault: Fault, response: ServerResponse, send: (status: number, body: unknown) => void): void {
  if (fault.kind === "cut") response.destroy();
  else if (fault.kind === "status")
    send(fault.status, statusObject(fault.status, "InternalError", "etcdserver: request timed out"));
  // `hang`: nothing ever comes.
}

function parse(text: string): Tree {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
