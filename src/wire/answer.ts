import * as z from "zod";
import type { AskReply } from "../core/answer.ts";
import type { Card, Chart } from "../core/card.ts";
import { once } from "../util/once.ts";
import { labels, text, time } from "./parts.ts";

/** An answer to a question as other programs read it: a contract. */

export const chartSchema = once(() =>
  z
    .object({
      title: z.string(),
      unit: z.string(),
      series: z.array(
        z.object({
          name: z.string(),
          points: z
            .array(z.tuple([z.number(), z.number().nullable()]))
            .describe("Unix seconds and value; null where there is none."),
        }),
      ),
      svg: text("The picture.").optional(),
      png: z.base64().describe("The picture.").optional(),
    })
    .meta({ id: "Chart" }),
);

const valueSchema = once(() =>
  z
    .object({
      name: z.string(),
      value: z.number(),
      unit: z.string(),
      labels: labels("Of the series."),
      at: time("When."),
    })
    .meta({ id: "Value" }),
);

export const answerSchema = once(() =>
  z
    .object({
      id: z.string().nullable().describe("By which `smartcloudops replay` finds it; null where no answer came to be."),
      sentence: text("The answer in a line."),
      tone: z.enum(["info", "good", "warning", "danger"]),
      text: text("All of it, as chat shows it."),
      intent: text("What the question was read as."),
      value: valueSchema().nullable().describe("The first number that it states."),
      values: z.array(valueSchema()).describe("Every number that it states."),
      evidence: z
        .array(
          z.object({
            query: text("PromQL."),
            source: z.string(),
            start: time("From."),
            end: time("To."),
            step: z.number().describe("Seconds; 0 for a moment."),
            series: z.int().nullable().describe("How many came back; null where it could not be asked."),
            problem: text("Why it could not be asked.").optional(),
          }),
        )
        .describe("The queries that it rests on."),
      chart: chartSchema().nullable(),
      next: z.array(z.string()).describe("Questions worth asking next, in the same thread."),
      degraded: z.array(z.string()).describe("What worked only in part, and why."),
    })
    .meta({ id: "Answer" }),
);

/** `chart`: as it was asked for, or null. */
export function answerJson(
  card: Card,
  reply: AskReply,
  chart: z.infer<ReturnType<typeof chartSchema>> | null,
): z.infer<ReturnType<typeof answerSchema>> {
  const values = reply.values.map((one) => ({ ...one, labels: { ...one.labels } }));
  return {
    id: reply.answer_id ?? null,
    sentence: card.title,
    tone: card.tone,
    text: reply.reply_text,
    intent: reply.intent,
    value: values[0] ?? null,
    values,
    evidence: reply.sources.map(({ promql, source, start, end, step, readings }) => ({
      ...{ query: promql, source, start, end, step },
      ...(typeof readings === "number" ? { series: readings } : { series: null, problem: readings.failed }),
    })),
    chart,
    next: card.blocks.flatMap((block) =>
      block.kind === "buttons"
        ? block.buttons.flatMap(({ action }) => (action.kind === "ask" ? [action.text] : []))
        : [],
    ),
    degraded: [...(reply.degraded ?? [])],
  };
}

export function chartOf(card: Card): Chart | undefined {
  return card.blocks.find((block) => block.kind === "chart")?.chart;
}

export function chartJson({ title, unit, series }: Chart): z.infer<ReturnType<typeof chartSchema>> {
  return {
    ...{ title, unit },
    series: series.map(({ name, points }) => ({
      name,
      points: points.map(([at, value]) => [at, Number.isFinite(value) ? value : null]),
    })),
  };
}
