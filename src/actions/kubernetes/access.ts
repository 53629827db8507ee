import { readFile } from "node:fs/promises";
import type { Agent, RequestOptions } from "node:https";
import { reasonOf, UnreachableError } from "../../util/errors.ts";
import type { Exchange } from "../../util/exchange.ts";
import type { KubernetesSettings } from "./settings.ts";

/** How to reach an API server and to prove who we are. */
export type Access = {
  readonly server: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: NonNullable<Exchange["tls"]>;
  readonly agent?: Agent;
};

/**
 * Makes a function that gives the access to a cluster as it is now: tokens and certificates on disk are read anew. The
 * Kubernetes client (62 MB on disk, 0.8 s to load) is loaded only for a kubeconfig, whose ways of logging in it knows.
 * Throws an `Error` with a sentence for settings that are not safe; what it returns throws `UnreachableError`.
 */
export function accessTo(settings: KubernetesSettings): () => Promise<Access> {
  if (settings.kubeconfig !== undefined) return fromKubeconfig(settings, settings.kubeconfig);
  if (settings.server === undefined)
    throw new Error(`The cluster ${settings.name} needs an address: give server, or a kubeconfig.`);
  const server = checkServer(settings.server, settings);
  const service = serviceOf(settings);
  return async () => {
    try {
      const token =
        settings.tokenFile === undefined
          ? settings.token?.reveal()
          : (await readFile(settings.tokenFile, "utf8")).trim();
      const ca = settings.caFile === undefined ? undefined : await readFile(settings.caFile);
      return {
        server,
        headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        tls: { ...(ca === undefined ? {} : { ca }) },
      };
    } catch (cause) {
      throw new UnreachableError(service, `its token or CA file cannot be read: ${reasonOf(cause)}`, { cause });
    }
  };
}

/** What the cluster is called in messages. */
export function serviceOf(settings: { readonly name: string }): string {
  return `Kubernetes ${settings.name}`;
}

function fromKubeconfig(settings: KubernetesSettings, file: string): () => Promise<Access> {
  const service = serviceOf(settings);
  let loading:
    | Promise<{ readonly server: URL; readonly apply: (options: RequestOptions) => Promise<void> }>
    | undefined;
  const load = async () => {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    config.loadFromFile(file);
    if (settings.context !== undefined) {
      if (config.getContextObject(settings.context) === null)
        throw new Error(`the kubeconfig has no context ${JSON.stringify(settings.context)}`);
      config.setCurrentContext(settings.context);
    }
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error("the kubeconfig's context names no cluster");
    const server = checkServer(cluster.server, settings);
    if (cluster.skipTLSVerify === true && !(server.protocol === "http:"))
      throw new Error("the kubeconfig turns off the check of the server's certificate (insecure-skip-tls-verify)");
    return { server, apply: (options: RequestOptions) => config.applyToHTTPSOptions(options) };
  };
  return async () => {
    loading ??= load();
    try {
      const { server, apply } = await loading;
      const options: RequestOptions = {};
      await apply(options);
      return {
        server,
        headers: {
          ...(options.headers as Record<string, string> | undefined),
          ...(typeof options.auth === "string"
            ? { authorization: `Basic ${Buffer.from(options.auth).toString("base64")}` }
            : {}),
        },
        tls: options as Access["tls"],
        ...(options.agent === undefined || typeof options.agent === "boolean" ? {} : { agent: options.agent as Agent }),
      };
    } catch (cause) {
      loading = undefined; // the file may be mended meanwhile
      throw new UnreachableError(service, `its kubeconfig cannot be used: ${reasonOf(cause)}`, { cause });
    }
  };
}

function checkServer(address: string, settings: KubernetesSettings): URL {
  const server = URL.parse(address);
  const where = `The address of the cluster ${settings.name}`;
  if (server === null || !["http:", "https:"].includes(server.protocol))
    throw new Error(`${where} must start with https:// and name a host.`);
  if (server.username !== "" || server.password !== "" || server.search !== "" || server.hash !== "")
    throw new Error(`${where} must hold neither user nor query.`);
  const isLoopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(server.hostname);
  if (server.protocol === "http:" && !(isLoopback && settings.insecureLoopback === true))
    throw new Error(`${where} must start with https://: plain http is for this machine, with insecure_loopback: true.`);
  return server;
}
