import { setImmediate as breathe } from "node:timers/promises";
import { escapeRegex } from "../core/concept.ts";
import type { Labels } from "../core/series.ts";
import { RefusedError } from "../util/errors.ts";
import { TooLargeError } from "./http.ts";
import type { MetadataEntry } from "./metadata.ts";
import { quoteLabel } from "./promql.ts";

/** The questions discovery asks. Times in unix seconds. */
export type Discoverable = {
  names(window: Span, signal: AbortSignal): Promise<readonly string[]>;
  metadata(signal: AbortSignal): Promise<ReadonlyMap<string, MetadataEntry>>;
  series(match: string, window: Span, signal: AbortSignal): Promise<readonly Labels[]>;
};
type Span = { readonly start: number; readonly end: number };

/** Label name -> values, of one metric. */
export type RawLabels = ReadonlyMap<string, ReadonlySet<string>>;
/** What was read, before anything is made of it. */
export type RawFacts = {
  readonly metrics: ReadonlyMap<string, RawLabels>;
  readonly metadata: ReadonlyMap<string, MetadataEntry>;
  /** Metrics with more series than could be read: their names are known, their labels are not. */
  readonly skipped: readonly string[];
};

/** A host that stopped reporting half an hour ago is still spoken of. */
const SPAN_SECONDS = 86_400;
/** About 1 MB of JSON, which parses in some 10 ms. */
const SERIES_PER_BATCH = 4_000;
const NAMES_PER_BATCH = 400;
const BYTES_PER_BATCH = 16_000;
const AT_ONCE = 3;

/**
 * Reads metric names, their labels and values, and metadata over the last day, in batches that keep answers small.
 * Throws what `source` throws; metrics whose series are too many to read end in `skipped` instead.
 */
export async function discover(source: Discoverable, now: number, signal: AbortSignal): Promise<RawFacts> {
  const day = { start: now - SPAN_SECONDS, end: now };
  const [names, metadata] = await Promise.all([source.names(day, signal), metadataOrNone(source, signal)]);
  const metrics = new Map<string, Map<string, Set<string>>>(names.map((name) => [name, new Map()]));
  const known = new Map<string, string>();
  const skipped: string[] = [];
  let next = 0;
  let batchSize = 40;

  function take(): string[] {
    const batch: string[] = [];
    let bytes = 0;
    while (next < names.length && batch.length < batchSize && bytes < BYTES_PER_BATCH) {
      const name = names[next++]!;
      bytes += name.length + 1;
      batch.push(name);
    }
    return batch;
  }

  async function read(batch: readonly string[], span: Span): Promise<void> {
    const only = batch.length === 1 ? quoteLabel(batch[0]!) : undefined;
    const match =
      only !== undefined ? `{__name__=${only}}` : `{__name__=~${quoteLabel(batch.map(escapeRegex).join("|"))}}`;
    let found: readonly Labels[];
    try {
      found = await source.series(match, span, signal);
    } catch (error) {
      if (!isTooMuch(error)) throw error;
      if (batch.length > 1) {
        const half = Math.ceil(batch.length / 2);
        batchSize = Math.min(batchSize, half);
        await read(batch.slice(0, half), span);
        await read(batch.slice(half), span);
      } else if (span.end - span.start > 3600) await read(batch, { start: span.end - 3600, end: span.end });
      else skipped.push(batch[0]!);
      return;
    }
    const perName = Math.max(1, found.length / batch.length);
    batchSize = Math.max(1, Math.min(NAMES_PER_BATCH, batchSize * 2, Math.floor(SERIES_PER_BATCH / perName)));
    await note(found);
  }

  async function note(found: readonly Labels[]): Promise<void> {
    let since = performance.now();
    for (const series of found) {
      const labels = metrics.get(series.__name__ ?? "");
      if (labels === undefined) continue;
      for (const label in series) {
        if (label === "__name__") continue;
        let values = labels.get(label);
        if (values === undefined) {
          values = new Set();
          labels.set(intern(known, label), values);
        }
        const value = series[label]!;
        if (value !== "") values.add(intern(known, value));
      }
      if (performance.now() - since < 10) continue;
      await breathe();
      signal.throwIfAborted();
      since = performance.now();
    }
    await breathe();
  }

  async function worker(): Promise<void> {
    for (let batch = take(); batch.length > 0; batch = take()) {
      signal.throwIfAborted();
      await read(batch, day);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { metrics, metadata, skipped };
}

/** One copy of each text: a JSON answer brings a new one for every series. */
function intern(known: Map<string, string>, text: string): string {
  const had = known.get(text);
  if (had !== undefined) return had;
  known.set(text, text);
  return text;
}

/** Too many series for one answer, or for the server's patience. Fewer names may do. */
function isTooMuch(error: unknown): boolean {
  if (error instanceof TooLargeError) return true;
  return (
    error instanceof RefusedError &&
    (error.status === 422 || error.status === 413 || error.status === 414 || error.status === 400)
  );
}

/** Not every server that speaks PromQL has metadata, and the catalogue can do without. */
async function metadataOrNone(source: Discoverable, signal: AbortSignal): Promise<ReadonlyMap<string, MetadataEntry>> {
  try {
    return await source.metadata(signal);
  } catch (error) {
    if (error instanceof TooLargeError || error instanceof RefusedError) return new Map();
    throw error;
  }
}
