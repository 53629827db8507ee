import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CHAT_COMMANDS } from "../../../src/core/command-table.ts";
import { ALICE, BOT, channel, click, group, installed, personal } from "../../fakes/bot-framework/activities.ts";
import { type BotFramework, startBotFramework, TENANT } from "../../fakes/bot-framework/index.ts";
import { memoryPlaces, openTeams, wordsOf } from "./world.ts";

let framework: BotFramework;
beforeAll(async () => {
  framework = await startBotFramework();
});
beforeEach(() => {
  framework.kept.length = 0;
  framework.roles.clear();
});
afterAll(() => framework.close());

const chatWith = (name: string) => ({
  conversationType: "personal",
  tenantId: TENANT,
  id: `a:chat-with-${name}`,
});
const THREAD = "19:general@thread.tacv2;messageid=1700000000001";

describe("questions in Teams", () => {
  it("answers a message in a chat of two with a card, after the request was answered, and shows that it works", async () => {
    let release = () => {};
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    const world = await openTeams(framework, {
      ask: async () => {
        await waiting;
        return { card: { title: "all is well", tone: "good", blocks: [] } };
      },
    });
    const activity = personal(framework.url, "how is <b>checkout</b> doing &amp; since when?");
    expect((await world.post(activity)).status).toBe(200);
    expect(framework.messages()).toEqual([]);
    await expect.poll(() => framework.kept.map(({ activity: { type } }) => type)).toContain("typing");
    release();
    const [message] = await framework.arrived(1);
    expect(message).toMatchObject({ method: "POST", conversation: "a:chat-with-alice" });
    expect(message?.authorization).toMatch(/^Bearer bot-token-/);
    expect(message?.activity.attachments[0].contentType).toBe("application/vnd.microsoft.card.adaptive");
    expect(wordsOf(message?.activity)).toContain("OK: all is well");
    expect(message?.activity.summary).toBe("OK: all is well");
    expect(world.asked[0]).toMatchObject({
      text: "how is <b>checkout</b> doing & since when?",
      place: { platform: "teams", channel: "a:chat-with-alice", thread: "a:chat-with-alice" },
      user: { platform: "teams", id: `${TENANT}/${ALICE.aadObjectId}`, name: "Alice Archer", zone: "Europe/Berlin" },
    });
    expect(world.put[0]?.answer).toBe(world.asked[0]?.id);
  });

  it("answers a mention in a channel in its thread, without the mention in the question", async () => {
    const world = await openTeams(framework);
    await world.post(channel(framework.url, "alerts&nbsp;of checkout", "1700000000001"));
    const [message] = await framework.arrived(1);
    expect(message?.conversation).toBe(THREAD);
    expect(world.asked[0]).toMatchObject({
      text: "alerts of checkout",
      place: { channel: "19:general@thread.tacv2", thread: "1700000000001" },
    });
  });

  it("takes a message that begins a thread for the thread's root", async () => {
    const world = await openTeams(framework);
    const bare = {
      conversation: { conversationType: "channel", isGroup: true, tenantId: TENANT, id: "19:x@thread.tacv2" },
    };
    await world.post(channel(framework.url, "status", "", { id: "1700000000099", ...bare }));
    expect((await framework.arrived(1))[0]?.conversation).toBe("19:x@thread.tacv2;messageid=1700000000099");
  });

  it("answers in group chats without threads, and keeps other people's mentions as their names", async () => {
    const world = await openTeams(framework);
    await world.post(group(framework.url, "is <at>Bob</at> right about cpu?"));
    expect((await framework.arrived(1))[0]?.conversation).toBe("19:group@thread.v2");
    expect(world.asked[0]?.text).toBe("is Bob right about cpu?");
  });

  it("hands on a long question whole, for the one who asks to be told where it was cut", async () => {
    const world = await openTeams(framework);
    await world.post(personal(framework.url, `status of ${"checkout ".repeat(1500)}`));
    await framework.arrived(1);
    expect(world.asked[0]?.text.length).toBeGreaterThan(13_000);
  });

  it("shows every command when asked for help, and which words a command lacks", async () => {
    const world = await openTeams(framework);
    await world.post(personal(framework.url, "help"));
    const [help] = await framework.arrived(1);
    for (const { name, summary } of CHAT_COMMANDS) {
      expect(wordsOf(help?.activity)).toContain(name);
      expect(wordsOf(help?.activity)).toContain(summary);
    }
    await world.post(personal(framework.url, "forecast"));
    const [, more] = await framework.arrived(2);
    expect(wordsOf(more?.activity)).toContain("forecast <measure>".replace("<", "\\<"));
    expect(world.asked).toEqual([]);
  });

  it("asks what a button says, tells so within the click, and answers with a new message", async () => {
    const world = await openTeams(framework);
    const answer = await world.post(click(framework.url, { action: { kind: "ask", text: "status of checkout" } }));
    expect(answer.status).toBe(200);
    expect(JSON.parse(String(answer.body))).toEqual({
      statusCode: 200,
      type: "application/vnd.microsoft.activity.message",
      value: "Asked: status of checkout",
    });
    await framework.arrived(1);
    expect(world.asked.map(({ text }) => text)).toEqual(["status of checkout"]);
  });

  it("takes a click of a client that knows Action.Submit alone", async () => {
    const world = await openTeams(framework);
    await world.post(
      personal(framework.url, "", { text: undefined, value: { action: { kind: "ask", text: "alerts" } } }),
    );
    await framework.arrived(1);
    expect(world.asked.map(({ text }) => text)).toEqual(["alerts"]);
  });

  it("does nothing for clicks that are not its own, and invokes it does not know", async () => {
    const world = await openTeams(framework);
    for (const data of [null, {}, { action: { kind: "approve", id: "P1" } }, { action: { kind: "ask", text: " " } }])
      expect((await world.post(click(framework.url, data))).status).toBe(400);
    expect((await world.post(click(framework.url, {}, { name: "fileConsent/invoke" }))).status).toBe(400);
    expect(world.asked).toEqual([]);
  });

  it("answers a message that is delivered twice once, also at the same time", async () => {
    const world = await openTeams(framework);
    const activity = personal(framework.url, "status");
    await Promise.all([world.post(activity), world.post(activity), world.post(activity)]);
    await framework.arrived(1);
    expect(world.asked).toHaveLength(1);
    expect(world.put).toHaveLength(1);
  });

  it("ignores bots, itself, edits, reactions and its own echo", async () => {
    const world = await openTeams(framework);
    await world.post(personal(framework.url, "status", { from: { ...BOT } }));
    await world.post(personal(framework.url, "status", { from: { ...ALICE, role: "bot" } }));
    for (const type of ["messageUpdate", "messageReaction", "typing", "endOfConversation"])
      expect((await world.post(personal(framework.url, "status", { type }))).status).toBe(200);
    expect(world.asked).toEqual([]);
  });

  it("says nothing when the answer was said already, and asks for no opinion on one that failed", async () => {
    const said = [
      { card: { title: "again", tone: "info", blocks: [] }, repeated: true },
      { card: { title: "could not ask", tone: "warning", blocks: [] }, failed: true },
    ] as const;
    let i = 0;
    const world = await openTeams(framework, { ask: async () => said[i++]! });
    await world.post(personal(framework.url, "one"));
    await world.post(personal(framework.url, "two"));
    const [only] = await framework.arrived(1);
    expect(wordsOf(only?.activity)).toContain("could not ask");
    expect(only?.activity.channelData).toBeUndefined();
    expect(world.put).toHaveLength(1);
  });

  it("answers 503 when the store cannot take it, without words of the inside, and takes it when it comes again", async () => {
    const world = await openTeams(framework);
    const { take } = world.inbox;
    world.inbox.take = () => Promise.reject(new Error("disk full at /var/lib"));
    const activity = personal(framework.url, "status");
    const answer = await world.post(activity);
    expect(answer.status).toBe(503);
    expect(String(answer.body)).not.toContain("disk");
    world.inbox.take = take;
    expect((await world.post(activity)).status).toBe(200);
    await framework.arrived(1);
  });
});

describe("being added and removed", () => {
  it("greets once, however often Teams says that it was added, and can then speak there", async () => {
    const places = memoryPlaces();
    const world = await openTeams(framework, { places });
    await Promise.all([
      world.post(installed(framework.url, "add")),
      world.post(personal(framework.url, "", { type: "conversationUpdate", membersAdded: [BOT, ALICE] })),
    ]);
    const [hello] = await framework.arrived(1);
    expect(wordsOf(hello?.activity)).toContain("Hello");
    expect(world.put).toHaveLength(1);
    const restarted = await openTeams(framework, { places });
    const place = { platform: "teams", channel: "a:chat-with-alice", thread: "a:chat-with-alice" };
    await restarted.deliver({
      id: "later",
      place,
      card: { title: "news", tone: "info", blocks: [] },
      at: 1,
      attempts: 1,
    });
    expect(wordsOf((await framework.arrived(2))[1]?.activity)).toContain("news");
  });

  it("is silent when somebody else is added", async () => {
    const world = await openTeams(framework);
    await world.post(personal(framework.url, "", { type: "conversationUpdate", membersAdded: [ALICE] }));
    expect(world.put).toEqual([]);
    expect(await world.places.all("teams")).toEqual([]);
  });

  it("forgets a place it was removed from, and with a team all of its channels", async () => {
    const world = await openTeams(framework);
    await world.post(installed(framework.url, "add"));
    await world.post(channel(framework.url, "status", "1"));
    await world.post(
      channel(framework.url, "status", "2", {
        conversation: { conversationType: "channel", tenantId: TENANT, id: "19:other@thread.tacv2;messageid=2" },
      }),
    );
    await expect.poll(async () => (await world.places.all("teams")).length).toBe(3);
    await world.post(channel(framework.url, "", "1", { type: "conversationUpdate", membersRemoved: [BOT] }));
    const channels = async () => (await world.places.all("teams")).map((known) => known.place.channel);
    await expect.poll(channels).toEqual(["a:chat-with-alice"]);
    await world.post(installed(framework.url, "remove"));
    await expect.poll(channels).toEqual([]);
  });

  it("writes a place once, not with each message", async () => {
    const places = memoryPlaces();
    const world = await openTeams(framework, { places });
    for (let i = 1; i < 6; i++) await world.post(channel(framework.url, `status ${i}`, String(i)));
    await framework.arrived(5);
    expect(places.saves()).toBe(1);
  });
});

describe("who may ask", () => {
  const guestsOut = {
    mayRead: ({ isGuest, isExternal }: { isGuest: boolean; isExternal: boolean }) =>
      isGuest || isExternal
        ? ({ allowed: false, reason: "Guests may not read production." } as const)
        : ({ allowed: true, sources: ["staging"] } as const),
  };

  it("hands on which sources somebody may read", async () => {
    framework.roles.set(ALICE.id, "user");
    const world = await openTeams(framework, guestsOut);
    await world.post(personal(framework.url, "status"));
    await framework.arrived(1);
    expect(world.asked[0]?.sources).toEqual(["staging"]);
  });

  it("refuses a guest, whom Teams names when asked, with the reason in a chat of two", async () => {
    framework.roles.set(ALICE.id, "guest");
    const world = await openTeams(framework, guestsOut);
    await world.post(personal(framework.url, "status"));
    const [message] = await framework.arrived(1);
    expect(message?.conversation).toBe("a:chat-with-alice");
    expect(wordsOf(message?.activity)).toContain("Guests may not read production.");
    expect(world.asked).toEqual([]);
  });

  it("says in a channel only that it cannot answer, while it knows no chat of two with that person", async () => {
    framework.roles.set(ALICE.id, "guest");
    const bob = { id: "29:bob", name: "Bob", aadObjectId: "00000000-0000-0000-0000-0000000000b0" };
    const world = await openTeams(framework, guestsOut);
    await world.post(personal(framework.url, "help", { from: bob, conversation: chatWith("bob") }));
    await world.post(channel(framework.url, "status of production", "7"));
    const [, refusal] = await framework.arrived(2);
    expect(refusal?.conversation).toBe("19:general@thread.tacv2;messageid=7");
    expect(wordsOf(refusal?.activity)).toBe("I cannot answer you here. Ask me in a chat of two to learn why.");
    expect(JSON.stringify(refusal?.activity)).not.toContain("production");
    expect(world.asked).toEqual([]);
  });

  it("refuses in a channel by a message into the person's own chat, also after a restart, and nothing in the channel", async () => {
    framework.roles.set(ALICE.id, "guest");
    const places = memoryPlaces();
    const first = await openTeams(framework, { ...guestsOut, places });
    await first.post(personal(framework.url, "help"));
    await framework.arrived(1);
    for (const world of [first, await openTeams(framework, { ...guestsOut, places })]) {
      framework.kept.length = 0;
      await world.post(channel(framework.url, "status", "7"));
      const [message] = await framework.arrived(1);
      expect(message?.conversation).toBe("a:chat-with-alice");
      expect(wordsOf(message?.activity)).toMatch(/Guests may not read production.[\s\S]*others read along: status/);
      expect(framework.messages()).toHaveLength(1);
    }
  });

  it("does not write to somebody who removed it from their chat", async () => {
    framework.roles.set(ALICE.id, "guest");
    const world = await openTeams(framework, guestsOut);
    await world.post(personal(framework.url, "help"));
    await world.post(channel(framework.url, "status", "7"));
    await framework.arrived(2);
    await world.post(installed(framework.url, "remove"));
    await world.post(channel(framework.url, "status", "8"));
    const last = (await framework.arrived(3))[2];
    expect(last?.conversation).toBe("19:general@thread.tacv2;messageid=8");
    expect(wordsOf(last?.activity)).toContain("Ask me in a chat of two");
  });

  it.each(["anonymous", "user@ffffffff-0000-0000-0000-000000000000", undefined])(
    "refuses who is not one of the organisation's own people: %s",
    async (role) => {
      if (role === undefined) framework.roles.delete(ALICE.id);
      else framework.roles.set(ALICE.id, role);
      const world = await openTeams(framework, guestsOut);
      await world.post(personal(framework.url, "status"));
      await framework.arrived(1);
      expect(world.asked).toEqual([]);
    },
  );

  it("tells the reason of a refused click to the one who clicked", async () => {
    const world = await openTeams(framework, { mayRead: () => ({ allowed: false, reason: "Not from here." }) });
    const answer = await world.post(click(framework.url, { action: { kind: "ask", text: "status" } }));
    expect(JSON.parse(String(answer.body)).value).toBe("Not from here.");
    expect(world.put).toEqual([]);
  });

  it("sees members of another tenant as external", async () => {
    const world = await openTeams(framework, guestsOut);
    await world.post(personal(framework.url, "status", { from: { ...ALICE, tenantId: "other-tenant" } }));
    await framework.arrived(1);
    expect(world.visitors[0]).toMatchObject({ isExternal: true, user: { id: `other-tenant/${ALICE.aadObjectId}` } });
    expect(world.asked).toEqual([]);
  });

  it("does not read anything for somebody who cannot be looked up just now, and says so", async () => {
    framework.roles.set("*", "down");
    const world = await openTeams(framework, guestsOut);
    await world.post(personal(framework.url, "status"));
    expect(wordsOf((await framework.arrived(1))[0]?.activity)).toContain("could not look up your account");
    expect(world.asked).toEqual([]);
  });

  it("looks nobody up where guests and members may read the same", async () => {
    framework.roles.set("*", "down");
    const world = await openTeams(framework);
    await world.post(personal(framework.url, "status"));
    await framework.arrived(1);
    expect(world.asked).toHaveLength(1);
  });
});

describe("what people think of an answer", () => {
  it("is kept though the bot was restarted since, and only for that message of that conversation", async () => {
    const before = await openTeams(framework);
    await before.post(personal(framework.url, "status"));
    const [message] = await framework.arrived(1);
    await expect.poll(() => before.references.size).toBe(1);
    await before.surface.stop(100);
    const world = await openTeams(framework, { outbox: before.outbox, places: before.places });
    const judge = (more: object) =>
      world.post(
        click(framework.url, undefined, {
          name: "message/submitAction",
          replyToId: message?.id,
          value: { actionName: "feedback", actionValue: { reaction: "like", feedback: "{}" } },
          ...more,
        }),
      );
    expect((await judge({ conversation: chatWith("bob") })).status).toBe(200);
    expect((await judge({})).status).toBe(200);
    await world.surface.stop(5000);
    expect(world.judged).toMatchObject([{ answer: before.asked[0]?.id, helpful: true }]);
  });

  it("is kept under the answer that the message shows", async () => {
    const world = await openTeams(framework);
    await world.post(personal(framework.url, "status"));
    const [message] = await framework.arrived(1);
    expect(message?.activity.channelData.feedbackLoop).toEqual({ type: "default" });
    await expect.poll(() => world.references.size).toBe(1);
    const judge = (reaction: string, replyToId?: string) =>
      world.post(
        click(framework.url, undefined, {
          name: "message/submitAction",
          replyToId,
          value: { actionName: "feedback", actionValue: { reaction, feedback: "{}" } },
        }),
      );
    expect((await judge("dislike", message?.id)).status).toBe(200);
    const opinion = { answer: world.asked[0]?.id, helpful: false, user: { name: "Alice Archer" } };
    await expect.poll(() => world.judged).toMatchObject([opinion]);
    expect((await judge("like", "unknown")).status).toBe(200);
    await expect.poll(() => world.logged.join()).toContain("judged a message that is no answer");
    expect((await judge("shrug", message?.id)).status).toBe(400);
    expect(world.judged).toHaveLength(1);
  });
});

describe("a restart", () => {
  const hanging = { ask: () => new Promise<never>(() => {}) };

  it("answers what was acknowledged and not answered, once", async () => {
    const before = await openTeams(framework, hanging);
    const question = personal(framework.url, "status");
    const button = click(framework.url, { action: { kind: "ask", text: "alerts" } });
    expect((await before.post(question)).status).toBe(200);
    expect((await before.post(button)).status).toBe(200);
    await expect.poll(() => before.asked.length).toBe(2);
    await before.surface.stop(0);
    const after = await openTeams(framework, { inbox: before.inbox });
    await framework.arrived(2);
    expect(after.asked.map(({ id, text }) => [id, text])).toEqual(before.asked.map(({ id, text }) => [id, text]));
    expect(before.put).toEqual([]);
    expect((await after.post(question)).status).toBe(200);
    await after.surface.stop(1000);
    expect(after.asked).toHaveLength(2);
    expect(await after.inbox.left("teams")).toEqual([]);
  });

  it("tells who asked too long before it to ask again", async () => {
    const before = await openTeams(framework, hanging);
    await before.post(personal(framework.url, "status"));
    await expect.poll(() => before.asked.length).toBe(1);
    await before.surface.stop(0);
    const after = await openTeams(framework, { inbox: before.inbox, clock: () => Date.now() / 1000 + 601 });
    expect(wordsOf((await framework.arrived(1))[0]?.activity)).toContain("kept me from answering your question");
    expect(after.asked).toEqual([]);
  });
});

describe("starting and stopping", () => {
  it("does not start with a password that the login server refuses, and starts while it is down", async () => {
    const { secret } = await import("../../../src/util/secret.ts");
    await expect(openTeams(framework, { settings: { appPassword: secret("wrong") } })).rejects.toThrow(
      /does not accept the app id and its password/,
    );
    framework.state.login = 503;
    let now = Date.now() / 1000;
    const world = await openTeams(framework, { clock: () => now });
    await expect(world.surface.check(AbortSignal.timeout(2000))).rejects.toThrow(/no token/);
    framework.state.login = 200;
    now += 60;
    await world.surface.check(AbortSignal.timeout(2000));
  });

  it("lets what is under way end when it stops, and takes nothing new", async () => {
    const world = await openTeams(framework, {
      ask: async () => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return { card: { title: "just in time", tone: "info", blocks: [] } };
      },
    });
    await world.post(personal(framework.url, "status"));
    await world.surface.stop(5000);
    expect(world.put.map(({ card }) => card.title)).toEqual(["just in time"]);
    expect((await world.post(personal(framework.url, "status"))).status).toBe(503);
  });
});
