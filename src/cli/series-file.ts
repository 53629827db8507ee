import { readFileSync } from "node:fs";
import { UsageError } from "./command.ts";

/** Rows of a file of measurements, in its order. A value that was not measured is NaN. */
export type SeriesFile = { readonly times: Float64Array; readonly values: Float64Array };

/** Reads a text file. Throws `UsageError` with its name when it cannot. `what` is what it was wanted for. */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EISDIR"
          ? "it is a folder"
          : code === "EACCES"
            ? "it may not be read"
            : String(cause instanceof Error ? cause.message : cause);
    throw new UsageError(`${what} ${JSON.stringify(file)} cannot be read: ${why}.`, { cause });
  }
}

/**
 * Reads a CSV file with the columns `timestamp` (RFC 3339, a missing zone is UTC; or unix seconds) and `value`, in any order and among
 * others. An empty value, "NaN" and "null" are holes. Throws `UsageError` with the file and the line of the first mistake.
 */
export function readSeriesFile(file: string): SeriesFile {
  const lines = readText(file, "the series").split(/\r?\n/);
  const wrong = (line: number, what: string) => new UsageError(`${file}:${line}: ${what}`);
  const columns = (lines[0] ?? "").split(",").map((name) => name.trim().toLowerCase());
  const [timeAt, valueAt] = [columns.indexOf("timestamp"), columns.indexOf("value")];
  if (timeAt < 0 || valueAt < 0)
    throw wrong(
      1,
      `the first line must name the columns timestamp and value: it is ${JSON.stringify(lines[0] ?? "")}.`,
    );
  const [times, values]: [number[], number[]] = [[], []];
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line.trim() === "") continue;
    const cells = line.split(",");
    const at = timeOf(cells[timeAt]?.trim() ?? "");
    if (at === undefined)
      throw wrong(i + 1, `${JSON.stringify(cells[timeAt] ?? "")} is not a time as in 2026-01-15T10:00:00Z.`);
    const value = numberIn(cells[valueAt]?.trim());
    if (value === undefined) throw wrong(i + 1, `${JSON.stringify(cells[valueAt] ?? "")} is not a number.`);
    times.push(at);
    values.push(value);
  }
  if (values.length === 0) throw wrong(2, "there is no measurement in it.");
  return { times: Float64Array.from(times), values: Float64Array.from(values) };
}

function timeOf(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?$/.test(text)) return undefined;
  const zoned = /(?:[Zz]|[+-]\d\d:\d\d)$/.test(text.slice(10)) || text.length === 10 ? text : `${text}Z`;
  const ms = Date.parse(zoned.replace(" ", "T").toUpperCase());
  return Number.isFinite(ms) ? ms / 1000 : undefined;
}

function numberIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === "" || /^(?:nan|null)$/i.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
