import { type CryptoKey, exportJWK, generateKeyPair, importJWK, SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createTokens } from "../../../src/chat/teams/tokens.ts";
import { APP_ID, ISSUER } from "../../fakes/bot-framework/index.ts";

afterEach(() => vi.restoreAllMocks());

/** A channel whose keys can change, and how often a signature was checked. */
async function channel() {
  const pair = await generateKeyPair("RS256", { extractable: true });
  const jwk = await exportJWK(pair.publicKey);
  const imported = async () => ({ key: (await importJWK(jwk, "RS256")) as CryptoKey, endorsements: ["msteams"] });
  const keys = new Map([["k1", await imported()]]);
  const clock = { now: 1_790_000_000 };
  const tokens = createTokens({
    appId: APP_ID,
    issuer: ISSUER,
    keys: { find: async (kid) => keys.get(kid) },
    clock: () => clock.now,
  });
  const sign = (claims: Record<string, unknown> = {}) =>
    new SignJWT({ iss: ISSUER, aud: APP_ID, exp: clock.now + 600, serviceurl: "https://smba.example/", ...claims })
      .setProtectedHeader({ alg: "RS256", kid: "k1" })
      .sign(pair.privateKey);
  const checks = vi.spyOn(crypto.subtle, "verify");
  return { tokens, keys, clock, sign, imported, checked: () => checks.mock.calls.length };
}

describe("the channel's tokens", () => {
  it("have their signature checked once, however many activities come with one", async () => {
    const { tokens, sign, checked } = await channel();
    const token = await sign();
    for (let i = 0; i < 5; i++)
      expect(await tokens.verify(token)).toEqual({ serviceUrl: "https://smba.example/", endorsements: ["msteams"] });
    expect(checked()).toBe(1);
    await tokens.verify(await sign({ jti: "another" }));
    expect(checked()).toBe(2);
  });

  it("end when they say, also when they are known", async () => {
    const { tokens, sign, clock } = await channel();
    const token = await sign();
    await tokens.verify(token);
    clock.now += 659;
    await tokens.verify(token);
    clock.now += 1;
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: "ERR_JWT_EXPIRED" });
    clock.now -= 2000; // a clock that jumps back brings no token to life before its time
    const early = await sign({ nbf: clock.now + 120, exp: clock.now + 900 });
    await expect(tokens.verify(early)).rejects.toThrow(/nbf/);
    clock.now += 60;
    await tokens.verify(early);
    clock.now -= 1;
    await expect(tokens.verify(early)).rejects.toThrow(/nbf/);
  });

  it("are checked anew under another key of that name, and refused once there is none", async () => {
    const { tokens, keys, sign, imported, checked } = await channel();
    const token = await sign();
    await tokens.verify(token);
    keys.set("k1", await imported());
    await tokens.verify(token);
    expect(checked()).toBe(2);
    const stranger = await generateKeyPair("RS256");
    keys.set("k1", { key: stranger.publicKey as CryptoKey, endorsements: ["msteams"] });
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
    keys.delete("k1");
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
  });

  it("are not remembered when they are refused, nor believed with another signature", async () => {
    const { tokens, sign } = await channel();
    const token = await sign();
    await tokens.verify(token);
    const other = await sign({ serviceurl: "https://evil.example/" });
    const mixed = `${other.split(".").slice(0, 2).join(".")}.${token.split(".")[2]}`;
    for (let i = 0; i < 2; i++)
      await expect(tokens.verify(mixed)).rejects.toMatchObject({ code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
  });

  it("tell the channels of their key as they are now", async () => {
    const { tokens, keys, sign } = await channel();
    const token = await sign();
    await tokens.verify(token);
    keys.set("k1", { ...keys.get("k1")!, endorsements: [] });
    expect((await tokens.verify(token)).endorsements).toEqual([]);
  });
});
