import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { progressOn } from "../../src/cli/progress.ts";
import { type Figure, type Part, tableOf } from "./figures.ts";
import { PARTS } from "./parts.ts";

/**
 * `npm run chaos -- [PART…] [--full] [--size N] [--seed N]`: the whole program on a real Redis, with everything that can go wrong going wrong. Without names,
 * all parts, in 20 minutes at most; with `--full` as large as their promises say, which takes hours. Exit code 1 when a
 * promise was broken, 2 when it was called wrongly.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: "boolean", default: false },
    size: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(PARTS);
const unknown = names.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0)
  fail(`chaos has the parts ${Object.keys(PARTS).join(", ")}: it was given ${unknown.join(", ")}.`);
const wish = options.size === undefined ? undefined : Number(options.size);
if (wish !== undefined && (!Number.isSafeInteger(wish) || wish < 1 || names.length !== 1))
  fail(`--size wants a whole number above 0, and one part to be the size of: it is ${options.size}.`);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
for (const name of names) {
  const part = PARTS[name as keyof typeof PARTS];
  await runPart(name, part, wish ?? (options.full ? part.sizes.full : part.sizes.usual));
}

async function runPart(name: string, { run, counts }: Part, size: number): Promise<void> {
  const began = performance.now();
  const bar = progressOn(process);
  const show = (share: number, what: string) => bar.show(share, `${name}: ${what}`);
  try {
    const { figures, broken, done = size } = await run({ size, seed: Number(options.seed), show });
    bar.end();
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    process.stdout.write(`\n${name}: ${done} ${counts} in ${minutes} min, load average ${loadavg()[0]!.toFixed(1)}\n`);
    process.stdout.write(`${tableOf(figures)}\n`);
    for (const line of broken.slice(0, 20)) process.stdout.write(`BROKEN: ${line}\n`);
    if (broken.length > 0 || figures.some(({ isKept }: Figure) => isKept === false)) process.exitCode = 1;
  } catch (problem) {
    bar.end();
    process.stdout.write(
      `\n${name} broke off: ${problem instanceof Error ? (problem.stack ?? problem.message) : String(problem)}\n`,
    );
    process.exitCode = 1;
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
