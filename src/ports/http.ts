/** The one HTTP server. */

/** One address of the server. Later surfaces (webhooks, chat platforms) mount theirs in this form. */
export type Route = {
  /** "*" for every method: then `handle` says which it takes. */
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "*";
  /** Compared as a whole with the decoded path of the request. One that ends in "/*" has everything below it: no other patterns. */
  readonly path: string;
  /** Longest body taken, in bytes; a longer one is answered 413 before `handle` sees it. Default: the server's limit. */
  readonly bodyBytes?: number;
  /** What it throws is logged and answered 500 without details. */
  readonly handle: (request: HttpRequest) => Promise<HttpResponse>;
  /** How refusals of the server itself are written here, such as of a body that is too long. Default: its own form. */
  readonly refuse?: (refusal: HttpRefusal) => HttpResponse;
};

/** Why a request is not answered: a short code, and a sentence that is fit for strangers. */
export type HttpRefusal = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
};

export type HttpRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
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
