import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "vitest";
import { newPrivateKey, readPublicKeys, readSigner, signatureCheck } from "../../src/util/signature.ts";

describe("signatures", () => {
  it("are accepted from the key that made them alone, over that text alone", () => {
    const [mine, other] = [readSigner(newPrivateKey()), readSigner(newPrivateKey())];
    const signature = mine.sign("text");
    assert.match(signature, /^[A-Za-z0-9+/]{86}==$/);
    assert.equal(signatureCheck([mine.publicKey])("text", signature), true);
    assert.equal(signatureCheck([other.publicKey, mine.publicKey])("text", signature), true);
    assert.equal(signatureCheck([other.publicKey])("text", signature), false);
    assert.equal(signatureCheck([mine.publicKey])("texts", signature), false);
    assert.equal(signatureCheck([])("text", signature), false);
    for (const odd of ["", "x", `${signature} `, signature.replace("==", "")])
      assert.equal(signatureCheck([mine.publicKey])("text", odd), false, odd);
  });

  it("reads several public keys out of one file, and a private key's public one", () => {
    const pem = newPrivateKey();
    const { publicKey } = readSigner(pem);
    const second = readSigner(newPrivateKey()).publicKey;
    assert.deepEqual(readPublicKeys(`first:\n${publicKey}\nsecond:\n${second}`), [publicKey, second]);
    assert.deepEqual(readPublicKeys(pem), [publicKey]);
  });

  it("says what a text is when it is no such key", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const pub = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
    assert.throws(() => readSigner(pem), /its key is rsa, not ed25519/);
    assert.throws(() => readPublicKeys(pub), /its key is rsa, not ed25519/);
    for (const text of ["", "hello", pub]) assert.throws(() => readSigner(text), /no private key in PEM/);
    assert.throws(() => readPublicKeys("hello"), /no key in PEM/);
    assert.throws(() => readPublicKeys("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), /cannot be read/);
  });
});
