import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelAccount } from "../../src/core/answer.ts";
import type { Card } from "../../src/core/card.ts";
import type { Draft } from "../../src/core/draft.ts";
import { harbour } from "../fakes/harbour.ts";
import { type ModelOptions, modelOn } from "../fakes/model.ts";
import { type Openai, type Reply, startOpenai } from "../fakes/openai/index.ts";
import { World } from "../fakes/world.ts";

/** A busy machine takes its time. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

/** What somebody sees who looks on while a model looks further, and how they end it. */

let server: Openai;
beforeAll(async () => {
  server = await startOpenai();
});
afterAll(() => server.stop());

const WHY = "why is the queue manifests so long, and what does the tide have to do with it?";
const QUEUES = "rabbitmq_queue_messages";
const call = (name: string, args: unknown): Reply => ({ calls: [{ name, args }] });
const LOOK = call("query_range", { promql: QUEUES, from: "-3h" });

function aWorld(replies: readonly Reply[], options: ModelOptions = {}) {
  let turn = 0;
  server.play(() => replies[Math.min(turn++, replies.length - 1)]!);
  return new World(harbour(), { model: modelOn(server.url, options) });
}

/** Notes what is shown, and can end the look. */
function anOnlooker() {
  const drafts: Draft[] = [];
  const ended = new AbortController();
  const onlooker = { show: (draft: Draft) => void drafts.push(draft), enough: ended.signal };
  return { drafts, onlooker, stop: (reason: string) => ended.abort(new Error(reason)) };
}

const notes = (card: Card) => card.blocks.flatMap((block) => (block.kind === "note" ? [block.text] : []));
const said = (card: Card) => card.blocks.flatMap((block) => (block.kind === "said" ? block.paragraphs : []));

describe("somebody who looks on", () => {
  it("sees at once what the templates found, then each step, then each sentence that may stay", async () => {
    const { drafts, onlooker } = anOnlooker();
    const text = "The queue manifests has 640 messages. It had 917 yesterday. It is long.";
    const { card } = await aWorld([LOOK, { text }]).tell(WHY, { onlooker });
    const { card: offline } = await new World(harbour()).tell(WHY);
    expect(drafts[0]?.card.title).toBe(offline.title);
    expect(drafts.map(({ status }) => status)).toEqual([
      "The language model is looking further…",
      ...Array(4).fill(`The language model is looking further: asking Prometheus: ${QUEUES} (step 1 of at most 8)…`),
    ]);
    expect(drafts.map(({ said: sentences }) => sentences)).toEqual([
      [],
      [],
      ["The queue manifests has 640 messages. [1]"],
      ["The queue manifests has 640 messages. [1]"],
      ["The queue manifests has 640 messages. [1]", "It is long."],
    ]);
    expect(drafts.at(-1)?.card.blocks.find(({ kind }) => kind === "buttons")).toEqual({
      kind: "buttons",
      buttons: [{ label: "Stop looking", style: "plain", action: { kind: "enough", question: "q1" } }],
    });
    expect(said(drafts.at(-1)!.card)).toEqual(said(card));
  });

  it("sees a sentence as soon as it is written and checked, before the rest of the answer is there", async () => {
    const rest = Promise.withResolvers<void>();
    const text = "The queue manifests has 640 messages. It is long.";
    const { drafts, onlooker } = anOnlooker();
    const upTo = { characters: 42, until: rest.promise };
    const asked = aWorld([LOOK, { text, upTo }]).tell(WHY, { onlooker });
    await soon(() => drafts.at(-1)?.said).toEqual(["The queue manifests has 640 messages. [1]"]);
    rest.resolve();
    expect(said((await asked).card)).toEqual(["The queue manifests has 640 messages. [1] It is long."]);
  });

  it("sees at once that an unclear question is looked into, before the model has sorted it", async () => {
    const { drafts, onlooker } = anOnlooker();
    const { card } = await aWorld([{ text: '{"intent":"unsure"}' }]).tell("hmm what about it", { onlooker });
    expect(drafts.map(({ card: shown, status }) => [shown.title, status])).toEqual([
      ["Looking into it…", "Finding out what is asked…"],
    ]);
    expect(card.title).toBe((await new World(harbour()).tell("hmm what about it")).card.title);
  });

  it("is shown no address that a model put into a step", async () => {
    const { drafts, onlooker } = anOnlooker();
    const words = "see https://evil.example/x <!channel>";
    await aWorld([call("find_metrics", { words }), { text: "It is long." }]).tell(WHY, { onlooker });
    expect(drafts.map(({ status }) => status).join("\n")).toContain("looking for metrics (step 1");
    expect(JSON.stringify(drafts)).not.toMatch(/evil|<!/);
  });

  it("sees nothing of a question that the templates settle", async () => {
    const { drafts, onlooker } = anOnlooker();
    await aWorld([LOOK]).tell("cpu of quay-2", { onlooker });
    expect(drafts).toEqual([]);
  });
});

describe("a look that somebody ends", () => {
  it("closes the connection to the model, and what was found until then is the answer", async () => {
    const { drafts, onlooker, stop } = anOnlooker();
    const never = new Promise<void>(() => {});
    const text = "The queue manifests has 640 messages. It is long.";
    const before = server.cut;
    const world = aWorld([LOOK, { text, upTo: { characters: 42, until: never } }]);
    const asked = world.tell(WHY, { onlooker });
    await soon(() => drafts.at(-1)?.said.length).toBe(1);
    stop("Stopped by Ann");
    const { card, reply } = await asked;
    expect(said(card)).toEqual(["The queue manifests has 640 messages. [1]"]);
    expect(notes(card)).toContain("Stopped by Ann. This is what was found until then.");
    const list = card.blocks.find((block) => block.kind === "list");
    expect(list?.items.at(-1)).toMatch(/^rabbitmq_queue_messages: 640 \(manifests \/\), 0 \(pilot_calls/);
    expect(reply.promql).toContain(QUEUES);
    await soon(() => server.cut).toBe(before + 1);
    const { model } = (await world.store.evidence.get("q1"))!;
    expect(model as ModelAccount).toMatchObject({ kept: 1, calls: 2 });
  });

  it("ends a query of the model that is under way", async () => {
    const { onlooker, drafts, stop } = anOnlooker();
    const world = aWorld([call("query", { promql: "slow_query" }), { text: "It is long." }]);
    world.metrics.fail((promql) => (promql === "slow_query" ? "hangs" : undefined));
    const asked = world.tell(WHY, { onlooker });
    await soon(() => drafts.at(-1)?.status).toContain("slow_query");
    stop("Stopped by Ann");
    const { card, reply } = await asked;
    expect(notes(card)).toContain("Stopped by Ann. This is what was found until then.");
    expect(reply.promql).not.toContain("slow_query");
    expect(server.asked).toHaveLength(1);
  });

  it("closes the connection of the small call as well, and asks nothing more", async () => {
    const { onlooker, stop } = anOnlooker();
    const [outcomes, problems]: [string[], unknown[]] = [[], []];
    const asked = aWorld(["hangs"], {
      report: (problem) => problems.push(problem),
      telemetry: { modelUsed: ({ kind, outcome }) => outcomes.push(`${kind} ${outcome}`) },
    }).tell("hmm what about it", { onlooker });
    await soon(() => server.asked.length).toBe(1);
    stop("Stopped by Ann");
    const { card, reply } = await asked;
    expect(card.title).toBe((await new World(harbour()).tell("hmm what about it")).card.title);
    expect(reply.degraded).toEqual(["Stopped by Ann."]);
    expect({ outcomes, problems }).toEqual({ outcomes: ["intent stopped"], problems: [] });
    await soon(() => server.open).toBe(0);
    expect(server.asked).toHaveLength(1);
  });

  it("leaves the answer of the templates where nothing was found yet", async () => {
    const { onlooker, stop } = anOnlooker();
    const asked = aWorld(["hangs"]).tell(WHY, { onlooker });
    await soon(() => server.asked.length).toBe(1);
    stop("Stopped by Ann");
    const { card } = await asked;
    expect(card.title).toBe((await new World(harbour()).tell(WHY)).card.title);
    expect(notes(card)).toContain("Stopped by Ann. This is what was found until then.");
    await soon(() => server.open).toBe(0);
  });
});

describe("tokens of calls that failed", () => {
  const spent = async (replies: readonly Reply[], options: ModelOptions = {}) => {
    const used: { input: number; output: number }[] = [];
    const world = aWorld(replies, { callMs: 1500, ...options, telemetry: { modelUsed: (event) => used.push(event) } });
    await world.tell(WHY);
    const [day] = await world.store.spending.of(Math.floor(world.now / 86_400), ["all"]);
    return { used, day };
  };

  it.each<[string, Reply]>([
    ["was cut off in the middle", "half"],
    ["stalls", "stalls"],
    ["never answers", "hangs"],
  ])("count, since somebody may have to pay them: one that %s", async (_, reply) => {
    const { used, day } = await spent([LOOK, reply]);
    // The first call took 120; the second was sent at least the question, the tools and what the first one returned.
    expect(used[0]!.input).toBeGreaterThan(100 + 500);
    expect(day?.tokens).toBe(used[0]!.input + used[0]!.output);
  });

  it.each<[string, Reply]>([
    ["was refused", { status: 429, headers: { "retry-after": "60" } }],
    ["had the wrong key", { status: 401 }],
  ])("do not count where nothing was done: one that %s", async (_, reply) => {
    const { day } = await spent([LOOK, reply]);
    expect(day?.tokens).toBe(120);
  });

  it("end what a question may use", async () => {
    const plenty = { tokens: 1e9, cost: undefined };
    const day = { tokens: 700, cost: undefined };
    const budgets = { question: plenty, user: plenty, channel: plenty, day };
    const world = aWorld([LOOK, "half"], { callMs: 1500, budgets });
    await world.tell(WHY);
    const before = server.asked.length;
    const { reply } = await world.tell(WHY);
    expect(server.asked).toHaveLength(before);
    expect(reply.degraded?.at(-1)).toContain("budget for everybody today is used up");
  });
});
