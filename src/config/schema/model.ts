import * as z from "zod";
import { duration, flag, group, money, text, whole } from "./parts.ts";

/** A language model: how much it may be used, and what it may see. Which one it is, the environment says. */

const budget = (of: string, tokens: string) =>
  group({
    tokens: whole(0, 1_000_000_000, `Tokens ${of}. Default ${tokens}.`),
    cost: money(`Money ${of}, in the currency of price. Default: no limit.`),
  }).optional();

export function model() {
  return group({
    enabled: flag("False turns it off. Default: on where OPENAI_MODEL and a key or an address are set."),
    name: text("The model. Default: OPENAI_MODEL.").optional(),
    call_timeout: duration("1s", "5m", "How long one call of the model may take. Default 20s."),
    timeout: duration("1s", "10m", "How long the model's part of one answer may take. Default 60s."),
    tool_calls: whole(1, 30, "Calls of tools in one question. Default 8."),
    prompts: text(
      "A folder, relative to this file, with an investigate.md or intent.md in place of the shipped one. Default: the shipped ones.",
    ).optional(),
    alert_text: z
      .enum(["off", "summary", "full"], "must be off, summary or full")
      .optional()
      .describe("How much of an alert's own text the model sees: nothing, 200 characters, or 2000. Default summary."),
    pseudonyms: flag("Hosts and people go to the model under other names. Default false."),
    price: group({
      input: money("For a million tokens that are sent. Default: not counted."),
      output: money("For a million tokens that are written. Default: not counted."),
      currency: z
        .string("must be text")
        .regex(/^[A-Z]{3}$/, "must be the three letters of a currency, such as USD")
        .optional()
        .describe("Its three letters. Default USD."),
    })
      .optional()
      .describe("What tokens cost; without it, only tokens are counted."),
    budget: group({
      question: budget("for one question", "60000"),
      user: budget("for one person and day", "500000"),
      channel: budget("for one channel and day", "1000000"),
      day: budget("for everybody and one day", "3000000"),
    })
      .optional()
      .describe("When one is used up, the answer without the model stands and says so. Days are UTC."),
  }).describe("A language model for questions that the templates cannot settle.");
}
