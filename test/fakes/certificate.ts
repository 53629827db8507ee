import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate for localhost that ended in the year 2020 and signs itself, made by openssl; or why there is none. */
export function expired(): { readonly cert: string; readonly key: string } | { readonly missing: string } {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  const config = [
    ...["[ca]", "default_ca = own", "[own]", "database = index.txt", "serial = serial", "new_certs_dir = ."],
    ...["default_md = sha256", "policy = any", "x509_extensions = names", "[any]", "commonName = supplied"],
    ...["[names]", "subjectAltName = DNS:localhost,IP:127.0.0.1", "basicConstraints = CA:TRUE"],
    ...["[req]", "distinguished_name = nobody", "[nobody]", ""],
  ];
  try {
    writeFileSync(join(folder, "own.cnf"), config.join("\n"));
    writeFileSync(join(folder, "index.txt"), "");
    writeFileSync(join(folder, "serial"), "01\n");
    const ask = ["req", "-config", "own.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const sign = [
      "ca",
      "-config",
      "own.cnf",
      "-selfsign",
      "-batch",
      "-notext",
      "-keyfile",
      "key.pem",
      "-in",
      "ask.pem",
    ];
    const dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-out", "cert.pem"];
    for (const args of [
      [...ask, "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "ask.pem"],
      [...sign, ...dates],
    ]) {
      const done = spawnSync("openssl", args, { cwd: folder });
      if (done.error !== undefined || done.status !== 0)
        return { missing: `openssl: ${done.error?.message ?? done.stderr.toString().slice(0, 400)}` };
    }
    return { cert: readFileSync(join(folder, "cert.pem"), "utf8"), key: readFileSync(join(folder, "key.pem"), "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A certificate for 127.0.0.1 and localhost that signs itself, made by openssl; or why there is none. */
export function selfSigned(): { readonly cert: string; readonly key: string } | { readonly missing: string } {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  try {
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
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
