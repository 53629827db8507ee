import { describe, expect, it } from "vitest";
import { createLive } from "../../src/flows/live.ts";
import type { Sender } from "../../src/ports/chat.ts";
import type { Outgoing } from "../../src/ports/outbox.ts";
import { EnoughError, NotNowError } from "../../src/util/errors.ts";
import { aDraft } from "../fakes/drafts.ts";
import { newStore } from "../fakes/world.ts";

/** A busy machine takes its time. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

type Drafts = NonNullable<Sender["drafts"]>;

/** A chat whose outbox sends at once, and a sender that notes what it draws. */
function aChat(redraw: Drafts["redraw"] = async () => {}) {
  const { outbox } = newStore();
  const drawn: string[] = [];
  const problems: unknown[] = [];
  const put: Outgoing[] = [];
  const waits: number[] = [];
  const live = createLive({
    outbox: {
      ...outbox,
      async put(message) {
        const isNew = await outbox.put(message);
        if (isNew) put.push(message);
        return isNew;
      },
    },
    clock: () => 100,
    wake: () => void Promise.all(put.map(({ id }) => outbox.sent(id, `ref ${id}`, 100))),
    pause: async (ms) => {
      waits.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    report: (problem) => problems.push(problem),
  });
  const drafts: Drafts = {
    paceMs: 1000,
    async redraw(reference, draft, before, signal) {
      drawn.push(`${reference}: ${before.status} → ${draft.status}`);
      await redraw(reference, draft, before, signal);
    },
  };
  const sender: Sender = { platform: "slack", send: async () => "" };
  const place = { platform: "slack", channel: "C1", thread: "" };
  const start = (showsDrafts = true) =>
    live(showsDrafts ? { ...sender, drafts } : sender, { id: "a1", place, hint: "secret" });
  return { start, outbox, put, drawn, problems, waits };
}

describe("an answer on its way", () => {
  it("is said through the outbox first, with its hint, and its message is the one whose place the answer takes", async () => {
    const { start, put, drawn } = aChat();
    const { onlooker, end } = start();
    onlooker.show(aDraft("one"));
    onlooker.show(aDraft("two"));
    await soon(() => drawn).toEqual(["ref live:a1: one → two"]);
    expect(put).toMatchObject([{ id: "live:a1", hint: "secret", card: { title: "Nothing unusual for orders." } }]);
    expect(await end()).toBe("live:a1");
  });

  it("is nothing where there was no draft, and nothing where the platform shows none", async () => {
    const { start, put } = aChat();
    expect(await start().end()).toBeUndefined();
    const silent = start(false);
    silent.onlooker.show(aDraft("one"));
    expect(await silent.end()).toBeUndefined();
    expect(put).toEqual([]);
  });

  it("takes up the message that an earlier run left, also when no draft comes any more", async () => {
    const { start, outbox, put } = aChat();
    const place = { platform: "slack", channel: "C1", thread: "" };
    await outbox.put({ id: "live:a1", place, card: aDraft("old").card, at: 1 });
    await outbox.sent("live:a1", "ref", 1);
    expect(await start().end()).toBe("live:a1");
    const again = start();
    again.onlooker.show(aDraft("new"));
    expect(await again.end()).toBe("live:a1");
    expect(put).toEqual([]);
  });

  it("draws no faster than the platform wants, and waits as long as it asks", async () => {
    let calls = 0;
    const { start, drawn, waits } = aChat(async () => {
      if (++calls === 1) throw new NotNowError("busy", 7, "channel");
    });
    const { onlooker, end } = start();
    onlooker.show(aDraft("one"));
    onlooker.show(aDraft("two"));
    await soon(() => drawn).toEqual(["ref live:a1: one → two", "ref live:a1: one → two"]);
    await soon(() => waits).toEqual([7000, 1000]);
    await end();
  });

  it("tells who answers when a reader wants no more", async () => {
    const { start } = aChat(async () => {
      throw new EnoughError("Stopped in Slack");
    });
    const { onlooker, end } = start();
    onlooker.show(aDraft("one"));
    onlooker.show(aDraft("two"));
    await soon(() => onlooker.enough?.aborted).toBe(true);
    expect(await end()).toBe("live:a1");
  });

  it("goes on without drafts when none can be shown any more", async () => {
    const { start, drawn, problems } = aChat(async () => {
      throw new Error("deleted");
    });
    const { onlooker, end } = start();
    onlooker.show(aDraft("one"));
    onlooker.show(aDraft("two"));
    await soon(() => problems.length).toBe(1);
    onlooker.show(aDraft("three"));
    expect(await end()).toBe("live:a1");
    expect(drawn).toHaveLength(1);
  });

  it("has drawn its last when its end is told: nothing comes over the answer", async () => {
    const drawing = Promise.withResolvers<void>();
    const { start, drawn } = aChat(() => drawing.promise);
    const { onlooker, end } = start();
    onlooker.show(aDraft("one"));
    onlooker.show(aDraft("two"));
    await soon(() => drawn.length).toBe(1);
    onlooker.show(aDraft("three"));
    let isOver = false;
    const ended = end().then(() => {
      isOver = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    drawing.resolve();
    await ended;
    expect(drawn).toHaveLength(1);
  });
});
