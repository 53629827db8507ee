import type { HttpResponse } from "../ports/http.ts";

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
