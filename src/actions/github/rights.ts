import { RefusedError, UnreachableError } from "../../util/errors.ts";
import { exchange } from "../../util/exchange.ts";
import type { Rights } from "../shared/rights.ts";
import type { GithubSettings } from "./settings.ts";

/**
 * What the token may do. Classic tokens tell their scopes in a header (`X-OAuth-Scopes`), and each of these reaches every
 * repository of its owner; fine-grained ones send no such header. Throws `UnreachableError` and `RefusedError`.
 */
export async function githubRights(settings: GithubSettings, signal: AbortSignal): Promise<Rights> {
  const service = `GitHub ${settings.repository}`;
  const url = new URL(settings.apiUrl ?? "https://api.github.com");
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/repos/${settings.repository}`;
  const headers = {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${settings.token.reveal()}`,
    "user-agent": "smartcloudops",
  };
  const done = await exchange({ method: "GET", url, headers, signal, maxBytes: 1024 * 1024 });
  if (done.kind !== "answer") throw new UnreachableError(service, done.reason);
  if (done.status !== 200)
    throw new RefusedError(service, done.status, "it does not show the repository to this token");
  const header = done.headers["x-oauth-scopes"];
  if (header === undefined) return { who: "a fine-grained or app token", excess: [] };
  const named = String(header).split(",");
  const scopes = named.map((one) => one.trim()).filter((one) => one !== "");
  return {
    who: "a classic token",
    excess: scopes.map((scope) => `has the scope ${scope}, for every repository of its owner`),
  };
}
