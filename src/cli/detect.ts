import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { SeriesDetector } from "../core/anomaly/detector.ts";
import { median } from "../core/stats.ts";
import { reasonOf } from "../util/errors.ts";
import { type Call, EXIT, flag, UsageError } from "./command.ts";
import { type Row, readRows, SeriesError } from "./detect/rows.ts";
import { progressOn } from "./progress.ts";

/** Rows at the start of a file from whose distances the step is taken. */
const FIRST_ROWS = 100;
/** Of a series of one point, nobody can tell. */
const DEFAULT_STEP = 60;
type Done = { readonly rows: number; readonly alerts: number; readonly days: number };

/**
 * `detect --dir DIR --out DIR`: every CSV below DIR as if it streamed, each by a detector of its own that starts with its first
 * row, with the shipped configuration and threshold. A file that is no series is named with its line and left out; the others
 * get done, and the exit code is 1.
 */
export async function run(call: Call): Promise<number> {
  const [from, to] = [flag(call, "dir"), flag(call, "out")];
  if (from === undefined || to === undefined || call.words.length > 0)
    throw new UsageError(
      "detect wants two folders and nothing else: --dir with CSV files (timestamp,value) and --out for the scores.",
    );
  const [source, target] = [resolve(call.cwd, from), resolve(call.cwd, to)];
  const files = await csvBelow(source, target, from);
  const total = { rows: 0, alerts: 0, days: 0, failed: 0 };
  const bar = progressOn(call);
  for (const [index, file] of files.entries()) {
    try {
      const done = await scoreFile(join(source, file), join(target, file));
      total.rows += done.rows;
      total.alerts += done.alerts;
      total.days += done.days;
      const said = `${index + 1} of ${files.length}: ${file}: ${done.rows} rows, ${done.alerts} alerts`;
      // Elsewhere the lines are kept and read.
      if (call.stderr.isTTY === true) bar.show((index + 1) / files.length, said);
      else call.stderr.write(`${said}\n`);
    } catch (problem) {
      if (!(problem instanceof SeriesError) && !isOfFiles(problem)) throw problem;
      total.failed++;
      wipe(call);
      call.stderr.write(`smartcloudops: ${join(from, file)}: ${reasonOf(problem)}\n`);
    }
  }
  bar.end();
  const perDay = total.days > 0 ? `, ${(total.alerts / total.days).toFixed(3)} a day and series` : "";
  call.stdout.write(
    `${files.length - total.failed} of ${files.length} files scored: ${total.rows} rows, ${total.alerts} alerts${perDay}. They are in ${to}.\n`,
  );
  return total.failed === 0 ? EXIT.ok : EXIT.failed;
}

/** Paths below `source`, in order of name. Results of an earlier run are not read when they lie in there. */
async function csvBelow(source: string, target: string, said: string): Promise<readonly string[]> {
  if (source === target)
    throw new UsageError(
      `--out must be another folder than --dir, or the series would be overwritten: both are ${said}.`,
    );
  const entries = await readdir(source, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new UsageError(`--dir must be a folder that can be read: ${said} cannot (${reasonOf(cause)}).`, { cause });
  });
  const files = entries
    .filter((entry) => /\.csv$/i.test(entry.name) && !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(target + sep))
    .map((path) => relative(source, path))
    .sort();
  if (files.length === 0)
    throw new UsageError(
      `--dir has no file that ends in .csv: ${said}. Each series is one, with the header timestamp,value.`,
    );
  return files;
}

/** Scores one file. The result appears when it is whole. */
async function scoreFile(path: string, target: string): Promise<Done> {
  if (!(await stat(path)).isFile()) throw new SeriesError("it is no file.");
  const part = `${target}.part`;
  await mkdir(dirname(target), { recursive: true });
  const output = createWriteStream(part);
  try {
    const done = await scoreRows(readRows(path), async (text) => {
      if (!output.write(text)) await once(output, "drain");
    });
    output.end();
    await once(output, "close");
    await rename(part, target);
    return done;
  } catch (problem) {
    output.destroy();
    await rm(part, { force: true });
    throw problem;
  }
}

async function scoreRows(rows: AsyncIterable<Row>, write: (text: string) => Promise<void>): Promise<Done> {
  let first: Row[] | undefined = [];
  let detector: SeriesDetector | undefined;
  let [count, alerts, text] = [0, 0, "timestamp,anomaly_score,is_alert\n"];
  let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const score = (row: Row) => {
    const { score, isAlert } = (detector as SeriesDetector).observe(row.at, row.value);
    text += `${row.timestamp},${Number(score.toPrecision(7))},${isAlert ? 1 : 0}\n`;
    count++;
    if (isAlert) alerts++;
    [start, end] = [Math.min(start, row.at), Math.max(end, row.at)];
  };
  const begin = (waiting: readonly Row[]) => {
    detector = new SeriesDetector({ stepSeconds: stepOf(waiting) });
    for (const row of waiting) score(row);
    first = undefined;
  };
  for await (const row of rows) {
    if (first === undefined) score(row);
    else if (first.push(row) === FIRST_ROWS) begin(first);
    if (text.length > 65_536) {
      await write(text);
      text = "";
    }
  }
  if (first !== undefined) begin(first);
  await write(text);
  return { rows: count, alerts, days: count > 1 ? (end - start) / 86_400_000 : 0 };
}

/** Seconds between two rows: the median, so that gaps and repeated rows do not matter. */
function stepOf(rows: readonly Row[]): number {
  const apart = rows.slice(1).map(({ at }, i) => (at - rows[i]!.at) / 1000);
  return median(apart.filter((seconds) => seconds > 0)) ?? DEFAULT_STEP;
}

function isOfFiles(problem: unknown): boolean {
  return problem instanceof Error && "code" in problem && "syscall" in problem;
}

function wipe({ stderr }: Call): void {
  if (stderr.isTTY === true) stderr.write("\r\u001b[K");
}
