import { describe, expect, it } from "vitest";
import { harbour } from "../fakes/harbour.ts";
import { World } from "../fakes/world.ts";

const port = () => new World(harbour());

describe("help", () => {
  it("names what exists here", async () => {
    const { intent, reply_text } = await port().ask("help");
    expect(intent).toBe("help");
    expect(reply_text).toMatch(/p95 latency of (?:ferrydesk|lighthouse|tidetable)/);
  });

  it.each([
    ["how do I silence an alert with you", /silence .* for 2h/],
    ["how can I teach you a word?", /means checkout/],
    ["how do I approve something", /buttons.*never by text/],
  ])("explains one topic with an example: %s", async (text, example) => {
    const reply = await port().ask(text);
    expect(reply.intent).toBe("help");
    expect(reply.reply_text).toMatch(example);
    expect(reply.proposed_actions).toEqual([]);
  });
});

describe("what is not about systems", () => {
  it.each([
    "what's the weather in Lisbon",
    "wie wird das Wetter morgen?",
    "cuéntame un chiste",
    "raconte une blague",
    "me conta uma piada",
    "aaj mausam kaisa hai",
  ])("is declined: %s", async (text) => {
    const { intent, reply_text, promql } = await port().ask(text);
    expect(intent).toBe("out_of_scope");
    expect(reply_text).toMatch(/can't help with that/);
    expect(promql).toEqual([]);
  });

  it("is answered politely when it is a courtesy", async () => {
    const world = port();
    expect((await world.ask("thanks!")).reply_text).toMatch(/welcome/i);
    expect((await world.ask("hello")).reply_text).toMatch(/Hello/);
  });
});
