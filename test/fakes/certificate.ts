import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate for 127.0.0.1 that signs itself, made by openssl; or why there is none. */
export function selfSigned(): { readonly cert: string; readonly key: string } | { readonly missing: string } {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  try {
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const done = spawnSync("openssl", [...args, ...name, "-keyout", "key.pem", "-out", "cert.pem"], { cwd: folder });
    if (done.error !== undefined || done.status !== 0)
      return {
        missing: `openssl makes no certificate: ${done.error?.message ?? done.stderr.toString().slice(0, 200)}`,
      };
    return { cert: readFileSync(join(folder, "cert.pem"), "utf8"), key: readFileSync(join(folder, "key.pem"), "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
