import { readFileSync } from "node:fs";
import type { LookupFunction } from "node:net";
import { getCACertificates } from "node:tls";
import { type Answer, type Exchange, type Exchanged, exchange } from "../../util/exchange.ts";
import { resolveChecked } from "./address.ts";
import type { HttpSettings, Resolve } from "./settings.ts";

/** An endpoint with its rules: where calls may go, and with what. */
export type Endpoint = {
  readonly name: string;
  readonly settings: HttpSettings;
  /** The address of a path below the base, or a sentence about why it may not be called. */
  locate(
    path: string,
  ): { readonly kind: "url"; readonly url: URL } | { readonly kind: "refused"; readonly why: string };
  call(wanted: Call): Promise<Exchanged | { readonly kind: "refused"; readonly why: string }>;
};

export type Call = Pick<Exchange, "method" | "signal" | "maxBytes"> & {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** Throws an `Error` with a sentence for settings that are not safe, and when the CA file cannot be read. */
export function createEndpoint(settings: HttpSettings, resolve: Resolve): Endpoint {
  const base = URL.parse(settings.baseUrl);
  const where = `The address of the endpoint ${settings.name}`;
  if (base === null || !["http:", "https:"].includes(base.protocol))
    throw new Error(`${where} must start with https:// and name a host.`);
  if (base.username !== "" || base.password !== "" || base.search !== "" || base.hash !== "")
    throw new Error(`${where} must hold neither user nor query.`);
  if (!settings.hosts.includes(base.hostname))
    throw new Error(`${where} is at ${base.hostname}, which is not among its hosts.`);
  const isLoopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(base.hostname);
  if (base.protocol === "http:" && !(isLoopback && settings.allowPrivate === true))
    throw new Error(`${where} must start with https://: plain http is for this machine, with allow_private: true.`);
  const ca =
    settings.caFile === undefined
      ? undefined
      : [...getCACertificates("default"), readFileSync(settings.caFile, "utf8")];
  const root = base.pathname.replace(/\/+$/, "");

  /** The path was checked by its pattern; what URL makes of it is checked again. */
  function locate(path: string): ReturnType<Endpoint["locate"]> {
    const url = URL.parse(`${base!.origin}${root}${path}`);
    if (url === null) return { kind: "refused", why: "That path makes no address." };
    if (url.origin !== base!.origin || !settings.hosts.includes(url.hostname))
      return { kind: "refused", why: `${url.hostname} is not among the hosts of ${settings.name}.` };
    if (url.pathname !== root && !url.pathname.startsWith(`${root}/`))
      return { kind: "refused", why: `That path leaves ${base!.pathname}.` };
    return { kind: "url", url };
  }

  return {
    name: settings.name,
    settings,
    locate,
    async call({ method, path, headers, body, signal, maxBytes }) {
      const located = locate(path);
      if (located.kind === "refused") return located;
      const { url } = located;
      const resolved = await resolveChecked(url.hostname, settings.allowPrivate === true, resolve);
      if (resolved.kind === "refused") return { kind: "refused", why: `${resolved.why}.` };
      if (resolved.kind === "unknown") return { kind: "not_sent", reason: resolved.why };
      const [first] = resolved.addresses;
      // The connection goes to the address that was checked: a second answer of DNS cannot lead it elsewhere.
      const pinned: LookupFunction = (_host, options, callback) =>
        options.all === true ? callback(null, [first!]) : callback(null, first!.address, first!.family);
      return exchange({
        method,
        url,
        headers: {
          accept: "application/json",
          "user-agent": "smartcloudops",
          ...(settings.token === undefined ? {} : { authorization: `Bearer ${settings.token.reveal()}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
        signal,
        maxBytes,
        lookup: pinned,
        ...(ca === undefined ? {} : { tls: { ca } }),
      });
    },
  };
}

/** True for 2xx. */
export function isGood({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}
