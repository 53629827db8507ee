import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";

/** Ed25519 signatures over texts. Keys are PEM (PKCS #8 and SPKI), signatures base64. */

export type Signer = { readonly sign: (text: string) => string; readonly publicKey: string };

/** The signer of a private key. Throws an `Error` whose message says what the text is instead. */
export function readSigner(pem: string): Signer {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Error("it holds no private key in PEM that can be read without a password", { cause });
  }
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`its key is ${key.asymmetricKeyType}, not ed25519`);
  return {
    sign: (text) => sign(null, Buffer.from(text, "utf8"), key).toString("base64"),
    publicKey: pemOf(createPublicKey(key)),
  };
}

/** Every public key in a text, each as PEM; a private key gives its public one. Throws an `Error` as `readSigner` does. */
export function readPublicKeys(text: string): readonly string[] {
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g) ?? [];
  if (blocks.length === 0) throw new Error("it holds no key in PEM");
  return blocks.map((block) => {
    let key: KeyObject;
    try {
      key = createPublicKey(block);
    } catch (cause) {
      throw new Error("it holds a key that cannot be read", { cause });
    }
    if (key.asymmetricKeyType !== "ed25519") throw new Error(`its key is ${key.asymmetricKeyType}, not ed25519`);
    return pemOf(key);
  });
}

/** A new private key. */
export function newPrivateKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Asks whether a text was signed with one of those keys. */
export function signatureCheck(publicKeys: readonly string[]): (text: string, signature: string) => boolean {
  const keys = publicKeys.map((pem) => createPublicKey(pem));
  return (text, signature) => {
    const bytes = Buffer.from(signature, "base64");
    // Base64 has several spellings of the same bytes; only one of them is what was written.
    if (bytes.toString("base64") !== signature) return false;
    return keys.some((key) => verify(null, Buffer.from(text, "utf8"), key, bytes));
  };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}
