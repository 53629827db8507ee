import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import type { LookupFunction, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { reasonOf } from "./errors.ts";

/** One HTTP exchange, told so that nobody has to guess whether it had an effect. */

export type Exchange = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Of the answer; what is longer is cut. */
  readonly maxBytes: number;
  readonly tls?: {
    readonly ca?: string | Buffer | readonly (string | Buffer)[];
    readonly cert?: string | Buffer;
    readonly key?: string | Buffer;
    readonly servername?: string;
  };
  /** A proxy's. Without one, each exchange has a connection of its own. */
  readonly agent?: http.Agent;
  /** Finds the address to connect to. */
  readonly lookup?: LookupFunction;
};

export type Answer = {
  readonly kind: "answer";
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly isCut: boolean;
};

export type Exchanged =
  | Answer
  /** There was no connection: surely nothing happened. */
  | { readonly kind: "not_sent"; readonly reason: string }
  /** It was on its way when something broke: it may have arrived. */
  | { readonly kind: "lost"; readonly reason: string };

/**
 * Sends once, over a connection of its own: on a kept one that the other side closes meanwhile, nobody could tell whether
 * the request arrived. Follows no redirect. Never throws.
 */
export function exchange(wanted: Exchange): Promise<Exchanged> {
  const { method, url, signal, maxBytes } = wanted;
  const isTls = url.protocol === "https:";
  const body = wanted.body === undefined ? undefined : Buffer.from(wanted.body);
  const headers: OutgoingHttpHeaders = {
    ...wanted.headers,
    ...(body === undefined ? {} : { "content-length": body.length }),
  };
  return new Promise((resolve) => {
    let isConnected = false;
    const fail = (cause: unknown) =>
      resolve({
        kind: isConnected ? "lost" : "not_sent",
        reason: signal.aborted ? reasonOf(signal.reason) : networkReason(cause),
      });
    if (signal.aborted) return fail(signal.reason);
    try {
      const request = (isTls ? https : http).request(
        {
          protocol: url.protocol,
          hostname: url.hostname.replace(/^\[|\]$/g, ""),
          port: url.port,
          path: `${url.pathname}${url.search}`,
          method,
          headers,
          signal,
          agent: wanted.agent ?? false,
          ...(wanted.lookup === undefined ? {} : { lookup: wanted.lookup }),
          ...(isTls ? tlsOptions(wanted.tls) : {}),
        },
        (response) => {
          isConnected = true;
          const chunks: Buffer[] = [];
          let bytes = 0;
          const end = (isCut: boolean) =>
            resolve({
              kind: "answer",
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks).subarray(0, maxBytes),
              isCut,
            });
          response.on("data", (chunk: Buffer) => {
            chunks.push(chunk);
            bytes += chunk.length;
            if (bytes <= maxBytes) return;
            end(true);
            request.destroy();
          });
          response.on("end", () => end(false));
          response.on("error", fail);
          response.on("close", () => fail(new Error("the answer ended early")));
        },
      );
      request.once("socket", (socket) => {
        // An agent may bring one that is connected: what is lost on it may have arrived.
        if (isReady(socket)) isConnected = true;
        else socket.once(isTls ? "secureConnect" : "connect", () => (isConnected = true));
      });
      request.on("error", fail);
      request.end(body);
    } catch (cause) {
      fail(cause); // a header or path that Node refuses to send
    }
  });
}

/** Connected, and through with TLS where it speaks that. */
function isReady(socket: Socket): boolean {
  const isEncrypted = (socket as Partial<TLSSocket>).encrypted === true;
  return !socket.connecting && (!isEncrypted || (socket as TLSSocket).getProtocol() !== null);
}

function tlsOptions(tls: Exchange["tls"]): https.RequestOptions {
  const { ca, cert, key, servername } = tls ?? {};
  return {
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca: Array.isArray(ca) ? [...ca] : (ca as string | Buffer) }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at that address",
  ENOTFOUND: "its name is not known to DNS",
  EAI_AGAIN: "DNS did not answer",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  UND_ERR_SOCKET: "the connection was cut",
  ETIMEDOUT: "the connection timed out",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no route to it",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by an authority that is not known here",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by an authority that is not known here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by an authority that is not known here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is signed by an authority that is not known here",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  CERT_HAS_EXPIRED: "its certificate has expired",
};

/** A network error in words, as its cause has them where `fetch` or an SDK has wrapped it. */
export function networkReason(thrown: unknown): string {
  for (let one = thrown, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++) {
    const { code } = one as { code?: unknown };
    const reason = typeof code === "string" ? REASONS[code] : undefined;
    if (reason !== undefined) return reason;
  }
  return reasonOf(thrown);
}

/** What is said of an answer that a browser would show. */
export const WEB_PAGE = "a web page came back instead of an answer: is a proxy or a login page in between?";
