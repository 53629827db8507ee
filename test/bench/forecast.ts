/**
 * `npm run bench -- forecast`: how long a forecast takes beside statsmodels' ETS in the same run, and with a kit how good it is.
 *
 *   npm run bench -- forecast [--series N] [--dir KIT]
 *
 * KIT is a folder with forecast/protocol.json, forecast/series/*.csv and forecast/score_forecast.mjs (or that folder itself). statsmodels comes as
 * Debian packages, fetched and unpacked into .demo without installing them; where that cannot be, ETS is left out with a sentence.
 * Ends with 0 whatever the figures are, and with 1 when it could not measure.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { forecast } from "../../src/core/forecast/forecast.ts";
import { unpackPackages } from "../../src/demo/packages.ts";
import { randomNumbers } from "../tools/random.ts";

const { values: options } = parseArgs({
  options: { series: { type: "string", default: "20" }, dir: { type: "string" } },
});

const PACKAGES = [
  "python3-statsmodels",
  "python3-statsmodels-lib",
  "python3-pandas",
  "python3-pandas-lib",
  "python3-scipy",
  "python3-numpy",
  "python3-patsy",
  "python3-dateutil",
  "python3-tz",
  "python3-six",
  "python3-packaging",
  "python3-decorator",
  "libblas3",
  "liblapack3",
  "libgfortran5",
  "libquadmath0",
  "liblbfgsb0",
];
const SEASON = 24;
const HORIZON = 24;
const HOURS = 28 * SEASON;

const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "src/main.ts");

async function run(): Promise<void> {
  const count = Number(options.series);
  if (!Number.isInteger(count) || count < 1) throw new Error(`--series must be a whole number: ${options.series}`);
  if (options.dir !== undefined) scoreKit(resolve(options.dir));
  const series = Array.from({ length: count }, (_, i) => aSeries(i + 1));
  const ours = secondsOfOurs(series);
  console.log(`a forecast of ${HORIZON} h with its bands from ${HOURS} hours, ${count} series, processor time each:`);
  console.log(`  ours: ${milliseconds(ours)}`);
  const ets = await secondsOfEts(series);
  if (typeof ets === "string") console.log(`  statsmodels' ETS: not measured. ${ets}`);
  else {
    console.log(`  statsmodels ${ets.version} ETS(A,Ad,A): ${milliseconds(ets.seconds)}`);
    console.log(`  ${(ets.seconds / ours).toFixed(1)} times ours (wanted: at least 8)`);
  }
}

/** Four weeks of hours: a day, a weekend, a slow wander and noise. */
function aSeries(seed: number): Float64Array {
  const next = randomNumbers(seed);
  let level = 100;
  return Float64Array.from({ length: HOURS }, (_, hour) => {
    level += next() - 0.5;
    const weekend = Math.floor(hour / 24) % 7 >= 5 ? 0.6 : 1;
    return level * weekend * (1 + 0.4 * Math.sin((2 * Math.PI * hour) / 24)) + 10 * (next() + next() - 1);
  });
}

function secondsOfOurs(series: readonly Float64Array[]): number {
  const once = () => {
    for (const values of series) {
      const told = forecast({ start: 0, step: 3600, values, filled: 0 }, { horizon: HORIZON });
      if (told.kind === "cannot") throw new Error(told.message);
    }
  };
  once();
  const rounds = 5;
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) once();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / rounds / series.length;
}

/** Or a sentence on why it could not be measured. */
async function secondsOfEts(series: readonly Float64Array[]): Promise<{ seconds: number; version: string } | string> {
  const kept = join(root, ".demo", "python");
  const path = (process.env.PATH ?? "").split(delimiter);
  if (!existsSync(join(kept, "usr/lib/python3/dist-packages/statsmodels"))) {
    mkdirSync(join(root, ".demo"), { recursive: true });
    const problem = await unpackPackages(PACKAGES, "statsmodels", {
      work: join(root, ".demo", "python-fetch"),
      kept,
      path,
      report: (step) => process.stderr.write(`bench: ${step}\n`),
      signal: undefined,
    });
    if (problem !== undefined) return problem;
  }
  const lib =
    spawnSync("dpkg-architecture", ["-qDEB_HOST_MULTIARCH"], { encoding: "utf8" }).stdout?.trim() || triplet();
  const folders = ["blas", "lapack", ""].map((name) => join(kept, "usr/lib", lib, name));
  const child = spawn("/usr/bin/python3", [fileURLToPath(new URL("forecast_ets.py", import.meta.url))], {
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      ...process.env,
      PYTHONPATH: join(kept, "usr/lib/python3/dist-packages"),
      PYTHONNOUSERSITE: "1",
      LD_LIBRARY_PATH: folders.join(delimiter),
      OMP_NUM_THREADS: "1",
      OPENBLAS_NUM_THREADS: "1",
    },
  });
  const failed = new Promise<string>((settle) =>
    child.on("error", ({ message }) => settle(`python3 did not start: ${message}`)),
  );
  child.stdin.on("error", () => {});
  child.stdin.end(
    JSON.stringify({ season: SEASON, horizon: HORIZON, series: series.map((values) => Array.from(values)) }),
  );
  const ended = (async () => {
    const [said, problem, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit") as Promise<[number | null]>,
    ]);
    if (code !== 0) return `python3 ended with ${code}: ${problem.trim().split("\n").at(-1)}`;
    return JSON.parse(said) as { seconds: number; version: string };
  })();
  return Promise.race([failed, ended]);
}

/** What Debian calls the machine in the names of its folders. */
function triplet(): string {
  return `${{ x64: "x86_64", arm64: "aarch64" }[process.arch as string] ?? process.arch}-linux-gnu`;
}

/** The kit's own scorer on what `forecast` writes. */
function scoreKit(dir: string): void {
  const kit = existsSync(join(dir, "forecast", "protocol.json")) ? join(dir, "forecast") : dir;
  for (const file of ["protocol.json", "score_forecast.mjs"])
    if (!existsSync(join(kit, file)))
      throw new Error(
        `--dir wants a folder with forecast/protocol.json and its scorer: ${join(kit, file)} is missing.`,
      );
  const out = mkdtempSync(join(tmpdir(), "smartcloudops-forecast-"));
  try {
    const forecasts = [
      main,
      "forecast",
      "--protocol",
      join(kit, "protocol.json"),
      "--dir",
      join(kit, "series"),
      "--out",
      out,
    ];
    const score = [join(kit, "score_forecast.mjs"), "--data", kit, "--results", out, "--per-series"];
    for (const args of [forecasts, score]) {
      const { status } = spawnSync(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
      if (status !== 0) throw new Error(`${args[0]} ended with ${status}`);
    }
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function milliseconds(seconds: number): string {
  return `${(1000 * seconds).toFixed(2)} ms`;
}

try {
  await run();
} catch (problem) {
  process.stderr.write(`bench: ${problem instanceof Error ? problem.message : String(problem)}\n`);
  process.exitCode = 1;
}
