import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";
import type { Recording } from "../core/recording.ts";

/** A recording as it is stored: JSON, deflated, since answers say the same again and again. */
export function deflated(recording: Recording | undefined): Uint8Array | null {
  return recording === undefined ? null : deflateRawSync(JSON.stringify(recording), { level: 3 });
}

/** No recording is larger than this once inflated, whatever somebody put into the file. Bytes. */
const LARGEST = 4_000_000;

/** What was stored, or a problem for the reader of the row. */
export function recordingSchema() {
  // JSON has no NaN: a hole in a chart comes back as one
  const number = z
    .number()
    .nullable()
    .transform((value) => value ?? Number.NaN);
  const strings = z.array(z.string());
  const chart = z.looseObject({
    title: z.string(),
    unit: z.string(),
    series: z.array(z.object({ name: z.string(), points: z.array(z.tuple([number, number])) })),
  });
  const answer = z.looseObject({
    verdict: z.string(),
    tone: z.string(),
    details: strings,
    values: z.array(z.looseObject({ name: z.string(), value: number, at: number })),
    notes: strings,
    next: z.array(z.looseObject({ label: z.string() })),
    proposals: z.array(z.looseObject({})),
    chart: chart.optional(),
  });
  const known = z.looseObject({
    labels: z.array(z.record(z.string(), z.string())),
    measures: z.array(z.looseObject({ topics: strings })),
    beside: z.array(strings),
    facts: z.array(z.looseObject({ value: number, family: z.string(), origin: z.string() })),
    names: strings,
  });
  const turn = z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("said"), text: z.string() }),
    z.object({ kind: z.literal("called"), tool: z.string(), args: z.string(), result: z.string() }),
  ]);
  const judged = z.discriminatedUnion("kept", [
    z.object({ kept: z.literal(true), sentence: z.string(), queries: z.array(z.number()) }),
    z.object({ kept: z.literal(false), sentence: z.string(), reason: z.string() }),
  ]);
  const recording = z.object({
    version: z.literal(1),
    question: z.string(),
    answer: answer.optional(),
    degraded: strings,
    model: z
      .object({ prompt: z.string(), turns: z.array(turn), judged: z.array(judged), known: known.optional() })
      .optional(),
  });
  return recording.transform((read) => read as unknown as Recording);
}

/** The recording in a deflated BLOB. */
export function storedRecordingSchema() {
  return z
    .instanceof(Uint8Array)
    .transform((bytes, problem): unknown => {
      try {
        return JSON.parse(inflateRawSync(bytes, { maxOutputLength: LARGEST }).toString());
      } catch {
        problem.addIssue("is no recording");
        return z.NEVER;
      }
    })
    .pipe(recordingSchema());
}
