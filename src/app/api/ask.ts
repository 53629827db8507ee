import * as z from "zod";
import type { Ask } from "../../app.ts";
import type { Card } from "../../core/card.ts";
import { readStop } from "../../core/change/stop.ts";
import { type Endpoint, endpoint } from "../../http/api/endpoint.ts";
import { HttpProblem } from "../../http/route.ts";
import type { Clock } from "../../ports/clock.ts";
import { answerJson, answerSchema, chartJson, chartOf } from "../../wire/answer.ts";

const CHARTS = ["none", "data", "svg", "png"] as const;

export type AskEndpointDeps = {
  /** Asks of a bot that only reads. */
  readonly ask: Ask;
  readonly clock: Clock;
  readonly zone: string;
  readonly questionLength: number;
};

/** A question, answered as in chat. What would change something is refused, whatever its words. */
export function askEndpoint({ ask, clock, zone, questionLength }: AskEndpointDeps): Endpoint {
  return endpoint({
    method: "POST",
    path: "/ask",
    scope: "ask",
    name: "ask",
    summary: "Asks a question, as in chat",
    description:
      "The same answer as chat gives, with its numbers and queries. A thread is remembered, so that follow-ups work. Wishes for changes are refused.",
    body: () =>
      z.strictObject({
        question: z.string().trim().min(1).max(questionLength).describe("In plain words, or PromQL in code ticks."),
        thread: z
          .string()
          .regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, dots, dashes or underscores")
          .optional()
          .describe("Follow-ups share one. Default: none."),
        chart: z
          .enum(CHARTS, `must be one of ${CHARTS.join(", ")}`)
          .default("none")
          .describe("How a chart comes with the answer, where it has one."),
      }),
    answer: answerSchema,
    noted: ({ question }) => question,
    async handle({ id, caller, body, signal }) {
      if (readStop(body.question) !== undefined)
        throw new HttpProblem(
          403,
          "forbidden",
          'The emergency stop is for people: say "stop" in chat, or run `smartcloudops stop` on the bot\'s machine. Nothing was stopped.',
        );
      const asked = await ask(
        {
          id,
          place: { platform: "api", channel: caller.name, thread: body.thread ?? id },
          user: { platform: "api", id: caller.name, name: caller.name },
          text: body.question,
          at: clock(),
          isOutsider: true,
          ...(caller.sources !== undefined && { sources: caller.sources }),
        },
        signal,
      );
      if (asked.isTooBusy === true)
        throw new HttpProblem(503, "busy", "The bot is too busy just now: ask again in a minute.", {
          "retry-after": "60",
        });
      return answerJson(asked.card, asked.reply, await chartFor(asked.card, body.chart, zone));
    },
  });
}

async function chartFor(card: Card, wanted: (typeof CHARTS)[number], zone: string) {
  const chart = wanted === "none" ? undefined : chartOf(card);
  if (chart === undefined) return null;
  const data = chartJson(chart);
  if (wanted === "data") return data;
  const { drawChart, drawSvg, NothingToDrawError } = await import("../../charts/index.ts");
  try {
    if (wanted === "svg") return { ...data, svg: drawSvg(chart, zone).svg };
    return { ...data, png: Buffer.from(await drawChart(chart, zone)).toString("base64") };
  } catch (problem) {
    if (problem instanceof NothingToDrawError) return data;
    throw problem;
  }
}
