import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { realServers } from "../e2e/real.ts";

/** What CONTRIBUTING.md shows is true of the code. */

const root = fileURLToPath(new URL("../..", import.meta.url));
const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "contributing-"));
const { servers } = realServers();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("the pack and the watch of its example work as they stand, on a real Prometheus", { timeout: 120_000 }, ({
  skip,
}) => {
  const { url } = servers(skip);
  const [, commands = ""] = /```sh\n(mkdir -p mine\/packs[\s\S]*?)```/.exec(text) ?? [];
  const npx = `npx() { shift; "${process.execPath}" "${join(root, "src/main.ts")}" "$@"; }`;
  const env = { PATH: process.env["PATH"], HOME: folder };
  const here = commands.replace("http://localhost:9090", url);
  const { stdout, stderr, status } = spawnSync("bash", ["-c", `set -e\n${npx}\n${here}`], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  expect(stderr).not.toMatch(/error|wants/i);
  expect(status).toBe(0);
  expect(stdout).toContain("The configuration is sound");
  expect(stdout).toMatch(/Orders placed is [\d.,]+ orders\/min/);
  expect(stdout).toMatch(/post/);
});

it("the places that make an intent are those that its table names", () => {
  const rows = [...text.matchAll(/^ {2}\| `([^`]+)` \| ([^|]+) \|$/gm)].map(([, path = "", what = ""]) => ({
    path,
    what,
  }));
  expect(rows.length).toBeGreaterThan(5);
  const missing = rows.flatMap(({ path, what }) => {
    const source = readFileSync(join(root, path), "utf8");
    const quoted = [...what.matchAll(/"([a-z]+)"|`([^`]+)`/g)].map(([, word, code]) => word ?? code ?? "");
    return quoted.filter((one) => !one.includes("/") && !source.includes(one)).map((one) => `${path}: ${one}`);
  });
  expect(missing).toEqual([]);
});
