import { z } from "zod";
import { RefusedError, UnreachableError } from "../../util/errors.ts";
import { type Exchanged, exchange } from "../../util/exchange.ts";
import { inertName } from "../../util/inert.ts";
import { pause } from "../shared/deadline.ts";
import { type Access, serviceOf } from "./access.ts";
import type { KubernetesSettings } from "./settings.ts";

/** The kinds of objects that the actions speak of, and where the API keeps them. */
const RESOURCES = {
  deployment: { group: "apps", root: "apis/apps/v1", plural: "deployments" },
  statefulset: { group: "apps", root: "apis/apps/v1", plural: "statefulsets" },
  daemonset: { group: "apps", root: "apis/apps/v1", plural: "daemonsets" },
  replicaset: { group: "apps", root: "apis/apps/v1", plural: "replicasets" },
  autoscaler: { group: "autoscaling", root: "apis/autoscaling/v2", plural: "horizontalpodautoscalers" },
  pod: { group: "", root: "api/v1", plural: "pods" },
  event: { group: "", root: "api/v1", plural: "events" },
  node: { group: "", root: "api/v1", plural: "nodes" },
} as const;

export type Kind = keyof typeof RESOURCES;

const METHODS = { get: "GET", list: "GET", patch: "PATCH", create: "POST", delete: "DELETE" } as const;

const PATCHES = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
} as const;

export type Patch = { readonly type: keyof typeof PATCHES; readonly body: unknown };

/** One request in the API's own words: the verb is the right that it needs. */
export type Ask = {
  readonly verb: keyof typeof METHODS;
  readonly kind: Kind;
  /** Undefined for nodes, and for a list over all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
  readonly sub?: "log" | "eviction";
  readonly query?: Readonly<Record<string, string>>;
  readonly patch?: Patch;
  readonly body?: unknown;
};

/** What became of a request that changes something. */
export type Sent =
  | { readonly kind: "done"; readonly object: unknown }
  /** It said no: nothing happened. `text` is a sentence for people. */
  | { readonly kind: "refused"; readonly status: number; readonly text: string; readonly retryAfterMs: number }
  /** There was no connection, or it was turned away at the door: nothing happened. */
  | { readonly kind: "not_sent"; readonly text: string }
  /** It may have happened. */
  | { readonly kind: "unknown"; readonly text: string };

export type KubernetesApi = {
  readonly service: string;
  /** Reads one object or a list as JSON. Throws `UnreachableError`, `RefusedError` (404 among them), or the signal's reason. */
  read(ask: Ask, signal: AbortSignal): Promise<unknown>;
  /** Reads text, at most `maxBytes` of it: the newest end is up to the query. Throws as `read`. */
  text(ask: Ask, signal: AbortSignal, maxBytes: number): Promise<string>;
  /** Sends a change once. A 429 of the API's own flow control is waited out, since nothing happened. Never throws. */
  send(ask: Ask, signal: AbortSignal): Promise<Sent>;
};

/** Answers of lists of some thousand objects. */
const MOST_ANSWER = 32 * 1024 * 1024;
const READ_MS = 15_000;
const RETRIES = 3;
const LONGEST_WAIT_MS = 10_000;

const Status = z.object({
  message: z.string().catch(""),
  reason: z.string().catch(""),
  details: z.object({ causes: z.array(z.object({ reason: z.string().catch("") })).catch([]) }).catch({ causes: [] }),
});

/** A client for one API server. It sends JSON and gives JSON as it came: fields that are newer than this code are kept. */
export function createApi(settings: KubernetesSettings, access: () => Promise<Access>): KubernetesApi {
  const service = serviceOf(settings);

  async function once(ask: Ask, signal: AbortSignal, maxBytes: number): Promise<Exchanged> {
    const { server, headers, tls, agent } = await access();
    const url = new URL(server);
    url.pathname = `${server.pathname.replace(/\/+$/, "")}/${pathOf(ask)}`;
    for (const [name, value] of Object.entries(ask.query ?? {})) url.searchParams.set(name, value);
    const content = ask.patch?.body ?? ask.body;
    const type = ask.patch === undefined ? "application/json" : PATCHES[ask.patch.type];
    return exchange({
      method: METHODS[ask.verb],
      url,
      headers: {
        ...headers,
        accept: "application/json",
        "user-agent": "smartcloudops",
        ...(content === undefined ? {} : { "content-type": type }),
      },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
      signal,
      maxBytes,
      tls,
      ...(agent === undefined ? {} : { agent }),
    });
  }

  async function answer(ask: Ask, outer: AbortSignal, maxBytes: number): Promise<Buffer> {
    const signal = AbortSignal.any([outer, AbortSignal.timeout(READ_MS)]);
    for (let attempt = 0; ; attempt++) {
      const exchanged = await once(ask, signal, maxBytes);
      outer.throwIfAborted();
      if (exchanged.kind !== "answer") throw new UnreachableError(service, exchanged.reason);
      const { status, body, isCut } = exchanged;
      if (status >= 200 && status < 300) {
        if (isCut && ask.sub !== "log") throw new UnreachableError(service, "its answer is too large to be read");
        return body;
      }
      const waitMs = retryAfterMs(exchanged);
      if (status === 429 && attempt < RETRIES && (await pause(waitMs, signal))) continue;
      if (status >= 500) throw new UnreachableError(service, `it answered ${status}: ${messageOf(exchanged)}`);
      throw new RefusedError(service, status, sayRefusal(ask, exchanged));
    }
  }

  return {
    service,
    async read(ask, signal) {
      const body = await answer(ask, signal, MOST_ANSWER);
      try {
        return JSON.parse(body.toString("utf8"));
      } catch (cause) {
        throw new UnreachableError(service, "its answer is no JSON", { cause });
      }
    },
    async text(ask, signal, maxBytes) {
      return (await answer(ask, signal, maxBytes)).toString("utf8");
    },
    async send(ask, signal) {
      for (let attempt = 0; ; attempt++) {
        let exchanged: Exchanged;
        try {
          exchanged = await once(ask, signal, MOST_ANSWER);
        } catch (error) {
          return { kind: "not_sent", text: error instanceof Error ? error.message : String(error) };
        }
        if (exchanged.kind === "not_sent") return { kind: "not_sent", text: `${service}: ${exchanged.reason}.` };
        if (exchanged.kind === "lost") return { kind: "unknown", text: `${service}: ${exchanged.reason}.` };
        const { status } = exchanged;
        if (status >= 200 && status < 300) return { kind: "done", object: jsonOf(exchanged.body) };
        // An eviction's 429 is about a budget, not about us: whoever evicts decides how long to wait.
        const isOurs = status === 429 && ask.sub !== "eviction";
        const waitMs = retryAfterMs(exchanged);
        if (isOurs && attempt < RETRIES && (await pause(waitMs, signal))) continue;
        // 5xx: a server that gave up waiting for its own storage may find later that the write was done.
        if (status >= 500) return { kind: "unknown", text: `${service} answered ${status}: ${messageOf(exchanged)}` };
        return { kind: "refused", status, text: sayRefusal(ask, exchanged), retryAfterMs: waitMs };
      }
    },
  };
}

function pathOf({ kind, namespace, name, sub }: Ask): string {
  const { root, plural } = RESOURCES[kind];
  return [root, ...(namespace === undefined ? [] : ["namespaces", namespace]), plural, name, sub]
    .filter((part) => part !== undefined)
    .map((part) => part.split("/").map(encodeURIComponent).join("/"))
    .join("/");
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function statusOf({ body }: { readonly body: Buffer }): z.output<typeof Status> | undefined {
  const read = Status.safeParse(jsonOf(body));
  return read.success ? read.data : undefined;
}

function messageOf(answer: { readonly body: Buffer }): string {
  const message = statusOf(answer)?.message ?? answer.body.toString("utf8");
  return inertName(message, { max: 500 });
}

/** RFC 9110, 10.2.3, as seconds; a second when nothing is said. */
function retryAfterMs({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): number {
  const seconds = Number(headers["retry-after"] ?? 1);
  return Number.isFinite(seconds) ? Math.min(LONGEST_WAIT_MS, Math.max(0, seconds * 1000)) : 1000;
}

/** The right that a request needs, as RBAC writes it: "patch deployments.apps in namespace shop". */
export function rightOf({ verb, kind, namespace, sub }: Ask): string {
  const { group, plural } = RESOURCES[kind];
  const resource = `${plural}${sub === undefined ? "" : `/${sub}`}${group === "" ? "" : `.${group}`}`;
  return `${sub === "log" ? "get" : verb} ${resource}${namespace === undefined ? "" : ` in namespace ${namespace}`}`;
}

/** Why the API server said no, as a sentence that names the cure where there is one. */
function sayRefusal(ask: Ask, answer: { readonly status: number; readonly body: Buffer }): string {
  const what = `${ask.kind}${ask.name === undefined ? "s" : ` ${ask.name}`}${ask.namespace === undefined ? "" : ` in namespace ${ask.namespace}`}`;
  const said = messageOf(answer);
  switch (answer.status) {
    case 401:
      return "it does not accept the token: it is wrong or has expired.";
    case 403:
      return `the token lacks a right: ${rightOf(ask)}. Grant it in a Role or ClusterRole, or do this by hand. (${said})`;
    case 404:
      return `there is no ${what}.`;
    case 409:
      return `the ${what} changed at the same moment, so nothing was done. (${said})`;
    case 422:
      return `it does not accept that change of the ${what}: ${said}`;
    default:
      return `it refused to ${ask.verb} the ${what} (${answer.status}): ${said}`;
  }
}
