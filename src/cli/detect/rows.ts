import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** One line of a series. `value` is NaN where the file has none. */
export type Row = {
  /** As it stands in the file. */
  readonly timestamp: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly value: number;
};

/** A file that is no series. `message` is a sentence with the line and the cure. */
export class SeriesError extends Error {
  override readonly name = "SeriesError";
}

const NO_VALUE = new Set(["", "nan", "null", "none", "na", "n/a", "-nan", "+nan"]);
const MOST_SHOWN = 40;

/**
 * The rows of a CSV with a header that has `timestamp` and `value`, in the order of the file; other columns are left alone. Times
 * are RFC 3339, the same without a zone (taken as UTC) or unix seconds or milliseconds. A value may be missing, NaN or infinite.
 * Throws `SeriesError` for what is none of these, and what `node:fs` throws.
 */
export async function* readRows(path: string): AsyncGenerator<Row> {
  const lines = createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Number.POSITIVE_INFINITY });
  let columns: { readonly time: number; readonly value: number } | undefined;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (columns === undefined) {
      columns = columnsOf(line);
      continue;
    }
    if (line.trim() === "") continue;
    const cells = line.split(",");
    const timestamp = cells[columns.time]?.trim() ?? "";
    const text = unquoted(cells[columns.value] ?? "");
    const at = timeOf(unquoted(timestamp));
    if (at === undefined)
      throw new SeriesError(
        `line ${number}: a time was wanted, such as 2026-01-15T10:00:00Z or unix seconds: it is ${shown(timestamp)}. Correct or remove the line.`,
      );
    const value = NO_VALUE.has(text.toLowerCase()) ? Number.NaN : numberOf(text);
    if (value === undefined)
      throw new SeriesError(
        `line ${number}: a number was wanted, or nothing where there is none: it is ${shown(text)}. Correct the line, or leave the value empty.`,
      );
    yield { timestamp, at, value };
  }
  if (number === 0) throw new SeriesError('it is empty. The first line has to be "timestamp,value".');
}

function columnsOf(header: string): { readonly time: number; readonly value: number } {
  const names = header
    .replace(/^\uFEFF/, "")
    .split(",")
    .map((name) => unquoted(name).toLowerCase());
  const [time, value] = [names.indexOf("timestamp"), names.indexOf("value")];
  if (time < 0 || value < 0)
    throw new SeriesError(
      `line 1: a header with "timestamp" and "value" was wanted: it is ${shown(header)}. Name the two columns so.`,
    );
  return { time, value };
}

function unquoted(cell: string): string {
  return cell.trim().replace(/^"(.*)"$/, "$1");
}

function timeOf(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    // Unix seconds reach 100,000,000,000 in the year 5138.
    return number < 1e11 ? number * 1000 : number;
  }
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  const hasZone = /(?:[zZ]|[+-]\d\d:?\d\d)$/.test(text) && /[T ]/.test(text);
  const iso = text.replace(" ", "T");
  const ms = Date.parse(hasZone || !iso.includes("T") ? iso : `${iso}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function numberOf(text: string): number | undefined {
  if (/^[+-]?inf(inity)?$/i.test(text))
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  return Number(text);
}

function shown(text: string): string {
  return JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
}
