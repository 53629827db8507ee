/** `npm run check`: every check that needs no test run. All of them run, so that one try shows everything. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

const steps: readonly { readonly name: string; readonly command: readonly [string, ...string[]] }[] = [
  { name: "format and lint", command: ["biome", "ci"] },
  { name: "types", command: ["tsc", "--noEmit"] },
  { name: "unused code and dependencies", command: ["knip"] },
  { name: "import cycles", command: [process.execPath, "test/tools/cycles.ts"] },
];

const failed = steps.filter(({ name, command: [program, ...args] }) => {
  process.stdout.write(`\n== ${name}: ${program === process.execPath ? "node" : program} ${args.join(" ")}\n`);
  // launch.mjs has put node_modules/.bin on PATH; on Windows the commands there are .cmd files, which want a shell.
  const done = spawnSync(program, args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (done.error !== undefined) process.stdout.write(`${program} could not be started: ${done.error.message}\n`);
  return done.status !== 0;
});

process.stdout.write(
  failed.length === 0
    ? `\ncheck: all ${steps.length} passed\n`
    : `\ncheck: ${failed.length} of ${steps.length} FAILED: ${failed.map(({ name }) => name).join("; ")}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
