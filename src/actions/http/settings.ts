import type { LookupAddress } from "node:dns";
import type { Secret } from "../../util/secret.ts";

/** One HTTP endpoint that may be called. */
export type HttpSettings = {
  /** What arguments call it. */
  readonly name: string;
  readonly environment?: string;
  /** Paths of calls begin below it. https; http only for an endpoint on this machine with `allowPrivate`. */
  readonly baseUrl: string;
  /** Hosts it may go to, in full. The base's own must be among them. */
  readonly hosts: readonly string[];
  /** Sent as a bearer token. */
  readonly token?: Secret;
  /** PEM file of an authority to trust beside the usual ones. */
  readonly caFile?: string;
  /** The endpoint does a change once for an `Idempotency-Key`, however often it is sent. */
  readonly idempotent?: boolean;
  /** Loopback, private and link-local addresses are allowed. */
  readonly allowPrivate?: boolean;
  /** Where it tells what became of a change, with `{key}` for the key: 404 means it never came. */
  readonly statusPath?: string;
};

/** Finds all addresses of a host. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;
