/**
 * `npm run bench -- image`: how large the image is without its Node layer: packages without those for development, as the Dockerfile leaves them,
 * and our own files, in one gzipped archive as a registry holds it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";

const LIMIT_MB = 160;
const root = fileURLToPath(new URL("../..", import.meta.url));
const OWN = ["src", "prompts", "package.json", "LICENSE", "docker/config/smartcloudops.minimal.yaml"];
/** What the Dockerfile deletes. */
const UNUSED = /\.(?:map|d\.ts|d\.mts|d\.cts|md)$/;

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
};
const present = new Set(
  readdirSync(join(root, "node_modules"), { recursive: true, encoding: "utf8" }).map((path) => `node_modules/${path}`),
);
const packages = Object.entries(lock.packages)
  .filter(([path, { dev, devOptional }]) => path !== "" && dev !== true && devOptional !== true && present.has(path))
  .map(([path]) => path)
  .filter((path) => !/node_modules\/node-(?:bin|linux|darwin|win)-?/.test(path));
const chosen = new Set(packages);
/** The package that a file belongs to: what lies in a package's own node_modules is another one. */
const ownerOf = (path: string): string => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? "";
const files = [...present].filter((path) => chosen.has(ownerOf(path)) && !UNUSED.test(path));

const tar = spawn("tar", ["--create", "--no-recursion", "--file=-", "--files-from=-"], {
  cwd: root,
  stdio: ["pipe", "pipe", "inherit"],
});
const own = OWN.flatMap((path) => [
  path,
  ...(path.includes(".") || path === "LICENSE"
    ? []
    : readdirSync(join(root, path), { recursive: true, encoding: "utf8" }).map((name) => `${path}/${name}`)),
]);
tar.stdin.end([...files, ...own].join("\n"));
let bytes = 0;
let plain = 0;
tar.stdout.on("data", (chunk: Buffer) => {
  plain += chunk.length;
});
const gzip = tar.stdout.pipe(createGzip());
gzip.on("data", (chunk: Buffer) => {
  bytes += chunk.length;
});
const [[code]] = await Promise.all([once(tar, "close"), once(gzip, "end")]);
if (code !== 0) throw new Error(`tar ended with ${code}`);
const mb = (size: number) => (size / 1e6).toFixed(1);
console.log(
  `${packages.length} packages: ${mb(bytes)} MB compressed (limit ${LIMIT_MB} MB), ${mb(plain)} MB unpacked, without the Node layer`,
);
