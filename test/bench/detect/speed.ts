import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SeriesDetector } from "../../../src/core/anomaly/detector.ts";
import { featuresOf } from "../../../src/core/anomaly/features.ts";
import { fitForest, type Matrix, scoreForest } from "../../../src/core/anomaly/forest.ts";
import type { Point } from "../../../src/core/series.ts";
import { debianPrograms } from "../../fakes/programs/debian.ts";
import { randomNumbers } from "../../tools/random.ts";

const ROWS = 10_000;
const FIT_ROWS = 4000;
const TREES = 500;
const ROUNDS = 100;
/** Rounds after which the stream's forest is grown anew. */
const REFIT_EVERY = 10;
const STEP = 300;
const STORED = 2000;
const SKLEARN = [
  ...[
    "python3-sklearn",
    "python3-sklearn-lib",
    "python3-numpy",
    "python3-scipy",
    "python3-joblib",
    "python3-threadpoolctl",
  ],
  ...["python3-decorator", "python3-pkg-resources", "python3-distutils", "libblas3", "liblapack3", "liblbfgsb0"],
  ...["libgfortran5", "libquadmath0", "libgomp1"],
];

/** A daily wave with noise, now and then far out. */
function wave(length: number): readonly Point[] {
  const random = randomNumbers(23);
  return Array.from({ length }, (_, i): Point => {
    const at = 1_767_571_200 + i * STEP;
    const noise = (random() + random() + random() - 1.5) * 6;
    return [at, 100 + 40 * Math.sin((2 * Math.PI * at) / 86_400) + noise + (random() < 0.001 ? 80 : 0)];
  });
}

/** The streaming path without the forest, with it, and a round of many series from the store and back. */
export function streamingFigures(): readonly string[] {
  const points = wave(60_000);
  const perPoint = best(3, () => {
    const detector = new SeriesDetector({ stepSeconds: STEP });
    for (const [at, value] of points) detector.observe(at * 1000, value);
  });
  const matrix = featuresOf(points);
  const forest = fitForest(part(matrix, 0, FIT_ROWS));
  const features = best(3, () => featuresOf(points));
  const scoring = best(3, () => scoreForest(forest, matrix));
  const us = (ms: number) => (1000 * ms) / points.length;
  const warm = new SeriesDetector({ stepSeconds: STEP });
  for (const [at, value] of points.slice(0, 5000)) warm.observe(at * 1000, value);
  const bytes = warm.toBytes();
  const [at, value] = points[5000] as Point;
  const round = best(3, () => {
    for (let i = 0; i < STORED; i++) {
      const detector = SeriesDetector.fromBytes(bytes, { stepSeconds: STEP });
      detector.observe(at * 1000, value + i);
      detector.toBytes();
    }
  });
  return [
    `streaming path, a point: ${us(perPoint).toFixed(1)} µs of the processor; with 18 features and a forest of 100 trees ${us(perPoint + features + scoring).toFixed(1)} µs`,
    `a series of a round, state read, one point, state written: ${((1000 * round) / STORED).toFixed(0)} µs; 100,000 series in ${((round / STORED) * 100).toFixed(1)} s; state ${bytes.length} bytes`,
  ];
}

/** Our forest beside scikit-learn's on the same matrix, one thread, milliseconds of the processor. */
export async function forestFigures(work: string): Promise<readonly string[]> {
  const matrix = featuresOf(wave(ROWS));
  const first = part(matrix, 0, FIT_ROWS);
  const forest = fitForest(first, { trees: TREES });
  const ours = {
    fit: best(5, () => fitForest(first, { trees: TREES })),
    score: best(5, () => scoreForest(forest, matrix)),
    one: best(20, () => scoreForest(forest, part(matrix, 0, 1))),
    stream: best(2, () => stream(matrix)),
  };
  const theirs = await sklearn(matrix, work);
  const name = `forest of ${TREES} trees, 18 features, ${FIT_ROWS} rows to learn and ${ROWS} to score`;
  if ("skipped" in theirs)
    return [
      `${name}: learned in ${ours.fit.toFixed(0)} ms, scored in ${ours.score.toFixed(0)} ms`,
      `without scikit-learn beside it: ${theirs.skipped}`,
    ];
  const ratio = (what: keyof typeof ours) =>
    `${ours[what].toFixed(what === "one" ? 3 : 0)} ms against ${theirs[what].toFixed(what === "one" ? 1 : 0)} ms, ${(theirs[what] / ours[what]).toFixed(1)} times`;
  return [
    `${name}, against scikit-learn ${theirs.version}:`,
    `  learning     ${ratio("fit")}`,
    `  scoring      ${ratio("score")}`,
    `  one row      ${ratio("one")}`,
    `  as a stream  ${ratio("stream")} (rounds of ${ROWS / ROUNDS} rows, grown anew every ${REFIT_EVERY} rounds)`,
  ];
}

function stream(matrix: Matrix): void {
  const size = ROWS / ROUNDS;
  let forest = fitForest(part(matrix, 0, FIT_ROWS), { trees: TREES });
  for (let i = 0; i < ROUNDS; i++) {
    scoreForest(forest, part(matrix, i * size, size));
    if ((i + 1) % REFIT_EVERY !== 0) continue;
    const end = Math.max(FIT_ROWS, (i + 1) * size);
    forest = fitForest(part(matrix, end - FIT_ROWS, FIT_ROWS), { trees: TREES });
  }
}

type Theirs = { version: string; fit: number; score: number; one: number; stream: number };

async function sklearn({ data, columns }: Matrix, work: string): Promise<Theirs | { readonly skipped: string }> {
  // f2py stands for the rest: it comes with python3-numpy.
  const found = await debianPrograms(["f2py"], SKLEARN, { onlyPackages: true });
  if ("skipped" in found) return found;
  const file = join(work, "matrix.f64");
  writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const folders = found.env.LD_LIBRARY_PATH?.split(":") ?? [];
  const script = fileURLToPath(new URL("./reference.py", import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(
      "/usr/bin/python3",
      [script, file, columns, TREES, FIT_ROWS, ROUNDS, REFIT_EVERY].map(String),
      {
        env: {
          PYTHONPATH: join(found.root ?? "", "usr/lib/python3/dist-packages"),
          PYTHONDONTWRITEBYTECODE: "1",
          LD_LIBRARY_PATH: folders.flatMap((folder) => [folder, `${folder}/blas`, `${folder}/lapack`]).join(":"),
        },
      },
    );
    return JSON.parse(stdout) as Theirs;
  } catch (problem) {
    return { skipped: `Python could not run it: ${String(problem).split("\n").slice(-2).join(" ")}` };
  }
}

function part({ data, columns }: Matrix, from: number, rows: number): Matrix {
  return { data: data.subarray(from * columns, (from + rows) * columns), columns };
}

/** Milliseconds of the processor, the least of some tries after one that warms up. */
function best(times: number, work: () => unknown): number {
  work();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
