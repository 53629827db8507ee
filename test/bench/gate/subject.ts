import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { answerOf } from "../../../src/core/answer.ts";
import type { Evidence } from "../../../src/core/reading.ts";
import { cleaner } from "../../../src/flows/investigate/data.ts";
import { NO_MASKS } from "../../../src/flows/investigate/masks.ts";
import { Notebook } from "../../../src/flows/investigate/notebook.ts";
import { queryTools } from "../../../src/flows/investigate/queries.ts";
import type { Search } from "../../../src/flows/investigate/search.ts";
import type { Inquiry } from "../../../src/ports/metrics.ts";
import type { Sentence } from "./prose.ts";

/**
 * True numbers said of another service, host, measure, quantile or time, and honest sentences about the same. What a turn knows comes
 * from the real tools, fed with the results that stand in the file.
 */

const Turn = z.object({
  id: z.string(),
  now: z.number(),
  question: z.string(),
  queries: z.array(
    z.object({
      promql: z.string(),
      series: z.array(
        z.object({ labels: z.record(z.string(), z.string()), points: z.array(z.tuple([z.number(), z.number()])) }),
      ),
    }),
  ),
});
const Line = z.object({ turn: z.string(), text: z.string(), expected: z.enum(["keep", "drop"]) });

/** All of a file: `subject` was written before the rules, `subject-after` after them, and no rule was mended after it. Throws when it is damaged. */
export async function readSubjects(file: "subject" | "subject-after"): Promise<readonly Sentence[]> {
  const lines = readFileSync(fileURLToPath(new URL(`./${file}.jsonl`, import.meta.url)), "utf8")
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  const known = new Map<string, Notebook>();
  for (const line of lines) {
    const turn = Turn.safeParse(line);
    if (turn.success) known.set(turn.data.id, await notebookOf(turn.data));
  }
  return lines.flatMap((line) => {
    const read = Line.safeParse(line);
    if (!read.success) return [];
    const { turn, text, expected } = read.data;
    return [{ text, known: known.get(turn)!, isHonest: expected === "keep", bad: undefined }];
  });
}

async function notebookOf({ now, question, queries }: z.infer<typeof Turn>): Promise<Notebook> {
  const evidence: Evidence[] = [];
  const seriesOf = (promql: string) => queries.find((one) => one.promql === promql)?.series ?? [];
  const noteQuery = (promql: string) =>
    void evidence.push({
      promql,
      source: "prometheus",
      start: now,
      end: now,
      step: 0,
      readings: seriesOf(promql).length,
    });
  const ask: Pick<Inquiry, "instant" | "range" | "evidence" | "now"> = {
    now,
    evidence,
    async instant(promql) {
      noteQuery(promql);
      const data = seriesOf(promql).map(({ labels, points }) => ({
        labels,
        at: points.at(-1)![0],
        value: points.at(-1)![1],
      }));
      return { ok: true, data };
    },
    async range(promql) {
      noteQuery(promql);
      return { ok: true, data: seriesOf(promql) };
    },
  };
  const notes = new Notebook(ask as Inquiry, question, answerOf("I do not know."), "UTC");
  const search = {
    ask,
    notes,
    catalogue: { metrics: new Map() },
    clean: cleaner((text) => text),
    masks: NO_MASKS,
    at: String,
  } as unknown as Search;
  const [instant, range] = queryTools(search);
  const signal = new AbortController().signal;
  for (const { promql, series } of queries) {
    const isLine = series.some(({ points }) => points.length > 1);
    if (isLine) await range!.run({ promql, from: "-6h" }, signal);
    else await instant!.run({ promql }, signal);
  }
  return notes;
}
