import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asksForBasis } from "../../src/flows/answer/explain.ts";
import { harbour } from "../fakes/harbour.ts";
import { modelOn } from "../fakes/model.ts";
import { type Openai, startOpenai } from "../fakes/openai/index.ts";
import { World } from "../fakes/world.ts";

let server: Openai;
beforeAll(async () => {
  server = await startOpenai();
});
afterAll(() => server.stop());

const WHY = "why is the queue manifests so long, and what does the tide have to do with it?";

describe("“Why do you say that?”", () => {
  it.each([
    "why do you say that?",
    "Why did you say so",
    "and why do you think that?",
    "how do you know?",
    "where does that number come from?",
    "what is that based on?",
    "what makes you say that?",
    "show me the evidence",
    "prove it!",
    "Warum sagst du das?",
    "woher weißt du das?",
    "¿por qué dices eso?",
    "¿cómo lo sabes?",
    "pourquoi dis-tu ça ?",
    "por que diz isso?",
    "aap aisa kyun keh rahe ho",
  ])("is understood: %s", (text) => {
    expect(asksForBasis(text)).toBe(true);
  });

  it.each([
    "why is orders slow?",
    "how do you know orders is slow",
    "show me the sources of errors",
    "cpu of quay-2",
    "why?",
  ])("is not what somebody asks with: %s", (text) => {
    expect(asksForBasis(text)).toBe(false);
  });

  it("shows each query of a template's answer, what it gave and when, and the sentence that states it", async () => {
    const world = new World(harbour());
    const { reply: said } = await world.tell("messages in manifests");
    const { card, reply } = await world.tell("why do you say that?");
    expect(card.title).toMatch(/^My answer to “messages in manifests” at \d\d:\d\d UTC rests on \d quer(?:y|ies):$/);
    const list = card.blocks.find((block) => block.kind === "list");
    const [verdict] = said.reply_text.split("\n");
    expect(list?.items[0]).toContain(`${said.promql[0]} (harbour) gave 640`);
    expect(list?.items[0]).toMatch(/\(manifests .*\) at \d\d:\d\d UTC/);
    expect(list?.items[0]).toContain(`Stated in: “${verdict}”`);
    expect(reply.promql).toContain(said.promql[0]);
    expect(reply.values).toContainEqual(expect.objectContaining({ name: said.promql[0], value: 640 }));
  });

  it("shows which sentence of a model rests on which query, and what code worked out on all of its queries", async () => {
    const replies = [
      { calls: [{ name: "query", args: { promql: "rabbitmq_queue_messages" } }] },
      { calls: [{ name: "compute", args: { operation: "sum", of: ["q1.s1.value", "q1.s2.value"] } }] },
      { text: "The queue manifests has 640 messages. It is long." },
    ];
    let turn = 0;
    server.play(() => replies[Math.min(turn++, 2)]!);
    const world = new World(harbour(), { model: modelOn(server.url) });
    const { card: answered } = await world.tell(WHY);
    expect(answered.blocks.find((block) => block.kind === "buttons")?.buttons[0]?.label).toBe("Why do you say that?");
    const before = server.asked.length;
    const { card } = await world.tell("why do you say that?");
    const list = card.blocks.find((block) => block.kind === "list");
    const line = list?.items.find((item) => item.startsWith("rabbitmq_queue_messages (harbour)"));
    expect(line).toMatch(/gave 640 \(manifests \/\), 0 \(pilot_calls \/\) at /);
    expect(line).toMatch(/Stated in: .*“The queue manifests has 640 messages\.”/);
    expect(server.asked).toHaveLength(before);
  });

  it("asks nothing anew: it tells the same while Prometheus is away, and when asked again", async () => {
    const world = new World(harbour());
    await world.tell("messages in manifests");
    const first = await world.tell("why do you say that?");
    world.metrics.fail("unreachable");
    world.metrics.catalogue = () => Promise.reject(new Error("away"));
    const sent = world.queries.length;
    const again = await world.tell("how do you know?");
    expect(again.card.blocks).toEqual(first.card.blocks);
    expect(world.queries).toHaveLength(sent);
  });

  it("is about the thread it is asked in, and says when nothing there rests on a query", async () => {
    const world = new World(harbour());
    await world.tell("messages in manifests", { thread: "a" });
    const { reply } = await world.tell("why do you say that?", { thread: "b" });
    expect(reply.reply_text).toContain("Nothing that I said in this thread rests on a query.");
  });

  it("shows nothing of a source that is closed to the one who asks", async () => {
    const world = new World(harbour());
    await world.tell("messages in manifests");
    const { reply } = await world.tell("why do you say that?", { open: ["other"] });
    expect(reply.reply_text).not.toContain("640");
    expect(reply.reply_text).toMatch(/closed to you|No Prometheus is configured/);
  });

  it("does not end what the thread is about", async () => {
    const world = new World(harbour());
    await world.tell("cpu of quay-2");
    await world.tell("why do you say that?");
    const { reply } = await world.tell("and memory?");
    expect(reply.reply_text).toMatch(/quay-2/);
  });
});
