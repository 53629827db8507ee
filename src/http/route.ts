import type { IncomingHttpHeaders } from "node:http";

/** One address of the server. Later surfaces (webhooks, chat platforms) mount theirs in this form. */
export type Route = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Compared as a whole with the decoded path of the request: no patterns. */
  readonly path: string;
  /** Longest body taken, in bytes; a longer one is answered 413 before `handle` sees it. Default: the server's limit. */
  readonly bodyBytes?: number;
  /** What it throws is logged and answered 500 without details. */
  readonly handle: (request: HttpRequest) => Promise<HttpResponse>;
};

export type HttpRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** As it came, so that signatures over it can be checked. Empty when there was none. */
  readonly body: Buffer;
  /** The other end of the connection: a proxy's address when there is one in between. */
  readonly remoteAddress: string;
  /** Fires when the client goes away or the server stops. */
  readonly signal: AbortSignal;
};

export type HttpResponse = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
};

/** An answer in JSON. */
export function jsonResponse(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status,
    headers: { ...headers, "content-type": "application/json; charset=utf-8" },
    body: `${JSON.stringify(value)}\n`,
  };
}

/** A refusal that is thrown: it reaches the client as `{error: {code, message}}`, so both must be fit for strangers. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
  get response(): HttpResponse {
    return jsonResponse(this.status, { error: { code: this.code, message: this.message } }, this.headers);
  }
}
