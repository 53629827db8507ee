import type { Secret } from "../../util/secret.ts";

/** One cluster that may be changed: an API server with a token, or a context of a kubeconfig. */
export type KubernetesSettings = {
  /** What arguments call it. */
  readonly name: string;
  readonly environment?: string;
  /** Address of the API server: https, or http on this machine with `insecureLoopback`. */
  readonly server?: string;
  readonly token?: Secret;
  /** Read anew for every request: projected tokens of service accounts are renewed on disk. */
  readonly tokenFile?: string;
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile?: string;
  readonly insecureLoopback?: boolean;
  /** A kubeconfig, with client certificates, exec plug-ins or OIDC as its context says. Instead of `server`. */
  readonly kubeconfig?: string;
  /** Default: the kubeconfig's current one. */
  readonly context?: string;
  /** Namespaces that may be read and changed; `*` is all of them. Empty: none. */
  readonly namespaces: readonly string[];
};
