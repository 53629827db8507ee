import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { z } from "zod";
import { type Forecast, forecast } from "../core/forecast/forecast.ts";
import { type CannotForecast, historyOf } from "../core/forecast/history.ts";
import { type Call, EXIT, flag, UsageError } from "./command.ts";
import { progressOf } from "./progress.ts";
import { readSeriesFile, readText, type SeriesFile } from "./series-file.ts";

const DAY = 86_400;

const Protocol = z.record(
  z.string(),
  z.object({
    step_s: z.number().positive(),
    season_steps: z.int().positive().optional(),
    horizon_steps: z.int().positive().max(10_000),
    origins: z.array(z.int().positive()).min(1),
  }),
);
type Entry = z.infer<typeof Protocol>[string];

/**
 * `forecast --protocol FILE --dir DIR --out DIR`: for each series of the protocol, forecasts from each origin that see the rows before it
 * only, to a file of the same name with `origin,step,mean,lo80,hi80,lo95,hi95`. What cannot be forecast is said, the others go
 * on, and it ends with 1.
 */
export async function run(call: Call): Promise<number> {
  if (call.words.length > 0)
    throw new UsageError(`forecast takes flags only: take ${JSON.stringify(call.words.join(" "))} away.`);
  const [protocolFile, dir, out] = [needed(call, "protocol"), needed(call, "dir"), needed(call, "out")];
  const protocol = readProtocol(protocolFile);
  const holidays = readHolidays(flag(call, "holidays"));
  const names = Object.keys(protocol);
  const progress = progressOf(call, names.length);
  const problems: string[] = [];
  let [forecasts, ms] = [0, 0];
  for (const name of names) {
    progress.step(name);
    const entry = protocol[name]!;
    const series = readSeriesFile(fileOf(dir, name));
    const started = performance.now();
    const lines = entry.origins.flatMap((origin) => {
      const told = fromOrigin(series, entry, origin, holidays);
      if (typeof told === "string") {
        problems.push(`${name}, origin ${origin}: ${told}.`);
        return [];
      }
      forecasts++;
      return rowsOf(told.forecast, origin, told.skip);
    });
    ms += performance.now() - started;
    write(join(out, `${name}.csv`), `origin,step,mean,lo80,hi80,lo95,hi95\n${lines.join("")}`);
  }
  progress.end();
  for (const problem of problems) call.stderr.write(`${problem}\n`);
  const each = forecasts === 0 ? "" : ` ${(ms / forecasts).toFixed(1)} ms each.`;
  call.stdout.write(`${forecasts} forecasts of ${names.length} series in ${out}.${each}\n`);
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}

type Told = { readonly forecast: Forecast; readonly skip: number };

/** A forecast from the first `origin` rows, or why there is none. `skip` is the steps at its beginning that are past already. */
function fromOrigin(
  { times, values }: SeriesFile,
  entry: Entry,
  origin: number,
  holidays: readonly (readonly [number, number])[],
): Told | string {
  if (origin > values.length) return `the series has ${values.length} rows only`;
  const start = times[0]!;
  // Rows count, not times: a protocol names its origins by them, and real files repeat hours and miss some.
  const rows = Array.from(values.subarray(0, origin), (value, i) => [start + i * entry.step_s, value] as const);
  const history = historyOf(rows, entry.step_s);
  if ("kind" in history) return history.message;
  const measuredTo = Math.round((history.start - start) / entry.step_s) + history.values.length;
  const skip = origin - measuredTo;
  const horizon = entry.horizon_steps + skip;
  const period = entry.season_steps ?? Math.max(1, Math.round(DAY / entry.step_s));
  const told = forecast(history, { horizon, period, holidays });
  if (told.kind === "forecast") return { forecast: told, skip };
  // Without a daily shape, where there is too little past for one.
  const plain: Forecast | CannotForecast =
    told.reason === "too short" ? forecast(history, { horizon, period: 1 }) : told;
  return plain.kind === "forecast" ? { forecast: plain, skip } : told.message;
}

function rowsOf(told: Forecast, origin: number, skip: number): string[] {
  const lines = [told.mean, told.lo80, told.hi80, told.lo95, told.hi95];
  return Array.from(
    { length: told.mean.length - skip },
    (_, k) => `${origin},${k + 1},${lines.map((line) => Number(line[k + skip]!.toPrecision(7))).join(",")}\n`,
  );
}

// ---------------------------------------------------------------- reading and writing

function needed(call: Call, name: string): string {
  const said = flag(call, name);
  if (said === undefined || said === "")
    throw new UsageError(`forecast needs --${name}. See "smartcloudops help forecast".`);
  return said;
}

function readProtocol(file: string): z.infer<typeof Protocol> {
  const text = readText(file, "the protocol");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${file}${placeIn(text, cause)} is not JSON: ${(cause as Error).message}.`, { cause });
  }
  const read = Protocol.safeParse(value);
  if (read.success) return read.data;
  const first = read.error.issues[0]!;
  const line = lineOf(text, first.path[0]);
  throw new UsageError(
    `${file}${line}: ${first.path.join(".") || "the protocol"}: ${first.message}. Each series has step_s, horizon_steps and origins.`,
  );
}

/** ":12" where the parser says at which character it stopped. */
function placeIn(text: string, cause: unknown): string {
  const at = /position (\d+)/.exec(cause instanceof Error ? cause.message : "")?.[1];
  return at === undefined ? "" : `:${text.slice(0, Number(at)).split("\n").length}`;
}

function lineOf(text: string, name: PropertyKey | undefined): string {
  const at = name === undefined ? -1 : text.indexOf(`${JSON.stringify(String(name))}`);
  return at < 0 ? "" : `:${text.slice(0, at).split("\n").length}`;
}

/** Days of a file, one a line (2026-12-25, UTC), as [from, to). Empty lines and what follows a # are left out. */
function readHolidays(file: string | undefined): readonly (readonly [number, number])[] {
  if (file === undefined) return [];
  return readText(file, "the list of holidays")
    .split(/\r?\n/)
    .flatMap((line, i) => {
      const day = line.replace(/#.*/, "").trim();
      if (day === "") return [];
      const ms = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
      if (!Number.isFinite(ms))
        throw new UsageError(`${file}:${i + 1}: ${JSON.stringify(day)} is not a day as in 2026-12-25.`);
      return [[ms / 1000, ms / 1000 + DAY] as const];
    });
}

/** The name is a path below a folder, and must not leave it. */
function below(name: string): string {
  const path = normalize(name);
  if (path === "." || path.startsWith("..") || path.startsWith("/") || path.includes("\0") || /^[a-z]:/i.test(path))
    throw new UsageError(`${JSON.stringify(name)} in the protocol is not the name of a series below the folder.`);
  return path;
}

function fileOf(dir: string, name: string): string {
  const file = `${below(name)}.csv`;
  const inside = join(dir, "series", file);
  return !existsSync(join(dir, file)) && existsSync(inside) ? inside : join(dir, file);
}

function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (cause) {
    throw new UsageError(`${JSON.stringify(file)} cannot be written: ${(cause as Error).message}.`, { cause });
  }
}
