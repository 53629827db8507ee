import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { reasonOf } from "../../util/errors.ts";
import { newPrivateKey, readSigner } from "../../util/signature.ts";
import { type Call, EXIT, flag, UsageError } from "../command.ts";
import { readConfig } from "../settings.ts";

/** `audit key`: the public key that verifies the record; `--new FILE` makes a private one, which nothing ever overwrites. */
export async function key(call: Call): Promise<number> {
  const file = flag(call, "new");
  if (file === undefined) {
    const own = readConfig(call).audit.key;
    if (own === undefined)
      throw new UsageError("AUDIT_KEY_FILE is not set, so records are not signed. Make a key with --new FILE.");
    call.stdout.write(readSigner(own.reveal()).publicKey);
    return EXIT.ok;
  }
  const path = resolve(call.cwd, file);
  const pem = newPrivateKey();
  try {
    const handle = openSync(path, "wx", 0o600);
    try {
      writeSync(handle, pem);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (problem) {
    throw new UsageError(`--new must name a file that is not there yet, in a folder that is: ${reasonOf(problem)}.`);
  }
  call.stdout.write(readSigner(pem).publicKey);
  call.stderr.write(
    `${path} holds the private key, for its owner alone. Set AUDIT_KEY_FILE to it, keep it out of the data folder and its backups, and give what was printed to whoever verifies the record.\n`,
  );
  return EXIT.ok;
}
