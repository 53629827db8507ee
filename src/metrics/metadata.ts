import { setImmediate as breathe } from "node:timers/promises";
import { readEnvelope, strange } from "./answers.ts";

export type MetadataEntry = { readonly type: string; readonly help: string; readonly unit: string };

/** One metric of the answer: its name, and its list of entries, which holds texts but no lists. */
const ENTRY = /\s*("(?:[^"\\]|\\.)*")\s*:\s*(\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])\s*(,|\})/y;
const HEAD = /^\s*\{\s*"status"\s*:\s*"success"\s*,\s*"data"\s*:\s*\{/;
const SLICE_MS = 10;

/**
 * Reads the answer of `/api/v1/metadata`: metric name -> what its first target says of it. The answer for 50,000 metrics
 * is one JSON text of many megabytes, so it is parsed metric by metric, and other work gets its turn in between.
 * Throws `UnreachableError` for what is no such answer, and the signal's reason when it fires.
 */
export async function readMetadata(
  body: string,
  service: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, MetadataEntry>> {
  const entries = new Map<string, MetadataEntry>();
  const head = HEAD.exec(body);
  if (head === null || /^\s*\}/.test(body.slice(head[0].length, head[0].length + 20))) {
    for (const [name, told] of Object.entries(wholeAnswer(body, service))) note(entries, name, told);
    return entries;
  }
  ENTRY.lastIndex = head[0].length;
  let since = performance.now();
  for (;;) {
    const place = ENTRY.lastIndex;
    const match = ENTRY.exec(body);
    if (match === null) throw strange(service, `its metadata breaks off at character ${place}`);
    const next = ENTRY.lastIndex;
    try {
      note(entries, JSON.parse(match[1]!) as string, JSON.parse(match[2]!));
    } catch {
      throw strange(service, `its metadata is broken at character ${place}`);
    }
    if (match[3] === "}") return entries;
    if (performance.now() - since > SLICE_MS) {
      await breathe();
      signal?.throwIfAborted();
      since = performance.now();
    }
    // Another reading may have used the expression meanwhile.
    ENTRY.lastIndex = next;
  }
}

/** Anything but the usual form: an error, fields in another order, nothing known. */
function wholeAnswer(body: string, service: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw strange(service, "no JSON");
  }
  const { data } = readEnvelope(parsed, service);
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw strange(service, "no metadata");
  return data;
}

function note(entries: Map<string, MetadataEntry>, name: string, told: unknown): void {
  const first: unknown = Array.isArray(told) ? told[0] : undefined;
  if (typeof first !== "object" || first === null) return;
  const { type, help, unit } = first as { type?: unknown; help?: unknown; unit?: unknown };
  entries.set(name, { type: text(type), help: text(help), unit: text(unit) });
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
