import { type CryptoKey, importJWK } from "jose";
import type { Clock } from "../../ports/clock.ts";
import { createDependencies, type Dependencies } from "../../util/dependencies.ts";
import { UnreachableError } from "../../util/errors.ts";
import { isLoopbackHost } from "../../util/loopback.ts";
import { KeySet, OpenIdConfiguration } from "./schema.ts";

/** A key of the channel, and the channels that may sign with it. */
export type ChannelKey = { readonly key: CryptoKey; readonly endorsements: readonly string[] };

export type ChannelKeys = {
  /** The key of that name, or undefined when the channel has none. Throws `UnreachableError` when no keys are known. */
  find(kid: string): Promise<ChannelKey | undefined>;
};

/** Microsoft asks for a fresh look once a day. A name that is unknown may be a new key, but most often is a forgery. */
const REFRESH_SECONDS = 24 * 3600;
const RETRY_SECONDS = 300;
const RETRY_WITHOUT_KEYS_SECONDS = 5;
const TIMEOUT_MS = 5000;
const MAX_BYTES = 1_000_000;

/** The channel's public keys, fetched when first needed and kept. Keys that cannot be renewed stay in use. */
export function createChannelKeys(
  metadataUrl: string,
  clock: Clock,
  dependencies: Dependencies = createDependencies(),
): ChannelKeys {
  const server = dependencies.of("teams/keys", { service: "Bot Framework (keys)", verdict: () => "failure" });
  let keys = new Map<string, ChannelKey>();
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  let reason = "";

  async function refresh(): Promise<void> {
    triedAt = clock();
    try {
      keys = await server.ask(() => fetchKeys(metadataUrl));
      fetchedAt = clock();
    } catch (problem) {
      reason = problem instanceof Error ? problem.message : String(problem);
    }
  }

  function mayTry(): boolean {
    return clock() - triedAt >= (keys.size === 0 ? RETRY_WITHOUT_KEYS_SECONDS : RETRY_SECONDS);
  }

  return {
    async find(kid) {
      const stale = clock() - fetchedAt > REFRESH_SECONDS;
      if ((stale || !keys.has(kid)) && (running !== undefined || mayTry())) {
        running ??= refresh().finally(() => {
          running = undefined;
        });
        await running;
      }
      if (keys.size === 0) throw new UnreachableError("Bot Framework", `its keys could not be fetched: ${reason}`);
      return keys.get(kid);
    },
  };
}

async function fetchKeys(metadataUrl: string): Promise<Map<string, ChannelKey>> {
  const { jwks_uri } = OpenIdConfiguration.parse(await fetchJson(metadataUrl));
  const from = new URL(jwks_uri);
  const sameMachine = isLoopbackHost(from.hostname) && isLoopbackHost(new URL(metadataUrl).hostname);
  if (from.protocol !== "https:" && !sameMachine)
    throw new Error("the metadata names keys at an address without https");
  const { keys } = KeySet.parse(await fetchJson(jwks_uri));
  const usable = keys.filter((key) => key.kty === "RSA" && key.kid !== undefined && key.n && key.e);
  const imported = await Promise.all(
    usable.map(async ({ kid, n, e, endorsements = [] }): Promise<[string, ChannelKey]> => {
      const key = await importJWK({ kty: "RSA", n: n!, e: e! }, "RS256");
      if (key instanceof Uint8Array) throw new Error("the metadata holds a key that is no public key");
      return [kid!, { key, endorsements }];
    }),
  );
  if (imported.length === 0) throw new Error("the metadata holds no RSA key");
  return new Map(imported);
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${new URL(url).host} answered with status ${response.status}`);
  const text = await response.text();
  if (text.length > MAX_BYTES) throw new Error(`${new URL(url).host} answered with too much`);
  return JSON.parse(text);
}
