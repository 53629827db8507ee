import { hash } from "node:crypto";
import { type CryptoKey, errors, jwtVerify } from "jose";
import type { Clock } from "../../ports/clock.ts";
import type { ChannelKeys } from "./keys.ts";

/** What a token says that is verified: the address it was made for, and the channels that its key may sign for. */
export type Claims = { readonly serviceUrl: unknown; readonly endorsements: readonly string[] };

export type Tokens = {
  /** Throws one of jose's errors when it is no token of the channel for this bot at this time, and `UnreachableError` while no keys are known. */
  verify(token: string): Promise<Claims>;
};

type Verified = {
  readonly kid: string;
  readonly key: CryptoKey;
  readonly serviceUrl: unknown;
  /** Unix seconds. */
  readonly from: number;
  readonly until: number;
};

const TOLERANCE_SECONDS = 60;
/** The channel sends many activities with one token. Each is some hundred bytes here. */
const MOST = 1000;

/**
 * Verifies the channel's tokens. A signature does not change, so it is checked once for each token, and once more when
 * the key of its name is another one; the token's times are looked at each time. Only what was verified is remembered.
 */
export function createTokens(options: {
  readonly appId: string;
  readonly issuer: string;
  readonly keys: ChannelKeys;
  readonly clock: Clock;
}): Tokens {
  const { appId, issuer, keys, clock } = options;
  const known = new Map<string, Verified>();

  async function remembered(digest: string): Promise<Claims | undefined> {
    const verified = known.get(digest);
    if (verified === undefined) return undefined;
    const { kid, key, serviceUrl, from, until } = verified;
    const found = await keys.find(kid);
    const now = clock();
    if (found?.key === key && now >= from && now < until) return { serviceUrl, endorsements: found.endorsements };
    known.delete(digest);
    return undefined;
  }

  async function verified(token: string, digest: string): Promise<Claims> {
    let signer: { readonly kid: string; readonly key: CryptoKey; readonly endorsements: readonly string[] } | undefined;
    const { payload } = await jwtVerify(
      token,
      async ({ kid }) => {
        const found = kid === undefined ? undefined : await keys.find(kid);
        if (kid === undefined || found === undefined) throw new errors.JWKSNoMatchingKey();
        signer = { kid, ...found };
        return found.key;
      },
      {
        algorithms: ["RS256"],
        issuer,
        audience: appId,
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: new Date(clock() * 1000),
        requiredClaims: ["exp", "iss", "aud"],
      },
    );
    const { kid, key, endorsements } = signer!;
    const serviceUrl = payload.serviceurl ?? payload.serviceUrl;
    const from = (payload.nbf ?? Number.NEGATIVE_INFINITY) - TOLERANCE_SECONDS;
    if (known.size >= MOST) known.delete(known.keys().next().value!);
    known.set(digest, { kid, key, serviceUrl, from, until: payload.exp! + TOLERANCE_SECONDS });
    return { serviceUrl, endorsements };
  }

  return {
    async verify(token) {
      const digest = hash("sha256", token, "base64");
      return (await remembered(digest)) ?? verified(token, digest);
    },
  };
}
