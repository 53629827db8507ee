import { afterEach, describe, expect, it } from "vitest";
import { callSocket } from "../../src/chat/socket/call.ts";
import { shortHash } from "../../src/core/proposal.ts";
import {
  ANN,
  BEN,
  BEN_TERMINAL,
  buttonsIn,
  CHANNEL,
  type RemedyWorld,
  remedyWorld,
  suggestOnBoth,
} from "../fakes/remedy-world.ts";
import { arrival } from "../stories/stage.ts";

/** The whole program from a wish in a channel to its verdict, on the stand-ins of the platforms and a real HTTP server. */

const worlds: RemedyWorld[] = [];
const open = async (mode: "socket" | "http", options: Parameters<typeof remedyWorld>[1] = {}) => {
  const world = await remedyWorld(mode, options);
  worlds.push(world);
  return world;
};
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop();
});

const shown = (world: RemedyWorld) => JSON.stringify(world.card()?.blocks ?? []);
const says = (world: RemedyWorld, wanted: RegExp) =>
  arrival(() => (wanted.test(shown(world)) ? true : undefined), `${wanted} on the card, which says ${shown(world)}`);
const newest = async (world: RemedyWorld) => (await world.serving().app.store.proposals.find({ limit: 1 }))[0]!;
const becomes = async (world: RemedyWorld, id: string, wanted: string) => {
  let status = "";
  await arrival(() => {
    void world
      .serving()
      .app.store.proposals.get(id)
      .then((found) => {
        status = found?.status ?? "gone";
      });
    return status === wanted ? true : undefined;
  }, `the status ${wanted}`);
};

async function proposed(world: RemedyWorld) {
  await world.say("restart ferrydesk");
  const card = await arrival(() => {
    const found = world.card();
    return found !== undefined && buttonsIn(found.blocks).length > 0 ? found : undefined;
  }, "a card with buttons");
  return { card, proposal: await newest(world) };
}

describe.each(["socket", "http"] as const)("a change in Slack (%s)", (mode) => {
  it("is asked for, refused to whoever asked, tried, approved by a colleague, run once and verified on one card", {
    timeout: 60_000,
  }, async () => {
    const world = await open(mode);
    const { card, proposal } = await proposed(world);
    await world.press(card, "approve", ANN);
    await arrival(() => world.aside().find((text) => /own|asked for/i.test(text)), "a private refusal");
    expect(world.shop.effects).toEqual([]);
    expect(await newest(world)).toMatchObject({ status: "pending", votes: [] });

    await world.press(card, "dry_run", BEN);
    await says(world, /no dry run/);
    expect(world.shop.effects).toEqual([]);

    await world.press(card, "approve", BEN);
    await becomes(world, proposal.id, "verified");
    await says(world, /It helped/);
    expect(world.shop.effects).toMatchObject([{ path: "/restart/ferrydesk" }]);
    expect(buttonsIn(world.card()!.blocks).map(({ text }) => text.text)).toEqual(["Propose the way back"]);
    expect(world.slack.sent(CHANNEL).filter(({ ts }) => ts === card.ts)).toHaveLength(1);

    await world.press(world.card()!, "undo", BEN);
    const back = await arrival(
      () => world.slack.sent(CHANNEL).find(({ ts, blocks }) => ts !== card.ts && buttonsIn(blocks).length > 2),
      "the card of the way back",
    );
    await world.press(back, "approve", ANN);
    await arrival(() => world.shop.effects[1], "the way back");
    expect(world.shop.effects.map(({ path }) => path)).toEqual(["/restart/ferrydesk", "/restore/ferrydesk"]);
  });
});

describe("one proposal", () => {
  it("shown in Slack and Teams is run once by a hundred clicks on both at the same time", {
    timeout: 60_000,
  }, async () => {
    const world = await open("http");
    await world.sayInTeams("help");
    await world.framework.arrived(1);
    const { proposal, teams } = await suggestOnBoth(world);
    const card = await arrival(() => world.card(), "the card in Slack");
    const about = `v1|${proposal.id}|${shortHash(proposal.hash)}`;
    await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        at % 2 === 0 ? world.press(card, "approve", BEN) : world.pressInTeams(teams.id, about),
      ),
    );
    await becomes(world, proposal.id, "verified");
    expect(world.shop.effects).toHaveLength(1);
    expect((await newest(world)).votes).toHaveLength(1);
  });
});

describe("asked for again on the other platform, a proposal", () => {
  it("is shown there too, and both cards follow what becomes of it", { timeout: 60_000 }, async () => {
    const world = await open("http");
    const { card, proposal } = await proposed(world);
    await world.sayInTeams("restart ferrydesk");
    const inTeams = (wanted: string) =>
      arrival(
        () => world.framework.messages().find((one) => JSON.stringify(one.activity.attachments ?? "").includes(wanted)),
        `${wanted} in Teams`,
      );
    await inTeams(`Proposal ${proposal.id}, code`);
    expect((await newest(world)).id).toBe(proposal.id);
    await world.press(card, "approve", BEN);
    await becomes(world, proposal.id, "verified");
    await says(world, /It helped/);
    await inTeams("It helped");
    expect(world.shop.effects).toHaveLength(1);
  });
});

describe("lists about changes", () => {
  it("are for whoever asks alone: in Slack beside the channel, in Teams in the chat of two", {
    timeout: 60_000,
  }, async () => {
    const world = await open("http");
    const { proposal } = await proposed(world);
    const inChannel = () => world.slack.sent(CHANNEL).length;
    const before = inChannel();
    await world.say("approvals", BEN);
    await arrival(() => world.aside().find((text) => /1 change waits for a decision/.test(text)), "the list");
    expect(JSON.stringify([world.slack.ephemerals, world.slack.responses])).toContain(proposal.id);
    await world.say("audit", BEN);
    await arrival(() => world.aside().find((text) => /The audit is whole: \d+ records/.test(text)), "the audit");
    expect(inChannel()).toBe(before);
    await world.sayInTeams("audit");
    await arrival(
      () => world.framework.messages().find((one) => JSON.stringify(one).includes("Ask me for it in a chat of two")),
      "the word that it is for one alone",
    );
    expect(JSON.stringify(world.framework.messages())).not.toContain("The audit is whole");
  });
});

describe("approved at a terminal", () => {
  it("by a linked person with an account of another machine, it runs", { timeout: 60_000 }, async () => {
    const world = await open("http");
    const { proposal } = await proposed(world);
    const user = { platform: "terminal", id: BEN_TERMINAL, name: "Ben" };
    const said = await world.serving().app.remedy.decide({
      id: "t1",
      visitor: {
        user,
        place: { platform: "terminal", channel: BEN_TERMINAL, thread: "t" },
        isGuest: false,
        isExternal: false,
      },
      decision: "approve",
      proposal: proposal.id,
      code: shortHash(proposal.hash),
      fields: {},
      message: undefined,
    });
    expect(said.title).toBe("Approved. It starts now.");
    await becomes(world, proposal.id, "verified");
  });
});

describe("in an emergency", () => {
  it("a stop by command cuts off what runs, is unknown from then on, and survives a restart", {
    timeout: 60_000,
  }, async () => {
    const world = await open("http");
    world.shop.state.delayMs = 25_000;
    const { card, proposal } = await proposed(world);
    await world.press(card, "approve", BEN);
    await arrival(() => world.shop.effects[0], "the call");
    await callSocket(world.config.dataDir, { kind: "stop", reason: "wrong desk" }, { timeoutMs: 5000 });
    // The server never answers in time: only the stop can end it, and what became of it is unknown.
    await becomes(world, proposal.id, "unknown");
    await world.restart();
    expect(await world.serving().app.store.stop.read()).toBeDefined();
    await says(world, /It ran/);
    expect(world.shop.effects).toHaveLength(1);
  });

  it("a bot that ends after the approval is followed by one that runs it once", { timeout: 60_000 }, async () => {
    const world = await open("http", { delay: "2s" });
    const { card, proposal } = await proposed(world);
    await world.press(card, "approve", BEN);
    await becomes(world, proposal.id, "approved");
    await world.restart();
    expect(world.shop.effects).toEqual([]);
    await becomes(world, proposal.id, "verified");
    expect(world.shop.effects).toHaveLength(1);
    await says(world, /It helped/);
  });
});

describe("a change for a channel that cannot be written to any more", () => {
  it("stands whole in the fallback, where it is decided by the same rules, once", { timeout: 60_000 }, async () => {
    const fallback = "C0FALLBACK";
    const world = await open("http", { fallback: [fallback] });
    world.slack.channels.set(fallback, { isArchived: false, isMember: true });
    world.slack.channels.get(CHANNEL)!.isArchived = true;
    const { app } = world.serving();
    const made = await app.remedy.suggest(
      {
        action: { type: "restart", target: "ferrydesk", params: {} },
        kinds: ["service"],
        values: { service: { value: "ferrydesk", origin: "user" } },
        environment: undefined,
        source: undefined,
        requester: { person: "ann", name: "Ann", platform: "slack", account: ANN, isLinked: true },
        places: [{ platform: "slack", channel: CHANNEL, thread: "" }],
        cause: { kind: "ask", text: "restart ferrydesk" },
        facts: [],
      },
      AbortSignal.timeout(10_000),
    );
    if (made.kind !== "proposed") throw new Error(JSON.stringify(made));
    const card = await arrival(() => {
      const found = world.slack.sent(fallback).find(({ text }) => /Restart a desk/.test(text));
      return found !== undefined && buttonsIn(found.blocks).length > 0 ? found : undefined;
    }, "the card in the fallback");
    const there = { channel: fallback, thread: "" };
    await world.press(card, "approve", ANN, there);
    await arrival(() => world.aside().find((text) => /own|asked for/i.test(text)), "a private refusal");
    // The same button, as if it stood in the channel that is gone, is none of a card that was posted.
    await world.press(card, "approve", BEN);
    await arrival(() => world.aside().find((text) => /not the one in which I showed/.test(text)), "a refusal");
    expect(world.shop.effects).toEqual([]);
    await world.press(card, "approve", BEN, there);
    await becomes(world, made.proposal.id, "verified");
    expect(world.shop.effects).toHaveLength(1);
    const said = world.slack.sent(fallback).map(({ text }) => text);
    expect(said.filter((text) => /cannot be written to/.test(text))).toHaveLength(1);
    expect(said.filter((text) => /Restart a desk/.test(text))).toHaveLength(1);
  });
});
