import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Card } from "../../../src/core/card.ts";
import { shortHash } from "../../../src/core/proposal.ts";
import { ALICE, BOT, channel, click, type Json, personal } from "../../fakes/bot-framework/activities.ts";
import { type BotFramework, startBotFramework, TENANT } from "../../fakes/bot-framework/index.ts";
import { newStore } from "../../fakes/world.ts";
import { cardOf, proposalOf } from "../proposals.ts";
import { openTeams } from "./world.ts";

let framework: BotFramework;
beforeAll(async () => {
  framework = await startBotFramework();
});
beforeEach(() => {
  framework.kept.length = 0;
  framework.roles.clear();
  framework.roles.set(ALICE.id, "user");
});
afterAll(() => framework.close());

const CODE = shortHash(proposalOf().hash);
const IN_CHANNEL = {
  conversation: {
    conversationType: "channel",
    isGroup: true,
    tenantId: TENANT,
    id: "19:general@thread.tacv2;messageid=1700000000001",
  },
};
const data = (decision: string, about = `v1|P-7QK4|${CODE}`, more: Json = {}): Json => ({
  action: { kind: "decide", decision, about },
  ...more,
});
const press = (decision: string, more: Json = {}, typed: Json = {}) =>
  click(framework.url, data(decision, undefined, typed), { replyToId: "1:7", ...IN_CHANNEL, ...more });
const saidIn = ({ body }: { body?: string | Buffer | undefined }) => JSON.parse(String(body));

describe("decisions in Teams", () => {
  it("takes a click with who clicked, where, on which message, and answers that person alone", async () => {
    const world = await openTeams(framework);
    const answer = await world.post(press("approve", {}, { "approve/typed": "1a2b" }));
    expect(saidIn(answer)).toEqual({
      statusCode: 200,
      type: "application/vnd.microsoft.activity.message",
      value: "Noted: approve.",
    });
    expect(world.clicks).toEqual([
      {
        id: expect.stringMatching(/^teams-[0-9a-f]{32}$/),
        visitor: {
          user: {
            platform: "teams",
            id: `${TENANT}/${ALICE.aadObjectId}`,
            name: "Alice Archer",
            zone: "Europe/Berlin",
          },
          place: { platform: "teams", channel: "19:general@thread.tacv2", thread: "1700000000001" },
          isGuest: false,
          isExternal: false,
        },
        decision: "approve",
        proposal: "P-7QK4",
        code: CODE,
        fields: { typed: "1a2b" },
        message: "1:7",
      },
    ]);
    expect(framework.messages()).toEqual([]);
    expect(world.put).toEqual([]);
  });

  it("takes a click and an emergency stop at once, however many questions hang", async () => {
    const never = new Promise<never>(() => {});
    const world = await openTeams(framework, {
      ask: async ({ text }) => (/stop/.test(text) ? { card: cardOf() } : never),
    });
    const ask = (text: string) => world.post(personal(framework.url, text));
    await Promise.all(Array.from({ length: 520 }, () => ask("cpu of pg-1")));
    await expect.poll(() => world.asked.length, { timeout: 5000 }).toBe(500);
    await ask("emergency stop");
    expect(saidIn(await world.post(press("approve"))).value).toBe("Noted: approve.");
    await expect.poll(() => world.asked.at(-1)?.text).toBe("emergency stop");
    await world.surface.stop(0);
  });

  it("names the message as the sender did when it posted the card", async () => {
    const world = await openTeams(framework);
    await world.post(channel(framework.url, "hello", "1700000000001"));
    await framework.arrived(1);
    const place = { platform: "teams", channel: "19:general@thread.tacv2", thread: "1700000000001" };
    const sent = { id: "proposal:P-7QK4:0", place, card: cardOf(), at: 1, attempts: 1 };
    const reference = await world.deliver(sent);
    await world.post(press("approve", { replyToId: reference }));
    expect(world.clicks[0]?.message).toBe(reference);
    // A later revision edits the same message.
    expect(await world.surface.sender.send({ ...sent, id: "x" }, reference, AbortSignal.timeout(5000))).toBe(reference);
  });

  it("takes a click once, however often it is delivered", async () => {
    const world = await openTeams(framework);
    const activity = press("approve");
    const answers = await Promise.all([world.post(activity), world.post(activity), world.post(activity)]);
    await world.post(activity);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(world.clicks).toHaveLength(1);
    await world.post(press("approve"));
    expect(new Set(world.clicks.map(({ id }) => id)).size).toBe(2);
  });

  it("tells a refusal within the click, and touches no message", async () => {
    const refusal: Card = {
      title: "You asked for this yourself.",
      tone: "warning",
      blocks: [{ kind: "note", text: "Nothing was changed." }],
    };
    const world = await openTeams(framework, { decide: () => refusal });
    expect(saidIn(await world.post(press("approve"))).value).toBe("You asked for this yourself.\nNothing was changed.");
    expect(framework.kept.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  it("shows details in place of the card to that person alone, with its buttons", async () => {
    const details: Card = {
      title: "Details",
      tone: "info",
      blocks: [{ kind: "facts", items: [{ name: "Hash", value: "4f" }] }],
    };
    const world = await openTeams(framework, {
      decide: () => details,
      proposal: () => ({ card: cardOf(), isMoving: false }),
    });
    const { type, value } = saidIn(await world.post(press("details")));
    expect(type).toBe("application/vnd.microsoft.card.adaptive");
    expect(JSON.stringify(value.body)).toContain("Hash: ");
    expect(value.actions.map(({ title }: { title: string }) => title)).toContain("Approve");
    expect(framework.messages()).toEqual([]);
  });

  it("looks up who is a guest or from elsewhere, and refuses when it cannot", async () => {
    const world = await openTeams(framework);
    framework.roles.set(ALICE.id, "guest");
    await world.post(press("approve"));
    const other = { ...ALICE, id: "29:carl", aadObjectId: "00000000-0000-0000-0000-0000000ca71a" };
    framework.roles.set("29:carl", "user@99999999-9999-9999-9999-999999999999");
    await world.post(press("approve", { from: other }));
    const nobody = { ...ALICE, id: "29:nobody", aadObjectId: "00000000-0000-0000-0000-000000000b0d" };
    await world.post(press("approve", { from: nobody }));
    expect(world.clicks.map(({ visitor: { isGuest, isExternal } }) => [isGuest, isExternal])).toEqual([
      [true, false],
      [false, true],
      [true, false],
    ]);
    framework.roles.set("*", "down");
    const late = { ...ALICE, id: "29:late", aadObjectId: "00000000-0000-0000-0000-0000000001a7" };
    expect(saidIn(await world.post(press("approve", { from: late }))).value).toMatch(/does not count/);
    expect(world.clicks).toHaveLength(3);
  });

  describe("after a restart, a click that was acknowledged and not dealt with", () => {
    /** What an earlier bot left when it was killed. */
    async function leftBy(activity: Json, at = Date.now() / 1000) {
      const { inbox } = newStore();
      await inbox.take("teams", { id: "click", body: JSON.stringify(activity), at });
      return inbox;
    }
    const wordsTo = (world: Awaited<ReturnType<typeof openTeams>>) =>
      world.put.map(({ place, card }) => [place.channel, card.title]);

    it("is judged by what the person may by now, who is told in their own chat", async () => {
      const before = await openTeams(framework);
      await before.post(personal(framework.url, "status"));
      await framework.arrived(1);
      framework.roles.set(ALICE.id, "guest");
      const world = await openTeams(framework, { inbox: await leftBy(press("approve")), places: before.places });
      await expect.poll(() => wordsTo(world)).toEqual([["a:chat-with-alice", "Noted: approve."]]);
      expect(world.clicks).toMatchObject([{ decision: "approve", proposal: "P-7QK4", visitor: { isGuest: true } }]);
      await expect.poll(() => world.inbox.left("teams")).toEqual([]);
    });

    it("is decided all the same where the person cannot be told alone", async () => {
      const world = await openTeams(framework, { inbox: await leftBy(press("approve")) });
      await expect.poll(() => world.inbox.left("teams")).toEqual([]);
      expect(world.clicks).toHaveLength(1);
      expect(world.put).toEqual([]);
    });

    it("is not decided when it is old: the person is told to look and to click again", async () => {
      const old = await leftBy(click(framework.url, data("approve"), { replyToId: "1:7" }), Date.now() / 1000 - 601);
      const world = await openTeams(framework, { inbox: old });
      await expect
        .poll(() => wordsTo(world))
        .toEqual([["a:chat-with-alice", expect.stringMatching(/click again if it still waits/)]]);
      expect(world.clicks).toEqual([]);
    });

    it("is given up when it fails even then, and the person is told to look and to click again", async () => {
      const left = await leftBy(click(framework.url, data("approve"), { replyToId: "1:7" }));
      const decide = () => Promise.reject(new Error("locked by another program"));
      const world = await openTeams(framework, { inbox: left, decide });
      await expect
        .poll(() => wordsTo(world))
        .toEqual([["a:chat-with-alice", expect.stringMatching(/click again if it still waits/)]]);
      expect(world.clicks).toHaveLength(1);
      await expect.poll(() => left.left("teams")).toEqual([]);
    });
  });

  it("tells whoever waits for it that a decision failed, and leaves it to them to click again", async () => {
    const world = await openTeams(framework, { decide: () => Promise.reject(new Error("disk full at /var/lib")) });
    const { value } = saidIn(await world.post(press("approve")));
    expect(value).toMatch(/click again if it still waits/);
    expect(value).not.toContain("disk");
    await world.surface.stop(5000);
    expect(world.clicks).toHaveLength(1);
    expect(await world.inbox.left("teams")).toEqual([]);
  });

  it("asks anew what kind of account it is after a minute", async () => {
    let now = Date.now() / 1000;
    const world = await openTeams(framework, { clock: () => now });
    const token = { nbf: Math.floor(now) - 10, exp: Math.floor(now) + 6000 };
    await world.post(press("approve"), await framework.sign(token));
    framework.roles.set(ALICE.id, "guest");
    now += 59;
    await world.post(press("approve"), await framework.sign(token));
    now += 2;
    await world.post(press("approve"), await framework.sign(token));
    expect(world.clicks.map(({ visitor }) => visitor.isGuest)).toEqual([false, false, true]);
  });

  it("asks for each channel: a member of one may have left another", async () => {
    const world = await openTeams(framework);
    await world.post(press("approve"));
    framework.roles.delete(ALICE.id);
    const elsewhere = { ...IN_CHANNEL.conversation, id: "19:other@thread.tacv2;messageid=1700000000001" };
    await world.post(press("approve", { conversation: elsewhere }));
    expect(world.clicks.map(({ visitor }) => visitor.isGuest)).toEqual([false, true]);
  });

  it("decides nothing by text, mentions, replies, reactions, edits, messages with data, or other invokes", async () => {
    const world = await openTeams(framework);
    const words = ["approve", "approve P-7QK4", `v1|P-7QK4|${CODE}`, JSON.stringify(data("approve")), "yes", "👍"];
    for (const text of words) {
      await world.post(personal(framework.url, text));
      await world.post(channel(framework.url, text, "1700000000001", { replyToId: "1:7" }));
    }
    // What clients send that know Action.Submit alone, and what a message may carry.
    await world.post(personal(framework.url, "", { text: undefined, value: data("approve"), replyToId: "1:7" }));
    await world.post(personal(framework.url, "ok", { value: data("approve"), replyToId: "1:7" }));
    for (const type of ["messageReaction", "messageUpdate", "event", "messageDelete"])
      await world.post(personal(framework.url, "approve", { type, value: data("approve"), replyToId: "1:7" }));
    for (const name of ["message/submitAction", "task/submit", "composeExtension/submitAction", "signin/verifyState"])
      await world.post(press("approve", { name }));
    expect(world.clicks).toEqual([]);
  });

  it("passes clicks on other messages on as such, and reads nothing of a card that is not ours", async () => {
    const world = await openTeams(framework);
    await world.post(press("approve", { replyToId: undefined }));
    await world.post(press("approve", { replyToId: "1:forwarded" }));
    expect(world.clicks.map(({ message }) => message)).toEqual([undefined, "1:forwarded"]);
    for (const about of ["v1|P-7QK4", "v1|P1' OR 1=1 --|x", { $ne: null }, "", `v1|P-7QK4|${CODE}|more`])
      expect((await world.post(click(framework.url, data("approve", about as string)))).status).toBe(400);
    expect(world.clicks).toHaveLength(2);
  });

  it("lets nobody click who is no person of a served tenant", async () => {
    const world = await openTeams(framework);
    await world.post(press("approve", { from: BOT }));
    await world.post(press("approve", { from: { ...ALICE, role: "bot" } }));
    const elsewhere = "99999999-9999-9999-9999-999999999999";
    const { status } = await world.post(
      press("approve", {
        conversation: { ...IN_CHANNEL.conversation, tenantId: elsewhere },
        channelData: { tenant: { id: elsewhere } },
      }),
    );
    expect(status).toBe(403);
    const unsigned = await world.raw(JSON.stringify(press("approve")));
    expect(unsigned.status).toBe(401);
    expect(world.clicks).toEqual([]);
  });

  it("says nothing to a question whose proposals show themselves", async () => {
    const world = await openTeams(framework, {
      ask: async () => ({ card: cardOf(), shownApart: true }),
    });
    await world.post(personal(framework.url, "restart checkout"));
    await expect.poll(() => world.asked.length).toBe(1);
    await world.surface.stop(1000);
    expect(world.put).toEqual([]);
  });
});
