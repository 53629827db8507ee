import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Card } from "../../src/core/card.ts";
import { harbour } from "../fakes/harbour.ts";
import { modelOn } from "../fakes/model.ts";
import { type Asked, type Openai, startOpenai } from "../fakes/openai/index.ts";
import { aProposal } from "../fakes/proposals.ts";
import { World } from "../fakes/world.ts";

/** What a model is told besides the question: the whole at a glance, and what was said before. */

let server: Openai;
beforeAll(async () => {
  server = await startOpenai();
});
afterAll(() => server.stop());

const WHY = "why is the queue manifests so long, and what does the tide have to do with it?";
const FIRING = 'ALERTS{alertstate="firing"}';

/** A world whose model says that, and puts threads into those points. */
function aWorld(text: string, points: readonly { turn: number; said: string }[] = []) {
  server.play(({ body }: Asked) =>
    body.response_format?.json_schema?.name === "points" ? { text: JSON.stringify({ points }) } : { text },
  );
  return new World(harbour(), { model: modelOn(server.url) });
}

const told = (): string =>
  server.asked.filter(({ body }) => body.response_format === undefined).at(-1)?.body.messages[1].content ?? "";
const summaries = () => server.asked.filter(({ body }) => body.response_format !== undefined);
const said = (card: Card) => card.blocks.flatMap((block) => (block.kind === "said" ? block.paragraphs : []));

const ENTRY = {
  actor: "a",
  platform: "terminal",
  action: "propose",
  id: "p1",
  hash: "",
  from: "",
  to: "pending",
  reason: "",
};

describe("the whole at a glance", () => {
  it("is told as data with its time, and its numbers may be said, with the query that gave them", async () => {
    const world = aWorld("2 alerts are firing.");
    const firing = (await world.metrics.instant(FIRING, undefined)).length;
    server.play([{ text: `${firing} alerts are firing. 917 alerts are firing.` }]);
    const { card } = await world.tell(WHY);
    expect(told()).toMatch(/The whole at a glance:\n<data>\{"as_of":"20\d\d-.*"targets_down":\{"count":\d/);
    expect(said(card)).toEqual([expect.stringMatching(`^${firing} alerts are firing\\. \\[1\\]`)]);
    const cited = card.blocks.flatMap((block) => (block.kind === "evidence" ? block.items : []));
    expect(cited.find(({ promql }) => promql === FIRING)?.mark).toBeDefined();
  });

  it("is asked once in five minutes, and an answer that rests on it says of when it is", async () => {
    const world = aWorld("It is long.");
    const firing = (await world.metrics.instant(FIRING, undefined)).length;
    const asked = () => world.queries.filter((promql) => promql === FIRING).length;
    await world.tell(WHY);
    const before = asked();
    world.now += 200;
    server.play([{ text: `${firing} alerts are firing.` }]);
    const { card, reply } = await world.tell(WHY);
    expect(asked()).toBe(before);
    expect(said(card)).toHaveLength(1);
    const notes = card.blocks.flatMap((block) => (block.kind === "note" ? [block.text] : []));
    expect(notes).toContainEqual(expect.stringMatching(/^ALERTS\{alertstate="firing"\} was asked at \d\d:\d\d UTC\.$/));
    const source = reply.sources.find(({ promql }) => promql === FIRING);
    expect(Date.parse(source!.end) / 1000).toBe(world.now - 200);
    world.now += 200;
    await world.tell(WHY);
    expect(asked()).toBe(before + 1);
  });

  it("is asked anew when something was proposed or carried out, and tells of that", async () => {
    const world = aWorld("It is long.");
    const asked = () => world.queries.filter((promql) => promql === FIRING).length;
    await world.tell(WHY);
    const before = asked();
    const proposal = aProposal({ source: world.metrics.name, createdAt: world.now - 60 });
    await world.store.proposals.insert(proposal, [ENTRY]);
    await world.tell(WHY);
    expect(asked()).toBe(before + 1);
    expect(told()).toContain(`"target":"${proposal.spec.target.name}"`);
  });

  it("holds nothing up where Prometheus does not give it", async () => {
    const world = aWorld("It is long.");
    world.metrics.fail((promql) => (promql === FIRING ? "unreachable" : undefined));
    const { card } = await world.tell(WHY);
    expect(said(card)).toEqual(["It is long."]);
    expect(told()).not.toContain("The whole at a glance");
  });
});

describe("a long thread", () => {
  const LONG = "Please look at the queue manifests once more, it holds 917 messages since the morning. ".repeat(4);
  const fill = async (world: World, turns: number) => {
    for (let turn = 0; turn < turns; turn++)
      await world.store.conversations.append(
        { platform: "terminal", channel: "pier", thread: "t" },
        {
          id: `old${turn}-${world.now}`,
          at: world.now - 100 + turn,
          author: "person",
          user: { platform: "terminal", id: "ole", name: "Ole" },
          text: `${turn}. ${LONG}`,
          memory: undefined,
        },
      );
  };

  it("is told as it is while it is short, each turn with its author", async () => {
    const world = aWorld("It is long.");
    await fill(world, 2);
    await world.tell(WHY);
    expect(summaries()).toHaveLength(0);
    expect(told()).toMatch(/Said before in this thread:\n<data>\[\{"author":"Ole","said":"0\. Please look/);
  });

  it("is told in points when it is long: by the small call, through the gate, with authors of ours", async () => {
    const world = aWorld("The queue manifests has 917 messages.", [
      { turn: 0, said: "Asked about the queue manifests, which held 917 messages." },
      { turn: 1, said: "The queue manifests held 333 messages." },
      { turn: 2, said: "The host crane-9 was to blame." },
      { turn: 99, said: "Somebody who is not there said so." },
    ]);
    await fill(world, 30);
    const { card } = await world.tell(WHY);
    expect(summaries()).toHaveLength(1);
    expect(summaries()[0]?.body.messages[1].content).toContain('{"turn":0,"author":"Ole"');
    expect(told()).toContain(
      '<data>[{"author":"Ole","said":"Asked about the queue manifests, which held 917 messages."}]</data>',
    );
    expect(told()).not.toMatch(/333|crane-9|not there/);
    // The budget: some thousand tokens of turns as they are.
    expect(told().length).toBeLessThan(9000);
    // What a summary says is no evidence: nothing of this question returned 917.
    expect(said(card)).toEqual([]);
  });

  it("is not put into points again before there is more to say", async () => {
    const world = aWorld("It is long.", [{ turn: 0, said: "Asked about the queue manifests." }]);
    await fill(world, 30);
    await world.tell(WHY);
    await world.tell(WHY);
    expect(summaries()).toHaveLength(1);
    expect(told()).toContain("Asked about the queue manifests.");
  });

  it("is told without its beginning where it cannot be put into points, and the model is told so", async () => {
    const world = aWorld("It is long.");
    server.play(({ body }: Asked) => (body.response_format === undefined ? { text: "It is long." } : { status: 500 }));
    await fill(world, 30);
    const { card } = await world.tell(WHY);
    expect(said(card)).toEqual(["It is long."]);
    expect(told()).toMatch(/\d+ earlier turns of this thread are left out\./);
  });
});
