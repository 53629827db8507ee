import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Onlooker, SurfaceDeps } from "../../../src/ports/chat.ts";
import { channel, click, personal } from "../../fakes/bot-framework/activities.ts";
import { type BotFramework, startBotFramework } from "../../fakes/bot-framework/index.ts";
import { aDraft, FINISHED } from "../../fakes/drafts.ts";
import { openTeams, wordsOf } from "./world.ts";

/** A busy machine takes its time. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

let framework: BotFramework;
beforeAll(async () => {
  framework = await startBotFramework();
});
beforeEach(() => {
  framework.kept.length = 0;
  framework.streams.streams = "taken";
});
afterAll(() => framework.close());

/** A question that stays open until `finish`, with whoever looks on at it. */
async function anOpenQuestion(activity: unknown, enough: SurfaceDeps["enough"] = async () => "stopping") {
  const done = Promise.withResolvers<void>();
  const looking = Promise.withResolvers<Onlooker>();
  const world = await openTeams(framework, {
    enough,
    ask: async (_, onlooker) => {
      looking.resolve(onlooker!);
      await done.promise;
      return { card: FINISHED };
    },
  });
  await world.post(activity);
  const onlooker = await looking.promise;
  /** Answers once the first draft is known to have been sent, as the outbox keeps the order of a channel. */
  const finish = async () => {
    const draft = world.put.find(({ id }) => id.startsWith("live:"));
    if (draft !== undefined) await soon(() => world.outbox.referenceOf(draft.id)).toBeDefined();
    done.resolve();
  };
  const streamed = () => framework.kept.filter(({ activity: one }) => infoOf(one) !== undefined);
  return { world, onlooker, finish, streamed };
}

// biome-ignore lint/suspicious/noExplicitAny: activities as they come
const infoOf = (activity: any) => activity?.entities?.find((one: any) => one.type === "streaminfo");

describe("an answer on its way in a chat of two", () => {
  it("streams: what the templates found, each sentence after it, and the answer as the end of the stream", async () => {
    const { onlooker, finish, streamed } = await anOpenQuestion(personal(framework.url, "why?"));
    onlooker.show(aDraft("Step 1…"));
    await soon(() => streamed().length).toBe(1);
    const [first] = streamed();
    expect(first?.activity).toMatchObject({ type: "typing", text: expect.stringMatching(/^\*\*Nothing unusual/) });
    expect(infoOf(first?.activity)).toEqual({ type: "streaminfo", streamType: "streaming", streamSequence: 1 });
    onlooker.show(aDraft("Step 2…", ["Orders has 3 pods. [1]"]));
    await soon(() => streamed().length).toBe(2);
    onlooker.show(aDraft("Step 2…", ["Orders has 3 pods. [1]", "It is <at>all</at> slow."]));
    await soon(() => streamed().length).toBe(3);
    expect(streamed()[2]?.activity.text).toMatch(
      /397 ms\.\n\nOrders has 3 pods\. \\\[1\\\] It is \\<at>all\\<\/at> slow\.$/,
    );
    expect(infoOf(streamed()[2]?.activity)).toEqual({
      type: "streaminfo",
      streamType: "streaming",
      streamSequence: 3,
      streamId: first?.id,
    });
    await finish();
    const [message] = await framework.arrived(1);
    expect(infoOf(message?.activity)).toEqual({ type: "streaminfo", streamType: "final", streamId: first?.id });
    expect(message?.activity.attachments).toHaveLength(1);
    expect(wordsOf(message?.activity)).toContain("Orders is slow since its deployment.");
    expect(framework.messages()).toHaveLength(1);
  });

  it("shows what is being done until there are words", async () => {
    const { onlooker, finish, streamed } = await anOpenQuestion(personal(framework.url, "why?"));
    const bare = (status: string, said: readonly string[] = []) => {
      const draft = aDraft(status, said);
      return { ...draft, card: { ...draft.card, blocks: draft.card.blocks.filter(({ kind }) => kind !== "text") } };
    };
    onlooker.show(bare("Step 1…"));
    await soon(() => streamed().length).toBe(1);
    onlooker.show(bare("Step 2…"));
    await soon(() => streamed().length).toBe(2);
    onlooker.show(bare("Step 3…", ["Orders has 3 pods."]));
    await soon(() => streamed().length).toBe(3);
    expect(streamed().map(({ activity }) => [infoOf(activity).streamType, activity.text])).toEqual([
      ["informative", "Step 1…"],
      ["informative", "Step 2…"],
      ["streaming", "Orders has 3 pods."],
    ]);
    await finish();
    await framework.arrived(1);
  });

  it("is a card that is edited where Teams refuses streams", async () => {
    framework.streams.streams = "refused";
    const { onlooker, finish, streamed } = await anOpenQuestion(personal(framework.url, "why?"));
    onlooker.show(aDraft("Step 1…"));
    const [draft] = await framework.arrived(1);
    expect(wordsOf(draft?.activity)).toContain("Stop looking");
    await finish();
    const [, answer] = await framework.arrived(2);
    expect(answer).toMatchObject({ method: "PUT", id: draft?.id });
    expect(streamed()).toEqual([]);
  });

  it("ends the look when its reader stops the stream, and is said as a message of its own", async () => {
    const { onlooker, finish, streamed } = await anOpenQuestion(personal(framework.url, "why?"));
    onlooker.show(aDraft("Step 1…"));
    await soon(() => streamed().length).toBe(1);
    framework.streams.streams = "canceled";
    onlooker.show(aDraft("Step 2…", ["Orders has 3 pods."]));
    await soon(() => onlooker.enough?.aborted).toBe(true);
    expect(String(onlooker.enough?.reason)).toContain("Stopped in Teams");
    await finish();
    const [message] = await framework.arrived(1);
    expect(infoOf(message?.activity)).toBeUndefined();
  });
});

describe("an answer on its way in a channel", () => {
  const ask = () => anOpenQuestion(channel(framework.url, "why?", "1700000000001"));

  it("is one card, edited as it goes on and at last into the answer", async () => {
    const { onlooker, finish, streamed } = await ask();
    onlooker.show(aDraft("Step 1…"));
    const [draft] = await framework.arrived(1);
    onlooker.show(aDraft("Step 2…", ["Orders has 3 pods. [1]"]));
    const [, edited] = await framework.arrived(2);
    expect(edited).toMatchObject({ method: "PUT", id: draft?.id });
    expect(wordsOf(edited?.activity)).toMatch(/Orders has 3 pods\. \[1\][\s\S]*Step 2…/);
    await finish();
    const [, , answer] = await framework.arrived(3);
    expect(answer).toMatchObject({ method: "PUT", id: draft?.id });
    expect(wordsOf(answer?.activity)).not.toContain("Stop looking");
    expect(streamed()).toEqual([]);
  });

  it("ends the look when somebody presses the button, and tells them so", async () => {
    const ended: Parameters<SurfaceDeps["enough"]>[] = [];
    let look: Awaited<ReturnType<SurfaceDeps["enough"]>> = "stopping";
    const activity = channel(framework.url, "why?", "1700000000001");
    const { world, onlooker, finish } = await anOpenQuestion(activity, async (...one) => {
      ended.push(one);
      return look;
    });
    onlooker.show(aDraft("Step 1…", [], "q7"));
    const [draft] = await framework.arrived(1);
    const { data } = draft!.activity.attachments[0].content.actions[0];
    const { conversation, channelData } = activity as { conversation: unknown; channelData: unknown };
    const press = async () => {
      const { body } = await world.post(
        click(framework.url, data, { conversation, channelData, replyToId: draft?.id }),
      );
      return JSON.parse(String(body)).value;
    };
    expect(await press()).toBe("Stopping…");
    expect(ended[0]?.[0]).toBe("q7");
    expect(ended[0]?.[1]).toMatchObject({ platform: "teams", channel: "19:general@thread.tacv2" });
    expect(ended[0]?.[2]).toBe("Alice Archer");
    look = "over";
    expect(await press()).toBe("That look is over already.");
    look = "unknown";
    expect(await press()).toBe("I cannot pass that on just now. Press it again in a moment.");
    await finish();
  });
});
