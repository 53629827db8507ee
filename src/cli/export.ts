import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { reasonOf } from "../util/errors.ts";
import { type Call, EXIT, flag, UsageError } from "./command.ts";
import { formatOf } from "./export/formats.ts";
import { KINDS, type KindName } from "./export/kinds.ts";
import type { Row } from "./export/page.ts";
import { progressOf } from "./progress.ts";
import { readStore } from "./read-store.ts";
import { readConfig } from "./settings.ts";

const FORMATS = ["json", "csv", "html"] as const;
const MONTH = 30 * 86_400;
/** Rows between two looks at how far it is, and whether whoever reads keeps up. */
const STEP = 500;

/** `export incidents|anomalies|digests`: what was kept of a period, oldest first. */
export async function run(call: Call): Promise<number> {
  const [word = "", ...more] = call.words;
  const names = Object.keys(KINDS) as KindName[];
  const name = names.find((one) => one === word);
  if (name === undefined || more.length > 0)
    throw new UsageError(`export wants one of ${names.join(", ")}: it is ${JSON.stringify(call.words.join(" "))}.`);
  const said = flag(call, "format") ?? "json";
  const formatName = FORMATS.find((one) => one === said);
  if (formatName === undefined)
    throw new UsageError(`--format must be ${FORMATS.join(", ")}: it is ${JSON.stringify(said)}.`);
  const to = readTime(call, "to") ?? Date.now() / 1000;
  const from = readTime(call, "from") ?? to - MONTH;
  if (!(from < to)) throw new UsageError("--from must lie before --to.");
  const config = readConfig(call);
  const period = { from, to };
  const rows: readonly Row[] = (await readStore(config, (store) => KINDS[name].read(store, period))) ?? [];
  const page = { ...KINDS[name], period, zone: config.timezone };
  const file = flag(call, "out");
  const write = (out: Writable) => pour(call, out, formatOf(formatName, page, rows), rows.length);
  if (file === undefined) await write(call.stdout);
  else await intoFile(call, resolve(call.cwd, file), write);
  return EXIT.ok;
}

/** Pieces of text, each of so many rows, as fast as they are taken. */
async function pour(
  call: Call,
  out: Writable,
  pieces: Iterable<{ readonly text: string; readonly rows: number }>,
  total: number,
): Promise<void> {
  // Where the rows themselves go to the terminal, they are what moves.
  const isSeen = call.stdout.isTTY === true && out === call.stdout;
  const progress = total <= STEP || isSeen ? undefined : progressOf(call, Math.ceil(total / STEP));
  let done = 0;
  for (const { text, rows } of pieces) {
    for (let before = Math.floor(done / STEP); before < Math.floor((done + rows) / STEP); before++)
      progress?.step(`· ${done} of ${total} rows`);
    done += rows;
    if (!out.write(text)) await new Promise((go) => out.once("drain", go).once("close", go));
  }
  progress?.end();
}

/** A file that is there is not overwritten. */
async function intoFile(call: Call, path: string, write: (out: Writable) => Promise<void>): Promise<void> {
  const out = createWriteStream(path, { flags: "wx", mode: 0o600 });
  const opened = new Promise<void>((go, stop) => out.once("open", () => go()).once("error", stop));
  await opened.catch((problem: unknown) => {
    throw new UsageError(`--out must name a file that is not there yet, in a folder that is: ${reasonOf(problem)}.`);
  });
  await write(out);
  out.end();
  await finished(out);
  call.stderr.write(`${path}\n`);
}

/** A moment in RFC 3339, or a date, which is its midnight in UTC. Unix seconds. */
function readTime(call: Call, name: "from" | "to"): number | undefined {
  const said = flag(call, name);
  if (said === undefined) return undefined;
  const isDate = /^\d{4}-\d\d-\d\d$/.test(said);
  const isTime = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(said);
  const ms = Date.parse(said.replace(" ", "T").toUpperCase());
  if ((isDate || isTime) && Number.isFinite(ms)) return ms / 1000;
  throw new UsageError(
    `--${name} must be a date, or a time in RFC 3339 with its zone, as in 2026-01-15T10:00:00Z: it is ${JSON.stringify(said)}.`,
  );
}
