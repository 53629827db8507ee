import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { keyOf } from "../../../src/demo/noise.ts";
import { runHere } from "../../cli/in-process.ts";

/** What the kit's scorer gives, as far as it is read here. */
type Ops = {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly false_alerts_per_series_day: number;
  readonly detected: number;
  readonly events: number;
};
type Block = {
  readonly series: number;
  readonly nab_best_threshold?: { readonly standard: { readonly score: number } } | null;
  readonly nab_is_alert?: { readonly standard: { readonly score: number } } | null;
  readonly ops_is_alert: Ops;
  readonly ops_sweep: { readonly froc: number };
};
type Series = { readonly id: string; readonly m: { readonly source: string } };
type Scorer = {
  readonly prepare: (series: object) => Series;
  readonly block: (series: readonly Series[]) => Block;
  readonly parseTime: (text: string) => number;
};

/** Whether a series is of the third that was kept aside. Fixed: it never depends on a result. */
function isAside(id: string): boolean {
  return keyOf(id) % 3 === 0;
}

/** Runs `detect` over the kit's series into `work` and lets the kit's own scorer judge it. Throws when the folder is no kit. */
export async function kitScores(kit: string, work: string): Promise<readonly string[]> {
  for (const part of ["labels.json", "score.mjs", "series"])
    if (!existsSync(join(kit, part)))
      throw new Error(`--dir wants a kit with labels.json, score.mjs and series: ${kit} has no ${part}.`);
  const scorer = (await import(pathToFileURL(join(kit, "score.mjs")).href)) as Scorer;
  const out = join(work, "scores");
  const started = process.cpuUsage();
  const { code, stdout, stderr } = await runHere(["detect", "--dir", join(kit, "series"), "--out", out], { cwd: work });
  if (code !== 0) throw new Error(stderr);
  const spent = process.cpuUsage(started);
  const labels = JSON.parse(readFileSync(join(kit, "labels.json"), "utf8")) as Record<string, { source: string }>;
  const all = Object.entries(labels).map(([id, m]) => readScored(scorer, id, m, join(out, `${id}.csv`)));
  const sources = [...new Set(all.map(({ m }) => m.source))];
  const parts: readonly (readonly [string, readonly Series[]])[] = [
    ["all", all],
    ["open part", all.filter(({ id }) => !isAside(id))],
    ["kept aside", all.filter(({ id }) => isAside(id))],
    ...sources.map((source) => [`all of ${source}`, all.filter(({ m }) => m.source === source)] as const),
  ];
  return [
    stdout.trim(),
    `detect with reading and writing: ${((spent.user + spent.system) / 1e6).toFixed(1)} s of the processor`,
    "part            series  false/day  precision  recall  events  FROC   NAB best  NAB alert",
    ...parts.map(([name, list]) => row(name, scorer.block(list))),
  ];
}

function readScored(scorer: Scorer, id: string, m: { source: string }, path: string): Series {
  const rows = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
  return scorer.prepare({
    id,
    m,
    n: rows.length,
    time: Float64Array.from(rows, ([time]) => scorer.parseTime(time as string)),
    score: Float64Array.from(rows, ([, score]) => Number(score)),
    alert: Uint8Array.from(rows, ([, , alert]) => Number(alert)),
  });
}

function row(name: string, { series, ops_is_alert: ops, ops_sweep, nab_best_threshold, nab_is_alert }: Block): string {
  const number = (value: number | null | undefined, digits: number) => (value == null ? "-" : value.toFixed(digits));
  return [
    name.padEnd(15),
    String(series).padStart(6),
    number(ops.false_alerts_per_series_day, 3).padStart(10),
    number(ops.precision, 3).padStart(10),
    number(ops.recall, 3).padStart(7),
    `${ops.detected}/${ops.events}`.padStart(7),
    number(ops_sweep.froc, 3).padStart(6),
    number(nab_best_threshold?.standard.score, 1).padStart(8),
    number(nab_is_alert?.standard.score, 1).padStart(9),
  ].join(" ");
}
