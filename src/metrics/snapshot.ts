import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { writeWhole } from "../util/write-whole.ts";
import type { RawFacts, RawLabels } from "./discover.ts";
import type { MetadataEntry } from "./metadata.ts";

/** What was read of one source, kept for the next short command. */
export type Snapshot = {
  /** Unix seconds of the source's clock: the day up to then was read. */
  readonly at: number;
  /** Unix seconds of this machine's clock, which differs where a question is asked as of another time. */
  readonly written: number;
  readonly version: string;
  readonly genuine: boolean;
  readonly facts: RawFacts;
};

/** Which source it is, and as whom: another token may be shown other series. Only a digest of it is written, since an address may hold a password. */
export type SnapshotKey = {
  readonly name: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly bearerToken?: { reveal(): string } | undefined;
  readonly basic?: { readonly user: string; readonly password: { reveal(): string } } | undefined;
};

/** The form of the file. Another one is as good as no file. */
const FORM = 1;
/** Beyond this, reading the file is no quicker than asking Prometheus. */
const MAX_BYTES = 40_000_000;
const SLICE_MS = 10;

/** Reads what `writeSnapshot` wrote for that source. Undefined when there is none, or it is damaged. Never throws. */
export async function readSnapshot(folder: string, key: SnapshotKey): Promise<Snapshot | undefined> {
  try {
    const file = fileOf(folder, key);
    if ((await stat(file)).size > MAX_BYTES) return undefined;
    const lines = (await readFile(file, "utf8")).split("\n");
    const head = JSON.parse(lines[0]!) as Partial<Record<keyof Snapshot | "form" | "lines" | "skipped", unknown>>;
    const { at, written, version, genuine, skipped } = head;
    if (head.form !== FORM || head.lines !== lines.length || typeof at !== "number" || typeof written !== "number")
      return undefined;
    if (typeof version !== "string" || typeof genuine !== "boolean" || !isTexts(skipped)) return undefined;
    const metrics = new Map<string, RawLabels>();
    const metadata = new Map<string, MetadataEntry>();
    await slowly(lines.slice(1), (line) => {
      const [name, labels, told] = JSON.parse(line) as [unknown, unknown, unknown];
      if (typeof name !== "string") throw new TypeError("a name was expected");
      if (labels !== null) metrics.set(name, labelsOf(labels));
      if (told !== null) metadata.set(name, entryOf(told));
    });
    return { at, written, version, genuine, facts: { metrics, metadata, skipped } };
  } catch {
    return undefined;
  }
}

/** Keeps it in the folder, for its owner alone, whole or not at all. Never throws: without it the next command asks anew. */
export async function writeSnapshot(folder: string, key: SnapshotKey, snapshot: Snapshot): Promise<void> {
  try {
    const { facts, ...about } = snapshot;
    const names = [...new Set([...facts.metrics.keys(), ...facts.metadata.keys()])];
    const lines = [JSON.stringify({ form: FORM, lines: names.length + 1, ...about, skipped: facts.skipped })];
    let bytes = 0;
    await slowly(names, (name) => {
      const labels = facts.metrics.get(name);
      const told = facts.metadata.get(name);
      const line = JSON.stringify([
        name,
        labels === undefined ? null : [...labels].map(([label, values]) => [label, [...values]]),
        told === undefined ? null : [told.type, told.help, told.unit],
      ]);
      bytes += line.length;
      if (bytes > MAX_BYTES) throw new RangeError("too large to be worth keeping");
      lines.push(line);
    });
    await writeWhole(fileOf(folder, key), lines.join("\n"));
  } catch {
    // Nothing depends on it.
  }
}

function fileOf(folder: string, { name, url, headers = {}, bearerToken, basic }: SnapshotKey): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([name, url, headers, bearerToken?.reveal(), basic?.user, basic?.password.reveal()]))
    .digest("hex")
    .slice(0, 16);
  return join(folder, `catalogue-${digest}.jsonl`);
}

/** Does that for each, giving way to other work every few milliseconds. */
async function slowly<T>(items: readonly T[], work: (item: T) => void): Promise<void> {
  let since = performance.now();
  for (const item of items) {
    work(item);
    if (performance.now() - since < SLICE_MS) continue;
    await breathe();
    since = performance.now();
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function labelsOf(value: unknown): RawLabels {
  if (!Array.isArray(value)) throw new TypeError("labels were expected");
  return new Map(
    value.map((pair: unknown) => {
      const [label, values, ...more] = Array.isArray(pair) ? (pair as unknown[]) : [];
      if (typeof label !== "string" || !isTexts(values) || more.length > 0)
        throw new TypeError("a label with its values was expected");
      return [label, new Set(values)];
    }),
  );
}

function entryOf(value: unknown): MetadataEntry {
  if (!isTexts(value) || value.length !== 3) throw new TypeError("type, help and unit were expected");
  const [type, help, unit] = value as [string, string, string];
  return { type, help, unit };
}
