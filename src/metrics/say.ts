/** Sentences for what goes wrong between us and an HTTP API: what was found, and the cure. */

/** A plain sentence for an error of the network layer. Codes: Node's `errors` and OpenSSL's verify results. */
export function sayNetwork(cause: NodeJS.ErrnoException, host: string): string {
  const code = String(cause.code ?? "");
  switch (code) {
    case "ECONNREFUSED":
      return `the connection to ${host} was refused. Is it running, and is the port right?`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name in ${host} could not be resolved. Check the spelling of the address and DNS.`;
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `there is no way to ${host} (${code}). Check the network between us and the address.`;
    case "HPE_INVALID_CONSTANT":
      return `what listens on ${host} does not speak HTTP. Check the port and the scheme (http or https).`;
    default:
      if (/CERT|SELF_SIGNED|ISSUER|ALTNAME|TLS|SSL|EPROTO/.test(code)) {
        return `the secure connection to ${host} failed (${code}). Check its certificate, or name your authority's file.`;
      }
      return `the connection to ${host} was closed before the answer was complete${code === "" ? "" : ` (${code})`}.`;
  }
}

/** A plain sentence for a status without one of its own. */
export function sayStatus(status: number): string {
  if (status === 429) return "it says that we ask too often (429). Try again shortly.";
  if (status === 503) return "it is not ready or overloaded (503). Try again shortly.";
  if (status >= 500) return `it, or a proxy before it, failed (${status}). Its own log says why.`;
  return `it refused the question (${status}).`;
}

/** What to say when an answer passes the limit. */
export function tooLarge(maxBytes: number): string {
  const size = maxBytes >= 1e6 ? `${Math.round(maxBytes / 1e6)} MB` : `${maxBytes} bytes`;
  return `the answer is larger than ${size} and was cut off. Ask for fewer series, a shorter time or a larger step.`;
}
