/** Who calls whom, as metrics tell: the edges of the service graph. */

/** One thing calls another. Names are those of `nodeName`; times in unix seconds. */
export type Call = {
  readonly caller: string;
  readonly callee: string;
  /** Kubernetes namespaces, where the metric or the address says them. */
  readonly callerNamespace?: string;
  readonly calleeNamespace?: string;
  readonly environment?: string;
  readonly cluster?: string;
  /** So many a second when it was last seen, of what `noun` names. */
  readonly rate: number;
  readonly noun: string;
  readonly seenAt: number;
  /** What was asked, and of which source. */
  readonly promql: string;
  readonly source: string;
};

/** What "nobody" is called by those who measure: Istio and Cilium say unknown, Tempo user. */
const NOBODY = new Set(["", "unknown", "user", "virtual-node", "-", "world", "host", "remote-node", "localhost"]);

/**
 * A service's name out of what a metric calls it: `payments:8080`, `https://payments/pay` and Envoy's `outbound|80||payments.shop.svc.cluster.local` are
 * payments. Undefined for a number of a machine and for nobody.
 */
export function nodeName(value: string): { readonly name: string; readonly namespace?: string } | undefined {
  const address = (value.split("|").at(-1) ?? "").trim().toLowerCase();
  const host = address
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, "")
    .replace(/\/.*$/, "")
    .replace(/:\d+$/, "")
    .replace(/\.$/, "");
  if (NOBODY.has(host) || host.length > 200 || /^[\d.]+$/.test(host) || host.includes(":")) return undefined;
  const [, name, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/.exec(host) ?? [];
  return name !== undefined && namespace !== undefined ? { name, namespace } : { name: host };
}

/** The same for the same edge. */
export function keyOfCall({ caller, callee, callerNamespace, calleeNamespace, environment, cluster }: Call): string {
  return JSON.stringify([environment, cluster, callerNamespace, caller, calleeNamespace, callee]);
}
