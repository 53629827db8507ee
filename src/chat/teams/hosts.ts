import { isLoopbackHost } from "../../util/loopback.ts";

/**
 * Hosts of the Bot Framework's connector, where Teams is reached. The bot sends its own token to whatever address an
 * activity names, so it goes to no other. Sources: `TeamsServiceEndpoints` of Microsoft's agents-hosting (public, GCC,
 * GCC High, DoD) and `GovernmentConstants` of botframework-connector.
 */
export const MICROSOFT_HOSTS: readonly string[] = [
  "smba.trafficmanager.net",
  "*.botframework.com",
  "smba.infra.gcc.teams.microsoft.com",
  "smba.infra.gov.teams.microsoft.us",
  "smba.infra.dod.teams.microsoft.us",
  "*.botframework.azure.us",
];

/**
 * Why the bot must not talk to that service URL, or undefined when it may. Each of `allowed` is a host ("host",
 * "host:port", "*.domain") or a URL, of which the host counts. Plain http is for loopback only, and only where listed;
 * with `anyLoopback` loopback need not be listed.
 */
export function whyNotServiceUrl(
  serviceUrl: string,
  allowed: readonly string[],
  anyLoopback = false,
): string | undefined {
  const url = URL.parse(serviceUrl);
  if (url === null) return "its serviceUrl is no address";
  if (url.username !== "" || url.password !== "") return "its serviceUrl carries credentials";
  const local = isLoopbackHost(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) return "its serviceUrl is not https";
  if ((local && anyLoopback) || allowed.some((entry) => matches(url, entry))) return undefined;
  return "the host of its serviceUrl is not among those allowed";
}

function matches(url: URL, entry: string): boolean {
  const host = hostOf(entry);
  if (host.startsWith("*.")) return url.port === "" && url.hostname.endsWith(host.slice(1));
  if (/:\d+$/.test(host)) return url.host === host || `${url.hostname}:${url.port || "443"}` === host;
  return url.hostname === host && (url.port === "" || isLoopbackHost(host));
}

/** The host of an entry that may be written as a URL, in lower case. */
function hostOf(entry: string): string {
  const parsed = entry.includes("://") ? URL.parse(entry)?.host : undefined;
  return (parsed ?? entry).trim().toLowerCase();
}
